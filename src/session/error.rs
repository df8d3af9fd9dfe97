//! Why no server, organization or token could be chosen.

use std::path::PathBuf;

use thiserror::Error;

use crate::failure::Failure;
use crate::remote::ServerUrlError;

/// Why no server, organization or token could be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SessionError {
    /// No server is set anywhere.
    #[error("no server is known")]
    NoServer {
        /// The flags, variables and files that were searched, in order.
        searched: Vec<String>,
    },
    /// No organization is set anywhere.
    #[error("no organization is known")]
    NoOrganization {
        /// The flags, variables and files that were searched, in order.
        searched: Vec<String>,
    },
    /// No token is known for this server.
    #[error("no token is known for {server}")]
    NoToken {
        /// The URL of the server.
        server: String,
        /// The flags, variables and files that were searched, in order.
        searched: Vec<String>,
    },
    /// A value that should be a URL is not one.
    #[error("{location} is not the URL of a server: {why}")]
    BadUrl {
        /// Where the value was set, as [`super::ValueSource`] prints it.
        location: String,
        /// What is wrong with the value.
        why: ServerUrlError,
    },
    /// A value that should be an organization's slug is not one.
    #[error("{location} is not an organization's slug: it is empty, or has spaces or slashes")]
    BadOrganization {
        /// Where the value was set.
        location: String,
    },
    /// The contexts file has no such context.
    #[error("there is no context `{name}`")]
    UnknownContext {
        /// The name that was asked for.
        name: String,
        /// The names of the contexts in the file, sorted.
        known: Vec<String>,
    },
    /// A file cannot be used.
    #[error("{} cannot be used: {why}", path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        /// What is wrong; never repeats the contents, which may hold a token.
        why: String,
    },
    /// Other users can change a file or folder that decides where tokens go.
    #[error("{} is not used: {}", path.display(), if *is_foreign { "it belongs to another user" } else { "other users can change it" })]
    Writable {
        /// The path of the file or folder.
        path: PathBuf,
        /// Whether it belongs to another user.
        is_foreign: bool,
    },
    /// Another lobuctl has the lock of the files for minutes.
    #[error("another lobuctl keeps {} locked", path.display())]
    Locked {
        /// The path of the lock file.
        path: PathBuf,
    },
    /// There is no home folder to store anything in.
    #[error("there is no home folder for contexts and credentials")]
    NoFolder,
    /// A context of this name has another server.
    #[error("context `{name}` has another server: {server}")]
    OtherServer {
        /// The name of the context.
        name: String,
        /// The URL of its server.
        server: String,
    },
    /// The stored token has ended, and there is nothing to refresh it with.
    #[error("the sign-in of context `{context}` has ended")]
    SignInEnded {
        /// The name of the context.
        context: String,
    },
    /// The stored token could not be refreshed. It is still stored.
    #[error("the sign-in of context `{context}` cannot be refreshed: {why}")]
    NotRefreshed {
        /// The name of the context.
        context: String,
        /// What kept it from being refreshed.
        why: String,
        /// What to do about that.
        hint: Option<String>,
    },
    /// The server refused to refresh the stored token, which is removed.
    #[error("the server has ended the sign-in of context `{context}`: {why}")]
    SignedOut {
        /// The name of the context.
        context: String,
        /// What the server answered.
        why: String,
    },
    /// A command that changes the credentials of a context does not know which context.
    #[error("no context has the server {server}")]
    NoContext {
        /// The URL of the server.
        server: String,
    },
}

impl SessionError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoServer { searched } => vec![
                looked_in(searched),
                "sign in with `lobuctl login --url URL`, or set `LOBU_API_URL`".to_owned(),
                "`lobuctl demo` works without a server".to_owned(),
            ],
            Self::NoOrganization { searched } => vec![
                looked_in(searched),
                "give `--org SLUG`, or write `org = \"SLUG\"` under `[memory]` in `lobu.toml`".to_owned(),
            ],
            Self::NoToken { searched, .. } => vec![
                looked_in(searched),
                "sign in with `lobuctl login`, or set `LOBU_API_TOKEN`".to_owned(),
                "`lobuctl serve --help` says where the first token of a server of your own is".to_owned(),
            ],
            Self::UnknownContext { known, .. } if known.is_empty() => {
                vec!["no context is stored; `lobuctl login --url URL` makes one".to_owned()]
            }
            Self::UnknownContext { known, .. } => vec![format!("known contexts: {}", known.join(", "))],
            Self::BadUrl { .. } | Self::BadOrganization { .. } => Vec::new(),
            Self::Writable {
                path,
                is_foreign: false,
            } => vec![format!("run `chmod go-w {}`", path.display())],
            Self::Writable { path, .. } => vec![format!("run `chown \"$(id -un)\" {}`", path.display())],
            Self::Locked { .. } => vec!["wait until it has ended, or end it".to_owned()],
            Self::NoFolder => vec!["set `HOME`, or `LOBU_CONFIG_DIR`".to_owned()],
            Self::OtherServer { name, .. } => vec![format!(
                "take another name, or remove it first: `lobuctl context remove {name}`"
            )],
            Self::SignInEnded { context } | Self::SignedOut { context, .. } => {
                vec![format!("sign in again: `lobuctl login --context {context}`")]
            }
            Self::NotRefreshed { hint, .. } => hint
                .iter()
                .cloned()
                .chain(["it is still stored: run again, or sign in anew with `lobuctl login --force`".to_owned()])
                .collect(),
            Self::NoContext { .. } => vec!["`lobuctl context list` shows the contexts".to_owned()],
            Self::File { .. } => vec!["repair the file, or move it away".to_owned()],
        }
    }
}

fn looked_in(locations: &[String]) -> String {
    format!("looked in {}", locations.join(", then "))
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self::failed(error.to_string()).hints(error.hints())
    }
}
