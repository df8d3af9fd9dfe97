//! The program among processes that die, and the commands beside plan and apply.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::program::cli::{CliOutput, CliProject, alone};
use crate::support::program::serve_process::{ServeProcess, lobuctl};
use crate::support::project::TempProject;
use crate::support::server::JsonClient;

const AGENTS: usize = 60;

/// A project that takes a while, and a server whose data outlives its process.
struct Town {
    project: TempProject,
    data: tempfile::TempDir,
}

impl Town {
    fn new() -> Self {
        let agents =
            (0..AGENTS).map(|number| format!("[agents.agent-{number}]\nname = \"A {number}\"\ndir = \"./a\"\n"));
        let toml = agents.collect::<String>() + "[memory]\norg = \"dev\"\nmodels = \"./models\"\n";
        let rules = "type: relationship\nslug: knows\nname: Knows\nrules:\n  - { source: person, target: person }\n";
        let files = [
            ("lobu.toml", toml.as_str()),
            ("a/SOUL.md", "Be kind.\n"),
            ("models/person.yaml", "type: entity\nslug: person\nname: Person\n"),
            ("models/knows.yaml", rules),
        ];
        Self {
            project: TempProject::new(&files),
            data: tempfile::tempdir().unwrap(),
        }
    }

    fn serve(&self) -> ServeProcess {
        ServeProcess::on_sqlite(self.data.path())
    }

    fn command(&self, server: &ServeProcess, line: &str) -> Command {
        let mut command = lobuctl(self.project.path());
        command
            .args(line.split_whitespace())
            .current_dir(self.project.path())
            .env("LOBU_API_URL", &server.url)
            .env("LOBU_API_TOKEN", server.token());
        command
    }

    fn expect_exit(&self, server: &ServeProcess, line: &str, code: i32) -> CliOutput {
        let output = CliOutput::of(&self.command(server, line).output().unwrap());
        assert_eq!(output.code, code, "`{line}`: {output:?}");
        output
    }

    /// Starts an apply and waits until it has reported this many rows that were created.
    fn begin(&self, server: &ServeProcess, rows: usize) -> (Child, BufReader<std::process::ChildStdout>, String) {
        let mut command = self.command(server, "apply --yes --parallelism 2");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        while printed.matches("\ncreated ").count() < rows {
            assert!(out.read_line(&mut printed).unwrap() > 0, "{printed}");
        }
        (child, out, printed)
    }

    /// Runs again: then everything is there, once.
    async fn assert_rerun_completes(&self, server: &ServeProcess) {
        self.expect_exit(server, "apply --yes", 0);
        let plan = self.expect_exit(server, "plan --detailed-exitcode", 0);
        assert!(plan.out.contains("Summary: 0 create, 0 update, "), "{plan:?}");
        let plain = JsonClient::at(&server.url, &server.token());
        let agents = plain.get("/api/dev/agents").await.body;
        assert_eq!(agents["agents"].as_array().unwrap().len(), AGENTS);
        let list = serde_json::json!({ "schema_type": "relationship_type", "action": "list_rules", "slug": "knows" });
        let rules = plain.schema(list).await.body;
        assert_eq!(rules["rules"].as_array().unwrap().len(), 1, "{rules}");
    }
}

#[tokio::test]
async fn killed_at_any_moment_the_next_run_goes_on() {
    for rows in [1, 20, 90] {
        let town = Town::new();
        let server = town.serve();
        let (mut child, ..) = town.begin(&server, rows);
        child.kill().unwrap();
        child.wait().unwrap();
        town.assert_rerun_completes(&server).await;
    }
}

#[tokio::test]
async fn a_server_that_dies_half_way_is_reported_and_the_next_run_goes_on() {
    let town = Town::new();
    let server = town.serve();
    let (child, mut out, mut printed) = town.begin(&server, 5);
    server.kill();
    std::io::Read::read_to_string(&mut out, &mut printed).unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(6), "{printed}\n{err}");
    assert!(err.contains("retrying "), "{err}");
    let summary = printed.lines().find(|line| line.starts_with("Not complete: ")).unwrap();
    let count = |word: &str| -> usize {
        let part = summary.split([',', ';', ':']).find(|part| part.contains(word));
        part.and_then(|part| part.split_whitespace().next()?.parse().ok())
            .unwrap_or(0)
    };
    assert!(
        count("created") >= 5 && count("failed") + count("unknown") >= 1,
        "{summary}"
    );
    assert_eq!(count("created"), printed.matches("\ncreated ").count(), "{printed}");
    let all = ["created", "unchanged", "failed", "unknown", "skipped"];
    assert_eq!(all.into_iter().map(count).sum::<usize>(), 2 * AGENTS + 2, "{summary}");
    assert!(printed.contains("hint: "), "{printed}");
    town.assert_rerun_completes(&town.serve()).await;
}

#[tokio::test]
async fn one_ctrl_c_stops_gently_and_the_next_run_goes_on() {
    let town = Town::new();
    let server = town.serve();
    let (child, mut out, mut printed) = town.begin(&server, 5);
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    std::io::Read::read_to_string(&mut out, &mut printed).unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{printed}\n{err}");
    assert!(err.contains("stopping: "), "{err}");
    assert!(
        printed.contains("\nNot complete: ") && printed.contains(" skipped"),
        "{printed}"
    );
    assert!(!printed.contains("unknown") && !printed.contains("failed"), "{printed}");
    town.assert_rerun_completes(&server).await;
}

#[tokio::test]
async fn two_at_once_converge_and_only_one_says_that_it_created_an_agent() {
    let town = Town::new();
    let server = town.serve();
    let start = || {
        let mut command = town.command(&server, "apply --yes --keep-going");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let both = [start(), start()].map(|child| CliOutput::of(&child.wait_with_output().unwrap()));
    let created = |output: &CliOutput| -> BTreeSet<String> {
        let lines = output
            .out
            .lines()
            .filter_map(|line| line.strip_prefix("created agent "));
        lines
            .filter_map(|line| line.split(' ').next().map(str::to_owned))
            .collect()
    };
    let [one, other] = [created(&both[0]), created(&both[1])];
    assert!(one.is_disjoint(&other), "{both:?}");
    assert_eq!(one.len() + other.len(), AGENTS, "{both:?}");
    if both.iter().all(|output| output.code == 0) {
        town.expect_exit(&server, "plan --detailed-exitcode", 0);
    }
    town.assert_rerun_completes(&server).await;
}

#[tokio::test]
async fn json_reports_that_there_is_nothing_to_do() {
    let town = Town::new();
    let server = town.serve();
    let first = town
        .expect_exit(&server, "apply --yes --format json", 0)
        .object("summary");
    assert_eq!(first["tally"]["created"], 2 * AGENTS + 2);
    let again = town
        .expect_exit(&server, "apply --yes --format json", 0)
        .object("summary");
    assert_eq!(
        (&again["verdict"], &again["tally"]["total"]),
        (&"done".into(), &0.into())
    );
}

#[test]
fn a_new_project_is_valid_and_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let output = alone(folder.path(), "init team");
    assert_eq!((output.code, output.out.as_str()), (0, ""), "{output:?}");
    let team = folder.path().join("team");
    std::fs::write(team.join(".env"), "ANTHROPIC_API_KEY=planted-key\n").unwrap();
    let valid = alone(&team, "validate");
    assert!(
        valid.code == 0 && valid.out.starts_with("lobu.toml is valid: 1 agent, "),
        "{valid:?}"
    );
    let before = std::fs::read(team.join("lobu.toml")).unwrap();
    let again = alone(folder.path(), "init team");
    assert_eq!(again.code, 1, "{again:?}");
    assert!(again.err.contains("already"), "{again:?}");
    assert_eq!(std::fs::read(team.join("lobu.toml")).unwrap(), before);

    let data = tempfile::tempdir().unwrap();
    let server = ServeProcess::on_sqlite(data.path());
    for (line, code) in [
        ("plan --detailed-exitcode", 2),
        ("apply --yes", 0),
        ("plan --detailed-exitcode", 0),
    ] {
        let mut command = lobuctl(&team);
        command
            .args(line.split_whitespace())
            .args(["--url", &server.url, "--org", "dev"]);
        command.current_dir(&team).env("LOBU_API_TOKEN", server.token());
        let output = CliOutput::of(&command.output().unwrap());
        assert_eq!(output.code, code, "{line}: {output:?}");
    }
}

#[test]
fn every_shell_and_every_editor_gets_what_it_can_read() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = alone(folder.path(), &format!("completions {shell}"));
        assert!(
            output.code == 0 && output.err.is_empty() && output.out.contains("lobuctl"),
            "{shell}: {output:?}"
        );
    }
    assert_eq!(alone(folder.path(), "completions tcsh").code, 64);
    let schema = alone(folder.path(), "schema");
    let schema: serde_json::Value = serde_json::from_str(&schema.out).unwrap();
    assert!(schema["properties"]["agents"].is_object());
}

#[test]
fn doctor_fails_with_a_token_that_can_only_read() {
    let cli = CliProject::new();
    cli.expect_exit("doctor", 0);
    let token = cli.create_token("mcp:read");
    let mut command = cli.command("doctor");
    let output = CliOutput::of(&command.env("LOBU_API_TOKEN", token).output().unwrap());
    assert_eq!(output.code, 1, "{output:?}");
    for check in ["no    write agents", "no    write memory"] {
        assert!(output.out.contains(check), "{output:?}");
    }
    assert!(
        output.out.contains("ok    token") && output.out.contains("mcp:admin"),
        "{output:?}"
    );
}

#[test]
fn prints_every_request_of_a_plan_with_vv_and_logs_it_privately() {
    use std::os::unix::fs::PermissionsExt;
    let cli = CliProject::new();
    let quiet = cli.expect_exit("plan -v", 0);
    assert!(!quiet.err.contains("GET /api"), "{quiet:?}");
    let log = cli.path().join("requests.log");
    std::fs::write(&log, "").unwrap();
    std::fs::set_permissions(&log, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = cli.expect_exit("plan -vv --log-file requests.log", 0);
    assert!(output.err.contains("GET /api/dev/agents 200 "), "{output:?}");
    assert!(
        std::fs::read_to_string(&log)
            .unwrap()
            .contains("GET /api/dev/agents 200 ")
    );
    assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn refuses_another_users_project_in_a_parent_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lobu.toml");
    std::fs::write(&file, "").unwrap();
    let below = folder.path().join("below");
    std::fs::create_dir(&below).unwrap();
    if std::os::unix::fs::chown(&file, Some(12345), None).is_err() {
        // Only root can give a file away; the rule itself has a test beside it.
        return;
    }
    let output = alone(&below, "validate");
    assert!(
        output.code == 1 && output.err.contains("belongs to another user"),
        "{output:?}"
    );
    let output = alone(&below, &format!("validate --config {}", file.display()));
    assert!(!output.err.contains("belongs to another user"), "{output:?}");
}

#[test]
fn refuses_a_database_password_in_the_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let output = alone(
        folder.path(),
        "serve token list --database-url postgres://u:hunter2@127.0.0.1:1/x",
    );
    assert!(
        output.code == 64 && output.err.contains("LOBU_DATABASE_URL"),
        "{output:?}"
    );
    assert!(!output.err.contains("hunter2"), "{output:?}");
}

#[test]
fn refuses_the_url_of_another_database() {
    let folder = tempfile::tempdir().unwrap();
    for url in ["mysql://x", "x"] {
        let output = alone(folder.path(), &format!("serve token list --database-url {url}"));
        assert_eq!(output.code, 1, "{output:?}");
        assert!(output.err.contains("is not a PostgreSQL URL"), "{output:?}");
    }
}

#[test]
fn contexts_are_listed_chosen_and_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join(".config/lobu");
    std::fs::create_dir_all(&config).unwrap();
    let file = r#"{"currentContext":"home","contexts":{"home":{"apiUrl":"http://127.0.0.1:9"},"work":{"apiUrl":"https://work.example"}}}"#;
    std::fs::write(config.join("config.json"), file).unwrap();
    let list = alone(folder.path(), "context");
    assert!(list.out.contains("* home") && list.out.contains("  work"), "{list:?}");
    assert_eq!(alone(folder.path(), "context use nowhere").code, 1);
    assert_eq!(alone(folder.path(), "context use work").code, 0);
    let shown = alone(folder.path(), "context show --format json");
    let shown = shown.object("context");
    assert_eq!((&shown["name"], &shown["current"]), (&"work".into(), &true.into()));
}

#[test]
fn a_doctor_with_nothing_to_look_at_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    for line in [
        "doctor",
        "doctor --format json",
        "whoami",
        "whoami --format json",
        "validate --format json",
    ] {
        let output = alone(folder.path(), line);
        assert_eq!(output.code, 1, "{line}: {output:?}");
        if line.ends_with("json") {
            assert!(!output.objects().is_empty(), "{line}: {output:?}");
        }
    }
    let output = alone(folder.path(), "doctor");
    assert!(output.out.contains("lobuctl init"), "{output:?}");
}

#[test]
fn reports_a_port_that_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let output = alone(folder.path(), &format!("serve --listen {address}"));
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.err.contains(&address), "{output:?}");
    assert_eq!(alone(folder.path(), "serve --listen nonsense").code, 64);
    std::fs::write(folder.path().join("file"), "").unwrap();
    let output = alone(folder.path(), "serve --data-dir file");
    assert_eq!(
        (output.code, output.err.matches("exists").count()),
        (1, 1),
        "{output:?}"
    );
}

#[test]
fn the_demo_without_a_terminal_only_plans_or_says_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let refused = alone(folder.path(), "demo");
    assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{refused:?}");
    assert!(refused.err.contains("`--yes`"), "{refused:?}");
    let plan = alone(folder.path(), "demo --dry-run");
    assert!(
        plan.code == 0 && plan.out.starts_with("Plan: dev at http://127.0.0.1:"),
        "{plan:?}"
    );
    let json = alone(folder.path(), "demo --yes --format json");
    assert_eq!(json.code, 0, "{json:?}");
    let objects = json.objects();
    let last = objects.iter().rfind(|object| object["type"] == "plan").unwrap();
    assert_eq!(
        (&last["counts"]["create"], &last["counts"]["update"]),
        (&0.into(), &0.into())
    );
}
