//! Plan and apply against servers that refuse, hang or change under them: what is said, and how it ends.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::deadline::wait_for_async;
use crate::support::program::cli::{API_KEY, BOT_TOKEN, CliOutput, FILES};
use crate::support::program::serve_process::lobuctl;
use crate::support::project::TempProject;
use crate::support::server::gate::{GateRule, GatedServer};
use crate::support::snapshot::check;

/// A project, and a server with somebody at its gate.
struct Scene {
    project: TempProject,
    gated: GatedServer,
}

impl Scene {
    async fn new() -> Self {
        Self {
            project: TempProject::new(FILES),
            gated: GatedServer::open().await,
        }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = lobuctl(self.project.path());
        command
            .args(line.split_whitespace())
            .current_dir(self.project.path())
            .env("LOBU_API_URL", &self.gated.url)
            .env("LOBU_API_TOKEN", &self.gated.token)
            .env("BOT_TOKEN", BOT_TOKEN)
            .env("API_KEY", API_KEY);
        command
    }

    async fn run(&self, line: &str) -> CliOutput {
        let mut command = self.command(line);
        let output = tokio::task::spawn_blocking(move || command.output()).await;
        CliOutput::of(&output.unwrap().unwrap())
    }

    /// The result of an apply, without times, sorted: rows end in any order.
    fn ended(output: &CliOutput) -> String {
        let rows = output
            .out
            .lines()
            .skip_while(|line| !line.starts_with("Summary: "))
            .skip(1);
        let mut rows: Vec<String> = rows.map(untimed).collect();
        let summary = rows
            .iter()
            .position(|row| row.contains("omplete: ") || row.starts_with("Applied: "));
        rows[..summary.unwrap_or(0)].sort();
        format!("{}\nexit {}", rows.join("\n"), output.code)
    }
}

/// A line without the times in it.
fn untimed(line: &str) -> String {
    let line = line.split(" in ").next().unwrap();
    line.split(" (").next().unwrap().to_owned()
}

async fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = tokio::process::Command::new("kill").args([name, &id]).status().await;
    assert!(sent.unwrap().success());
}

/// Waits for the program to say this on standard output.
fn wait_for(child: &mut Child, words: &str) -> BufReader<std::process::ChildStdout> {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(words) {
        line.clear();
        assert!(
            out.read_line(&mut line).unwrap() > 0,
            "the program ended without saying {words:?}"
        );
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_refusal_stops_and_the_next_run_goes_on() {
    let scene = Scene::new().await;
    scene.gated.rule(GateRule::Refuse("desk-slack-eng"));
    let output = scene.run("apply --yes --parallelism 1 --target agent.desk").await;
    check("cli_refused", &Scene::ended(&output));
    assert_eq!(output.code, 6, "{output:?}");
    let output = scene.run("apply --yes --keep-going").await;
    assert_eq!(output.code, 0, "{output:?}");
    let plan = scene.run("plan --detailed-exitcode").await;
    assert_eq!(plan.code, 0, "{plan:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_first_write_has_written_nothing() {
    let scene = Scene::new().await;
    scene.gated.rule(GateRule::Refuse("agents"));
    let output = scene.run("apply --yes --parallelism 1").await;
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.out.contains("the gate is closed today"), "{output:?}");
    assert!(scene.gated.agents().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn keep_going_leaves_out_only_what_depends() {
    let scene = Scene::new().await;
    scene.gated.rule(GateRule::Refuse("/agents/desk/config"));
    let output = scene.run("apply --yes --keep-going --only agents").await;
    check("cli_keep_going", &Scene::ended(&output));
    assert_eq!(output.code, 6, "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_once_it_reports_what_was_applied() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let scene = Scene::new().await;
        scene
            .gated
            .rule(GateRule::Hold("/agents/clerk/config", Duration::from_secs(1)));
        let mut command = scene.command("apply --yes --parallelism 1 --only agents");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = wait_for(&mut child, "created agent clerk");
        signal(&child, name).await;
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{rest}");
        assert!(rest.contains("Not complete: "), "{rest}");
        assert!(rest.contains("skipped agent desk: the run was stopped"), "{rest}");
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(err.contains("stopping: no new request starts"), "{err}");
        assert_eq!(scene.gated.agents().await, ["clerk"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_twice_it_leaves_at_once_and_says_what_is_unknown() {
    let scene = Scene::new().await;
    scene
        .gated
        .rule(GateRule::Hold("/agents/clerk/config", Duration::from_mins(1)));
    let mut command = scene.command("apply --yes --parallelism 1 --only agents");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = wait_for(&mut child, "created agent clerk");
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let held = || (scene.gated.held() > 0).then_some(());
    wait_for_async(held, || "the gate holds no request".to_owned()).await;
    signal(&child, "-INT").await;
    let mut line = String::new();
    while !line.contains("stopping") {
        line.clear();
        assert!(err.read_line(&mut line).unwrap() > 0);
    }
    signal(&child, "-INT").await;
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(
        rest.contains("unknown settings clerk: interrupted before the answer came"),
        "{rest}"
    );
    assert!(rest.contains("it may have been written: plan again to see"), "{rest}");
}
