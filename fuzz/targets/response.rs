//! Any bytes as the response to one of the readings of a plan; the others get responses of a real server.
//!
//! The first byte chooses the reading, the second one the status.

#![no_main]

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use libfuzzer_sys::fuzz_target;
use lobuctl::plan::Prune;
use lobuctl::remote::{
    Client, DetailsOf, Request, Response, Retry, RetryPolicy, Scope, Transport, TransportError, fetch,
};
use lobuctl::resource::State;
use lobuctl_fuzz::output::{assert_outputs, assert_unchanged, plan_of};
use tokio::runtime::{Builder, Runtime};

/// The readings of a plan: a part of the path or of the body that names each, and a response without any fault.
const READINGS: [(&str, &str); 6] = [
    (
        "/config",
        r#"{"soulMd":"Be kind.","model":"claude/sonnet-4-5","updatedAt":1}"#,
    ),
    (
        "/platforms",
        r#"{"platforms":[{"id":"triage-telegram","platform":"telegram","status":"active","config":{"botToken":"***1234"},"settings":{}}]}"#,
    ),
    (
        "/agents",
        r#"{"agents":[{"agentId":"triage","name":"Triage","connectionCount":1}]}"#,
    ),
    (
        "list_rules",
        r#"{"action":"list_rules","rules":[{"id":1,"source_entity_type_slug":"a","target_entity_type_slug":"b"}]}"#,
    ),
    (
        "entity_type",
        r#"{"schema_type":"entity_type","action":"list","entity_types":[{"id":1,"slug":"a","name":"A","is_system":false}]}"#,
    ),
    (
        "relationship_type",
        r#"{"schema_type":"relationship_type","action":"list","relationship_types":[{"id":1,"slug":"r","name":"R"}]}"#,
    ),
];

const STATUSES: [u16; 6] = [200, 201, 204, 400, 404, 500];

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime can be built")
});

/// Answers one reading with the fuzzer's bytes.
struct Fuzzed {
    reading: usize,
    status: u16,
    body: Vec<u8>,
}

impl Fuzzed {
    fn respond(&self, request: &Request) -> Response {
        let body = request.body.as_ref().map(|body| body.bytes()).unwrap_or_default();
        let text = format!("{}{}", request.path, String::from_utf8_lossy(&body));
        let reading = READINGS
            .iter()
            .position(|(name, _)| text.contains(name))
            .unwrap_or_default();
        let (status, body) = if reading == self.reading {
            (self.status, self.body.clone())
        } else {
            (200, READINGS[reading].1.into())
        };
        Response {
            status,
            content_type: Some("application/json".to_owned()),
            body,
            ..Response::default()
        }
    }
}

impl Transport for Fuzzed {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        async move { Ok(self.respond(&request)) }.boxed()
    }

    fn describe(&self) -> String {
        "http://fuzz.test".to_owned()
    }
}

fuzz_target!(|bytes: &[u8]| {
    let [reading, status, body @ ..] = bytes else { return };
    let fuzzed = Fuzzed {
        reading: usize::from(*reading) % READINGS.len(),
        status: STATUSES[usize::from(*status) % STATUSES.len()],
        body: body.to_vec(),
    };
    let once = RetryPolicy {
        max_attempts: 1,
        ..RetryPolicy::default()
    };
    let client = Client::new(Retry::new(Arc::new(fuzzed)).with_policy(once), "dev", 4);
    let scope = Scope {
        agents: true,
        memory: true,
        watchers: None,
        data: None,
        details_of: DetailsOf::All,
        rules_of: DetailsOf::All,
        stable_ids: BTreeSet::new(),
    };
    let Ok(state) = RUNTIME.block_on(fetch(&client, &scope, &|_| {})) else {
        return;
    };
    assert_unchanged(&state);
    if let Some(draft) = plan_of(&State::default(), &state, Prune::Everything) {
        assert_outputs(&draft.plan);
    }
});
