//! A server that gives recorded answers to a client, whatever it asks: what the client makes of them is the question.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lobuctl::remote::{Client, Request, Response, Retry, RetryPolicy, Transport, TransportError};
use serde_json::Value;

use crate::support::server::recording;

/// The bodies of the requests that were sent, in order. Null for a request without one.
pub type SentBodies = Arc<Mutex<Vec<Value>>>;

/// Gives recorded answers in order, and repeats the last one.
struct RecordedAnswers {
    exchanges: Vec<Value>,
    sent: SentBodies,
}

impl RecordedAnswers {
    fn answer(&self, request: &Request) -> Response {
        let mut sent = self.sent.lock().unwrap();
        let body = request
            .body
            .as_ref()
            .map(|body| serde_json::from_slice(&body.bytes()).unwrap());
        let exchange = &self.exchanges[sent.len().min(self.exchanges.len() - 1)];
        sent.push(body.unwrap_or(Value::Null));
        Response {
            status: u16::try_from(exchange["status"].as_u64().unwrap()).unwrap(),
            content_type: Some("application/json".to_owned()),
            body: shown_part(&exchange["response_body"]).to_string().into_bytes(),
            ..Response::default()
        }
    }
}

impl Transport for RecordedAnswers {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let response = self.answer(&request);
        std::future::ready(Ok(response)).boxed()
    }

    fn describe(&self) -> String {
        "a recording".to_owned()
    }
}

/// Returns a body without the marks that stand for elements that the recording leaves out, such as `<7 more>`.
fn shown_part(body: &Value) -> Value {
    match body {
        Value::Array(list) => {
            let is_mark = |value: &&Value| {
                let text = value.as_str();
                text.is_some_and(|text| text.starts_with('<') && text.ends_with(" more>"))
            };
            list.iter().filter(|value| !is_mark(value)).map(shown_part).collect()
        }
        Value::Object(fields) => {
            let shown = fields.iter().map(|(key, value)| (key.clone(), shown_part(value)));
            Value::Object(shown.collect())
        }
        other => other.clone(),
    }
}

/// Creates a client of a server that gives these answers. Returns it with what it will have sent.
pub fn client_of(exchanges: Vec<Value>) -> (Client, SentBodies) {
    let sent = SentBodies::default();
    let answers = RecordedAnswers {
        exchanges,
        sent: Arc::clone(&sent),
    };
    let policy = RetryPolicy {
        max_attempts: 2,
        base_delay: Duration::ZERO,
        max_delay: Duration::ZERO,
        ..RetryPolicy::default()
    };
    let retry = Retry::new(Arc::new(answers)).with_policy(policy);
    (Client::new(retry, "dev", 4), sent)
}

/// Returns all exchanges of a recording, without what it leaves out. `None` where there are no recordings.
pub fn exchanges(name: &str) -> Option<Vec<Value>> {
    let mut file = recording::read(name)?;
    let mut exchanges: Vec<Value> = serde_json::from_value(file["exchanges"].take()).unwrap();
    for exchange in &mut exchanges {
        exchange["response_body"] = shown_part(&exchange["response_body"]);
    }
    Some(exchanges)
}

/// Returns one exchange of a recording.
pub fn exchange(name: &str, at: usize) -> Value {
    exchanges(name).unwrap().swap_remove(at)
}
