//! What a watcher's fields must be: the schedule, the prompt, the schema, the sources and the classifiers.

use croner::parser::{CronParser, Seconds};
use serde_json::Value;

use super::template;
use crate::server::reply::{ApiError, ApiResult};

/// Returns what is wrong with a schedule: a cron expression of five fields, of six with seconds, or a name such as `@daily`.
pub(super) fn schedule_problem(schedule: &str) -> Option<String> {
    let parser = CronParser::builder().seconds(Seconds::Optional).build();
    let cron = match parser.parse(&croner_expression(schedule)) {
        Ok(cron) => cron,
        Err(error) => return Some(format!("Invalid cron expression: {error}")),
    };
    // With one second in a minute, two runs are at least a minute apart, whatever the other fields say.
    let seconds = cron.pattern.seconds.values();
    let gap = seconds.windows(2).map(|pair| pair[1] - pair[0]).min()?;
    Some(format!("Schedule interval too frequent ({gap}s). Minimum is 1 minute."))
}

/// Returns a schedule in the words of croner, which has fewer names and wants an end before a step.
fn croner_expression(schedule: &str) -> String {
    let schedule = match schedule.trim() {
        "@minutely" => "* * * * *",
        "@weekdays" => "0 0 * * 1-5",
        "@weekends" => "0 0 * * 0,6",
        other => other,
    };
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let ends: &[&str] = match fields.len() {
        5 => &["59", "23", "31", "12", "7"],
        6 => &["59", "59", "23", "31", "12", "7"],
        _ => return schedule.to_owned(),
    };
    let stepped = |(field, end): (&&str, &&str)| {
        field
            .split(',')
            .map(|part| with_end(part, end))
            .collect::<Vec<_>>()
            .join(",")
    };
    fields.iter().zip(ends).map(stepped).collect::<Vec<_>>().join(" ")
}

fn with_end(part: &str, end: &str) -> String {
    match part.split_once('/') {
        Some((start, step)) if !start.is_empty() && start.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{start}-{end}/{step}")
        }
        _ => part.to_owned(),
    }
}

/// Checks a schedule. 400 for one that no watcher may have.
pub(super) fn check_schedule(schedule: &str) -> ApiResult<()> {
    schedule_problem(schedule).map_or(Ok(()), |problem| Err(ApiError::bad_request(problem)))
}

/// Returns the 400 for a field that does not hold together.
fn invalid(problem: &str) -> ApiError {
    ApiError::bad_request(format!("Watcher validation failed: {problem}"))
}

/// Checks that a prompt is a template.
pub(super) fn check_prompt(prompt: &str) -> ApiResult<()> {
    match template::problem(prompt) {
        Some(problem) => Err(invalid(&format!("prompt: Invalid template: {problem}"))),
        None => Ok(()),
    }
}

/// Checks that an extraction schema describes an object with fields.
pub(super) fn check_extraction_schema(schema: &Value) -> ApiResult<()> {
    if schema.get("type").is_none_or(|kind| kind != "object") {
        return Err(invalid(
            "extraction_schema: Schema type must be \"object\" (root level must be an object)",
        ));
    }
    if !schema.get("properties").is_some_and(Value::is_object) {
        return Err(invalid(
            "extraction_schema: Schema must have a \"properties\" object defining the fields to extract",
        ));
    }
    Ok(())
}

/// Checks that every source is a query that only reads.
pub(super) fn check_sources(sources: &Value) -> ApiResult<()> {
    let list = sources.as_array().ok_or_else(|| invalid("sources must be an array"))?;
    for source in list {
        let name = source.get("name").and_then(Value::as_str).unwrap_or_default();
        let query = source.get("query").and_then(Value::as_str);
        let query = query.ok_or_else(|| invalid(&format!("source \"{name}\": query is required")))?;
        let first = query.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        if first != "SELECT" && first != "WITH" {
            let problem = format!("source \"{name}\": query must be a SELECT statement (read-only)");
            return Err(invalid(&problem));
        }
    }
    Ok(())
}

/// Checks that the classifiers are a list, and that each reads a field of the schema.
pub(super) fn check_classifiers(classifiers: &Value, schema: &Value) -> ApiResult<()> {
    let list = classifiers
        .as_array()
        .ok_or_else(|| invalid("classifiers must be an array"))?;
    for path in list.iter().filter_map(|each| each.get("source_path")?.as_str()) {
        let root = path.split(['.', '[']).next().unwrap_or_default();
        if schema
            .pointer("/properties")
            .and_then(|fields| fields.get(root))
            .is_none()
        {
            let problem = format!("classifiers: `{path}` begins with no property of the extraction_schema");
            return Err(invalid(&problem));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_run_once_a_minute_at_most() {
        for schedule in ["0 9 * * *", "* * * * *", "0 */12 * * 1-5", "@daily", "30 0 9 * * *"] {
            assert_eq!(schedule_problem(schedule), None, "{schedule}");
        }
        for (schedule, words) in [
            ("*/30 * * * * *", "too frequent (30s)"),
            ("0,50 0 9 * * *", "too frequent (50s)"),
            ("every day", "Invalid cron expression"),
            ("nope", "Invalid cron expression"),
            ("99 * * * *", "Invalid cron expression"),
        ] {
            let problem = schedule_problem(schedule).unwrap_or_default();
            assert!(problem.contains(words), "{schedule}: {problem}");
        }
    }
}
