//! The files that lobuctl shares with the `lobu` CLI: what is written, what stays, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use lobuctl::remote::ServerUrl;
use lobuctl::resource::Secret;
use lobuctl::session::{
    Account, Flags, Inputs, LobuFolder, OAuthClientRecord, ProjectLink, Stored, StoredCredential, summaries,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::chance::Chance;
use crate::support::deadline::{settle, wait_for};
use crate::support::program::cli::{CliOutput, alone};
use crate::support::program::serve_process::lobuctl;

/// Files of the `lobu` CLI, with keys that lobuctl does not know at every level.
const CONFIG: &str = r#"{
  "telemetry": {"id": 7},
  "currentContext": "dev",
  "contexts": {
    "dev": {"apiUrl": "http://127.0.0.1:8787/lobu/api/v1", "label": "laptop"},
    "later": {"url": "https://later.example", "activeOrg": "desk", "lifecycle": "own", "cwd": "/srv"}
  }
}"#;
const CREDENTIALS: &str = r#"{"version": 2, "note": "mine", "contexts": {
  "dev": {"accessToken": "dev-secret", "refreshToken": "dev-refresh", "expiresAt": 1900000000000, "agentId": "a-1"},
  "later": {"accessToken": "later-secret", "localWorkerToken": "worker",
            "oauth": {"clientId": "client", "tokenEndpoint": "https://later.example/oauth/token", "extra": true}}
}}"#;

/// A home folder with the files of the `lobu` CLI.
struct LobuHome(TempDir);

impl LobuHome {
    fn new(files: &[(&str, &str)]) -> Self {
        let home = Self(TempDir::new().unwrap());
        fs::create_dir_all(home.folder()).unwrap();
        for (name, text) in files {
            home.put(name, text, 0o600);
        }
        home
    }

    fn usual() -> Self {
        Self::new(&[("config.json", CONFIG), ("credentials.json", CREDENTIALS)])
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join(".config/lobu")
    }

    fn put(&self, name: &str, text: &str, mode: u32) {
        let path = self.folder().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn read(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.folder().join(name)).unwrap()).unwrap()
    }

    fn run(&self, line: &str) -> CliOutput {
        alone(self.0.path(), line)
    }

    fn stored(&self) -> Stored {
        Stored::read(&BTreeMap::new(), Some(self.0.path()), None).unwrap()
    }

    fn lobu_folder(&self) -> LobuFolder {
        LobuFolder::find(&BTreeMap::new(), Some(self.0.path())).unwrap()
    }

    /// Returns the account that a context leads to.
    fn account(&self, context: Option<&str>) -> Account {
        let flags = Flags {
            context: context.map(str::to_owned),
            ..Flags::default()
        };
        let inputs = Inputs {
            flags,
            environment: &BTreeMap::new(),
            project_organization: None,
            link: &ProjectLink::default(),
            stored: &self.stored(),
        };
        Account::choose(&inputs).unwrap()
    }

    fn assert_private(&self) {
        for entry in fs::read_dir(self.folder()).unwrap().flatten() {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", entry.path().display());
        }
    }
}

fn credential(access: &str) -> StoredCredential {
    StoredCredential {
        access: Secret::new(access),
        refresh: Some(Secret::new("new-refresh")),
        expires_at: Some(jiff::Timestamp::from_second(1_900_000_000).unwrap()),
        name: Some("Mira".to_owned()),
        email: None,
        user_id: None,
        scope: Some("mcp:read".to_owned()),
        oauth: Some(OAuthClientRecord {
            client_id: "client-2".to_owned(),
            ..OAuthClientRecord::default()
        }),
    }
}

#[test]
fn contexts_of_both_generations_are_read_as_the_server_that_they_mean() {
    let home = LobuHome::usual();
    assert_eq!(home.account(None).url.value.to_string(), "http://127.0.0.1:8787");
    let later = home.account(Some("later"));
    assert_eq!(later.url.value.to_string(), "https://later.example");
    assert_eq!(later.organization.unwrap().value, "desk");
    let credential = later.credential.unwrap();
    assert_eq!(credential.oauth.unwrap().client_id, "client");
    assert_eq!(credential.expires_at, None);
}

#[test]
fn a_credential_without_a_context_belongs_to_the_server_that_the_lobu_cli_knows() {
    for text in [
        r#"{"accessToken": "bare", "refreshToken": "r"}"#,
        r#"{"version": 2, "contexts": {"lobu": {"accessToken": "bare"}}}"#,
    ] {
        let account = LobuHome::new(&[("credentials.json", text)]).account(None);
        assert_eq!(account.url.value.to_string(), "https://app.lobu.ai");
        assert_eq!(account.token().unwrap().expose(), "bare");
    }
    // Without a credential for it, nobody is sent there unasked.
    let empty = LobuHome::new(&[]);
    assert!(summaries(&empty.stored()).is_empty());
    assert_eq!(empty.account(Some("lobu")).url.value.host(), "app.lobu.ai");
}

#[tokio::test]
async fn what_is_written_leaves_every_unknown_key_as_it_was() {
    let home = LobuHome::usual();
    let locked = home.lobu_folder().lock().await.unwrap();
    let (url, _) = ServerUrl::parse("https://new.example").unwrap();
    assert!(!locked.add_context("new", &url, Some("acme")).unwrap());
    locked.use_context("later").unwrap();
    locked.use_organization("later", "support").unwrap();
    locked.store_credential("later", &credential("new-secret")).unwrap();
    drop(locked);

    let mut config: Value = serde_json::from_str(CONFIG).unwrap();
    config["currentContext"] = "later".into();
    config["contexts"]["later"]["activeOrg"] = "support".into();
    config["contexts"]["new"] = json!({
        "url": "https://new.example", "apiUrl": "https://new.example/lobu/api/v1", "activeOrg": "acme",
    });
    assert_eq!(home.read("config.json"), config);
    assert_eq!(home.read("memory.json"), json!({"version": 1, "activeOrg": "support"}));

    let written = home.read("credentials.json");
    assert_eq!(
        (&written["note"], &written["contexts"]["dev"]["agentId"]),
        (&json!("mine"), &json!("a-1"))
    );
    assert_eq!(
        written["contexts"]["later"],
        json!({
            "accessToken": "new-secret", "localWorkerToken": "worker", "refreshToken": "new-refresh",
            "expiresAt": 1_900_000_000_000_i64, "name": "Mira", "scope": "mcp:read",
            "oauth": {"clientId": "client-2", "extra": true},
        })
    );
    assert_eq!(home.account(Some("later")).credential, Some(credential("new-secret")));
    home.assert_private();
}

#[tokio::test]
async fn a_context_never_changes_its_server_and_a_removed_one_leaves_no_token() {
    let home = LobuHome::usual();
    let locked = home.lobu_folder().lock().await.unwrap();
    let (other, _) = ServerUrl::parse("https://evil.example").unwrap();
    assert!(locked.add_context("dev", &other, None).is_err());
    assert_eq!(home.read("config.json"), serde_json::from_str::<Value>(CONFIG).unwrap());
    let removed = locked.remove_context("dev").unwrap();
    assert!(
        removed.existed && removed.was_current && removed.had_credential,
        "{removed:?}"
    );
    assert!(!locked.remove_context("dev").unwrap().existed);
    for file in ["config.json", "credentials.json"] {
        assert!(
            !home.read(file)["contexts"].as_object().unwrap().contains_key("dev"),
            "{file}"
        );
    }
}

#[test]
fn files_that_others_can_change_are_refused_and_those_that_they_can_read_are_warned_about() {
    let home = LobuHome::usual();
    home.put("credentials.json", CREDENTIALS, 0o644);
    let account = home.account(None);
    assert!(
        account.token.is_some() && account.warnings[0].contains("chmod 600"),
        "{:?}",
        account.warnings
    );

    home.put("credentials.json", CREDENTIALS, 0o622);
    let account = home.account(None);
    assert!(account.token.is_none() && account.warnings[0].contains("other users can change it"));

    home.put("config.json", CONFIG, 0o602);
    let refused = home.run("context use later");
    assert!(
        refused.code == 1 && refused.err.contains("hint: run `chmod go-w "),
        "{refused:?}"
    );
    assert_eq!(home.run("whoami").code, 1);

    home.put("config.json", CONFIG, 0o600);
    fs::set_permissions(home.folder(), fs::Permissions::from_mode(0o777)).unwrap();
    for line in ["context use later", "whoami --offline --org dev"] {
        let refused = home.run(line);
        assert!(
            refused.code == 1 && refused.err.contains("other users can change it"),
            "{line}: {refused:?}"
        );
    }
    assert_eq!(home.read("config.json"), serde_json::from_str::<Value>(CONFIG).unwrap());
}

#[test]
fn broken_files_are_never_overwritten() {
    for (file, text) in [
        ("config.json", "{\"contexts\": hunter2"),
        ("config.json", "[]"),
        ("credentials.json", "{\"version\": 3}"),
    ] {
        let home = LobuHome::new(&[(file, text)]);
        let refused = home.run("context remove dev");
        assert!(
            refused.code == 1 && !refused.err.contains("hunter2"),
            "{file} {text}: {refused:?}"
        );
        assert_eq!(fs::read_to_string(home.folder().join(file)).unwrap(), text);
    }
}

#[test]
fn contexts_are_added_chosen_and_removed_from_the_command_line() {
    let home = LobuHome::new(&[]);
    for (line, code) in [
        ("context add desk --url http://127.0.0.1:8787/lobu/api/v1 --org acme", 0),
        ("context add work --api-url https://work.example", 0),
        ("context add work --url https://other.example", 1),
        ("context add work", 64),
        ("context add work --url ftp://work.example", 64),
        ("context add work --url https://me:hunter2@work.example", 64),
        ("context add a/b --url https://work.example", 64),
        ("context use work", 0),
        ("context use nowhere", 1),
        ("context rm nowhere", 0),
    ] {
        let output = home.run(line);
        assert_eq!(output.code, code, "{line}: {output:?}");
        assert!(!output.err.contains("hunter2"), "{output:?}");
    }
    assert_eq!(
        home.run("context list").out,
        "  desk                 http://127.0.0.1:8787 (acme)\n* work                 https://work.example\n"
    );
    assert_eq!(
        home.run("context current").out,
        "* work                 https://work.example\n"
    );
    home.assert_private();
}

#[test]
fn a_link_of_the_project_chooses_context_and_organization() {
    let home = LobuHome::usual();
    let link = home.0.path().join(".lobu");
    fs::create_dir(&link).unwrap();
    fs::write(
        link.join("project.json"),
        r#"{"context": "later", "org": "linked", "linkedAt": "x"}"#,
    )
    .unwrap();
    let shown = home.run("whoami --offline --format json").object("session");
    assert_eq!(shown["url"], "https://later.example");
    assert_eq!(
        (&shown["organization"], &shown["organization_from"]),
        (&json!("linked"), &json!("`.lobu/project.json`"))
    );
    fs::write(link.join("project.json"), "{").unwrap();
    let broken = home.run("whoami --offline --context later");
    assert!(
        broken.code == 0 && broken.err.contains("project.json cannot be used"),
        "{broken:?}"
    );
}

/// Returns the number of temporary files in a folder.
fn count_temporary(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(".lobuctl-new-"))
        .count()
}

/// Returns the number of kills that the environment asks for.
#[expect(
    clippy::disallowed_methods,
    reason = "how long to run is the decision of whoever runs the tests"
)]
fn kills() -> usize {
    let asked = std::env::var("LOBUCTL_TEST_KILLS").ok();
    asked.map_or(10, |asked| asked.parse().unwrap())
}

/// Returns text for a large file, so that some of many kills are within its writing.
fn padding() -> String {
    "x".repeat(if kills() < 100 { 1 << 18 } else { 4 << 20 })
}

/// Runs the program, and kills it about when it writes a file.
fn kill_amid_writing(home: &LobuHome, arguments: &[&str], chance: &mut Chance) {
    let mut command = lobuctl(home.0.path());
    let mut child = command.args(arguments).stderr(Stdio::null()).spawn().unwrap();
    wait_for(
        || (count_temporary(&home.folder()) > 0 || child.try_wait().unwrap().is_some()).then_some(()),
        || "nothing is written".to_owned(),
    );
    // The moments within the writing of a file have no event.
    settle(Duration::from_micros(chance.below(4000) as u64));
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
fn a_change_that_is_killed_leaves_the_old_file_or_the_new_one() {
    let home = LobuHome::usual();
    let mut config: Value = serde_json::from_str(CONFIG).unwrap();
    config["padding"] = padding().into();
    home.put("config.json", &config.to_string(), 0o600);
    let mut chance = Chance::new(5);
    let (mut names, mut left) = (["dev", "later"].into_iter().cycle(), 0);
    let current = |home: &LobuHome| home.read("config.json")["currentContext"].as_str().unwrap().to_owned();
    for _ in 0..kills() {
        let name = names.next().unwrap();
        let before = current(&home);
        kill_amid_writing(&home, &["context", "use", name], &mut chance);
        left += count_temporary(&home.folder());
        let after = current(&home);
        assert!(after == name || after == before, "{after}");
        assert_eq!(home.read("config.json")["padding"], config["padding"]);
        assert_eq!(home.run(&format!("context use {name}")).code, 0);
        assert_eq!((current(&home).as_str(), count_temporary(&home.folder())), (name, 0));
    }
    // With a hundred kills, some are within the writing of the file.
    assert!(left > 0 || kills() < 100, "no kill has left a temporary file");
}

#[test]
fn removing_a_credential_that_is_killed_leaves_all_or_none_of_it() {
    let home = LobuHome::usual();
    let mut chance = Chance::new(6);
    let credentials = json!({
        "version": 2, "padding": padding(),
        "contexts": { "dev": { "accessToken": "one" }, "later": { "accessToken": "two" } },
    });
    for _ in 0..kills() {
        home.put("config.json", CONFIG, 0o600);
        home.put("credentials.json", &credentials.to_string(), 0o600);
        kill_amid_writing(&home, &["context", "remove", "dev"], &mut chance);
        let left = home.read("credentials.json");
        assert_eq!(left["padding"], credentials["padding"]);
        assert_eq!(left["contexts"]["later"]["accessToken"], "two");
        let gone = left["contexts"].get("dev").is_none();
        assert!(gone || left["contexts"]["dev"]["accessToken"] == "one");
        let known = home.read("config.json")["contexts"].get("dev").is_some();
        assert!(gone || known, "a context that is gone must not leave a token behind");
        assert_eq!(home.run("context remove dev").code, 0);
        assert!(home.read("credentials.json")["contexts"].get("dev").is_none());
    }
}
