//! A new database on the PostgreSQL cluster that `LOBU_TEST_POSTGRES` names. Tests report that they skip where there is none.

use std::path::Path;
use std::process::Command;

use crate::support::report_skip;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A cluster that one test has for itself, so that it may restart it. It is stopped and removed on drop.
pub struct OwnCluster {
    dir: tempfile::TempDir,
    /// The URL of its first database.
    pub url: String,
}

impl OwnCluster {
    /// Starts a cluster with `.ci/postgres`, which installs PostgreSQL where it is missing.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // The cluster runs as another user, which has to reach its folder.
        let reachable = std::os::unix::fs::PermissionsExt::from_mode(0o711);
        std::fs::set_permissions(dir.path(), reachable).unwrap();
        let url = postgres_script("start", dir.path());
        Self { dir, url }
    }

    /// Ends the cluster as a crash would, and starts it again on the same port.
    pub async fn restart(&self) {
        let dir = self.dir.path().to_owned();
        tokio::task::spawn_blocking(move || postgres_script("restart", &dir))
            .await
            .unwrap();
    }
}

impl Drop for OwnCluster {
    fn drop(&mut self) {
        postgres_script("stop", self.dir.path());
    }
}

fn postgres_script(action: &str, dir: &Path) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/postgres");
    let output = Command::new(script)
        .arg(action)
        .arg(dir.join("cluster"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// An empty database, to be dropped with [`TestDatabase::drop_now`].
pub struct TestDatabase {
    base: String,
    name: String,
    /// The URL for a server.
    pub url: SecretString,
}

/// Returns the URL of the cluster. Reports the skipped test and returns `None` where there is none.
pub fn cluster() -> Option<String> {
    let names = ["LOBU_TEST_POSTGRES", "LOBUCTL_TEST_POSTGRES"];
    #[expect(
        clippy::disallowed_methods,
        reason = "the database is a property of the machine that runs the tests"
    )]
    let set = |name: &&str| std::env::var(name).ok().filter(|url| !url.is_empty());
    let url = names.iter().find_map(set);
    if url.is_none() {
        report_skip("no PostgreSQL; run `.ci/postgres start` and set LOBU_TEST_POSTGRES");
    }
    url
}

impl TestDatabase {
    /// Creates a database with `purpose` in its name. `None` where there is no cluster.
    pub async fn create(purpose: &str) -> Option<Self> {
        Some(Self::on(&cluster()?, purpose).await)
    }

    /// Creates a database on this cluster.
    pub async fn on(base: &str, purpose: &str) -> Self {
        // Several runs of the tests may use one cluster at the same time.
        let name = format!("{purpose}_{}", std::process::id());
        let mut connection = PgConnection::connect(base).await.unwrap();
        let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await
            .unwrap();
        let (server, _) = base.rsplit_once('/').unwrap();
        let url = SecretString::from(format!("{server}/{name}"));
        let base = base.to_owned();
        Self { base, name, url }
    }

    /// Opens a connection of its own to the database.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(self.url.expose_secret()).await.unwrap()
    }

    /// Returns the number of advisory locks that are held in the database.
    pub async fn count_advisory_locks(&self) -> i64 {
        let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        let mut connection = self.connect().await;
        sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
    }

    /// Runs a statement. Returns the number of rows that it changed.
    pub async fn execute(&self, sql: &'static str) -> u64 {
        let mut connection = self.connect().await;
        sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected()
    }

    /// Terminates every connection to the database.
    pub async fn cut(&self) {
        let mut connection = PgConnection::connect(&self.base).await.unwrap();
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        sqlx::query(sql)
            .bind(&self.name)
            .execute(&mut connection)
            .await
            .unwrap();
    }

    /// Drops the database, even while it is in use.
    pub async fn drop_now(self) {
        let mut connection = PgConnection::connect(&self.base).await.unwrap();
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    }
}
