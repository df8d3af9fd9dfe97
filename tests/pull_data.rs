//! Pull of entities and relationships: only when they are asked for, only what differs, and nothing is left to apply after it.

use serde_json::json;

use crate::support::apply::data_desk::{DATA, DATA_FILE, DataDesk};

/// Changes on the server what the project declares.
async fn change(desk: &DataDesk) {
    let acme = json!({ "action": "update", "entity_id": desk.id("acme").await, "slug": "acme", "name": "Acme Corp",
        "metadata": { "tier": "silver", "city": "Rome" } });
    desk.call("manage_entity", acme).await;
    let ada =
        json!({ "action": "update", "entity_id": desk.id("ada").await, "slug": "ada", "content": "Of Ada: more." });
    desk.call("manage_entity", ada).await;
    let bob = json!({ "action": "update", "entity_id": desk.id("bob").await, "slug": "bob", "name": "Robert",
        "metadata": { "size": 4, "town": "Rome" } });
    desk.call("manage_entity", bob).await;
    let all = json!({ "action": "list_all_links", "after_id": 0 });
    let links = desk.call("manage_entity", all).await;
    for link in links["relationships"].as_array().unwrap() {
        let is_works = link["relationship_type_slug"] == "works-at";
        let (confidence, metadata) = if is_works {
            (0.75, json!({ "role": "owner" }))
        } else {
            (1.0, json!({ "since": 2021 }))
        };
        let update = json!({ "action": "update_link", "relationship_id": link["id"], "confidence": confidence,
            "metadata": metadata });
        desk.call("manage_entity", update).await;
    }
}

/// Returns the lines that a text lost and got.
fn difference(before: &str, after: &str) -> Vec<String> {
    let diff = similar::TextDiff::from_lines(before, after);
    let changed = diff
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal);
    changed
        .map(|change| format!("{}{}", change.tag(), change.value().trim_end()))
        .collect()
}

#[tokio::test]
async fn a_plain_pull_leaves_data_alone() {
    let desk = DataDesk::open().await;
    change(&desk).await;
    let said = desk.expect("pull --yes", 0).await;
    assert!(!said.contains("entity ") && !said.contains("left out"), "{said}");
    assert_eq!(desk.text(DATA_FILE), DATA);
}

#[tokio::test]
async fn a_pull_after_an_apply_changes_nothing() {
    let desk = DataDesk::open().await;
    desk.expect("pull --yes --data", 0).await;
    assert_eq!(desk.text(DATA_FILE), DATA);
}

#[tokio::test]
async fn only_what_differs_of_declared_data_changes() {
    let desk = DataDesk::open().await;
    change(&desk).await;
    desk.expect("pull --yes --data", 0).await;
    assert_eq!(
        difference(DATA, &desk.text(DATA_FILE)),
        [
            "-  - { entity_type: company, slug: acme, name: Acme, metadata: { tier: gold } } # the firm",
            "-  - { entity_type: person, slug: ada, name: Ada, parent: acme, content: About Ada. }",
            "+  - { entity_type: company, slug: acme, name: Acme Corp, metadata: { tier: silver, city: Rome } } # the firm",
            "+  - { entity_type: person, slug: ada, name: Ada, parent: acme, content: \"Of Ada: more.\" }",
            "-    name: Bob # the builder",
            "+    name: Robert # the builder",
            "-      size: 3",
            "+      size: 4",
            "-  - { relationship_type: works-at, from: ada, to: acme, confidence: 0.5 }",
            "+  - { relationship_type: works-at, from: ada, to: acme, confidence: 0.75, metadata: { role: owner } }",
            "-  - { relationship_type: knows, from: bob, to: ada, metadata: { since: 2020 } }",
            "+  - { relationship_type: knows, from: bob, to: ada, metadata: { since: 2021 } }",
        ]
    );
    desk.expect("plan --detailed-exitcode", 0).await;
    let pulled = desk.text(DATA_FILE);
    desk.expect("pull --yes --data", 0).await;
    assert_eq!(desk.text(DATA_FILE), pulled);
}

#[tokio::test]
async fn one_row_or_one_part_is_pulled_alone() {
    let desk = DataDesk::open().await;
    change(&desk).await;
    desk.expect("pull --yes --data --target entity.person.bob --field metadata", 0)
        .await;
    assert_eq!(
        difference(DATA, &desk.text(DATA_FILE)),
        ["-      size: 3", "+      size: 4"]
    );
    desk.expect("pull --yes --only data --exclude entity.*", 0).await;
    let text = desk.text(DATA_FILE);
    assert!(text.contains("name: Acme,") && text.contains("role: owner"), "{text}");
}

/// Writes an entity below Ada and a relationship as an agent would.
async fn write_as_agent(desk: &DataDesk) {
    let note = json!({ "action": "create", "entity_type": "person", "name": "A: note", "slug": "note",
        "parent_id": desk.id("ada").await, "content": "Two\nlines.\n", "metadata": { "count": 0, "empty": "" } });
    desk.call("manage_entity", note).await;
    let link = json!({ "action": "link", "relationship_type_slug": "works-at", "metadata": { "since": 2019 },
        "from_entity_id": desk.id("note").await, "to_entity_id": desk.id("acme").await, "confidence": 0.25 });
    desk.call("manage_entity", link).await;
}

#[tokio::test]
async fn what_agents_wrote_is_pulled_only_when_it_is_named() {
    let desk = DataDesk::open().await;
    write_as_agent(&desk).await;
    let said = desk.expect("pull --yes --data", 0).await;
    assert!(!said.contains("note"), "{said}");
    let shown = desk
        .expect("pull --dry-run --target entity.person.acme/ada/note", 1)
        .await;
    assert!(
        shown.contains("names no row") && shown.contains("`--data` pulls"),
        "{shown}"
    );
    let targets = "--target entity.person.acme/ada/note --target relationship.works-at.acme/ada/note.acme";
    desk.expect(&format!("pull --yes --data {targets}"), 0).await;
    assert_eq!(
        desk.text("data/person/acme.ada.note.yaml"),
        "type: entity\nentity_type: person\nslug: note\nname: \"A: note\"\nparent: acme/ada\nmetadata:\n  count: 0\n  empty: \"\"\ncontent: |\n  Two\n  lines.\n"
    );
    assert_eq!(
        desk.text("data/works-at/acme.ada.note/acme.yaml"),
        "type: relationship\nrelationship_type: works-at\nfrom: acme/ada/note\nto: company:acme\nmetadata:\n  since: 2019\nconfidence: 0.25\n"
    );
    assert_eq!(desk.text(DATA_FILE), DATA);
    let plan = desk.expect("plan --all --detailed-exitcode", 0).await;
    assert!(plan.contains("= entity person.acme/ada/note"), "{plan}");
}

#[tokio::test]
async fn everything_comes_into_files_that_have_no_data() {
    let desk = DataDesk::open().await;
    write_as_agent(&desk).await;
    std::fs::remove_file(desk.project.path().join(DATA_FILE)).unwrap();
    let targets = "--target entity.* --target relationship.*";
    desk.expect(&format!("pull --yes --only data {targets}"), 0).await;
    let plan = desk.expect("plan --all --detailed-exitcode", 0).await;
    assert_eq!(plan.matches("= entity ").count(), 4, "{plan}");
    assert_eq!(plan.matches("= relationship ").count(), 3, "{plan}");
    assert!(!plan.contains("in no file"), "{plan}");
    let again = desk
        .expect(&format!("pull --dry-run --detailed-exitcode --data {targets}"), 0)
        .await;
    assert!(again.contains("no file to change"), "{again}");
}

#[tokio::test]
async fn what_only_the_files_have_stays() {
    let desk = DataDesk::open().await;
    let more = DATA
        .replace("tier: gold", "tier: gold, ours: 1")
        .replace("town: Rome", "town: Rome\n      ours: 2");
    desk.declare(&more);
    change(&desk).await;
    desk.expect("pull --yes --data", 0).await;
    let text = desk.text(DATA_FILE);
    assert!(text.contains("{ tier: silver, ours: 1, city: Rome }"), "{text}");
    assert!(text.contains("      ours: 2\n"), "{text}");
}

#[tokio::test]
async fn what_no_file_can_say_is_a_conflict() {
    let desk = DataDesk::open().await;
    for (name, slug) in [("Odd", "o d.d"), ("Fine", "fine")] {
        let odd = json!({ "action": "create", "entity_type": "person", "name": name, "slug": slug });
        desk.call("manage_entity", odd).await;
    }
    let two = "entities:\n  - { entity_type: person, slug: ada, name: Ada, parent: acme }\n  - { entity_type: person, slug: ada, name: Ada, parent: bob }\n  - { entity_type: person, slug: bob, name: Bob }\n";
    desk.declare(two);
    let (_, said) = desk.run("pull --yes --data --target entity.*").await;
    assert!(said.contains("its slugs cannot be the name of a file"), "{said}");
    assert!(desk.text("data/person/fine.yaml").contains("slug: fine\n"));
    // The parent tells which of the two it is.
    assert!(
        desk.text(DATA_FILE)
            .contains("slug: ada, name: Ada, parent: acme, content: About Ada. }")
    );
}
