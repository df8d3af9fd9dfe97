//! The program as a shell sees it: streams, exit codes, signals.

use std::fs;
use std::process::{Output, Stdio};
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::deadline::wait_for_async;
use crate::support::server::stub::{StubReply, StubServer};
use crate::support::snapshot::check;

const PROJECT: &str = "[agents.triage]\nname = \"Triage\"\ndir = \".\"\n\n[memory]\norg = \"dev\"\n";

struct ProgramFolder(TempDir);

impl ProgramFolder {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("lobu.toml"), PROJECT).unwrap();
        Self(folder)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(cargo_bin("lobuctl"));
        command
            .args(line.split_whitespace())
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, line: &str) -> String {
        let output = self.command(line).output().await.unwrap();
        let transcript = self.transcript(&output);
        assert!(!transcript.contains("hunter2"), "{transcript}");
        format!("$ lobuctl {line}\n{transcript}")
    }

    fn transcript(&self, output: &Output) -> String {
        let stream = |name: &str, bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let text = text.replace(&self.0.path().display().to_string(), "PROJECT");
            text.lines()
                .fold(String::new(), |transcript, line| transcript + name + "| " + line + "\n")
        };
        let code = output
            .status
            .code()
            .map_or("a signal".to_owned(), |code| code.to_string());
        format!(
            "{}{}exit {code}\n",
            stream("out", &output.stdout),
            stream("err", &output.stderr)
        )
    }
}

#[tokio::test]
async fn what_cannot_be_carried_out_is_refused_at_once() {
    let shell = ProgramFolder::new();
    let mut transcript = Vec::new();
    for line in [
        "plan --nope",
        "plan --yes",
        "--yes plan",
        "apply",
        "",
        "plan",
        "plan --url http://user:hunter2@localhost:1",
        "plan --url http://lobu.example",
        "plan --url http://localhost:1/mcp/dev",
        "plan --context prod",
        "plan --config nope.toml",
        "whoami --offline --url http://127.0.0.1:8787/lobu",
        "context",
        "context use prod",
    ] {
        transcript.push(shell.run(line).await);
    }
    check("refused", &transcript.join("\n"));
}

#[tokio::test]
async fn version_help_completions_and_schema_go_to_standard_output() {
    let shell = ProgramFolder::new();
    for line in [
        "--version",
        "--help",
        "help plan",
        "completions bash",
        "completions zsh",
        "schema",
    ] {
        let output = shell.command(line).output().await.unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{line}: {output:?}"
        );
        assert!(!output.stdout.is_empty(), "{line}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_a_run_that_waits() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let stub = StubServer::start(vec![StubReply::Hang]).await;
        let shell = ProgramFolder::new();
        let mut command = shell.command("apply --yes");
        command.env("LOBU_API_TOKEN", "t").env("LOBU_API_URL", &stub.url);
        let child = command.spawn().unwrap();
        let asked = || (!stub.requests().is_empty()).then_some(());
        wait_for_async(asked, || "the program sends no request".to_owned()).await;
        let pid = child.id().unwrap().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .await
                .unwrap()
                .success()
        );
        let ended = tokio::time::timeout(Duration::from_secs(10), child.wait_with_output()).await;
        let output = ended.expect("the program ends").unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", shell.transcript(&output));
    }
}
