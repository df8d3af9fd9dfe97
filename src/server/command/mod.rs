//! The commands of `lobuctl serve`: serving, backing up, changing the key, and managing organizations, people and tokens.
//!
//! They take plain arguments and write lines to a writer. The flags are parsed by `cli`.

mod audit;
mod backup;
mod listing;
mod location;
mod login_link;
mod people;
mod rekey;
mod serve;
mod tokens;

/// The name of the file in the data directory that holds the first token.
pub use super::storage::BOOTSTRAP_TOKEN;
pub use audit::{AuditArgs, audit};
pub use backup::{BackupArgs, backup};
pub use listing::ListFormat;
pub use location::DataLocation;
pub use login_link::{LoginLinkArgs, login_link};
pub use people::{MemberAddArgs, MemberRemoveArgs, OrgCreateArgs};
pub use people::{member_add, member_list, member_remove, org_create, org_list, org_rename};
pub use rekey::{RekeyArgs, rekey};
pub use serve::{ServeConfig, serve};
pub use tokens::{TokenCreateArgs, TokenListArgs, TokenRevokeArgs, token_create, token_list, token_revoke};
