//! `lobuctl watch` without a screen: one object for each plan, and the end when nothing is left to do.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::support::deadline::wait_for;
use crate::support::program::cli::CliProject;

/// A running watch, killed on drop.
struct Watching {
    child: Child,
    objects: Arc<Mutex<Vec<Value>>>,
}

impl Watching {
    fn start(cli: &CliProject, line: &str) -> Self {
        Self::of(cli.command(line))
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let objects = Arc::<Mutex<Vec<Value>>>::default();
        let (seen, out) = (Arc::clone(&objects), child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                seen.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, objects }
    }

    /// Waits for this number of objects of a type, and returns the last of them.
    fn until(&self, kind: &str, count: usize) -> Value {
        let look = || {
            let objects = self.objects.lock().unwrap();
            let found: Vec<&Value> = objects.iter().filter(|object| object["type"] == kind).collect();
            (found.len() == count).then(|| found[count - 1].clone())
        };
        wait_for(look, || format!("no {count} of {kind}: {:?}", self.objects))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn each_change_is_one_plan() {
    let cli = CliProject::new();
    let watching = Watching::start(&cli, "watch --format json");
    let first = watching.until("plan", 1);
    assert_eq!(first["counts"]["create"], 9, "{first}");
    cli.edit("desk/SOUL.md", "concise", "kind");
    let second = watching.until("plan", 2);
    assert!(
        second.to_string().contains("Be kind.") && second["id"] != first["id"],
        "{second}"
    );
    // A file with errors is no plan. That it has none any more is said by the plan, even if that is the one before.
    cli.edit("lobu.toml", "[agents.clerk]", "[agents.clerk");
    watching.until("warning", 1);
    cli.edit("lobu.toml", "[agents.clerk", "[agents.clerk]");
    let third = watching.until("plan", 3);
    assert_eq!(third["id"], second["id"]);
    cli.edit("clerk/SOUL.md", "down.", "down, twice.");
    let fourth = watching.until("plan", 4);
    assert!(fourth.to_string().contains("Write it down, twice."), "{fourth}");
}

#[test]
fn what_is_doubtful_is_said_once() {
    let cli = CliProject::new();
    let mut command = cli.command("watch --format json");
    command.env("BOT_TOKEN", "short");
    let watching = Watching::of(command);
    watching.until("plan", 1);
    let warning = watching.until("diagnostic", 1);
    assert!(warning["message"].as_str().unwrap().contains("too short"), "{warning}");
    // Another plan, whose warning is on another line.
    cli.edit("lobu.toml", "[agents.desk]", "# our desk\n[agents.desk]");
    cli.edit("desk/SOUL.md", "concise", "kind");
    watching.until("plan", 2);
    watching.until("diagnostic", 1);
}

#[test]
fn it_ends_as_soon_as_nothing_is_left_to_do() {
    let cli = CliProject::new();
    let mut watching = Watching::start(&cli, "watch --format json --once-clean --every 1 --no-recheck");
    watching.until("plan", 1);
    assert!(watching.child.try_wait().unwrap().is_none());
    cli.expect_exit("apply --yes", 0);
    let ended = || watching.child.try_wait().unwrap();
    let status = wait_for(ended, || "it goes on although nothing is left to do".to_owned());
    assert_eq!(status.code(), Some(0));
}
