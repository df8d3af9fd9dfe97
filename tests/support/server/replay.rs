//! What replays of recorded exchanges share: the server with the recordings' users, and the list of what differs on purpose.

use std::collections::{BTreeMap, BTreeSet};

use lobuctl::server::{NewToken, Server, ServerOptions};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::support::server::{HttpReply, open};

/// A list of what differs on purpose, such as `server_memory_differences.toml`.
#[derive(Deserialize)]
pub struct ListedDifferences {
    rule: Vec<ListedRule>,
    #[serde(default)]
    pub instead: Vec<ListedReplacement>,
    difference: Vec<ListedExchanges>,
}

/// A request that our server would answer otherwise than the recorded one, so that most of what follows would differ. Another
/// one is sent, or none, so that what follows is compared.
#[derive(Deserialize)]
pub struct ListedReplacement {
    pub fixture: String,
    pub at: usize,
    /// The body that is sent. Nothing is sent without one.
    pub body: Option<String>,
    reason: String,
}

#[derive(Deserialize)]
struct ListedRule {
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct ListedExchanges {
    fixture: String,
    at: BTreeSet<usize>,
    reason: String,
}

impl ListedDifferences {
    /// Reads the list in a file of the folder `tests`.
    pub fn read(name: &str) -> Self {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests")
            .join(name);
        let list: Self = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let reasons = list.rule.iter().map(|rule| &rule.reason);
        let reasons = reasons.chain(list.instead.iter().map(|other| &other.reason));
        let mut reasons = reasons.chain(list.difference.iter().map(|each| &each.reason));
        assert!(reasons.all(|reason| reason.len() > 20), "every difference has a reason");
        list
    }

    /// Returns what is wrong with the list, now that these exchanges of a file differ.
    pub fn complaints(&self, name: &str, differing: &BTreeMap<usize, String>) -> Vec<String> {
        let listed = self.difference.iter().filter(|each| each.fixture == name);
        let listed: BTreeSet<usize> = listed.flat_map(|each| each.at.clone()).collect();
        let unlisted = differing.iter().filter(|(at, _)| !listed.contains(at));
        let unlisted = unlisted.map(|(at, shown)| format!("{name} {at} differs without a reason: {shown}"));
        let agreeing = listed.iter().filter(|at| !differing.contains_key(at));
        let agreeing = agreeing.map(|at| format!("{name} {at} is listed, and agrees"));
        unlisted.chain(agreeing).collect()
    }

    /// Returns what is wrong with the rules of the list, now that these were needed.
    pub fn complaints_about_rules(&self, needed: &BTreeSet<String>) -> Vec<String> {
        let named: BTreeSet<String> = self.rule.iter().map(|rule| rule.name.clone()).collect();
        let unused = named.difference(needed);
        let unused = unused.map(|rule| format!("rule {rule} is listed, and was not needed"));
        let unlisted = needed.difference(&named);
        let unlisted = unlisted.map(|rule| format!("rule {rule} is needed, and not listed"));
        unused.chain(unlisted).collect()
    }
}

/// Fails with all complaints, if there are any.
pub fn expect_none(complaints: &[String]) {
    let count = complaints.len();
    assert!(complaints.is_empty(), "{count} complaints:\n{}", complaints.join("\n"));
}

/// Opens a server with the recordings' users. Returns it with their tokens by name.
pub async fn scene(url: &str) -> (Server, Map<String, Value>) {
    let mut options = ServerOptions::memory();
    options.public_url = Some(url.to_owned());
    let (server, admin) = open(options).await;
    server.create_organization("other").await.unwrap();
    server.add_member("dev", "u-member", "member").await.unwrap();
    server.add_member("other", "u-other", "owner").await.unwrap();
    let mut tokens = Map::new();
    tokens.insert("admin".into(), json!(admin));
    let (all, both) = ("mcp:read mcp:write mcp:admin", "mcp:read mcp:write");
    for (name, account, organization, scope, expires_at) in [
        ("read", "bootstrap-user", Some("dev"), "mcp:read", None),
        ("write", "bootstrap-user", Some("dev"), both, None),
        ("noscope", "bootstrap-user", Some("dev"), both, None),
        ("expired", "bootstrap-user", Some("dev"), all, Some(1)),
        ("unbound", "bootstrap-user", None, all, None),
        ("memberadmin", "u-member", Some("dev"), all, None),
        ("other", "u-other", Some("other"), all, None),
    ] {
        let new = NewToken {
            name: name.to_owned(),
            account: account.to_owned(),
            organization: organization.map(str::to_owned),
            scope: scope.to_owned(),
            expires_at,
        };
        let (_, token) = server.create_token(&new).await.unwrap();
        tokens.insert(name.to_owned(), json!(token.expose_secret()));
    }
    (server, tokens)
}

/// Returns a recorded header `Authorization` with the token of our server.
pub fn with_token(authorization: &str, tokens: &Map<String, Value>) -> String {
    let Some((before, rest)) = authorization.split_once("<PAT:") else {
        return authorization.to_owned();
    };
    let (name, after) = rest.split_once('>').unwrap();
    format!("{before}{}{after}", tokens[name].as_str().unwrap())
}

/// Shows an exchange that differs.
pub fn shown(exchange: &Value, answer: &HttpReply) -> String {
    let text: String = answer.text.chars().take(600).collect();
    let body = exchange["request_body"].to_string();
    format!(
        "{} {body}: {} {text}\n  recorded {} {}",
        exchange["path"], answer.status, exchange["status"], exchange["response_body"]
    )
}
