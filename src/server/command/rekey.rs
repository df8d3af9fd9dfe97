//! `lobuctl serve rekey`: changes the database's key while servers may be running.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::location::DataLocation;
use crate::server::crypto::EncryptionKey;
use crate::server::db::{Db, migration};
use crate::server::error::ServerError;
use crate::server::keyring::{self, Keyring};
use crate::server::lock::{Held, Locks};
use crate::server::rekey::{self as sealing, RekeyCounts};
use crate::server::storage;
use crate::server::{file, key_mark, presence};

/// How long to wait for servers on PostgreSQL to read a key file that was just written. Each reads it every 5 seconds.
const KEY_FILE_WAIT: Duration = Duration::from_secs(20);

/// The arguments of `rekey`.
#[derive(Debug, Clone)]
pub struct RekeyArgs {
    /// The database and its current key.
    pub location: DataLocation,
    /// The new key. `None` generates one, which is only possible where the keys are in files.
    pub new_key: Option<SecretString>,
}

/// The database, opened while servers may be running, with the locks that keep other rekeys away.
struct Rekeying<'a> {
    location: &'a DataLocation,
    db: Db,
    keys: Arc<Keyring>,
    /// Keeps starting servers and other rekeys away from a data directory. `None` on PostgreSQL.
    _files: Option<File>,
    /// Does the same on PostgreSQL.
    held: Held,
}

/// Seals every secret with another key, in one transaction. Running servers use the new key from then on.
///
/// # Errors
/// [`ServerError::ServersLackKey`] when a running server does not have the new key. Nothing has changed then.
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
        "rows sealed with the new key: {}",
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
            // One connection for the transaction of the rekey; the lease is extended over the other one meanwhile.
            (Db::postgres(url, 2).await?, None)
        } else {
            let files = file::lock_keys(dir).await?;
            (Db::sqlite(&dir.join(storage::DATABASE), 1).await?, Some(files))
        };
        migration::migrate(&db).await?;
        let held = Locks::default().hold(&db, sealing::LOCK.to_owned()).await?;
        let keys = Arc::new(match &location.encryption_key {
            Some(key) => keyring::from_environment(key, None)?,
            None => storage::directory_keys(&db, dir).await?,
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
        // On the disk before the commit: a crash at any moment leaves the database's key in one of the two files.
        if in_files {
            storage::stage_next_key(dir, text)?;
        }
        self.require_servers_with_key(new.id(), in_files).await?;
        self.keys.add(EncryptionKey::from_text(text)?);
        let counts = sealing::rekey(&self.db, &self.keys, &new).await?;
        if in_files {
            storage::promote_next_key(dir)?;
        }
        self.held.release().await;
        self.db.close().await;
        Ok(counts)
    }

    /// Refuses when a running server does not have the key with this id. Servers with key files get the time to read it.
    async fn require_servers_with_key(&self, id: &str, in_files: bool) -> Result<(), ServerError> {
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
            if !in_files || started.elapsed() > KEY_FILE_WAIT {
                return Err(ServerError::ServersLackKey(missing));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}
