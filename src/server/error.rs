//! The errors of the server and its maintenance commands. Every message names what to do next, where that is known.

use std::path::PathBuf;

/// An error that ends the server or one of its maintenance commands.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Another process serves this data directory.
    #[error("the data directory `{}` is in use by another server; stop it or pass another --data-dir", .0.display())]
    DataDirTaken(PathBuf),
    /// The address could not be bound.
    #[error("cannot listen on {address}: {source}; pass another --listen, port 0 picks a free one")]
    Listen {
        /// The address that was given.
        address: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file could not be read or written.
    #[error("cannot use `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file or directory belongs to another user.
    #[error("`{}` belongs to another user; use a directory of your own", .0.display())]
    ForeignFile(PathBuf),
    /// Other users can read or write a private file, or write to its directory.
    #[error("`{}` is open to other users; `chmod {mode:o} {}` closes it", path.display(), path.display())]
    OpenToOthers {
        /// The file or directory.
        path: PathBuf,
        /// The mode that would be accepted.
        mode: u32,
    },
    /// A file that has to be private is a link, a directory or a device.
    #[error("`{}` is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// A data directory has a key or a token, but no database that it could belong to. Holds the path of that file.
    #[error("`{}` is there, but the database beside it is missing or empty; restore the database, or start in an empty directory", .0.display())]
    DatabaseMissing(PathBuf),
    /// SQLite's check found the database file damaged.
    #[error("the database `{}` is damaged ({reason}); restore a backup", path.display())]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What the check found first.
        reason: String,
    },
    /// The database URL does not parse. The message does not repeat it, because it may contain a password.
    #[error("the database URL is not a PostgreSQL URL; it looks like postgres://user@host:5432/name")]
    DatabaseUrl,
    /// The database cannot be reached, or a statement failed.
    #[error("{trouble}: {0}", trouble = database_trouble(.0))]
    Database(#[from] sqlx::Error),
    /// A pooler gives one session of the database to several clients.
    #[error(
        "the database is behind a pooler that shares sessions between clients; use its session pooling, or connect to PostgreSQL directly"
    )]
    SharedSessions,
    /// The tables could not be brought to this version.
    #[error("the database cannot be migrated: {0}")]
    Migration(sqlx::migrate::MigrateError),
    /// The key does not parse.
    #[error("the encryption key is neither 32 bytes of base64 nor 64 hexadecimal digits")]
    KeyFormat,
    /// No key is configured for PostgreSQL, and no directory of key files.
    #[error("an encryption key is required with PostgreSQL; set LOBUCTL_ENCRYPTION_KEY")]
    KeyRequired,
    /// The key is not the one that the secrets in the database are sealed with.
    #[error("the database was encrypted with another key; set LOBUCTL_ENCRYPTION_KEY to that one")]
    WrongKey,
    /// Another process worked with the key files for longer than a start or a rekey waits.
    #[error("another rekey is under way; wait until it has ended")]
    RekeyRunning,
    /// Running servers do not have the new key. Holds their number.
    #[error(
        "the new key is missing in running servers ({0}); restart each with LOBUCTL_NEW_ENCRYPTION_KEY set to it, then rekey again"
    )]
    ServersLackKey(i64),
    /// An argument is invalid. Holds the whole message.
    #[error("{0}")]
    Argument(String),
    /// Reading or writing a connection failed while serving.
    #[error("the server stopped: {0}")]
    Serve(std::io::Error),
    /// The output of a command could not be written.
    #[error("cannot write the output: {0}")]
    Output(std::io::Error),
    /// The system's random number generator failed.
    #[error("the system gives no random numbers")]
    Random,
}

/// Returns whether the database is out of reach, or did not do what it was told.
fn database_trouble(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            "the database does not answer"
        }
        _ => "the database failed",
    }
}

impl ServerError {
    /// Creates the error for a user whom no organization has had.
    pub(crate) fn no_user(user: &str) -> Self {
        Self::Argument(format!(
            "no user `{user}`; `lobuctl serve member add {user} --org SLUG` adds one"
        ))
    }

    /// Creates the error for a slug of no organization.
    pub(crate) fn no_organization(slug: &str) -> Self {
        Self::Argument(format!("no organization `{slug}`; `lobuctl serve org list` lists them"))
    }

    /// Creates a [`ServerError::File`].
    pub(crate) fn file(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::File {
            path: path.into(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_statement_is_no_database_that_does_not_answer() {
        let told = |error: sqlx::Error| ServerError::from(error).to_string();
        assert!(told(sqlx::Error::PoolTimedOut).starts_with("the database does not answer: "));
        assert!(told(sqlx::Error::RowNotFound).starts_with("the database failed: "));
    }
}
