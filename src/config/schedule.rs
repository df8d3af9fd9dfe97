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

/// The names that the server's library, cron-parser, knows and croner does not.
const NAMES: [(&str, &str); 4] = [
    ("@secondly", "* * * * * *"),
    ("@minutely", "0 * * * * *"),
    ("@weekdays", "0 0 0 * * 1-5"),
    ("@weekends", "0 0 0 * * 0,6"),
];

/// The greatest value of each field, from the last one back: weekday, month, day, hour, minute, second.
const GREATEST: [u8; 6] = [7, 12, 31, 23, 59, 59];

/// The number of the day's field in [`GREATEST`].
const DAY: usize = 2;

/// Checks a cron expression of five fields, of six with seconds, or a name such as `@daily`.
pub(super) fn check(text: &str) -> Result<(), ScheduleError> {
    let parser = CronParser::builder().seconds(Seconds::Optional).build();
    let cron = parser
        .parse(&expanded(text)?)
        .map_err(|error| ScheduleError::Syntax(error.to_string()))?;
    // Runs of different minutes are a minute apart where each minute has one: only the seconds can be too close.
    let seconds = cron.pattern.seconds.values();
    let gaps = seconds.windows(2).map(|pair| pair[1] - pair[0]);
    match gaps.min() {
        Some(gap) => Err(ScheduleError::TooFrequent(gap)),
        None => Ok(()),
    }
}

/// Returns an expression as croner reads it. `5/15` is `5-59/15` for cron-parser, and `W` it does not know.
fn expanded(text: &str) -> Result<String, ScheduleError> {
    if let Some((_, expression)) = NAMES.iter().find(|(name, _)| *name == text.trim()) {
        return Ok((*expression).to_owned());
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    let mut expanded = Vec::new();
    for (at, field) in fields.iter().rev().enumerate() {
        if at == DAY && field.to_ascii_uppercase().contains('W') {
            return Err(ScheduleError::Syntax("`W` is not known to the server".to_owned()));
        }
        let parts = field.split(',').map(|part| with_end(part, GREATEST.get(at).copied()));
        expanded.push(parts.collect::<Vec<_>>().join(","));
    }
    expanded.reverse();
    Ok(expanded.join(" "))
}

/// Returns a part of a field with an end, where it has a beginning and a step alone.
fn with_end(part: &str, greatest: Option<u8>) -> String {
    match (part.split_once('/'), greatest) {
        (Some((from, step)), Some(greatest)) if from.parse::<u8>().is_ok() => format!("{from}-{greatest}/{step}"),
        _ => part.to_owned(),
    }
}
