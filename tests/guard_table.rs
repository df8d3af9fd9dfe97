//! Every guard on every face: the same refusal, the same exit code, and nothing written.

use std::path::Path;

use lobuctl::cli::Cli;
use lobuctl::command;
use lobuctl::host::Host;

use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};
use crate::support::project::TempProject;
use crate::support::server::{JsonClient, ListeningServer, listening};

/// What the server has before every case.
const BEFORE: &str = r#"
[agents.alpha]
name = "Alpha"
dir = "."

[[agents.alpha.platforms]]
type = "telegram"
config = { botToken = "$BOT", chatId = "1" }

[agents.beta]
name = "Beta"
dir = "."

[memory]
org = "dev"
"#;

/// What the files say in every case: a platform restarts, its secret may be another, and `beta` is gone.
fn after() -> String {
    let kept = BEFORE.replace("chatId = \"1\"", "chatId = \"2\"");
    kept.replace("[agents.beta]\nname = \"Beta\"\ndir = \".\"\n", "")
}

struct Case {
    arguments: &'static [&'static str],
    exit: u8,
    /// A part of the refusal.
    says: &'static str,
    /// Whether there is a plan to look at before the refusal.
    has_plan: bool,
}

const fn refused(arguments: &'static [&'static str], exit: u8, says: &'static str) -> Case {
    Case {
        arguments,
        exit,
        says,
        has_plan: true,
    }
}

const CASES: &[Case] = &[
    refused(&["--fail-on", "changes>0"], 4, "`--fail-on changes:0`: 1 change"),
    refused(&["--fail-on", "restart"], 4, "`--fail-on restart`: 1 restart"),
    refused(&["--fail-on", "drift"], 4, "`--fail-on drift`: 1 drifted resource"),
    refused(&["--fail-on", "delete", "--prune"], 4, "`--fail-on delete`: 1 deletion"),
    refused(&["--fail-on", "drift,restart"], 4, "`--fail-on restart`: 1 restart"),
    refused(&["--max-restarts", "0"], 4, "`--max-restarts 0`: 1 restart"),
    refused(
        &["--plan-id", "0123456789abcdef0123456789abcdef"],
        5,
        "not `0123456789abcdef0123456789abcdef`",
    ),
    refused(&["--plan-id", "0123456789ab"], 5, "an id has 32 hexadecimal digits"),
    Case {
        arguments: &["--target", "agent.nobody"],
        exit: 1,
        says: "names nothing in this plan",
        has_plan: false,
    },
    Case {
        arguments: &["--target", "nonsense"],
        exit: 64,
        says: "nonsense",
        has_plan: false,
    },
];

const ENVIRONMENT: [(&str, &str); 2] = [
    ("BOT", "4711:planted-bot-token"),
    ("LOBU_CONFIG_DIR", "/nonexistent/lobu"),
];

/// Runs the command in this process; the exit code and both streams.
async fn run(server: &ListeningServer, folder: &Path, arguments: &[&str], typed: Option<&str>) -> (u8, String) {
    run_with(server, folder, arguments, typed, &[]).await
}

/// The same with more variables in the environment.
async fn run_with(
    server: &ListeningServer,
    folder: &Path,
    arguments: &[&str],
    typed: Option<&str>,
    variables: &[(&str, &str)],
) -> (u8, String) {
    let (host, captured) = Host::fake(folder);
    let host = typed.map_or(host.clone(), |typed| host.with_terminal(100, 40, typed));
    let mut environment = [&ENVIRONMENT[..], variables].concat();
    environment.push(("LOBU_API_TOKEN", server.token.as_str()));
    let state = folder.join("state").display().to_string();
    environment.push(("XDG_STATE_HOME", &state));
    let fixed = ["lobuctl", "apply", "--color", "never", "--url", server.url.as_str()];
    let cli = Cli::parse_from_arguments(fixed.iter().chain(arguments)).unwrap();
    let exit = command::run(&cli, host.with_environment(environment)).await;
    (exit.code(), format!("{}{}", captured.stdout(), captured.stderr()))
}

/// Opens the screen, tries to apply, and leaves.
fn on_the_screen(server: &ListeningServer, folder: &Path, case: &Case) -> (u32, String) {
    let mut command = lobuctl_on_a_terminal(folder, &server.token);
    for (name, value) in ENVIRONMENT {
        command.env(name, value);
    }
    command.args(["apply", "--url", server.url.as_str()]);
    command.args(case.arguments);
    let mut pty = Pty::start(command, 120, 40);
    if case.has_plan {
        pty.until("selected");
        pty.keys("a").until(if case.exit == 5 {
            "this is plan"
        } else {
            "refused by a guard"
        });
        pty.keys("<esc> q");
    } else {
        pty.until("no plan");
        pty.keys("q");
    }
    pty.ended()
}

async fn everything(server: &ListeningServer) -> String {
    let client = JsonClient::at(&server.url, &server.token);
    let mut text = client.get("/api/dev/agents").await.text;
    text.push_str(&client.get("/api/dev/agents/alpha/platforms").await.text);
    text.push_str(&client.get("/api/dev/agents/alpha/config").await.text);
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn every_guard_refuses_on_every_face_with_one_exit_code_and_nothing_written() {
    let server = listening().await;
    let files = [("lobu.toml", BEFORE), ("SOUL.md", "Be kind.\n")];
    let (exit, said) = run(&server, TempProject::new(&files).path(), &["--yes"], None).await;
    assert_eq!(exit, 0, "{said}");
    let changed = after();
    let project = TempProject::new(&[("lobu.toml", changed.as_str()), ("SOUL.md", "Be kind.\n")]);
    let before = everything(&server).await;
    for case in CASES {
        let faces = [
            ("--yes", &["--yes"][..], None),
            ("json", &["--yes", "--format", "json"], None),
            ("plain", &["--plain"], Some("yes\nyes\n")),
        ];
        for (face, extra, typed) in faces {
            let arguments: Vec<&str> = case.arguments.iter().chain(extra).copied().collect();
            let (exit, said) = run(&server, project.path(), &arguments, typed).await;
            assert_eq!(exit, case.exit, "{face} {:?}: {said}", case.arguments);
            assert!(said.contains(case.says), "{face} {:?}: {said}", case.arguments);
        }
        let (exit, said) = on_the_screen(&server, project.path(), case);
        assert_eq!(exit, u32::from(case.exit), "screen {:?}: {said}", case.arguments);
        assert!(said.contains(case.says), "screen {:?}: {said}", case.arguments);
        assert_eq!(everything(&server).await, before, "{:?}", case.arguments);
    }
    server.stopped().await;
}

#[tokio::test]
async fn a_protected_target_needs_more_than_yes_on_every_face() {
    let server = listening().await;
    let project = TempProject::new(&[("lobu.toml", BEFORE), ("SOUL.md", "Be kind.\n")]);
    let before = everything(&server).await;
    for extra in [&["--yes"][..], &["--yes", "--format", "json"]] {
        let arguments: Vec<&str> = ["--protect"].iter().chain(extra).copied().collect();
        let (exit, said) = run(&server, project.path(), &arguments, None).await;
        assert_eq!(exit, 4, "{said}");
        assert!(said.contains("`dev` is protected"), "{said}");
    }
    let (exit, _) = run(
        &server,
        project.path(),
        &["--protect", "--plain"],
        Some("yes\nnot-dev\n"),
    )
    .await;
    assert_eq!(exit, 1, "the name was not typed: declined");
    assert_eq!(everything(&server).await, before);
    server.stopped().await;
}

#[tokio::test]
async fn exit_5_names_the_rows_by_which_the_plans_differ() {
    let server = listening().await;
    let project = TempProject::new(&[("lobu.toml", BEFORE), ("SOUL.md", "Be kind.\n")]);
    let state = tempfile::tempdir().unwrap();
    let id_of = |said: &str| said.rsplit_once("Plan id: ").unwrap().1[..32].to_owned();
    let variables = [("XDG_STATE_HOME", state.path().to_str().unwrap())];
    let run = async |arguments: &[&str]| run_with(&server, project.path(), arguments, None, &variables).await;
    let (_, planned) = run(&["--dry-run"]).await;
    std::fs::write(project.path().join("SOUL.md"), "Forward every message.\n").unwrap();
    let (exit, said) = run(&["--yes", "--plan-id", &id_of(&planned)]).await;
    assert_eq!(exit, 5, "{said}");
    for row in [
        "settings.alpha: create of something else",
        "settings.beta: create of something else",
    ] {
        assert!(said.contains(row), "{said}");
    }
    assert!(
        !said.contains("platform.alpha.telegram: "),
        "only rows that differ: {said}"
    );
    let (exit, said) = run(&["--yes", "--plan-id", &id_of(&run(&["--dry-run"]).await.1)]).await;
    assert_eq!(exit, 0, "{said}");
    server.stopped().await;
}
