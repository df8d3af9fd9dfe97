//! `lobuctl serve backup`: copies a SQLite database while a server may be using it.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::location::DataLocation;
use crate::server::db::Db;
use crate::server::error::ServerError;
use crate::server::file;
use crate::server::random::random_id;
use crate::server::storage;

/// The arguments of `backup`.
#[derive(Debug, Clone)]
pub struct BackupArgs {
    /// The database, which must be SQLite.
    pub location: DataLocation,
    /// The file to write. It must not exist yet.
    pub file: PathBuf,
}

/// Copies the SQLite database as of one moment, and writes the path of the copy to `out`. The key is not copied.
pub async fn backup(args: &BackupArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    if args.location.database_url.is_some() {
        let message = "a PostgreSQL database is backed up with pg_dump; keep the encryption key beside the dump";
        return Err(ServerError::Argument(message.to_owned()));
    }
    args.location.must_exist()?;
    if args.file.exists() {
        let message = format!("`{}` exists already; name a new file", args.file.display());
        return Err(ServerError::Argument(message));
    }
    // In the same directory, so that it can be renamed.
    let draft = args.file.with_extension(format!("{}.tmp", random_id()?));
    let copied = copy(&args.location, &draft, &args.file).await;
    if copied.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    copied?;
    writeln!(out, "{}", args.file.display()).map_err(ServerError::Output)
}

/// Copies into a draft and renames it, so that a file with the name of the backup is always complete.
async fn copy(location: &DataLocation, draft: &Path, file: &Path) -> Result<(), ServerError> {
    let Some(text) = draft.to_str() else {
        return Err(ServerError::Argument("the backup's path is not UTF-8".to_owned()));
    };
    // `VACUUM INTO` accepts an empty file. Created here, the copy is private from its first byte on.
    let target = file::create_new(draft)?;
    let source = Db::sqlite(&location.data_dir.join(storage::DATABASE), 1).await?;
    let copied = source.copy_into(text).await;
    source.close().await;
    copied?;
    target
        .sync_all()
        .and_then(|()| file::move_into_place(draft, file))
        .map_err(|error| ServerError::file(file, error))
}
