//! The client's reads of watchers, answered as a real server has answered them.

use std::collections::BTreeSet;

use lobuctl::remote::{DetailsOf, RemoteError, Scope, WatcherScope, fetch};
use lobuctl::resource::{State, WatchedEntity, Watcher};
use serde_json::{Value, json};

use crate::recorded_reads::{is_to, rows};
use crate::support::server::recorded_answers::{client_of, exchange, exchanges};
use crate::support::server::recording;

/// Returns the watcher that a row of a list describes.
fn expected_watcher(row: &Value, watcher: &Watcher) -> Watcher {
    // An empty text is none: a watcher with an empty schedule has no schedule.
    let text = |name: &str| row[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let json = |name: &str| row.get(name).filter(|value| !value.is_null()).cloned();
    let tags = row["tags"].as_str().unwrap().trim_matches(['{', '}']);
    let tags: Vec<&str> = tags.split(',').filter(|tag| !tag.is_empty()).collect();
    Watcher {
        slug: text("slug").unwrap(),
        id: Some(row["watcher_id"].clone()),
        name: text("name").unwrap(),
        description: text("description"),
        schedule: text("schedule"),
        prompt: text("prompt"),
        extraction_schema: json("extraction_schema"),
        sources: json("sources"),
        reactions_guidance: text("reactions_guidance"),
        json_template: json("json_template"),
        keying_config: json("keying_config"),
        classifiers: json("classifiers"),
        condensation_prompt: text("condensation_prompt"),
        condensation_window_count: json("condensation_window_count"),
        agent_id: text("agent_id"),
        model_config: json("model_config"),
        tags: Some(json!(tags)),
        reaction_script: None,
        entities: watcher.entities.clone(),
    }
}

#[tokio::test]
async fn every_recorded_list_of_watchers_is_read_as_what_it_is() {
    if recording::folder().is_none() {
        return;
    }
    let (mut lists, mut watchers) = (0, 0);
    for name in ["watchers", "watchers-2"] {
        for (at, exchange) in exchanges(name).unwrap().into_iter().enumerate() {
            let is_list = is_to(&exchange, "watchers") || is_to(&exchange, "list_watchers");
            if !is_list || exchange["response_body"].get("watchers").is_none() {
                continue;
            }
            let (client, sent) = client_of(vec![exchange.clone()]);
            let found = client.watchers().await.unwrap().unwrap();
            assert_eq!(sent.lock().unwrap().len(), 1, "a server without pages is asked once");
            let rows = rows(&exchange, "watchers");
            assert_eq!(found.len(), rows.len(), "{name} {at}");
            lists += 1;
            for row in rows {
                let watcher = &found[row["slug"].as_str().unwrap()];
                assert_eq!(*watcher, expected_watcher(row, watcher), "{name} {at}");
                let [entity] = watcher.entities.as_slice() else {
                    panic!("{watcher:?}")
                };
                assert_eq!(entity.id, row["entity_id"].as_u64());
                assert_eq!(entity.slug.as_deref(), row["entity_slug"].as_str());
                watchers += 1;
            }
        }
    }
    assert_eq!((lists, watchers), (9, 26));
}

/// Reads the watchers of files that declare one on an entity with this slug, from these answers.
async fn read_watchers(slug: &str, entity: &str, answers: Vec<Value>) -> (State, Vec<Value>) {
    let named = WatchedEntity {
        slug: Some(entity.to_owned()),
        ..WatchedEntity::default()
    };
    let scope = Scope {
        agents: false,
        memory: false,
        watchers: Some(WatcherScope {
            declared: [(slug.to_owned(), Some(named))].into(),
            scripts_of: DetailsOf::These(BTreeSet::new()),
        }),
        data: None,
        details_of: DetailsOf::All,
        stable_ids: BTreeSet::new(),
        rules_of: DetailsOf::All,
    };
    let (client, sent) = client_of(answers);
    let state = fetch(&client, &scope, &|_| {}).await.unwrap();
    let sent = std::mem::take(&mut *sent.lock().unwrap());
    (state, sent)
}

#[tokio::test]
async fn the_slug_of_an_archived_watcher_and_the_entity_of_a_new_one_are_known_before_a_write() {
    if recording::folder().is_none() {
        return;
    }
    let (active, archived) = (exchange("watchers", 19), exchange("watchers", 38));
    let company = exchange("links", 25);
    // One that the list has needs no further request.
    let (state, sent) = read_watchers("daily", "c2", vec![active]).await;
    assert_eq!((state.watchers.contains_key("daily"), sent.len()), (true, 1));
    // Another one may be archived, and its entity has to be found.
    let none = exchange("watchers-2", 75);
    let (state, sent) = read_watchers("daily", "c2", vec![none.clone(), archived.clone(), company.clone()]).await;
    assert_eq!(state.facts.watchers.archived, ["daily".to_owned()].into());
    assert_eq!(
        (&sent[0]["status"], &sent[1]["status"]),
        (&json!("active"), &json!("archived"))
    );
    assert_eq!(sent[2]["search"], "c2");
    let [(_, found)] = Vec::from_iter(state.facts.watchers.named).try_into().unwrap();
    assert_eq!((found.len(), found[0].id), (1, Some(15)));
    // A part of the name finds the entity too, and is not its slug. No recording finds one by its slug alone, so that all are
    // read then.
    let all = exchange("entities", 38);
    let (state, sent) = read_watchers(
        "daily",
        "c",
        vec![none.clone(), archived.clone(), company.clone(), all.clone()],
    )
    .await;
    assert!(state.facts.watchers.named.values().all(Vec::is_empty));
    assert!(sent[3].get("search").is_none());
    let (state, _) = read_watchers("daily", "bob-m-ller-co", vec![none, archived, company, all]).await;
    let [(_, found)] = Vec::from_iter(state.facts.watchers.named).try_into().unwrap();
    assert_eq!((found.len(), found[0].id), (1, Some(4)));
}

#[tokio::test]
async fn the_recorded_query_tells_all_scripts_and_a_refusal_tells_none() {
    if recording::folder().is_none() {
        return;
    }
    let recorded = exchange("watchers-2", 46);
    let (client, sent) = client_of(vec![recorded.clone()]);
    let read = client.watcher_scripts().await.unwrap().unwrap();
    // The query is word for word the recorded one.
    assert_eq!(sent.lock().unwrap()[0]["sql"], recorded["request_body"]["sql"]);
    let expected = rows(&recorded, "rows");
    assert_eq!(read.len(), expected.len());
    for (row, expected) in read.iter().zip(expected) {
        assert_eq!(
            (&row.id, row.slug.as_str()),
            (&expected["id"], expected["slug"].as_str().unwrap())
        );
        assert_eq!(row.reaction_script.as_deref(), expected["reaction_script"].as_str());
    }
    for refused in [
        exchange("query-sql", 3),
        exchange("query-sql", 6),
        exchange("query-sql-2", 26),
    ] {
        let (client, _) = client_of(vec![refused]);
        assert_eq!(client.watcher_scripts().await.unwrap(), None);
    }
}

#[tokio::test]
async fn recorded_descriptions_of_watchers_tell_their_scripts() {
    if recording::folder().is_none() {
        return;
    }
    let mut seen = BTreeSet::new();
    for name in ["watchers", "watchers-2"] {
        for (at, exchange) in exchanges(name).unwrap().into_iter().enumerate() {
            if !exchange["path"].as_str().unwrap().contains("watchers?watcher_id=") {
                continue;
            }
            let described = exchange["response_body"]["watcher"].clone();
            let watcher = Watcher {
                slug: described["slug"].as_str().unwrap_or("w1").to_owned(),
                id: Some(json!("13")),
                ..Watcher::default()
            };
            let (client, _) = client_of(vec![exchange.clone()]);
            let read = client.with_script(watcher.clone()).await;
            if described.is_null() {
                let error = read.unwrap_err();
                let status = exchange["status"].as_u64();
                assert_eq!(error.status().map(u64::from), status, "{name} {at}: {error}");
                seen.insert("nothing");
                continue;
            }
            let script = described["reaction_script"].as_str();
            assert_eq!(read.unwrap().reaction_script.as_deref(), script, "{name} {at}");
            seen.insert(if script.is_some() { "a script" } else { "no script" });
            // The answer about another watcher is none about this one.
            let other = Watcher {
                slug: "another".to_owned(),
                ..watcher
            };
            let error = client.with_script(other).await.unwrap_err();
            assert!(matches!(error, RemoteError::Malformed { .. }), "{error}");
        }
    }
    assert_eq!(seen, ["a script", "no script", "nothing"].into());
}
