//! A project in a folder, a server in its own process, and the real binary run between them.

use std::path::Path;
use std::process::{Command, Output};

use lobuctl::journal::RunId;
use serde_json::Value;

use crate::support::line_schema::check_line;
use crate::support::program::serve_process::{ServeProcess, lobuctl, serve};
use crate::support::project::TempProject;

/// A bot token that must never be printed.
pub const BOT_TOKEN: &str = "4711:planted-bot-token";
/// A provider key that must never be printed.
pub const API_KEY: &str = "sk-planted-api-key";

/// The files of a project: two agents, two platforms, types with a rule.
pub const FILES: &[(&str, &str)] = &[
    (
        "lobu.toml",
        r#"[agents.desk]
name = "Desk"
description = "answers first"
dir = "./desk"

[[agents.desk.providers]]
id = "anthropic"
key = "$API_KEY"

[[agents.desk.platforms]]
type = "telegram"
config = { botToken = "$BOT_TOKEN", chatId = "1" }

[[agents.desk.platforms]]
type = "slack"
name = "eng"
config = { botToken = "$BOT_TOKEN", signingSecret = "$BOT_TOKEN" }

[agents.desk.network]
allowed = ["a.example"]

[agents.clerk]
name = "Clerk"
dir = "./clerk"

[memory]
org = "dev"
models = "./models"
"#,
    ),
    ("desk/SOUL.md", "Be concise.\n"),
    ("clerk/SOUL.md", "Write it down.\n"),
    ("models/person.yaml", "type: entity\nslug: person\nname: Person\n"),
    ("models/company.yaml", "type: entity\nslug: company\nname: Company\n"),
    (
        "models/works-at.yaml",
        "type: relationship\nslug: works-at\nname: Works at\nrules:\n  - { source: person, target: company }\n",
    ),
];

/// What a run of the program printed, and its exit code.
pub struct CliOutput {
    /// The exit code; -1 after a signal.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl CliOutput {
    /// Reads the output, and checks that it contains no planted secret.
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let output = Self {
            code: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        };
        for secret in [BOT_TOKEN, API_KEY, "owl_pat_", "planted"] {
            assert!(
                !output.out.contains(secret) && !output.err.contains(secret),
                "{output:?}"
            );
        }
        assert!(!output.err.contains("panicked"), "{output:?}");
        output
    }

    /// Parses the output of `--format json`, and checks each line against the schema.
    pub fn objects(&self) -> Vec<Value> {
        let parse = |line: &str| -> Value {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            check_line(&value);
            value
        };
        self.out.lines().map(parse).collect()
    }

    /// Returns the first object of this type.
    pub fn object(&self, kind: &str) -> Value {
        let found = self.objects().into_iter().find(|object| object["type"] == kind);
        found.unwrap_or_else(|| panic!("no {kind}: {self:?}"))
    }
}

impl std::fmt::Debug for CliOutput {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "exit {}\n--- out\n{}--- err\n{}",
            self.code, self.out, self.err
        )
    }
}

/// A project, and a server to apply it to.
pub struct CliProject {
    /// The project.
    pub project: TempProject,
    server: ServeProcess,
    data: tempfile::TempDir,
}

impl CliProject {
    /// Creates the project and a server that stores platforms without starting them, so that secrets can be compared.
    pub fn new() -> Self {
        Self::serving(&["--local"])
    }

    /// Creates the project and a server that starts platforms and redacts secrets.
    pub fn live() -> Self {
        Self::serving(&[])
    }

    fn serving(flags: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut command = serve(data.path());
        command.args(flags);
        Self {
            project: TempProject::new(FILES),
            server: ServeProcess::start(command, data.path()),
            data,
        }
    }

    /// Creates a token with this scope on the server, and returns it.
    pub fn create_token(&self, scope: &str) -> String {
        let mut command = lobuctl(self.path());
        command.args(["serve", "token", "create", "--scope", scope, "--data-dir"]);
        let output = command.arg(self.data.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let token = text.split_whitespace().find(|word| word.starts_with("owl_pat_"));
        token.unwrap_or_else(|| panic!("no token: {text}")).to_owned()
    }

    /// Returns the token of the server's first start.
    pub fn token(&self) -> String {
        self.server.token()
    }

    /// Returns the URL of the server.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// Returns the folder of the project.
    pub fn path(&self) -> &Path {
        self.project.path()
    }

    /// Replaces the first occurrence of a text in a file, at once: who watches it never reads half of it.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        let beside = path.with_file_name(".edited");
        std::fs::write(&beside, text.replacen(from, to, 1)).unwrap();
        std::fs::rename(beside, path).unwrap();
    }

    /// Returns the program with these arguments, the folder, the server and the secrets.
    pub fn command(&self, line: &str) -> Command {
        let mut command = lobuctl(self.path());
        command
            .args(line.split_whitespace())
            .current_dir(self.path())
            .env("LOBU_API_URL", self.url())
            .env("LOBU_API_TOKEN", self.server.token())
            .env("BOT_TOKEN", BOT_TOKEN)
            .env("API_KEY", API_KEY);
        command
    }

    /// Runs the program.
    pub fn run(&self, line: &str) -> CliOutput {
        CliOutput::of(&self.command(line).output().unwrap())
    }

    /// Runs the program, and checks the exit code.
    pub fn expect_exit(&self, line: &str, code: i32) -> CliOutput {
        let output = self.run(line);
        assert_eq!(output.code, code, "`{line}`: {output:?}");
        output
    }

    /// Runs the program. Returns a transcript: standard output, standard error, exit code.
    pub fn script(&self, line: &str) -> String {
        let output = self.run(line);
        let marked = |mark: &str, text: &str| {
            text.lines()
                .fold(String::new(), |all, line| all + mark + "| " + line + "\n")
        };
        let text = format!(
            "$ lobuctl {line}\n{}{}exit {}\n",
            marked("out", &output.out),
            marked("err", &output.err),
            output.code
        );
        let text = text
            .replace(self.url(), "SERVER")
            .replace(&self.path().display().to_string(), "PROJECT");
        without_run_ids(&text)
    }
}

/// Runs the program in a folder that is its home too, without a server and a token.
pub fn alone(folder: &Path, line: &str) -> CliOutput {
    let mut command = lobuctl(folder);
    command.args(line.split_whitespace()).current_dir(folder);
    CliOutput::of(&command.output().unwrap())
}

/// Replaces each id of a run, which begins with a time.
pub fn without_run_ids(text: &str) -> String {
    const LENGTH: usize = "20261129-150215-a1b2c3".len();
    let mut rest = text;
    let mut shown = String::new();
    while let Some(first) = rest.chars().next() {
        let is_id = rest.get(..LENGTH).is_some_and(|word| word.parse::<RunId>().is_ok());
        let taken = if is_id { LENGTH } else { first.len_utf8() };
        shown.push_str(if is_id { "RUN" } else { &rest[..taken] });
        rest = &rest[taken..];
    }
    shown
}
