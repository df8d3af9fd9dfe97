//! Pushing secrets from the review in the real program, on a terminal.

use std::time::Duration;

use serde_json::json;

use crate::support::program::cli::{API_KEY, BOT_TOKEN, CliProject, FILES};
use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};
use crate::support::project::TempProject;
use crate::support::server::gate::{GateRule, GatedServer};

fn start(project: &CliProject, bot_token: &str) -> Pty {
    let mut command = lobuctl_on_a_terminal(project.path(), &project.token());
    command.args(["--url", project.url()]);
    command.env("BOT_TOKEN", bot_token);
    command.env("API_KEY", API_KEY);
    Pty::start(command, 80, 24)
}

#[test]
fn secrets_are_pushed_and_replaced_from_the_review() {
    let project = CliProject::live();
    let mut pty = start(&project, BOT_TOKEN);
    pty.until("selected");
    pty.keys("s").until("secrets: names only");
    pty.keys("P").until("2 to create");
    pty.until("y push what it lacks");
    assert_eq!(
        project.expect_exit("secrets list --format json", 0).objects(),
        [json!(null); 0]
    );
    pty.keys("y").until("API_KEY created; BOT_TOKEN created");
    pty.keys("P").until("2 unchanged");
    pty.keys("<esc> q");
    let (code, text) = pty.ended();
    assert!(
        code == 1 && text.contains("not applied; only secrets were pushed"),
        "{text}"
    );
    let before = project.expect_exit("secrets diff --detailed-exitcode", 0).out;
    assert!(before.contains("Summary: 2 same"), "{before}");

    let mut pty = start(&project, "4712:planted-other-token");
    pty.until("selected");
    pty.keys("P").until("1 to replace, 1 unchanged");
    pty.keys("R").until("type `yes` to push and replace");
    pty.keys("yes<enter>").until("BOT_TOKEN rotated");
    pty.keys("q");
    let (_, text) = pty.ended();
    assert!(!text.contains("planted"), "{text}");
    project.expect_exit("secrets diff --detailed-exitcode", 2);
    let audit = project.expect_exit("secrets audit --format json", 0).objects();
    let actions: Vec<&str> = audit.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["rotate", "create", "create"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_while_secrets_are_sent_says_where_things_stand() {
    let project = TempProject::new(FILES);
    let server = GatedServer::open().await;
    let start = || {
        let mut command = lobuctl_on_a_terminal(project.path(), &server.token);
        command.args(["--url", server.url.as_str(), "--org", "dev"]);
        command.env("BOT_TOKEN", BOT_TOKEN);
        command.env("API_KEY", API_KEY);
        let mut pty = Pty::start(command, 80, 24);
        pty.until("selected");
        pty.keys("P").until("y push what it lacks");
        pty
    };
    server.rule(GateRule::Hold("/secrets", Duration::from_hours(1)));
    let mut pty = start();
    pty.keys("y").until("sending the values");
    pty.keys("<c-c>").until("leaving when the answer has come");
    pty.keys("<c-c>");
    let (code, text) = pty.ended();
    assert_eq!(code, 130, "{text}");
    assert!(
        text.contains("it is not known whether the secrets were stored"),
        "{text}"
    );

    server.open_gate();
    server.rule(GateRule::Hold("/secrets", Duration::from_secs(2)));
    let mut pty = start();
    pty.keys("y").until("sending the values");
    pty.keys("<c-c>");
    let (code, text) = pty.ended();
    assert_eq!(code, 130, "{text}");
    assert!(text.contains("BOT_TOKEN created"), "{text}");
    assert!(text.contains("interrupted; only secrets were pushed"), "{text}");
}

#[test]
fn a_guard_that_refuses_says_that_secrets_were_pushed() {
    let project = CliProject::live();
    let mut command = lobuctl_on_a_terminal(project.path(), &project.token());
    command.args(["--url", project.url(), "--fail-on", "changes>0"]);
    command.env("BOT_TOKEN", BOT_TOKEN);
    command.env("API_KEY", API_KEY);
    let mut pty = Pty::start(command, 80, 24);
    pty.until("selected");
    pty.keys("P").until("y push what it lacks");
    pty.keys("y").until("API_KEY created; BOT_TOKEN created");
    pty.keys("q");
    let (code, text) = pty.ended();
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("refused by a guard; only secrets were pushed"), "{text}");
}

#[test]
fn a_guard_on_restarts_refuses_to_replace_what_platforms_use() {
    let project = CliProject::live();
    project.expect_exit("secrets push --yes", 0);
    project.expect_exit("apply --yes --secrets server", 0);
    let fingerprints = || {
        let listed = project.expect_exit("secrets list --format json", 0).objects();
        listed
            .iter()
            .map(|secret| secret["fingerprint"].clone())
            .collect::<Vec<_>>()
    };
    let before = fingerprints();
    let mut command = lobuctl_on_a_terminal(project.path(), &project.token());
    command.args(["--url", project.url(), "--secrets", "server", "--max-restarts", "1"]);
    command.env("BOT_TOKEN", "4712:planted-other-token");
    command.env("API_KEY", API_KEY);
    let mut pty = Pty::start(command, 80, 24);
    pty.until("nothing to change");
    pty.keys("P").until("1 to replace");
    pty.until("`--max-restarts 1`: 2 restarts");
    pty.keys("R").until("a guard refuses");
    pty.keys("<esc> q");
    let (_, text) = pty.ended();
    assert!(!text.contains("planted"), "{text}");
    assert_eq!(fingerprints(), before);
}

#[test]
fn many_secrets_are_counted() {
    let toml = FILES[0]
        .1
        .replace("signingSecret = \"$BOT_TOKEN\"", "signingSecret = \"$SIGNING\"");
    let project = CliProject::live();
    std::fs::write(project.path().join("lobu.toml"), toml).unwrap();
    let mut command = lobuctl_on_a_terminal(project.path(), &project.token());
    command.args(["--url", project.url()]);
    for name in ["BOT_TOKEN", "API_KEY", "SIGNING"] {
        command.env(name, format!("planted-{name}"));
    }
    let mut pty = Pty::start(command, 80, 24);
    pty.until("selected");
    pty.keys("P").until("3 to create");
    pty.keys("y").until("3 created");
    pty.keys("q");
    assert_eq!(pty.ended().0, 1);
}
