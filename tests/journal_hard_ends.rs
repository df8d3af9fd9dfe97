//! What a journal has after a run that was stopped by a signal, whose reader went away, or whose disk is full: every write
//! that was sent, and an end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::deadline::wait_for;
use crate::support::program::cli::{CliOutput, CliProject};
use crate::support::program::serve_process::lobuctl;
use crate::support::project::TempProject;
use crate::support::report_skip;
use crate::support::server::gate::{GateRule, GatedServer};

/// A project of five agents, and a server whose writes can be held.
struct Town {
    server: GatedServer,
    project: TempProject,
}

impl Town {
    async fn open() -> Self {
        let names = ["desk-a", "desk-b", "desk-c", "desk-d", "desk-e"];
        let agents = names.map(|name| format!("[agents.{name}]\nname = \"{name}\"\ndir = \"./all\"\n"));
        let toml = format!("{}[memory]\norg = \"dev\"\n", agents.concat());
        let project = TempProject::new(&[("lobu.toml", toml.as_str()), ("all/SOUL.md", "Be kind.\n")]);
        Self {
            server: GatedServer::open().await,
            project,
        }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = lobuctl(self.project.path());
        command
            .args(line.split_whitespace())
            .args(["--url", &self.server.url])
            .current_dir(self.project.path())
            .env("LOBU_API_TOKEN", &self.server.token);
        command
    }

    /// Starts an apply, and waits until a write of it is held by the server for this time.
    fn begin(&self, held: Duration) -> Child {
        self.server.rule(GateRule::Hold("agents", held));
        let mut command = self.command("apply --yes --parallelism 1");
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let is_held = || (self.server.held() > 0).then_some(());
        wait_for(is_held, || "no write has come".to_owned());
        child
    }

    /// Runs again: what is open is settled, and everything is there.
    async fn complete(&self) -> CliOutput {
        self.server.open_gate();
        let next = CliOutput::of(&self.command("apply --yes").output().unwrap());
        assert_eq!(next.code, 0, "{next:?}");
        assert_eq!(self.server.agents().await.len(), 5);
        next
    }
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
}

/// Returns the lines of the only journal below a folder of local state.
fn journal(state: &Path) -> Vec<Value> {
    let files = fs::read_dir(state.join("lobuctl/runs")).unwrap();
    let files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let text = fs::read_to_string(&files[0]).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn count(lines: &[Value], kind: &str) -> usize {
    lines.iter().filter(|line| line["type"] == kind).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_signal_lets_the_write_in_flight_end_and_leaves_a_complete_journal() {
    for (name, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 143)] {
        let town = Town::open().await;
        let child = town.begin(Duration::from_millis(300));
        signal(&child, name);
        let output = CliOutput::of(&child.wait_with_output().unwrap());
        assert_eq!(output.code, code, "{name}: {output:?}");
        assert!(output.out.contains("Not complete: 1 created"), "{name}: {output:?}");
        assert!(output.out.contains("9 skipped"), "{name}: {output:?}");
        let lines = journal(&town.project.path().join(".local/state"));
        assert_eq!(
            (count(&lines, "writing"), count(&lines, "settled")),
            (1, 10),
            "{name}: {lines:?}"
        );
        let last = lines.last().unwrap();
        assert_eq!(
            (&last["type"], &last["unknown"]),
            (&"ended".into(), &0.into()),
            "{name}"
        );
        let next = town.complete().await;
        assert!(!next.err.contains("unknown"), "{name}: {next:?}");
    }
}

/// A job of GitHub that is cancelled gets SIGINT, SIGTERM after 7.5 seconds, and SIGKILL 2.5 seconds later: the second signal
/// has to be enough, whatever the server does.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_leaves_a_summary_and_a_journal_that_says_what_is_unknown() {
    let town = Town::open().await;
    let child = town.begin(Duration::from_mins(10));
    signal(&child, "-INT");
    signal(&child, "-TERM");
    let output = CliOutput::of(&child.wait_with_output().unwrap());
    assert_eq!(output.code, 143, "{output:?}");
    assert!(
        output.out.contains("Not complete: 0 created, 0 updated, 1 unknown"),
        "{output:?}"
    );
    let lines = journal(&town.project.path().join(".local/state"));
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["type"], &last["unknown"]),
        (&"ended".into(), &1.into()),
        "{lines:?}"
    );
    let next = town.complete().await;
    assert!(next.err.contains("1 write of it was unknown"), "{next:?}");
    let after = CliOutput::of(&town.command("plan").output().unwrap());
    assert!(!after.err.contains("unknown"), "it is settled once: {after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_does_not_stop_a_run_that_has_begun() {
    let town = Town::open().await;
    let mut child = town.begin(Duration::from_millis(100));
    drop(child.stdout.take());
    drop(child.stderr.take());
    signal(&child, "-PIPE");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let lines = journal(&town.project.path().join(".local/state"));
    assert_eq!((count(&lines, "writing"), count(&lines, "settled")), (10, 10));
    assert_eq!(lines.last().unwrap()["type"], "ended");
    town.complete().await;
}

/// Runs the program with its local state on a disk that is full but for some bytes, and keeps what is there in the end. `$1`
/// is a folder for it, `$2` the number of bytes, what follows the program.
const STATE_ON_A_FULL_DISK: &str = r#"
kept=$1
disk=$kept/disk
mkdir -p "$disk" && mount -t tmpfs -o size=256k tmpfs "$disk" || exit 99
mkdir -p "$disk/lobuctl/runs"
dd if=/dev/zero of="$disk/filler" bs=4096 2>/dev/null
truncate -s "-$2" "$disk/filler"
shift 2
XDG_STATE_HOME="$disk" "$@"
code=$?
cp -R "$disk/lobuctl" "$kept"
umount "$disk"
exit $code
"#;

const WITH_MOUNTS: [&str; 4] = ["unshare", "--user", "--map-root-user", "--mount"];

/// Applies with this room for the local state. Returns the output, and what was kept of the state.
fn apply_on_a_full_disk(cli: &CliProject, room: &str, line: &str) -> (CliOutput, tempfile::TempDir) {
    let kept = tempfile::tempdir().unwrap();
    let inner = cli.command(line);
    let mut outer = Command::new(WITH_MOUNTS[0]);
    outer
        .args(&WITH_MOUNTS[1..])
        .args(["sh", "-c", STATE_ON_A_FULL_DISK, "sh"])
        .arg(kept.path())
        .arg(room)
        .arg(inner.get_program())
        .args(inner.get_args());
    outer.env_clear();
    outer.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = outer.current_dir(cli.path()).output().unwrap();
    (CliOutput::of(&output), kept)
}

#[test]
fn nothing_is_sent_that_a_full_disk_cannot_keep() {
    let can = Command::new(WITH_MOUNTS[0])
        .args(&WITH_MOUNTS[1..])
        .arg("true")
        .output();
    if !can.is_ok_and(|output| output.status.success()) {
        return report_skip("journal on a full disk: `unshare --mount` does not work");
    }
    let cli = CliProject::new();
    // No room for the head of a journal: the run does not begin.
    let (refused, _kept) = apply_on_a_full_disk(&cli, "0", "apply --yes");
    assert_eq!(refused.code, 1, "{refused:?}");
    let message = "error: the journal of this run cannot be written; nothing was written to the server";
    assert!(refused.err.contains(message), "{refused:?}");
    assert!(refused.err.contains("No space left on device"), "{refused:?}");
    let plan = cli.expect_exit("plan --detailed-exitcode", 2);
    assert!(plan.out.contains("Summary: 9 create"), "{plan:?}");
    // Room for the head and some writes, not for a long one: what was not announced is not sent.
    fs::write(cli.path().join("desk/SOUL.md"), "Be concise. ".repeat(400)).unwrap();
    let (partly, kept) = apply_on_a_full_disk(&cli, "8192", "apply --yes --parallelism 1");
    assert_eq!(partly.code, 6, "{partly:?}");
    assert!(
        partly.out.contains("not written, because the journal cannot be"),
        "{partly:?}"
    );
    let lines = journal(kept.path());
    let created = partly.out.matches("\ncreated ").count();
    assert!(
        created > 0 && count(&lines, "writing") >= created,
        "{partly:?}\n{lines:?}"
    );
    let counts = &cli.expect_exit("plan --format json", 0).object("plan")["counts"];
    let left = ["create", "update"].map(|key| counts[key].as_u64().unwrap_or_default());
    assert_eq!(left.iter().sum::<u64>(), 9 - created as u64, "{counts}\n{partly:?}");
    // Without a journal it goes on, and says so.
    let (applied, _kept) = apply_on_a_full_disk(&cli, "0", "apply --yes --no-journal");
    assert_eq!(applied.code, 0, "{applied:?}");
    assert!(applied.err.contains("this run keeps no journal"), "{applied:?}");
}
