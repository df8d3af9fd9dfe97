//! Arguments of `lobuctl serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Arguments of `lobuctl serve`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct ServeArgs {
    /// Something to do with the server's data instead of serving it.
    #[command(subcommand)]
    pub command: Option<ServeCommand>,
    /// Address and port; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    pub listen: SocketAddr,
    /// Where the server keeps its database, its key and its first token.
    #[arg(long, global = true, value_name = "DIR", default_value = ".lobu/server")]
    pub data_dir: PathBuf,
    /// A PostgreSQL database instead of the file in the data folder; `LOBU_DATABASE_URL` says the same without showing
    /// a password to others on the machine.
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// How others reach this server, when a proxy stands before it.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Accept platforms of any type and start none, as the local mode of the Lobu server does.
    #[arg(long)]
    pub local: bool,
}

/// What can be done with the server's data.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum ServeCommand {
    /// Access tokens.
    Token {
        /// What to do.
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Encrypt every stored secret again, with a new key.
    Rekey,
    /// Copy the database to a file while the server runs.
    Backup {
        /// Where to.
        file: PathBuf,
    },
}

/// What can be done with access tokens.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum TokenCommand {
    /// Make one; it is printed once.
    Create {
        /// What it may do: `mcp:read`, `mcp:write` or `mcp:admin`; may be given several times. Applying needs
        /// `mcp:admin`.
        #[arg(long, value_name = "SCOPE", default_values = ["mcp:read"])]
        scope: Vec<String>,
        /// What it is for.
        #[arg(long, value_name = "NAME", default_value = "lobuctl")]
        name: String,
        /// How many days it is valid.
        #[arg(long, value_name = "DAYS", default_value_t = 90)]
        expires_in_days: u32,
        /// Let it be valid until it is revoked.
        #[arg(long, conflicts_with = "expires_in_days")]
        never_expires: bool,
    },
    /// Every token: state, expiry, scopes, organization, name and id; never its value.
    List,
    /// End one.
    Revoke {
        /// Its id, as `list` prints it.
        id: String,
    },
}
