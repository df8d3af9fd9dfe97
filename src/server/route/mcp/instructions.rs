//! What a client may tell its model about the memory: what it is for, and the types of its entities.

use std::fmt::Write as _;

use serde_json::Value;

use crate::server::db::{Db, DbResult, params, table_row};

const PURPOSE: &str = "The memory of an organization. Search it before you answer, and save facts, preferences and \
     decisions the moment you learn them.";
/// The maximum number of types that are described, and of names in the description of one.
const MAX_TYPES: usize = 40;
const MAX_NAMES: usize = 12;
/// The maximum number of characters of a name.
const MAX_NAME_CHARS: usize = 64;

table_row! {
    /// A type of an organization with the number of its entities.
    pub(crate) struct DescribedType, columns described_columns {
        slug: String = "t.slug",
        name: String = "t.name",
        metadata_schema: Option<Value> = "t.metadata_schema",
        event_kinds: Option<Value> = "t.event_kinds",
        entity_count: i64 = "(SELECT COUNT(*) FROM entity e WHERE e.entity_type_id = t.id \
             AND e.organization_id = t.organization_id AND e.deleted_at IS NULL)",
    }
}

// One more than are described tells that there are more.
const TYPES: &str = concat!(
    "SELECT ",
    described_columns!(),
    " FROM entity_type t WHERE t.organization_id = $1 AND t.deleted_at IS NULL AND t.created_by IS NOT NULL \
     ORDER BY t.slug LIMIT $2"
);

/// Returns the instructions for clients of an organization.
pub(super) async fn read(db: &Db, organization: &str) -> DbResult<String> {
    let limit = i64::try_from(MAX_TYPES + 1).unwrap_or(i64::MAX);
    let types: Vec<DescribedType> = db.rows(TYPES, params![organization, limit]).await?;
    Ok(describe(&types))
}

fn describe(types: &[DescribedType]) -> String {
    let mut text = PURPOSE.to_owned();
    if !types.is_empty() {
        text.push_str("\n\nThe types of its entities:");
    }
    for each in types.iter().take(MAX_TYPES) {
        let _ = write!(text, "\n- {} (\"{}\"): ", short(&each.slug), short(&each.name));
        let _ = match each.entity_count {
            1 => write!(text, "1 entity"),
            count => write!(text, "{count} entities"),
        };
        add_names(
            &mut text,
            "fields",
            each.metadata_schema.as_ref().map(|it| &it["properties"]),
        );
        add_names(&mut text, "kinds of knowledge", each.event_kinds.as_ref());
    }
    if types.len() > MAX_TYPES {
        text.push_str("\n- and others");
    }
    text
}

/// Adds the keys of an object, if it has some.
fn add_names(text: &mut String, label: &str, object: Option<&Value>) {
    let Some(object) = object.and_then(Value::as_object).filter(|object| !object.is_empty()) else {
        return;
    };
    let names: Vec<String> = object.keys().take(MAX_NAMES).map(|name| short(name)).collect();
    let more = if object.len() > MAX_NAMES { ", …" } else { "" };
    let _ = write!(text, "; {label}: {}{more}", names.join(", "));
}

/// Returns a name in one line, cut to a bound.
fn short(name: &str) -> String {
    let visible = name.chars().filter(|letter| !letter.is_control());
    visible.take(MAX_NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(slug: &str, count: i64, schema: Option<Value>) -> DescribedType {
        DescribedType {
            slug: slug.to_owned(),
            name: "A\nname".to_owned(),
            metadata_schema: schema,
            event_kinds: Some(json!({ "price": {} })),
            entity_count: count,
        }
    }

    #[test]
    fn describes_types_with_their_fields_and_kinds() {
        assert_eq!(describe(&[]), PURPOSE);
        let schema = json!({ "type": "object", "properties": { "domain": {}, "tier": {} } });
        let text = describe(&[described("company", 1, Some(schema)), described("topic", 0, None)]);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "The types of its entities:",
                "- company (\"Aname\"): 1 entity; fields: domain, tier; kinds of knowledge: price",
                "- topic (\"Aname\"): 0 entities; kinds of knowledge: price",
            ]
        );
    }

    #[test]
    fn describes_a_bounded_number_of_types_and_names() {
        let properties: serde_json::Map<String, Value> = (0..100)
            .map(|at| (format!("{at:03}{}", "x".repeat(1000)), json!({})))
            .collect();
        let schema = json!({ "properties": properties });
        let types: Vec<_> = (0..=MAX_TYPES)
            .map(|_| described("t", 0, Some(schema.clone())))
            .collect();
        let text = describe(&types);
        assert!(text.ends_with("\n- and others") && text.contains(", …"), "{text}");
        assert!(text.chars().count() < (MAX_TYPES + 1) * (MAX_NAMES + 3) * (MAX_NAME_CHARS + 10));
    }
}
