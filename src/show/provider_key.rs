//! The keys of providers that a push writes, as lines. Never a value, and never that a key is unchanged: no server tells.

use super::line::{Line, Role};
use super::plan::target_line;
use super::word::counted_list;
use crate::plan::{ProviderKeyPlan, ProviderKeyStep, Target};
use crate::resource::with_visible_escapes;

/// Returns what a push would write.
pub fn key_lines(target: &Target, plan: &ProviderKeyPlan) -> Vec<Line> {
    let mut lines = vec![target_line("Secrets", target), Line::default()];
    lines.extend(plan.steps.iter().map(|step| {
        Line::at(2)
            .push(Role::Update, "~ ")
            .push(Role::Id, &step.name)
            .plain(format!("  key of provider {}", step.provider))
            .push(Role::Dim, format!("  from {}", step.from))
    }));
    let noted = |role: Role, sign: &'static str, text: &'static str| {
        move |name: &String| Line::at(2).push(role, sign).push(Role::Id, name).push(Role::Dim, text)
    };
    lines.extend(plan.without_provider.iter().map(noted(
        Role::Noop,
        "= ",
        "  no provider's key; `lobuctl apply` sends what platforms use",
    )));
    lines.extend(plan.missing.iter().map(noted(Role::Error, "✗ ", "  no value here")));
    lines.push(Line::default());
    let counts = counted_list(&[
        (plan.steps.len(), "to write", "to write"),
        (plan.without_provider.len(), "left alone", "left alone"),
        (plan.missing.len(), "missing", "missing"),
    ]);
    lines.push(Line::at(0).push(Role::Heading, "Summary: ").plain(counts));
    let note = "The server keeps these keys for all agents and does not say which ones it has: each may replace one.";
    lines.extend((!plan.steps.is_empty()).then(|| Line::at(0).push(Role::Dim, note)));
    lines
}

/// Returns the question about one key.
pub fn key_question(step: &ProviderKeyStep) -> String {
    format!(
        "write {} from {} as the key of provider {}, which may replace one? [y/n/a/q] ",
        step.name, step.from, step.provider
    )
}

/// Returns the line about a key that the server has stored.
pub fn written_key_line(step: &ProviderKeyStep) -> String {
    with_visible_escapes(format!("{} written: key of provider {}", step.name, step.provider))
}
