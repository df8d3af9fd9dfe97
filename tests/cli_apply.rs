//! Plan and apply as a shell sees them: what goes where, and how it ends.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::support::shell::{Shell, Told};
use super::support::snapshot::check;

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// The rows of a plan, as `create agent.desk`.
fn rows(told: &Told) -> Vec<String> {
    let plan = told.object("plan");
    let rows = plan["rows"].as_array().unwrap().iter();
    rows.map(|row| format!("{} {}", row["verb"].as_str().unwrap(), row["address"].as_str().unwrap()))
        .collect()
}

#[test]
fn the_plan_is_the_result_and_the_rest_is_not() {
    let shell = Shell::new();
    let plan = shell.ends("plan", 0);
    assert!(plan.out.starts_with("Plan: dev at http://127.0.0.1:"), "{plan:?}");
    assert!(
        plan.out.ends_with("Summary: 9 create, 0 update, 0 noop, 0 drift\n"),
        "{plan:?}"
    );
    assert!(plan.err.starts_with("plan id "), "{plan:?}");
    assert!(!plan.out.contains('\u{1b}') && !plan.err.contains('\u{1b}'));
    assert_eq!(shell.ends("plan -q", 0).err, "");

    let applied = shell.ends("apply --yes", 0);
    assert!(applied.out.starts_with(&plan.out), "{applied:?}");
    let summary = lines(&applied.out).pop().unwrap();
    assert!(summary.starts_with("Applied: 9 created, 0 updated in "), "{applied:?}");
    let created = lines(&applied.out)
        .into_iter()
        .filter(|line| line.starts_with("created "));
    assert_eq!(created.count(), 9);

    let again = shell.ends("apply --yes", 0);
    let noop = "Summary: 0 create, 0 update, 9 noop, 0 drift; 2 rechecks\n";
    assert!(again.out.contains(noop), "{again:?}");
    assert!(
        again.out.contains("\nApplied: 0 created, 0 updated, 2 unchanged in "),
        "{again:?}"
    );
    let left = shell.ends("apply --yes --no-recheck", 0);
    assert!(left.err.ends_with("nothing to do\n"), "{left:?}");
    assert!(shell.ends("plan --color always", 0).out.contains('\u{1b}'));
}

#[test]
fn a_rotated_secret_takes_effect_on_a_server_that_hides_it() {
    let shell = Shell::live();
    shell.ends("apply --yes", 0);
    let plan = shell.ends("plan --detailed-exitcode", 0);
    assert!(plan.out.ends_with("; 2 rechecks\n"), "{plan:?}");
    let same = shell.ends("apply --yes", 0);
    assert!(same.out.contains("no change platform desk/desk-telegram"), "{same:?}");
    let mut rotated = shell.command("apply --yes");
    rotated.env("BOT_TOKEN", "4712:planted-bot-token");
    let rotated = Told::of(&rotated.output().unwrap());
    assert_eq!(rotated.code, 0, "{rotated:?}");
    assert!(
        rotated.out.contains("updated platform desk/desk-telegram (restarted, "),
        "{rotated:?}"
    );
    assert!(rotated.out.contains("2 restarts"), "{rotated:?}");
    let left = shell.ends("apply --yes --no-recheck", 0);
    assert!(left.err.ends_with("nothing to do\n"), "{left:?}");
}

#[test]
fn json_is_one_object_a_line() {
    let shell = Shell::new();
    let applied = shell.ends("apply --yes --format json", 0);
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

    let nothing = shell
        .ends("apply --yes --no-recheck --format json", 0)
        .object("summary");
    assert_eq!(
        (&nothing["verdict"], &nothing["tally"]["total"]),
        (&"done".into(), &0.into())
    );

    let doctor = shell.ends("doctor --format json", 0);
    assert!(doctor.objects().iter().all(|check| check["ok"] == true), "{doctor:?}");
    shell.ends("whoami --format json", 0).object("session");
    shell.ends("validate --format json", 0).object("valid");
    let failed = shell.ends("plan --format json --url http://127.0.0.1:1", 1);
    assert_eq!(failed.object("error")["exit_code"], 1);
    shell.edit("lobu.toml", "name = \"Clerk\"", "nane = \"Clerk\"");
    let invalid = shell.ends("validate --format json", 1);
    assert_eq!(invalid.object("diagnostic")["line"], 22, "{invalid:?}");
}

#[test]
fn the_same_project_gives_the_same_bytes() {
    let shell = Shell::new();
    let first = shell.ends("plan --all", 0);
    assert_eq!(first.out, shell.ends("plan --all", 0).out);
    let markdown = shell.ends("plan --format markdown", 0).out;
    assert_eq!(markdown, shell.ends("plan --format markdown", 0).out);
    assert!(markdown.starts_with("### lobuctl plan: `dev` at "), "{markdown}");
}

#[test]
fn exit_codes_tell_what_the_plan_holds() {
    let shell = Shell::new();
    shell.ends("plan --detailed-exitcode", 2);
    let refused = shell.ends("apply --yes --fail-on changes>8", 4);
    assert!(
        refused.err.contains("the plan has 9 changes, more than 8"),
        "{refused:?}"
    );
    shell.ends("apply --yes --plan-id 000000000000", 5);
    let plan = shell.ends("plan --format json", 0).object("plan");
    shell.ends(&format!("apply --yes --plan-id {}", plan["id"].as_str().unwrap()), 0);
    shell.ends("plan --detailed-exitcode", 0);

    shell.edit("lobu.toml", "description = \"answers first\"\n", "");
    shell.ends("plan --detailed-exitcode", 3);
    shell.ends("apply --yes --fail-on drift", 4);
    shell.edit("lobu.toml", "chatId = \"1\"", "chatId = \"2\"");
    let refused = shell.ends("apply --yes --fail-on restart", 4);
    assert!(refused.err.contains("the plan has 1 restart\n"), "{refused:?}");
    std::fs::remove_file(shell.path().join("models/works-at.yaml")).unwrap();
    let refused = shell.ends("apply --yes --prune --fail-on delete", 4);
    assert!(refused.err.contains("the plan has 1 deletion\n"), "{refused:?}");
    shell.ends("apply --yes --prune", 0);
    shell.ends("plan --detailed-exitcode", 0);
    for line in [
        "plan --yes",
        "apply --parallelism 0",
        "plan --target nonsense",
        "plan --fail-on never",
    ] {
        shell.ends(line, 64);
    }
    for line in [
        "plan --target agent.nobody",
        "plan --target platform.nobody.*",
        "plan --org nope",
    ] {
        shell.ends(line, 1);
    }
}

#[test]
fn targets_take_along_what_they_need() {
    let shell = Shell::new();
    let told = |line: &str| rows(&shell.ends(&format!("plan --format json {line}"), 0));
    assert_eq!(
        told("--target agent.clerk"),
        ["create agent.clerk", "create settings.clerk"]
    );
    assert_eq!(
        told("--target platform.desk.slack.*"),
        ["create agent.desk", "create platform.desk.slack.eng"]
    );
    assert_eq!(told("--target platform.* --target entity-type.person").len(), 4);
    assert_eq!(
        told("--target relationship-type.works-at"),
        [
            "create entity-type.company",
            "create entity-type.person",
            "create relationship-type.works-at"
        ]
    );
    assert_eq!(told("--only memory").len(), 3);
    assert_eq!(told("--only agents").len(), 6);
    shell.ends("apply --yes --target platform.desk.slack.*", 0);
    let left = rows(&shell.ends("plan --format json --only agents", 0));
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
    let shell = Shell::new();
    let start = Instant::now();
    for line in ["", "apply", "apply --plain", "apply --format json", "apply --prune"] {
        let told = shell.ends(line, 1);
        assert!(told.err.contains("there is no terminal to ask at"), "{told:?}");
        assert!(told.err.contains("`--yes`"), "{told:?}");
    }
    assert!(start.elapsed() < Duration::from_secs(20));
    shell.ends("plan --detailed-exitcode", 2);
}

#[test]
fn a_reader_that_went_away_ends_it_quietly() {
    let shell = Shell::new();
    for line in [
        "plan --all",
        "plan --format json",
        "schema",
        "completions bash",
        "apply --yes",
    ] {
        let mut command = shell.command(line);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let told = Told::of(&command.stdout(writer).stderr(Stdio::piped()).output().unwrap());
        assert_eq!(told.code, 1, "{line}: {told:?}");
        assert!(told.err.contains("standard output"), "{line}: {told:?}");
    }
    shell.ends("plan --detailed-exitcode", 2);
}

#[test]
fn text_that_no_server_stores_is_told_before_anything_is_written() {
    let shell = Shell::new();
    shell.edit("lobu.toml", "name = \"Clerk\"", "name = \"Cl\\u0000erk\"");
    std::fs::write(shell.path().join("desk/SOUL.md"), "Be\0concise.\n").unwrap();
    let told = shell.ends("apply --yes", 1);
    assert!(
        told.err
            .contains("2 rows would be refused by the server; nothing was written"),
        "{told:?}"
    );
    assert!(
        told.err.contains("agent.clerk: `name` holds the character U+0000"),
        "{told:?}"
    );
    assert!(
        told.err.contains("settings.desk: `soulMd` holds the character U+0000"),
        "{told:?}"
    );
}

#[test]
fn two_at_once_converge() {
    let shell = Shell::new();
    let start = || {
        let mut command = shell.command("apply --yes");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let both = [start(), start()];
    let both = both.map(|child| Told::of(&child.wait_with_output().unwrap()));
    for told in &both {
        assert!([0, 1, 5, 6].contains(&told.code), "{told:?}");
    }
    let after = shell.ends("apply --yes", 0);
    shell.ends("plan --detailed-exitcode", 0);
    assert!(after.out.contains("Summary: "), "{after:?}");
}

#[test]
fn what_it_says_on_the_way() {
    let shell = Shell::new();
    shell.ends("apply --yes", 0);
    shell.edit("lobu.toml", "name = \"Desk\"", "name = \"Front desk\"");
    shell.edit("lobu.toml", "chatId = \"1\"", "chatId = \"2\"");
    shell.edit("lobu.toml", "allowed = [\"a.example\"]", "allowed = [\"b.example\"]");
    shell.edit("desk/SOUL.md", "Be concise.", "Be concise and kind.");
    shell.edit("models/company.yaml", "name: Company", "name: Firm\nicon: house");
    std::fs::remove_file(shell.path().join("models/works-at.yaml")).unwrap();
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
        script.push_str(&shell.script(line));
        script.push('\n');
    }
    let id = without_ids(&script);
    check("cli_plan", &id);
}

/// Plan ids depend on the port.
fn without_ids(script: &str) -> String {
    let hide = |line: &str| match line.split_once("plan id ") {
        Some((before, _)) => format!("{before}plan id ID\n"),
        None if line.contains("this is plan `") => {
            let (before, after) = line.split_once("this is plan `").unwrap();
            format!("{before}this is plan `ID{}\n", &after[12..])
        }
        None => format!("{line}\n"),
    };
    script.lines().map(hide).collect()
}

#[test]
fn a_log_has_every_request_and_no_secret() {
    let shell = Shell::new();
    shell.ends("apply --yes -vv --log-file run.log", 0);
    let log = std::fs::read_to_string(shell.path().join("run.log")).unwrap();
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
    let mut demo = super::support::process::lobuctl(folder.path());
    demo.current_dir(folder.path()).env("TMPDIR", folder.path());
    let told = Told::of(&demo.args(["demo", "--yes"]).output().unwrap());
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("\nApplied: "), "{told:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
