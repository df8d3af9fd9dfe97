//! Signing in with the real program at the real server, on a terminal and without one.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::support::program::cli::CliOutput;
use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};
use crate::support::program::serve_process::{ServeProcess, lobuctl, maintain};

/// A person in front of the server's pages.
struct Person {
    server: String,
    cookie: Option<String>,
}

impl Person {
    /// Signs the person in with a one-time link.
    async fn signed_in(server: &ServeProcess, data: &Path) -> Self {
        let printed = maintain(data, &["login-link", "bootstrap-user"]);
        let text = String::from_utf8_lossy(&printed.stdout);
        let link = text
            .split_once("link=")
            .and_then(|(_, rest)| rest.split_whitespace().next());
        let link = link.unwrap_or_else(|| panic!("{printed:?}"));
        let mut person = Self {
            server: server.url.clone(),
            cookie: None,
        };
        let form = "application/x-www-form-urlencoded";
        let (status, page) = person.post("/oauth/sign-in", form, format!("link={link}")).await;
        assert_eq!(status, 303, "{page}");
        person
    }

    /// Sends a body as a page of the server would. Returns status and body.
    async fn post(&mut self, path: &str, content_type: &str, body: String) -> (u16, String) {
        // Fails when another test has installed it before, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        let mut request = client.post(format!("{}{path}", self.server)).body(body);
        request = request
            .header("content-type", content_type)
            .header("origin", &self.server);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let response = request.send().await.unwrap();
        if let Some(cookie) = response.headers().get("set-cookie") {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            self.cookie = Some(pair.to_owned());
        }
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Decides about a code, for the organization `dev`.
    async fn decide(&mut self, code: &str, approved: bool) {
        let body = json!({ "user_code": code, "approved": approved, "organization_id": "org-bootstrap-dev" });
        let (status, text) = self
            .post("/oauth/device/approve", "application/json", body.to_string())
            .await;
        assert_eq!(status, 200, "{text}");
    }
}

/// Runs the program in a home folder.
fn run(home: &Path, line: &str) -> CliOutput {
    let mut command = lobuctl(home);
    command.args(line.split_whitespace()).current_dir(home);
    CliOutput::of(&command.output().unwrap())
}

fn object(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn signs_in_at_the_embedded_server_and_works_with_it() {
    let (data, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = ServeProcess::on_sqlite(data.path());
    let mut person = Person::signed_in(&server, data.path()).await;
    for approved in [false, true] {
        let mut command = lobuctl(home.path());
        command.args(["login", "--no-browser", "--format", "json", "--url", &server.url]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let prompt = object(&lines.next().unwrap());
        person.decide(prompt["user_code"].as_str().unwrap(), approved).await;
        let last = object(&lines.last().unwrap());
        let code = child.wait().unwrap().code();
        if approved {
            assert_eq!((&last["organization"], code), (&json!("dev"), Some(0)), "{last}");
        } else {
            assert_eq!(code, Some(1), "{last}");
            assert_eq!(run(home.path(), "whoami").code, 1, "nobody is signed in");
        }
    }
    let shown = run(home.path(), "whoami --format json").object("session");
    assert_eq!(shown["organizations"][0]["slug"], "dev", "{shown}");
    assert!(run(home.path(), "org").out.starts_with("* dev"));
    let token = lobuctl(home.path()).arg("token").output().unwrap().stdout;
    assert!(token.len() > 20 && token.ends_with(b"\n"));

    assert_eq!(run(home.path(), "init --yes").code, 0);
    let applied = run(home.path(), "apply --yes");
    assert!(
        applied.code == 0 && applied.out.contains("created agent assistant"),
        "{applied:?}"
    );
    assert_eq!(run(home.path(), "doctor").code, 0);

    let logout = run(home.path(), "logout --format json").object("logout");
    assert_eq!(logout["revoked"], true, "{logout}");
    assert_eq!(run(home.path(), "whoami").code, 1);
    assert_eq!(run(home.path(), "plan").code, 1);
}

/// Puts a program in the place of the one that opens addresses, which keeps the address instead.
fn browser_that_keeps_the_address(folder: &Path) -> String {
    let (programs, kept) = (folder.join("bin"), folder.join("opened"));
    fs::create_dir(&programs).unwrap();
    let script = format!("#!/bin/sh\nprintf %s \"$1\" > {}\n", kept.display());
    for name in ["xdg-open", "gio", "gnome-open", "kde-open", "wslview"] {
        fs::write(programs.join(name), &script).unwrap();
        fs::set_permissions(programs.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    format!("{}:/usr/bin:/bin", programs.display())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_gets_a_browser_at_the_page_with_the_code() {
    let (data, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = ServeProcess::on_sqlite(data.path());
    let mut person = Person::signed_in(&server, data.path()).await;
    let mut command = lobuctl_on_a_terminal(home.path(), "");
    command.args(["login", "--url", &server.url]);
    command.env("PATH", browser_that_keeps_the_address(home.path()));
    let pty = Pty::start(command, 100, 30);
    let text = pty.until("a browser was opened");
    let code = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("code "))
        .unwrap()
        .trim()
        .to_owned();
    person.decide(&code, true).await;
    let (exit, text) = pty.ended();
    assert_eq!(exit, 0, "{text}");
    let opened = fs::read_to_string(home.path().join("opened")).unwrap();
    assert_eq!(opened, format!("{}/oauth/device?user_code={code}", server.url));
    assert_eq!(run(home.path(), "whoami").code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_does_not_show_the_token_that_is_typed() {
    let (data, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = ServeProcess::on_sqlite(data.path());
    let token = server.token();
    let start = || {
        let mut command = lobuctl_on_a_terminal(home.path(), "");
        command.args(["login", "--token-stdin", "--org", "dev", "--url", &server.url]);
        let pty = Pty::start(command, 100, 30);
        pty.until("oken");
        pty
    };
    let mut given_up = start();
    given_up.keys("<c-c>");
    let (exit, text) = given_up.ended();
    assert!(exit != 0, "{text}");
    let mut wrong = start();
    let other = if token.ends_with('x') { 'y' } else { 'x' };
    wrong.line(&format!("{}{other}", &token[..token.len() - 1]));
    let (exit, text) = wrong.ended();
    assert!(exit == 1 && !text.contains("owl_pat_"), "{text}");
    assert_eq!(
        run(home.path(), "whoami").code,
        1,
        "a token that the server refuses is not kept"
    );
    let mut right = start();
    right.line(&token);
    let (exit, text) = right.ended();
    assert!(exit == 0 && !text.contains("owl_pat_"), "{text}");
    assert_eq!(run(home.path(), "whoami").code, 0);
}
