//! Which database a command works on.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::server::clock;
use crate::server::db::{Db, migration};
use crate::server::error::ServerError;
use crate::server::options::Storage;
use crate::server::storage::DATABASE;

/// The database that a command works on, and its key.
#[derive(Debug, Clone)]
pub struct DataLocation {
    /// The directory of the SQLite database, the key files and the first token. With PostgreSQL, that of the key files and
    /// the token only. The default of the flag is [`DataLocation::DATA_DIR`].
    pub data_dir: PathBuf,
    /// The URL of a PostgreSQL database. `None` means SQLite in `data_dir`.
    pub database_url: Option<SecretString>,
    /// The value of `LOBUCTL_ENCRYPTION_KEY`. `None` means that the key is read from its file in the data directory.
    pub encryption_key: Option<SecretString>,
    /// The value of `LOBUCTL_NEW_ENCRYPTION_KEY`: the key of the next rekey, if one is planned.
    pub new_encryption_key: Option<SecretString>,
}

impl DataLocation {
    /// The default data directory.
    pub const DATA_DIR: &'static str = ".lobu/server";

    /// Returns the location of a SQLite database in a data directory, with the key in its file.
    pub fn directory(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database_url: None,
            encryption_key: None,
            new_encryption_key: None,
        }
    }

    pub(crate) fn storage(&self) -> Storage {
        match &self.database_url {
            Some(url) => Storage::Postgres { url: url.clone() },
            None => Storage::Sqlite {
                data_dir: self.data_dir.clone(),
            },
        }
    }

    /// Opens an existing database for one command, with its tables brought up to date.
    pub(crate) async fn open(&self) -> Result<Db, ServerError> {
        self.must_exist()?;
        let db = match &self.database_url {
            Some(url) => Db::postgres(url, 1).await?,
            None => Db::sqlite(&self.data_dir.join(DATABASE), 1).await?,
        };
        migration::migrate(&db).await?;
        // As in the server, a token that has expired once must not become valid because the system's clock was set back.
        clock::restore(&db).await?;
        Ok(db)
    }

    /// Refuses a data directory without a database, because no maintenance command creates one.
    pub(crate) fn must_exist(&self) -> Result<(), ServerError> {
        if self.database_url.is_some() || self.data_dir.join(DATABASE).exists() {
            return Ok(());
        }
        let dir = self.data_dir.display();
        Err(ServerError::Argument(format!(
            "no database in `{dir}`; pass --data-dir or start `lobuctl serve` once"
        )))
    }
}
