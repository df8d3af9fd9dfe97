//! The review without a screen, as a conversation: what is typed, what is said, and what the server has afterwards.

use lobuctl::cli::Cli;
use lobuctl::command;
use lobuctl::exit::Exit;
use lobuctl::host::Host;

use crate::support::program::cli::without_run_ids;
use crate::support::project::TempProject;
use crate::support::server::{ListeningServer, listening};
use crate::support::snapshot::check;

const TOML: &str = r#"
[agents.desk]
name = "Desk"
dir = "."

[[agents.desk.platforms]]
type = "telegram"
config = { botToken = "$TOKEN", mode = "webhook" }

[memory]
org = "dev"
models = "./models"
"#;

fn project() -> TempProject {
    let person = "type: entity\nslug: person\nname: Person\n";
    let knows = "type: relationship\nslug: knows\nname: Knows\nrules:\n  - { source: person, target: person }\n";
    let files = [
        ("lobu.toml", TOML),
        ("SOUL.md", "Be kind.\n"),
        ("models/person.yaml", person),
        ("models/knows.yaml", knows),
    ];
    TempProject::new(&files)
}

/// Runs `lobuctl apply --plain` with these lines typed; what it says on both streams, and how it ends.
async fn talk(server: &ListeningServer, project: &TempProject, arguments: &[&str], typed: &str) -> (Exit, String) {
    let (host, captured) = Host::fake(project.path());
    let state = project.path().join("state").display().to_string();
    let host = host.with_terminal(100, 40, typed).with_environment([
        ("LOBU_API_TOKEN", server.token.as_str()),
        ("LOBU_CONFIG_DIR", "/nonexistent/lobu"),
        ("TOKEN", "1:planted-secret"),
        ("XDG_STATE_HOME", &state),
    ]);
    let fixed = [
        "lobuctl",
        "apply",
        "--plain",
        "--color",
        "never",
        "--url",
        &server.url,
        "--parallelism",
        "1",
    ];
    let cli = Cli::parse_from_arguments(fixed.iter().chain(arguments)).unwrap();
    let exit = command::run(&cli, host).await;
    let said = format!("{}\n--- standard error\n{}", captured.stdout(), captured.stderr());
    assert!(!said.contains("planted-secret"), "{said}");
    (exit, without_run_ids(&tidy(&said, &server.url)))
}

/// Without what differs from run to run.
fn tidy(said: &str, url: &str) -> String {
    let said = said.replace(url, "http://HOST");
    let mut tidy = String::new();
    for line in said.lines() {
        let line = line
            .split(" in ")
            .next()
            .filter(|_| line.starts_with("Applied"))
            .unwrap_or(line);
        let line = match line.rsplit_once(" (") {
            Some((head, tail)) if tail.ends_with(" ms)") => head,
            _ => line,
        };
        // The id of a plan depends on where the server listens.
        tidy.push_str(line.find("Plan id: ").map_or(line, |at| &line[..at + "Plan id".len()]));
        tidy.push('\n');
    }
    tidy
}

async fn agents(server: &ListeningServer) -> String {
    let (exit, said) = talk(server, &project(), &["--dry-run", "--all"], "").await;
    assert_eq!(exit, Exit::Done);
    said
}

#[tokio::test]
async fn yes_applies_and_anything_else_does_not() {
    let server = listening().await;
    for (typed, expected) in [
        ("", Exit::Failed),
        ("n\n", Exit::Failed),
        ("\n", Exit::Failed),
        ("y\n", Exit::Done),
    ] {
        let (exit, said) = talk(&server, &project(), &[], typed).await;
        assert_eq!(exit, expected, "{typed:?}: {said}");
    }
    assert!(agents(&server).await.contains("Summary: 0 create, 0 update"));
}

#[tokio::test]
async fn rows_are_left_out_and_taken_along() {
    let server = listening().await;
    let typed = "nonsense\nonly nothing\nonly relationship-type.knows\nwithout agent.desk\ny\n";
    let (exit, said) = talk(&server, &project(), &[], typed).await;
    assert_eq!(exit, Exit::Done);
    check("linear_selection", &said);
    let left = agents(&server).await;
    assert!(
        left.contains("+ agent desk") && left.contains("= entity-type person"),
        "{left}"
    );
}

#[tokio::test]
async fn drift_is_deleted_on_purpose() {
    let server = listening().await;
    let (exit, _) = talk(&server, &project(), &[], "y\n").await;
    assert_eq!(exit, Exit::Done);
    let smaller = TempProject::new(&[(
        "lobu.toml",
        TOML.replace("name = \"Desk\"", "name = \"Help desk\"").as_str(),
    )]);
    std::fs::create_dir(smaller.path().join("models")).unwrap();
    let typed = "show agent.desk\ndelete relationship-type.knows settings.desk\nkeep settings.desk\ny\nyes\n";
    let (exit, said) = talk(&server, &smaller, &[], typed).await;
    assert_eq!(exit, Exit::Done, "{said}");
    check("linear_deletion", &said);
    let (_, left) = talk(&server, &smaller, &["--dry-run"], "").await;
    assert!(
        !left.contains("knows") && left.contains("? entity-type person"),
        "{left}"
    );
}

#[tokio::test]
async fn what_prune_clears_wants_a_typed_yes_and_can_be_kept() {
    let server = listening().await;
    let (exit, _) = talk(&server, &project(), &[], "y\n").await;
    assert_eq!(exit, Exit::Done);
    let without_soul = project();
    std::fs::remove_file(without_soul.path().join("SOUL.md")).unwrap();
    let prune = ["--prune", "--no-recheck"];
    let (exit, output) = talk(&server, &without_soul, &prune, "y\nkeep settings.desk\ny\n").await;
    assert_eq!(exit, Exit::Failed, "{output}");
    assert!(
        output.contains("clears fields of 1") && output.contains("type `yes` in full") && output.contains("left alone"),
        "{output}"
    );
    let (exit, output) = talk(&server, &without_soul, &prune, "yes\n").await;
    assert_eq!(exit, Exit::Done, "{output}");
    let (_, left) = talk(&server, &without_soul, &["--dry-run"], "").await;
    assert!(!left.contains("soulMd"), "{left}");
}

#[tokio::test]
async fn help_secrets_and_the_plan_again() {
    let server = listening().await;
    let (exit, said) = talk(&server, &project(), &[], "?\nsecrets\nplan\nreload\nn\n").await;
    assert_eq!(exit, Exit::Failed);
    check("linear_help", &said);
}

#[tokio::test]
async fn a_protected_target_wants_its_name() {
    let server = listening().await;
    for (typed, expected) in [("y\ny\n", Exit::Failed), ("y\ndev\n", Exit::Done)] {
        let (exit, said) = talk(&server, &project(), &["--protect"], typed).await;
        assert_eq!(exit, expected, "{typed:?}: {said}");
    }
}
