//! Pull after each of several edits that somebody makes on the server by chance, into files that people have written: with
//! comments, in odd orders and odd quotes. What is pulled is all that differs, and nothing else in the files changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lobuctl::plan::{Change, ChangeKind, Prune, Verb};
use lobuctl::pull::PullPlan;
use lobuctl::resource::{Shown, State};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::laws::{block_on, cases};
use crate::pull_golden::{FORMS, FileForm, bring_to};
use crate::support::apply::elsewhere::get;
use crate::support::apply::pulling::{pull, texts, work_out};
use crate::support::apply::random_edit::{RandomEdit, random_edit};
use crate::support::apply::test_server::{TestServer, expect_valid};
use crate::support::project::TempProject;

/// A form that nobody would choose.
const ODD: FileForm = FileForm {
    name: "odd",
    toml: include_str!("fixtures/pull/odd.toml"),
    company: include_str!("fixtures/pull/company.block.yaml"),
    works_at: include_str!("fixtures/pull/works-at.flow.yaml"),
};

/// Few and always the same in everyday runs; `PROPTEST_CASES` asks for more, which are made up by chance.
fn seeded() -> ProptestConfig {
    let asked = std::env::vars_os().find(|(name, _)| name == "PROPTEST_CASES");
    match asked.and_then(|(_, count)| count.to_str()?.parse().ok()) {
        Some(count) => cases(count),
        None => ProptestConfig {
            rng_seed: RngSeed::Fixed(8),
            ..cases(8)
        },
    }
}

/// Returns the texts in a value, line by line.
fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.extend(text.lines().map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(entries) => entries.values().for_each(|entry| strings(entry, found)),
        _ => {}
    }
}

/// What the lines may have that change because of some edits.
#[derive(Debug, Default)]
struct Expected {
    /// One of these is in each line that goes.
    marks: Vec<String>,
    /// The beginnings of the paths of files that change.
    files: Vec<String>,
}

impl Expected {
    fn add(&mut self, edit: &RandomEdit, before: &State) {
        let keys: &[&str] = match edit.key {
            "" => &[],
            "provider" => &["provider", "id =", "model =", "key ="],
            "rules" => &["rules", "source:", "target:"],
            key => &[key],
        };
        self.marks.extend(keys.iter().map(|key| (*key).to_owned()));
        let old = get(before, &edit.address, edit.path).unwrap_or_default();
        strings(&old, &mut self.marks);
        if before.get(&edit.address).is_none() {
            // Whoever makes a resource anew gives it another name.
            self.marks.push("name".to_owned());
        }
        self.marks.retain(|mark| !mark.trim().is_empty());
        if edit.address.is_memory() {
            self.files.push("models/".to_owned());
        } else {
            let id = edit.address.agent_id().unwrap_or_default();
            let files = ["lobu.toml", ".env.example", &format!("agents/{id}/")].map(str::to_owned);
            self.files.extend(files);
        }
    }

    /// Whether a line may go, when these lines are added.
    fn allows(&self, line: &str, added: &[String]) -> bool {
        let bare = |line: &str| line.trim().trim_end_matches([',', ']', '}', ' ']).to_owned();
        let escapes = [
            ("\\\"", "\""),
            ("\\t", "\t"),
            ("\\u007f", "\u{7f}"),
            ("\\u007F", "\u{7f}"),
            ("\\\\", "\\"),
        ];
        let read = escapes
            .iter()
            .fold(line.to_owned(), |line, (from, to)| line.replace(from, to));
        let is_part =
            |mark: &String| line.contains(mark.as_str()) || read.contains(mark.as_str()) || mark.contains(line.trim());
        // A comma or a bracket at the end says nothing.
        bare(line).trim_matches('"').is_empty()
            || self.marks.iter().any(is_part)
            || added
                .iter()
                .any(|other| bare(other) == bare(line) || is_grown(line, other))
    }
}

/// Whether a line is another one with something inserted at one place.
fn is_grown(line: &str, other: &str) -> bool {
    let same = |(left, right): &(char, char)| left == right;
    let start = line.chars().zip(other.chars()).take_while(same).count();
    let end = line.chars().rev().zip(other.chars().rev()).take_while(same).count();
    start + end >= line.chars().count()
}

/// Checks that only lines have gone that say what has changed, and that every comment is there.
fn check_files(before: &BTreeMap<PathBuf, String>, after: &BTreeMap<PathBuf, String>, expected: &Expected) {
    for (path, new) in after {
        let old = before.get(path).map(String::as_str).unwrap_or_default();
        if old == new {
            continue;
        }
        let shown = path.display().to_string();
        assert!(
            expected.files.iter().any(|start| shown.starts_with(start)),
            "{shown} has changed: {expected:?}\n{new}"
        );
        if path.extension().is_some_and(|extension| extension == "md") {
            continue;
        }
        let diff = TextDiff::from_lines(old, new.as_str());
        let with = |tag: ChangeTag| {
            let changes = diff.iter_all_changes().filter(move |change| change.tag() == tag);
            changes.map(|change| change.value().to_owned()).collect::<Vec<String>>()
        };
        let added = with(ChangeTag::Insert);
        for gone in with(ChangeTag::Delete) {
            assert!(
                expected.allows(&gone, &added),
                "{shown} lost {gone:?}: {expected:?}\n{old}\n-----\n{new}"
            );
        }
        check_comments(&shown, old, new);
        let is_mixed = old.contains("\r\n") && new.replace("\r\n", "").contains('\n');
        assert!(!is_mixed, "{shown} has both line ends\n{new:?}");
    }
    assert!(before.keys().all(|path| after.contains_key(path)));
}

/// Returns the comments that have lines of their own.
fn comments(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| line.starts_with('#'))
}

/// Returns the comments after something on their line, which have numbers in the files of this test: `# t01`.
fn numbered_comments(text: &str) -> impl Iterator<Item = &str> {
    let comments = text.lines().filter_map(|line| Some(&line[line.find("# t")?..]));
    comments.filter(|comment| comment.chars().nth(3).is_some_and(|digit| digit.is_ascii_digit()))
}

/// Checks that the comments are there, those with lines of their own in the same order. What is said of a provider or of an
/// item of a list may go with it.
fn check_comments(path: &str, old: &str, new: &str) {
    let stays = |comment: &&str| !comment.contains("provider") && !comment.contains("item");
    let mut rest = comments(new);
    for comment in comments(old).filter(stays) {
        let found = rest.any(|other| other == comment);
        assert!(found, "{path} lost {comment:?}, or its place\n{old}\n-----\n{new}");
    }
    for comment in numbered_comments(old).filter(stays) {
        assert!(new.contains(comment), "{path} lost {comment:?}\n{old}\n-----\n{new}");
    }
}

/// Whether a pull could have taken over a difference.
fn can_be_pulled(change: &Change) -> bool {
    let is_secret = [&change.before, &change.after]
        .into_iter()
        .any(|side| *side == Some(Shown::Secret));
    match change.kind {
        ChangeKind::Drift | ChangeKind::Removed => true,
        ChangeKind::Changed => !is_secret,
        _ => false,
    }
}

/// Checks that the plan has nothing that a pull could take over, but for its conflicts.
async fn check_plan(server: &TestServer, project: &TempProject, changes: &PullPlan) {
    let plan = server.plan(&expect_valid(project.load()), Prune::Nothing).await.plan;
    for row in &plan.rows {
        let fields = row.changes.iter().filter(|change| can_be_pulled(change));
        let mut left: Vec<String> = fields.map(|change| change.path.to_string()).collect();
        left.extend((row.verb == Verb::Drift).then(String::new));
        left.retain(|path| {
            let conflicts = changes.conflicts.iter().filter(|it| it.unit.address == row.address);
            !conflicts
                .map(|it| it.unit.field.as_ref().map(ToString::to_string).unwrap_or_default())
                .any(|field| path.starts_with(&field))
        });
        assert!(
            left.is_empty(),
            "{} {left:?}: {changes:#?}\n{:#?}",
            row.address,
            texts(project)
        );
    }
}

/// Gives every file of a project the line ends of Windows.
fn with_windows_lines(project: TempProject) -> TempProject {
    for (path, text) in texts(&project) {
        std::fs::write(project.path().join(path), text.replace('\n', "\r\n")).unwrap();
    }
    project
}

async fn pull_after_each(mut project: TempProject, edits: &[RandomEdit]) {
    let server = TestServer::stored().await;
    let mut state = expect_valid(project.load()).desired;
    bring_to(&server, &state).await;
    let mut expected = Expected::default();
    for edit in edits {
        expected.add(edit, &state);
        edit.carry_out(&mut state);
        bring_to(&server, &state).await;
        let before = texts(&project);
        let changes = pull(&server, &mut project).await;
        let after = texts(&project);
        check_files(&before, &after, &expected);
        check_plan(&server, &project, &changes).await;
        for conflict in &changes.conflicts {
            let known = ["without rewriting the file", "may be secret"];
            assert!(
                known.iter().any(|known| conflict.reason.contains(known)),
                "{conflict:?}\n{:?}",
                after.get(Path::new("lobu.toml"))
            );
        }
        let again = work_out(&server, &mut project).await;
        assert_eq!(again.files, vec![]);
        // What is a conflict may be pulled later.
        if changes.conflicts.is_empty() {
            expected = Expected::default();
        }
    }
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn only_what_somebody_edits_changes_in_the_files(form in 0..4, edits in vec(random_edit(), 1..=8)) {
        let project = match form {
            0 | 1 => FORMS[usize::from(form == 1)].project(),
            2 => ODD.project(),
            _ => with_windows_lines(ODD.project()),
        };
        block_on(pull_after_each(project, &edits));
    }
}
