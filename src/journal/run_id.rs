//! The id of a run: when it began, and a random part.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize};

/// The number of digits after the second: its milliseconds, and as many random ones.
const LAST_DIGITS: usize = 6;

/// The id of a run, such as `20261129-150215-042b2c`. Ids sort by the time at which the runs began.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RunId(String);

/// A text that is no id of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of a run: expected a text such as `20261129-150215-a1b2c3`")]
pub struct RunIdError(String);

impl RunId {
    /// Returns a new id for a run that begins at this time.
    pub fn new(began: Timestamp) -> Self {
        // Each hasher begins with random keys, which its result follows from.
        let random = RandomState::new().build_hasher().finish() & 0x0fff;
        let began = TimeZone::UTC.to_datetime(began);
        let time = format!(
            "{:04}{:02}{:02}-{:02}{:02}{:02}",
            began.year(),
            began.month(),
            began.day(),
            began.hour(),
            began.minute(),
            began.second()
        );
        Self(format!("{time}-{:03}{random:03x}", began.millisecond()))
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RunId {
    type Err = RunIdError;

    /// Ids become names of files, so that nothing else than digits in their places is accepted.
    fn from_str(text: &str) -> Result<Self, RunIdError> {
        let parts: Vec<&str> = text.split('-').collect();
        let is_digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_last = |part: &str| {
            part.len() == LAST_DIGITS && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        match parts.as_slice() {
            [day, time, last] if is_digits(day, 8) && is_digits(time, 6) && is_last(last) => Ok(Self(text.to_owned())),
            _ => Err(RunIdError(text.to_owned())),
        }
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
