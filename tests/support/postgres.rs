//! A database of its own on the PostgreSQL that `LOBU_TEST_POSTGRES` names; tests skip, visibly, where there is none.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]
#![allow(clippy::disallowed_methods)]

use super::aloud;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// An empty database, to be dropped with [`Database::drop_now`].
pub struct Database {
    base: String,
    name: String,
    /// What a server takes.
    pub url: SecretString,
}

/// The URL of the cluster; `None`, said aloud, where there is none.
pub fn cluster() -> Option<String> {
    let names = ["LOBU_TEST_POSTGRES", "LOBUCTL_TEST_POSTGRES"];
    let set = |name: &&str| std::env::var(name).ok().filter(|url| !url.is_empty());
    let url = names.iter().find_map(set);
    if url.is_none() {
        aloud("no PostgreSQL; run `.ci/postgres start` and set LOBU_TEST_POSTGRES");
    }
    url
}

impl Database {
    /// Makes one, where there is a cluster.
    pub async fn create(purpose: &str) -> Option<Self> {
        let base = cluster()?;
        let name = format!("{purpose}_{}", std::process::id());
        let mut connection = PgConnection::connect(&base).await.unwrap();
        let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await
            .unwrap();
        let (server, _) = base.rsplit_once('/').unwrap();
        let url = SecretString::from(format!("{server}/{name}"));
        Some(Self { base, name, url })
    }

    /// Cuts every connection to it.
    pub async fn cut(&self) {
        let mut connection = PgConnection::connect(&self.base).await.unwrap();
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        sqlx::query(sql)
            .bind(&self.name)
            .execute(&mut connection)
            .await
            .unwrap();
    }

    /// Drops it, whoever is connected.
    pub async fn drop_now(self) {
        let mut connection = PgConnection::connect(&self.base).await.unwrap();
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    }
}
