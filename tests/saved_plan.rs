//! Saved plans: applied exactly as they were saved, or refused with the rows that differ; never with a secret.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::program::cli::{API_KEY, BOT_TOKEN, CliOutput, CliProject};
use crate::support::snapshot;

/// Creates a project, and saves its plan as `a.plan`.
fn saved() -> CliProject {
    let cli = CliProject::new();
    let output = cli.expect_exit("plan --out a.plan", 0);
    assert!(output.err.contains("`lobuctl apply a.plan`"), "{output:?}");
    cli
}

/// Checks that the server is as it was: everything is still to be created.
fn assert_nothing_written(cli: &CliProject) {
    let plan = cli.expect_exit("plan --detailed-exitcode", 2);
    assert!(plan.out.contains("Summary: 9 create, 0 update"), "{plan:?}");
}

/// Returns the output without what differs from run to run: the server and the ids of plans.
fn stable(cli: &CliProject, output: &CliOutput) -> String {
    let text = output.err.replace(cli.url(), "SERVER");
    let text = text.replace(&cli.path().display().to_string(), "PROJECT");
    let is_id = |word: &str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts: Vec<&str> = text
        .split('`')
        .map(|part| if is_id(part) { "ID" } else { part })
        .collect();
    parts.join("`")
}

#[test]
fn a_saved_plan_is_applied_as_it_was_saved_and_holds_no_secret() {
    let cli = saved();
    let path = cli.path().join("a.plan");
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains(BOT_TOKEN) && !text.contains(API_KEY), "{text}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let applied = cli.expect_exit("apply a.plan --yes", 0);
    assert!(applied.out.contains("9 created"), "{applied:?}");
    cli.expect_exit("plan --detailed-exitcode", 0);
    // It was applied: now there is nothing of it left to write.
    let again = cli.expect_exit("apply a.plan --yes", 5);
    assert!(
        again
            .err
            .contains("agent.desk: create was approved, now nothing is written"),
        "{again:?}"
    );
}

#[test]
fn a_plan_that_is_another_one_now_is_refused_row_by_row() {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes", 0);
    cli.edit("desk/SOUL.md", "concise", "brief");
    cli.edit("lobu.toml", "name = \"Clerk\"", "name = \"Writer\"");
    cli.expect_exit("plan --out a.plan", 0);
    cli.edit("desk/SOUL.md", "brief", "kind");
    cli.edit("lobu.toml", "name = \"Writer\"", "name = \"Clerk\"");
    cli.edit("models/person.yaml", "name: Person", "name: Human");
    let refused = cli.expect_exit("apply a.plan --yes", 5);
    snapshot::check("saved_plan_refused", &stable(&cli, &refused));
    let plan = cli.expect_exit("plan --detailed-exitcode", 2);
    assert!(plan.out.contains("0 create, 2 update"), "{plan:?}");
}

#[test]
fn a_change_on_the_server_refuses_a_saved_plan() {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes", 0);
    cli.edit("desk/SOUL.md", "concise", "brief");
    cli.expect_exit("plan --out a.plan", 0);
    cli.edit("desk/SOUL.md", "brief", "short");
    cli.expect_exit("apply --yes", 0);
    cli.edit("desk/SOUL.md", "short", "brief");
    let refused = cli.expect_exit("apply a.plan --yes", 5);
    assert!(
        refused
            .err
            .contains("settings.desk: update of soulMd, other than approved"),
        "{refused:?}"
    );
}

#[test]
fn what_is_no_plan_of_ours_is_refused_before_anything_is_read() {
    let cli = saved();
    let text = fs::read_to_string(cli.path().join("a.plan")).unwrap();
    let write = |file: &str, text: &str| fs::write(cli.path().join(file), text).unwrap();
    write("changed.plan", &text.replace("agent.desk", "agent.disk"));
    write("cut.plan", text.lines().next().unwrap());
    write("newer.plan", &text.replacen("\"version\":1", "\"version\":2", 1));
    let reasons: Vec<String> = ["changed.plan", "cut.plan", "newer.plan", "lobu.toml", "missing.plan"]
        .into_iter()
        .map(|file| {
            let line = format!("apply {file} --yes");
            format!("$ {line}\n{}", stable(&cli, &cli.expect_exit(&line, 1)))
        })
        .collect();
    snapshot::check("saved_plan_broken", &reasons.join("\n"));
    for (flag, value) in [("--target", "agent.desk"), ("--delete", "entity.person.ada")] {
        let refused = cli.expect_exit(&format!("apply a.plan --yes {flag} {value}"), 64);
        let reason = format!("`{flag}` does not go with a saved plan");
        assert!(refused.err.contains(&reason), "{refused:?}");
    }
    let elsewhere = cli.expect_exit("apply a.plan --yes --org other", 64);
    assert!(
        elsewhere.err.contains("the saved plan is for `dev` at"),
        "{elsewhere:?}"
    );
    assert_nothing_written(&cli);
}

#[test]
fn the_choices_of_a_plan_are_saved_with_it_and_guards_hold() {
    let cli = CliProject::new();
    cli.expect_exit("plan --out agents.plan --only agents --target agent.clerk", 0);
    let refused = cli.expect_exit("apply agents.plan --yes --fail-on changes>0", 4);
    assert!(refused.err.contains("`--fail-on changes:0`"), "{refused:?}");
    // A saved plan is a reviewed one, as with `--plan-id`.
    let applied = cli.expect_exit("apply agents.plan --yes --protect", 0);
    assert!(applied.out.contains("Applied: 2 created"), "{applied:?}");
}

#[test]
fn only_a_saved_plan_is_replaced() {
    let cli = saved();
    cli.expect_exit("plan --out a.plan --only agents", 0);
    let toml = fs::read_to_string(cli.path().join("lobu.toml")).unwrap();
    let refused = cli.expect_exit("plan --out lobu.toml", 1);
    assert!(refused.err.contains("exists and is no saved plan"), "{refused:?}");
    assert_eq!(fs::read_to_string(cli.path().join("lobu.toml")).unwrap(), toml);
    cli.expect_exit("plan --out missing/a.plan", 1);
}
