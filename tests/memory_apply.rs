//! Entities, relationships and watchers on a real server: applied, unchanged, changed one by one, archived.

use std::fs;
use std::path::Path;

use lobuctl::config::Project;
use lobuctl::plan::{Plan, Prune, Verb};
use lobuctl::resource::{Address, EntityPath};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::support::apply::memory_rows::{MODELS, TOML};
use crate::support::apply::test_server::{TestServer, changed_rows, expect_valid};
use crate::support::project::TempProject;
use crate::support::report_skip;
use crate::support::server::JsonClient;
use crate::support::server::postgres::TestDatabase;

const DATA: &str = "\
entities:
  - {entity_type: company, slug: acme, name: Acme, metadata: {tier: gold, employees: 3}, content: About Acme.}
  - {entity_type: company, slug: emea, name: Acme EMEA, parent: acme, metadata: {tier: silver}}
  - {entity_type: person, slug: ada, name: Ada, parent: 'company:emea'}
  - {entity_type: person, slug: bob, name: Bob, enabled_classifiers: [sentiment]}
relationships:
  - {relationship_type: works-at, from: ada, to: acme, metadata: {since: 2020}, confidence: 0.5}
  - {relationship_type: knows, from: bob, to: ada, source: llm}
";

const WATCHER: &str = "\
type: watcher
slug: contacts
name: Contacts
entity: company:acme
schedule: '0 9 * * 1-5'
prompt: Look at {{name}}.
extraction_schema: {type: object, properties: {status: {type: string}}}
tags: [crm, 'a b']
reaction_script: ./react.ts
";

const SCRIPT: &str = "export default async () => ({ ok: true });\n";

fn project(data: &str, watcher: &str, script: &str) -> Project {
    let files = [
        ("lobu.toml", TOML),
        ("models/types.yaml", MODELS),
        ("models/contacts.yaml", watcher),
        ("models/react.ts", script),
        ("data/all.yaml", data),
    ];
    expect_valid(TempProject::new(&files).load())
}

/// Applies a project, and returns the addresses that the plan had to change.
async fn apply(server: &TestServer, project: &Project) -> Vec<String> {
    let draft = server.plan(project, Prune::Nothing).await;
    server.apply_well(&draft).await;
    let again = server.plan(project, Prune::Nothing).await;
    assert_eq!(changed_rows(&again.plan), Vec::<String>::new());
    changed_addresses(&draft.plan)
}

/// Runs a story on a server in memory, and on one over PostgreSQL where there is one.
async fn on_both(purpose: &str, story: impl AsyncFn(&TestServer)) {
    story(&TestServer::stored().await).await;
    if let Some(database) = TestDatabase::create(purpose).await {
        let server = TestServer::stored_on(&database).await;
        story(&server).await;
        drop(server);
        database.drop_now().await;
    }
}

fn changed_addresses(plan: &Plan) -> Vec<String> {
    let changed = plan.rows.iter().filter(|row| row.verb.changes());
    changed.map(|row| row.address.to_string()).collect()
}

#[tokio::test]
async fn a_project_with_data_and_watchers_converges() {
    on_both("data_converges", converges).await;
}

async fn converges(server: &TestServer) {
    let changed = apply(server, &project(DATA, WATCHER, SCRIPT)).await;
    let memory: Vec<&str> = changed
        .iter()
        .map(String::as_str)
        .filter(|it| !it.contains("triage"))
        .collect();
    assert_eq!(
        memory,
        [
            "entity-type.company",
            "entity-type.person",
            "relationship-type.knows",
            "relationship-type.works-at",
            "entity.company.acme",
            "entity.company.acme/emea",
            "entity.person.acme/emea/ada",
            "entity.person.bob",
            "relationship.knows.bob.acme/emea/ada",
            "relationship.works-at.acme/emea/ada.acme",
            "watcher.contacts",
        ]
    );
}

#[tokio::test]
async fn one_edit_is_one_row() {
    on_both("data_edits", edits_each_row).await;
}

async fn edits_each_row(server: &TestServer) {
    apply(server, &project(DATA, WATCHER, SCRIPT)).await;
    let edits = [
        (("name: Acme,", "name: Acme Corp,"), "entity.company.acme"),
        (("employees: 3}", "employees: 4}"), "entity.company.acme"),
        (("tier: gold, employees: 3}", "tier: gold}"), "entity.company.acme"),
        (
            ("since: 2020", "until: 2021"),
            "relationship.works-at.acme/emea/ada.acme",
        ),
        (
            ("confidence: 0.5", "confidence: 1"),
            "relationship.works-at.acme/emea/ada.acme",
        ),
        (("source: llm", "source: ui"), "relationship.knows.bob.acme/emea/ada"),
        (("content: About Acme.", "content: Of Acme."), "entity.company.acme"),
        (("[sentiment]", "[sentiment, tone]"), "entity.person.bob"),
    ];
    for ((before, after), row) in edits {
        let edited = DATA.replace(before, after);
        assert_ne!(edited, DATA, "{before}");
        assert_eq!(
            apply(server, &project(&edited, WATCHER, SCRIPT)).await,
            [row],
            "{after}"
        );
        apply(server, &project(DATA, WATCHER, SCRIPT)).await;
    }
    let edits = [
        ("name: Contacts", "name: People"),
        ("0 9 * * 1-5", "0 10 * * *"),
        ("Look at", "Look again at"),
        ("status: {type: string}", "state: {type: string}"),
        ("tags: [crm, 'a b']", "tags: []"),
        ("tags: [crm, 'a b']", "tags: [crm]\nreactions_guidance: Be kind."),
    ];
    for (before, after) in edits {
        let edited = WATCHER.replace(before, after);
        assert_ne!(edited, WATCHER, "{before}");
        assert_eq!(
            apply(server, &project(DATA, &edited, SCRIPT)).await,
            ["watcher.contacts"],
            "{after}"
        );
        apply(server, &project(DATA, WATCHER, SCRIPT)).await;
    }
    assert_eq!(
        apply(server, &project(DATA, WATCHER, "export default 1;\n")).await,
        ["watcher.contacts"]
    );
}

#[tokio::test]
async fn a_type_that_nobody_has_is_refused_before_anything_is_written() {
    let server = TestServer::stored().await;
    let data = "entities:\n  - {entity_type: contact, slug: kim, name: Kim}\n";
    let project = project(data, &WATCHER.replace("company:acme", "contact:kim"), SCRIPT);
    let problems = server.try_plan(&project, Prune::Nothing).await.unwrap_err();
    let is_named = problems.iter().any(|it| it.message.contains("its type `contact`"));
    assert!(is_named, "{problems:?}");
}

#[tokio::test]
async fn what_agents_wrote_is_counted_and_left_alone() {
    on_both("data_agents", counts_what_agents_wrote).await;
}

async fn counts_what_agents_wrote(server: &TestServer) {
    apply(server, &project(DATA, WATCHER, SCRIPT)).await;
    let json_client = JsonClient::new(&server.inner, &server.token);
    for slug in ["written-a", "written-b"] {
        let body = json!({ "action": "create", "entity_type": "person", "name": slug, "slug": slug });
        let answer = json_client.post("/api/dev/manage_entity", body).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    }
    let pruned = server.plan(&project(DATA, WATCHER, SCRIPT), Prune::Everything).await;
    assert_eq!(pruned.plan.undeclared_entities, 2);
    assert_eq!(changed_rows(&pruned.plan).len(), 0);
}

#[tokio::test]
async fn a_watcher_that_goes_is_archived_and_never_comes_back() {
    on_both("data_watcher", archives_a_watcher).await;
}

async fn archives_a_watcher(server: &TestServer) {
    let whole = project(DATA, WATCHER, SCRIPT);
    apply(server, &whole).await;
    let mut without = project(DATA, WATCHER, SCRIPT);
    let address = Address::watcher("contacts");
    // Declared elsewhere, so that watchers are read.
    let mut other = without.desired.watchers.remove("contacts").unwrap();
    "others".clone_into(&mut other.slug);
    without.desired.watchers.insert("others".to_owned(), other);
    let draft = server.plan(&without, Prune::Everything).await;
    assert_eq!(draft.plan.row(&address).unwrap().verb, Verb::Delete);
    server.apply_well(&draft).await;
    let problems = server.try_plan(&whole, Prune::Nothing).await.unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("archived"), "{problems:?}");
}

#[tokio::test]
async fn the_watchers_of_real_projects_are_applied_once_they_name_an_entity() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/examples");
    let Ok(entries) = fs::read_dir(&examples) else {
        report_skip("real projects: there is no ../shared/examples");
        return;
    };
    let mut watchers = 0;
    for models in entries.flatten().map(|entry| entry.path().join("models")) {
        let mut files = vec![
            ("lobu.toml".to_owned(), TOML.to_owned()),
            ("models/types.yaml".to_owned(), MODELS.to_owned()),
            ("data/all.yaml".to_owned(), DATA.to_owned()),
        ];
        for file in fs::read_dir(&models).into_iter().flatten().flatten() {
            let text = fs::read_to_string(file.path()).unwrap();
            if text.contains("type: watcher") {
                watchers += 1;
                let name = file.file_name().into_string().unwrap();
                files.push((format!("models/{name}"), format!("{text}\nentity: company:acme\n")));
            }
        }
        // The folder of the projects has a file beside them.
        if !models.is_dir() {
            continue;
        }
        let load = |files: &[(String, String)]| expect_valid(TempProject::new(files).load());
        let server = TestServer::stored().await;
        apply(&server, &load(&files)).await;
        for (path, text) in &mut files {
            if text.contains("type: watcher") {
                *text = text.replace("prompt: |\n", "prompt: |\n  Once more.\n");
                assert!(text.contains("Once more."), "{path}");
            }
        }
        let changed = apply(&server, &load(&files)).await;
        assert!(changed.iter().all(|row| row.starts_with("watcher.")), "{changed:?}");
        assert!(!changed.is_empty());
    }
    assert_eq!(watchers, 7);
}

/// Random data: a tree of people, each below the company or below one before it, and relationships between them.
fn random_data() -> impl Strategy<Value = String> {
    let people = prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), 0..3_u8), 1..8);
    let links = prop::collection::vec(
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u8),
        0..8,
    );
    (people, links).prop_map(|(people, links)| data_text(&people, &links))
}

type RandomPerson = (prop::sample::Index, bool, u8);
type RandomLink = (prop::sample::Index, prop::sample::Index, u8);

fn data_text(people: &[RandomPerson], links: &[RandomLink]) -> String {
    let mut paths = vec![EntityPath::parse("acme")];
    let mut lines = vec!["  - {entity_type: company, slug: acme, name: Acme, metadata: {tier: gold}}".to_owned()];
    for (number, (above, has_content, value)) in people.iter().enumerate() {
        let above = above.get(&paths).clone();
        let content = if *has_content { ", content: Text." } else { "" };
        lines.push(format!(
            "  - {{entity_type: person, slug: p{number}, name: P {number}, parent: '{above}', metadata: {{a: {value}}}{content}}}"
        ));
        paths.push(above.child(&format!("p{number}")));
    }
    lines.push("relationships:".to_owned());
    let mut seen = std::collections::BTreeSet::new();
    for (from, to, value) in links {
        let (from, to) = (from.get(&paths).to_string(), to.get(&paths).to_string());
        let pair = if from < to {
            (from.clone(), to.clone())
        } else {
            (to.clone(), from.clone())
        };
        if from != to && seen.insert(pair) {
            lines.push(format!(
                "  - {{relationship_type: knows, from: '{from}', to: '{to}', metadata: {{b: {value}}}}}"
            ));
        }
    }
    format!("entities:\n{}\n", lines.join("\n"))
}

#[test]
fn random_data_converges() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: 8,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&random_data(), |data| {
            runtime.block_on(async {
                let server = TestServer::stored().await;
                let project = project(&data, WATCHER, SCRIPT);
                apply(&server, &project).await;
            });
            Ok(())
        })
        .unwrap();
}
