//! A plan as a pull-request comment: restarts first, unchanged rows folded, long differences in `<details>`, within
//! GitHub's limit.

use std::fmt::Write;

use crate::plan::{Plan, Row, Target, Verb};
use crate::pull::PullPlan;
use crate::show::change::{Detail, row_details};
use crate::show::plan::summary_text;
use crate::show::pull::{difference_lines, pull_notes, pull_summary};
use crate::show::row::row_line;
use crate::show::word::plural;
use crate::show::{Line, printable};

use super::ansi::to_text;

/// The size of the text in bytes above which rows are left out. GitHub refuses comments of more than 65,536 characters; the
/// rest is room for what a workflow adds.
const LIMIT: usize = 60_000;

/// The maximum number of restarts and warnings above the rows.
const MAX_NOTES: usize = 100;

/// Returns the whole plan as Markdown.
pub fn plan(plan: &Plan) -> String {
    document("plan", plan, None)
}

/// Returns the plan of a run that is over as Markdown, below the line that tells the run.
pub fn run(plan: &Plan, line: &Line) -> String {
    document("run", plan, Some(line))
}

fn document(what: &str, plan: &Plan, line: Option<&Line>) -> String {
    let mut text = String::new();
    // Writing to memory does not fail.
    let _ = write_head(&mut text, what, plan, line);
    let rows: Vec<&Row> = plan.rows.iter().filter(|row| row.is_notable()).collect();
    let mut hidden = rows.len();
    for row in rows {
        let section = row_section(row);
        if text.len() + section.len() > LIMIT {
            break;
        }
        text.push_str(&section);
        hidden -= 1;
    }
    if hidden > 0 {
        let _ = writeln!(
            text,
            "\n*… {} not shown: the comment would be too long.*",
            plural(hidden, "more row", "more rows")
        );
    }
    let _ = write_unchanged(&mut text, plan);
    text
}

/// Returns a pull as Markdown: each file with its differences, and what cannot be pulled.
pub fn pull(target: &Target, changes: &PullPlan) -> String {
    let mut text = format!(
        "### lobuctl pull: {} at {}\n\n**{}**\n\n",
        code_span(&target.organization),
        code_span(&target.url),
        pull_summary(changes)
    );
    let notes = pull_notes(changes);
    for note in notes.iter().take(MAX_NOTES) {
        text.extend(["> ⚠ ", &code_span(note), "  \n"]);
    }
    if notes.len() > MAX_NOTES {
        text.extend([format!("> … and {} more\n", notes.len() - MAX_NOTES)]);
    }
    text.push('\n');
    let mut hidden = changes.files.len();
    for change in &changes.files {
        let section = section(&change.path.display().to_string(), &difference_lines(change));
        if text.len() + section.len() > LIMIT {
            break;
        }
        text.push_str(&section);
        hidden -= 1;
    }
    if hidden > 0 {
        let more = plural(hidden, "more file", "more files");
        text.extend([format!("\n*… {more} not shown: the comment would be too long.*\n")]);
    }
    text
}

fn write_head(text: &mut String, what: &str, plan: &Plan, line: Option<&Line>) -> std::fmt::Result {
    writeln!(
        text,
        "### lobuctl {what}: {} at {}\n",
        code_span(&plan.target.organization),
        code_span(&plan.target.url)
    )?;
    if let Some(line) = line {
        writeln!(text, "{}\n", code_span(to_text(std::slice::from_ref(line)).trim()))?;
    }
    writeln!(text, "**{}** (plan id `{}`)\n", summary_text(&plan.counts), plan.id)?;
    let restarts = plan.rows.iter().filter(|row| row.restarts()).map(|row| {
        let address = code_span(&row.address.to_string());
        format!("**restarts** {address}: in-flight messages may drop")
    });
    let possible = plan.rows.iter().filter(|row| row.may_restart()).map(|row| {
        let address = code_span(&row.address.to_string());
        format!("**may restart** {address}: a secret is sent again, and only the server can tell whether it changed")
    });
    let warnings = plan.warnings.iter().map(|warning| code_span(warning));
    let notes: Vec<String> = restarts.chain(possible).chain(warnings).collect();
    for note in notes.iter().take(MAX_NOTES) {
        // Two blanks at the end: each note is a line of its own.
        writeln!(text, "> ⚠ {note}  ")?;
    }
    if notes.len() > MAX_NOTES {
        writeln!(text, "> … and {} more", notes.len() - MAX_NOTES)?;
    }
    writeln!(text)
}

fn row_section(row: &Row) -> String {
    let title = row_line(row).text();
    let details = row_details(
        row,
        Detail {
            contents: true,
            ..Detail::PLAN
        },
    );
    section(&title, &details)
}

/// Returns a title with lines below it, which are folded when there are many.
fn section(title: &str, details: &[Line]) -> String {
    if details.is_empty() {
        return format!("- {}\n", code_span(title));
    }
    let lines = details.len();
    let body = to_text(details);
    let fence = fence(&body);
    // Long details are folded, so that the comment can be read at a glance.
    let open = if lines > 12 { "" } else { " open" };
    format!(
        // Within `<summary>` there is no Markdown, only HTML.
        "<details{open}><summary><code>{}</code></summary>\n\n{fence}diff\n{}{fence}\n\n</details>\n",
        escape(&printable(title)),
        flush_left(&body)
    )
}

fn write_unchanged(text: &mut String, plan: &Plan) -> std::fmt::Result {
    let unchanged: Vec<&Row> = plan
        .rows
        .iter()
        .filter(|row| row.verb == Verb::Noop && !row.is_notable())
        .collect();
    if unchanged.is_empty() || text.len() > LIMIT {
        return Ok(());
    }
    let title = plural(unchanged.len(), "unchanged row", "unchanged rows");
    writeln!(text, "\n<details><summary>{title}</summary>\n")?;
    for row in unchanged {
        if text.len() > LIMIT {
            writeln!(text, "- …")?;
            break;
        }
        writeln!(text, "- {}", code_span(&row.address.to_string()))?;
    }
    writeln!(text, "\n</details>")
}

/// Moves the signs of a diff to the first column, where GitHub colors them.
fn flush_left(body: &str) -> String {
    body.lines().fold(String::new(), |mut text, line| {
        let trimmed = line.trim_start();
        let is_sign = trimmed.starts_with("+ ") || trimmed.starts_with("- ");
        text.push_str(if is_sign { trimmed } else { line });
        text.push('\n');
        text
    })
}

/// Returns a fence that is longer than any run of backticks inside.
fn fence(body: &str) -> String {
    "`".repeat(longest_run(body).max(2) + 1)
}

/// Returns text as a code span: GitHub finds no HTML, link, mention or emphasis in it. The fence is longer than any run of
/// backticks inside.
fn code_span(text: &str) -> String {
    let text = printable(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    // A blank keeps a backtick at either end apart from the fence; Markdown drops it.
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0)
}

/// Escapes text for HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
