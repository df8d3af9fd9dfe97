//! Watchers in model files: what they declare, and everything that is wrong with them at once.

use lobuctl::config::Only;
use lobuctl::resource::{Address, FieldPath, WatchedEntity};
use serde_json::json;

use crate::support::apply::test_server::expect_valid;
use crate::support::project::{TempProject, report};
use crate::support::snapshot;

const TOML: &str = "[agents.triage]\nname = \"Triage\"\ndir = \".\"\n\n[memory]\norg = \"dev\"\nmodels = \"models\"\n";

const WATCHER: &str = "\
version: 1
type: watcher
slug: contacts
name: Contacts
entity: company:acme
schedule: '0 9 * * 1-5'
prompt: |
  {{#each entities}}{{name}}{{/each}}
extraction_schema:
  type: object
  properties:
    status:
      type: string
sources:
  - name: notes
    query: SELECT id FROM events
tags: [crm]
agent: triage
reaction_script: ./react.ts
";

#[test]
fn a_watcher_is_declared_with_its_script_and_locations() {
    let project = TempProject::new(&[
        ("lobu.toml", TOML),
        ("models/contacts.yaml", WATCHER),
        ("models/react.ts", "export default async () => {};\n"),
    ]);
    let project = expect_valid(project.load());
    let watcher = &project.desired.watchers["contacts"];
    let entity = WatchedEntity {
        id: None,
        entity_type: Some("company".to_owned()),
        slug: Some("acme".to_owned()),
    };
    assert_eq!(watcher.entities, [entity]);
    assert_eq!(watcher.agent_id.as_deref(), Some("triage"));
    assert_eq!(watcher.tags, Some(json!(["crm"])));
    assert_eq!(
        watcher.reaction_script.as_deref(),
        Some("export default async () => {};\n")
    );
    let address = Address::watcher("contacts");
    assert_eq!(project.origins.of(&address).unwrap().line, 3);
    let path = FieldPath::of(["extraction_schema", "properties", "status", "type"]);
    assert_eq!(project.origins.of_field(&address, &path).unwrap().line, 13);
}

#[test]
fn only_watchers_declares_nothing_else() {
    let company = "type: entity\nslug: company\nname: Company\n";
    let bundle = format!(
        "version: 2\nwatchers:\n  - {}",
        WATCHER.replace('\n', "\n    ").trim_end()
    );
    let mut project = TempProject::new(&[
        ("lobu.toml", TOML),
        ("models/company.yaml", company),
        ("models/more/all.yaml", &bundle),
        ("models/more/react.ts", "export default 1;\n"),
    ]);
    assert_eq!(expect_valid(project.load()).desired.entity_types.len(), 1);
    project.only = Only::Watchers;
    let desired = expect_valid(project.load()).desired;
    assert!(desired.agents.is_empty() && desired.entity_types.is_empty());
    assert_eq!(desired.watchers.len(), 1);
}

#[test]
fn everything_wrong_with_watchers_is_reported_at_once() {
    let loaded = TempProject::new(&[
        ("lobu.toml", TOML),
        (
            "models/a-missing.yaml",
            "type: watcher\nslug: missing\nname: Missing\nentity: 'company:'\n",
        ),
        (
            "models/b-wrong.yaml",
            "type: watcher
slug: wrong
name: Wrong
entity_id: [1]
schedule: every day
prompt: |
  Look at
  {{#if x}
extraction_schema: {type: object}
sources:
  - name: x
    query: DELETE FROM events
  - SELECT 1
classifiers: {a: 1}
reaction_script: ./nowhere.ts
unknown: 1
",
        ),
        (
            "models/c-frequent.yaml",
            "type: watcher
slug: wrong
name: Frequent
schedule: '*/30 * * * * *'
prompt: '{{#each entities}}{{name}}{{/if}}'
extraction_schema: {type: object, properties: {}}
",
        ),
    ])
    .load();
    assert!(loaded.project.is_none());
    snapshot::check("watcher_files_wrong", &report(&loaded));
}

#[test]
fn a_schedule_of_the_nearest_weekday_is_refused() {
    let text = WATCHER.replace("0 9 * * 1-5", "0 0 15W * *");
    let loaded = TempProject::new(&[
        ("lobu.toml", TOML),
        ("models/contacts.yaml", &text),
        ("models/react.ts", ""),
    ])
    .load();
    assert!(
        report(&loaded).contains("`W` is not known to the server"),
        "{}",
        report(&loaded)
    );
}

#[test]
fn empty_sources_are_none() {
    let files = |sources: &str| {
        let text = WATCHER.replace("sources:\n  - name: notes\n    query: SELECT id FROM events\n", sources);
        TempProject::new(&[
            ("lobu.toml", TOML),
            ("models/contacts.yaml", &text),
            ("models/react.ts", ""),
        ])
    };
    let desired = |sources| files(sources).load().project.map(|project| project.desired.watchers);
    assert!(desired("").is_some());
    assert_eq!(desired("sources: []\n"), desired(""));
}

#[test]
fn templates_and_schedules_that_the_server_accepts_are_accepted() {
    let prompts = [
        "{{#if a}}x{{else if b}}y{{else}}z{{/if}}",
        "{{{raw}}} {{~trimmed~}} {{! a comment }} {{!-- }} {{#if --}} \\{{plain",
        "{{^none}}empty{{/none}} {{#each list as |item|}}{{item}}{{^}}none{{/each}}",
        "{ json: {} } }}",
        "{{{{raw}}}} {{#if x}} {{{{/raw}}}} {{name}}",
    ];
    for prompt in prompts {
        for schedule in [
            "* * * * *",
            "*/15 * * * *",
            "@daily",
            "0 0 9 * * *",
            "0 6 * * MON-FRI",
            "5/15 * * * *",
            "0 5/15,3 1-7/2 * * 1/2",
            "@weekdays",
            "@weekends",
            "@minutely",
            "0 0 L * 5L",
            "",
        ] {
            let text = WATCHER
                .replace(
                    "prompt: |\n  {{#each entities}}{{name}}{{/each}}",
                    &format!("prompt: '{prompt}'"),
                )
                .replace("0 9 * * 1-5", schedule)
                .replace("reaction_script: ./react.ts\n", "");
            let loaded = TempProject::new(&[("lobu.toml", TOML), ("models/contacts.yaml", &text)]).load();
            assert!(loaded.project.is_some(), "{}", report(&loaded));
        }
    }
}
