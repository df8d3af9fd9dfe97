//! The server as a process: killed at any moment, stopped politely, kept from a taken port, maintained beside its work.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::support::deadline::{settle, wait_for_async};
use crate::support::program::serve_process::{ServeProcess, maintain, serve};
use crate::support::server::JsonClient;

const KILLS: usize = 20;
const WRITES: usize = 500;

/// A write, and what shows afterwards that it is there and whole.
async fn write(client: &JsonClient, name: &str) -> Option<()> {
    let done = |status: u16| (status == 200 || status == 201).then_some(());
    let agent = json!({ "agentId": name, "name": name, "description": "d".repeat(200) });
    let created = client.try_send("POST", "/api/dev/agents", Some(agent)).await.ok()?;
    done(created.status.as_u16())?;
    let path = format!("/api/dev/agents/{name}/platforms/by-stable-id/{name}-telegram");
    let platform =
        json!({ "platform": "telegram", "config": { "botToken": format!("{name}-SECRETTOKEN"), "chatId": name } });
    let put = client.try_send("PUT", &path, Some(platform)).await.ok()?;
    done(put.status.as_u16())?;
    let settings = json!({ "soulMd": name, "networkConfig": { "allowedDomains": [name] } });
    let patched = client
        .try_send("PATCH", &format!("/api/dev/agents/{name}/config"), Some(settings))
        .await
        .ok()?;
    done(patched.status.as_u16())
}

/// Every agent of the server is whole: what is there has its parts, and what was acknowledged in full is complete.
async fn verify(client: &JsonClient, acknowledged: &[String]) {
    let agents = client.get("/api/dev/agents").await.body;
    let agents = agents["agents"].as_array().unwrap().clone();
    let names: Vec<&str> = agents.iter().map(|agent| agent["agentId"].as_str().unwrap()).collect();
    for name in acknowledged {
        assert!(names.contains(&name.as_str()), "{name} was acknowledged and is gone");
    }
    for agent in &agents {
        assert_eq!(agent["description"].as_str().unwrap().len(), 200);
    }
    for name in acknowledged.iter().rev().take(40) {
        let config = client.get(&format!("/api/dev/agents/{name}/config")).await.body;
        assert_eq!(
            (&config["soulMd"], &config["networkConfig"]["allowedDomains"][0]),
            (&json!(name), &json!(name))
        );
        let platform = client
            .get(&format!("/api/dev/agents/{name}/platforms/{name}-telegram"))
            .await
            .body;
        assert_eq!(
            (&platform["config"]["chatId"], &platform["config"]["botToken"]),
            (&json!(name), &json!("***OKEN"))
        );
    }
}

/// Writes from many tasks until the server dies under them; answers what it had acknowledged.
async fn storm(process: ServeProcess, client: &JsonClient, kill: usize) -> Vec<String> {
    let acknowledged = Arc::new(std::sync::Mutex::new(Vec::new()));
    let count = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..25)
        .map(|task| {
            let (client, acknowledged, count) = (client.clone(), acknowledged.clone(), count.clone());
            tokio::spawn(async move {
                for step in 0..WRITES / 25 {
                    let name = format!("k{kill}-t{task}-s{step}");
                    if write(&client, &name).await.is_none() {
                        break;
                    }
                    acknowledged.lock().unwrap().push(name);
                    count.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    // In the middle, at another place each time.
    let enough = 5 + kill * 7 % 60;
    let reached = || (count.load(Ordering::SeqCst) >= enough).then_some(());
    wait_for_async(reached, || format!("waited for {enough} writes")).await;
    process.kill();
    for task in tasks {
        task.await.unwrap();
    }
    let names = acknowledged.lock().unwrap().clone();
    assert!(names.len() < WRITES, "the kill came after the last write");
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_lose_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for kill in 0..KILLS {
        let process = ServeProcess::on_sqlite(dir.path());
        let client = JsonClient::at(&process.url, &process.token());
        verify(&client, &acknowledged).await;
        acknowledged.extend(storm(process, &client, kill).await);
    }
    let process = ServeProcess::on_sqlite(dir.path());
    let client = JsonClient::at(&process.url, &process.token());
    verify(&client, &acknowledged).await;
    // Whoever was cut off converges by saying it again.
    for step in 0..5 {
        assert!(write(&client, &format!("k0-t0-s{step}")).await.is_some());
    }
}

#[tokio::test]
async fn a_stop_lets_writes_finish_and_the_next_start_finds_them() {
    let dir = tempfile::tempdir().unwrap();
    let process = ServeProcess::on_sqlite(dir.path());
    let client = JsonClient::at(&process.url, &process.token());
    write(&client, "before-the-stop").await.unwrap();
    process.signal("TERM");
    let process = ServeProcess::on_sqlite(dir.path());
    let client = JsonClient::at(&process.url, &process.token());
    verify(&client, &["before-the-stop".to_owned()]).await;
    assert!(!dir.path().join("bootstrap-pat.tmp").exists());
}

#[test]
fn reports_a_port_and_a_directory_that_are_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let process = ServeProcess::on_sqlite(dir.path());
    let second = serve(dir.path()).args(["--listen", "127.0.0.1:0"]).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(
        !second.status.success() && said.contains("in use by another server"),
        "{said}"
    );

    let other = tempfile::tempdir().unwrap();
    let address = process.url.strip_prefix("http://").unwrap();
    let second = serve(other.path()).args(["--listen", address]).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && said.contains("cannot listen on"), "{said}");
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_private_and_hold_no_secret_in_clear() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let process = ServeProcess::on_sqlite(&data);
    let client = JsonClient::at(&process.url, &process.token());
    write(&client, "private").await.unwrap();
    assert_eq!(mode(&data), 0o700);
    process.signal("TERM");
    for name in ["lobu.db", "encryption-key", "bootstrap-pat.txt"] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
    }
    let token = std::fs::read_to_string(data.join("bootstrap-pat.txt")).unwrap();
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        let bytes = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        assert!(!bytes.contains("private-SECRETTOKEN"), "{}", path.display());
        assert!(
            path.ends_with("bootstrap-pat.txt") || !bytes.contains(token.trim()),
            "{}",
            path.display()
        );
    }
}

#[tokio::test]
async fn a_backup_is_taken_beside_the_work_and_opens() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let process = ServeProcess::on_sqlite(&data);
    let client = JsonClient::at(&process.url, &process.token());
    write(&client, "saved").await.unwrap();
    let copy = dir.path().join("copy.db");
    let done = maintain(&data, &["backup", copy.to_str().unwrap()]);
    assert!(done.status.success(), "{done:?}");
    assert!(
        !maintain(&data, &["backup", copy.to_str().unwrap()]).status.success(),
        "a backup overwrites nothing"
    );
    write(&client, "later").await.unwrap();
    let token = process.token();
    process.kill();

    let restored = dir.path().join("restored");
    std::fs::create_dir(&restored).unwrap();
    std::fs::copy(&copy, restored.join("lobu.db")).unwrap();
    std::fs::copy(data.join("encryption-key"), restored.join("encryption-key")).unwrap();
    let process = ServeProcess::on_sqlite(&restored);
    let client = JsonClient::at(&process.url, &token);
    verify(&client, &["saved".to_owned()]).await;
    assert_eq!(client.get("/api/dev/agents/later").await.status, 404);
}

#[tokio::test]
async fn a_rekey_changes_the_key_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let process = ServeProcess::on_sqlite(dir.path());
    let client = JsonClient::at(&process.url, &process.token());
    write(&client, "rekeyed").await.unwrap();
    process.signal("TERM");
    let key = |dir: &Path| std::fs::read_to_string(dir.join("encryption-key")).unwrap();
    let old = key(dir.path());
    let done = maintain(dir.path(), &["rekey"]);
    assert!(done.status.success(), "{done:?}");
    let new = key(dir.path());
    assert_ne!(old, new);

    std::fs::write(dir.path().join("encryption-key"), &old).unwrap();
    let refused = maintain(dir.path(), &["--listen", "127.0.0.1:0"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("encrypted with another key"), "{said}");
    std::fs::remove_file(dir.path().join("encryption-key")).unwrap();
    let refused = maintain(dir.path(), &["--listen", "127.0.0.1:0"]);
    assert!(
        !refused.status.success() && !dir.path().join("encryption-key").exists(),
        "no key is made up"
    );
    let key = dir.path().join("encryption-key");
    std::fs::write(&key, &new).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let process = ServeProcess::on_sqlite(dir.path());
    let client = JsonClient::at(&process.url, &process.token());
    verify(&client, &["rekeyed".to_owned()]).await;
    let path = "/api/dev/agents/rekeyed/platforms/by-stable-id/rekeyed-telegram";
    let same = json!({ "platform": "telegram", "config": { "botToken": "rekeyed-SECRETTOKEN" } });
    assert_eq!(client.put(path, same).await.body["noop"], true);
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked_beside_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let process = ServeProcess::on_sqlite(dir.path());
    let made = maintain(
        dir.path(),
        &[
            "token",
            "create",
            "--scope",
            "mcp:read",
            "--name",
            "reader",
            "--expires-in-days",
            "1",
        ],
    );
    assert!(made.status.success(), "{made:?}");
    let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let reader = JsonClient::at(&process.url, &token);
    assert_eq!(reader.get("/api/dev/agents").await.status, 200);
    assert_eq!(
        reader
            .post("/api/dev/agents", json!({ "agentId": "abc", "name": "x" }))
            .await
            .status,
        403
    );
    let listed = String::from_utf8(maintain(dir.path(), &["token", "list"]).stdout).unwrap();
    let line = listed.lines().find(|line| line.contains("reader")).unwrap();
    assert!(!listed.contains(&token) && line.contains("expires"), "{listed}");
    let id = line.rsplit(' ').next().unwrap();
    assert!(maintain(dir.path(), &["token", "revoke", id]).status.success());
    assert_eq!(reader.get("/api/dev/agents").await.status, 401);
    assert!(
        !maintain(dir.path(), &["token", "create", "--scope", "mcp:everything"])
            .status
            .success()
    );
}

#[tokio::test]
async fn the_log_names_routes_and_no_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let process = ServeProcess::verbose(dir.path());
    let token = process.token();
    let client = JsonClient::at(&process.url, &token);
    write(&client, "logged").await.unwrap();
    let path = "/api/dev/agents/logged/platforms/by-stable-id/logged-telegram";
    client
        .put(
            path,
            json!({ "platform": "pigeon", "config": { "botToken": "another-SECRETTOKEN" } }),
        )
        .await;
    client
        .patch(
            "/api/dev/agents/logged/config",
            json!({ "authProfiles": [{ "credential": "third-SECRETTOKEN" }] }),
        )
        .await;
    client.get("/api/dev/agents/logged/platforms?token=SECRETTOKEN").await;
    // The line of a request is written before its answer is sent.
    let log = process.log();
    assert!(log.contains("/api/{org}/agents/{agent}/config"), "{log}");
    assert!(
        !log.contains("SECRETTOKEN") && !log.contains(&token) && !log.contains("Bearer"),
        "{log}"
    );
}

const AGENT: &str = r#"
[agents.agent-{n}]
name = "Agent {n}"
dir = "./agents/a{n}"
[[agents.agent-{n}.platforms]]
type = "telegram"
config = { botToken = "$BOT", chatId = "1" }
"#;

/// A project that takes a while to apply.
fn project(dir: &Path) {
    let mut toml = String::new();
    for n in 0..60 {
        std::fs::create_dir_all(dir.join(format!("agents/a{n}"))).unwrap();
        std::fs::write(dir.join(format!("agents/a{n}/IDENTITY.md")), format!("I am {n}.")).unwrap();
        toml.push_str(&AGENT.replace("{n}", &n.to_string()));
    }
    std::fs::write(dir.join("lobu.toml"), toml).unwrap();
}

fn client_command(dir: &Path, process: &ServeProcess, arguments: &[&str]) -> std::process::Command {
    let mut command = crate::support::program::serve_process::lobuctl(dir);
    command
        .current_dir(dir)
        .args(arguments)
        .args(["--url", &process.url, "--org", "dev"]);
    command
        .env("LOBU_API_TOKEN", process.token())
        .env("BOT", "123:SECRETTOKEN");
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    command
}

#[test]
fn an_apply_whose_server_dies_converges_when_it_is_run_again() {
    let (data, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    project(files.path());
    let mut cut = 0;
    for kill in 0..5 {
        let process = ServeProcess::on_sqlite(data.path());
        let apply = ["apply", "--yes", "--keep-going"];
        let mut child = client_command(files.path(), &process, &apply).spawn().unwrap();
        // The kill has to hit different moments of the run, so time is what varies here.
        settle(Duration::from_millis(60 + kill * 25));
        process.kill();
        // Long enough for the client to meet the dead server.
        settle(Duration::from_millis(50));
        // The client goes on trying; what matters is what it left behind.
        let _ = child.kill();
        cut += usize::from(!child.wait().unwrap().success());
    }
    let process = ServeProcess::on_sqlite(data.path());
    let apply = client_command(files.path(), &process, &["apply", "--yes"])
        .output()
        .unwrap();
    assert!(apply.status.success(), "{}", String::from_utf8_lossy(&apply.stderr));
    let plan = client_command(files.path(), &process, &["plan"]).output().unwrap();
    let said = String::from_utf8(plan.stdout).unwrap();
    assert!(said.contains("0 create, 0 update, 180 unchanged"), "{said}");
    assert!(cut > 0, "no apply was cut short");
}
