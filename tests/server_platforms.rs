//! What becomes of a platform when its runtime fails, dawdles or is told to stop.

use std::sync::Arc;
use std::time::Duration;

use lobuctl::server::runtime::{RuntimeCounts, ScriptedRuntime};
use lobuctl::server::{Server, ServerOptions, Storage};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::support::deadline::wait_for_async;
use crate::support::server::postgres::TestDatabase;
use crate::support::server::{HttpReply, JsonClient, listening_with, open};

const PATH: &str = "/api/dev/agents/host/platforms/by-stable-id/bot";
const ROW: &str = "/api/dev/agents/host/platforms/bot";

struct Stage {
    _server: Server,
    client: JsonClient,
    runtime: Arc<ScriptedRuntime>,
}

impl Stage {
    async fn new(runtime: ScriptedRuntime) -> Self {
        let runtime = Arc::new(runtime);
        let mut options = ServerOptions::memory();
        options.runtime = runtime.clone();
        options.limits.start = Duration::from_millis(300);
        let (server, token) = open(options).await;
        let client = JsonClient::new(&server, &token);
        client
            .post("/api/dev/agents", json!({ "agentId": "host", "name": "host" }))
            .await;
        Self {
            _server: server,
            client,
            runtime,
        }
    }

    async fn put(&self, chat: &str) -> HttpReply {
        self.client.put(PATH, telegram(chat)).await
    }

    /// Returns the number of starts and restarts that were tried.
    fn tries(&self) -> usize {
        let counts = self.runtime.counts();
        counts.starts + counts.restarts
    }

    /// The chat that the running instance serves.
    fn runs(&self) -> Option<String> {
        let instance = self.runtime.running("bot")?;
        Some(instance.config["chatId"].as_str().unwrap().to_owned())
    }
}

fn telegram(chat: &str) -> Value {
    json!({ "platform": "telegram", "config": { "botToken": "123:SECRETTOKEN", "chatId": chat } })
}

#[tokio::test]
async fn an_update_that_cannot_start_leaves_the_old_one_running_and_says_so() {
    let stage = Stage::new(ScriptedRuntime::default()).await;
    assert_eq!(stage.put("1").await.status, 201);
    stage.runtime.fail_next(1);
    let refused = stage.put("2").await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["error"]),
        (400, &json!("the platform does not answer"))
    );
    assert_eq!(stage.runs().as_deref(), Some("1"));
    let row = stage.client.get(ROW).await.body;
    assert_eq!(
        (&row["config"]["chatId"], &row["status"]),
        (&json!("1"), &json!("active"))
    );
    assert_eq!(row["errorMessage"], "NetworkError: the platform does not answer");
    // Saying the old config again confirms it, and the message has done its duty.
    let again = stage.put("1").await.body;
    assert_eq!(
        (&again["noop"], again["platform"].get("errorMessage")),
        (&json!(true), None)
    );
    assert_eq!(stage.client.get(ROW).await.body.get("errorMessage"), None);
    assert_eq!(stage.put("2").await.body["updated"], true);
    assert_eq!(stage.runs().as_deref(), Some("2"));
}

#[tokio::test]
async fn a_create_that_cannot_start_leaves_no_row() {
    let stage = Stage::new(ScriptedRuntime::default()).await;
    stage.runtime.fail_next(1);
    assert_eq!(stage.put("1").await.status, 400);
    assert_eq!(stage.client.get(ROW).await.status, 404);
    assert_eq!(stage.runs(), None);
    assert_eq!(stage.put("1").await.status, 201);
}

#[tokio::test]
async fn a_platform_that_does_not_come_up_in_time_has_failed() {
    let stage = Stage::new(ScriptedRuntime::default().with_delay(Duration::from_secs(5))).await;
    let late = stage.put("1").await;
    assert_eq!(
        (late.status.as_u16(), &late.body["error"]),
        (400, &json!("the platform did not start in time"))
    );
    assert_eq!((stage.client.get(ROW).await.status.as_u16(), stage.runs()), (404, None));
}

#[tokio::test]
async fn start_and_stop() {
    let stage = Stage::new(ScriptedRuntime::default()).await;
    stage.put("1").await;
    let post = async |what: &str| stage.client.post(&format!("{ROW}/{what}"), json!({})).await;
    assert_eq!(post("stop").await.body["platform"]["status"], "stopped");
    assert_eq!(stage.runs(), None);
    // A stopped platform is stored, not started; but what can never start is refused.
    assert_eq!(stage.put("2").await.body["platform"]["status"], "stopped");
    let bad = json!({ "platform": "telegram", "config": { "mode": "bogus" } });
    let refused = stage.client.put(PATH, bad).await.body;
    assert_eq!(
        refused["error"],
        r#"Invalid mode: bogus. Expected "auto", "webhook", or "polling"."#
    );
    stage.runtime.fail_next(1);
    assert_eq!(post("start").await.status, 400);
    assert_eq!(stage.client.get(ROW).await.body["status"], "error");
    assert_eq!(post("start").await.body["platform"]["status"], "active");
    assert_eq!(stage.client.get(ROW).await.body.get("errorMessage"), None);
    assert_eq!(stage.runs().as_deref(), Some("2"));
    stage.client.delete("/api/dev/agents/host").await;
    assert_eq!(stage.runs(), None, "an agent's platforms stop with it");
}

#[tokio::test]
async fn settings_are_part_of_the_comparison() {
    let stage = Stage::new(ScriptedRuntime::default()).await;
    let with = |settings: Value| {
        let mut body = telegram("1");
        body["settings"] = settings;
        body
    };
    let put = async |settings: Value| stage.client.put(PATH, with(settings)).await.body;
    stage.put("1").await;
    let closed = json!({ "allowFrom": ["u1", "u2"], "allowGroups": false });
    assert_eq!(
        put(closed.clone()).await["platform"]["settings"],
        json!({ "allowGroups": false, "allowFrom": ["u1", "u2"] })
    );
    assert_eq!(put(closed).await["noop"], true);
    assert_eq!(
        put(json!({ "allowFrom": ["u2", "u1"], "allowGroups": false })).await["updated"],
        true
    );
    assert_eq!(stage.put("1").await.body["platform"]["settings"]["allowGroups"], true);
    assert_eq!(stage.put("1").await.body["noop"], true);
    assert_eq!(
        put(json!({ "allowFrom": null })).await["platform"]["settings"],
        json!({ "allowGroups": true })
    );
    for bad in [
        json!({ "allowFrom": "u1" }),
        json!({ "allowFrom": [1] }),
        json!({ "allowGroups": "yes" }),
        json!([]),
    ] {
        assert_eq!(stage.client.put(PATH, with(bad)).await.status, 400);
    }
}

#[tokio::test]
async fn stars_keep_and_values_compare() {
    let stage = Stage::new(ScriptedRuntime::default()).await;
    stage.put("1").await;
    let put = async |config: Value| {
        stage
            .client
            .put(PATH, json!({ "platform": "telegram", "config": config }))
            .await
            .body
    };
    assert_eq!(
        put(json!({ "botToken": "***OKEN", "chatId": "***" })).await["noop"],
        true
    );
    let nested = json!({ "nested": { "list": [1, { "apiKey": "abcdefgh" }], "n": 1 } });
    assert_eq!(put(nested.clone()).await["updated"], true);
    assert_eq!(put(nested).await["noop"], true);
    assert_eq!(
        put(json!({ "nested": { "n": 1.0, "list": [1, { "apiKey": "***efgh" }] } })).await["noop"],
        true
    );
    assert_eq!(
        stage.runtime.running("bot").unwrap().config["nested"]["list"][1]["apiKey"],
        "abcdefgh"
    );
    let other = json!({ "agentId": "guest", "name": "guest" });
    stage.client.post("/api/dev/agents", other).await;
    let theirs = stage
        .client
        .put("/api/dev/agents/guest/platforms/by-stable-id/bot", telegram("1"))
        .await;
    assert_eq!(theirs.status, 409);
}

#[tokio::test]
async fn required_keys_in_the_platforms_own_words() {
    let stage = Stage::new(ScriptedRuntime::default()).await;
    for (kind, config, words) in [
        (
            "telegram",
            json!({}),
            "botToken is required. Set TELEGRAM_BOT_TOKEN or provide it in config.",
        ),
        (
            "slack",
            json!({ "botToken": "x" }),
            "signingSecret is required. Set SLACK_SIGNING_SECRET or provide it in config.",
        ),
        (
            "discord",
            json!({ "botToken": "x" }),
            "publicKey is required. Set DISCORD_PUBLIC_KEY or provide it in config.",
        ),
        (
            "whatsapp",
            json!({ "accessToken": "x" }),
            "appSecret is required. Set WHATSAPP_APP_SECRET or provide it in config.",
        ),
        (
            "teams",
            json!({}),
            "appId is required. Set TEAMS_APP_ID or provide it in config.",
        ),
        ("pigeon", json!({}), "Unsupported platform: pigeon"),
    ] {
        let answer = stage
            .client
            .put(PATH, json!({ "platform": kind, "config": config }))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.body["error"].as_str()),
            (400, Some(words)),
            "{kind}"
        );
    }
    let google = stage.client.put(PATH, json!({ "platform": "gchat" })).await;
    assert_eq!(google.status, 400);
    assert_eq!(
        stage.runtime.counts(),
        RuntimeCounts {
            starts: 7,
            restarts: 0,
            stops: 7
        }
    );
}

/// An agent goes while one of its platforms comes up or changes: nothing is left behind, in the row or running.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_deleted_meanwhile_takes_the_platform_with_it() {
    let stage = Stage::new(ScriptedRuntime::default().with_delay(Duration::from_millis(150))).await;
    for before in [None, Some("1")] {
        stage
            .client
            .post("/api/dev/agents", json!({ "agentId": "host", "name": "host" }))
            .await;
        if let Some(chat) = before {
            assert_eq!(stage.put(chat).await.status, 201);
        }
        let client = stage.client.clone();
        let begun = stage.tries();
        let put = tokio::spawn(async move { client.put(PATH, telegram("2")).await });
        let trying = || (stage.tries() > begun).then_some(());
        wait_for_async(trying, || "the platform does not start".to_owned()).await;
        assert_eq!(stage.client.delete("/api/dev/agents/host").await.status, 200);
        assert_eq!(put.await.unwrap().body["error"], "Agent not found");
        assert_eq!((stage.client.get(ROW).await.status.as_u16(), stage.runs()), (404, None));
    }
}

/// Another server takes the lease while the platform starts: nothing is written without it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_a_write_whose_lease_another_server_has_taken() {
    let Some(database) = TestDatabase::create("lost").await else {
        return;
    };
    let runtime = Arc::new(ScriptedRuntime::default().with_delay(Duration::from_millis(600)));
    let mut options = ServerOptions::new(Storage::Postgres {
        url: database.url.clone(),
    });
    options.runtime = runtime.clone();
    options.encryption_key = Some(SecretString::from("7a".repeat(32)));
    let server = Server::open(options).await.unwrap();
    let client = JsonClient::new(&server, server.bootstrap_token().unwrap().expose_secret());
    client
        .post("/api/dev/agents", json!({ "agentId": "host", "name": "host" }))
        .await;
    let put = {
        let client = client.clone();
        tokio::spawn(async move { client.put(PATH, telegram("1")).await })
    };
    let trying = || (runtime.counts().starts > 0).then_some(());
    wait_for_async(trying, || "the platform does not start".to_owned()).await;
    let taken = database
        .execute("UPDATE lease SET token = 'other' WHERE name = 'platform/bot'")
        .await;
    assert_eq!(taken, 1);
    let lost = put.await.unwrap();
    assert_eq!(lost.status, 503, "{}", lost.text);
    assert!(runtime.running("bot").is_none());
    let row = client.get(ROW).await;
    assert_eq!(row.status, 404, "{}", row.text);
    database.execute("DELETE FROM lease").await;
    assert_eq!(client.put(PATH, telegram("1")).await.status, 201);
    drop(server);
    database.drop_now().await;
}

/// Whoever stops the server gets what is under way finished first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_the_platform_that_is_coming_up() {
    let mut options = ServerOptions::memory();
    let runtime = Arc::new(ScriptedRuntime::default().with_delay(Duration::from_millis(300)));
    options.runtime = runtime.clone();
    let listener = listening_with(options).await;
    let client = JsonClient::at(&listener.url, &listener.token);
    client
        .post("/api/dev/agents", json!({ "agentId": "host", "name": "host" }))
        .await;
    let put = tokio::spawn(async move { client.put(PATH, telegram("1")).await });
    let trying = || (runtime.counts().starts > 0).then_some(());
    wait_for_async(trying, || "the platform does not start".to_owned()).await;
    listener.stopped().await;
    assert_eq!(put.await.unwrap().status, 201);
}

#[tokio::test]
async fn answers_503_when_the_database_is_gone() {
    let Some(database) = TestDatabase::create("gone").await else {
        return;
    };
    let mut options = ServerOptions::new(Storage::Postgres {
        url: database.url.clone(),
    });
    options.encryption_key = Some(SecretString::from("7a".repeat(32)));
    let (server, token) = open(options).await;
    let client = JsonClient::new(&server, &token);
    assert_eq!(client.get("/health/ready").await.status, 200);
    database.drop_now().await;
    for path in ["/health/ready", "/api/dev/agents"] {
        assert_eq!(client.get(path).await.status, 503, "{path}");
    }
    assert_eq!(
        client
            .post("/api/dev/agents", json!({ "agentId": "abc", "name": "x" }))
            .await
            .status,
        503
    );
    assert_eq!(client.get("/health").await.status, 200);
}
