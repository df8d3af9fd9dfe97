//! Compares a recorded response with ours. They agree when they are equal, or differ only by rules that
//! `server_differences.toml` names.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::support::server::HttpReply;

/// The state of a comparison: whether both responses agree so far, and which rules that needed.
struct Comparison<'a> {
    rules: &'a mut BTreeSet<String>,
    agree: bool,
}

/// Keys of times: only the type of the value is compared.
const TIME_KEYS: [&str; 7] = [
    "createdAt",
    "updatedAt",
    "created_at",
    "updated_at",
    "deleted_at",
    "occurred_at",
    "content_date",
];
/// Keys of numbers that a database generates: any two numbers agree.
const GENERATED_NUMBER_KEYS: [&str; 8] = [
    "id",
    "relationship_type_id",
    "inverse_type_id",
    "current_version_id",
    "entity_type_id",
    "execution_time_ms",
    "text_rank",
    "combined_score",
];
/// Keys of ids that a server makes of random characters.
const ORIGIN_KEYS: [&str; 2] = ["origin_id", "root_origin_id"];
/// Keys about the runs of watchers, which our server does not run.
const RUN_KEYS: [&str; 3] = ["next_run_at", "rendered_prompt", "warnings"];
/// Keys of lists whose order does not matter.
const UNORDERED: [&str; 4] = ["agents", "platforms", "entity_types", "relationship_types"];
/// A key that contains one of these words holds a secret.
const SECRET_WORDS: [&str; 5] = ["token", "secret", "password", "key", "credential"];

impl Comparison<'_> {
    fn rule(&mut self, name: &str) {
        self.rules.insert(name.to_owned());
    }

    fn value(&mut self, key: &str, recorded: &Value, ours: &Value) {
        match (recorded, ours) {
            _ if TIME_KEYS.contains(&key) => {
                self.agree &= recorded.is_number() == ours.is_number() && recorded.is_null() == ours.is_null();
            }
            (Value::Array(_), Value::Array(_)) if key == "next_steps" => {
                if recorded != ours {
                    self.rule("next-steps-name-what-exists");
                }
            }
            (Value::Number(_), Value::Number(_)) if GENERATED_NUMBER_KEYS.contains(&key) => {}
            (Value::Number(a), Value::Number(b)) => self.agree &= a.as_f64() == b.as_f64(),
            (Value::String(a), Value::String(b)) => self.text(key, a, b),
            (Value::Object(a), Value::Object(b)) => self.object(a, b),
            (Value::Array(a), Value::Array(b)) if UNORDERED.contains(&key) => self.set(a, b),
            (Value::Array(a), Value::Array(b)) => {
                let (shown, omitted) = shown_part(a);
                self.agree &= shown.len() + omitted == b.len();
                shown.iter().zip(b).for_each(|(a, b)| self.value("", a, b));
            }
            _ => self.agree &= recorded == ours,
        }
    }

    fn text(&mut self, key: &str, recorded: &str, ours: &str) {
        let secret = SECRET_WORDS.iter().any(|word| key.to_lowercase().contains(word));
        if let Some(count) = recorded
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix(" characters>"))
        {
            self.agree &= ours.chars().count().to_string() == count;
        } else if recorded != ours && secret && ours.starts_with("***") {
            self.rule(if recorded.starts_with("***") {
                "redacted-by-value"
            } else {
                "redacted-always"
            });
        } else if ORIGIN_KEYS.contains(&key) {
            self.agree &= recorded.starts_with("uc_") && ours.starts_with("uc_");
        } else if key == "version_id" {
            self.agree &= recorded.parse::<i64>().is_ok() && ours.parse::<i64>().is_ok();
        } else if key == "id" && is_generated(recorded) && is_generated(ours) {
            self.rule("ids-are-the-servers");
        } else {
            self.agree &= recorded == ours;
        }
    }

    fn object(&mut self, recorded: &Map<String, Value>, ours: &Map<String, Value>) {
        // The public organization of the recordings was written to its database directly, without an author.
        let seeded = recorded.get("organization_slug").is_some_and(|slug| slug == "pub");
        for key in recorded.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
            if seeded && matches!(key.as_str(), "created_by" | "created_by_username" | "is_system") {
                self.rule("seeded-by-hand");
                continue;
            }
            if RUN_KEYS.contains(&key.as_str()) && recorded.get(key) != ours.get(key) {
                self.rule("watchers-are-not-run");
                continue;
            }
            match (recorded.get(key), ours.get(key)) {
                (Some(a), Some(b)) => self.value(key, a, b),
                _ => self.agree = false,
            }
        }
    }

    /// Compares lists in any order.
    fn set(&mut self, recorded: &[Value], ours: &[Value]) {
        let (shown, omitted) = shown_part(recorded);
        self.agree &= shown.len() + omitted == ours.len();
        for each in shown {
            self.agree &= ours.iter().any(|other| {
                let mut inner = Comparison {
                    rules: self.rules,
                    agree: true,
                };
                inner.value("", each, other);
                inner.agree
            });
        }
    }
}

/// Returns what a recording contains of a list, and the number of omitted elements: it may contain only the beginning, and
/// then a text with that number in angle brackets, such as `<7 more>`.
fn shown_part(recorded: &[Value]) -> (&[Value], usize) {
    let text = recorded
        .last()
        .and_then(Value::as_str)
        .and_then(|text| text.strip_prefix('<'));
    let omitted = text.and_then(|text| text.split(' ').next()?.parse().ok());
    match omitted {
        Some(omitted) => (&recorded[..recorded.len() - 1], omitted),
        None => (recorded, 0),
    }
}

/// Whether an id has a form that a server generates: 16 hexadecimal digits, or an end of 13 digits of a time.
fn is_generated(id: &str) -> bool {
    let hex = id.len() == 16 && id.bytes().all(|each| each.is_ascii_hexdigit());
    let stamped = id
        .rsplit_once('-')
        .is_some_and(|(_, end)| end.len() == 13 && end.bytes().all(|b| b.is_ascii_digit()));
    hex || stamped
}

/// Records that a rule was needed. Returns true, so that a caller can return the result.
fn agrees_by_rule(rules: &mut BTreeSet<String>, name: &str) -> bool {
    rules.insert(name.to_owned());
    true
}

/// Whether the response equals the recorded one, or differs only by named rules.
pub fn agrees(exchange: &Value, answer: &HttpReply, rules: &mut BTreeSet<String>) -> bool {
    let status = exchange["status"].as_u64().unwrap();
    let ours = u64::from(answer.status.as_u16());
    let recorded = &exchange["response_body"];
    let text = exchange["response_text"].as_str();
    if recorded.get("mcp_endpoint").is_some() && ours == 404 {
        return agrees_by_rule(rules, "no-catch-all");
    }
    if text == Some("404 Not Found") && ours == 404 && answer.body == json!({ "error": "Not found" }) {
        return agrees_by_rule(rules, "not-found-is-json");
    }
    if status == 500 && text.is_some() && (ours == 400 || ours == 415) && answer.body["error"].is_string() {
        return agrees_by_rule(rules, "refused-not-broken");
    }
    if recorded.pointer("/entity_type/?column?").is_some() && ours == 200 {
        let proper = answer.body["entity_type"]["slug"].is_string();
        return proper && agrees_by_rule(rules, "create-answers-the-row");
    }
    let mut comparison = Comparison {
        rules,
        agree: status == ours,
    };
    match text {
        Some(text) => comparison.agree &= text == answer.text,
        None => comparison.value("", recorded, &answer.body),
    }
    if let Some(challenge) = exchange["www_authenticate"].as_str() {
        comparison.agree &= answer
            .headers
            .get("www-authenticate")
            .is_some_and(|value| value == challenge);
    }
    comparison.agree
}
