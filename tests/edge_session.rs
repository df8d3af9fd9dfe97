//! Which server, which organization, which token: who wins, and what goes where.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use lobuctl::failure::Failure;
use lobuctl::session::{Account, Flags, Inputs, ProjectLink, Session, SessionError, Stored, ValueSource};
use tempfile::TempDir;

use crate::support::snapshot::check;

const CONFIG: &str = r#"{
  "currentContext": "dev",
  "contexts": {
    "dev": {"apiUrl": "http://127.0.0.1:8787", "label": "laptop"},
    "prod": {"apiUrl": "https://app.lobu.example/lobu"}
  },
  "telemetry": false
}
"#;
const CREDENTIALS: &str = r#"{"version": 2, "contexts": {
  "dev": {"accessToken": "dev-secret"},
  "prod": {"accessToken": "prod-secret", "refreshToken": "r", "expiresAt": 1}
}}"#;

fn home(files: &[(&str, &str)]) -> TempDir {
    let home = TempDir::new().unwrap();
    for (name, text) in files {
        let path = home.path().join(".config").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    home
}

fn usual() -> TempDir {
    home(&[("lobu/config.json", CONFIG), ("lobu/credentials.json", CREDENTIALS)])
}

fn map(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn read(home: &Path) -> Stored {
    Stored::read(&BTreeMap::new(), Some(home), Some(&home.join(".config/lobuctl"))).unwrap()
}

/// Flags as `--name value` words, variables as `NAME=value`, the project's organization as `org=…`, and its link as
/// `link=CONTEXT/ORG`.
fn choose(stored: &Stored, line: &str) -> Result<Session, SessionError> {
    let mut flags = Flags::default();
    let mut environment = BTreeMap::new();
    let mut project = None;
    let mut link = ProjectLink::default();
    let mut words = line.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "--url" => flags.url = words.next().map(str::to_owned),
            "--org" => flags.org = words.next().map(str::to_owned),
            "--context" => flags.context = words.next().map(str::to_owned),
            "--protect" => flags.protect = true,
            other => {
                let (name, value) = other.split_once('=').unwrap();
                match name {
                    "org" => project = Some(value),
                    "link" => {
                        let (context, organization) = value.split_once('/').unwrap();
                        link.context = Some(context.to_owned());
                        link.organization = Some(organization.to_owned());
                    }
                    _ => drop(environment.insert(name.to_owned(), value.to_owned())),
                }
            }
        }
    }
    Session::of(Account::choose(&Inputs {
        flags,
        environment: &environment,
        project_organization: project,
        link: &link,
        stored,
    })?)
}

/// `server organization token`, each with where it came from.
fn session_line(stored: &Stored, line: &str) -> String {
    match choose(stored, line) {
        Ok(session) => {
            let token = session.token.as_ref();
            let token = token.map_or("-".to_owned(), |token| {
                format!("{} ({})", token.value.expose(), token.source)
            });
            let (url, organization) = (&session.url, &session.organization);
            format!(
                "{} ({}) {} ({}) {token}",
                url.value, url.source, organization.value, organization.source
            )
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn flags_win_over_environment_and_environment_over_files() {
    let home = usual();
    let stored = read(home.path());
    let lines = [
        "org=file",
        "org=file LOBU_MEMORY_ORG=env",
        "org=file LOBU_MEMORY_ORG=env --org flag",
        "org=file LOBU_ORG=apply LOBU_MEMORY_ORG=env",
        "org=file link=prod/linked",
        "link=prod/linked",
        "link=prod/linked LOBU_CONTEXT=dev",
        "link=elsewhere/linked",
        "org=file LOBU_CONTEXT=prod",
        "org=file LOBU_CONTEXT=prod --context dev",
        "org=file LOBU_API_URL=http://localhost:1",
        "org=file LOBU_API_URL=http://localhost:1 LOBU_API_TOKEN=env-secret",
        "org=file LOBU_API_URL=http://localhost:1 --context prod",
        "org=file LOBU_API_URL=http://localhost:1 --url https://app.lobu.example",
        "org=file LOBU_MEMORY_URL=http://127.0.0.1:8787/mcp/acme",
        "LOBU_MEMORY_URL=http://127.0.0.1:8787/mcp/acme",
        "org=file --url http://127.0.0.1:8787/mcp/acme LOBU_MEMORY_ORG=env",
        "org=file --url http://127.0.0.1:8787/mcp/acme --org flag",
        "org=file --url http://127.0.0.1:9999",
        "org=file --url https://127.0.0.1:8787",
        "org=file --context nope",
        "org=file --url ftp://x",
        "org=file LOBU_API_URL=https://u:hunter2@x",
        "org=a/b",
        "",
    ];
    let table: Vec<String> = lines
        .iter()
        .map(|line| format!("{line}\n    {}", session_line(&stored, line)))
        .collect();
    check("session_precedence", &table.join("\n"));
}

#[test]
fn a_protected_context_is_recognized_by_every_spelling_of_its_host() {
    let home = home(&[
        ("lobu/config.json", CONFIG),
        (
            "lobuctl/config.toml",
            "[context.dev]\nprotected = true\n[context.prod]\nprotected = true\n",
        ),
    ]);
    let stored = read(home.path());
    let is_protected = |url: &str| choose(&stored, &format!("org=x --url {url}")).unwrap().protected;
    for url in [
        "http://localhost:8787",
        "http://LOCALHOST.:8787/prefix",
        "http://127.1:8787",
        "http://127.0.0.2:8787",
        "http://0.0.0.0:8787",
        "http://[::1]:8787",
        "http://[::ffff:127.0.0.1]:8787",
        "http://dev.localhost:8787",
        "https://app.lobu.example:443",
        "https://APP.lobu.example./other",
        "http://app.lobu.example",
    ] {
        assert!(is_protected(url), "{url}");
    }
    for url in [
        "http://127.0.0.1:8788",
        "https://app.lobu.example:8443",
        "https://lobu.example",
    ] {
        assert!(!is_protected(url), "{url}");
    }
}

#[test]
fn a_stored_credential_goes_to_its_own_server_only() {
    let home = usual();
    let stored = read(home.path());
    for url in [
        "http://127.0.0.1:1",
        "https://evil.example",
        "http://app.lobu.example",
        "https://app.lobu.example.evil.example",
    ] {
        let session = choose(&stored, &format!("org=x --url {url}")).unwrap();
        assert!(session.token.is_none(), "{url}");
        let failure = Failure::from(session.token().unwrap_err());
        assert!(failure.hints[0].contains("LOBU_API_TOKEN"), "{failure:?}");
        assert!(failure.hints[0].contains("not sent to it"), "{failure:?}");
    }
    let session = choose(&stored, "org=x --url https://app.lobu.example/other").unwrap();
    assert_eq!(session.token.unwrap().source, ValueSource::Credentials("prod".into()));
}

#[test]
fn nothing_known_says_where_it_looked() {
    let empty = TempDir::new().unwrap();
    let stored = read(empty.path());
    let failures = ["", "--url http://localhost:1", "LOBU_CONTEXT=dev"]
        .map(|line| Failure::from(choose(&stored, line).unwrap_err()));
    let mut text = Vec::new();
    for failure in failures {
        failure.print(&mut text, false).unwrap();
    }
    let text = String::from_utf8(text)
        .unwrap()
        .replace(&empty.path().display().to_string(), "HOME");
    check("session_nothing_known", &text);
}

#[test]
fn broken_stored_files_are_reported_and_stop_only_commands_that_need_them() {
    let home = home(&[
        ("lobu/config.json", "{\"contexts\": 3, \"x\": \"hunter2\"}"),
        ("lobu/credentials.json", "hunter2"),
    ]);
    let stored = read(home.path());
    let session = choose(&stored, "org=x --url http://localhost:1").unwrap();
    assert_eq!(session.warnings.len(), 2, "{:?}", session.warnings);
    assert!(session.warnings[0].ends_with("config.json cannot be used: line 1, column 14: not the expected shape"));
    assert!(!session.warnings.concat().contains("hunter2"));
    assert!(matches!(choose(&stored, "org=x"), Err(SessionError::File { .. })));
}

#[test]
fn other_versions_of_the_credentials_are_left_alone() {
    let home = home(&[("lobu/credentials.json", r#"{"version": 3}"#)]);
    let session = choose(&read(home.path()), "org=x --url http://localhost:1").unwrap();
    assert!(session.warnings[0].ends_with("its version is 3, and only 2 is known"));
}

#[test]
fn credentials_that_others_can_read_are_warned_about() {
    let home = usual();
    let path = home.path().join(".config/lobu/credentials.json");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let session = choose(&read(home.path()), "org=x").unwrap();
    assert!(session.warnings[0].contains("chmod 600"), "{:?}", session.warnings);
    assert!(session.token.is_some());
}

#[test]
fn a_guard_holds_by_name_and_by_server_and_is_never_skipped() {
    let guarded = |text: &str| home(&[("lobu/config.json", CONFIG), ("lobuctl/config.toml", text)]);
    let home = guarded("[context.prod]\nprotected = true\n");
    let stored = read(home.path());
    assert!(choose(&stored, "org=x --context prod").unwrap().protected);
    assert!(
        choose(&stored, "org=x --url https://app.lobu.example/lobu")
            .unwrap()
            .protected
    );
    assert!(!choose(&stored, "org=x").unwrap().protected);
    assert!(choose(&stored, "org=x --protect").unwrap().protected);
    let everything = guarded(
        "theme = \"dark\"\nmouse = false\ndiff = \"unified\"\npane-width = 40\nnotify = false\n[colors]\nid = \"red\"\n\
                              [context.prod]\ncolor = \"red\"\nprotected = true\n",
    );
    assert!(
        choose(&read(everything.path()), "org=x --context prod")
            .unwrap()
            .protected
    );
    for broken in [
        "[contexts.prod]\nprotected = true",
        "[context.prod]\nprotect = true",
        "[[",
        "context = 1",
    ] {
        let home = guarded(broken);
        assert!(
            Stored::read(
                &BTreeMap::new(),
                Some(home.path()),
                Some(&home.path().join(".config/lobuctl"))
            )
            .is_err(),
            "{broken}"
        );
    }
}

#[test]
fn the_folders_can_be_elsewhere() {
    let home = usual();
    let folder = home.path().join(".config/lobu").display().to_string();
    let stored = Stored::read(&map(&[("LOBU_CONFIG_DIR", &folder)]), None, None).unwrap();
    assert_eq!(choose(&stored, "org=x").unwrap().context.as_deref(), Some("dev"));
}

#[test]
fn a_session_does_not_print_its_token() {
    let home = usual();
    let stored = read(home.path());
    let session = choose(&stored, "org=x").unwrap();
    assert!(!format!("{session:?}{stored:?}").contains("dev-secret"));
}
