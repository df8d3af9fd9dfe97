//! `lobuctl serve backup`.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::location::DataLocation;
use crate::server::db::Db;
use crate::server::error::ServerError;
use crate::server::file;
use crate::server::home;
use crate::server::random::random_id;

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
        let message = "a PostgreSQL database is backed up with pg_dump; keep the encryption key beside the dump";
        return Err(ServerError::Argument(message.to_owned()));
    }
    args.location.must_exist()?;
    if args.file.exists() {
        let message = format!("`{}` exists already; name a new file", args.file.display());
        return Err(ServerError::Argument(message));
    }
    let draft = args.file.with_extension(format!("{}.tmp", random_id()?));
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
