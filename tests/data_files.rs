//! Entities and relationships in data files: what they declare, and everything that is wrong with them at once.

use lobuctl::config::Only;
use lobuctl::resource::{Address, EntityPath, RelationshipKey};
use serde_json::json;

use crate::support::apply::memory_rows::TOML;
use crate::support::apply::test_server::expect_valid;
use crate::support::project::{TempProject, report};
use crate::support::snapshot;

const MODELS: &str = "\
type: entity
slug: company
name: Company
metadata_schema:
  type: object
  additionalProperties: false
  required: [tier]
  properties:
    tier: {enum: [gold, silver]}
    employees: {type: integer}
    domain: {type: string}
---
type: entity
slug: person
name: Person
---
type: relationship
slug: works-at
name: Works at
rules: [{source: person, target: company}]
---
type: relationship
slug: knows
name: Knows
is_symmetric: true
";

const DATA: &str = "\
type: entity
entity_type: company
slug: acme
name: Acme
metadata: {tier: gold, employees: 3}
content: About Acme.
---
type: entity
entity_type: company
slug: emea
name: Acme EMEA
parent: acme
---
type: entity
entity_type: person
slug: emea
name: Emea
---
version: 2
entities:
  - {entity_type: person, slug: ada, name: Ada}
relationships:
  - {relationship_type: works-at, from: ada, to: 'company:emea', confidence: 0.5}
  - {relationship_type: knows, from: 'person:ada', to: 'person:emea'}
  - {relationship_type: works-at, from: ada, to: 'company:globex'}
";

fn project(data: &str) -> TempProject {
    TempProject::new(&[
        ("lobu.toml", TOML),
        ("models/all.yaml", MODELS),
        ("data/deep/all.yaml", data),
    ])
}

fn relationship(kind: &str, from: &str, to: &str) -> RelationshipKey {
    RelationshipKey {
        kind: kind.into(),
        from: EntityPath::parse(from),
        to: EntityPath::parse(to),
    }
}

#[test]
fn names_become_paths() {
    let loaded = expect_valid(project(DATA).load());
    let paths: Vec<String> = loaded.desired.entities.keys().map(EntityPath::to_string).collect();
    assert_eq!(paths, ["acme", "acme/emea", "ada", "emea"]);
    let keys: Vec<&RelationshipKey> = loaded.desired.relationships.keys().collect();
    let expected = [
        relationship("knows", "ada", "emea"),
        relationship("works-at", "ada", "acme/emea"),
        // Nothing of this name is in the files: it has to be on the server.
        relationship("works-at", "ada", "globex"),
    ];
    assert_eq!(keys, expected.iter().collect::<Vec<_>>());
    let acme = &loaded.desired.entities[&EntityPath::parse("acme")];
    assert_eq!(acme.metadata, Some(json!({"tier": "gold", "employees": 3})));
    let address = Address::entity("company", EntityPath::parse("acme/emea"));
    assert_eq!(address.to_string(), "entity.company.acme/emea");
    assert_eq!(address.to_string().parse(), Ok(address.clone()));
    assert_eq!(loaded.origins.of(&address).unwrap().line, 10);
    let address = Address::relationship(&expected[1]);
    assert_eq!(address.to_string(), "relationship.works-at.ada.acme/emea");
    assert_eq!(address.to_string().parse(), Ok(address));
}

#[test]
fn only_data_declares_nothing_else() {
    let mut project = project(DATA);
    project.only = Only::Data;
    let desired = expect_valid(project.load()).desired;
    assert!(desired.agents.is_empty() && desired.entity_types.is_empty());
    assert_eq!((desired.entities.len(), desired.relationships.len()), (4, 3));
}

#[test]
fn everything_wrong_with_data_is_reported_at_once() {
    let data = "\
entities:
  - {entity_type: company, slug: acme, name: Acme, metadata: {tier: bronze, employees: many, color: red}}
  - {entity_type: company, slug: acme, name: Acme again}
  - {entity_type: compny, slug: globex, name: Globex, metadata: {domain: a.example}}
  - {entity_type: person, slug: 'a b', name: Space}
  - {entity_type: person, slug: a, name: A, parent: b}
  - {entity_type: person, slug: b, name: B, parent: a}
  - {entity_type: person, slug: ann, name: Ann, parent: acme, metadata: {domain: a.example}}
  - {entity_type: company, slug: ann, name: Ann Inc}
  - {entity_type: person, slug: bob, name: Bob, parent: 'person:'}
  - {entity_type: person, name: Nobody, enabled_classifiers: [1]}
relationships:
  - {relationship_type: works-at, from: acme, to: 'person:ann'}
  - {relationship_type: works-at, from: ann, to: acme}
  - {relationship_type: knows, from: 'person:ann', to: 'person:ann'}
  - {relationship_type: knows, from: 'person:ann', to: globex}
  - {relationship_type: knows, from: globex, to: 'person:ann', confidence: 2, source: seed}
  - {relationship_type: know, from: globex, to: acme, unknown: 1}
  - {from: globex, to: acme}
more: 1
---
type: note
---
slug: nothing
";
    let loaded = project(data).load();
    assert!(loaded.project.is_none());
    snapshot::check("data_files_wrong", &report(&loaded));
}

#[test]
fn a_folder_of_data_that_is_named_and_missing_is_a_warning_at_its_name() {
    let project = TempProject::new(&[("lobu.toml", TOML), ("models/all.yaml", MODELS)]);
    let loaded = project.load();
    let [warning] = loaded.diagnostics.as_slice() else {
        panic!("{}", report(&loaded));
    };
    assert!(!warning.is_error());
    assert_eq!(
        (warning.code, warning.line, warning.column),
        ("missing-folder", Some(8), Some(8))
    );
    assert_eq!(warning.message, "the folder `data` does not exist");
    assert!(expect_valid(loaded).desired.entities.is_empty());
    let mut types_only = project;
    types_only.only = Only::Watchers;
    assert_eq!(report(&types_only.load()), "");
}
