//! The client's reads of entities and relationships, answered as a real server has answered them.

use lobuctl::remote::{Client, DataScope, DetailsOf, RemoteError, Scope, fetch};
use lobuctl::resource::{
    Address, Entity, EntityPath, Relationship, RelationshipKey, Resource, SharedValue, State, WatchedEntity,
};
use serde_json::{Map, Value, json};

use crate::support::server::recorded_answers::{client_of, exchange, exchanges};
use crate::support::server::recording;

/// Whether an exchange is an answer to this tool or route.
pub fn is_to(exchange: &Value, tool: &str) -> bool {
    let path = exchange["path"].as_str().unwrap();
    path.split('?').next().unwrap().rsplit('/').next() == Some(tool)
}

fn is_ok(exchange: &Value) -> bool {
    exchange["status"] == 200 && exchange["response_body"].get("error").is_none()
}

/// Returns the rows of a list.
pub fn rows<'a>(exchange: &'a Value, key: &str) -> &'a [Value] {
    exchange["response_body"][key].as_array().unwrap()
}

/// Reads the data that a scope names.
async fn read(client: &Client, data: DataScope) -> Result<State, RemoteError> {
    let scope = Scope {
        agents: false,
        memory: false,
        watchers: None,
        data: Some(data),
        details_of: DetailsOf::All,
        stable_ids: std::collections::BTreeSet::new(),
        rules_of: DetailsOf::All,
    };
    fetch(client, &scope, &|_| {}).await
}

/// Returns a scope with the entities of a list that have no parent.
fn scope_of(rows: &[Value], needs_content: bool) -> DataScope {
    let topmost = rows.iter().filter(|row| row["parent_id"].is_null());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    DataScope {
        entities: topmost
            .map(|row| {
                (
                    EntityPath::of([row["slug"].as_str().unwrap()]),
                    text(&row["entity_type"]),
                )
            })
            .collect(),
        needs_content,
        ..DataScope::default()
    }
}

#[tokio::test]
async fn every_recorded_list_of_entities_is_read_as_what_it_is() {
    if recording::folder().is_none() {
        return;
    }
    let last_page = exchange("entities-2", 35);
    let (mut lists, mut entities) = (0, 0);
    for name in ["entities", "entities-2", "links", "links-2"] {
        for (at, exchange) in exchanges(name).unwrap().into_iter().enumerate() {
            if !is_to(&exchange, "manage_entity") || exchange["request_body"]["action"] != "list" {
                continue;
            }
            if !is_ok(&exchange) {
                // A token that is not accepted is no organization without entities.
                let (client, _) = client_of(vec![exchange.clone()]);
                let error = read(&client, DataScope::default()).await.unwrap_err();
                assert_eq!(
                    error.status().map(u64::from),
                    exchange["status"].as_u64(),
                    "{name} {at}"
                );
                continue;
            }
            let rows = rows(&exchange, "entities").to_vec();
            let (client, sent) = client_of(vec![exchange.clone(), last_page.clone()]);
            let state = read(&client, scope_of(&rows, false)).await.unwrap();
            assert_eq!(sent.lock().unwrap()[0]["sort_by"], "created_at");
            assert!(state.facts.data.are_known, "{name} {at}");
            lists += 1;
            for row in rows.iter().filter(|row| row["parent_id"].is_null()) {
                let path = EntityPath::of([row["slug"].as_str().unwrap()]);
                let expected = Entity {
                    path: path.clone(),
                    entity_type: row["entity_type"].as_str().unwrap().to_owned(),
                    id: row["id"].as_u64(),
                    hides_content: true,
                    name: row["name"].as_str().unwrap().to_owned(),
                    metadata: Some(row["metadata"].clone()),
                    content: None,
                    enabled_classifiers: None,
                };
                assert_eq!(state.entities[&path], expected, "{name} {at}");
                entities += 1;
            }
        }
    }
    assert_eq!((lists, entities), (24, 42));
}

#[tokio::test]
async fn recorded_contents_are_compared_and_refusals_hide_them() {
    if recording::folder().is_none() {
        return;
    }
    let list = exchange("entities-2", 32);
    let topmost = rows(&list, "entities").to_vec();
    let (mut told, mut hidden, mut contents, mut deleted) = (0, 0, 0, 0);
    for name in ["query-sql", "query-sql-2"] {
        for (at, mut exchange) in exchanges(name).unwrap().into_iter().enumerate() {
            if is_ok(&exchange) {
                // The only page here, as it would be sent again for the next one.
                exchange["response_body"]["has_more"] = json!(false);
            }
            let sql = exchange["request_body"]["sql"].as_str().unwrap_or_default();
            let is_ours = ["content", "enabled_classifiers", "deleted_at"]
                .iter()
                .all(|it| sql.contains(it));
            if is_ok(&exchange) && !is_ours {
                continue;
            }
            let (client, _) = client_of(vec![list.clone(), exchange.clone()]);
            let state = read(&client, scope_of(&topmost, true)).await.unwrap();
            if !is_ok(&exchange) {
                assert!(
                    state.entities.values().all(|entity| entity.hides_content),
                    "{name} {at}"
                );
                hidden += 1;
                continue;
            }
            told += 1;
            for row in rows(&exchange, "rows") {
                let path = EntityPath::of([row["slug"].as_str().unwrap()]);
                let of_this_list = |entity: &&SharedValue<Entity>| entity.id == row["id"].as_u64();
                if !row["deleted_at"].is_null() && row["parent_id"].is_null() {
                    assert!(state.facts.data.deleted.contains(&path), "{name} {at}: {row}");
                    deleted += 1;
                } else if let Some(entity) = state.entities.get(&path).filter(of_this_list) {
                    let content = row["content"].as_str().filter(|content| !content.is_empty());
                    assert_eq!((entity.hides_content, entity.content.as_deref()), (false, content));
                    contents += usize::from(content.is_some());
                    let classifiers = if row["enabled_classifiers"] == "{sentiment}" {
                        Some(json!(["sentiment"]))
                    } else {
                        assert!(row["enabled_classifiers"].is_null(), "{name} {at}: {row}");
                        None
                    };
                    assert_eq!(entity.enabled_classifiers, classifiers, "{name} {at}");
                }
            }
        }
    }
    assert_eq!((told, hidden, contents, deleted), (7, 19, 5, 2));
}

/// Creates a client that knows the ids of entities, as their recorded creations have told them.
async fn client_with(created: &[Value], answers: Vec<Value>) -> Client {
    let all = created.iter().cloned().chain(answers).collect();
    let (client, _) = client_of(all);
    for exchange in created {
        let body = &exchange["request_body"];
        let path = EntityPath::of([body["slug"].as_str().unwrap()]);
        let kind = body["entity_type"].as_str().unwrap();
        client.create_entity(kind, &path, None, &Map::new()).await.unwrap();
    }
    client
}

async fn relationship(client: &Client, kind: &str, from: &str, to: &str) -> Option<Relationship> {
    let key = RelationshipKey {
        kind: kind.into(),
        from: EntityPath::of([from]),
        to: EntityPath::of([to]),
    };
    match client.read(&Address::relationship(&key)).await.unwrap() {
        Some(Resource::Relationship(found)) => Some(found.into_inner()),
        None => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn recorded_relationships_are_found_from_either_end_of_a_symmetric_one() {
    if recording::folder().is_none() {
        return;
    }
    let created: Vec<Value> = (0..3).map(|at| exchange("links", at)).collect();
    let client = client_with(&created, vec![exchange("links", 14)]).await;
    let works = relationship(&client, "ent-works-at", "p2", "c2").await.unwrap();
    assert_eq!(works.id, Some(1));
    assert_eq!(works.metadata, Some(json!({ "since": 2020 })));
    assert_eq!(
        (works.confidence, works.source.as_deref()),
        (Some(json!(0.8)), Some("api"))
    );
    // Stored with the lower id first, whichever was sent first.
    for (from, to) in [("p2", "p3"), ("p3", "p2")] {
        let knows = relationship(&client, "ent-knows", from, to).await.unwrap();
        assert_eq!((knows.id, knows.key.from), (Some(2), EntityPath::of([from])));
    }
    assert_eq!(relationship(&client, "ent-works-at", "c2", "p2").await, None);
    assert_eq!(relationship(&client, "ent-knows", "p2", "c2").await, None);
    for empty in [16, 17] {
        let client = client_with(&created, vec![exchange("links", empty)]).await;
        assert_eq!(relationship(&client, "ent-works-at", "p2", "c2").await, None);
    }
}

#[tokio::test]
async fn an_entity_is_found_by_its_id_or_there_is_none() {
    if recording::folder().is_none() {
        return;
    }
    let (mut found, mut missing, mut refused) = (0, 0, 0);
    for name in ["entities", "entities-2"] {
        for (at, exchange) in exchanges(name).unwrap().into_iter().enumerate() {
            if !is_to(&exchange, "manage_entity") || exchange["request_body"]["action"] != "get" {
                continue;
            }
            let answered = exchange["response_body"]["entity"]["id"].as_u64();
            let asked = WatchedEntity {
                id: Some(answered.unwrap_or(1)),
                ..WatchedEntity::default()
            };
            let (client, _) = client_of(vec![exchange.clone()]);
            let message = exchange["response_body"]["error"].as_str().unwrap_or_default();
            match client.named_entities(&asked).await {
                Ok(all) if answered.is_some() => {
                    assert_eq!(all.len(), 1, "{name} {at}");
                    assert_eq!(
                        all[0].slug.as_deref(),
                        exchange["response_body"]["entity"]["slug"].as_str()
                    );
                    found += 1;
                }
                Ok(all) => {
                    assert!(
                        all.is_empty() && message.ends_with(" not found"),
                        "{name} {at}: {message}"
                    );
                    missing += 1;
                }
                Err(error) => {
                    assert!(error.to_string().contains(message), "{name} {at}: {error}");
                    refused += 1;
                }
            }
        }
    }
    assert_eq!((found, missing, refused), (4, 4, 1));
}
