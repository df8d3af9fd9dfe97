//! The laws of a pull, for organizations made up by chance (semantics, "Pull").

use std::fmt::Write as _;

use lobuctl::config::normalized_domain;
use lobuctl::plan::{ChangeKind, Plan, Prune, Verb};
use lobuctl::resource::{Shown, State, field};
use proptest::prelude::*;
use serde_json::Value;

use crate::laws::{block_on, cases, server_with};
use crate::support::apply::organization::{PLANTED, organization};
use crate::support::apply::pulling::{pull, texts, work_out};
use crate::support::apply::test_server::{TestServer, expect_valid};
use crate::support::project::TempProject;

/// Returns an organization as files can declare it.
fn declarable(mut state: State) -> State {
    for settings in state.settings.values_mut() {
        let network = settings.fields.get_mut(field::NETWORK).and_then(Value::as_object_mut);
        for list in network.into_iter().flat_map(|network| network.values_mut()) {
            normalize(list);
        }
    }
    state
}

/// Brings the domains of a list into the form in which files declare them.
fn normalize(list: &mut Value) {
    let domains = list.as_array_mut().into_iter().flatten();
    for domain in domains {
        *domain = Value::from(normalized_domain(domain.as_str().unwrap_or_default()));
    }
}

/// Returns what an apply would write of a plan, but for secrets, whose values are not in the files.
fn writes(plan: &Plan) -> Vec<String> {
    let is_secret = |side: &Option<Shown>| *side == Some(Shown::Secret);
    let mut found = Vec::new();
    for row in &plan.rows {
        let changes = row
            .changes
            .iter()
            .filter(|change| change.kind.writes() || change.kind == ChangeKind::Drift);
        let changes = changes.filter(|change| !is_secret(&change.before) && !is_secret(&change.after));
        found.extend(changes.map(|change| format!("{} {} {:?}", row.address, change.path, change.kind)));
        if matches!(row.verb, Verb::Create | Verb::Drift) {
            found.push(format!("{} {}", row.verb.word(), row.address));
        }
    }
    found
}

async fn plan_of(server: &TestServer, project: &TempProject) -> Plan {
    server.plan(&expect_valid(project.load()), Prune::Nothing).await.plan
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn an_apply_after_a_pull_has_nothing_to_do(there in organization()) {
        block_on(async {
            let server = server_with(&declarable(there)).await;
            let mut project = TempProject::new(&[("models/.keep", ""), ("lobu.toml", "# ours\n[agents]\n[memory]\norg = \"dev\"\nmodels = \"./models\"\n")]);
            let changes = pull(&server, &mut project).await;
            assert_eq!(changes.conflicts, vec![], "{:?}", texts(&project));
            assert_eq!(writes(&plan_of(&server, &project).await), Vec::<String>::new(), "{:?}", texts(&project));
            for (path, text) in texts(&project) {
                assert!(!text.contains(PLANTED), "{}: {text}", path.display());
            }
            let again = work_out(&server, &mut project).await;
            assert_eq!(again.files, vec![]);
        });
    }

    #[test]
    fn a_pull_of_another_organization_keeps_comments_and_what_only_the_files_have(
        before in organization(),
        after in organization(),
    ) {
        block_on(async {
            let server = server_with(&declarable(before)).await;
            let mut project = TempProject::new(&[("models/.keep", ""), ("lobu.toml", "# ours\n[agents]\n[memory]\norg = \"dev\"\nmodels = \"./models\"\n")]);
            pull(&server, &mut project).await;
            comment_everything(&project);
            let draft = server.plan_state(&declarable(after), Prune::Nothing).await;
            server.apply_well(&draft).await;
            let kept = comments(&project);
            let changes = pull(&server, &mut project).await;
            assert_eq!(changes.conflicts, vec![], "{:?}", texts(&project));
            let plan = plan_of(&server, &project).await;
            let pulled: Vec<_> = writes(&plan).into_iter().filter(|it| !it.contains(" Added")).collect();
            assert_eq!(pulled, Vec::<String>::new(), "{:?}", texts(&project));
            let lost: Vec<_> = kept.iter().filter(|comment| !comments(&project).contains(comment)).collect();
            // A comment within a table that goes, goes with it.
            let gone = lost.iter().filter(|comment| !comment.contains("provider")).count();
            assert_eq!(gone, 0, "lost {lost:?}: {:?}", texts(&project));
        });
    }
}

/// Puts a comment before every line of `lobu.toml`, with its number and the table that it is in.
fn comment_everything(project: &TempProject) {
    let path = project.path().join("lobu.toml");
    let mut table = String::new();
    let mut commented = String::new();
    for (number, line) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
        writeln!(commented, "# {number} of {table}\n{line}").unwrap();
        if line.starts_with('[') {
            line.clone_into(&mut table);
        }
    }
    std::fs::write(path, commented).unwrap();
}

fn comments(project: &TempProject) -> Vec<String> {
    let text = std::fs::read_to_string(project.path().join("lobu.toml")).unwrap();
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}
