//! Pull, field by field: what an edit of a file brings to the server, a pull brings back into the file as it was before, in
//! the same words and on the same lines.

use std::fmt::Write as _;

use lobuctl::plan::Prune;

use crate::converge_examples::each_example;
use crate::converge_fields::{Edit, edited, filled, project, table};
use crate::support::apply::pulling::{pull, texts, work_out};
use crate::support::apply::test_server::{TestServer, expect_valid};
use crate::support::project::TempProject;
use crate::support::snapshot;

/// Returns the lines that differ, for messages.
fn difference(wanted: &TempProject, pulled: &TempProject, file: &str) -> String {
    let text = |project: &TempProject| {
        texts(project)
            .get(std::path::Path::new(file))
            .cloned()
            .unwrap_or_default()
    };
    let (wanted, pulled) = (text(wanted), text(pulled));
    let diff = similar::TextDiff::from_lines(&wanted, &pulled);
    let changed = diff
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal);
    changed.fold(String::new(), |all, change| {
        all + change.tag().to_string().as_str() + &change.to_string()
    })
}

#[tokio::test]
async fn a_pull_makes_the_edit_that_was_made_elsewhere() {
    let server = TestServer::live().await;
    filled(&server).await;
    let mut report = String::new();
    for Edit { file, from, to, .. } in &table().edit {
        let wanted = edited(file, from, to);
        let draft = server.plan(&expect_valid(wanted.load()), Prune::Nothing).await;
        server.apply_well(&draft).await;
        let mut pulled = project();
        let changes = pull(&server, &mut pulled).await;
        for conflict in &changes.conflicts {
            writeln!(report, "{from:?} -> {to:?}: {}", conflict.reason).unwrap();
        }
        for line in difference(&wanted, &pulled, file).lines() {
            writeln!(report, "{from:?} -> {to:?}: {line}").unwrap();
        }
        let back = server.plan(&expect_valid(project().load()), Prune::Everything).await;
        server.apply_well(&back).await;
    }
    snapshot::check("pull_fields", &report);
}

#[tokio::test]
async fn a_pull_after_an_apply_changes_no_byte() {
    let server = TestServer::live().await;
    filled(&server).await;
    let changes = work_out(&server, &mut project()).await;
    assert!(changes.files.is_empty() && changes.conflicts.is_empty(), "{changes:#?}");
}

#[tokio::test]
async fn a_pull_after_an_apply_of_a_real_project_changes_no_byte() {
    for (folder, files) in each_example() {
        let server = TestServer::live().await;
        let mut project = TempProject::new(&files).env("ANTHROPIC_API_KEY", "x");
        let draft = server.plan(&expect_valid(project.load()), Prune::Nothing).await;
        server.apply_well(&draft).await;
        let changes = work_out(&server, &mut project).await;
        assert!(
            changes.files.is_empty() && changes.conflicts.is_empty(),
            "{}: {changes:#?}",
            folder.display()
        );
    }
}
