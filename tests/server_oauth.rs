//! The recorded exchanges of signing in again, against our server: the device flow, refreshing, revoking, who one is, tokens and
//! organizations. What differs on purpose is in `server_oauth_differences.toml`, and what is there must differ.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Request, header};
use lobuctl::server::{NewToken, Server, ServerOptions, Storage};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::support::server::recording;
use crate::support::server::visitor::{Visitor, form};
use crate::support::server::{HttpReply, JsonClient, ask, open};

#[derive(Deserialize)]
struct Listed {
    difference: Vec<ListedDifference>,
}

#[derive(Deserialize)]
struct ListedDifference {
    fixture: String,
    at: BTreeSet<usize>,
    reason: String,
}

/// Routes of the recorded server that ours does not have: people and tokens are managed on the command line, and it is no
/// chat gateway.
const ABSENT: [&str; 4] = [
    "/api/auth/",
    "/api/tokens",
    "/api/invitation-preview",
    "/oauth/authorize",
];
/// Keys whose values are of the server or the person, and not compared.
const OWN_VALUES: [&str; 9] = [
    "sub",
    "email",
    "name",
    "id",
    "client_id_issued_at",
    "client_secret_expires_at",
    "created_at",
    "createdAt",
    "userId",
];
/// Keys that only our server answers.
const ADDED: [&str; 3] = ["role", "scope", "expires_at"];

/// A server that replays one file.
struct Replay {
    dir: tempfile::TempDir,
    server: Server,
    people: BTreeMap<String, Visitor>,
    /// What stands for each placeholder of the recording.
    values: BTreeMap<String, String>,
}

impl Replay {
    /// Starts with the people and organizations of the recordings.
    async fn new(origin: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut options = ServerOptions::new(Storage::Sqlite {
            data_dir: dir.path().to_owned(),
        });
        options.public_url = Some(origin.to_owned());
        let (server, token) = open(options).await;
        let admin = JsonClient::new(&server, &token);
        for id in ["o-1", "pt2"] {
            admin
                .post("/api/dev/agents", json!({ "agentId": id, "name": "O" }))
                .await;
        }
        for (slug, owner) in [("person", "person"), ("mira", "mira"), ("tove", "tove")] {
            server.create_organization(slug).await.unwrap();
            server.add_member(slug, owner, "owner").await.unwrap();
            server.remove_member(slug, "bootstrap-user").await.unwrap();
        }
        let mut values = BTreeMap::from([("PAT:admin".to_owned(), token)]);
        for slug in ["mira", "mira-two", "team-y"] {
            values.insert(format!("ORG:{slug}"), format!("org-{slug}"));
        }
        let mut people = BTreeMap::new();
        for person in ["person", "mira", "tove"] {
            people.insert(person.to_owned(), Visitor::signed_in(&server, origin, person).await);
        }
        Self {
            dir,
            server,
            people,
            values,
        }
    }

    async fn organization(&self, slug: &str, owner: &str) {
        self.server.create_organization(slug).await.unwrap();
        self.server.add_member(slug, owner, "owner").await.unwrap();
        self.server.remove_member(slug, "bootstrap-user").await.unwrap();
    }

    /// Runs a statement on the database beside the server, to let time pass.
    async fn execute(&self, sql: &str) {
        let url = format!("sqlite://{}", self.dir.path().join("lobu.db").display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        sqlx::query(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }

    async fn token(&self, slug: &str, account: &str, scope: &str) -> (String, String) {
        let new = NewToken {
            name: "recorded".to_owned(),
            account: account.to_owned(),
            organization: Some(slug.to_owned()),
            scope: scope.to_owned(),
            expires_at: None,
        };
        let (id, token) = self.server.create_token(&new).await.unwrap();
        (id, token.expose_secret().to_owned())
    }

    /// Does what the recorded server did over routes that ours does not have, and lets time pass where it did.
    async fn prepare(&mut self, fixture: &str, at: usize) {
        match fixture {
            "oauth" if at == 22 => self.organization("rec-26025", "person").await,
            "oauth-2" => self.prepare_people(at).await,
            "tokens" => self.prepare_token(at).await,
            "orgs-2" => self.prepare_team(at).await,
            _ => {}
        }
    }

    async fn prepare_people(&mut self, at: usize) {
        match at {
            27 => {
                let code = self.values["USER-CODE-1"].to_lowercase();
                self.values.insert("user-code-1 in lower case".to_owned(), code);
            }
            67 => self.organization("mira-two", "mira").await,
            85 => self.server.add_member("mira-two", "tove", "member").await.unwrap(),
            116 => self.execute("UPDATE device_request SET expires_at = 1").await,
            122 => self.expire_newest("token").await,
            125 => self.expire_newest("oauth_grant").await,
            126 => self.server.remove_member("mira-two", "tove").await.unwrap(),
            _ => {}
        }
    }

    async fn expire_newest(&self, table: &str) {
        let newest = format!("(SELECT MAX(created_at) FROM {table})");
        self.execute(&format!(
            "UPDATE {table} SET expires_at = 1 WHERE created_at = {newest}"
        ))
        .await;
    }

    async fn prepare_token(&mut self, at: usize) {
        match at {
            0 => {
                self.organization("rec-26025", "person").await;
                let (_, admin) = self.token("rec-26025", "person", "mcp:admin").await;
                let agent = json!({ "agentId": "oauth-26025", "name": "O" });
                let admin = JsonClient::new(&self.server, &admin);
                admin.post("/api/rec-26025/agents", agent).await;
                let (id, token) = self.token("rec-26025", "person", "mcp:read").await;
                self.values
                    .extend([("new".to_owned(), token), ("new-id".to_owned(), id)]);
            }
            9 => assert!(self.server.revoke_token(&self.values["new-id"]).await.unwrap()),
            _ => {}
        }
    }

    async fn prepare_team(&mut self, at: usize) {
        match at {
            0 => self.organization("team-y", "mira").await,
            20 => self.server.add_member("team-y", "tove", "admin").await.unwrap(),
            23 => {
                let (_, token) = self.token("team-y", "tove", "mcp:read mcp:write mcp:admin").await;
                self.values.insert("PAT:tove".to_owned(), token);
            }
            34 => self.server.add_member("team-y", "tove", "member").await.unwrap(),
            41 => self.server.remove_member("team-y", "tove").await.unwrap(),
            46 => self.server.set_public("team-y", true).await.unwrap(),
            _ => {}
        }
    }

    /// Replaces the placeholders of a text. `None` when one is unknown.
    fn filled(&self, text: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            let (name, after) = after.split_once('>')?;
            filled.push_str(before);
            filled.push_str(self.values.get(name)?);
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }

    async fn send(&self, exchange: &Value) -> Option<HttpReply> {
        let path = self.filled(exchange["path"].as_str().unwrap())?;
        let mut request = Request::builder()
            .method(exchange["method"].as_str().unwrap())
            .uri(path);
        for (name, value) in exchange["request_headers"].as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().unwrap());
        }
        let authorization = exchange["authorization"].as_str().unwrap_or_default();
        if let Some(session) = authorization.strip_prefix("Cookie ") {
            let person = session.trim_matches(['<', '>']).split(':').nth(1).unwrap_or("person");
            request = request.header(header::COOKIE, self.people[person].cookie.clone().unwrap());
        } else if !authorization.is_empty() {
            request = request.header(header::AUTHORIZATION, self.filled(authorization)?);
        }
        let body = &exchange["request_body"];
        let request = if exchange["request_content_type"].is_string() {
            let fields = body.as_object().unwrap().iter();
            let fields: Option<Vec<(String, String)>> = fields
                .map(|(name, value)| Some((name.clone(), self.filled(value.as_str().unwrap())?)))
                .collect();
            let fields = fields?;
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            form(request, &fields)
        } else {
            let text = if body.is_null() {
                "not JSON".to_owned()
            } else {
                self.filled(&body.to_string())?
            };
            request.body(text.into()).unwrap()
        };
        Some(ask(&self.server.router(), request).await)
    }

    /// Whether a value of ours agrees with a recorded one. Keeps what stands for its placeholders.
    fn agrees(&mut self, key: &str, recorded: &Value, ours: &Value) -> bool {
        match (recorded, ours) {
            _ if OWN_VALUES.contains(&key) => recorded.is_null() || ours.is_null() || same_kind(recorded, ours),
            (Value::String(recorded), Value::String(ours)) => self.agrees_in_text(recorded, ours),
            (Value::Array(recorded), Value::Array(ours)) => {
                let pairs = recorded.iter().zip(ours);
                recorded.len() == ours.len() && pairs.fold(true, |agree, (a, b)| self.agrees("", a, b) && agree)
            }
            (Value::Object(recorded), Value::Object(ours)) => {
                let extra = ours
                    .keys()
                    .any(|key| !recorded.contains_key(key) && !ADDED.contains(&key.as_str()));
                let pairs = recorded.iter();
                !extra
                    && pairs.fold(true, |agree, (key, a)| {
                        self.agrees(key, a, ours.get(key).unwrap_or(&Value::Null)) && agree
                    })
            }
            _ => recorded == ours,
        }
    }

    fn agrees_in_text(&mut self, recorded: &str, ours: &str) -> bool {
        let Some((before, rest)) = recorded.split_once('<') else {
            return recorded == ours;
        };
        let Some((name, after)) = rest.split_once('>') else {
            return recorded == ours;
        };
        let value = ours.strip_prefix(before).and_then(|ours| ours.strip_suffix(after));
        let known = self.values.contains_key(name) && after.is_empty() && before.is_empty();
        match value {
            Some(value) if !before.is_empty() => self.values[name] == value,
            // A new value for a placeholder replaces the old one: a file of recordings names every code alike.
            Some(value) => {
                assert!(!known || self.values[name] != value, "{name} was answered twice");
                self.values.insert(name.to_owned(), value.to_owned());
                !value.is_empty()
            }
            None => false,
        }
    }
}

fn same_kind(a: &Value, b: &Value) -> bool {
    a.is_number() == b.is_number() && a.is_string() == b.is_string()
}

/// Replays a file. Returns the exchanges that differ, each with our answer.
async fn replay(fixture: &str, origin: &str) -> Option<BTreeMap<usize, String>> {
    let file = recording::read(fixture)?;
    let mut replay = Replay::new(origin).await;
    let mut differing = BTreeMap::new();
    for (at, exchange) in file["exchanges"].as_array().unwrap().iter().enumerate() {
        replay.prepare(fixture, at).await;
        let path = exchange["path"].as_str().unwrap();
        let absent = ABSENT.iter().any(|prefix| path.starts_with(prefix));
        let mut exchange = exchange.clone();
        if absent {
            exchange["authorization"] = Value::Null;
            exchange["path"] = json!(path.split(['?', '<']).next().unwrap());
            exchange["request_body"] = json!({});
        }
        if exchange["request_body"]["organization_id"] == "E6sH8nBnhdN8cSI1RtpyDhs84Ft7Bcty" {
            exchange["request_body"]["organization_id"] = json!("org-rec-26025");
        }
        let Some(reply) = replay.send(&exchange).await else {
            differing.insert(at, "a placeholder is unknown".to_owned());
            continue;
        };
        if absent {
            assert_eq!(reply.status, 404, "{fixture} {at}: our server does not have this route");
            continue;
        }
        // The recording goes on with the codes of before this request.
        let kept = (exchange["note"] == "unknown scope").then(|| replay.values.clone());
        let status = exchange["status"] == u64::from(reply.status.as_u16());
        if !(replay.agrees("", &exchange["response_body"], &reply.body) && status) {
            let shown: String = reply.text.chars().take(300).collect();
            differing.insert(at, format!("{} {path}: {} {shown}", exchange["method"], reply.status));
        }
        if let Some(kept) = kept {
            replay.values = kept;
        }
    }
    Some(differing)
}

#[tokio::test]
async fn signing_in_is_answered_as_recorded_or_differs_for_a_reason() {
    if recording::folder().is_none() {
        return;
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server_oauth_differences.toml");
    let list: Listed = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(list.difference.iter().all(|each| each.reason.len() > 20));
    let mut complaints = Vec::new();
    for (fixture, port) in [
        ("oauth", 8853),
        ("oauth-2", 8852),
        ("tokens", 8853),
        ("orgs", 8853),
        ("orgs-2", 8852),
    ] {
        let differing = replay(fixture, &format!("http://localhost:{port}")).await.unwrap();
        let listed = list.difference.iter().filter(|each| each.fixture == fixture);
        let listed: BTreeSet<usize> = listed.flat_map(|each| each.at.clone()).collect();
        for (at, shown) in &differing {
            if !listed.contains(at) {
                complaints.push(format!("{fixture} {at} differs without a reason: {shown}"));
            }
        }
        let agreeing = listed.iter().filter(|at| !differing.contains_key(at));
        complaints.extend(agreeing.map(|at| format!("{fixture} {at} is listed, and agrees")));
    }
    assert!(
        complaints.is_empty(),
        "{} complaints:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}
