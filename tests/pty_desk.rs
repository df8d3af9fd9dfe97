//! The drift desk and the review of a pull in the real program, on a terminal of 80x24 and of 140x40.

use std::fs;
use std::path::Path;
use std::process::Command;

use lobuctl::config::LOBUCTL_TOML;
use portable_pty::CommandBuilder;
use serde_json::json;

use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};
use crate::support::project::TempProject;
use crate::support::server::gate::GatedServer;

const SIZES: [(u16, u16); 2] = [(80, 24), (140, 40)];

const TOML: &str = "# ours\n[agents.alpha]\nname = \"Alpha\" # kept\ndir = \"./alpha\"\n\n[memory]\norg = \"dev\"\nmodels = \"./models\"\n";

/// A project under git, and a server on which somebody has renamed the agent, written a text and created a type.
async fn drifting() -> (TempProject, GatedServer) {
    let (server, project) = (
        GatedServer::open().await,
        TempProject::new(&[
            ("lobu.toml", TOML),
            ("alpha/SOUL.md", "Be kind.\n"),
            ("models/person.yaml", "type: entity\nslug: person\nname: Person\n"),
        ]),
    );
    git(project.path(), &["init", "-q"]);
    git(project.path(), &["add", "."]);
    git(project.path(), &["commit", "-qm", "first"]);
    let client = &server.client;
    client
        .post(
            "/api/dev/agents",
            json!({ "agentId": "alpha", "name": "Alpha the Great" }),
        )
        .await;
    client
        .patch(
            "/api/dev/agents/alpha/config",
            json!({ "soulMd": "Be kind.", "userMd": "Written by hand." }),
        )
        .await;
    for slug in ["person", "legacy"] {
        let body = json!({ "schema_type": "entity_type", "action": "create", "slug": slug, "name": slug });
        client.post("/api/dev/manage_entity_schema", body).await;
    }
    (project, server)
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command
        .args(["-c", "user.name=test", "-c", "user.email=test@localhost"])
        .args(arguments)
        .current_dir(folder);
    assert!(command.status().unwrap().success(), "git {arguments:?}");
}

fn start(project: &TempProject, server: &GatedServer, arguments: &[&str], (width, height): (u16, u16)) -> Pty {
    let mut command: CommandBuilder = lobuctl_on_a_terminal(project.path(), &server.token);
    command.args(arguments);
    command.args(["--url", server.url.as_str(), "--org", "dev"]);
    Pty::start(command, width, height)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_adopted_and_git_takes_it_back() {
    for size in SIZES {
        let (project, server) = drifting().await;
        let toml = project.path().join("lobu.toml");
        let mut pty = start(&project, &server, &[], size);
        pty.until("drift");
        pty.keys("/alpha<enter> g j u").until("Alpha the Great");
        pty.until("1 file to create");
        pty.until("y write");
        assert_eq!(
            fs::read_to_string(&toml).unwrap(),
            TOML,
            "nothing is written before the answer"
        );
        pty.keys("y").until("wrote 2 files");
        let adopted = TOML.replace("\"Alpha\" #", "\"Alpha the Great\" #");
        assert_eq!(fs::read_to_string(&toml).unwrap(), adopted);
        let text = fs::read_to_string(project.path().join("alpha/USER.md")).unwrap();
        assert_eq!(text.trim(), "Written by hand.");
        git(project.path(), &["checkout", "-q", "."]);
        pty.keys("r").until("~ alpha");
        pty.keys("q");
        let (code, screen) = pty.ended();
        assert_eq!(code, 1, "{screen}");
        assert!(screen.contains("not applied; only files were written"), "{screen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_ignored_until_its_day_and_deleted_on_purpose() {
    for size in SIZES {
        let (project, server) = drifting().await;
        let file = project.path().join(LOBUCTL_TOML);
        let mut pty = start(&project, &server, &[], size);
        pty.until("drift");
        pty.keys("/legacy<enter> i").until("reason:");
        pty.keys("moves<enter>").until("1 ignored");
        pty.until("ignored until");
        let written = fs::read_to_string(&file).unwrap();
        assert!(
            written.contains("address = \"entity-type.legacy\"\nreason = \"moves\"\n"),
            "{written}"
        );
        // The day passes.
        let until = written.lines().find(|line| line.starts_with("until")).unwrap();
        fs::write(&file, written.replace(until, "until = 2020-01-01")).unwrap();
        pty.keys("r").until("was ignored until");
        pty.keys("D").until("- entity-type legacy");
        pty.keys("a").until("deletes 1");
        pty.keys("<esc>").until("/legacy");
        pty.keys("D").until("? entity-type legacy");
        pty.keys("q");
        let (code, text) = pty.ended();
        // `lobuctl.toml` is a file too.
        assert!(code == 1 && text.contains("only files were written"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_is_reviewed_by_file_and_written_in_part() {
    for size in SIZES {
        let (project, server) = drifting().await;
        let mut pty = start(&project, &server, &["pull"], size);
        pty.until("lobu.toml");
        pty.until("4 of 4 selected");
        // Without the type that only the server has, and without the renamed one.
        pty.keys("/entity<enter> A")
            .until("2 rows that the filter leaves deselected");
        pty.keys("<esc>").until("2 of 4 selected");
        pty.keys("a").until("y write   esc back");
        // A frame may arrive in parts.
        pty.until("2 rows");
        pty.until("Alpha the Great");
        pty.keys("y").until("wrote");
        let toml = fs::read_to_string(project.path().join("lobu.toml")).unwrap();
        assert!(toml.contains("name = \"Alpha the Great\" # kept"), "{toml}");
        assert!(!project.path().join("models/legacy.yaml").exists());
        pty.until("legacy");
        pty.keys("q");
        let (code, screen) = pty.ended();
        assert_eq!(code, 0, "{screen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_is_left_writes_nothing() {
    let (project, server) = drifting().await;
    let mut pty = start(&project, &server, &["pull"], (80, 24));
    pty.until("4 of 4 selected");
    pty.keys("a").until("y write");
    pty.keys("<esc> q");
    let (code, screen) = pty.ended();
    assert_eq!(code, 1, "{screen}");
    assert!(screen.contains("not pulled; nothing was written"), "{screen}");
    assert_eq!(fs::read_to_string(project.path().join("lobu.toml")).unwrap(), TOML);
    // The plain questions offer the same choice.
    let mut pty = start(&project, &server, &["pull", "--plain"], (100, 40));
    pty.until("[y/N, ?]");
    pty.line("without agent.alpha");
    pty.until("Summary: 1 file to create");
    pty.line("?");
    pty.until("pull only these rows");
    pty.line("only nothing.here");
    pty.line("n");
    let (code, screen) = pty.ended();
    assert_eq!(code, 1, "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_without_a_place_in_files_are_named_without_their_values() {
    let (project, server) = drifting().await;
    let settings = json!({
        "verboseLogging": true,
        "authProfiles": [{ "provider": "anthropic", "credential": "planted-credential" }],
    });
    server.client.patch("/api/dev/agents/alpha/config", settings).await;
    let pty = start(&project, &server, &["pull", "--dry-run"], (140, 40));
    pty.until("have no place in files");
    let (code, screen) = pty.ended();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("authProfiles, verboseLogging of alpha"), "{screen}");
    assert!(!screen.contains("planted-credential"), "{screen}");
}

/// A guard of the command line holds on a terminal too: the questions come after it, and its refusal is the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_with_a_guard_asks_it_before_anything_else() {
    let (project, server) = drifting().await;
    let toml = project.path().join("lobu.toml");
    let pty = start(&project, &server, &["pull", "--fail-on", "changes>1"], SIZES[0]);
    let (code, text) = pty.ended();
    assert_eq!(code, 4, "{text}");
    assert_eq!(fs::read_to_string(&toml).unwrap(), TOML);

    let mut pty = start(
        &project,
        &server,
        &["pull", "--fail-on", "conflict,changes>9"],
        SIZES[0],
    );
    pty.until("Write 4 files? [y/N");
    pty.line("y");
    let (code, text) = pty.ended();
    assert_eq!(code, 0, "{text}");
    assert!(fs::read_to_string(&toml).unwrap().contains("Alpha the Great"), "{text}");
}
