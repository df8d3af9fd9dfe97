//! Two projects whose difference is a plan of entities, relationships and watchers: created, updated and archived.

use lobuctl::config::Project;

use crate::support::apply::test_server::expect_valid;
use crate::support::project::TempProject;

/// A project with one agent, a folder of models and one of data.
pub const TOML: &str = "[agents.triage]\nname = \"Triage\"\ndir = \".\"\n\n[memory]\norg = \"dev\"\nmodels = \"models\"\ndata = \"data\"\n";

/// Two types of entities and two of relationships, one of them symmetric.
pub const MODELS: &str = "\
type: entity
slug: company
name: Company
metadata_schema:
  type: object
  required: [tier]
  properties:
    tier: {enum: [gold, silver]}
    employees: {type: integer}
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

const NEW_MODELS: &str = "\
---
type: entity
slug: place
name: Place
---
type: relationship
slug: lives-in
name: Lives in
rules: [{source: person, target: place}]
";

const DATA_BEFORE: &str = "\
entities:
  - {entity_type: company, slug: acme, name: Acme, metadata: {tier: gold, employees: 3}, content: About Acme.}
  - {entity_type: company, slug: emea, name: Acme EMEA, parent: acme, metadata: {tier: silver, employees: 2}}
  - {entity_type: person, slug: ada, name: Ada, parent: 'company:emea', content: Of Ada.}
  - {entity_type: person, slug: bob, name: Bob, enabled_classifiers: [sentiment]}
  - {entity_type: company, slug: gone, name: Gone, metadata: {tier: gold}}
  - {entity_type: person, slug: eve, name: Eve, parent: gone, content: Of Eve.}
relationships:
  - {relationship_type: works-at, from: eve, to: gone}
  - {relationship_type: works-at, from: ada, to: acme, metadata: {since: 2020}, confidence: 0.5}
  - {relationship_type: knows, from: bob, to: ada, source: llm}
";

const DATA_AFTER: &str = "\
entities:
  - {entity_type: company, slug: acme, name: Acme Corp, metadata: {tier: gold, employees: 3}, content: Of Acme.}
  - {entity_type: company, slug: emea, name: Acme EMEA, parent: acme, metadata: {tier: gold}}
  - {entity_type: person, slug: ada, name: Ada, parent: 'company:emea', content: About Ada.}
  - {entity_type: person, slug: bob, name: Bob, enabled_classifiers: [sentiment, tone]}
  - {entity_type: place, slug: rome, name: Rome}
  - {entity_type: person, slug: cleo, name: Cleo, parent: rome, metadata: {age: 30}, content: Of Cleo.}
relationships:
  - {relationship_type: works-at, from: ada, to: acme, metadata: {until: 2021}, confidence: 1}
  - {relationship_type: knows, from: bob, to: ada, source: ui}
  - {relationship_type: knows, from: cleo, to: bob, metadata: {met: in Rome}}
  - {relationship_type: lives-in, from: cleo, to: rome}
";

/// What the first project declares, the second one does not, and is deleted by name.
pub const DELETED: [&str; 3] = [
    "relationship.works-at.gone/eve.gone",
    "entity.company.gone",
    "entity.person.gone/eve",
];

/// A watcher with a script of its own, at this address and of this entity.
fn watcher(slug: &str, entity: &str, rest: &str) -> String {
    format!(
        "type: watcher\nslug: {slug}\nname: {slug}\nentity: {entity}\nextraction_schema: \
         {{type: object, properties: {{status: {{type: string}}}}}}\n{rest}\n"
    )
}

fn project(models: &str, data: &str, watchers: &[(&str, String)], scripts: &[(&str, &str)]) -> Project {
    let mut files = vec![
        ("lobu.toml".to_owned(), TOML.to_owned()),
        ("models/types.yaml".to_owned(), models.to_owned()),
        ("data/all.yaml".to_owned(), data.to_owned()),
    ];
    let named = |(name, text): &(&str, String)| (format!("models/{name}.yaml"), text.clone());
    files.extend(watchers.iter().map(named));
    let script = |(name, text): &(&str, &str)| (format!("models/{name}.ts"), (*text).to_owned());
    files.extend(scripts.iter().map(script));
    expect_valid(TempProject::new(&files).load())
}

/// Returns the project that the server has.
pub fn before() -> Project {
    let contacts = "schedule: '0 9 * * 1-5'\nprompt: Look at {{name}}.\ntags: [crm]\nreaction_script: ./contacts.ts";
    let watchers = [
        ("contacts", watcher("contacts", "company:acme", contacts)),
        ("old", watcher("old", "bob", "prompt: Look away.")),
    ];
    project(MODELS, DATA_BEFORE, &watchers, &[("contacts", "export default 1;\n")])
}

/// Returns the project that is applied: its plan has every kind of write of data and watchers that files can ask for.
pub fn after() -> Project {
    let contacts =
        "schedule: '0 10 * * 1-5'\nprompt: Look again at {{name}}.\ntags: [crm]\nreaction_script: ./contacts.ts";
    let fresh = "prompt: Look at {{name}}.\ntags: [new, 'a b']\nreaction_script: ./fresh.ts";
    let watchers = [
        ("contacts", watcher("contacts", "company:acme", contacts)),
        ("fresh", watcher("fresh", "place:rome", fresh)),
        ("plain", watcher("plain", "bob", "prompt: Look.")),
    ];
    let scripts = [("contacts", "export default 2;\n"), ("fresh", "export default 3;\n")];
    project(&format!("{MODELS}{NEW_MODELS}"), DATA_AFTER, &watchers, &scripts)
}
