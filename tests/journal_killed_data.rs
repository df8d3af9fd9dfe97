//! An apply of entities, relationships and watchers that is killed with SIGKILL at its writes: the next run says what became
//! of the one that nobody saw end, and goes on. Nothing is there twice.

use serde_json::{Value, json};

use crate::support::program::kill_desk::{Cut, KillDesk, stride};
use crate::support::project::TempProject;

const MODELS: &str = "\
type: entity
slug: company
name: Company
---
type: entity
slug: person
name: Person
---
type: relationship
slug: works-at
name: Works at
";

/// The writes of a first apply: 3 types, 3 entities, 2 relationships, and a watcher with its script.
const CREATIONS: usize = 10;

/// The writes of a second one: 3 entities, 2 relationships, and the settings, a version and the script of the watcher.
const UPDATES: usize = 8;

/// A project in one of two states that differ in each entity and relationship, and in every part of the watcher.
fn project(second: bool) -> TempProject {
    let word = if second { "two" } else { "one" };
    let data = format!(
        "entities:\n\
         - {{entity_type: company, slug: acme, name: Acme {word}, metadata: {{size: {word}}}}}\n\
         - {{entity_type: person, slug: ada, name: Ada, parent: acme, content: Ada of {word}.}}\n\
         - {{entity_type: person, slug: bob, name: Bob, metadata: {{only-{word}: 1}}}}\n\
         relationships:\n\
         - {{relationship_type: works-at, from: ada, to: acme, metadata: {{since: {word}}}}}\n\
         - {{relationship_type: works-at, from: bob, to: acme, confidence: 0.{}}}\n",
        word.len() + usize::from(second)
    );
    let watcher = format!(
        "type: watcher\nslug: contacts\nname: Contacts\nentity: company:acme\nprompt: Look at {word}.\ntags: [{word}]\n\
         extraction_schema: {{type: object, properties: {{status: {{type: string}}}}}}\nreaction_script: ./react.ts\n"
    );
    let toml = "[agents]\n\n[memory]\norg = \"dev\"\nmodels = \"models\"\ndata = \"data\"\n".to_owned();
    TempProject::new(&[
        ("lobu.toml", toml),
        ("models/types.yaml", MODELS.to_owned()),
        ("models/contacts.yaml", watcher),
        ("models/react.ts", format!("export default \"{word}\";\n")),
        ("data/all.yaml", data),
    ])
}

/// Returns what the next run has to say of the write that was cut off. A watcher is written with several requests.
fn verdict(address: &str, action: &str, cut: Cut, is_update: bool) -> &'static str {
    let is_first = action == if is_update { "update" } else { "create" };
    let is_last = action == "set_reaction_script";
    let is_watcher = address.starts_with("watcher.");
    match cut {
        Cut::BeforeItIsCarriedOut if is_first || !is_watcher => "not applied",
        Cut::BeforeItIsAnswered if is_last || !is_watcher => "applied",
        _ => "applied in part",
    }
}

/// Kills one apply, and checks what the next ones say and do.
async fn killed(write: usize, cut: Cut, is_update: bool) {
    let desk = KillDesk::open().await;
    let case = format!("write {write}, {cut:?}, update: {is_update}");
    let files = project(is_update);
    if is_update {
        let first = desk.run(&project(false), "apply --yes");
        assert_eq!(first.code, 0, "{case}: {first:?}");
    }
    let action = desk.kill_at(&files, write, cut);
    let unknown = desk.unsettled();
    assert_eq!(unknown.len(), 1, "{case}: {unknown:?}");
    let next = desk.run(&files, "apply --yes");
    assert_eq!(next.code, 0, "{case}: {next:?}");
    let said = format!("{}: {}\n", unknown[0], verdict(&unknown[0], &action, cut, is_update));
    assert!(format!("{}\n", next.err).contains(&said), "{case}: {said}: {next:?}");
    let planned = desk.run(&files, "plan --detailed-exitcode");
    assert_eq!(planned.code, 0, "{case}: {planned:?}");
    let all = counts(&desk).await;
    let versions = if is_update { 2 } else { 1 };
    assert_eq!(
        all,
        json!({ "entities": 3, "links": 2, "watchers": 1, "version": versions }),
        "{case}"
    );
}

/// Counts what the server has.
async fn counts(desk: &KillDesk) -> Value {
    let call = async |tool: &str, body: Value| desk.client.post(&format!("/api/dev/{tool}"), body).await.body;
    let entities = call("manage_entity", json!({ "action": "list", "limit": 500 })).await;
    let links = call("manage_entity", json!({ "action": "list_all_links", "after_id": 0 })).await;
    let watchers = call("list_watchers", json!({})).await;
    let is_ours = |entity: &&Value| !entity["entity_type"].as_str().unwrap().starts_with('$');
    json!({
        "entities": entities["entities"].as_array().unwrap().iter().filter(is_ours).count(),
        "links": links["relationships"].as_array().unwrap().len(),
        "watchers": watchers["watchers"].as_array().unwrap().len(),
        "version": watchers["watchers"][0]["version"],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_projects_of_the_kills_have_this_many_writes() {
    let desk = KillDesk::open().await;
    for (second, count) in [(false, CREATIONS), (true, UPDATES)] {
        let before = desk.writes();
        let ran = desk.run(&project(second), "apply --yes");
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(desk.writes() - before, count);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_data_that_is_killed_at_any_write_is_settled_by_the_next_one() {
    for (is_update, count) in [(false, CREATIONS), (true, UPDATES)] {
        // The last writes are those of the watcher.
        let writes = (0..count - 3).step_by(stride(4)).chain(count - 3..count);
        for write in writes {
            for cut in [Cut::BeforeItIsCarriedOut, Cut::BeforeItIsAnswered] {
                killed(write, cut, is_update).await;
            }
        }
    }
}

/// What is deleted by name. The files declare nothing of it any more.
const DELETE: &str = "apply --yes --delete relationship.works-at.acme/ada.acme --delete relationship.works-at.bob.acme \
     --delete entity.person.acme/ada --delete entity.person.bob";

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_is_killed_at_any_write_is_settled_by_the_next_one() {
    for write in 0..4 {
        for cut in [Cut::BeforeItIsCarriedOut, Cut::BeforeItIsAnswered] {
            let desk = KillDesk::open().await;
            let files = project(false);
            assert_eq!(desk.run(&files, "apply --yes").code, 0);
            let acme = "entities:\n- {entity_type: company, slug: acme, name: Acme one, metadata: {size: one}}\n";
            std::fs::write(files.path().join("data/all.yaml"), acme).unwrap();
            desk.kill_line_at(&files, DELETE, (write, cut));
            let unknown = desk.unsettled();
            assert_eq!(unknown.len(), 1, "write {write}, {cut:?}: {unknown:?}");
            let next = desk.run(&files, DELETE);
            assert_eq!(next.code, 0, "write {write}, {cut:?}: {next:?}");
            let said = format!("{}: {}\n", unknown[0], verdict(&unknown[0], "delete", cut, false));
            assert!(format!("{}\n", next.err).contains(&said), "{said}: {next:?}");
            let all = counts(&desk).await;
            assert_eq!(
                (&all["entities"], &all["links"]),
                (&json!(1), &json!(0)),
                "write {write}, {cut:?}"
            );
        }
    }
}
