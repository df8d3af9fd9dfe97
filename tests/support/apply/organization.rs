//! Randomly generated organizations, small enough that two of them often overlap.

use std::collections::BTreeMap;

use lobuctl::resource::{
    Agent, ConfigValue, EntityType, Platform, RelationshipType, Rule, Secret, Settings, State, field,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option::of as maybe;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

/// The prefix of every secret value, so that a leak can be found.
pub const PLANTED: &str = "PLANTED-";

/// Generates a state that a project may declare.
pub fn organization() -> impl Strategy<Value = State> {
    let agents = btree_map(select(vec!["aaa", "bbb", "ccc"]), agent(), 0..=3);
    let entities = btree_map(select(vec!["person", "company", "order"]), entity_type(), 0..=3);
    let relationships = btree_map(select(vec!["knows", "owns", "places"]), relationship_type(), 0..=3);
    (agents, entities, relationships).prop_map(|(agents, entities, relationships)| {
        let mut state = State::default();
        for (id, (name, description, fields, platforms)) in agents {
            let agent = Agent {
                id: id.to_owned(),
                name,
                description,
            };
            state.agents.insert(id.to_owned(), agent.into());
            let settings = Settings {
                agent: id.to_owned(),
                fields: fields.into(),
            };
            state.settings.insert(id.to_owned(), settings.into());
            for ((kind, name), config) in platforms {
                let mut platform = Platform::declared(id, kind, name);
                platform.config = config.into_iter().collect();
                state.platforms.insert(platform.key(), platform.into());
            }
        }
        for (slug, mut entity) in entities {
            slug.clone_into(&mut entity.slug);
            state.entity_types.insert(slug.to_owned(), entity.into());
        }
        for (slug, mut relationship) in relationships {
            slug.clone_into(&mut relationship.slug);
            state.relationship_types.insert(slug.to_owned(), relationship.into());
        }
        state
    })
}

type Platforms = BTreeMap<(&'static str, Option<&'static str>), BTreeMap<String, ConfigValue>>;

fn agent() -> impl Strategy<Value = (String, Option<String>, Map<String, Value>, Platforms)> {
    let platforms = btree_map(
        (select(vec!["telegram", "slack"]), maybe(select(vec!["eng", "desk"]))),
        config(),
        0..=3,
    );
    (word(), maybe(word()), settings(), platforms)
}

fn config() -> impl Strategy<Value = BTreeMap<String, ConfigValue>> {
    let secret =
        || (0..3_u8).prop_map(|value| ConfigValue::Secret(Secret::new(format!("{PLANTED}{value}-of-a-platform"))));
    let plain = word().prop_map(|value| ConfigValue::Plain(json!(value)));
    let keys = (secret(), maybe(plain), maybe(secret()));
    keys.prop_map(|(token, chat, signing)| {
        let pairs = [("botToken", Some(token)), ("chatId", chat), ("signingSecret", signing)];
        pairs
            .into_iter()
            .filter_map(|(key, value)| value.map(|value| (key.to_owned(), value)))
            .collect()
    })
}

/// Generates a subset of the settings fields, each with a value of the right shape.
fn settings() -> impl Strategy<Value = Map<String, Value>> {
    let lists = || btree_set(word(), 0..=3).prop_map(|items| json!(items));
    let network = (maybe(lists()), maybe(lists()), maybe(word())).prop_map(|(allowed, denied, judge)| {
        let judges = judge.map(|text| json!({ "strict": text }));
        table([
            ("allowedDomains", allowed),
            ("deniedDomains", denied),
            ("judges", judges),
        ])
    });
    let tools = (maybe(lists()), maybe(any::<bool>()))
        .prop_map(|(allowed, strict)| table([("allowedTools", allowed), ("strictMode", strict.map(Value::Bool))]));
    let texts = (maybe(text()), maybe(text()));
    let rest = (
        maybe(network),
        maybe(tools),
        maybe(lists()),
        maybe(providers()),
        maybe(mcp_servers()),
    );
    (texts, rest).prop_map(|((soul, user), (network, tools, guardrails, providers, mcp))| {
        let mut fields = table([
            (field::SOUL, soul.map(Value::String)),
            (field::USER, user.map(Value::String)),
            (field::NETWORK, network),
            (field::TOOLS, tools),
            (field::GUARDRAILS, guardrails),
            (field::MCP_SERVERS, mcp),
        ]);
        if let (Some(fields), Some(providers)) = (fields.as_object_mut(), providers) {
            fields.extend(providers);
        }
        fields.as_object().cloned().unwrap_or_default()
    })
}

fn providers() -> impl Strategy<Value = Map<String, Value>> {
    let ids = subsequence(vec!["anthropic", "openai", "local"], 1..=3).prop_shuffle();
    (ids, maybe(word())).prop_map(|(ids, model)| {
        let list: Vec<Value> = ids.iter().map(|id| json!({ "providerId": id })).collect();
        let models = model.map(|model| json!({ ids[0]: model }));
        let fields = table([
            (field::PROVIDERS, Some(json!(list))),
            (field::MODEL_SELECTION, Some(json!({ "mode": "auto" }))),
            (field::MODEL_PREFERENCES, models),
        ]);
        fields.as_object().cloned().unwrap_or_default()
    })
}

fn mcp_servers() -> impl Strategy<Value = Value> {
    let server = (word(), maybe(vec(word(), 0..=2)), maybe(0..2_u8)).prop_map(|(url, args, header)| {
        let headers = header.map(|value| json!({ "X-Auth": format!("{PLANTED}{value}-of-a-header") }));
        table([
            ("url", Some(json!(url))),
            ("args", args.map(|args| json!(args))),
            ("headers", headers),
        ])
    });
    btree_map(select(vec!["linear", "ledger"]), server, 0..=2).prop_map(|servers| json!(servers))
}

fn entity_type() -> impl Strategy<Value = EntityType> {
    let parts = (word(), maybe(word()), maybe(word()), maybe(schema()));
    parts.prop_map(|(name, description, icon, metadata_schema)| EntityType {
        slug: String::new(),
        name,
        description,
        icon,
        color: None,
        metadata_schema,
        event_kinds: None,
    })
}

fn relationship_type() -> impl Strategy<Value = RelationshipType> {
    let end = || select(vec!["person", "company", "order"]);
    let rule = (end(), end()).prop_map(|(source, target)| Rule {
        source: source.into(),
        target: target.into(),
    });
    let parts = (
        word(),
        maybe(word()),
        maybe(schema()),
        maybe(any::<bool>()),
        maybe(btree_set(rule, 0..=3)),
    );
    parts.prop_map(
        |(name, description, metadata_schema, is_symmetric, rules)| RelationshipType {
            slug: String::new(),
            name,
            description,
            metadata_schema,
            is_symmetric,
            inverse_type_slug: None,
            status: None,
            auto_create_when: None,
            rules: rules.map(|rules| rules.into_iter().map(|rule| (rule, Vec::new())).collect()),
        },
    )
}

fn schema() -> impl Strategy<Value = Value> {
    let property = select(vec![
        json!({"type": "string"}),
        json!({"type": "number", "minimum": 1}),
        json!({}),
    ]);
    btree_map(word(), property, 0..=3).prop_map(|properties| json!({ "type": "object", "properties": properties }))
}

fn word() -> impl Strategy<Value = String> {
    select(vec!["one", "two", "three", "Ünï cödé", "a.b", "x\"y"]).prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = String> {
    vec(word(), 1..=4).prop_map(|lines| lines.join("\n"))
}

fn table<const N: usize>(entries: [(&str, Option<Value>); N]) -> Value {
    let present = entries
        .into_iter()
        .filter_map(|(key, value)| value.map(|value| (key.to_owned(), value)));
    Value::Object(present.collect())
}
