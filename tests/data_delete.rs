//! `--delete`: entities and relationships that no file declares go when they are named, and nothing else does.

use serde_json::json;

use crate::support::apply::data_desk::{DATA, DataDesk};

const ADA: &str = "entity.person.acme/ada";
const BOB: &str = "entity.person.bob";
const WORKS: &str = "relationship.works-at.acme/ada.acme";
const KNOWS: &str = "relationship.knows.bob.acme/ada";

/// The data without Ada.
const WITHOUT_ADA: &str = "\
entities:
  - { entity_type: company, slug: acme, name: Acme, metadata: { tier: gold } }
  - { entity_type: person, slug: bob, name: Bob, metadata: { size: 3, town: Rome } }
";

/// Returns the data without the lines that have this word.
fn without(word: &str) -> String {
    let lines: Vec<&str> = DATA.lines().filter(|line| !line.contains(word)).collect();
    lines.join("\n")
}

#[tokio::test]
async fn what_is_named_is_deleted_and_nothing_else() {
    let desk = DataDesk::open().await;
    desk.declare(WITHOUT_ADA);
    let quiet = desk.expect("plan --prune --detailed-exitcode", 0).await;
    assert!(!quiet.contains("ada"), "{quiet}");
    let flags = format!("--delete {WORKS} --delete {KNOWS} --delete {ADA}");
    let plan = desk.expect(&format!("plan --detailed-exitcode {flags}"), 2).await;
    assert!(plan.contains("- entity person.acme/ada"), "{plan}");
    assert!(
        plan.contains("its slug can never be used again below its parent"),
        "{plan}"
    );
    assert!(plan.contains("3 delete"), "{plan}");
    let applied = desk.expect(&format!("apply --yes {flags}"), 0).await;
    assert!(applied.contains("3 deleted"), "{applied}");
    assert_eq!(desk.entities().await, ["acme", "bob"]);
    assert_eq!(desk.links().await, Vec::<String>::new());
    desk.expect("plan --detailed-exitcode", 0).await;
    let again = desk.expect(&format!("apply --yes {flags}"), 0).await;
    assert!(
        again.contains(&format!("{ADA}: the server has none that no file declares")),
        "{again}"
    );
}

#[tokio::test]
async fn a_relationship_goes_alone_and_may_come_back() {
    let desk = DataDesk::open().await;
    desk.declare(&without("works-at"));
    desk.expect(&format!("apply --yes --delete {WORKS}"), 0).await;
    assert_eq!(desk.links().await, ["knows"]);
    desk.declare(DATA);
    desk.expect("apply --yes", 0).await;
    let mut links = desk.links().await;
    links.sort();
    assert_eq!(links, ["knows", "works-at"]);
}

#[tokio::test]
async fn what_agents_wrote_goes_when_it_is_named_in_full() {
    let desk = DataDesk::open().await;
    let (ada, bob) = (desk.id("ada").await, desk.id("bob").await);
    for slug in ["note-a", "note-b"] {
        let body = json!({ "action": "create", "entity_type": "person", "name": slug, "slug": slug });
        desk.call("manage_entity", body).await;
    }
    let link =
        json!({ "action": "link", "from_entity_id": bob, "to_entity_id": ada, "relationship_type_slug": "works-at" });
    desk.call("manage_entity", link).await;
    let wildcard = desk.expect("plan --delete entity.person.note-*", 64).await;
    assert!(
        wildcard.contains("`--delete entity.person.note-*` is a pattern"),
        "{wildcard}"
    );
    let flags = "--delete entity.person.note-a --delete relationship.works-at.bob.acme/ada";
    desk.expect(&format!("apply --yes {flags}"), 0).await;
    assert_eq!(desk.entities().await, ["acme", "ada", "bob", "note-b"]);
    let mut links = desk.links().await;
    links.sort();
    assert_eq!(links, ["knows", "works-at"]);
}

#[tokio::test]
async fn a_type_with_entities_is_not_pruned() {
    let desk = DataDesk::open().await;
    let kind = json!({ "schema_type": "entity_type", "action": "create", "slug": "note", "name": "Note" });
    desk.call("manage_entity_schema", kind).await;
    let note = json!({ "action": "create", "entity_type": "note", "name": "First", "slug": "first" });
    desk.call("manage_entity", note).await;
    let refused = desk.expect("plan --prune", 1).await;
    assert!(refused.contains("1 entity is of this type"), "{refused}");
    desk.expect("plan --prune --target entity.*", 0).await;
    desk.expect("apply --yes --delete entity.note.first", 0).await;
    let applied = desk.expect("apply --yes --prune", 0).await;
    assert!(applied.contains("deleted entity-type note"), "{applied}");
}

#[tokio::test]
async fn a_symmetric_relationship_is_named_either_way() {
    let desk = DataDesk::open().await;
    desk.declare(&without("knows"));
    desk.expect("apply --yes --delete relationship.knows.acme/ada.bob", 0)
        .await;
    assert_eq!(desk.links().await, ["works-at"]);
    desk.declare(DATA);
    desk.expect("apply --yes", 0).await;
    let declared = desk.expect("plan --delete relationship.knows.acme/ada.bob", 1).await;
    assert!(declared.contains("the files declare it"), "{declared}");
}

#[tokio::test]
async fn a_deletion_wants_yes_in_full() {
    let desk = DataDesk::open().await;
    desk.declare(WITHOUT_ADA);
    let line = format!("apply --plain --delete {KNOWS}");
    let (exit, said) = desk.talk(&line, Some("y\n")).await;
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("type `yes` in full"), "{said}");
    assert_eq!(desk.links().await.len(), 2);
    let (exit, said) = desk.talk(&line, Some(&format!("keep {KNOWS}\nn\n"))).await;
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("? relationship knows.bob.acme/ada"), "{said}");
    let (exit, said) = desk.talk(&line, Some("yes\n")).await;
    assert_eq!(exit, 0, "{said}");
    assert_eq!(desk.links().await, ["works-at"]);
}

#[tokio::test]
async fn what_cannot_be_deleted_is_refused_before_anything_is_written() {
    let desk = DataDesk::open().await;
    let refused = [
        (format!("--delete {BOB}"), 1, "the files declare it, at"),
        ("--delete entity.person".to_owned(), 64, "is not an address"),
        (
            "--delete agent.desk".to_owned(),
            64,
            "neither an entity nor a relationship",
        ),
        (
            "--delete entity.$member.somebody".to_owned(),
            64,
            "belong to the server",
        ),
        (format!("--only agents --delete {BOB}"), 64, "`--only` leaves that out"),
    ];
    for (flags, code, why) in refused {
        let said = desk.expect(&format!("apply --yes {flags}"), code).await;
        assert!(said.contains(why), "{flags}: {said}");
    }
    let without_acme = "entities:\n  - { entity_type: person, slug: bob, name: Bob }\nrelationships:\n  - { relationship_type: knows, from: bob, to: acme/ada }\n";
    desk.declare(without_acme);
    let said = desk.expect("apply --yes --delete entity.company.acme", 1).await;
    assert!(said.contains("the entity `acme/ada` is below it"), "{said}");
    let said = desk.expect(&format!("apply --yes --delete {ADA}"), 1).await;
    assert!(said.contains(&format!("the files relate it: {KNOWS}")), "{said}");
    let guarded = format!("apply --yes --fail-on delete --delete {WORKS}");
    desk.expect(&guarded, 4).await;
    assert_eq!(desk.entities().await, ["acme", "ada", "bob"]);
    assert_eq!(desk.links().await.len(), 2);
}

#[tokio::test]
async fn an_entity_with_a_watcher_of_the_files_stays() {
    let desk = DataDesk::open().await;
    let watcher = "type: watcher\nslug: eye\nname: Eye\nentity: person:ada\nprompt: Look.\nextraction_schema: {type: object, properties: {a: {type: string}}}\n";
    let file = desk.project.path().join("models/eye.yaml");
    std::fs::write(&file, watcher).unwrap();
    desk.declare(WITHOUT_ADA);
    let said = desk.expect(&format!("apply --yes --delete {ADA}"), 1).await;
    assert!(said.contains("the watcher `eye` of the files watches it"), "{said}");
    desk.expect("apply --yes", 0).await;
    let said = desk.expect(&format!("apply --yes --delete {ADA}"), 1).await;
    assert!(said.contains("the watcher `eye` of the files watches it"), "{said}");
}

#[tokio::test]
async fn a_saved_plan_deletes_what_it_was_made_for() {
    let desk = DataDesk::open().await;
    desk.declare(WITHOUT_ADA);
    desk.expect(&format!("plan --out a.plan --delete {KNOWS}"), 0).await;
    desk.expect("apply a.plan --yes", 0).await;
    assert_eq!(desk.links().await, ["works-at"]);
}
