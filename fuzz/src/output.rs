//! What has to hold of a plan and of all its outputs, whatever came in.

use jiff::Timestamp;
use lobuctl::plan::{Draft, Plan, PlanOptions, Prune, Target, Verb, plan};
use lobuctl::report::{ansi, json, markdown};
use lobuctl::resource::{Origins, State, is_invisible};
use lobuctl::show::change::Detail;
use lobuctl::show::plan::{PlanView, plan_lines};

/// GitHub refuses comments of more characters than this.
const MAX_COMMENT: usize = 65_536;

/// Plans one state against another.
///
/// Returns `None` when the planner reports problems instead.
pub fn plan_of(desired: &State, remote: &State, prune: Prune) -> Option<Draft> {
    let options = PlanOptions {
        prune,
        ..PlanOptions::default()
    };
    plan(desired, remote, &Origins::default(), Target::default(), &options).ok()
}

/// Checks law 1: a state planned against itself changes nothing.
pub fn assert_unchanged(state: &State) {
    if let Some(draft) = plan_of(state, state, Prune::Everything) {
        let changed = draft.plan.rows.iter().find(|row| row.verb != Verb::Noop);
        assert!(changed.is_none(), "a state differs from itself: {changed:?}");
    }
}

/// Writes a plan in every format and checks that no control or invisible character is left in any.
pub fn assert_outputs(plan: &Plan) {
    let view = PlanView {
        all: true,
        detail: Detail::FULL,
    };
    assert_visible(&ansi::to_text(&plan_lines(plan, view)));
    let comment = markdown::plan(plan);
    assert_visible(&comment);
    assert!(comment.chars().count() <= MAX_COMMENT);
    assert_markdown_holds_no_html(&comment);
    let mut written = Vec::new();
    json::write(&mut written, "plan", Timestamp::UNIX_EPOCH, plan).expect("memory takes every byte");
    let text = String::from_utf8(written).expect("JSON is UTF-8");
    assert_visible(&text);
    serde_json::from_str::<serde_json::Value>(&text).expect("the output is JSON");
}

fn assert_visible(text: &str) {
    let hidden = text
        .chars()
        .find(|character| is_invisible(*character) || (character.is_control() && *character != '\n'));
    assert!(hidden.is_none(), "{hidden:?} in {text:?}");
}

/// Checks that every `<` outside code belongs to the few elements that the writer uses.
fn assert_markdown_holds_no_html(comment: &str) {
    let mut fence: Option<usize> = None;
    for line in comment.lines() {
        let ticks = line.chars().take_while(|character| *character == '`').count();
        match fence {
            Some(length) if ticks >= length && line.trim_matches('`').is_empty() => fence = None,
            Some(_) => {}
            None if ticks >= 3 && line.ends_with("diff") => fence = Some(ticks),
            None => assert_known_elements(&without_spans(line)),
        }
    }
    assert_eq!(fence, None, "a fence is not closed:\n{comment}");
}

fn assert_known_elements(line: &str) {
    const KNOWN: [&str; 8] = [
        "details>",
        "details open>",
        "/details>",
        "summary>",
        "/summary>",
        "code>",
        "/code>",
        "br>",
    ];
    for part in line.split('<').skip(1) {
        assert!(KNOWN.iter().any(|known| part.starts_with(known)), "HTML in {line:?}");
    }
}

/// Removes code spans, which end at a run of backticks of the same length.
fn without_spans(line: &str) -> String {
    let run = |text: &str| text.chars().take_while(|character| *character == '`').count();
    let mut rest = String::new();
    let mut tail = line;
    while let Some(start) = tail.find('`') {
        let length = run(&tail[start..]);
        let inside = &tail[start + length..];
        let closes = |at: &usize| run(&inside[*at..]) == length && !inside[..*at].ends_with('`');
        let end = inside.match_indices('`').map(|(at, _)| at).find(closes);
        let Some(end) = end else { break };
        rest.push_str(&tail[..start]);
        tail = &inside[end + length..];
    }
    rest.push_str(tail);
    rest
}
