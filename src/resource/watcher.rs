//! A watcher of the memory: a prompt that runs on a schedule over what is known of an entity.

use std::fmt;

use serde_json::{Value, json};

use super::field_table::{Absent, Field};

/// The resource at the address `watcher.SLUG`. A field is `None` when the file does not mention it, or when the server
/// has null.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Watcher {
    /// The slug, unique in the organization for ever: an archived watcher keeps it.
    pub slug: String,
    /// The id on the server, a number or a string of digits. `None` on the desired side.
    pub id: Option<Value>,
    /// The entities that it watches. A file names one at most; on the server it is fixed at creation.
    pub entities: Vec<WatchedEntity>,
    /// The display name; not empty when it comes from a file.
    pub name: String,
    /// A text about the watcher.
    pub description: Option<String>,
    /// The cron expression. `None` for a watcher that runs only when asked.
    pub schedule: Option<String>,
    /// The prompt, a Handlebars template.
    pub prompt: Option<String>,
    /// The JSON Schema of what the watcher extracts.
    pub extraction_schema: Option<Value>,
    /// The queries whose results the prompt sees, as a list of `{name, query}`.
    pub sources: Option<Value>,
    /// A text for the agent that reacts to a result.
    pub reactions_guidance: Option<String>,
    /// The template of a result, as any JSON.
    pub json_template: Option<Value>,
    /// How results are told apart, as any JSON.
    pub keying_config: Option<Value>,
    /// The classifiers of results, as a list.
    pub classifiers: Option<Value>,
    /// The prompt that condenses old results.
    pub condensation_prompt: Option<String>,
    /// The number of results that are condensed at a time.
    pub condensation_window_count: Option<Value>,
    /// The id of the agent that executes it.
    pub agent_id: Option<String>,
    /// The model and its options, as a table.
    pub model_config: Option<Value>,
    /// The tags, a list of texts.
    pub tags: Option<Value>,
    /// The text of the script that reacts to a result.
    pub reaction_script: Option<String>,
}

/// An entity that a watcher watches. A file names it by its slug, with its type where that is not enough, or by its id.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatchedEntity {
    /// The id on the server.
    pub id: Option<u64>,
    /// The slug of the entity type.
    pub entity_type: Option<String>,
    /// The slug of the entity.
    pub slug: Option<String>,
}

impl WatchedEntity {
    /// Whether an entity of the server is the one that this names.
    pub fn names(&self, found: &Self) -> bool {
        let agrees = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        (self.id.is_none() || self.id == found.id)
            && agrees(&self.entity_type, &found.entity_type)
            && agrees(&self.slug, &found.slug)
    }
}

impl fmt::Display for WatchedEntity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.entity_type, &self.slug, self.id) {
            (Some(entity_type), Some(slug), _) => write!(formatter, "{entity_type}:{slug}"),
            (None, Some(slug), _) => formatter.write_str(slug),
            (_, None, id) => write!(formatter, "#{}", id.unwrap_or_default()),
        }
    }
}

impl Watcher {
    /// The name of the script's field, which has a request of its own.
    pub const SCRIPT: &'static str = "reaction_script";

    /// The fields that are changed in place. All others but the script belong to a version.
    pub const SETTINGS: [&'static str; 4] = ["schedule", "agent_id", "model_config", "tags"];

    /// The fields that are compared.
    ///
    /// A version takes over the texts and values that its request leaves out, so that most of them cannot be cleared.
    pub const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::required("name", |it| &it.name, |it| &mut it.name),
        Field::<Self>::text("description", |it| &it.description, |it| &mut it.description),
        Field::<Self>::text("schedule", |it| &it.schedule, |it| &mut it.schedule).cleared_by(Absent::Text("")),
        Field::<Self>::text("prompt", |it| &it.prompt, |it| &mut it.prompt).cleared_by(Absent::Never),
        Field::<Self>::json(
            "extraction_schema",
            |it| &it.extraction_schema,
            |it| &mut it.extraction_schema,
        )
        .cleared_by(Absent::Never),
        Field::<Self>::json("sources", |it| &it.sources, |it| &mut it.sources).cleared_by(Absent::Never),
        Field::<Self>::text(
            "reactions_guidance",
            |it| &it.reactions_guidance,
            |it| &mut it.reactions_guidance,
        )
        .cleared_by(Absent::Never),
        Field::<Self>::json("json_template", |it| &it.json_template, |it| &mut it.json_template)
            .cleared_by(Absent::Never),
        Field::<Self>::json("keying_config", |it| &it.keying_config, |it| &mut it.keying_config)
            .cleared_by(Absent::Never),
        Field::<Self>::json("classifiers", |it| &it.classifiers, |it| &mut it.classifiers).cleared_by(Absent::Never),
        Field::<Self>::text(
            "condensation_prompt",
            |it| &it.condensation_prompt,
            |it| &mut it.condensation_prompt,
        )
        .cleared_by(Absent::Never),
        Field::<Self>::json(
            "condensation_window_count",
            |it| &it.condensation_window_count,
            |it| &mut it.condensation_window_count,
        )
        .cleared_by(Absent::Never),
        Field::<Self>::text("agent_id", |it| &it.agent_id, |it| &mut it.agent_id),
        Field::<Self>::json("model_config", |it| &it.model_config, |it| &mut it.model_config).cleared_by(Absent::Never),
        Field::<Self>::json("tags", |it| &it.tags, |it| &mut it.tags).cleared_by(Absent::List),
        Field::<Self>::text(Self::SCRIPT, |it| &it.reaction_script, |it| &mut it.reaction_script)
            .cleared_by(Absent::Text("")),
    ];

    /// Returns the sources that the server gives to a watcher that is created without any.
    pub fn default_sources() -> Value {
        json!([{ "name": "content", "query": "SELECT * FROM events ORDER BY occurred_at DESC" }])
    }
}
