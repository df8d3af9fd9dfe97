//! The secrets on the server, and what a push or a delete does with them, as lines. Never a value.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::line::{Line, Role};
use super::plan::target_line;
use super::word::{counted_list, plural};
use crate::plan::{PushPlan, PushStep, SecretDifference, Target};
use crate::resource::{Secret, ServerSecret, is_web_token, key_provider, with_visible_escapes};

/// Returns what a push would do.
pub fn push_lines(target: &Target, plan: &PushPlan) -> Vec<Line> {
    let mut lines = vec![target_line("Secrets", target), Line::default()];
    lines.extend(push_rows(plan));
    if lines.len() > 2 {
        lines.push(Line::default());
    }
    lines.push(Line::at(0).push(Role::Heading, "Summary: ").plain(push_summary(plan)));
    lines
}

/// Returns what a push would do with each name.
pub fn push_rows(plan: &PushPlan) -> Vec<Line> {
    let mut lines: Vec<Line> = plan.steps.iter().map(step_line).collect();
    let kept = |name: &String| {
        Line::at(2)
            .push(Role::Warning, "! ")
            .push(Role::Id, name)
            .plain("  differs from the server's value, which stays; ")
            .push(Role::Strong, format!("--rotate {name}"))
            .plain(" replaces it")
    };
    let noted = |role: Role, sign: &'static str, text: &'static str| {
        move |name: &String| Line::at(2).push(role, sign).push(Role::Id, name).push(Role::Dim, text)
    };
    lines.extend(plan.same.iter().map(noted(Role::Noop, "= ", "  same fingerprint")));
    lines.extend(plan.kept.iter().map(kept));
    lines.extend(
        plan.only_there
            .iter()
            .map(noted(Role::Noop, "= ", "  on the server; no value here")),
    );
    lines.extend(
        plan.missing
            .iter()
            .map(noted(Role::Error, "✗ ", "  no value here and none on the server")),
    );
    lines
}

fn step_line(step: &PushStep) -> Line {
    let line = match &step.before {
        None => Line::at(2)
            .push(Role::Create, "+ ")
            .push(Role::Id, &step.write.name)
            .plain(format!("  {}", step.after)),
        Some(before) => Line::at(2)
            .push(Role::Update, "~ ")
            .push(Role::Id, &step.write.name)
            .plain(format!("  {before} -> {}", step.after)),
    };
    line.push(Role::Dim, format!("  from {}", step.from))
}

/// Returns how many names a push would do what with.
pub fn push_summary(plan: &PushPlan) -> String {
    let replaced = plan.steps.iter().filter(|step| step.replaces()).count();
    let parts = counted_list(&[
        (plan.steps.len() - replaced, "to create", "to create"),
        (replaced, "to replace", "to replace"),
        (plan.same.len() + plan.only_there.len(), "unchanged", "unchanged"),
        (plan.kept.len(), "differs", "differ"),
        (plan.missing.len(), "missing", "missing"),
    ]);
    if parts.is_empty() {
        "no secret is used".to_owned()
    } else {
        parts
    }
}

/// Returns what is strange about the value of a name that would be pushed, if anything is.
pub fn value_warning(name: &str, value: &Secret) -> Option<String> {
    let is_web_token = is_web_token(value.expose());
    is_web_token.then(|| {
        format!(
            "the value of {name} looks like a JSON Web Token, which is often valid for a short time only: push what it \
             is made from"
        )
    })
}

/// Returns the question about one step of a push.
pub fn push_question(step: &PushStep) -> String {
    let name = &step.write.name;
    match &step.before {
        None => format!("create {name} from {}? [y/n/a/q] ", step.from),
        Some(before) => format!(
            "replace {name} ({before} -> {}) from {}? [y/n/a/q] ",
            step.after, step.from
        ),
    }
}

/// Returns one line about a change that the server has made.
pub fn written_line(name: &str, action: &str, fingerprint: Option<&str>, restarts: &[String]) -> String {
    let mut parts = vec![format!("{name} {action}")];
    parts.extend(fingerprint.map(|fingerprint| format!(", fingerprint {fingerprint}")));
    if !restarts.is_empty() {
        parts.push(format!("; restarted: {}", restarts.join(", ")));
    }
    with_visible_escapes(parts.concat())
}

/// Returns what a platform that runs with the old value says about itself.
pub fn restart_failed_text(id: &str) -> String {
    format!("platform `{id}` did not start with the new value; `lobuctl plan` shows its error")
}

/// Returns what a page says that replaces these values too.
pub fn replacing_text(names: &[String]) -> String {
    let names = names.join(", ");
    format!("replaces {names}: what uses it restarts, and the old value cannot be brought back")
}

/// Returns the secrets on the server: name, fingerprint, age, who stored it, and what uses it. `uses` are the keys of the
/// files by name.
pub fn list_lines(
    target: &Target,
    secrets: &[ServerSecret],
    uses: &BTreeMap<String, Vec<String>>,
    now: Timestamp,
) -> Vec<Line> {
    let mut lines = vec![target_line("Secrets", target), Line::default()];
    let width = secrets.iter().map(|secret| secret.name.len()).max().unwrap_or_default();
    for secret in secrets {
        let age = secret.updated_at.map_or_else(|| "-".to_owned(), |at| age_text(now, at));
        let by = secret.updated_by.as_deref().unwrap_or("-");
        lines.push(
            Line::at(2)
                .push(Role::Id, format!("{:<width$}", secret.name))
                .plain(format!("  {:<4}  {age:>8}", secret.fingerprint))
                .push(Role::Dim, format!("  by {by}")),
        );
        let declared = uses.get(&secret.name).into_iter().flatten();
        let used: Vec<&str> = declared.chain(&secret.used_by).map(String::as_str).collect();
        let text = match key_provider(&secret.name) {
            Some(provider) => format!("the key of provider {provider}"),
            None if used.is_empty() => "used nowhere".to_owned(),
            None => format!("used by {}", used.join(", ")),
        };
        lines.push(Line::at(6).push(Role::Dim, text));
    }
    if !secrets.is_empty() {
        lines.push(Line::default());
    }
    let count = plural(secrets.len(), "secret", "secrets");
    lines.push(Line::at(0).push(Role::Heading, "Summary: ").plain(count));
    lines
}

/// Returns how long ago something was, in its largest unit: `3 d`, `5 min`.
pub fn age_text(now: Timestamp, then: Timestamp) -> String {
    // A clock that is ahead of this one must not give a negative age.
    match now.duration_since(then).as_secs().max(0) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..86_400 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// Returns how local values compare with those of the server.
pub fn diff_lines(target: &Target, differences: &BTreeMap<String, SecretDifference>) -> Vec<Line> {
    let mut lines = vec![target_line("Secrets", target), Line::default()];
    for (name, difference) in differences {
        let (role, sign, text) = difference_text(*difference);
        lines.push(
            Line::at(2)
                .push(role, format!("{sign} "))
                .push(Role::Id, name)
                .push(Role::Dim, format!("  {text}")),
        );
    }
    let count = |wanted: SecretDifference| differences.values().filter(|found| **found == wanted).count();
    let summary = counted_list(&[
        (count(SecretDifference::Same), "same", "same"),
        (count(SecretDifference::Differs), "differs", "differ"),
        (count(SecretDifference::OnlyHere), "only here", "only here"),
        (
            count(SecretDifference::OnlyThere),
            "only on the server",
            "only on the server",
        ),
        (count(SecretDifference::Nowhere), "missing", "missing"),
    ]);
    let summary = if summary.is_empty() {
        "no secret here or there".to_owned()
    } else {
        summary
    };
    if !differences.is_empty() {
        lines.push(Line::default());
    }
    lines.push(Line::at(0).push(Role::Heading, "Summary: ").plain(summary));
    lines
}

/// Returns the role, the sign and the words of a difference.
const fn difference_text(difference: SecretDifference) -> (Role, &'static str, &'static str) {
    match difference {
        SecretDifference::Same => (Role::Noop, "=", "same fingerprint"),
        SecretDifference::Differs => (Role::Update, "~", "differs"),
        SecretDifference::OnlyHere => (Role::Create, "+", "only here"),
        SecretDifference::OnlyThere => (Role::Drift, "?", "only on the server"),
        SecretDifference::Nowhere => (Role::Error, "✗", "no value here and none on the server"),
    }
}

/// Returns the word of a difference in JSON.
pub const fn difference_word(difference: SecretDifference) -> &'static str {
    match difference {
        SecretDifference::Same => "same",
        SecretDifference::Differs => "differs",
        SecretDifference::OnlyHere => "only-here",
        SecretDifference::OnlyThere => "only-there",
        SecretDifference::Nowhere => "missing",
    }
}
