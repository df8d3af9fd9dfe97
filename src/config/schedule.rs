//! Cron expressions of watchers, as far as the server refuses them.

use croner::parser::{CronParser, Seconds};

/// A schedule that the server refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ScheduleError {
    /// It is no cron expression.
    #[error("the schedule is no cron expression: {0}")]
    Syntax(String),
    /// It runs more than once in a minute.
    #[error("the schedule runs every {0} seconds, and the server accepts once a minute at most")]
    TooFrequent(u16),
}

impl ScheduleError {
    /// Returns what to do next.
    pub(super) fn help(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "write five fields: minute, hour, day, month and weekday, such as `0 9 * * 1-5`",
            Self::TooFrequent(_) => "write `0` for the seconds, or leave them out",
        }
    }
}

/// Checks a cron expression of five fields, of six with seconds, or a name such as `@daily`.
pub(super) fn check(text: &str) -> Result<(), ScheduleError> {
    let parser = CronParser::builder().seconds(Seconds::Optional).build();
    let cron = parser
        .parse(text)
        .map_err(|error| ScheduleError::Syntax(error.to_string()))?;
    // Runs of different minutes are a minute apart where each minute has one: only the seconds can be too close.
    let seconds = cron.pattern.seconds.values();
    let gaps = seconds.windows(2).map(|pair| pair[1] - pair[0]);
    match gaps.min() {
        Some(gap) => Err(ScheduleError::TooFrequent(gap)),
        None => Ok(()),
    }
}
