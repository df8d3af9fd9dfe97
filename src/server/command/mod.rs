//! What the command line does with a server: serve it, back it up, change its key, look after its tokens.
//!
//! Plain arguments in, lines to a writer out; the parsing of flags is somebody else's.

mod maintain;
mod serve;
mod tokens;

pub use maintain::{BackupArgs, RekeyArgs, backup, rekey};
pub use serve::{ServeArgs, serve};
pub use tokens::{TokenCreateArgs, TokenListArgs, TokenRevokeArgs, token_create, token_list, token_revoke};

pub(crate) use tokens::create_token;

use std::path::PathBuf;

use secrecy::SecretString;

use super::error::ServerError;
use super::options::Storage;

/// Which database a command is about.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where SQLite, the key and the first token are kept; [`Place::DATA_DIR`] is usual.
    pub data_dir: PathBuf,
    /// A PostgreSQL database instead of SQLite.
    pub database_url: Option<SecretString>,
    /// From `LOBUCTL_ENCRYPTION_KEY`; without it the key's file in the data directory.
    pub encryption_key: Option<SecretString>,
}

impl Place {
    /// The default data directory.
    pub const DATA_DIR: &'static str = ".lobu/server";

    /// A data directory with nothing else said.
    pub fn directory(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database_url: None,
            encryption_key: None,
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

    /// Commands that look at a database do not make one.
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
