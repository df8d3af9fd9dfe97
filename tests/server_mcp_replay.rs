//! The recorded exchanges of the Model Context Protocol again, against our server. What differs on purpose stands in
//! `server_mcp_differences.toml`, with its reason; what stands there must still differ.

use std::collections::{BTreeMap, BTreeSet};

use lobuctl::server::Server;
use serde_json::{Map, Value, json};

use crate::support::server::comparison::agrees;
use crate::support::server::recording;
use crate::support::server::replay::{ListedDifferences, expect_none, scene, shown, with_token};
use crate::support::server::{HttpReply, ask};

/// The recordings, each with the server that it was recorded from.
const SERIES: [(&str, &str); 2] = [("http://localhost:8853", "mcp"), ("http://localhost:8852", "mcp-2")];

/// Records that a rule was needed.
fn by_rule(rules: &mut BTreeSet<String>, name: &str) {
    rules.insert(name.to_owned());
}

/// Whether both tools with one name agree: our arguments are a part of the recorded ones, with the same types.
fn same_tool(recorded: &Value, ours: &Value, rules: &mut BTreeSet<String>) -> bool {
    let hint = |tool: &Value| tool["annotations"]["readOnlyHint"] == true;
    if recorded["name"] == "save_knowledge" && hint(recorded) && !hint(ours) {
        by_rule(rules, "saving-changes-something");
    } else if recorded["annotations"] != ours["annotations"] {
        return false;
    }
    let arguments = |tool: &Value| {
        tool["inputSchema"]["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default()
    };
    let (known, offered) = (arguments(recorded), arguments(ours));
    if known.keys().any(|name| !offered.contains_key(name)) {
        by_rule(rules, "arguments-that-count-are-offered");
    }
    if !needs_the_same(recorded, ours, rules) {
        return false;
    }
    offered.iter().all(|(name, argument)| {
        if let Some(other) = known.get(name) {
            return same_argument(other, argument);
        }
        by_rule(rules, "a-kind-can-be-searched-for");
        name == "semantic_type"
    })
}

/// Whether an argument has the recorded type, limits and default, as far as the recording has them.
fn same_argument(recorded: &Value, ours: &Value) -> bool {
    // Alternatives of one type each, where ours has a list of values.
    if recorded.get("anyOf").is_some() || recorded["type"] == "<…>" {
        return ours["type"] == "string" && ours["enum"].is_array();
    }
    let names = ["type", "minimum", "maximum", "default"];
    let mut recorded_names = names.iter().filter(|name| recorded.get(**name).is_some());
    recorded_names.all(|name| recorded[*name] == ours[*name])
}

/// Whether a tool needs the recorded arguments.
fn needs_the_same(recorded: &Value, ours: &Value, rules: &mut BTreeSet<String>) -> bool {
    let needed = |tool: &Value| tool["inputSchema"]["required"].as_array().cloned().unwrap_or_default();
    if recorded["name"] == "save_knowledge" {
        by_rule(rules, "saving-needs-a-kind");
        return needed(recorded) == [json!("metadata")] && needed(ours) == [json!("semantic_type")];
    }
    needed(recorded) == needed(ours)
}

/// Whether the lists of tools agree: in the same order, but for those that run scripts.
fn same_tools(recorded: &[Value], ours: &[Value], rules: &mut BTreeSet<String>) -> bool {
    let runs_scripts = |tool: &&Value| ["search", "query", "run"].contains(&tool["name"].as_str().unwrap());
    let expected: Vec<&Value> = recorded.iter().filter(|tool| !runs_scripts(tool)).collect();
    if expected.len() < recorded.len() {
        by_rule(rules, "scripts-are-not-run");
    }
    let names = |tools: &[&Value]| tools.iter().map(|tool| tool["name"].clone()).collect::<Vec<_>>();
    let ours: Vec<&Value> = ours.iter().collect();
    names(&expected) == names(&ours)
        && expected
            .iter()
            .zip(&ours)
            .all(|(recorded, ours)| same_tool(recorded, ours, rules))
}

/// Returns the JSON in the text of a tool's result, without the numbers of addresses.
fn result_text(text: &str, rules: &mut BTreeSet<String>) -> Option<Value> {
    let inner = text
        .strip_prefix("```json\n")
        .and_then(|rest| rest.strip_suffix("\n```"));
    let mut value: Value = serde_json::from_str(inner.unwrap_or(text)).ok()?;
    if let Some(url) = value.get("view_url").and_then(Value::as_str) {
        value["view_url"] = json!(url.trim_end_matches(|letter: char| letter.is_ascii_digit()));
    }
    for organization in value.as_array_mut().into_iter().flatten() {
        if organization["name"] == "Local Dev" {
            by_rule(rules, "the-first-organization-is-called-dev");
            organization["name"] = json!("dev");
        }
    }
    Some(value)
}

/// Replaces what cannot agree in both bodies, and returns whether it differs only as the rules say.
fn settle(recorded: &mut Value, ours: &mut Value, rules: &mut BTreeSet<String>) -> bool {
    let differs = recorded["id"] != ours["id"];
    let (recorded, ours) = (&mut recorded["result"], &mut ours["result"]);
    if recorded.get("serverInfo").is_some() {
        by_rule(rules, "a-server-names-itself");
        for body in [&mut *recorded, &mut *ours] {
            let named = body["serverInfo"]["name"].is_string() && body["instructions"].is_string();
            body["serverInfo"] = json!(named);
            body["instructions"] = json!(named);
        }
    }
    if let (Some(listed), Some(offered)) = (recorded["tools"].as_array(), ours["tools"].as_array()) {
        let same = same_tools(listed, offered, rules);
        recorded["tools"] = json!(null);
        ours["tools"] = json!(same.then_some(()));
        return !differs && same;
    }
    let text = |body: &Value| body["content"][0]["text"].as_str().map(str::to_owned);
    if let (Some(before), Some(after)) = (text(recorded), text(ours))
        && let (Some(wanted), Some(found)) = (result_text(&before, rules), result_text(&after, rules))
    {
        if before.starts_with("```") {
            by_rule(rules, "results-are-plain-json");
        }
        recorded["content"][0]["text"] = wanted;
        ours["content"][0]["text"] = found;
        if ours["isError"] == false && recorded.get("isError").is_none() {
            by_rule(rules, "success-is-said");
            recorded["isError"] = json!(false);
        }
    }
    !differs
}

/// Whether the response equals the recorded one, or differs only by named rules.
fn agrees_over_mcp(exchange: &Value, answer: &HttpReply, rules: &mut BTreeSet<String>) -> bool {
    if exchange["status"].is_null() {
        return false;
    }
    if let Some(allowed) = exchange["allow"].as_str()
        && answer.headers.get("allow").is_none_or(|ours| ours != allowed)
    {
        return false;
    }
    let (mut exchange, mut answer) = (exchange.clone(), answer.clone());
    exchange["www_authenticate"] = exchange["www-authenticate"].clone();
    if let Some(text) = exchange["response_body"].as_str().map(str::to_owned) {
        if text == "Method not allowed" && answer.body["error"]["message"] == "Method not allowed." {
            by_rule(rules, "a-wrong-method-is-answered-in-json");
            return exchange["status"] == answer.status.as_u16();
        }
        exchange["response_text"] = json!(text);
    }
    if exchange["response_body"].is_object() && answer.body.is_object() {
        let (mut recorded, mut ours) = (exchange["response_body"].take(), answer.body.take());
        if recorded.get("jsonrpc").is_some() && !settle(&mut recorded, &mut ours, rules) {
            return false;
        }
        (exchange["response_body"], answer.body) = (recorded, ours);
    }
    agrees(&exchange, &answer, rules)
}

/// Replays one file. Returns what differs, by position.
async fn replay(
    (server, tokens): &(Server, Map<String, Value>),
    name: &str,
    rules: &mut BTreeSet<String>,
) -> BTreeMap<usize, String> {
    let file = recording::read(name).unwrap();
    let exchanges = file["exchanges"].as_array().unwrap();
    let mut differing = BTreeMap::new();
    for (at, exchange) in exchanges.iter().enumerate() {
        let token = |authorization: &str| with_token(authorization, tokens);
        let request = recording::request(name, at, exchanges, token).unwrap();
        let answer = ask(&server.router(), request).await;
        assert!(answer.headers.get("mcp-session-id").is_none(), "{name} {at}");
        if !agrees_over_mcp(exchange, &answer, rules) {
            differing.insert(at, shown(exchange, &answer));
        }
    }
    differing
}

#[tokio::test]
async fn the_recorded_protocol_is_answered_as_recorded_or_differs_for_a_reason() {
    if recording::folder().is_none() {
        return;
    }
    let list = ListedDifferences::read("server_mcp_differences.toml");
    let (mut rules, mut complaints) = (BTreeSet::new(), Vec::new());
    for (url, name) in SERIES {
        let scene = scene(url).await;
        // The recorded user belongs to one organization.
        scene.0.remove_member("other", "bootstrap-user").await.unwrap();
        let differing = replay(&scene, name, &mut rules).await;
        complaints.extend(list.complaints(name, &differing));
    }
    complaints.extend(list.complaints_about_rules(&rules));
    expect_none(&complaints);
}
