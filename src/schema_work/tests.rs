//! Bombs in several spellings, and schemas that are none.

use serde_json::{Value, json};

use super::{SchemaWork, SchemaWorkError};

fn read(schema: &Value) -> Result<SchemaWork, SchemaWorkError> {
    SchemaWork::new(schema, "metadata.json")
}

/// Definitions that each name the next one twice.
fn bomb(levels: usize, reference: impl Fn(usize) -> Value, part: impl Fn(usize) -> Value) -> Value {
    let mut parts = serde_json::Map::new();
    for level in 0..levels {
        let mut it = part(level);
        it["allOf"] = json!([reference(level + 1), reference(level + 1)]);
        parts.insert(format!("a{level}"), it);
    }
    parts.insert(format!("a{levels}"), part(levels));
    json!({ "$defs": parts, "allOf": [reference(0)] })
}

#[test]
fn refuses_references_that_multiply_each_other_however_they_are_written() {
    let plain = |_: usize| json!({});
    let spellings: [(&str, Value); 6] = [
        (
            "pointer",
            bomb(30, |it| json!({ "$ref": format!("#/$defs/a{it}") }), plain),
        ),
        (
            "percent",
            bomb(30, |it| json!({ "$ref": format!("#/%24defs/%61{it}") }), plain),
        ),
        (
            "document",
            bomb(30, |it| json!({ "$ref": format!("metadata.json#/$defs/a{it}") }), plain),
        ),
        (
            "anchor",
            bomb(
                30,
                |it| json!({ "$ref": format!("#n{it}") }),
                |it| json!({ "$anchor": format!("n{it}") }),
            ),
        ),
        (
            "dynamic",
            bomb(
                30,
                |it| json!({ "$dynamicRef": format!("#n{it}") }),
                |it| json!({ "$dynamicAnchor": format!("n{it}") }),
            ),
        ),
        (
            "id",
            bomb(
                30,
                |it| json!({ "$ref": format!("x/../n{it}") }),
                |it| json!({ "$id": format!("n{it}") }),
            ),
        ),
    ];
    for (name, schema) in spellings {
        assert_eq!(read(&schema).err(), Some(SchemaWorkError::Unfolds), "{name}");
    }
    let small = bomb(10, |it| json!({ "$ref": format!("#/$defs/a{it}") }), plain);
    assert!(read(&small).is_ok());
}

#[test]
fn refuses_circles_and_long_chains() {
    let clique: Vec<Value> = (0..12).map(|it| json!({ "$ref": format!("#/$defs/{it}") })).collect();
    let parts: serde_json::Map<_, _> = (0..12).map(|it| (it.to_string(), json!({ "allOf": clique }))).collect();
    let circle = read(&json!({ "$defs": parts, "$ref": "#/$defs/0" }));
    assert_eq!(circle.err(), Some(SchemaWorkError::Circle));
    let chain: serde_json::Map<_, _> = (0..5_000)
        .map(|it| (it.to_string(), json!({ "$ref": format!("#/$defs/{}", it + 1) })))
        .collect();
    let chain = read(&json!({ "$defs": chain, "$ref": "#/$defs/0" }));
    assert_eq!(chain.err(), Some(SchemaWorkError::TooDeep));
}

#[test]
fn refuses_values_into_which_references_multiply() {
    let schema = json!({ "properties": { "x": { "allOf": [{ "$ref": "#" }, { "$ref": "#" }] } } });
    let work = read(&schema).unwrap();
    let nested = |levels: usize| (0..levels).fold(json!({}), |inner, _| json!({ "x": inner }));
    assert_eq!(work.check(&nested(8)), Ok(()));
    assert_eq!(work.check(&nested(20)), Err(SchemaWorkError::Steps));
    let long = json!({ "items": { "pattern": "a" }, "enum": vec!["word"; 1_000_000] });
    assert_eq!(
        read(&json!({ "items": long })).unwrap().check(&json!(vec![1; 1_000])),
        Err(SchemaWorkError::Steps)
    );
}

#[test]
fn accepts_schemas_of_trees_and_large_values() {
    let tree = json!({
        "type": "object", "required": ["name"],
        "properties": { "name": { "type": "string" }, "left": { "$ref": "#" }, "right": { "$ref": "#" } },
        "additionalProperties": { "type": "array", "items": { "$ref": "#" } },
    });
    let value = (0..30).fold(
        json!({ "name": "x" }),
        |inner, _| json!({ "name": "y", "left": inner, "more": [{ "name": "z" }] }),
    );
    assert_eq!(read(&tree).unwrap().check(&value), Ok(()));
    let list = json!({ "items": { "type": "integer", "enum": (0..200).collect::<Vec<_>>() } });
    assert_eq!(read(&list).unwrap().check(&json!(vec![7; 20_000])), Ok(()));
    let parts = json!({
        "$id": "https://example.test/all", "$ref": "item",
        "$defs": { "item": { "$id": "item", "$ref": "#/$defs/name", "$defs": { "name": { "type": "object" } } } },
    });
    assert_eq!(read(&parts).unwrap().check(&json!({ "a": 1 })), Ok(()));
    assert!(read(&json!({ "$ref": "https://json-schema.org/draft/2020-12/schema" })).is_ok());
}
