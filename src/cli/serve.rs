//! The arguments of `lobuctl serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::server::command::{DataLocation, ServeConfig};
use crate::server::{AuditLimits, MemberRole};

/// The arguments of `lobuctl serve`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct ServeArgs {
    /// A command on the server's data; without one, the server runs.
    #[command(subcommand)]
    pub command: Option<ServeCommand>,
    /// The address and port to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = ServeConfig::LISTEN)]
    pub listen: SocketAddr,
    /// The folder of the database, the encryption key and the first token.
    #[arg(long, global = true, value_name = "DIR", default_value = DataLocation::DATA_DIR)]
    pub data_dir: PathBuf,
    /// A PostgreSQL database to use instead of SQLite; a URL with a password must be in `LOBU_DATABASE_URL`, because other
    /// users of this machine can read arguments.
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// The URL at which clients reach this server, if it is behind a proxy.
    #[arg(long, value_name = "URL", value_parser = ServeConfig::parse_public_url)]
    pub public_url: Option<String>,
    /// Accept platforms of any type and start none, like the local mode of the Lobu server.
    #[arg(long)]
    pub local: bool,
    /// The number of days that events of the audit are kept.
    #[arg(long, value_name = "DAYS", default_value_t = AuditLimits::DAYS)]
    pub audit_days: u32,
    /// The number of events of the audit that are kept.
    #[arg(long, value_name = "COUNT", default_value_t = AuditLimits::EVENTS)]
    pub audit_events: u32,
}

/// A command on the server's data.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum ServeCommand {
    /// Create, list and revoke access tokens.
    Token {
        /// The subcommand.
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Create, list and rename organizations.
    Org {
        /// The subcommand.
        #[command(subcommand)]
        command: OrgCommand,
    },
    /// Add, remove and list the people of organizations.
    Member {
        /// The subcommand.
        #[command(subcommand)]
        command: MemberCommand,
    },
    /// Print a link with which a user signs in, once and within ten minutes, to approve `lobuctl login`.
    LoginLink {
        /// The user.
        user: String,
    },
    /// Print who changed what and when, newest last; `--org` selects one organization.
    Audit {
        /// The number of events to print.
        #[arg(long, value_name = "COUNT", default_value_t = 100)]
        limit: u32,
    },
    /// Encrypt every stored secret again with a new key.
    Rekey,
    /// Copy the database to a file while the server runs.
    Backup {
        /// The file to write.
        file: PathBuf,
    },
}

/// A command on organizations.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum OrgCommand {
    /// Create a private organization.
    Create {
        /// What clients use to name it: lower-case letters, digits and hyphens.
        slug: String,
        /// The name that people see [default: the slug].
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// The user who owns it [default: the user of the first token].
        #[arg(long, value_name = "USER")]
        owner: Option<String>,
    },
    /// List every organization: visibility, members, name and slug.
    List,
    /// Change the name that people see.
    Rename {
        /// The organization.
        slug: String,
        /// The new name.
        name: String,
    },
}

/// A command on the people of organizations.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum MemberCommand {
    /// Give a user a role in the organization of `--org` (default: dev); a new user is created.
    Add {
        /// The user: letters, digits and `._-+@`, for example an e-mail address.
        user: String,
        /// The role: owner, admin or member.
        #[arg(long, default_value_t = MemberRole::Member)]
        role: MemberRole,
        /// The name that others see.
        #[arg(long, value_name = "NAME")]
        full_name: Option<String>,
    },
    /// Remove a user from the organization of `--org` (default: dev); their tokens are refused there from then on.
    Remove {
        /// The user.
        user: String,
    },
    /// List every member: role, organization, name and user; `--org` selects one organization.
    List,
}

/// A command on access tokens.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum TokenCommand {
    /// Create a token; its value is printed once and not stored.
    Create {
        /// A scope: `mcp:read`, `mcp:write` or `mcp:admin`, which applying needs; may be repeated.
        #[arg(long, value_name = "SCOPE", default_values = ["mcp:read"])]
        scope: Vec<String>,
        /// The user that the token belongs to [default: the user of the first token].
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        /// A name that says what the token is for.
        #[arg(long, value_name = "NAME", default_value = "lobuctl")]
        name: String,
        /// The number of days until the token expires.
        #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
        expires_in_days: u32,
        /// Keep the token valid until it is revoked.
        #[arg(long, conflicts_with = "expires_in_days")]
        never_expires: bool,
    },
    /// List every token: state, expiry, last use, scopes, organization, user, name and id; never its value.
    List,
    /// Revoke a token.
    Revoke {
        /// The token's id, as `list` prints it.
        id: String,
    },
}
