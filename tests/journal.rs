//! The journal of runs: what it keeps, what it never keeps, and that nothing is written where it cannot be kept.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::program::cli::{API_KEY, BOT_TOKEN, CliOutput, CliProject, without_run_ids};
use crate::support::report_skip;
use crate::support::snapshot;

/// Returns the folder of the journals of a project's runs.
fn runs_folder(cli: &CliProject) -> PathBuf {
    cli.path().join(".local/state/lobuctl/runs")
}

/// Returns the lines of the only journal.
fn only_journal(cli: &CliProject) -> Vec<Value> {
    let files: Vec<PathBuf> = fs::read_dir(runs_folder(cli))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let text = fs::read_to_string(&files[0]).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the types of lines that are about an address, in order.
fn types(lines: &[Value], address: &str) -> Vec<String> {
    let about = lines.iter().filter(|line| line["address"] == address);
    about.map(|line| line["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_apply_keeps_each_write_before_it_is_settled_and_no_secret() {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes", 0);
    let lines = only_journal(&cli);
    let head = &lines[0];
    assert_eq!(head["type"], "run");
    assert_eq!(head["target"]["organization"], "dev");
    assert_eq!(head["rows"], 9);
    assert_eq!(lines.last().unwrap()["type"], "ended");
    for address in [
        "agent.desk",
        "settings.desk",
        "platform.desk.telegram",
        "relationship-type.works-at",
    ] {
        assert_eq!(types(&lines, address), ["writing", "settled"], "{address}");
    }
    let text = lines.iter().map(Value::to_string).collect::<String>();
    assert!(!text.contains(BOT_TOKEN) && !text.contains(API_KEY), "{text}");
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = runs_folder(&cli);
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
}

#[test]
fn a_journal_has_what_was_there_before_as_it_was_read() {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes --no-journal", 0);
    cli.edit("lobu.toml", "chatId = \"1\"", "chatId = \"2\"");
    cli.edit("desk/SOUL.md", "concise", "brief");
    cli.expect_exit("apply --yes", 0);
    let lines = only_journal(&cli);
    let written = |address: &str| {
        let is_it = |line: &&Value| line["type"] == "writing" && line["address"] == address;
        lines.iter().find(is_it).unwrap()
    };
    let platform = written("platform.desk.telegram");
    assert_eq!(platform["before"][0]["parts"]["config.chatId"], "1");
    assert_eq!(platform["before"][0]["parts"]["config.botToken"], "***");
    assert_eq!(platform["after"]["parts"]["config.chatId"], "2");
    let settings = written("settings.desk");
    assert_eq!(settings["before"][0]["parts"]["soulMd"], "Be concise.");
    assert_eq!(settings["after"]["parts"]["soulMd"], "Be brief.");
}

#[test]
fn runs_are_listed_shown_and_compared() {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes", 0);
    cli.edit("lobu.toml", "name = \"Desk\"", "name = \"Front desk\"");
    cli.expect_exit("apply --yes", 0);
    cli.edit("lobu.toml", "name = \"Front desk\"", "name = \"Desk\"");
    cli.expect_exit("apply --yes", 0);
    let listed = cli.expect_exit("runs --format json", 0).objects();
    assert_eq!(listed.len(), 3);
    assert_eq!(listed[0]["ended"], true);
    let shown = cli.expect_exit("runs show last", 0).out;
    let shown = without_run_ids(&shown).replace(cli.url(), "SERVER");
    // The lines about this machine and this minute are left out.
    let personal = ["began", "by ", "on ", "from ", "plan ", "config "];
    let is_personal = |line: &&str| personal.iter().any(|word| line.trim_start().starts_with(word));
    let lines: Vec<&str> = shown.lines().filter(|line| !is_personal(line)).collect();
    snapshot::check("journal_shown_run", &lines.join("\n"));
    let markdown = cli.expect_exit("runs show last --format markdown", 0).out;
    assert!(markdown.starts_with("### lobuctl run: "), "{markdown}");
    assert!(markdown.contains("agent desk"), "{markdown}");
    let ids: Vec<&str> = listed.iter().map(|run| run["head"]["id"].as_str().unwrap()).collect();
    let difference = cli.expect_exit(&format!("runs diff {} last", ids[1]), 0).out;
    assert!(difference.contains("- ~ agent desk (name)"), "{difference}");
    let refused = cli.expect_exit("runs show nothing", 1).err;
    assert!(refused.contains("no run on this machine is `nothing`"), "{refused}");
}

#[test]
fn what_a_later_run_finds_out_is_kept_behind_half_a_line() {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes", 0);
    let file = fs::read_dir(runs_folder(&cli)).unwrap().next().unwrap().unwrap().path();
    // As if the run had been killed while it wrote down how its first row ended.
    let text = fs::read_to_string(&file).unwrap();
    let is_kept = |line: &&str| line.contains(r#""type":"run""#) || line.contains(r#""type":"writing""#);
    let mut cut: String = text.lines().filter(is_kept).flat_map(|line| [line, "\n"]).collect();
    cut.push_str(r#"{"type":"settled","at_ms":17960"#);
    fs::write(&file, cut).unwrap();
    let next = cli.expect_exit("plan", 0);
    assert!(next.err.contains("9 writes of it were unknown"), "{next:?}");
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let settled = lines.iter().filter(|line| line["type"] == "settled");
    assert_eq!((settled.count(), &lines.last().unwrap()["type"]), (9, &"ended".into()));
    let next = cli.expect_exit("plan", 0);
    assert!(!next.err.contains("unknown"), "{next:?}");
}

#[test]
fn nothing_is_written_where_no_journal_can_be_kept() {
    const WITHOUT_RIGHTS: [&str; 2] = ["unshare", "--user"];
    let can = Command::new(WITHOUT_RIGHTS[0]).args(["--user", "true"]).status();
    if !can.is_ok_and(|status| status.success()) {
        return report_skip("journal in a folder that cannot be written: `unshare --user` does not work");
    }
    let cli = CliProject::new();
    cli.expect_exit("plan", 0);
    let state = cli.path().join(".local/state/lobuctl");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o500)).unwrap();
    let apply = |line: &str| {
        let inner = cli.command(line);
        let mut outer = Command::new(WITHOUT_RIGHTS[0]);
        outer
            .arg(WITHOUT_RIGHTS[1])
            .arg(inner.get_program())
            .args(inner.get_args());
        outer.env_clear();
        outer.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        CliOutput::of(&outer.current_dir(cli.path()).output().unwrap())
    };
    let refused = apply("apply --yes");
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(
        refused.err.contains("the journal of this run cannot be written"),
        "{refused:?}"
    );
    assert!(refused.err.contains("--no-journal"), "{refused:?}");
    let plan = cli.expect_exit("plan --detailed-exitcode", 2);
    assert!(plan.out.contains("9 create"), "{plan:?}");
    let applied = apply("apply --yes --no-journal");
    assert_eq!(applied.code, 0, "{applied:?}");
    assert!(applied.err.contains("this run keeps no journal"), "{applied:?}");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
}

/// Runs git in the project, without any setting of this machine.
fn git(cli: &CliProject, line: &str) -> bool {
    let mut command = Command::new("git");
    command
        .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
        .args(line.split(' '))
        .current_dir(cli.path())
        .env("HOME", cli.path())
        .env("GIT_CONFIG_NOSYSTEM", "1");
    command.output().is_ok_and(|output| output.status.success())
}

/// Applies, and returns where the run says that it comes from.
fn applied_origin(cli: &CliProject) -> Value {
    cli.expect_exit("apply --yes --no-recheck --target agent.desk", 0);
    cli.edit("lobu.toml", "name = \"Desk", "name = \"Desk.");
    cli.expect_exit("apply --yes --no-recheck --target agent.desk", 0);
    let run = cli.expect_exit("runs --format json", 0).objects();
    run[0]["head"]["origin"].clone()
}

#[test]
fn a_run_knows_its_revision_and_starts_no_program_that_the_repository_names() {
    let cli = CliProject::new();
    fs::write(cli.path().join(".gitignore"), ".local\n").unwrap();
    if !git(&cli, "init -q") {
        return report_skip("the revision of a run: git does not work");
    }
    assert!(git(&cli, "add .") && git(&cli, "commit -q -m first"));
    let changed = applied_origin(&cli);
    assert_eq!(changed["revision"].as_str().unwrap().len(), 40, "{changed}");
    assert_eq!(changed["dirty"], true, "{changed}");
    assert!(git(&cli, "config filter.theirs.clean ./theirs"));
    fs::write(cli.path().join(".gitattributes"), "* filter=theirs\n").unwrap();
    let program = cli.path().join("theirs");
    fs::write(&program, "#!/bin/sh\ntouch started\ncat\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let filtered = applied_origin(&cli);
    assert_eq!(filtered["revision"], changed["revision"]);
    assert_eq!(filtered["dirty"], Value::Null, "{filtered}");
    assert!(!cli.path().join("started").exists());
}
