//! A plan as one HTML page: nothing is loaded, nothing has to run, every value is text.
//!
//! The page is read without JavaScript; where there is some, it filters the rows. Its policy allows this style and this
//! script by their digests and nothing else, so that not even a value that broke out of its place would do anything.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::markdown::escape;
use crate::plan::{Plan, Row, Verb};
use crate::show::change::{Detail, row_details};
use crate::show::plan::summary_text;
use crate::show::row::row_line;
use crate::show::word::plural;
use crate::show::{Line, Role, printable};

/// The number of lines of a row above which its details begin folded.
const FOLDED_ABOVE: usize = 12;

const STYLE: &str = "\
:root { color-scheme: light dark; --text: #1f2328; --page: #fff; --dim: #59636e; --line: #d1d9e0; --box: #f6f8fa;
  --add: #116329; --remove: #a40e26; --update: #7d4e00; --note: #6639ba; --mark-add: #aceebb; --mark-remove: #ffcecb; }
@media (prefers-color-scheme: dark) { :root { --text: #f0f6fc; --page: #0d1117; --dim: #9198a1; --line: #3d444d;
  --box: #151b23; --add: #56d364; --remove: #ff9492; --update: #e3b341; --note: #d2a8ff; --mark-add: #1b4721;
  --mark-remove: #78191b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif; color: var(--text);
  background: var(--page); }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
p { margin: .3rem 0; } .dim, .noop { color: var(--dim); }
code, pre, summary { font: 13px/1.5 ui-monospace, monospace; unicode-bidi: isolate; }
.notes { border-left: 4px solid var(--update); background: var(--box); padding: .5rem 1rem; margin: 1rem 0; }
.notes ul { margin: 0; padding-left: 1.2rem; }
details, .bare { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0; background: var(--box); }
summary, .bare { padding: .4rem .7rem; cursor: pointer; overflow-wrap: anywhere; } .bare { cursor: auto; }
pre { margin: 0; padding: .5rem .7rem; border-top: 1px solid var(--line); background: var(--page); white-space: pre-wrap;
  overflow-wrap: anywhere; }
.create, .added-text, .success { color: var(--add); } .delete, .removed-text, .error { color: var(--remove); }
.update, .warning, .running { color: var(--update); } .drift, .secret { color: var(--note); }
.field, .strong, .heading, .id { font-weight: 600; }
.added-word { color: var(--add); background: var(--mark-add); }
.removed-word { color: var(--remove); background: var(--mark-remove); }
input { width: 100%; padding: .5rem .7rem; font: inherit; color: inherit; background: var(--page);
  border: 1px solid var(--line); border-radius: 6px; }
[hidden] { display: none; }
@media print { details > * { display: block; } input { display: none; } }
";

const SCRIPT: &str = "\
'use strict';
const box = document.getElementById('filter');
const rows = [...document.querySelectorAll('[data-row]')];
const texts = rows.map((row) => row.textContent.toLowerCase());
const sections = [...document.querySelectorAll('section')];
box.hidden = false;
box.addEventListener('input', () => {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  rows.forEach((row, at) => { row.hidden = !words.every((word) => texts[at].includes(word)); });
  sections.forEach((section) => { section.hidden = !section.querySelector('[data-row]:not([hidden])'); });
});
";

/// Returns the whole plan as a page.
pub fn plan(plan: &Plan) -> String {
    let target = &plan.target;
    let (organization, url) = (text(&target.organization), text(&target.url));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>lobuctl plan: {organization}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n\
         <h1>Plan: {organization} at <code>{url}</code></h1>\n<p>{}</p>\n\
         <p class=\"dim\">plan id <code>{}</code></p>\n</header>\n",
        policy(),
        text(&summary_text(&plan.counts)),
        plan.id,
    );
    page.push_str(&notes(plan));
    page.push_str(
        "<p><input id=\"filter\" type=\"search\" placeholder=\"filter rows\" aria-label=\"filter rows\" hidden></p>\n",
    );
    let (memory, agents): (Vec<&Row>, Vec<&Row>) = plan.rows.iter().partition(|row| row.address.is_memory());
    for (title, rows) in [("agents", agents), ("memory", memory)] {
        page.push_str(&section(title, &rows));
    }
    page.extend(["<script>", SCRIPT, "</script>\n</body>\n</html>\n"]);
    page
}

/// Returns the policy of the page: this style and this script, and nothing from anywhere.
fn policy() -> String {
    let digest = |source: &str| STANDARD.encode(Sha256::digest(source.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}

/// Returns a text as the page shows it: what would be hidden is visible, and nothing is markup.
fn text(value: &str) -> String {
    quoted(&printable(value))
}

/// Escapes text also for an attribute, in which no value is today.
fn quoted(value: &str) -> String {
    escape(value).replace('"', "&quot;")
}

/// Returns the restarts and the warnings, which come before everything else.
fn notes(plan: &Plan) -> String {
    let name = |row: &Row| format!("<code>{}</code>", text(&row.address.to_string()));
    let restarts = plan.rows.iter().filter(|row| row.restarts());
    let restarts = restarts.map(|row| format!("<b>restarts</b> {}: in-flight messages may drop", name(row)));
    let possible = plan.rows.iter().filter(|row| row.may_restart());
    let possible = possible.map(|row| {
        let name = name(row);
        format!("<b>may restart</b> {name}: a secret is sent again, and only the server can tell whether it changed")
    });
    let warnings = plan.warnings.iter().map(|warning| text(warning));
    let entries: Vec<String> = restarts.chain(possible).chain(warnings).collect();
    if entries.is_empty() {
        return String::new();
    }
    format!(
        "<div class=\"notes\"><ul>\n<li>{}</li>\n</ul></div>\n",
        entries.join("</li>\n<li>")
    )
}

/// Returns the rows of one half of the organization; unchanged ones are folded.
fn section(title: &str, rows: &[&Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let notable = rows.iter().filter(|row| row.is_notable());
    let listed: String = notable.map(|row| notable_row(row)).collect();
    let quiet: Vec<&&Row> = rows.iter().filter(|row| !row.is_notable()).collect();
    let mut section = format!("<section>\n<h2>{title}</h2>\n{listed}");
    if !quiet.is_empty() {
        let (unchanged, ignored): (Vec<&&Row>, Vec<&&Row>) = quiet.into_iter().partition(|row| row.verb == Verb::Noop);
        section.push_str(&folded(
            &plural(unchanged.len(), "unchanged row", "unchanged rows"),
            &unchanged,
        ));
        section.push_str(&folded(&plural(ignored.len(), "ignored row", "ignored rows"), &ignored));
    }
    section.push_str("</section>\n");
    section
}

fn folded(title: &str, rows: &[&&Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = rows.iter().map(|row| line(&row_line(row))).collect();
    format!(
        "<details data-row><summary class=\"dim\">{title}</summary><pre>{}</pre></details>\n",
        lines.join("\n")
    )
}

fn notable_row(row: &Row) -> String {
    let title = line(&row_line(row));
    let details = row_details(row, Detail::FULL);
    if details.is_empty() {
        return format!("<div class=\"bare\" data-row><code>{title}</code></div>\n");
    }
    let open = if details.len() > FOLDED_ABOVE { "" } else { " open" };
    let lines: Vec<String> = details.iter().map(line).collect();
    format!(
        "<details data-row{open}><summary>{title}</summary><pre>{}</pre></details>\n",
        lines.join("\n")
    )
}

/// Returns a line with its roles as classes.
fn line(line: &Line) -> String {
    let mut html = " ".repeat(line.indent);
    for span in &line.spans {
        let text = quoted(&span.text);
        match class(span.role) {
            "" => html.push_str(&text),
            class => html.extend(["<span class=\"", class, "\">", &text, "</span>"]),
        }
    }
    html
}

fn class(role: Role) -> &'static str {
    match role {
        Role::Plain => "",
        Role::Heading => "heading",
        Role::Create => "create",
        Role::Update => "update",
        Role::Noop => "noop",
        Role::Drift => "drift",
        Role::Delete => "delete",
        Role::Warning => "warning",
        Role::Error => "error",
        Role::Success => "success",
        Role::Running => "running",
        Role::Field => "field",
        Role::Id => "id",
        Role::Dim => "dim",
        Role::Strong => "strong",
        Role::AddedText => "added-text",
        Role::RemovedText => "removed-text",
        Role::AddedWord => "added-word",
        Role::RemovedWord => "removed-word",
        Role::Secret => "secret",
    }
}
