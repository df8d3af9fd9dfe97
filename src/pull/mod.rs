//! Brings what the server has into the files of a project: the plan, read in the other direction.
//!
//! Each row that differs is written into the texts that express it, in memory. Then the edited project is loaded and planned
//! again ([`proved`]): a row that still differs cannot be expressed in files, and none of its edits is kept. Values that only
//! the files have stay, as a plan leaves alone what only the server has.

mod agent;
mod change;
mod data;
mod data_files;
mod file_list;
mod front_matter;
mod ignore_file;
mod lines;
mod mcp;
mod memory;
mod model_file;
mod platform;
mod project_files;
mod proof;
mod proposal;
mod provider;
mod reversed;
mod secret_name;
mod settings;
mod skill;
mod skill_additions;
mod temporary;
mod toml_array;
mod toml_mask;
mod toml_part;
mod toml_sections;
mod toml_splice;
mod toml_text;
mod toml_tree;
mod toml_value;
mod units;
mod wanted;
mod watcher;
mod writer;
mod yaml_edit;
mod yaml_flow;
mod yaml_lines;
mod yaml_text;
mod yaml_value;

pub use change::{Conflict, FileChange, PullPlan, Unit};
pub use ignore_file::{IgnoreSubject, NewIgnore, with_ignores, without_ignores};
pub use project_files::{ENV_EXAMPLE, LOBU_TOML, ProjectFiles};
pub use proof::{ProofError, proved};
pub use toml_mask::without_literal_secrets;
pub use units::file_field;
pub use wanted::Wanted;
pub use writer::{WriteError, remove_leftovers, write};
