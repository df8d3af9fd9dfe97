//! A plan as a pull-request comment: restarts first, unchanged rows folded, long differences in `<details>`, within
//! GitHub's limit.

use std::fmt::Write;

use crate::plan::{Plan, Row, Verb};
use crate::show::change::{Detail, row_details};
use crate::show::plan::summary_text;
use crate::show::row::row_line;
use crate::show::word::plural;

use super::ansi::to_text;

/// GitHub refuses comments of more characters than this; some room is left for what a workflow puts around.
const LIMIT: usize = 60_000;

/// The whole plan.
pub fn plan(plan: &Plan) -> String {
    let mut text = String::new();
    // Writing to memory does not fail.
    let _ = write_head(&mut text, plan);
    let rows: Vec<&Row> = plan.rows.iter().filter(|row| row.is_notable()).collect();
    let mut left = rows.len();
    for row in rows {
        let section = row_section(row);
        if text.len() + section.len() > LIMIT {
            break;
        }
        text.push_str(&section);
        left -= 1;
    }
    if left > 0 {
        let _ = writeln!(
            text,
            "\n*… {} not shown: the comment would be too long.*",
            plural(left, "more row", "more rows")
        );
    }
    let _ = write_unchanged(&mut text, plan);
    text
}

fn write_head(text: &mut String, plan: &Plan) -> std::fmt::Result {
    writeln!(
        text,
        "### lobuctl plan: `{}` at {}\n",
        plan.target.organization, plan.target.url
    )?;
    writeln!(text, "**{}** (plan id `{}`)\n", summary_text(&plan.counts), plan.id)?;
    for row in plan.rows.iter().filter(|row| row.restarts()) {
        writeln!(text, "> ⚠ **restarts** `{}`: in-flight messages may drop", row.address)?;
    }
    for warning in &plan.warnings {
        writeln!(text, "> ⚠ {}", inline(warning))?;
    }
    writeln!(text)
}

fn row_section(row: &Row) -> String {
    let title = row_line(row).text();
    let details = row_details(
        row,
        Detail {
            creations: true,
            ..Detail::PLAN
        },
    );
    if details.is_empty() {
        return format!("- `{}`\n", inline(&title));
    }
    let lines = details.len();
    let body = to_text(&details);
    let fence = fence(&body);
    let open = if lines > 12 { "" } else { " open" };
    format!(
        "<details{open}><summary><code>{}</code></summary>\n\n{fence}diff\n{}{fence}\n\n</details>\n",
        escape(&title),
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
        writeln!(text, "- `{}`", row.address)?;
    }
    writeln!(text, "\n</details>")
}

/// Signs of a diff have to stand in the first column to be coloured.
fn flush_left(body: &str) -> String {
    body.lines().fold(String::new(), |mut text, line| {
        let trimmed = line.trim_start();
        let is_sign = trimmed.starts_with("+ ") || trimmed.starts_with("- ");
        text.push_str(if is_sign { trimmed } else { line });
        text.push('\n');
        text
    })
}

/// A fence longer than any run of backticks inside.
fn fence(body: &str) -> String {
    let longest = body
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

fn inline(text: &str) -> String {
    text.replace('`', "'").replace('\n', " ")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
