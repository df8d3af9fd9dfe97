//! Plan and apply as a shell sees them: what goes where, and how it ends.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::program::cli::{CliOutput, CliProject};
use crate::support::snapshot::check;

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// The rows of a plan, as `create agent.desk`.
fn rows(output: &CliOutput) -> Vec<String> {
    let plan = output.object("plan");
    let rows = plan["rows"].as_array().unwrap().iter();
    rows.map(|row| format!("{} {}", row["verb"].as_str().unwrap(), row["address"].as_str().unwrap()))
        .collect()
}

#[test]
fn the_plan_is_the_result_and_the_rest_is_not() {
    let cli = CliProject::new();
    let plan = cli.expect_exit("plan", 0);
    assert!(plan.out.starts_with("Plan: dev at http://127.0.0.1:"), "{plan:?}");
    assert!(
        plan.out
            .contains("Summary: 9 create, 0 update, 0 unchanged, 0 drift\nPlan id: "),
        "{plan:?}"
    );
    assert!(!plan.out.contains('\u{1b}') && !plan.err.contains('\u{1b}'));
    assert_eq!(cli.expect_exit("plan -q", 0).err, "");

    let applied = cli.expect_exit("apply --yes", 0);
    assert!(applied.out.starts_with(&plan.out), "{applied:?}");
    let summary = lines(&applied.out).pop().unwrap();
    assert!(summary.starts_with("Applied: 9 created, 0 updated in "), "{applied:?}");
    let created = lines(&applied.out)
        .into_iter()
        .filter(|line| line.starts_with("created "));
    assert_eq!(created.count(), 9);

    let again = cli.expect_exit("apply --yes", 0);
    let noop = "Summary: 0 create, 0 update, 9 unchanged, 0 drift; 2 may restart, 2 secrets resent\n";
    assert!(again.out.contains(noop), "{again:?}");
    assert!(
        again.out.contains("\nApplied: 0 created, 0 updated, 2 unchanged in "),
        "{again:?}"
    );
    let left = cli.expect_exit("apply --yes --no-recheck", 0);
    assert!(left.err.ends_with("nothing to do\n"), "{left:?}");
    assert!(cli.expect_exit("plan --color always", 0).out.contains('\u{1b}'));
}

#[test]
fn a_rotated_secret_takes_effect_on_a_server_that_hides_it_without_local_state() {
    let cli = CliProject::live();
    let forget = || fs::remove_dir_all(cli.path().join(".local/state/lobuctl/secrets")).unwrap();
    cli.expect_exit("apply --yes", 0);
    forget();
    let plan = cli.expect_exit("plan --detailed-exitcode", 0);
    assert!(plan.out.contains("2 secrets resent\n"), "{plan:?}");
    let same = cli.expect_exit("apply --yes", 0);
    assert!(same.out.contains("unchanged platform desk/desk-telegram"), "{same:?}");
    forget();
    let mut rotated = cli.command("apply --yes");
    rotated.env("BOT_TOKEN", "4712:planted-bot-token");
    let rotated = CliOutput::of(&rotated.output().unwrap());
    assert_eq!(rotated.code, 0, "{rotated:?}");
    assert!(
        rotated.out.contains("updated platform desk/desk-telegram (restarted, "),
        "{rotated:?}"
    );
    assert!(
        rotated.out.contains("; 2 restarts (2 only possible in the plan) in "),
        "{rotated:?}"
    );
    forget();
    let mut back = cli.command("apply --yes --format json");
    back.env("BOT_TOKEN", "4713:planted-bot-token");
    let back = CliOutput::of(&back.output().unwrap());
    let tally = &back.object("summary")["tally"];
    let restarts = [
        "restarted",
        "possible_restarts",
        "unpredicted_restarts",
        "missed_restarts",
    ];
    assert_eq!(
        restarts.map(|key| tally[key].as_u64()),
        [2, 2, 0, 0].map(Some),
        "{tally}"
    );
    forget();
    let left = cli.expect_exit("apply --yes --no-recheck", 0);
    assert!(left.err.ends_with("nothing to do\n"), "{left:?}");
}

#[test]
fn json_is_one_object_a_line() {
    let cli = CliProject::new();
    let applied = cli.expect_exit("apply --yes --format json", 0);
    let objects = applied.objects();
    assert_eq!(objects[0]["type"], "plan");
    assert_eq!(objects[0]["counts"]["create"], 9);
    assert_eq!(objects[1]["type"], "run-started");
    let count = |kind: &str| objects.iter().filter(|object| object["type"] == kind).count();
    assert_eq!(
        (count("step-started"), count("step-finished"), count("run-finished")),
        (9, 9, 1)
    );
    let summary = objects.last().unwrap();
    assert_eq!(
        (&summary["type"], &summary["verdict"]),
        (&"summary".into(), &"done".into())
    );
    assert_eq!(summary["tally"]["created"], 9);
    assert_eq!(summary["requests"], count("request"));

    let nothing = cli
        .expect_exit("apply --yes --no-recheck --format json", 0)
        .object("summary");
    assert_eq!(
        (&nothing["verdict"], &nothing["tally"]["total"]),
        (&"done".into(), &0.into())
    );

    let doctor = cli.expect_exit("doctor --format json", 0);
    assert!(doctor.objects().iter().all(|check| check["ok"] == true), "{doctor:?}");
    cli.expect_exit("whoami --format json", 0).object("session");
    cli.expect_exit("validate --format json", 0).object("valid");
    let failed = cli.expect_exit("plan --format json --url http://127.0.0.1:1", 1);
    assert_eq!(failed.object("error")["exit_code"], 1);
    cli.edit("lobu.toml", "name = \"Clerk\"", "nane = \"Clerk\"");
    let invalid = cli.expect_exit("validate --format json", 1);
    assert_eq!(invalid.object("diagnostic")["line"], 22, "{invalid:?}");
}

#[test]
fn the_same_project_gives_the_same_bytes() {
    let cli = CliProject::new();
    let first = cli.expect_exit("plan --all", 0);
    assert_eq!(first.out, cli.expect_exit("plan --all", 0).out);
    let markdown = cli.expect_exit("plan --format markdown", 0).out;
    assert_eq!(markdown, cli.expect_exit("plan --format markdown", 0).out);
    assert!(markdown.starts_with("### lobuctl plan: `dev` at "), "{markdown}");
}

#[test]
fn exit_codes_tell_what_the_plan_holds() {
    let cli = CliProject::new();
    cli.expect_exit("plan --detailed-exitcode", 2);
    let refused = cli.expect_exit("apply --yes --fail-on changes>8", 4);
    assert!(refused.err.contains("`--fail-on changes:8`: 9 changes"), "{refused:?}");
    cli.expect_exit("apply --yes --plan-id 000000000000", 5);
    let plan = cli.expect_exit("plan --format json", 0).object("plan");
    cli.expect_exit(&format!("apply --yes --plan-id {}", plan["id"].as_str().unwrap()), 0);
    cli.expect_exit("plan --detailed-exitcode", 0);

    cli.edit("lobu.toml", "description = \"answers first\"\n", "");
    cli.expect_exit("plan --detailed-exitcode", 3);
    cli.expect_exit("apply --yes --fail-on drift", 4);
    cli.edit("lobu.toml", "chatId = \"1\"", "chatId = \"2\"");
    let refused = cli.expect_exit("apply --yes --fail-on restart", 4);
    assert!(refused.err.contains("`--fail-on restart`: 1 restart"), "{refused:?}");
    std::fs::remove_file(cli.path().join("models/works-at.yaml")).unwrap();
    let refused = cli.expect_exit("apply --yes --prune --fail-on delete", 4);
    assert!(refused.err.contains("`--fail-on delete`: 1 deletion"), "{refused:?}");
    cli.expect_exit("apply --yes --prune", 0);
    cli.expect_exit("plan --detailed-exitcode", 0);
    for line in [
        "plan --yes",
        "apply --parallelism 0",
        "plan --target nonsense",
        "plan --fail-on never",
    ] {
        cli.expect_exit(line, 64);
    }
    for line in [
        "plan --target agent.nobody",
        "plan --target platform.nobody.*",
        "plan --org nope",
    ] {
        cli.expect_exit(line, 1);
    }
}

#[test]
fn targets_take_along_what_they_need() {
    let cli = CliProject::new();
    let output = |line: &str| rows(&cli.expect_exit(&format!("plan --format json {line}"), 0));
    assert_eq!(
        output("--target agent.clerk"),
        ["create agent.clerk", "create settings.clerk"]
    );
    assert_eq!(
        output("--target platform.desk.slack.*"),
        ["create agent.desk", "create platform.desk.slack.eng"]
    );
    assert_eq!(output("--target platform.* --target entity-type.person").len(), 4);
    assert_eq!(
        output("--target relationship-type.works-at"),
        [
            "create entity-type.company",
            "create entity-type.person",
            "create relationship-type.works-at"
        ]
    );
    assert_eq!(output("--only memory").len(), 3);
    assert_eq!(output("--only agents").len(), 6);
    cli.expect_exit("apply --yes --target platform.desk.slack.*", 0);
    let left = rows(&cli.expect_exit("plan --format json --only agents", 0));
    assert_eq!(
        left,
        [
            "create agent.clerk",
            "create settings.clerk",
            "noop agent.desk",
            "update settings.desk",
            "noop platform.desk.slack.eng",
            "create platform.desk.telegram",
        ]
    );
}

#[test]
fn without_a_terminal_it_refuses_at_once() {
    let cli = CliProject::new();
    let start = Instant::now();
    for line in ["", "apply", "apply --plain", "apply --format json", "apply --prune"] {
        let output = cli.expect_exit(line, 1);
        assert!(output.err.contains("nothing was read or written"), "{output:?}");
        assert!(output.err.contains("`--yes`"), "{output:?}");
    }
    assert!(start.elapsed() < Duration::from_secs(20));
    cli.expect_exit("plan --detailed-exitcode", 2);
}

#[test]
fn exits_quietly_with_141_when_standard_output_is_closed() {
    let cli = CliProject::new();
    for line in [
        "plan --all",
        "plan --format json",
        "schema",
        "completions bash",
        "apply --yes",
    ] {
        let mut command = cli.command(line);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = CliOutput::of(&command.stdout(writer).stderr(Stdio::piped()).output().unwrap());
        assert_eq!(output.code, 141, "{line}: {output:?}");
        assert!(!output.err.contains("error"), "{line}: {output:?}");
    }
    cli.expect_exit("plan --detailed-exitcode", 2);
}

#[test]
fn text_that_no_server_stores_is_reported_before_anything_is_written() {
    let cli = CliProject::new();
    cli.edit("lobu.toml", "name = \"Clerk\"", "name = \"Cl\\u0000erk\"");
    std::fs::write(cli.path().join("desk/SOUL.md"), "Be\0concise.\n").unwrap();
    let output = cli.expect_exit("apply --yes", 1);
    assert!(
        output
            .err
            .contains("2 rows would be refused by the server; nothing was written"),
        "{output:?}"
    );
    assert!(
        output.err.contains("agent.clerk: `name` holds the character U+0000"),
        "{output:?}"
    );
    assert!(
        output
            .err
            .contains("settings.desk: `soulMd` holds the character U+0000"),
        "{output:?}"
    );
}

#[test]
fn two_at_once_converge() {
    let cli = CliProject::new();
    let start = || {
        let mut command = cli.command("apply --yes");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let both = [start(), start()];
    let both = both.map(|child| CliOutput::of(&child.wait_with_output().unwrap()));
    for output in &both {
        assert!([0, 1, 5, 6].contains(&output.code), "{output:?}");
    }
    let after = cli.expect_exit("apply --yes", 0);
    cli.expect_exit("plan --detailed-exitcode", 0);
    assert!(after.out.contains("Summary: "), "{after:?}");
}

#[test]
fn reports_progress_while_it_runs() {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes", 0);
    cli.edit("lobu.toml", "name = \"Desk\"", "name = \"Front desk\"");
    cli.edit("lobu.toml", "chatId = \"1\"", "chatId = \"2\"");
    cli.edit("lobu.toml", "allowed = [\"a.example\"]", "allowed = [\"b.example\"]");
    cli.edit("desk/SOUL.md", "Be concise.", "Be concise and kind.");
    cli.edit("models/company.yaml", "name: Company", "name: Firm\nicon: house");
    std::fs::remove_file(cli.path().join("models/works-at.yaml")).unwrap();
    let mut script = String::new();
    for line in [
        "plan --detailed-exitcode",
        "plan --prune --only memory",
        "plan --target settings.*",
        "plan --target agent.nobody",
        "plan --target nonsense",
        "plan --plan-id 000000000000 -q --only memory",
        "plan --fail-on drift -q --only memory",
        "doctor",
        "whoami",
    ] {
        script.push_str(&cli.script(line));
        script.push('\n');
    }
    let id = without_ids(&script);
    check("cli_plan", &id);
}

/// Plan ids depend on the port.
fn without_ids(script: &str) -> String {
    let hide = |line: &str| match line.split_once("Plan id: ") {
        Some((before, _)) => format!("{before}Plan id: ID\n"),
        None if line.contains("this is plan `") => {
            let (before, after) = line.split_once("this is plan `").unwrap();
            format!("{before}this is plan `ID{}\n", &after[32..])
        }
        None => format!("{line}\n"),
    };
    script.lines().map(hide).collect()
}

#[test]
fn a_log_has_every_request_and_no_secret() {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes -vv --log-file run.log", 0);
    let log = std::fs::read_to_string(cli.path().join("run.log")).unwrap();
    for secret in ["planted", "owl_pat_"] {
        assert!(!log.contains(secret), "{log}");
    }
    assert!(
        log.contains("PUT /api/dev/agents/desk/platforms/by-stable-id/desk-telegram 201 "),
        "{log}"
    );
    assert!(log.contains("GET /api/dev/agents 200 "), "{log}");
}

#[test]
fn the_demo_runs_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = crate::support::program::serve_process::lobuctl(folder.path());
    demo.current_dir(folder.path()).env("TMPDIR", folder.path());
    let output = CliOutput::of(&demo.args(["demo", "--yes"]).output().unwrap());
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.out.contains("\nApplied: "), "{output:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_script_for_the_other_cli_finds_the_last_line_that_it_waits_for() {
    let cli = CliProject::new();
    let last = |line: &str, code: i32| {
        let output = cli.expect_exit(line, code);
        output.out.lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(last("apply --yes --compat --only all", 0), "Apply complete");
    assert_eq!(
        last("apply --yes --compat", 0),
        "Apply complete",
        "also when there is nothing to do"
    );
    assert!(
        !last("apply --dry-run --compat", 0).contains("complete"),
        "nothing was applied"
    );
    assert!(!last("apply --yes", 0).contains("complete"));
    cli.edit("lobu.toml", "name = ", "name = 5 #");
    assert!(!last("apply --yes --compat", 1).contains("complete"));
}
