//! Secrets from `.env` to the server as the upstream planned them, in ten steps, with the real program.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::program::cli::CliOutput;
use crate::support::program::serve_process::{ServeProcess, lobuctl, maintain};
use crate::support::project::TempProject;

const TOML: &str = r#"
[agents.desk]
name = "Desk"
dir = "./desk"

[[agents.desk.providers]]
id = "anthropic"
key = "$API_KEY"

[[agents.desk.platforms]]
type = "telegram"
config = { botToken = "$BOT_TOKEN", chatId = "1" }

[[agents.desk.platforms]]
type = "slack"
config = { botToken = "$SLACK_TOKEN", signingSecret = "$SIGNING" }

[memory]
org = "dev"
"#;

const ENV: &str = "API_KEY=planted-api\nBOT_TOKEN=planted-bot\nSLACK_TOKEN=planted-slack\nSIGNING=planted-signing\n";

struct Desk {
    project: TempProject,
    data: tempfile::TempDir,
    server: ServeProcess,
}

impl Desk {
    fn run_as(&self, token: &str, line: &str) -> CliOutput {
        let mut command = lobuctl(self.project.path());
        command.args(line.split_whitespace()).args(["--url", &self.server.url]);
        command.current_dir(self.project.path()).env("LOBU_API_TOKEN", token);
        CliOutput::of(&command.output().unwrap())
    }

    fn expect(&self, line: &str, code: i32) -> CliOutput {
        let output = self.run_as(&self.server.token(), line);
        assert_eq!(output.code, code, "{line}: {output:?}");
        output
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.project.path().join(file), text).unwrap();
    }
}

/// Looks for planted values in every file below a folder, but for the project's own `.env`.
fn search(folder: &Path, searched: &mut usize) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            search(&path, searched);
        } else if !path.ends_with(".env") {
            *searched += 1;
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(7).any(|window| window == b"planted");
            assert!(!found, "{} holds a value", path.display());
        }
    }
}

/// Steps 1 to 3.
fn stores_what_a_plan_relies_on(desk: &Desk) {
    // 1: a plan that relies on the server says everything that is missing there, and how it gets there.
    let refused = desk.expect("plan --secrets server", 1);
    assert!(
        refused
            .err
            .contains("BOT_TOKEN, SIGNING, SLACK_TOKEN are not on the server"),
        "{refused:?}"
    );
    assert!(
        refused
            .err
            .contains("`lobuctl secrets push --only BOT_TOKEN SIGNING SLACK_TOKEN`"),
        "{refused:?}"
    );
    // 2: a push, 3: the list.
    assert!(desk.expect("secrets push --yes", 0).out.contains("4 to create"));
    assert!(desk.expect("secrets list", 0).out.contains("Summary: 4 secrets"));
}

/// Steps 4 and 5.
fn applies_without_a_value_here(desk: &Desk) {
    // 4: without `.env`, so that no value can be sent. The plan names the secrets.
    std::fs::rename(desk.project.path().join(".env"), desk.data.path().join(".env")).unwrap();
    let plan = desk.expect("plan --secrets server --full", 0);
    assert!(
        plan.out.contains("config.botToken: secret BOT_TOKEN, on the server"),
        "{plan:?}"
    );
    let applied = desk.expect("apply --yes --secrets auto -vv --log-file run.log", 0);
    assert!(!applied.err.contains("planted"));
    // 5: converged, under both choices.
    for choice in ["server", "auto"] {
        desk.expect(&format!("plan --secrets {choice} --detailed-exitcode"), 0);
    }
}

/// Steps 6 to 8.
fn rotates_and_refuses(desk: &Desk) {
    // 6: what uses a name restarts when it is rotated.
    desk.write("new.env", "BOT_TOKEN=planted-newer\n");
    let rotated = desk.expect("secrets push --from-env new.env --rotate BOT_TOKEN --yes-rotate", 0);
    assert!(
        rotated.out.contains("BOT_TOKEN rotated") && rotated.out.contains("restarted: desk-telegram"),
        "{rotated:?}"
    );
    desk.expect("plan --secrets server --detailed-exitcode", 0);
    // 7: a second push has nothing to do.
    assert!(
        desk.expect("secrets push --from-env new.env --yes", 0)
            .out
            .contains("Summary: 4 unchanged")
    );
    // 8: what is used cannot be deleted; a new name is refused before anything is written.
    assert!(
        desk.expect("secrets delete BOT_TOKEN --yes", 1)
            .err
            .contains("is used by desk-telegram")
    );
    desk.write("lobu.toml", &TOML.replace("$SIGNING", "$OTHER"));
    assert!(
        desk.expect("apply --yes --secrets auto", 1)
            .err
            .contains("OTHER is not on the server")
    );
    desk.write("lobu.toml", TOML);
}

/// Step 9.
fn refuses_a_member(desk: &Desk) {
    // 9: a member is refused.
    let member = |words: &[&str]| {
        let output = maintain(desk.data.path(), words);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    member(&["member", "add", "mira"]);
    let token = member(&[
        "token",
        "create",
        "--user",
        "mira",
        "--org",
        "dev",
        "--scope",
        "mcp:admin",
    ]);
    let refused = desk.run_as(
        &token,
        "secrets push --from-env new.env --rotate BOT_TOKEN --yes-rotate",
    );
    assert!(refused.code == 1 && refused.err.contains("answered 403"), "{refused:?}");
}

/// Step 10.
fn leaves_no_value(desk: &Desk) {
    // 10: no log and no file has a value.
    let events = desk.expect("secrets audit --format json", 0).objects();
    let actions: Vec<&Value> = events.iter().map(|event| &event["action"]).collect();
    assert_eq!(
        actions.iter().filter(|action| **action == &json!("rotate")).count(),
        1,
        "{actions:?}"
    );
    assert!(!desk.server.log().contains("planted"));
    std::fs::remove_file(desk.project.path().join("new.env")).unwrap();
    let mut searched = 0;
    search(desk.project.path(), &mut searched);
    search(desk.data.path(), &mut searched);
    assert!(searched > 5, "{searched} files");
}

#[test]
fn ten_steps_from_a_push_to_a_member_who_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk {
        project: TempProject::new(&[("lobu.toml", TOML), ("desk/SOUL.md", "Be kind.\n"), (".env", ENV)]),
        server: ServeProcess::verbose(data.path()),
        data,
    };
    stores_what_a_plan_relies_on(&desk);
    applies_without_a_value_here(&desk);
    rotates_and_refuses(&desk);
    refuses_a_member(&desk);
    leaves_no_value(&desk);
}

/// The file of a project whose platforms refer to secrets on the server keeps its names, whatever this machine has.
#[test]
fn a_pull_keeps_the_names_of_secrets_on_the_server() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk {
        project: TempProject::new(&[("lobu.toml", TOML), ("desk/SOUL.md", "Be kind.\n"), (".env", ENV)]),
        server: ServeProcess::on_sqlite(data.path()),
        data,
    };
    desk.expect("secrets push --yes", 0);
    desk.expect("apply --yes --secrets server", 0);
    let file = desk.project.path().join("lobu.toml");
    let check = |expected: &str| assert_eq!(std::fs::read_to_string(&file).unwrap(), expected);
    desk.expect("pull --yes", 0);
    check(TOML);
    // Without a value here, and with something else to pull.
    std::fs::rename(desk.project.path().join(".env"), desk.data.path().join("moved.env")).unwrap();
    desk.expect("pull --yes", 0);
    check(TOML);
    desk.write("lobu.toml", &TOML.replace("name = \"Desk\"", "name = \"Front desk\""));
    let pulled = desk.expect("pull --yes", 0);
    check(TOML);
    assert!(!pulled.out.contains("secret://"), "{pulled:?}");
    desk.expect("plan --secrets server --detailed-exitcode", 0);
    // A new project gets the names that the server has.
    desk.expect("pull --init copy --org dev --yes", 0);
    let copy = std::fs::read_to_string(desk.project.path().join("copy/lobu.toml")).unwrap();
    for name in ["$BOT_TOKEN", "$SLACK_TOKEN", "$SIGNING"] {
        assert!(copy.contains(name), "{copy}");
    }
    assert!(!copy.contains("secret://"), "{copy}");
}
