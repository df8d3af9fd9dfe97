//! A pooler that shares sessions is refused at start, one that does not is accepted.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use lobuctl::server::{Server, ServerError, ServerOptions, Storage};
use secrecy::{ExposeSecret, SecretString};

use crate::support::deadline::wait_for_async;
use crate::support::report_skip;
use crate::support::server::postgres::TestDatabase;

/// A running pgbouncer, killed on drop.
struct Pooler {
    child: Child,
    url: SecretString,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Pooler {
    async fn start(dir: &Path, database: &TestDatabase, mode: &str) -> Self {
        let url = database.url.expose_secret();
        let (_, rest) = url.split_once("://").unwrap();
        let (login, place) = rest.split_once('@').unwrap();
        let (user, password) = login.split_once(':').unwrap();
        let (address, name) = place.split_once('/').unwrap();
        let (host, port) = address.split_once(':').unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let own = free.local_addr().unwrap().port();
        drop(free);
        let file = dir.join(format!("{mode}.ini"));
        let text = format!(
            "[databases]\n{name} = host={host} port={port} user={user} password={password}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {own}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\n\
             ignore_startup_parameters = extra_float_digits,options\n"
        );
        std::fs::write(&file, text).unwrap();
        let child = Command::new("/usr/sbin/pgbouncer")
            .args(["-q", "-u", "nobody"])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let listening = || std::net::TcpStream::connect(("127.0.0.1", own)).ok().map(drop);
        wait_for_async(listening, || "pgbouncer does not listen".to_owned()).await;
        let url = SecretString::from(format!("postgres://{user}:x@127.0.0.1:{own}/{name}"));
        Self { child, url }
    }

    async fn open(&self) -> Result<Server, ServerError> {
        let mut options = ServerOptions::new(Storage::Postgres { url: self.url.clone() });
        options.encryption_key = Some(SecretString::from("7a".repeat(32)));
        Server::open(options).await
    }
}

#[tokio::test]
async fn refuses_poolers_that_share_sessions_and_accepts_session_pooling() {
    if !Path::new("/usr/sbin/pgbouncer").exists() {
        return report_skip("no pgbouncer");
    }
    let Some(database) = TestDatabase::create("pooler").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    for mode in ["transaction", "statement"] {
        let pooler = Pooler::start(dir.path(), &database, mode).await;
        let refused = pooler.open().await.err().unwrap();
        assert!(refused.to_string().contains("shares sessions"), "{mode}: {refused}");
    }
    let pooler = Pooler::start(dir.path(), &database, "session").await;
    drop(pooler.open().await.unwrap());
    drop(pooler);
    database.drop_now().await;
}
