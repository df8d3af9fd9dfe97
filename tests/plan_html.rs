//! A plan as a page: complete, closed to everything from outside, and no value in it is more than text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lobuctl::plan::{Change, Plan, Row, Verb};
use lobuctl::report::html;
use lobuctl::resource::{Address, FieldPath};
use sha2::{Digest, Sha256};

use crate::support::program::cli::CliProject;
use crate::support::screen::canned;

/// Values that would end their element, run, load something, or turn text around.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "</details></pre><img src=x onerror=alert(1)>",
    "</style><style>@import url(//evil.example)</style>",
    "\" onclick=\"alert(1)",
    "abc\u{202e}gnp.exe",
    "&lt;b&gt; \u{200b}hidden",
];

/// Returns a plan whose values would be live if they were markup, and a row that is folded.
pub fn hostile_plan() -> Plan {
    let mut rows: Vec<Row> = canned::plan().rows.iter().cloned().collect();
    for (index, value) in HOSTILE.iter().enumerate() {
        let path = FieldPath::parse(&format!("field{index}"));
        let mut row = canned::row(Address::entity_type(format!("type-{index}")), Verb::Update);
        row.changes = vec![
            Change::between(path.clone(), Some("before".into()), Some((*value).into())),
            Change::between(path, None, Some(format!("a line\n{value}\nanother").as_str().into())),
        ];
        row.warnings = vec![(*value).to_owned()];
        rows.push(row);
    }
    let mut long = canned::row(Address::entity_type("type-long"), Verb::Update);
    let lines: Vec<String> = (0..40).map(|line| format!("line {line} <b>")).collect();
    long.changes = vec![Change::between(
        FieldPath::parse("description"),
        None,
        Some(lines.join("\n").as_str().into()),
    )];
    rows.push(long);
    let mut plan = canned::plan_of(rows);
    plan.warnings = HOSTILE.iter().map(|value| (*value).to_owned()).collect();
    HOSTILE[0].clone_into(&mut plan.target.organization);
    HOSTILE[1].clone_into(&mut plan.target.url);
    plan
}

fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    page.split_once(from)
        .and_then(|(_, rest)| rest.split_once(to))
        .unwrap()
        .0
}

#[test]
fn no_value_is_more_than_text() {
    let page = html::plan(&hostile_plan());
    let ours = page.matches("<script").count() + page.matches("<style").count();
    assert_eq!(ours, 2, "one script and one style, both ours");
    for part in [
        "<img",
        "onerror=alert(1)>",
        "\" onclick",
        "\u{202e}",
        "\u{200b}",
        "@import url(//evil.example)</style><",
    ] {
        assert!(!page.contains(part), "{part:?} is live");
    }
    assert!(page.contains("abc&lt;U+202E&gt;gnp.exe") && page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    // What was escaped before stays as it was written.
    assert!(page.contains("&amp;lt;b&amp;gt; &lt;U+200B&gt;hidden"));
    for element in [
        "details", "summary", "pre", "section", "span", "code", "div", "ul", "li",
    ] {
        let open = page.matches(&format!("<{element}>")).count() + page.matches(&format!("<{element} ")).count();
        assert_eq!(open, page.matches(&format!("</{element}>")).count(), "<{element}>");
    }
}

#[test]
fn the_policy_allows_this_style_and_this_script_and_nothing_else() {
    let page = html::plan(&canned::plan());
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\">");
    let digest = |source: &str| STANDARD.encode(Sha256::digest(source.as_bytes()));
    let style = digest(between(&page, "<style>", "</style>"));
    let script = digest(between(&page, "<script>", "</script>"));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"
        )
    );
    for outside in ["http-equiv=\"refresh", " src=", " href=", "url(", " style=", " onclick"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn it_has_every_row_and_restarts_come_first() {
    let plan = canned::plan();
    let page = html::plan(&plan);
    let restart = page
        .find("<b>restarts</b> <code>platform.triage.telegram</code>")
        .unwrap();
    assert!(restart < page.find("<h2>agents</h2>").unwrap());
    for row in &plan.rows {
        let id = format!("<span class=\"id\">{}</span>", row.address.id());
        assert!(page.contains(&id), "{id}: {}", row.address);
    }
    assert!(page.contains(plan.id.as_str()));
    assert!(page.contains("<span class=\"secret\">"), "a secret is named as one");
}

#[test]
fn only_a_plan_is_a_page() {
    let cli = CliProject::new();
    let page = cli.expect_exit("plan --format html", 0);
    assert!(
        page.out.starts_with("<!doctype html>") && page.out.ends_with("</html>\n"),
        "{page:?}"
    );
    assert_eq!(cli.expect_exit("apply --dry-run --format html", 0).out, page.out);
    let refused = cli.expect_exit("apply --yes --format html", 64);
    assert!(
        refused.out.is_empty() && refused.err.contains("only a plan can be a page"),
        "{refused:?}"
    );
}
