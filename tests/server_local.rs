//! The local mode, which stores platforms unchecked and starts none.

use lobuctl::server::{PlatformMode, ServerOptions};
use serde_json::json;

use crate::support::server::{JsonClient, open};

const PATH: &str = "/api/dev/agents/host/platforms/by-stable-id/bot";
const ROW: &str = "/api/dev/agents/host/platforms/bot";

/// Returns a client of a new server in local mode that has the agent `host`.
async fn local_client() -> JsonClient {
    let mut options = ServerOptions::memory();
    options.mode = PlatformMode::Stored;
    let (server, token) = open(options).await;
    let client = JsonClient::new(&server, &token);
    client
        .post("/api/dev/agents", json!({ "agentId": "host", "name": "host" }))
        .await;
    client
}

#[tokio::test]
async fn stores_platforms_of_any_type_as_stopped() {
    let client = local_client().await;
    let created = client
        .put(
            PATH,
            json!({ "platform": "pigeon", "config": { "apiToken": "12345678" } }),
        )
        .await;
    assert_eq!(
        (created.status.as_u16(), &created.body["platform"]["status"]),
        (201, &json!("stopped"))
    );
    assert_eq!(client.get(ROW).await.body["config"]["apiToken"], "***5678");
    assert_eq!(client.get("/api/features").await.body["lobuEmbedded"], false);
}

#[tokio::test]
async fn creates_every_platform_that_is_posted_at_the_same_time_in_the_local_mode() {
    let client = local_client().await;
    let path = "/api/dev/agents/host/platforms";
    let posts = (0..200).map(|n| client.post(path, json!({ "platform": "pigeon", "config": { "n": n } })));
    for answer in futures_util::future::join_all(posts).await {
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    let listed = client.get(path).await.body;
    assert_eq!(listed["platforms"].as_array().unwrap().len(), 200);
}
