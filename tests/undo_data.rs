//! `lobuctl undo` of runs that wrote entities, relationships and watchers.

use std::fs;

use serde_json::json;

use crate::support::apply::data_desk::{DATA, DATA_FILE, DataDesk};

const WATCHER: &str = "\
type: watcher
slug: eye
name: Eye
entity: company:acme
prompt: Look.
schedule: '0 9 * * *'
extraction_schema: {type: object, properties: {a: {type: string}}}
";

fn watch(desk: &DataDesk, text: &str) {
    fs::write(desk.project.path().join("models/eye.yaml"), text).unwrap();
}

#[tokio::test]
async fn changes_of_data_and_watchers_are_taken_back_and_made_again() {
    let desk = DataDesk::open().await;
    watch(&desk, WATCHER);
    desk.expect("apply --yes", 0).await;
    let edited = DATA
        .replace("About Ada.", "Of Ada.")
        .replace("size: 3", "width: 4")
        .replace("confidence: 0.5", "confidence: 0.25")
        .replace("since: 2020", "since: 2021");
    desk.declare(&edited);
    watch(&desk, &WATCHER.replace("Look.", "Look again.").replace("0 9", "0 10"));
    desk.expect("apply --yes", 0).await;
    let shown = desk.expect("undo --dry-run", 0).await;
    assert!(shown.contains("5 update") && !shown.contains("left out"), "{shown}");
    assert!(!shown.contains("conflict") && !shown.contains("in no file"), "{shown}");
    desk.expect("undo --yes", 0).await;
    desk.expect("plan --detailed-exitcode", 2).await;
    desk.declare(DATA);
    watch(&desk, WATCHER);
    desk.expect("plan --detailed-exitcode", 0).await;
    desk.expect("undo --yes", 0).await;
    let again = desk.expect("plan --detailed-exitcode", 2).await;
    assert!(again.contains("5 update"), "{again}");
}

#[tokio::test]
async fn what_a_run_created_goes_in_an_order_that_the_server_accepts() {
    let desk = DataDesk::open().await;
    let shown = desk.expect("undo --dry-run", 0).await;
    assert!(shown.contains("9 delete"), "{shown}");
    desk.expect("undo --yes", 0).await;
    assert_eq!(desk.entities().await, Vec::<String>::new());
    assert_eq!(desk.links().await, Vec::<String>::new());
    let types = json!({ "schema_type": "entity_type", "action": "list" });
    let types = desk.call("manage_entity_schema", types).await;
    let own = types["entity_types"].as_array().unwrap().iter();
    let slugs: Vec<&str> = own.map(|it| it["slug"].as_str().unwrap()).collect();
    assert!(!slugs.contains(&"company") && !slugs.contains(&"person"), "{slugs:?}");
}

#[tokio::test]
async fn what_somebody_has_changed_since_is_a_conflict() {
    let desk = DataDesk::open().await;
    desk.declare(&DATA.replace("name: Acme,", "name: Acme Corp,"));
    desk.expect("apply --yes", 0).await;
    let change = json!({ "action": "update", "entity_id": desk.id("acme").await, "slug": "acme", "name": "Other" });
    desk.call("manage_entity", change).await;
    let said = desk.expect("undo --yes", 5).await;
    assert!(said.contains("1 conflict: "), "{said}");
    desk.expect("undo --yes --force", 0).await;
    desk.declare(DATA);
    desk.expect("plan --detailed-exitcode", 0).await;
}

#[tokio::test]
async fn a_deleted_relationship_comes_back_and_a_deleted_entity_does_not() {
    let desk = DataDesk::open().await;
    let (works, knows) = ("relationship.works-at.acme/ada.acme", "relationship.knows.bob.acme/ada");
    let files: Vec<&str> = DATA
        .lines()
        .filter(|line| !line.contains("works-at") && !line.contains("knows"))
        .collect();
    desk.declare(&files.join("\n"));
    desk.expect(&format!("apply --yes --delete {works} --delete {knows}"), 0)
        .await;
    desk.expect("undo --yes", 0).await;
    assert_eq!(desk.links().await.len(), 2);
    fs::remove_file(desk.project.path().join(DATA_FILE)).unwrap();
    let line = format!("apply --yes --delete {works} --delete {knows} --delete entity.person.acme/ada");
    desk.expect(&line, 0).await;
    let said = desk.expect("undo --dry-run", 0).await;
    assert!(
        said.contains("entity.person.acme/ada: cannot be undone: the slug of what was deleted can never be used again"),
        "{said}"
    );
    assert!(
        said.contains("works-at.acme/ada.acme: not put back: an entity that it joins is gone"),
        "{said}"
    );
    assert!(said.contains("0 create"), "{said}");
}
