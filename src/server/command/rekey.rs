//! `lobuctl serve rekey`, beside running servers or without any.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::location::DataLocation;
use crate::server::crypto::EncryptionKey;
use crate::server::db::{Db, migration};
use crate::server::error::ServerError;
use crate::server::home;
use crate::server::keyring::{self, Keyring};
use crate::server::lock::{Held, Locks};
use crate::server::rekey::{self as sealing, RekeyCounts};
use crate::server::{file, key_mark, presence};

/// How long to wait for servers to read a key file that was just written. Each looks every 5 seconds.
const FILE_WAIT: Duration = Duration::from_secs(20);

/// The arguments of `rekey`.
#[derive(Debug, Clone)]
pub struct RekeyArgs {
    /// The database, and the key that it has now.
    pub location: DataLocation,
    /// The key that it gets. `None` generates one, which is only possible where the keys are in files.
    pub new_key: Option<SecretString>,
}

/// The database, opened beside the servers that may be running.
struct Rekeying<'a> {
    location: &'a DataLocation,
    db: Db,
    keys: Arc<Keyring>,
    /// Keeps starting servers and other rekeys away: the one in a data directory, the other on PostgreSQL.
    _files: Option<File>,
    held: Held,
}

/// Seals every secret with another key, in one transaction. Running servers follow when they have the new key.
pub async fn rekey(args: &RekeyArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    args.location.must_exist()?;
    let in_files = args.location.encryption_key.is_none();
    if !in_files && args.new_key.is_none() {
        let message = "the key comes from LOBUCTL_ENCRYPTION_KEY, so the new one must be given too: \
            set LOBUCTL_NEW_ENCRYPTION_KEY";
        return Err(ServerError::Argument(message.to_owned()));
    }
    let rekeying = Rekeying::open(&args.location).await?;
    let text = args.new_key.clone().map_or_else(EncryptionKey::generate, Ok)?;
    let counts = rekeying.run(&text, in_files).await?;
    report(&counts, in_files, out).map_err(ServerError::Output)
}

fn report(counts: &RekeyCounts, in_files: bool, out: &mut (dyn Write + Send)) -> std::io::Result<()> {
    writeln!(
        out,
        "sealed {} rows with the new key",
        counts.rows - counts.unreadable.len()
    )?;
    for row in &counts.unreadable {
        writeln!(out, "{row} holds a secret that no key opens; send its value again")?;
    }
    if !in_files {
        writeln!(out, "before the next start, set LOBUCTL_ENCRYPTION_KEY to the new key")?;
    }
    Ok(())
}

impl<'a> Rekeying<'a> {
    async fn open(location: &'a DataLocation) -> Result<Self, ServerError> {
        let dir = &location.data_dir;
        let (db, files) = if let Some(url) = &location.database_url {
            (Db::postgres(url, 2).await?, None)
        } else {
            let files = file::lock_keys(dir).await?;
            (Db::sqlite(&dir.join(home::DATABASE), 1).await?, Some(files))
        };
        migration::migrate(&db).await?;
        let held = Locks::default().hold(&db, sealing::LOCK.to_owned()).await?;
        let keys = Arc::new(match &location.encryption_key {
            Some(key) => keyring::from_environment(key, None)?,
            None => home::directory_keys(&db, dir).await?,
        });
        sealing::adopt_database(&db, &keys).await?;
        Ok(Self {
            location,
            db,
            keys,
            _files: files,
            held,
        })
    }

    async fn run(self, text: &SecretString, in_files: bool) -> Result<RekeyCounts, ServerError> {
        let new = EncryptionKey::from_text(text)?;
        let dir = &self.location.data_dir;
        if in_files {
            home::announce_next_key(dir, text)?;
        }
        self.expect_servers_with_key(new.id(), in_files).await?;
        self.keys.add(EncryptionKey::from_text(text)?);
        let counts = sealing::rekey(&self.db, &self.keys, &new).await?;
        if in_files {
            home::adopt_next_key(dir)?;
        }
        self.held.release().await;
        self.db.close().await;
        Ok(counts)
    }

    /// Refuses when a running server could not follow. Servers with key files are given the time to read them.
    async fn expect_servers_with_key(&self, id: &str, in_files: bool) -> Result<(), ServerError> {
        let Db::Postgres { pool, .. } = &self.db else {
            // A server of the same directory reads its key files whenever it meets an unknown key.
            let follows = in_files || !file::is_served(&self.location.data_dir)?;
            return if follows || key_mark::server_has_key(&self.db, id).await? {
                Ok(())
            } else {
                Err(ServerError::ServersLackKey(1))
            };
        };
        let started = Instant::now();
        loop {
            let missing = presence::servers_without_key(pool, id).await?;
            if missing == 0 {
                return Ok(());
            }
            if !in_files || started.elapsed() > FILE_WAIT {
                return Err(ServerError::ServersLackKey(missing));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}
