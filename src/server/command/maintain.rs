//! `lobuctl serve backup` and `lobuctl serve rekey`.

use std::io::Write;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::location::DataLocation;
use crate::server::crypto::Crypto;
use crate::server::db::Db;
use crate::server::error::ServerError;
use crate::server::home::{self, Home};
use crate::server::presence::Share;
use crate::server::{file, rekey as sealing, token};

/// The arguments of `backup`.
#[derive(Debug, Clone)]
pub struct BackupArgs {
    /// The database.
    pub location: DataLocation,
    /// The copy, which must not exist yet.
    pub file: PathBuf,
}

/// Copies the SQLite database as it is at one moment, while a server may be running.
pub async fn backup(args: &BackupArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    if args.location.database_url.is_some() {
        let words = "a PostgreSQL database is backed up with pg_dump; keep the encryption key beside the dump";
        return Err(ServerError::Argument(words.to_owned()));
    }
    args.location.must_exist()?;
    if args.file.exists() {
        let message = format!("`{}` exists already; name a new file", args.file.display());
        return Err(ServerError::Argument(message));
    }
    let draft = args.file.with_extension(format!("{}.tmp", token::random_id()?));
    let copied = copy(&args.location, &draft, &args.file).await;
    if copied.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    copied?;
    writeln!(out, "{}", args.file.display()).map_err(ServerError::Output)
}

/// Copies into a draft and renames it, so that the file is a whole backup from the moment it has its name.
async fn copy(location: &DataLocation, draft: &Path, file: &Path) -> Result<(), ServerError> {
    let Some(text) = draft.to_str() else {
        return Err(ServerError::Argument("the backup's path is not UTF-8".to_owned()));
    };
    let target = file::create_new(draft)?;
    let source = Db::sqlite(&location.data_dir.join(home::DATABASE), 1).await?;
    let copied = source.copy_into(text).await;
    source.close().await;
    copied?;
    target
        .sync_all()
        .and_then(|()| file::move_into_place(draft, file))
        .map_err(|error| ServerError::file(file, error))
}

/// The arguments of `rekey`.
#[derive(Debug, Clone)]
pub struct RekeyArgs {
    /// The database, and the key that it has now.
    pub location: DataLocation,
    /// The key it shall have; a new one is made when it is left out.
    pub new_key: Option<SecretString>,
}

/// Seals every secret with another key, in one transaction, while no server runs.
pub async fn rekey(args: &RekeyArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    args.location.must_exist()?;
    let location = &args.location;
    let in_file = location.encryption_key.is_none();
    let old = match (&location.encryption_key, &location.database_url) {
        (Some(key), _) => Some(key.clone()),
        (None, Some(_)) => Some(home::key_beside(&location.data_dir)?),
        (None, None) => None,
    };
    if !in_file && args.new_key.is_none() {
        let words = "the key comes from LOBUCTL_ENCRYPTION_KEY, so the new one must be given too";
        return Err(ServerError::Argument(words.to_owned()));
    }
    let home = Home::open(&location.storage(), old.as_ref(), Share::Alone, 1).await?;
    sealing::adopt_database(&home.db, &home.crypto).await?;
    let text = args.new_key.clone().map_or_else(Crypto::new_key, Ok)?;
    let new = Crypto::from_text(&text)?;
    if in_file {
        home::announce(&location.data_dir, &text)?;
    }
    let rows = sealing::rekey(&home.db, &home.crypto, &new).await?;
    if in_file {
        home::adopt(&location.data_dir)?;
    }
    drop(home.presence);
    home.db.close().await;
    writeln!(out, "sealed {rows} rows with the new key").map_err(ServerError::Output)
}
