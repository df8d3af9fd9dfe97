//! What files declare, and where.

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use lobuctl::config::{Only, SecretsCheck, find};
use lobuctl::resource::{Address, FieldPath};
use serde_json::{Value, json};

use crate::support::project::{TempProject, report};

/// The settings of an agent whose table goes on with `more`.
fn settings(more: &str) -> Value {
    let toml = format!("[agents.triage]\nname = \"T\"\ndir = \".\"\n{more}");
    let mut project = TempProject::new(&[("lobu.toml", toml.as_str())]);
    project.secrets_check = SecretsCheck::Off;
    let loaded = project.load();
    let text = report(&loaded);
    let project = loaded.project.unwrap_or_else(|| panic!("{text}"));
    Value::Object(project.desired.settings["triage"].fields.to_map())
}

#[test]
fn only_what_is_mentioned_is_declared() {
    assert_eq!(settings(""), json!({}));
    assert_eq!(
        settings("providers = []\nguardrails = []\n"),
        json!({"installedProviders": [], "guardrails": []})
    );
    assert_eq!(
        settings("[agents.triage.network]\n[agents.triage.egress]\n[agents.triage.tools]\n"),
        json!({})
    );
    assert_eq!(
        settings(
            "network = { allowed = [], judges = {} }\ntools = { strict = false, denied = [] }\nworker = { nix_packages = [] }\n"
        ),
        json!({
            "networkConfig": {"allowedDomains": [], "judges": {}},
            "toolsConfig": {"deniedTools": [], "strictMode": false},
            "nixConfig": {"packages": []},
        })
    );
}

#[test]
fn lists_and_domains_are_normalised() {
    assert_eq!(
        settings(
            "guardrails = [\"a\", \"b\", \"a\"]\n[agents.triage.network]\nallowed = [\" A.com \", \"*.B.com\", \"a.com\", \"\", \"/Re/\", \"*\"]\njudge = [\"J.com\", {domain = \"K.com\", judge = \"\"}]\n"
        ),
        json!({
            "guardrails": ["a", "b"],
            "networkConfig": {
                "allowedDomains": ["a.com", ".b.com", "/Re/", "*"],
                "judgedDomains": [{"domain": "J.com"}, {"domain": "K.com"}],
            },
        })
    );
}

#[test]
fn providers_and_servers_take_their_wire_form() {
    assert_eq!(
        settings(
            "providers = [{ id = \"b\", model = \" m \" }, { id = \"a\", model = \" \" }]\n[agents.triage.skills.mcp.x]\nurl = \"\"\nargs = []\ncommand = \"c\"\nheaders = {}\n"
        ),
        json!({
            "installedProviders": [{"providerId": "b"}, {"providerId": "a"}],
            "modelSelection": {"mode": "auto"},
            "providerModelPreferences": {"b": "m"},
            "mcpServers": {"x": {"args": [], "command": "c", "headers": {}}},
        })
    );
}

const MODELS: &str = r#"
[agents]
[memory.owletto]
org = "acme"
models = "models"
"#;

#[test]
fn what_the_server_drops_of_auto_create_when_is_not_sent() {
    let project = TempProject::new(&[
        ("lobu.toml", MODELS),
        (
            "models/a.yaml",
            "type: relationship\nslug: owns\nname: Owns\nauto_create_when:\n  - { targetField: email, targetfield: mail }\n",
        ),
    ]);
    let loaded = project.load();
    let text = report(&loaded);
    assert!(text.contains("`targetfield` is not synced"), "{text}");
    let owns = &loaded.project.unwrap().desired.relationship_types["owns"];
    assert_eq!(owns.auto_create_when, Some(json!([{ "targetField": "email" }])));
}

#[test]
fn models_are_read_in_full() {
    let project = TempProject::new(&[
        ("lobu.toml", MODELS),
        (
            "models/a.yaml",
            "type: entity_type\nslug: person\nname: Person\nproperties:\n  age: {type: integer, minimum: 1.0, maximum: 1e3}\nrequired: [age]\nevent_kinds: [hired]\n",
        ),
        (
            "models/deep/b.yml",
            "type: relationship_type\nslug: Works_At\nname: Works at\nsymmetric: false\ninverse: employs\nstatus: archived\nauto_create_when: []\nrules:\n  - {source: $member, target: Big_Company}\n---\ntype: relationship\nslug: employs\nname: Employs\n",
        ),
        (
            "models/c.yaml",
            "version: 2\nentities:\n  - {slug: company, name: Company, metadata_schema: {}}\n",
        ),
        ("models/notes.md", "not a model"),
    ]);
    let loaded = project.load();
    let text = report(&loaded);
    let project = loaded.project.unwrap_or_else(|| panic!("{text}"));
    assert_eq!((text.as_str(), project.organization.as_deref()), ("", Some("acme")));
    let person = &project.desired.entity_types["person"];
    assert_eq!(
        person.metadata_schema,
        Some(
            json!({"type": "object", "properties": {"age": {"type": "integer", "minimum": 1, "maximum": 1000}}, "required": ["age"]})
        )
    );
    assert_eq!(person.event_kinds, Some(json!(["hired"])));
    assert_eq!(project.desired.entity_types["company"].metadata_schema, Some(json!({})));
    let works_at = &project.desired.relationship_types["Works_At"];
    assert_eq!(works_at.inverse_type_slug.as_deref(), Some("employs"));
    assert_eq!(
        (works_at.is_symmetric, works_at.status.as_deref()),
        (Some(false), Some("archived"))
    );
    let rules: Vec<_> = works_at
        .rules
        .as_ref()
        .unwrap()
        .keys()
        .map(|rule| (rule.source.as_str(), rule.target.as_str()))
        .collect();
    assert_eq!(rules, [("$member", "big-company")]);
    assert_eq!(project.desired.relationship_types["employs"].rules, None);
    let place = |field: FieldPath| {
        project
            .origins
            .of_field(&Address::entity_type("person"), &field)
            .unwrap()
            .line
    };
    assert_eq!(
        place(FieldPath::of(["metadata_schema", "properties", "age", "minimum"])),
        5
    );
    assert_eq!(place(FieldPath::root("event_kinds")), 7);
    assert_eq!(
        project.origins.of(&Address::relationship_type("employs")).unwrap().line,
        12
    );
}

#[test]
fn yaml_scalars_are_read_as_javascript_does() {
    let project = TempProject::new(&[
        ("lobu.toml", MODELS),
        (
            "models/a.yaml",
            "type: entity\nslug: a\nname: A\nmetadata_schema: {a: yes, b: on, c: 1_000, d: 1.5, e: ~, f: 0x10, g: 2024-01-01, '<<': {h: 1}, i: \"1\"}\n",
        ),
    ]);
    let project = project.load().project.unwrap();
    assert_eq!(
        project.desired.entity_types["a"].metadata_schema,
        Some(
            json!({"a": "yes", "b": "on", "c": "1_000", "d": 1.5, "e": null, "f": 16, "g": "2024-01-01", "<<": {"h": 1}, "i": "1"})
        )
    );
}

#[test]
fn memory_may_be_flat_and_may_be_off() {
    let model = ("models/a.yaml", "type: entity\nslug: a\nname: A\n");
    for (toml, types) in [
        ("[agents]\n[memory]\nmodels = \"models\"\n", 1),
        ("[agents]\n[memory]\nenabled = false\nmodels = \"models\"\n", 0),
        ("[agents]\n[memory]\norg = \"dev\"\n", 0),
        ("[agents]\n", 0),
    ] {
        let loaded = TempProject::new(&[("lobu.toml", toml), model]).load();
        let project = loaded.project.unwrap();
        assert_eq!(project.desired.entity_types.len(), types, "{toml}");
        assert_eq!(
            project.memory_enabled,
            toml.contains("[memory]") && !toml.contains("false")
        );
    }
    let mut project = TempProject::new(&[("lobu.toml", "[agents]\n[memory]\nmodels = \"models\"\n"), model]);
    project.only = Only::Agents;
    assert!(project.load().project.unwrap().desired.entity_types.is_empty());
}

#[test]
fn the_organization_is_known_even_when_other_things_are_wrong() {
    let project = TempProject::new(&[("lobu.toml", "nonsense = 1\n[memory]\norg = \" dev \"\n")]);
    let loaded = project.load();
    assert!(loaded.project.is_none());
    assert_eq!(loaded.org.as_deref(), Some("dev"));
}

#[test]
fn every_field_knows_its_line() {
    let toml = "[agents.triage]\nname = \"T\"\ndir = \"a\"\n\n[agents.triage.network]\nallowed = [\"x\"]\n\n[[agents.triage.platforms]]\ntype = \"slack\"\nname = \"eng\"\n\n[agents.triage.platforms.config]\nteam = \"x\"\n";
    let project = TempProject::new(&[("lobu.toml", toml), ("a/SOUL.md", "be kind")]);
    let origins = project.load().project.unwrap().origins;
    let settings = Address::settings("triage");
    let platform = Address::platform_from_id("triage", "slack", "triage-slack-eng");
    let line = |address: &Address, path: &[&str]| {
        let origin = origins.of_field(address, &FieldPath::of(path.iter().copied())).unwrap();
        format!("{}:{}", origin.file.display(), origin.line)
    };
    assert_eq!(line(&Address::agent("triage"), &["name"]), "lobu.toml:2");
    assert_eq!(line(&Address::agent("triage"), &["description"]), "lobu.toml:1");
    assert_eq!(
        line(&settings, &["networkConfig", "allowedDomains", "0"]),
        "lobu.toml:6"
    );
    assert_eq!(line(&settings, &["soulMd"]), "a/SOUL.md:1");
    assert_eq!(line(&platform, &["config", "team"]), "lobu.toml:13");
    assert_eq!(origins.of(&platform).unwrap().line, 9);
}

#[test]
fn the_file_is_found_in_parent_folders_or_where_a_flag_names_it() {
    let project = TempProject::new(&[
        ("lobu.toml", "[agents]\n"),
        ("a/b/note", ""),
        ("other/lobu.toml", "[agents]\n"),
    ]);
    let below = project.path().join("a/b");
    assert_eq!(find(None, &below).unwrap(), project.path().join("lobu.toml"));
    assert_eq!(
        find(Some(Path::new("../../other")), &below).unwrap(),
        project.path().join("other/lobu.toml")
    );
    assert_eq!(
        find(Some(Path::new("other/lobu.toml")), project.path()).unwrap(),
        project.path().join("other/lobu.toml")
    );
    let missing = find(Some(Path::new("nowhere")), project.path()).unwrap_err();
    assert_eq!((missing.code, missing.help.len()), ("no-config", 1));
}

#[test]
fn a_thousand_agents_load_quickly_and_the_same_twice() {
    let mut files = vec![("skills/tone.md".to_owned(), "kind".to_owned())];
    let mut toml = String::new();
    for index in 0..1000 {
        writeln!(
            toml,
            "[agents.agent-{index}]\nname = \"A\"\ndir = \"agents/{index}\"\nproviders = [{{ id = \"a\", key = \"$KEY\" }}]\n[[agents.agent-{index}.platforms]]\ntype = \"telegram\"\nconfig = {{ botToken = \"$KEY\" }}"
        )
        .unwrap();
        files.push((format!("agents/{index}/SOUL.md"), format!("soul {index}")));
    }
    files.push(("lobu.toml".to_owned(), toml));
    let project = TempProject::new(&files).env("KEY", "x");
    let start = Instant::now();
    let first = project.load().project.unwrap();
    println!("1,000 agents in {:?}", start.elapsed());
    assert!(start.elapsed().as_secs() < 30);
    assert_eq!(first.desired, project.load().project.unwrap().desired);
    assert_eq!(first.desired.platforms.len(), 1000);
}
