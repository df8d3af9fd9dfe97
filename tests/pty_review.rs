//! The real program on a pseudo terminal, against the real server: each test looks at the screen, at the server, at the
//! exit code, and at what is left of the terminal.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lobuctl::apply::Cancel;
use lobuctl::apply::event::Event;
use lobuctl::plan::Plan;
use lobuctl::resource::Address;
use lobuctl::tui::{
    AdoptRequest, Adoption, ApplyRequest, IgnoreRequest, LoadFailure, LoadRequest, LoadStep, LoadedPlan, TuiOptions,
    Workbench,
};
use portable_pty::CommandBuilder;
use tokio::sync::mpsc::UnboundedSender;

use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};
use crate::support::project::TempProject;
use crate::support::screen::canned;
use crate::support::server::gate::{GateRule, GatedServer};

const PROJECT: &str = r#"
[agents.alpha]
name = "Alpha"
dir = "./alpha"

[agents.beta]
name = "Beta"
dir = "./beta"

[memory]
org = "dev"
"#;

fn project() -> TempProject {
    let files = [
        ("lobu.toml", PROJECT),
        ("alpha/SOUL.md", "Be kind.\nBe brief.\n"),
        ("beta/SOUL.md", "Count twice.\n"),
    ];
    TempProject::new(&files)
}

fn command(folder: &Path, server: &GatedServer) -> CommandBuilder {
    let mut command = lobuctl_on_a_terminal(folder, &server.token);
    command.args(["--url", server.url.as_str(), "--org", "dev"]);
    command
}

async fn open() -> (Pty, GatedServer, TempProject) {
    let (server, project) = (GatedServer::open().await, project());
    let pty = Pty::start(command(project.path(), &server), 100, 30);
    pty.until("4 of 4 selected");
    (pty, server, project)
}

#[tokio::test(flavor = "multi_thread")]
async fn review_filter_deselect_apply() {
    let (mut pty, server, _project) = open().await;
    pty.keys("/beta<enter>").until("/beta");
    pty.keys("space").until("2 of 4 selected");
    pty.keys("<esc> a").until("creates 2");
    pty.keys("y").until("done");
    assert_eq!(server.agents().await, ["alpha"]);
    pty.keys("q");
    let (code, screen) = pty.ended();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("Applied: 2 created"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_goes_only_when_it_is_asked_to() {
    let (server, project) = (GatedServer::open().await, project());
    let ghost = serde_json::json!({ "agentId": "ghost", "name": "Ghost" });
    server.client.post("/api/dev/agents", ghost).await;
    let mut pty = Pty::start(command(project.path(), &server), 100, 30);
    pty.until("? ghost");
    pty.keys("A /ghost<enter> space").until("left alone; `u` adopts it");
    pty.keys("D").until("- ghost");
    pty.keys("a").until("- agent ghost");
    pty.keys("yes<enter>").until("done");
    assert!(server.agents().await.is_empty());
    pty.keys("q");
    assert_eq!(pty.ended().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_target_wants_its_name() {
    let (server, project) = (GatedServer::open().await, project());
    let mut command = command(project.path(), &server);
    command.args(["apply", "--protect"]);
    let mut pty = Pty::start(command, 100, 30);
    pty.until("(protected)");
    pty.keys("a yes<enter>").until("type `dev` to apply, esc");
    assert!(server.agents().await.is_empty());
    pty.keys("<backspace> <backspace> <backspace> dev<enter>").until("done");
    assert_eq!(server.agents().await, ["alpha", "beta"]);
    pty.keys("q");
    assert_eq!(pty.ended().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_the_review_writes_nothing() {
    let (mut pty, server, _project) = open().await;
    pty.keys("q");
    let (code, screen) = pty.ended();
    assert_eq!(code, 1, "{screen}");
    assert!(screen.contains("not applied; nothing was written"), "{screen}");
    assert!(server.agents().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_shown_in_full_and_retried() {
    let (mut pty, server, _project) = open().await;
    server.rule(GateRule::Refuse("/agents/beta"));
    pty.keys("a y").until("not complete");
    let screen = pty.until("the gate is closed today");
    assert!(screen.contains("r retry"), "{screen}");
    pty.keys("r").until("y apply");
    pty.keys("y").until("done");
    assert_eq!(server.agents().await, ["alpha", "beta"]);
    let soul = server.client.get("/api/dev/agents/beta/config").await;
    assert!(soul.text.contains("Count twice."), "{}", soul.text);
    pty.keys("q");
    let (code, screen) = pty.ended();
    assert_eq!(code, 0, "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_after_a_failure_says_that_it_is_not_complete() {
    let (mut pty, server, _project) = open().await;
    server.rule(GateRule::Refuse("/agents/beta"));
    pty.keys("a y").until("not complete");
    pty.keys("q");
    let (code, screen) = pty.ended();
    assert_eq!(code, 6, "{screen}");
    assert!(screen.contains("Not complete"), "{screen}");
    assert!(screen.contains("the gate is closed today"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_interrupt_finishes_what_is_in_flight() {
    let (mut pty, server, _project) = open().await;
    server.rule(GateRule::Hold("/agents", Duration::from_millis(700)));
    pty.keys("a y").until("running");
    pty.keys("<c-c>").until("no new request starts");
    pty.until("not complete");
    assert_eq!(server.agents().await, ["alpha", "beta"]);
    pty.keys("q");
    let (code, screen) = pty.ended();
    assert!([6, 130].contains(&code), "{code}\n{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_interrupts_leave_at_once() {
    let (mut pty, server, _project) = open().await;
    server.rule(GateRule::Hold("/agents", Duration::from_secs(30)));
    pty.keys("a y").until("running");
    pty.keys("<c-c>").until("no new request starts");
    pty.keys("<c-c>");
    let (code, screen) = pty.ended();
    assert_eq!(code, 130, "{screen}");
    assert!(screen.contains("unknown"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_it_runs_waits_for_what_is_in_flight() {
    let (mut pty, server, _project) = open().await;
    server.rule(GateRule::Hold("/agents", Duration::from_millis(700)));
    pty.keys("a y").until("running");
    pty.signal("TERM");
    let (code, screen) = pty.ended();
    assert!([6, 143].contains(&code), "{code}\n{screen}");
    assert_eq!(server.agents().await, ["alpha", "beta"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_review_restores_the_terminal() {
    for signal in ["TERM", "HUP"] {
        let (pty, server, _project) = open().await;
        pty.signal(signal);
        let (code, screen) = pty.ended();
        assert_eq!(code, 143, "{signal}: {screen}");
        assert!(server.agents().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_changes_its_size() {
    let (mut pty, _server, _project) = open().await;
    pty.resize(140, 40);
    pty.until("+ 4 create");
    pty.resize(40, 8);
    pty.until("? help");
    assert!(!pty.text().contains('┌'));
    pty.resize(80, 24);
    pty.until("┌─ lobuctl");
    pty.keys("q");
    assert_eq!(pty.ended().0, 1, "changes were left unapplied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_project_is_a_screen_and_can_be_tried_again() {
    let (server, project) = (GatedServer::open().await, project());
    let file = project.path().join("lobu.toml");
    std::fs::write(&file, PROJECT.replace("name = \"Beta\"", "nmae = \"Beta\"")).unwrap();
    let mut pty = Pty::start(command(project.path(), &server), 100, 30);
    let screen = pty.until("nmae");
    assert!(screen.contains("no plan"), "{screen}");
    std::fs::write(&file, PROJECT).unwrap();
    pty.keys("r").until("4 of 4 selected");
    pty.keys("q");
    assert_eq!(pty.ended().0, 1, "changes were left unapplied");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_editor_gets_the_terminal_and_the_plan_is_made_again() {
    let (server, project) = (GatedServer::open().await, project());
    let editor = project.path().join("editor.sh");
    let script = "#!/bin/sh\nprintf 'editing %s\\n' \"$1\"\nstty -a | grep -q ' icanon' || exit 3\nprintf 'Be bold.\\n' >> alpha/SOUL.md\n";
    std::fs::write(&editor, script).unwrap();
    let mut command = command(project.path(), &server);
    command.env("EDITOR", format!("sh {}", editor.display()));
    let mut pty = Pty::start(command, 100, 30);
    pty.until("4 of 4 selected");
    pty.keys("/settings.alpha<enter> e").until("Be bold.");
    pty.keys("q");
    assert_eq!(pty.ended().0, 1, "changes were left unapplied");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_and_coming_back() {
    let (server, project) = (GatedServer::open().await, project());
    let inner = command(project.path(), &server);
    // A shell with job control, so that there is somebody to stop for.
    let mut shell = CommandBuilder::new("bash");
    shell.cwd(project.path());
    // A pipeline says so in its environment, and there nobody is asked.
    shell.env_clear();
    shell.env("PATH", "/usr/bin:/bin");
    shell.args(["--norc", "--noprofile", "-i"]);
    shell.env("PS1", "ready> ");
    let mut line = String::new();
    for name in ["LOBU_API_TOKEN", "LANG", "TERM"] {
        shell.env(name, inner.get_env(name).unwrap());
    }
    for argument in inner.get_argv() {
        line.extend([argument.to_string_lossy().as_ref(), " "]);
    }
    let mut pty = Pty::start(shell, 100, 30);
    pty.until("ready>");
    pty.line(&line);
    pty.until("4 of 4 selected");
    pty.keys("<c-z>").until("Stopped");
    pty.line("echo still $((40 + 2))");
    pty.until("still 42");
    pty.line("fg");
    pty.until("4 of 4 selected");
    pty.keys("j q").until("ready>");
    pty.line("exit 0");
    pty.ended();
}

/// A workbench with something wrong in it.
struct Rotten;

impl Workbench for Rotten {
    fn load(
        &self,
        _: LoadRequest,
        _: UnboundedSender<LoadStep>,
    ) -> futures_util::future::BoxFuture<'static, Result<LoadedPlan, LoadFailure>> {
        Box::pin(async { Ok(canned::loaded(canned::plan())) })
    }

    /// Called by the loop itself.
    fn replan(&self, _: &std::collections::BTreeSet<Address>) -> Option<Plan> {
        panic!("the loop has died")
    }

    /// Called by a task beside the loop.
    fn apply(
        &self,
        _: ApplyRequest,
        _: Cancel,
        _: UnboundedSender<Event>,
    ) -> futures_util::future::BoxFuture<'static, Result<(), String>> {
        Box::pin(async { panic!("a task has died") })
    }

    fn adopt(&self, _: AdoptRequest) -> futures_util::future::BoxFuture<'static, Result<Adoption, String>> {
        Box::pin(async { panic!("a task has died") })
    }

    fn write_adopted(&self, _: AdoptRequest) -> futures_util::future::BoxFuture<'static, Result<String, String>> {
        Box::pin(async { panic!("a task has died") })
    }

    fn ignore(&self, _: IgnoreRequest) -> futures_util::future::BoxFuture<'static, Result<Plan, String>> {
        Box::pin(async { panic!("a task has died") })
    }
}

/// Not a test of its own: the program that the next two look at.
#[tokio::test]
#[ignore = "run by the tests below, on a terminal"]
async fn rotten_program() {
    lobuctl::tui::run(Arc::new(Rotten), TuiOptions::default()).await;
}

fn rotten() -> Pty {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "pty_review::rotten_program", "--ignored", "--nocapture"]);
    command.env("RUST_BACKTRACE", "0");
    command.env("TERM", "xterm-256color");
    let pty = Pty::start(command, 100, 30);
    pty.until("7 of 7 selected");
    pty
}

#[test]
fn a_panic_of_the_screen_restores_the_terminal_and_is_reported() {
    let mut pty = rotten();
    pty.keys("/stale<enter> D");
    let (code, screen) = pty.ended();
    assert_ne!(code, 0);
    assert!(screen.contains("the loop has died"), "{screen}");
}

#[test]
fn a_panic_of_a_task_leaves_the_screen_alone() {
    let mut pty = rotten();
    pty.keys("a yes<enter>").until("internal error: a task has died");
    pty.keys("q");
    assert_eq!(pty.ended().0, 0);
}
