//! The commands of `lobuctl serve`: serving, backing up, changing the key, and managing tokens.
//!
//! They take plain arguments and write lines to a writer. The flags are parsed by `cli`.

mod backup;
mod location;
mod rekey;
mod serve;
mod tokens;

/// The name of the file in the data directory that holds the first token.
pub use super::storage::BOOTSTRAP_TOKEN;
pub use backup::{BackupArgs, backup};
pub use location::DataLocation;
pub use rekey::{RekeyArgs, rekey};
pub use serve::{ServeConfig, serve};
pub use tokens::{TokenCreateArgs, TokenListArgs, TokenRevokeArgs, token_create, token_list, token_revoke};
