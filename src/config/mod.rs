//! Reads the files of a project into the desired [`State`], or reports everything that is wrong at once.
//!
//! `lobu.toml`, agent folders, local skills, model files and `.env` files become one [`Project`]. Only `load` opens
//! files; every other module works on texts. This room asks no server: it has the server's rules as checks of its own.

mod agent;
mod builder;
mod data;
mod diagnostic;
mod document;
mod domain;
mod dotenv;
mod draft;
mod finding;
mod ignore;
mod layer;
mod literal;
mod load;
mod mask;
mod mcp;
mod memory;
mod model;
mod network;
mod platform;
mod preferences;
mod provider;
mod reader;
mod reference;
mod schedule;
pub mod schema;
mod secret;
mod secret_text;
mod skill;
mod source;
mod table;
mod template;
mod whitespace;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use agent::{AGENT_ID_FORM, is_agent_id};
pub use diagnostic::{Diagnostic, Severity, counted};
pub use domain::normalize_pattern as normalized_domain;
pub use ignore::LOBUCTL_TOML;
pub use load::{LoadCache, LoadedPreferences, find, load, load_changes, load_preferences, read_ignores};
pub use mask::{MaskedText, harmless};
pub use preferences::{KeyConflict, KeyTexts, PreferenceWords, Preferences};
pub use reference::name as referenced_secret;
pub use secret::{SecretSource, SecretSummary};
pub use secret_text::{SecretTextError, parse_secret_text};
pub use skill::split as split_front_matter;
pub use source::{Source, Sources};
pub use yaml::parse_values as parse_yaml;

use crate::resource::{DriftIgnore, Origins, PlatformKey, ProviderKey, Secret, State, suggestion};

/// Which secrets must have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecretsCheck {
    /// Every referenced secret.
    #[default]
    All,
    /// Those whose values go to the server, which are those of platform configs.
    Sent,
    /// None, but a missing one is a warning. Its value stays unknown, as with [`SecretsCheck::Off`].
    Warn,
    /// None. A missing value of a platform stays unknown ([`crate::resource::ConfigValue::Redacted`]).
    Off,
}

/// Who has the values of the secrets that platforms use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretsFrom {
    /// This machine sends them with the platforms.
    #[default]
    Local,
    /// The server, which is sent references.
    Server,
    /// This machine where it has a value, else the server.
    Auto,
}

/// A key of a platform's config whose whole value is `$NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretField {
    /// The platform.
    pub platform: PlatformKey,
    /// The key of its config.
    pub key: String,
    /// The name, without the dollar sign.
    pub name: String,
}

/// Which parts of a project are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Only {
    /// All parts.
    #[default]
    All,
    /// Agents, their settings and platforms.
    Agents,
    /// Entity types, relationship types, entities, relationships and watchers.
    Memory,
    /// Entities and relationships.
    Data,
    /// Watchers.
    Watchers,
}

impl Only {
    /// Whether agents, their settings and platforms are loaded.
    pub fn has_agents(self) -> bool {
        matches!(self, Self::All | Self::Agents)
    }

    /// Whether entity and relationship types are loaded.
    pub fn has_types(self) -> bool {
        matches!(self, Self::All | Self::Memory)
    }

    /// Whether entities and relationships are loaded.
    pub fn has_data(self) -> bool {
        matches!(self, Self::All | Self::Memory | Self::Data)
    }

    /// Whether watchers are loaded.
    pub fn has_watchers(self) -> bool {
        matches!(self, Self::All | Self::Memory | Self::Watchers)
    }
}

/// Options of [`load`].
#[derive(Debug, Clone, Copy)]
pub struct LoadOptions<'a> {
    /// The process environment, the first source of secrets.
    pub environment: &'a BTreeMap<String, String>,
    /// The files of `--env-file`, in order. The first file with a value for a name takes precedence.
    pub env_files: &'a [PathBuf],
    /// Which secrets must have a value.
    pub secrets_check: SecretsCheck,
    /// Which parts are loaded.
    pub only: Only,
    /// Whether files outside the project's folder may be read, through links or `..`.
    pub allow_outside: bool,
    /// The folder that paths are shown relative to.
    pub display_root: &'a Path,
}

/// The result of [`load`].
#[derive(Debug)]
pub struct LoadedProject {
    /// The project; `None` when there is any error.
    pub project: Option<Project>,
    /// The errors and warnings, by file and position.
    pub diagnostics: Vec<Diagnostic>,
    /// The masked texts of the files, for printing source lines.
    pub sources: Sources,
    /// The organization that the memory table names, also when there are errors.
    pub org: Option<String>,
    /// The value of every secret that was read, also when there are errors. None of them may be shown.
    pub secret_values: Vec<Secret>,
    /// The folders that were looked into, absolute, also those that do not exist: what is added to one of them, changed or
    /// removed may change the project.
    pub folders: BTreeSet<PathBuf>,
}

/// A project that can be planned.
#[derive(Debug)]
pub struct Project {
    /// The path of `lobu.toml`.
    pub file: PathBuf,
    /// The folder of `lobu.toml`, as an absolute path.
    pub root: PathBuf,
    /// The organization that the memory table names.
    pub organization: Option<String>,
    /// Whether there is a memory table that is not disabled.
    pub memory_enabled: bool,
    /// The resources that the files declare.
    pub desired: State,
    /// The locations of the resources and their fields in the files.
    pub origins: Origins,
    /// Every secret that the loaded parts refer to, by name.
    pub secrets: Vec<SecretSummary>,
    /// The values of these secrets and where each comes from, by name. None of them may be shown.
    pub secret_values: BTreeMap<String, (Secret, SecretSource)>,
    /// The keys of platforms that refer to secrets.
    pub secret_fields: Vec<SecretField>,
    /// The keys of providers that refer to secrets.
    pub provider_keys: Vec<ProviderKey>,
    /// The paths of all files that were read, absolute, without those of secrets.
    pub files: BTreeSet<PathBuf>,
    /// The drift that `lobuctl.toml` ignores, in file order.
    pub ignores: Vec<DriftIgnore>,
}
