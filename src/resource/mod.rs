//! The resources of an organization, whichever side they were read from.
//!
//! `config` builds a [`State`] from files and `remote` builds one from the server; the planner compares two values of
//! the same type. This room knows no IO, no wire format and no terminal.

mod address;
mod agent;
mod config_value;
mod entity;
mod entity_type;
pub mod field;
mod field_path;
pub mod field_table;
mod ignore;
mod invisible;
mod metadata_schema;
mod origin;
mod pattern;
mod platform;
mod platform_config;
mod provider_key;
mod relationship;
mod relationship_type;
mod secret;
mod server_secret;
mod setting_fields;
mod settings;
mod shared_value;
mod shown;
mod slug;
mod state;
pub mod suggestion;
pub mod value;
mod watcher;

pub use address::{Address, AddressError};
pub use agent::Agent;
pub use config_value::ConfigValue;
pub use entity::{Entity, EntityPath};
pub use entity_type::{EntityType, table_columns};
pub use field_path::FieldPath;
pub use ignore::{DriftIgnore, Ignored};
pub use invisible::{is_invisible, is_ordinary_invisible, with_visible_escapes};
pub use metadata_schema::{MetadataProblem, MetadataSchema};
pub use origin::{Origin, Origins, ResourceOrigins};
pub use pattern::{Pattern, PatternError, nearest_address};
pub use platform::{Platform, PlatformKey, is_secret_key};
pub use platform_config::PlatformConfig;
pub use provider_key::{ProviderKey, key_provider, provider_key_name};
pub use relationship::{Relationship, RelationshipKey};
pub use relationship_type::{RelationshipType, Rule, Rules};
pub use secret::{Secret, is_web_token};
pub use server_secret::{
    SecretOp, SecretWrite, ServerSecret, secret_fingerprint, server_secret_name, server_secret_reference,
};
pub use setting_fields::SettingFields;
pub use settings::Settings;
pub use shared_value::SharedValue;
pub use shown::Shown;
pub use slug::{normalize_entity_slug, platform_slug, stable_platform_id};
pub use state::{DataFacts, Resource, ServerFacts, State, WatcherFacts};
pub use watcher::{WatchedEntity, Watcher};
