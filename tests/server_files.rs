//! The files of a data directory: private, never taken over from somebody else, never an empty world by accident.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Output;

use serde_json::json;

use crate::support::program::serve_process::{ServeProcess, maintain, serve};
use crate::support::server::JsonClient;

/// Starts a server that has to refuse, and returns what it says.
fn refuses(dir: &Path) -> String {
    let Output { status, stderr, .. } = serve(dir).args(["--listen", "127.0.0.1:0"]).output().unwrap();
    let text = String::from_utf8(stderr).unwrap();
    assert!(!status.success(), "{text}");
    text
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn never_takes_over_a_token_that_was_there_before_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("bootstrap-pat.txt");
    fs::write(&token, format!("owl_pat_{}\n", "a".repeat(32))).unwrap();
    mode(&token, 0o600);
    let said = refuses(dir.path());
    assert!(
        said.contains("bootstrap-pat.txt") && said.contains("missing or empty"),
        "{said}"
    );
}

#[tokio::test]
async fn refuses_an_empty_world_where_a_key_shows_that_there_was_one() {
    let dir = tempfile::tempdir().unwrap();
    ServeProcess::on_sqlite(dir.path()).kill();
    for name in ["lobu.db", "lobu.db-wal", "lobu.db-shm"] {
        let _ = fs::remove_file(dir.path().join(name));
    }
    assert!(refuses(dir.path()).contains("missing or empty"));
    // A backup that was cut short in an older release leaves an empty file.
    fs::write(dir.path().join("lobu.db"), "").unwrap();
    mode(&dir.path().join("lobu.db"), 0o600);
    assert!(refuses(dir.path()).contains("missing or empty"));
}

#[tokio::test]
async fn refuses_files_and_directories_that_others_can_use() {
    let dir = tempfile::tempdir().unwrap();
    ServeProcess::on_sqlite(dir.path()).kill();
    for name in ["lobu.db", "encryption-key", "bootstrap-pat.txt"] {
        let path = dir.path().join(name);
        mode(&path, 0o644);
        let said = refuses(dir.path());
        assert!(said.contains(name) && said.contains("chmod 600"), "{said}");
        mode(&path, 0o600);
    }
    mode(dir.path(), 0o777);
    assert!(refuses(dir.path()).contains("chmod 755"));
    mode(dir.path(), 0o700);
    let key = dir.path().join("encryption-key");
    let elsewhere = tempfile::tempdir().unwrap();
    fs::rename(&key, elsewhere.path().join("key")).unwrap();
    symlink(elsewhere.path().join("key"), &key).unwrap();
    assert!(refuses(dir.path()).contains("not a regular file"));
}

#[tokio::test]
async fn writes_secrets_through_no_file_that_another_user_prepared() {
    let (dir, trap) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let caught = trap.path().join("caught");
    for name in ["encryption-key.tmp", "bootstrap-pat.tmp"] {
        symlink(&caught, dir.path().join(name)).unwrap();
    }
    ServeProcess::on_sqlite(dir.path()).kill();
    assert!(!caught.exists());
}

#[tokio::test]
async fn keeps_a_data_directory_out_of_repositories() {
    let dir = tempfile::tempdir().unwrap();
    ServeProcess::on_sqlite(dir.path()).kill();
    assert_eq!(fs::read_to_string(dir.path().join(".gitignore")).unwrap(), "*\n");
}

#[tokio::test]
async fn refuses_a_damaged_database() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServeProcess::on_sqlite(dir.path());
    let client = JsonClient::at(&server.url, &server.token());
    for number in 0..40 {
        let id = format!("agent-{number}");
        client
            .post("/api/dev/agents", json!({ "agentId": id, "name": id }))
            .await;
    }
    assert!(server.signal("TERM").success());
    let path = dir.path().join("lobu.db");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 4096;
    bytes[last..].fill(0xff);
    let third = 2 * 4096;
    bytes[third..third + 4096].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let said = refuses(dir.path());
    assert!(said.contains("damaged") || said.contains("malformed"), "{said}");
}

#[test]
fn leaves_no_file_under_the_final_name_when_a_backup_fails() {
    let (dir, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(ServeProcess::on_sqlite(dir.path()).signal("TERM").success());
    fs::write(dir.path().join("lobu.db"), vec![0x5a; 8192]).unwrap();
    let backup = target.path().join("backup.db");
    let output = maintain(dir.path(), &["backup", backup.to_str().unwrap()]);
    assert!(!output.status.success());
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
}
