//! Pull from a server that wants more than the project's files, or the secrets of this machine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lobuctl::config::Only;
use lobuctl::plan::Prune;
use lobuctl::pull::{ProjectFiles, PullPlan, proved};
use lobuctl::resource::{Agent, ConfigValue, EntityType, Platform, Settings, SharedValue, State};
use serde_json::json;

use crate::support::apply::pulling::reasons;
use crate::support::apply::test_server::plan_states;

const TOML: &str = "[agents.desk]\nname = \"Desk\"\ndir = \"./desk\"\n\n[memory]\nmodels = \"./models\"\n";

fn agent(id: &str) -> (String, SharedValue<Agent>) {
    let agent = Agent {
        id: id.to_owned(),
        name: "Desk".to_owned(),
        description: None,
    };
    (id.to_owned(), agent.into())
}

/// Works out what a project with one agent pulls from this state.
fn pull(remote: &State) -> PullPlan {
    pull_into(TOML, &["desk"], remote)
}

/// Works out what a project with these agents pulls from this state.
fn pull_into(toml: &str, ids: &[&str], remote: &State) -> PullPlan {
    let mut desired = State::default();
    for id in ids {
        desired.agents.extend([agent(id)]);
        desired.settings.extend([settings(id, &json!({}))]);
    }
    let plan = plan_states(&desired, remote, Prune::Nothing).plan;
    let texts = BTreeMap::from([(PathBuf::from("lobu.toml"), toml.to_owned())]);
    let files = ProjectFiles::new(texts).unwrap();
    proved(&files, &plan, &desired, remote, Only::All).unwrap()
}

fn settings(id: &str, fields: &serde_json::Value) -> (String, SharedValue<Settings>) {
    let settings = Settings {
        agent: id.to_owned(),
        fields: fields.as_object().cloned().unwrap_or_default().into(),
    };
    (id.to_owned(), settings.into())
}

#[test]
fn no_name_of_the_server_leads_out_of_the_project() {
    let mut remote = State::default();
    remote.agents.extend([agent("desk"), agent("../../outside")]);
    remote.entity_types.insert(
        "../outside".to_owned(),
        SharedValue::from(EntityType {
            slug: "../outside".to_owned(),
            name: "Outside".to_owned(),
            ..EntityType::default()
        }),
    );
    assert_eq!(
        reasons(&pull(&remote)),
        [
            "its id cannot be the name of a folder",
            "its slug cannot be the name of a file"
        ]
    );

    let skill = json!({ "repo": "local/x", "name": "../../x", "content": "x", "enabled": true });
    let mut remote = State::default();
    remote.agents.extend([agent("desk")]);
    let mut settings = Settings {
        agent: "desk".to_owned(),
        ..Settings::default()
    };
    settings.fields.insert("skillsConfig", json!({ "skills": [skill] }));
    remote.settings.insert("desk".to_owned(), settings.into());
    assert_eq!(reasons(&pull(&remote)), ["`../../x` cannot be the name of a folder"]);
}

#[test]
fn no_value_of_the_server_becomes_the_name_of_a_secret() {
    let mut remote = State::default();
    remote.agents.extend([agent("desk")]);
    let mut platform = Platform::declared("desk", "telegram", None);
    platform.config.insert(
        "chatId".to_owned(),
        ConfigValue::Plain(json!(" $AWS_SECRET_ACCESS_KEY ")),
    );
    remote.platforms.insert(platform.key(), platform.into());
    assert_eq!(
        reasons(&pull(&remote)),
        ["the server's value of `chatId` would be taken for the name of a secret"]
    );
}

#[test]
fn a_folder_of_two_agents_changes_for_neither() {
    let toml = "[agents.desk]\nname = \"Desk\"\ndir = \"./both\"\n[agents.clerk]\nname = \"Desk\"\ndir = \"both/\"\n";
    let mut remote = State::default();
    remote.agents.extend([agent("desk"), agent("clerk")]);
    remote.settings.extend([
        settings("desk", &json!({ "soulMd": "one" })),
        settings("clerk", &json!({ "soulMd": "two" })),
    ]);
    let changes = pull_into(toml, &["desk", "clerk"], &remote);
    assert_eq!(
        reasons(&changes),
        [
            "agent desk has the same folder `both`, and its texts would change too",
            "agent clerk has the same folder `both`, and its texts would change too"
        ]
    );
}

#[test]
fn a_new_agent_gets_no_folder_that_another_agent_has() {
    let toml = "[agents.desk]\nname = \"Desk\"\ndir = \"./desk\"\n[agents.clerk]\nname = \"Desk\"\ndir = \"./night\"\n";
    let mut remote = State::default();
    remote.agents.extend([agent("desk"), agent("clerk"), agent("night")]);
    let changes = pull_into(toml, &["desk", "clerk"], &remote);
    assert_eq!(reasons(&changes), ["agent clerk has the folder `night`"]);
}
