//! `lobuctl undo` as its user sees it: what is named before, what is left alone, and what comes back.

use crate::support::program::cli::{CliProject, without_run_ids};
use crate::support::snapshot;

/// Returns a project that was applied, and then applied with changes of every kind.
fn changed() -> CliProject {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes --no-journal", 0);
    cli.edit("lobu.toml", "name = \"Desk\"", "name = \"Front desk\"");
    cli.edit("lobu.toml", "chatId = \"1\"", "chatId = \"2\"");
    cli.edit("desk/SOUL.md", "concise", "brief");
    cli.edit("models/person.yaml", "name: Person", "name: Human");
    cli.expect_exit("apply --yes", 0);
    cli
}

/// Takes the changes out of the files again.
fn revert_files(cli: &CliProject) {
    cli.edit("lobu.toml", "name = \"Front desk\"", "name = \"Desk\"");
    cli.edit("lobu.toml", "chatId = \"2\"", "chatId = \"1\"");
    cli.edit("desk/SOUL.md", "brief", "concise");
    cli.edit("models/person.yaml", "name: Human", "name: Person");
}

#[test]
fn the_last_run_is_taken_back_and_the_undo_too() {
    let cli = changed();
    let plan = cli.script("undo --dry-run");
    let plan: Vec<&str> = plan.lines().filter(|line| !line.contains("Plan id")).collect();
    snapshot::check("undo_plan", &plan.join("\n"));
    cli.expect_exit("undo --yes", 0);
    revert_files(&cli);
    let converged = cli.expect_exit("plan --detailed-exitcode", 0);
    assert!(converged.out.contains("0 create, 0 update"), "{converged:?}");
    let listed = without_run_ids(&cli.expect_exit("runs", 0).out);
    assert!(listed.lines().next().unwrap().contains("takes back RUN"), "{listed}");
    cli.expect_exit("undo --yes", 0);
    let again = cli.expect_exit("plan --detailed-exitcode", 2);
    assert!(again.out.contains("4 update"), "{again:?}");
}

#[test]
fn what_changed_since_is_a_conflict_and_written_only_when_asked_for() {
    let cli = changed();
    cli.edit("lobu.toml", "chatId = \"2\"", "chatId = \"3\"");
    cli.expect_exit("apply --yes --no-journal", 0);
    let dry = cli.expect_exit("undo --dry-run", 0);
    assert!(
        dry.out.contains("conflict: changed since that run (config.chatId)"),
        "{dry:?}"
    );
    let undone = cli.expect_exit("undo last --yes", 6);
    assert!(undone.err.contains("1 conflict: left alone"), "{undone:?}");
    revert_files_but_chat(&cli);
    let plan = cli.expect_exit("plan --detailed-exitcode", 0);
    assert!(plan.out.contains("0 update"), "{plan:?}");
    let listed = cli.expect_exit("runs --format json", 0).objects();
    let first = listed.last().unwrap()["head"]["id"].as_str().unwrap().to_owned();
    let stale = cli.expect_exit(&format!("undo {first} --yes"), 5);
    assert!(stale.err.contains("nothing was written"), "{stale:?}");
    let forced = cli.expect_exit(&format!("undo {first} --dry-run --force"), 0).out;
    assert!(
        forced.contains("put back because of `--force`") && !forced.contains("left alone"),
        "{forced}"
    );
    cli.expect_exit(&format!("undo {first} --yes --force"), 0);
    cli.edit("lobu.toml", "chatId = \"3\"", "chatId = \"1\"");
    cli.expect_exit("plan --detailed-exitcode", 0);
}

fn revert_files_but_chat(cli: &CliProject) {
    cli.edit("lobu.toml", "name = \"Front desk\"", "name = \"Desk\"");
    cli.edit("desk/SOUL.md", "brief", "concise");
    cli.edit("models/person.yaml", "name: Human", "name: Person");
}

#[test]
fn what_cannot_come_back_is_named_before() {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes", 0);
    let created = cli.script("undo --dry-run");
    assert!(
        created.contains("- agent desk (created by the run that is taken back)"),
        "{created}"
    );
    assert!(
        created.contains("deletes what the agent has done since that run"),
        "{created}"
    );
    cli.edit("lobu.toml", "[agents.clerk]\nname = \"Clerk\"\ndir = \"./clerk\"\n", "");
    let desk =
        "[[agents.desk.platforms]]\ntype = \"telegram\"\nconfig = { botToken = \"$BOT_TOKEN\", chatId = \"1\" }\n";
    cli.edit("lobu.toml", desk, "");
    cli.expect_exit("apply --yes --prune", 0);
    let plan = cli.expect_exit("undo --dry-run", 0).out;
    assert!(plan.contains("+ agent clerk"), "{plan}");
    assert!(
        plan.contains("cannot be undone: the agent's history was deleted with it"),
        "{plan}"
    );
    assert!(
        plan.contains("no journal keeps the value of a secret (config.botToken)"),
        "{plan}"
    );
    let elsewhere = cli.expect_exit("undo --yes --org other", 1).err;
    assert!(
        elsewhere.contains("no run on this machine wrote to `other`"),
        "{elsewhere}"
    );
}

/// A key goes only with the platform, and nobody can send again the secrets that the server hides.
#[test]
fn a_key_of_a_platform_with_hidden_secrets_stays() {
    let cli = CliProject::live();
    cli.expect_exit("apply --yes --no-journal", 0);
    cli.edit(
        "lobu.toml",
        "config = { botToken = \"$BOT_TOKEN\", signingSecret = \"$BOT_TOKEN\" }",
        "config = { botToken = \"$BOT_TOKEN\", signingSecret = \"$BOT_TOKEN\", channel = \"C1\" }",
    );
    cli.expect_exit("apply --yes", 0);
    let plan = cli.expect_exit("undo --dry-run", 0).out;
    assert!(plan.contains("cannot be undone: config.channel stays"), "{plan}");
    assert!(!plan.contains("deleted and put back at once"), "{plan}");
    cli.expect_exit("undo --yes", 0);
    let platforms = cli.expect_exit("plan --detailed-exitcode --only agents", 0).out;
    assert!(platforms.contains("0 update"), "{platforms}");
}
