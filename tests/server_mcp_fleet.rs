//! The Model Context Protocol on three servers over one PostgreSQL database: any of them answers any request of a client, and
//! the others go on when one is gone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::server_vault_fleet::processes;
use crate::support::server::postgres::TestDatabase;
use crate::support::server::{HttpReply, JsonClient};

/// The number of facts that are saved at once.
const FACTS: usize = 24;

fn message(method: &str, mut params: Value) -> Value {
    let mut body = json!({ "jsonrpc": "2.0", "id": 1, "method": method });
    body["params"] = params.take();
    body
}

fn call(name: &str, arguments: Value) -> Value {
    let mut params = json!({ "name": name });
    params["arguments"] = arguments;
    message("tools/call", params)
}

fn fact(content: &str) -> Value {
    call("save_knowledge", json!({ "content": content, "semantic_type": "fact" }))
}

/// Sends a message and returns the result, which is none of a failed tool.
async fn ask(client: &JsonClient, message: Value) -> Value {
    let reply = client.post("/mcp/dev", message).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert!(reply.body["result"]["isError"] != true, "{}", reply.text);
    reply.body["result"].clone()
}

/// Returns the JSON that a tool answered.
fn result(result: &Value) -> Value {
    serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap()
}

/// Returns how often each of the texts is found, by text.
async fn found(client: &JsonClient, question: &str) -> BTreeMap<String, usize> {
    let arguments = json!({ "query": question, "content_limit": 50 });
    let answer = result(&ask(client, call("search_knowledge", arguments)).await);
    let pieces = answer["content"].as_array().unwrap().iter();
    pieces.fold(BTreeMap::new(), |mut counts, piece| {
        *counts
            .entry(piece["text_content"].as_str().unwrap().to_owned())
            .or_default() += 1;
        counts
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_server_answers_any_request_of_a_client_also_when_others_are_gone() {
    let Some(database) = TestDatabase::create("mcp_fleet").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let (mut servers, clients) = processes(&database, dir.path()).await;
    let start = json!({
        "protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" },
    });
    let started = ask(&clients[0], message("initialize", start)).await;
    assert_eq!(started["protocolVersion"], "2025-03-26");
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(clients[1].post("/mcp/dev", ready).await.status, 202);
    let listed = ask(&clients[1], message("tools/list", json!({}))).await;
    assert_eq!(listed["tools"].as_array().unwrap().len(), 4);

    // The third server saves, and is gone before anybody has asked for what it saved.
    let saved = result(&ask(&clients[2], fact("Zephyr renews in May.")).await);
    assert!(servers.pop().unwrap().signal("TERM").success());
    assert!(
        clients[2]
            .try_send("POST", "/mcp/dev", Some(message("ping", json!({}))))
            .await
            .is_err()
    );
    for client in &clients[..2] {
        assert_eq!(
            found(client, "zephyr").await,
            [("Zephyr renews in May.".to_owned(), 1)].into()
        );
    }
    let newer = json!({
        "content": "Zephyr renews in June.", "semantic_type": "fact", "supersedes_event_id": saved["id"],
    });
    ask(&clients[1], call("save_knowledge", newer)).await;
    servers.pop().unwrap().kill();
    let left = found(&clients[0], "zephyr").await;
    assert_eq!(left, [("Zephyr renews in June.".to_owned(), 1)].into());
    drop(servers);
    database.drop_now().await;
}

/// Whether a save was acknowledged. A connection that is lost leaves it open.
fn acknowledged(reply: Result<HttpReply, reqwest::Error>) -> bool {
    reply.is_ok_and(|reply| reply.status == 200 && reply.body["result"]["isError"] != true)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_found_once_although_a_server_was_killed_meanwhile() {
    let Some(database) = TestDatabase::create("mcp_killed").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let (mut servers, clients) = processes(&database, dir.path()).await;
    let tasks: Vec<_> = (0..FACTS)
        .map(|at| {
            let (client, text) = (clients[at % 3].clone(), format!("Harbor fact {at}"));
            tokio::spawn(async move {
                let reply = client.try_send("POST", "/mcp/dev", Some(fact(&text))).await;
                (text, acknowledged(reply))
            })
        })
        .collect();
    servers.remove(1).kill();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    let counts = found(&clients[0], "harbor").await;
    assert_eq!(counts, found(&clients[2], "harbor").await);
    for (text, acknowledged) in &outcomes {
        let count = counts.get(text).copied().unwrap_or(0);
        assert!(
            count == 1 || (count == 0 && !acknowledged),
            "{text}: {count}, {outcomes:?}"
        );
    }
    let mut by_others = outcomes.iter().enumerate().filter(|(at, _)| at % 3 != 1);
    assert!(by_others.all(|(_, outcome)| outcome.1), "{outcomes:?}");
    drop(servers);
    database.drop_now().await;
}
