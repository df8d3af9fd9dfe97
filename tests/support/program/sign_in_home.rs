//! A home folder, and a server to sign in to with the real program.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::cli::CliOutput;
use super::serve_process::lobuctl;
use crate::support::server::identity::IdentityServer;

/// A home folder, and a server to sign in to.
pub struct SignInHome {
    /// The home folder.
    pub home: TempDir,
    /// The server.
    pub server: IdentityServer,
}

impl SignInHome {
    /// Creates an empty home, and a server that finds these decisions when it is polled.
    pub async fn new(polls: &[&'static str]) -> Self {
        Self {
            home: TempDir::new().unwrap(),
            server: IdentityServer::start(polls).await,
        }
    }

    /// Returns a desk that is signed in, with a token that ends after some seconds, or has ended before.
    pub async fn signed_in(ends_in: i64) -> Self {
        let desk = Self::new(&["approved"]).await;
        let (access, refresh) = desk.server.issue();
        let url = &desk.server.url;
        desk.put("config.json", &json!({
            "currentContext": "desk", "contexts": {"desk": {"url": url, "apiUrl": format!("{url}/lobu/api/v1"), "activeOrg": "desk"}},
        }));
        desk.put(
            "credentials.json",
            &json!({
                "version": 2, "contexts": {"desk": {
                    "accessToken": access, "refreshToken": refresh, "expiresAt": now_ms() + ends_in * 1000,
                    "oauth": {"clientId": "mcp_client_7", "tokenEndpoint": format!("{url}/oauth/token"),
                              "revocationEndpoint": format!("{url}/oauth/revoke")},
                }},
            }),
        );
        desk
    }

    /// Writes one of the files of the `lobu` CLI.
    pub fn put(&self, name: &str, value: &Value) {
        use std::os::unix::fs::PermissionsExt;
        let folder = self.home.path().join(".config/lobu");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), value.to_string()).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Returns the stored credentials; `null` when there is no file.
    pub fn credentials(&self) -> Value {
        let text = fs::read_to_string(self.home.path().join(".config/lobu/credentials.json"));
        text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
    }

    /// Returns the credential of the context `desk`.
    pub fn credential(&self) -> Value {
        self.credentials()["contexts"]["desk"].clone()
    }

    /// Returns the program with these arguments.
    pub fn command(&self, line: &str) -> Command {
        let mut command = lobuctl(self.home.path());
        command.args(line.split_whitespace()).current_dir(self.home.path());
        command
    }

    /// Runs the program, and checks that no secret is in what it prints.
    pub fn run(&self, line: &str) -> CliOutput {
        checked(CliOutput::of(&self.command(line).output().unwrap()))
    }

    /// Runs the program with a text on its standard input.
    pub fn type_into(&self, line: &str, text: &str) -> CliOutput {
        let mut command = self.command(line);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that has ended does not read.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        checked(CliOutput::of(&child.wait_with_output().unwrap()))
    }

    /// Signs in with a code.
    pub fn login(&self, more: &str) -> CliOutput {
        self.run(&format!(
            "login --url {} --context desk --no-browser {more}",
            self.server.url
        ))
    }

    /// Signs in with a token.
    pub fn login_with(&self, token: &str, more: &str) -> CliOutput {
        let line = format!("login --url {} --context desk --token-stdin {more}", self.server.url);
        self.type_into(&line, &format!("{token}\n"))
    }
}

/// Checks that nothing was printed that is secret: every secret of these tests has the word `planted`.
pub fn checked(output: CliOutput) -> CliOutput {
    assert!(
        !output.out.contains("planted") && !output.err.contains("planted"),
        "{output:?}"
    );
    output
}

/// Returns the time in milliseconds since 1970.
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
