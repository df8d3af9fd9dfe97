//! How many requests a plan and an apply make, and that the deletion of an agent reads what goes with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use lobuctl::apply::event::Outcome;
use lobuctl::apply::{ApplyOptions, Cancel, Status};
use lobuctl::config::Project;
use lobuctl::plan::{Prune, Target, plan};
use lobuctl::remote::{DetailsOf, RouterTransport, Scope, Transport, WatcherScope, fetch};
use lobuctl::resource::{Address, Secret};
use lobuctl::server::NewToken;
use serde_json::{Value, json};

use crate::support::apply::faults::{Fault, FaultTransport};
use crate::support::apply::scenario::fast_retry_client;
use crate::support::apply::test_server::{TestServer, expect_valid};
use crate::support::project::TempProject;
use crate::support::server::JsonClient;

/// A project of 100 agents with settings, 200 platforms and 50 types.
fn large_project() -> Project {
    let mut toml = String::new();
    for number in 0..100 {
        writeln!(
            toml,
            "[agents.agent-{number}]\nname = \"Agent {number}\"\ndir = \"./agent\""
        )
        .unwrap();
        for kind in ["telegram", "slack"] {
            let table = format!("[[agents.agent-{number}.platforms]]");
            writeln!(toml, "{table}\ntype = \"{kind}\"\nconfig = {{ chatId = \"{number}\" }}").unwrap();
        }
    }
    toml.push_str("[memory]\norg = \"dev\"\nmodels = \"./models\"\n");
    let mut files = vec![
        ("lobu.toml".to_owned(), toml),
        ("agent/SOUL.md".to_owned(), "Be kind.\n".to_owned()),
    ];
    for number in 0..50 {
        let kind = if number < 40 { "entity" } else { "relationship" };
        let text = format!("type: {kind}\nslug: type-{number}\nname: Type {number}\n");
        files.push((format!("models/type-{number}.yaml"), text));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    expect_valid(TempProject::new(&files).load())
}

#[tokio::test]
async fn a_first_plan_and_apply_make_no_request_too_many() {
    let server = TestServer::stored().await;
    let project = large_project();
    let transport = FaultTransport::new(server.transport(), |_, _| Fault::None);
    let counter = transport.counter();
    let client = fast_retry_client(transport);
    let scope = Scope {
        agents: true,
        memory: true,
        watchers: None,
        data: None,
        details_of: DetailsOf::These(project.desired.agents.keys().cloned().collect()),
        stable_ids: BTreeSet::new(),
        rules_of: DetailsOf::These(project.desired.relationship_types.keys().cloned().collect()),
    };
    let remote = fetch(&client, &scope, &|_| {}).await.unwrap();
    assert_eq!(counter.swap(0, Ordering::SeqCst), 3);

    let options = lobuctl::plan::PlanOptions::default();
    let draft = plan(&project.desired, &remote, &project.origins, Target::default(), &options).unwrap();
    let ran = server
        .apply_through(&client, &draft, ApplyOptions::default(), Cancel::new())
        .await;
    assert_eq!(ran.progress.tally().created, 450);
    assert_eq!(counter.load(Ordering::SeqCst), 450);
}

#[tokio::test]
async fn a_plan_reads_no_platforms_of_an_agent_without_any() {
    let server = TestServer::stored().await;
    let json_client = JsonClient::new(&server.inner, &server.token);
    json_client
        .post("/api/dev/agents", json!({ "agentId": "empty", "name": "Empty" }))
        .await;
    let transport = FaultTransport::new(server.transport(), |_, _| Fault::None);
    let counter = transport.counter();
    let scope = Scope {
        agents: true,
        memory: false,
        watchers: None,
        data: None,
        details_of: DetailsOf::These(["empty".to_owned()].into()),
        stable_ids: BTreeSet::new(),
        rules_of: DetailsOf::All,
    };
    fetch(&fast_retry_client(transport), &scope, &|_| {}).await.unwrap();
    assert_eq!(counter.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_plan_reads_no_rules_of_a_type_that_no_file_declares() {
    let server = TestServer::stored().await;
    let json_client = JsonClient::new(&server.inner, &server.token);
    for slug in ["declared", "undeclared"] {
        let create = json!({ "schema_type": "relationship_type", "action": "create", "slug": slug, "name": slug });
        json_client.schema(create).await;
    }
    let transport = FaultTransport::new(server.transport(), |_, _| Fault::None);
    let counter = transport.counter();
    let scope = Scope {
        agents: false,
        memory: true,
        watchers: None,
        data: None,
        details_of: DetailsOf::These(BTreeSet::new()),
        stable_ids: BTreeSet::new(),
        rules_of: DetailsOf::These(["declared".to_owned()].into()),
    };
    let state = fetch(&fast_retry_client(transport), &scope, &|_| {}).await.unwrap();
    // Two lists, and the rules of one type.
    assert_eq!(counter.load(Ordering::SeqCst), 3);
    assert!(state.relationship_types["declared"].rules.is_some());
    assert!(state.relationship_types["undeclared"].rules.is_none());
}

/// Plans the deletion of the agent `old`, lets `change` happen on the server, applies, and returns the row's outcome.
async fn delete_after(change: impl AsyncFnOnce(&JsonClient)) -> Outcome {
    let server = TestServer::stored().await;
    let json_client = JsonClient::new(&server.inner, &server.token);
    json_client
        .post("/api/dev/agents", json!({ "agentId": "old", "name": "Old" }))
        .await;
    let files = [
        (
            "lobu.toml",
            "[agents]\n\n[memory]\norg = \"dev\"\nmodels = \"./none\"\n",
        ),
        ("none/README.md", ""),
    ];
    let project = expect_valid(TempProject::new(&files).load());
    let draft = server.plan(&project, Prune::Everything).await;
    change(&json_client).await;
    let ran = server.apply(&draft).await;
    let row = &ran.progress.rows[&Address::agent("old")];
    let Status::Finished { outcome, .. } = &row.status else {
        panic!("{row:?}");
    };
    let left = server.read(&project).await.agents.len();
    assert_eq!(left, usize::from(*outcome != Outcome::Deleted));
    outcome.clone()
}

#[tokio::test]
async fn deletes_an_agent_that_is_as_the_plan_saw_it() {
    assert_eq!(delete_after(async |_| {}).await, Outcome::Deleted);
}

#[tokio::test]
async fn deleting_an_agent_is_stale_when_a_platform_was_added_since_the_plan() {
    let outcome = delete_after(async |client| {
        let path = "/api/dev/agents/old/platforms/by-stable-id/old-telegram";
        let platform = json!({ "platform": "telegram", "config": { "chatId": "1" } });
        client.send("PUT", path, Some(platform)).await;
    });
    assert!(matches!(outcome.await, Outcome::Stale { .. }));
}

#[tokio::test]
async fn deleting_an_agent_is_stale_when_its_settings_changed_since_the_plan() {
    let outcome = delete_after(async |client| {
        let path = "/api/dev/agents/old/config";
        client.send("PATCH", path, Some(json!({ "soulMd": "Be brave." }))).await;
    });
    assert!(matches!(outcome.await, Outcome::Stale { .. }));
}

/// The number of watchers on the server: more than one page of them.
const WATCHERS: usize = 120;

/// A project with three watchers.
fn watchers_project(prompt: &str) -> Project {
    let mut models = "type: entity\nslug: thing\nname: Thing\n".to_owned();
    for number in [0, 60, 119] {
        write!(
            models,
            "---\ntype: watcher\nslug: w-{number}\nname: W\nentity: thing:a\nprompt: {prompt}\n\
             extraction_schema: {{type: object, properties: {{a: {{type: string}}}}}}\n"
        )
        .unwrap();
    }
    let toml = "[agents.desk]\nname = \"Desk\"\ndir = \".\"\n\n[memory]\norg = \"dev\"\nmodels = \"models\"\n";
    expect_valid(TempProject::new(&[("lobu.toml", toml), ("models/all.yaml", &models)]).load())
}

async fn create_watchers(server: &TestServer) {
    let client = JsonClient::new(&server.inner, &server.token);
    let created = json!({ "schema_type": "entity_type", "action": "create", "slug": "thing", "name": "Thing" });
    client.schema(created).await;
    let body = json!({ "action": "create", "entity_type": "thing", "name": "A", "slug": "a" });
    let entity = client.post("/api/dev/manage_entity", body).await.body["entity"]["id"].clone();
    let schema = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    for number in 0..WATCHERS {
        let body = json!({
            "action": "create", "slug": format!("w-{number}"), "name": "W", "entity_id": entity, "prompt": "Look.",
            "extraction_schema": schema,
        });
        assert_eq!(client.post("/api/dev/manage_watchers", body).await.status, 200);
    }
}

#[tokio::test]
async fn watchers_are_read_in_pages_and_a_row_reads_only_its_own() {
    let server = TestServer::stored().await;
    create_watchers(&server).await;
    let lists = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lists);
    let transport = FaultTransport::new(server.transport(), move |_, request| {
        if request.path.ends_with("list_watchers") {
            let body = request.body.as_ref().unwrap().bytes();
            seen.lock()
                .unwrap()
                .push(serde_json::from_slice::<Value>(&body).unwrap());
        }
        Fault::None
    });
    let client = fast_retry_client(transport);
    let project = watchers_project("Look closer.");
    let slugs: Vec<String> = project.desired.watchers.keys().cloned().collect();
    let all = client.watchers().await.unwrap().unwrap();
    assert_eq!(all.len(), WATCHERS);
    let pages = std::mem::take(&mut *lists.lock().unwrap());
    assert_eq!(pages.len(), 2, "{pages:?}");
    assert!(pages[0].get("before_id").is_none() && pages[1]["before_id"].is_u64());

    let draft = server.plan(&project, Prune::Nothing).await;
    let ran = server
        .apply_through(&client, &draft, ApplyOptions::default(), Cancel::new())
        .await;
    assert_eq!(ran.progress.tally().updated, 3);
    let mut asked: Vec<String> = lists
        .lock()
        .unwrap()
        .iter()
        .map(|body| body["slug"].as_str().unwrap_or("all of them").to_owned())
        .collect();
    asked.sort();
    assert_eq!(asked, slugs);
}

/// Reads all watchers with their scripts. Returns the last segments of the paths of the requests, and those with a script.
async fn read_scripts(transport: impl Transport + 'static) -> (Vec<String>, Vec<String>) {
    let paths = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&paths);
    let transport = FaultTransport::new(transport, move |_, request| {
        let last = request.path.rsplit('/').next().unwrap();
        seen.lock().unwrap().push(last.to_owned());
        Fault::None
    });
    let scope = Scope {
        agents: false,
        memory: false,
        watchers: Some(WatcherScope {
            declared: BTreeMap::new(),
            scripts_of: DetailsOf::All,
        }),
        data: None,
        details_of: DetailsOf::All,
        stable_ids: BTreeSet::new(),
        rules_of: DetailsOf::All,
    };
    let state = fetch(&fast_retry_client(transport), &scope, &|_| {}).await.unwrap();
    assert_eq!(state.watchers.len(), WATCHERS);
    let with_script = state
        .watchers
        .into_values()
        .filter(|watcher| watcher.reaction_script.is_some());
    let paths = std::mem::take(&mut *paths.lock().unwrap());
    (paths, with_script.map(|watcher| watcher.slug.clone()).collect())
}

#[tokio::test]
async fn the_scripts_of_many_watchers_are_read_at_once_by_those_who_may_ask() {
    let server = TestServer::stored().await;
    create_watchers(&server).await;
    let client = JsonClient::new(&server.inner, &server.token);
    let first = client
        .post("/api/dev/list_watchers", json!({ "slug": "w-7" }))
        .await
        .body["watchers"][0]
        .clone();
    let script = json!({
        "action": "set_reaction_script", "watcher_id": first["watcher_id"], "reaction_script": "export default 1;",
    });
    assert_eq!(client.post("/api/dev/manage_watchers", script).await.status, 200);
    let (paths, scripts) = read_scripts(server.transport()).await;
    assert_eq!(paths, ["list_watchers", "list_watchers", "query_sql"]);
    assert_eq!(scripts, ["w-7"]);

    let new = NewToken {
        name: "reader".to_owned(),
        account: "bootstrap-user".to_owned(),
        organization: Some("dev".to_owned()),
        scope: "mcp:read".to_owned(),
        expires_at: None,
    };
    let (_, token) = server.inner.create_token(&new).await.unwrap();
    let token = Secret::new(secrecy::ExposeSecret::expose_secret(&token));
    let (paths, scripts) = read_scripts(RouterTransport::new(server.inner.router(), Some(token))).await;
    assert_eq!(paths[..3], ["list_watchers", "list_watchers", "query_sql"]);
    assert_eq!(paths.len(), 3 + WATCHERS);
    assert_eq!(scripts, ["w-7"]);
}
