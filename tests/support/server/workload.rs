//! Clients that create, change, read and delete one resource at random, and record what they saw.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use serde_json::json;

use crate::support::chance::Chance;
use crate::support::server::history::{Moments, Operation, SequentialModel};
use crate::support::server::{HttpReply, JsonClient};

/// How long a client waits for a response. After that, the operation counts as one without an answer.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The kinds of resources that are exercised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Agent,
    Platform,
}

/// One call. Values are small numbers, so that different clients often use the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `POST` of an agent: keeps an existing one.
    Create(u8),
    /// `PATCH` of an agent: changes an existing one.
    Change(u8),
    /// `PUT` of a platform: creates or replaces.
    Put(u8),
    /// `PUT` of a platform that cannot start: changes nothing.
    PutBroken,
    Read,
    Delete,
}

/// The answer to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Created,
    /// The resource has this value.
    Value(u8),
    Updated,
    Unchanged,
    Missing,
    Deleted,
    Refused,
}

/// The model of one agent or platform: a value that may be absent.
#[derive(Debug)]
pub struct Register;

impl SequentialModel for Register {
    type State = Option<u8>;
    type Call = Call;
    type Answer = Answer;

    fn step(state: &Option<u8>, call: &Call, answer: Option<&Answer>) -> Option<Option<u8>> {
        let (expected, next) = match (*call, *state) {
            (Call::PutBroken, state) => (Answer::Refused, state),
            (Call::Create(value) | Call::Put(value), None) => (Answer::Created, Some(value)),
            (Call::Change(_) | Call::Read | Call::Delete, None) => (Answer::Missing, None),
            (Call::Create(_) | Call::Read, Some(value)) => (Answer::Value(value), Some(value)),
            (Call::Put(value), Some(old)) if value == old => (Answer::Unchanged, Some(value)),
            (Call::Change(value) | Call::Put(value), Some(_)) => (Answer::Updated, Some(value)),
            (Call::Delete, Some(_)) => (Answer::Deleted, None),
        };
        answer.is_none_or(|answer| *answer == expected).then_some(next)
    }
}

/// Returns the body of a PUT of a platform with this value: in clear, and in a secret.
fn platform_of(value: u8) -> serde_json::Value {
    let token = format!("123456:SECRET-{value}");
    json!({ "platform": "telegram", "config": { "botToken": token, "chatId": value.to_string() } })
}

/// Returns the value in the config of a platform. Panics when its secret has another one, or does not open.
fn value_of_platform(config: &serde_json::Value) -> Option<u8> {
    let value = config["chatId"].as_str()?.parse().ok()?;
    assert_eq!(config["botToken"], format!("***ET-{value}"), "the secret of {config}");
    Some(value)
}

/// Checks that the secret of every platform opens on this server. Returns their number.
pub async fn check_secrets(server: &JsonClient) -> usize {
    let listed = server.get("/api/dev/agents/host/platforms").await;
    let platforms = listed.body["platforms"].as_array().unwrap();
    for platform in platforms {
        let value = value_of_platform(&platform["config"]).unwrap();
        let id = platform["id"].as_str().unwrap();
        let path = format!("/api/dev/agents/host/platforms/by-stable-id/{id}");
        let reply = server.put(&path, platform_of(value)).await;
        // A PUT changes nothing only when the whole secret is the stored one.
        assert_eq!(reply.body["noop"], true, "{id}: {}", reply.text);
    }
    platforms.len()
}

/// The servers as clients find them: addresses change when a server is started again.
pub type Servers = Arc<RwLock<Vec<JsonClient>>>;

/// One resource and everything that is needed to use it.
pub struct Round {
    pub subject: Subject,
    pub id: String,
    pub servers: Servers,
    pub moments: Moments,
}

impl Round {
    /// Runs `clients` clients with `calls` calls each, then reads once through every server. Returns what was seen.
    pub async fn run(self: Arc<Self>, clients: u64, calls: usize, seed: u64) -> Vec<Operation<Register>> {
        let tasks = (0..clients).map(|client| {
            let round = Arc::clone(&self);
            tokio::spawn(async move { round.client(calls, seed ^ (client << 32)).await })
        });
        let mut operations = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            operations.extend(task.await.unwrap());
        }
        let servers = self.servers.read().unwrap().len();
        for server in 0..servers {
            operations.push(self.operation(Call::Read, server).await);
        }
        operations
    }

    async fn client(&self, calls: usize, seed: u64) -> Vec<Operation<Register>> {
        let mut chance = Chance::new(seed);
        let mut operations = Vec::new();
        for _ in 0..calls {
            let call = self.call(chance.below(8), chance.below(3) as u8);
            let servers = self.servers.read().unwrap().len();
            operations.push(self.operation(call, chance.below(servers)).await);
        }
        operations
    }

    fn call(&self, choice: usize, value: u8) -> Call {
        match (choice, self.subject) {
            (0 | 1, _) => Call::Read,
            (2, _) => Call::Delete,
            (3..=5, Subject::Agent) => Call::Create(value),
            (_, Subject::Agent) => Call::Change(value),
            (3, Subject::Platform) => Call::PutBroken,
            (_, Subject::Platform) => Call::Put(value),
        }
    }

    async fn operation(&self, call: Call, server: usize) -> Operation<Register> {
        let client = self.servers.read().unwrap()[server].clone();
        let began = self.moments.next();
        let (method, path, body) = self.request(call);
        let sent = tokio::time::timeout(RESPONSE_TIMEOUT, client.try_send(method, &path, body)).await;
        let answer = sent
            .ok()
            .and_then(Result::ok)
            .and_then(|reply| self.answer(call, &reply));
        self.moments.ended(began, call, answer)
    }

    fn request(&self, call: Call) -> (&'static str, String, Option<serde_json::Value>) {
        let id = &self.id;
        let agent = format!("/api/dev/agents/{id}");
        let platform = format!("/api/dev/agents/host/platforms/{id}");
        let stable = format!("/api/dev/agents/host/platforms/by-stable-id/{id}");
        match (call, self.subject) {
            (Call::Create(value), _) => {
                let body = json!({ "agentId": id, "name": value.to_string() });
                ("POST", "/api/dev/agents".to_owned(), Some(body))
            }
            (Call::Change(value), _) => ("PATCH", agent, Some(json!({ "name": value.to_string() }))),
            (Call::Put(value), _) => ("PUT", stable, Some(platform_of(value))),
            (Call::PutBroken, _) => {
                let mut body = platform_of(9);
                body["config"]["mode"] = json!("none");
                ("PUT", stable, Some(body))
            }
            (Call::Read, Subject::Agent) => ("GET", agent, None),
            (Call::Read, Subject::Platform) => ("GET", platform, None),
            (Call::Delete, Subject::Agent) => ("DELETE", agent, None),
            (Call::Delete, Subject::Platform) => ("DELETE", platform, None),
        }
    }

    /// Returns the answer in a response. `None` when the response does not show whether the call took effect.
    fn answer(&self, call: Call, reply: &HttpReply) -> Option<Answer> {
        let number = |value: &serde_json::Value| value.as_str()?.parse().ok().map(Answer::Value);
        match (reply.status.as_u16(), call) {
            (201, _) => Some(Answer::Created),
            (404, _) => Some(Answer::Missing),
            (400, Call::PutBroken) => Some(Answer::Refused),
            (200, Call::Create(_)) => number(&reply.body["name"]),
            (200, Call::Read) if self.subject == Subject::Agent => number(&reply.body["name"]),
            (200, Call::Read) => value_of_platform(&reply.body["config"]).map(Answer::Value),
            (200, Call::Change(_)) => Some(Answer::Updated),
            (200, Call::Delete) => Some(Answer::Deleted),
            (200, Call::Put(_)) if reply.body["noop"] == true => Some(Answer::Unchanged),
            (200, Call::Put(_)) if reply.body["updated"] == true => Some(Answer::Updated),
            (500.., _) => None,
            _ => panic!("{call:?} was answered {} {}", reply.status, reply.text),
        }
    }
}
