//! Which database a command works on.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::server::error::ServerError;
use crate::server::options::Storage;

/// The database that a command works on, and its key.
#[derive(Debug, Clone)]
pub struct DataLocation {
    /// The directory of the SQLite database, the key and the first token; usually [`DataLocation::DATA_DIR`].
    pub data_dir: PathBuf,
    /// The URL of a PostgreSQL database, which takes the place of SQLite.
    pub database_url: Option<SecretString>,
    /// The value of `LOBUCTL_ENCRYPTION_KEY`. Without it, the key is read from its file in the data directory.
    pub encryption_key: Option<SecretString>,
    /// The value of `LOBUCTL_NEW_ENCRYPTION_KEY`: the key of the next rekey.
    pub new_encryption_key: Option<SecretString>,
}

impl DataLocation {
    /// The default data directory.
    pub const DATA_DIR: &'static str = ".lobu/server";

    /// Returns the location of a data directory, with its own key.
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

    /// Refuses a directory without a database: maintenance never creates one.
    pub(crate) fn must_exist(&self) -> Result<(), ServerError> {
        if self.database_url.is_some() || self.data_dir.join("lobu.db").exists() {
            return Ok(());
        }
        let dir = self.data_dir.display();
        Err(ServerError::Argument(format!(
            "no database in `{dir}`; pass --data-dir or start `lobuctl serve` once"
        )))
    }
}
