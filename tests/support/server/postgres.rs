//! A new database on the PostgreSQL that `LOBU_TEST_POSTGRES` names. Tests skip, visibly, where there is none.

use crate::support::report_skip;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// An empty database, to be dropped with [`TestDatabase::drop_now`].
pub struct TestDatabase {
    base: String,
    name: String,
    /// The URL for a server.
    pub url: SecretString,
}

/// Returns the URL of the cluster; reports the skip and returns `None` where there is none.
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
    /// Creates a database, where there is a cluster.
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
