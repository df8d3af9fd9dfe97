//! Compares a recorded response with ours: equal, equal but for a named rule, or different.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::support::server::HttpReply;

/// The state of a comparison: whether both agree so far, and the rules that were needed.
struct Comparison<'a> {
    rules: &'a mut BTreeSet<String>,
    agree: bool,
}

const TIMES: [&str; 4] = ["createdAt", "updatedAt", "created_at", "updated_at"];
const NUMBERS: [&str; 3] = ["id", "relationship_type_id", "inverse_type_id"];
const SETS: [&str; 4] = ["agents", "platforms", "entity_types", "relationship_types"];
const SECRET: [&str; 5] = ["token", "secret", "password", "key", "credential"];

impl Comparison<'_> {
    fn rule(&mut self, name: &str) {
        self.rules.insert(name.to_owned());
    }

    fn value(&mut self, key: &str, recorded: &Value, ours: &Value) {
        match (recorded, ours) {
            _ if TIMES.contains(&key) => self.agree &= recorded.is_number() == ours.is_number(),
            (Value::Number(_), Value::Number(_)) if NUMBERS.contains(&key) => {}
            (Value::Number(a), Value::Number(b)) => self.agree &= a.as_f64() == b.as_f64(),
            (Value::String(a), Value::String(b)) => self.text(key, a, b),
            (Value::Object(a), Value::Object(b)) => self.object(a, b),
            (Value::Array(a), Value::Array(b)) if SETS.contains(&key) => self.set(a, b),
            (Value::Array(a), Value::Array(b)) => {
                self.agree &= a.len() == b.len();
                a.iter().zip(b).for_each(|(a, b)| self.value("", a, b));
            }
            _ => self.agree &= recorded == ours,
        }
    }

    fn text(&mut self, key: &str, recorded: &str, ours: &str) {
        let secret = SECRET.iter().any(|word| key.to_lowercase().contains(word));
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
        } else if key == "id" && is_generated(recorded) && is_generated(ours) {
            self.rule("ids-are-the-servers");
        } else {
            self.agree &= recorded == ours;
        }
    }

    fn object(&mut self, recorded: &Map<String, Value>, ours: &Map<String, Value>) {
        let seeded = recorded.get("organization_slug").is_some_and(|slug| slug == "pub");
        for key in recorded.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
            if seeded && matches!(key.as_str(), "created_by" | "created_by_username" | "is_system") {
                self.rule("seeded-by-hand");
                continue;
            }
            match (recorded.get(key), ours.get(key)) {
                (Some(a), Some(b)) => self.value(key, a, b),
                _ => self.agree = false,
            }
        }
    }

    /// Compares lists in any order. The recording may contain only the beginning of its list.
    fn set(&mut self, recorded: &[Value], ours: &[Value]) {
        let more = recorded
            .last()
            .and_then(Value::as_str)
            .and_then(|text| text.strip_prefix('<'));
        let more: usize = more
            .and_then(|text| text.split(' ').next())
            .map_or(0, |count| count.parse().unwrap());
        let shown = if more > 0 {
            &recorded[..recorded.len() - 1]
        } else {
            recorded
        };
        self.agree &= shown.len() + more == ours.len();
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

fn is_generated(id: &str) -> bool {
    let hex = id.len() == 16 && id.bytes().all(|each| each.is_ascii_hexdigit());
    let stamped = id
        .rsplit_once('-')
        .is_some_and(|(_, end)| end.len() == 13 && end.bytes().all(|b| b.is_ascii_digit()));
    hex || stamped
}

fn by_rule(rules: &mut BTreeSet<String>, name: &str) -> bool {
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
        return by_rule(rules, "no-catch-all");
    }
    if text == Some("404 Not Found") && ours == 404 && answer.body == json!({ "error": "Not found" }) {
        return by_rule(rules, "not-found-is-json");
    }
    if status == 500 && text.is_some() && (ours == 400 || ours == 415) && answer.body["error"].is_string() {
        return by_rule(rules, "refused-not-broken");
    }
    if recorded.pointer("/entity_type/?column?").is_some() && ours == 200 {
        let proper = answer.body["entity_type"]["slug"].is_string();
        return proper && by_rule(rules, "create-answers-the-row");
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
