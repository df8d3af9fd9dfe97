//! Why it is not known what to talk to.

use std::path::PathBuf;

use thiserror::Error;

use crate::failure::Failure;
use crate::remote::ServerUrlError;

/// Why it is not known what to talk to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SessionError {
    /// Nobody says which server.
    #[error("no server is known")]
    NoServer {
        /// Where it was looked for, in order.
        looked: Vec<String>,
    },
    /// Nobody says which organisation.
    #[error("no organisation is known")]
    NoOrganization {
        /// Where it was looked for, in order.
        looked: Vec<String>,
    },
    /// There is no token for this server.
    #[error("no token is known for {server}")]
    NoToken {
        /// The server.
        server: String,
        /// Where it was looked for, in order.
        looked: Vec<String>,
    },
    /// What should be a URL is none.
    #[error("{place} is not the address of a server: {why}")]
    BadUrl {
        /// Where it stands.
        place: String,
        /// What is wrong.
        why: ServerUrlError,
    },
    /// What should be an organisation's slug is none.
    #[error("{place} is not an organisation's slug: it is empty, or holds spaces or slashes")]
    BadOrganization {
        /// Where it stands.
        place: String,
    },
    /// The context is not in the contexts file.
    #[error("there is no context `{name}`")]
    UnknownContext {
        /// The name that was asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A file cannot be used.
    #[error("{} cannot be used: {why}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong, without a word of what it holds.
        why: String,
    },
}

impl SessionError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoServer { looked } => vec![
                looked_in(looked),
                "give `--url http://127.0.0.1:8787`, set `LOBU_API_URL`, or log in with `lobu login`".to_owned(),
                "`lobuctl demo` tries everything without a server".to_owned(),
            ],
            Self::NoOrganization { looked } => vec![
                looked_in(looked),
                "give `--org SLUG`, or write `org = \"SLUG\"` under `[memory]` in `lobu.toml`".to_owned(),
            ],
            Self::NoToken { looked, .. } => vec![
                looked_in(looked),
                "set `LOBU_API_TOKEN`; `lobuctl serve` writes its own to `DATA_DIR/bootstrap-pat.txt`".to_owned(),
            ],
            Self::UnknownContext { known, .. } if known.is_empty() => {
                vec!["no context is stored; log in with `lobu login`, or give `--url`".to_owned()]
            }
            Self::UnknownContext { known, .. } => vec![format!("known contexts: {}", known.join(", "))],
            Self::BadUrl { .. } | Self::BadOrganization { .. } => Vec::new(),
            Self::File { .. } => vec!["mend the file, or move it away".to_owned()],
        }
    }
}

fn looked_in(places: &[String]) -> String {
    format!("looked in {}", places.join(", then "))
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self::failed(error.to_string()).hints(error.hints())
    }
}
