//! Edits of what a server has, made up by chance: each changes, adds or removes one value or one resource.

use lobuctl::resource::{Address, State};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::support::apply::elsewhere::{get, remove, set};

/// The shape of a value.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Text,
    Flag,
    Number,
    Words,
    Domains,
    JudgedDomains,
    Tools,
    Providers,
    Rules,
    Choice([&'static str; 2]),
    /// An MCP server with only a URL.
    Server,
    /// A local skill of this name.
    Skill(&'static str),
    Gone,
    /// The whole resource goes.
    ResourceGone,
}

/// What can be edited, and the key of the file that expresses it.
const PLACES: &[(&str, &str, &str, Shape)] = &[
    ("agent.desk", "name", "name", Shape::Text),
    ("agent.desk", "description", "description", Shape::Text),
    ("agent.desk", "description", "description", Shape::Gone),
    ("agent.clerk", "description", "description", Shape::Text),
    ("agent.night", "name", "name", Shape::Text),
    ("agent.night", "", "", Shape::ResourceGone),
    ("agent.clerk", "", "", Shape::ResourceGone),
    ("settings.desk", "soulMd", "", Shape::Text),
    ("settings.desk", "identityMd", "", Shape::Text),
    ("settings.clerk", "userMd", "", Shape::Text),
    ("settings.night", "soulMd", "", Shape::Text),
    ("settings.desk", "guardrails", "guardrails", Shape::Words),
    ("settings.clerk", "guardrails", "guardrails", Shape::Words),
    (
        "settings.desk",
        "networkConfig.allowedDomains",
        "allowed",
        Shape::Domains,
    ),
    (
        "settings.clerk",
        "networkConfig.allowedDomains",
        "allowed",
        Shape::Domains,
    ),
    ("settings.desk", "networkConfig.deniedDomains", "denied", Shape::Domains),
    ("settings.desk", "networkConfig.deniedDomains", "denied", Shape::Gone),
    (
        "settings.desk",
        "networkConfig.judgedDomains",
        "judge",
        Shape::JudgedDomains,
    ),
    ("settings.desk", "networkConfig.judges.strict", "strict", Shape::Text),
    ("settings.desk", "networkConfig.judges.lax", "lax", Shape::Text),
    ("settings.desk", "networkConfig.judges.lax", "lax", Shape::Gone),
    ("settings.desk", "egressConfig.extraPolicy", "extra_policy", Shape::Text),
    ("settings.desk", "egressConfig.judgeModel", "judge_model", Shape::Text),
    ("settings.clerk", "egressConfig.judgeModel", "judge_model", Shape::Text),
    ("settings.desk", "toolsConfig.allowedTools", "allowed", Shape::Words),
    ("settings.desk", "toolsConfig.deniedTools", "denied", Shape::Words),
    ("settings.desk", "toolsConfig.strictMode", "strict", Shape::Flag),
    ("settings.desk", "preApprovedTools", "pre_approved", Shape::Tools),
    ("settings.desk", "nixConfig.packages", "nix_packages", Shape::Words),
    ("settings.desk", "installedProviders", "provider", Shape::Providers),
    ("settings.clerk", "installedProviders", "provider", Shape::Providers),
    (
        "settings.desk",
        "providerModelPreferences.anthropic",
        "model",
        Shape::Text,
    ),
    ("settings.desk", "mcpServers.linear.url", "url", Shape::Text),
    ("settings.desk", "mcpServers.linear.args", "args", Shape::Words),
    ("settings.desk", "mcpServers.linear.headers.X-New", "X-New", Shape::Text),
    (
        "settings.desk",
        "mcpServers.linear.authScope",
        "auth_scope",
        Shape::Choice(["user", "channel"]),
    ),
    ("settings.desk", "mcpServers.local.command", "command", Shape::Text),
    (
        "settings.desk",
        "mcpServers.local.env.ZONE",
        "ZONE",
        Shape::Choice(["$ZONE", "$OTHER_ZONE"]),
    ),
    ("settings.desk", "mcpServers.ledger", "ledger", Shape::Server),
    ("settings.desk", "mcpServers.ledger", "ledger", Shape::Gone),
    ("settings.clerk", "mcpServers.ledger", "ledger", Shape::Server),
    ("settings.desk", "skillsConfig.skills.escalate.content", "", Shape::Text),
    (
        "settings.desk",
        "skillsConfig.skills.escalate.description",
        "description",
        Shape::Text,
    ),
    ("settings.desk", "skillsConfig.skills.tone", "", Shape::Skill("tone")),
    ("platform.desk.telegram", "chatId", "chatId", Shape::Text),
    ("platform.desk.telegram", "userName", "userName", Shape::Text),
    ("platform.desk.slack.eng", "botToken", "botToken", Shape::Text),
    ("platform.desk.slack.eng", "", "", Shape::ResourceGone),
    ("platform.clerk.telegram", "chatId", "chatId", Shape::Text),
    ("entity-type.company", "name", "name", Shape::Text),
    ("entity-type.company", "description", "description", Shape::Text),
    ("entity-type.company", "icon", "icon", Shape::Text),
    ("entity-type.company", "color", "color", Shape::Text),
    ("entity-type.company", "event_kinds.founded.label", "label", Shape::Text),
    ("entity-type.company", "event_kinds.closed.label", "closed", Shape::Text),
    (
        "entity-type.company",
        "metadata_schema.properties.size.minimum",
        "minimum",
        Shape::Number,
    ),
    (
        "entity-type.company",
        "metadata_schema.properties.size.maximum",
        "maximum",
        Shape::Number,
    ),
    (
        "entity-type.company",
        "metadata_schema.properties.city.enum",
        "enum",
        Shape::Words,
    ),
    (
        "entity-type.company",
        "metadata_schema.properties.tag.title",
        "title",
        Shape::Text,
    ),
    (
        "entity-type.company",
        "metadata_schema.required",
        "required",
        Shape::Words,
    ),
    ("entity-type.person", "description", "description", Shape::Text),
    (
        "entity-type.person",
        "metadata_schema.properties.email.title",
        "title",
        Shape::Text,
    ),
    ("entity-type.order", "name", "name", Shape::Text),
    ("entity-type.order", "", "", Shape::ResourceGone),
    ("relationship-type.works-at", "name", "name", Shape::Text),
    ("relationship-type.works-at", "description", "description", Shape::Text),
    (
        "relationship-type.works-at",
        "status",
        "status",
        Shape::Choice(["active", "archived"]),
    ),
    ("relationship-type.works-at", "rules", "rules", Shape::Rules),
    (
        "relationship-type.works-at",
        "metadata_schema.properties.since.title",
        "title",
        Shape::Text,
    ),
    ("relationship-type.owns", "name", "name", Shape::Text),
];

/// An edit of one value, or of a whole resource.
#[derive(Debug, Clone)]
pub struct RandomEdit {
    pub address: Address,
    pub path: &'static str,
    /// The key of the file that expresses the value. Empty for what is a file of its own.
    pub key: &'static str,
    /// The new value. `None` when it goes.
    value: Option<Value>,
}

impl RandomEdit {
    /// Changes a state. Does nothing where there is nothing to edit.
    pub fn carry_out(&self, state: &mut State) {
        let parent = self.address.parent();
        let has_parent = parent.is_none_or(|parent| state.get(&parent).is_some());
        // No file can express the model of a provider that is not there.
        if !has_parent || (self.path.starts_with("providerModel") && !self.has_provider(state)) {
            return;
        }
        if self.path.is_empty() {
            remove(state, &self.address);
        } else if self.value.is_some() || get(state, &self.address, self.path).is_some() {
            set(state, &self.address, self.path, self.value.clone());
        }
        self.forget_models(state);
    }

    /// Removes the models of providers that are gone: no file can express them.
    fn forget_models(&self, state: &mut State) {
        let agent = self.address.agent_id().unwrap_or_default();
        let Some(settings) = state.settings.get_mut(agent) else {
            return;
        };
        let providers = settings.fields.get("installedProviders").cloned().unwrap_or_default();
        let ids: Vec<&str> = providers
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|it| it["providerId"].as_str())
            .collect();
        if let Some(Value::Object(models)) = settings.fields.get_mut("providerModelPreferences") {
            models.retain(|id, _| ids.contains(&id.as_str()));
        }
    }

    /// Whether the provider is there whose model is edited.
    fn has_provider(&self, state: &State) -> bool {
        let providers = get(state, &self.address, "installedProviders").unwrap_or_default();
        let has = |provider: &Value| self.path.ends_with(provider["providerId"].as_str().unwrap_or("-"));
        providers.as_array().is_some_and(|providers| providers.iter().any(has))
    }
}

/// Makes up one edit.
pub fn random_edit() -> impl Strategy<Value = RandomEdit> {
    let parts = (select(PLACES), vec(word(), 0..=3), vec(any::<bool>(), 4), 0..100_u8);
    parts.prop_map(|((at, path, key, shape), words, flags, number)| RandomEdit {
        address: at.parse().unwrap(),
        path,
        key,
        value: value(shape, &words, &flags, number),
    })
}

/// Generates a text that is hard to write in one notation or the other.
fn word() -> impl Strategy<Value = String> {
    let words = [
        "plain",
        "two words",
        "it's",
        "a \"quoted\" one",
        "a # mark",
        "key: value",
        "- dash",
        "back\\slash",
        "ünï 🏠",
        "one line\nanother one",
        "true",
        "12",
        "~",
        "'",
        "[x]",
        "{ y }",
        "tab\there",
        "*star",
        "&and",
        "100%",
        "@at",
        "!bang",
        "a, b",
        "x = y",
        "\"\"\"",
        "'''",
        "\u{7f}",
        "null",
        "#",
        "?",
        "|",
        "> it",
    ];
    select(words.map(str::to_owned).to_vec())
}

fn value(shape: Shape, words: &[String], flags: &[bool], number: u8) -> Option<Value> {
    let text = words.first().cloned().unwrap_or_else(|| format!("text {number}"));
    let chosen = |all: [Value; 4]| {
        let kept = all.into_iter().zip(flags).filter(|(_, flag)| **flag);
        Value::from(kept.map(|(value, _)| value).collect::<Vec<_>>())
    };
    Some(match shape {
        Shape::Text => json!(text),
        Shape::Flag => json!(flags[0]),
        Shape::Number => json!(number),
        Shape::Words => {
            let mut words = words.to_vec();
            words.sort();
            words.dedup();
            json!(words)
        }
        Shape::Domains => chosen([".a.example", "b.example", "c.example", "d.example"].map(Value::from)),
        Shape::JudgedDomains => chosen([
            json!({ "domain": "d.example" }),
            json!({ "domain": "e.example", "judge": "strict" }),
            json!({ "domain": "f.example", "judge": "strict" }),
            json!({ "domain": "g.example" }),
        ]),
        Shape::Tools => chosen(["a", "b", "c", "*"].map(|name| json!(format!("/mcp/linear/tools/{name}")))),
        Shape::Providers => chosen(["openai", "anthropic", "local", "other"].map(|id| json!({ "providerId": id }))),
        Shape::Rules => chosen([
            json!({ "source": "person", "target": "company" }),
            json!({ "source": "company", "target": "company" }),
            json!({ "source": "person", "target": "person" }),
            json!({ "source": "company", "target": "person" }),
        ]),
        Shape::Choice(choices) => json!(choices[usize::from(flags[0])]),
        Shape::Server => json!({ "url": text }),
        Shape::Skill(name) => json!({
            "repo": format!("local/{name}"), "name": name, "description": text, "content": text, "enabled": true,
        }),
        Shape::Gone | Shape::ResourceGone => return None,
    })
}
