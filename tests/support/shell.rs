//! A project in a folder, a server in a process of its own, and the real binary in between.
#![allow(dead_code)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::process::{Process, lobuctl, serve};
use super::project::TempProject;

/// Values that must never be seen.
pub const BOT_TOKEN: &str = "4711:planted-bot-token";
/// The same for a provider.
pub const API_KEY: &str = "sk-planted-api-key";

/// Two agents, two platforms, types with a rule.
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

/// What a run of the program left.
pub struct Told {
    /// The exit code; -1 after a signal.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Told {
    /// Checks that no planted value is in it.
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let told = Self {
            code: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        };
        for secret in [BOT_TOKEN, API_KEY, "owl_pat_", "planted"] {
            assert!(!told.out.contains(secret) && !told.err.contains(secret), "{told:?}");
        }
        assert!(!told.err.contains("panicked"), "{told:?}");
        told
    }

    /// The objects of `--format json`: each line is one, with its type, its schema and its time.
    pub fn objects(&self) -> Vec<Value> {
        let parse = |line: &str| -> Value {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(value["type"].is_string() && value["schema"] == 1, "{line}");
            let stamp: Result<jiff::Timestamp, _> = value["ts"].as_str().unwrap_or_default().parse();
            assert!(stamp.is_ok(), "{line}");
            value
        };
        self.out.lines().map(parse).collect()
    }

    /// The first object of this type.
    pub fn object(&self, kind: &str) -> Value {
        let found = self.objects().into_iter().find(|object| object["type"] == kind);
        found.unwrap_or_else(|| panic!("no {kind}: {self:?}"))
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "exit {}\n--- out\n{}--- err\n{}",
            self.code, self.out, self.err
        )
    }
}

/// A project and a server.
pub struct Shell {
    /// The project.
    pub project: TempProject,
    server: Process,
    _data: tempfile::TempDir,
}

impl Shell {
    /// With a server that stores platforms and starts none, so that secrets can be compared.
    pub fn new() -> Self {
        Self::serving(&["--local"])
    }

    /// With a server that starts platforms and redacts secrets.
    pub fn live() -> Self {
        Self::serving(&[])
    }

    fn serving(flags: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut command = serve(data.path());
        command.args(flags);
        Self {
            project: TempProject::new(FILES),
            server: Process::start(command, data.path()),
            _data: data,
        }
    }

    /// Where the server is.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.project.path()
    }

    /// Replaces some text of a file.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// The program with the project, the server and its secrets.
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

    /// Runs it.
    pub fn run(&self, line: &str) -> Told {
        Told::of(&self.command(line).output().unwrap())
    }

    /// Runs it, and checks the exit code.
    pub fn ends(&self, line: &str, code: i32) -> Told {
        let told = self.run(line);
        assert_eq!(told.code, code, "`{line}`: {told:?}");
        told
    }

    /// What `line` says, as a script: standard output, standard error, exit code.
    pub fn script(&self, line: &str) -> String {
        let told = self.run(line);
        let marked = |mark: &str, text: &str| {
            text.lines()
                .fold(String::new(), |all, line| all + mark + "| " + line + "\n")
        };
        let text = format!(
            "$ lobuctl {line}\n{}{}exit {}\n",
            marked("out", &told.out),
            marked("err", &told.err),
            told.code
        );
        text.replace(self.url(), "SERVER")
            .replace(&self.path().display().to_string(), "PROJECT")
    }
}
