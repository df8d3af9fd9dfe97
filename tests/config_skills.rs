//! Skills are found, layered and merged as the gateway's own loader does it.

use lobuctl::config::SecretsCheck;
use lobuctl::resource::{platform_slug, stable_platform_id, value};
use serde_json::{Value, json};

use crate::support::project::{TempProject, report};

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_recorded_discovery_is_reproduced() {
    let recorded = fixture(include_str!("fixtures/skills-discovery.json"));
    let files = recorded["files"].as_object().unwrap();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str().unwrap()))
        .collect();
    let mut project = TempProject::new(&files).env("TP_KEY", "resolved");
    project.secrets_check = SecretsCheck::Off;
    let loaded = project.load();
    let text = report(&loaded);
    let found = &loaded.project.unwrap_or_else(|| panic!("{text}")).desired.settings["abc"].fields;

    let mut expected = recorded["result"]["settings"].clone();
    // The server's own: it is added when the settings are written.
    for provider in expected["installedProviders"].as_array_mut().unwrap() {
        provider.as_object_mut().unwrap().remove("installedAt");
    }
    // References to secrets stay as they are outside platforms, and the type of a server is kept.
    expected["mcpServers"]["gh"]["type"] = json!("sse");
    expected["mcpServers"]["gh"]["env"]["K"] = json!("$TP_KEY");
    expected["mcpServers"]["gh"]["oauth"]["clientId"] = json!("$TP_KEY");
    expected["mcpServers"]["gh"]["oauth"]
        .as_object_mut()
        .unwrap()
        .remove("clientSecret");
    let found = value::canonical(&Value::Object(found.to_map()));
    assert_eq!(found, value::canonical(&expected), "{text}");
}

#[test]
fn the_recorded_stable_ids_are_reproduced() {
    let recorded = fixture(include_str!("fixtures/stable-platform-ids.json"));
    for case in recorded["cases"].as_array().unwrap() {
        let id = stable_platform_id(
            case["agent"].as_str().unwrap(),
            case["type"].as_str().unwrap(),
            case["name"].as_str(),
        );
        assert_eq!(id, case["id"].as_str().unwrap(), "{case}");
    }
    assert_eq!(platform_slug("--x--"), "x");
}

#[test]
fn without_skill_files_there_is_no_skills_config() {
    let project = TempProject::new(&[
        ("lobu.toml", "[agents.abc]\nname = \"N\"\ndir = \".\"\n"),
        ("skills/notes.txt", "not a skill"),
    ]);
    let settings = project.load().project.unwrap().desired.settings;
    assert_eq!(Value::Object(settings["abc"].fields.to_map()), json!({}));
}
