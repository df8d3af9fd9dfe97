//! `lobuctl show` and `lobuctl runs show`: plans and runs that were kept, without files, server and secrets.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::program::cli::{CliOutput, CliProject, alone};
use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};

/// Records of one plan and its run, in a folder in which there is nothing else.
struct Records {
    folder: tempfile::TempDir,
    /// The plan as it was printed when it was made.
    plan: CliOutput,
}

impl Records {
    fn new() -> Self {
        let cli = CliProject::new();
        let plan = cli.expect_exit("plan --out kept.plan", 0);
        let printed = cli.expect_exit("plan --format json", 0);
        let applied = cli.expect_exit("apply --yes --format json", 0);
        let folder = tempfile::tempdir().unwrap();
        let keep = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        keep("kept.plan", &fs::read_to_string(cli.path().join("kept.plan")).unwrap());
        keep("plan.json", &printed.out);
        keep("apply.json", &applied.out);
        keep("run.jsonl", &fs::read_to_string(only_journal(&cli)).unwrap());
        keep("other.txt", "{}\n");
        Self { folder, plan }
    }

    fn show(&self, line: &str) -> CliOutput {
        let output = alone(self.folder.path(), &format!("show {line}"));
        assert_eq!(output.code, 0, "{line}: {output:?}");
        output
    }

    fn screen(&self, line: &str) -> Pty {
        let mut command = lobuctl_on_a_terminal(self.folder.path(), "");
        command.args(line.split_whitespace());
        Pty::start(command, 120, 30)
    }
}

fn only_journal(cli: &CliProject) -> PathBuf {
    let entries = fs::read_dir(cli.path().join(".local/state/lobuctl/runs")).unwrap();
    let files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn every_record_of_a_plan_shows_the_plan_that_was_printed() {
    let records = Records::new();
    for file in ["kept.plan", "plan.json"] {
        assert_eq!(records.show(file).out, records.plan.out, "{file}");
        let object = records.show(&format!("{file} --format json")).object("plan");
        assert_eq!(object["counts"]["create"], 9, "{object}");
        let markdown = records.show(&format!("{file} --format markdown")).out;
        assert!(markdown.contains("platform desk/desk-telegram"), "{markdown}");
    }
    for file in ["kept.plan", "plan.json", "apply.json", "run.jsonl"] {
        let html = records.show(&format!("{file} --format html")).out;
        assert!(html.starts_with("<!doctype html>"), "{file}: {html}");
        assert!(html.contains("desk-telegram"), "{file}: {html}");
    }
    let applied = records.show("apply.json").out;
    assert!(applied.starts_with(&records.plan.out), "{applied}");
    assert!(applied.contains("Applied: 9 created"), "{applied}");
    let run = records.show("run.jsonl").out;
    assert!(run.contains("created agent desk"), "{run}");
    let other = alone(records.folder.path(), "show other.txt");
    assert_eq!(other.code, 1, "{other:?}");
    assert!(other.err.contains("is no saved plan"), "{other:?}");
}

#[test]
fn the_screen_of_a_record_changes_nothing() {
    let records = Records::new();
    let mut pty = records.screen("show kept.plan");
    pty.until("read-only: a saved plan");
    pty.keys("jj").until("agent desk");
    pty.keys("a").until("`lobuctl apply kept.plan` applies it");
    pty.keys("q");
    assert_eq!(pty.ended().0, 0);
    let mut pty = records.screen("show run.jsonl");
    pty.until("9 applied");
    pty.keys("r").until("takes it back");
    pty.keys("q");
    assert_eq!(pty.ended().0, 0);
}

#[test]
fn a_run_is_shown_on_the_screen_unless_it_is_to_be_printed() {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes", 0);
    // The times of a row come from two clocks: its end may seem to be before its start.
    let journal = only_journal(&cli);
    let text = fs::read_to_string(&journal).unwrap();
    let earlier = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        if line["type"] == "settled" {
            line["at_ms"] = (line["at_ms"].as_u64().unwrap() - 1_000).into();
        }
        format!("{line}\n")
    };
    fs::write(&journal, text.lines().map(earlier).collect::<String>()).unwrap();
    let on_terminal = |line: &str| {
        let mut command = lobuctl_on_a_terminal(cli.path(), "");
        command.args(line.split_whitespace());
        Pty::start(command, 120, 40)
    };
    let mut pty = on_terminal("runs show last");
    pty.until("9 applied");
    pty.keys("q");
    assert_eq!(pty.ended().0, 0);
    let (code, screen) = on_terminal("runs show last --plain").ended();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("created relationship-type works-at"), "{screen}");
}
