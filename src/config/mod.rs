//! From files to the desired [`State`], or every diagnostic at once.
//!
//! `lobu.toml`, agent folders, local skills, model files and `.env` files become one [`Project`]. Only `load` opens
//! files; every other module works on texts. This room knows no server: what the server refuses is known here as rules.

mod agent;
mod build;
mod diagnostic;
mod dotenv;
mod draft;
mod entity_type;
mod folder;
mod load;
mod mask;
mod mcp;
mod memory;
mod merge;
mod model;
mod network;
mod platform;
mod project;
mod reference;
mod relationship_type;
pub mod schema;
mod secret;
mod skill;
mod suggest;
mod table;
mod text;
mod yaml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use diagnostic::{Diagnostic, Related, Severity, Source, Sources, counted};
pub use load::{find, load};
pub use mask::harmless;
pub use secret::{SecretSource, SecretUse};

use crate::resource::{Origins, State};

/// Which secrets must have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecretsCheck {
    /// Every reference.
    #[default]
    All,
    /// Those whose values go to the server: platform configs.
    Sent,
    /// None, but a missing one is a warning. The values of platforms stay unknown, as with [`SecretsCheck::Off`].
    Warn,
    /// None; platform values that are missing stay unknown ([`crate::resource::ConfigValue::Redacted`]).
    Off,
}

/// Which parts of a project are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Only {
    /// Everything.
    #[default]
    All,
    /// Agents, their settings and platforms.
    Agents,
    /// Entity and relationship types.
    Memory,
}

/// What loading needs to know.
#[derive(Debug, Clone, Copy)]
pub struct LoadOptions<'a> {
    /// The process environment.
    pub environment: &'a BTreeMap<String, String>,
    /// `--env-file`, in order; the first that has a name wins.
    pub env_files: &'a [PathBuf],
    /// Which secrets must have a value.
    pub secrets_check: SecretsCheck,
    /// Which parts are loaded.
    pub only: Only,
    /// Paths are shown relative to this folder.
    pub display_root: &'a Path,
}

/// What loading found.
#[derive(Debug)]
pub struct Loaded {
    /// `None` when there is any error.
    pub project: Option<Project>,
    /// Errors and warnings, by file and position.
    pub diagnostics: Vec<Diagnostic>,
    /// The masked texts of the files, for printing source lines.
    pub sources: Sources,
    /// The organisation of the memory table, whatever else is wrong.
    pub org: Option<String>,
}

/// A project that can be planned.
#[derive(Debug)]
pub struct Project {
    /// `lobu.toml`.
    pub file: PathBuf,
    /// Its folder.
    pub root: PathBuf,
    /// `org` of the memory table.
    pub organization: Option<String>,
    /// Whether there is a memory table that is not switched off.
    pub memory_enabled: bool,
    /// What the files declare.
    pub desired: State,
    /// Where they declare it.
    pub origins: Origins,
    /// Every secret that the loaded parts refer to, by name.
    pub secrets: Vec<SecretUse>,
}
