//! The commands of `lobuctl serve`: serving, backup, a new key, and tokens.
//!
//! They take plain arguments and write lines to a writer. The flags are parsed by `cli`.

mod location;
mod maintain;
mod serve;
mod tokens;

/// The name of the file in the data directory that holds the first token.
pub use super::home::BOOTSTRAP_TOKEN;
pub use location::DataLocation;
pub use maintain::{BackupArgs, RekeyArgs, backup, rekey};
pub use serve::{ServeConfig, serve};
pub use tokens::{TokenCreateArgs, TokenListArgs, TokenRevokeArgs, token_create, token_list, token_revoke};
