//! The plan and the apply of a large memory on a server in this process.
//!
//! `cargo bench --bench memory` works on 1,000 entities and 2,000 relationships. With `LOBUCTL_BENCH_ENTITIES=10000` there
//! are ten times as many of each.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use lobuctl::apply::{ApplyOptions, Cancel, Progress, Verdict, apply};
use lobuctl::plan::{Draft, PlanOptions, Selection, Target, plan, schedule};
use lobuctl::remote::{Client, DataScope, DetailsOf, Retry, RouterTransport, Scope, fetch};
use lobuctl::resource::{
    Entity, EntityPath, EntityType, Origins, Relationship, RelationshipKey, RelationshipType, Secret, State,
};
use lobuctl::server::{Server, ServerOptions};
use secrecy::ExposeSecret;
use serde_json::json;

/// The number of relationships that lead from each entity.
const LINKS: usize = 2;

fn main() {
    let count = std::env::var("LOBUCTL_BENCH_ENTITIES").map_or(1_000, |text| text.parse().unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let desired = memory(count);
    let (applied, planned) = runtime.block_on(measure(&desired));
    println!(
        "{count} entities, {} relationships: apply {:.1} s, plan after it {:.2} s",
        desired.relationships.len(),
        applied.as_secs_f64(),
        planned.as_secs_f64()
    );
}

async fn measure(desired: &State) -> (Duration, Duration) {
    let server = Server::open(ServerOptions::memory()).await.unwrap();
    let token = server.bootstrap_token().unwrap().expose_secret().to_owned();
    let client = || {
        let transport = RouterTransport::new(server.router(), Some(Secret::new(token.clone())));
        Client::new(Retry::new(Arc::new(transport)), "dev", 64)
    };
    let first = client();
    let start = Instant::now();
    let empty = read(&first, desired).await;
    carry_out(&first, &compare(desired, &empty)).await;
    let applied = start.elapsed();
    // A plan is a run of its own: it starts without what the apply has learned of the server.
    let start = Instant::now();
    let again = compare(desired, &read(&client(), desired).await);
    let planned = start.elapsed();
    assert_eq!(again.plan.counts.changes(), 0, "the apply has to converge");
    (applied, planned)
}

async fn read(client: &Client, desired: &State) -> State {
    let entities = desired.entities.iter();
    let scope = Scope {
        agents: false,
        memory: true,
        watchers: None,
        data: Some(DataScope {
            entities: entities
                .map(|(path, it)| (path.clone(), it.entity_type.clone()))
                .collect(),
            relationships: desired.relationships.keys().cloned().collect(),
            needs_content: false,
            ..DataScope::default()
        }),
        details_of: DetailsOf::All,
        stable_ids: std::collections::BTreeSet::new(),
        rules_of: DetailsOf::All,
    };
    fetch(client, &scope, &|_| {}).await.unwrap()
}

fn compare(desired: &State, remote: &State) -> Draft {
    let options = PlanOptions::default();
    plan(desired, remote, &Origins::default(), Target::default(), &options).unwrap()
}

async fn carry_out(client: &Client, draft: &Draft) {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let options = ApplyOptions::default();
    let schedule = schedule(draft, &Selection::everything(&draft.plan));
    apply(schedule, Target::default(), client, options, Cancel::new(), sender).await;
    let mut progress = Progress::default();
    while let Ok(event) = receiver.try_recv() {
        progress.fold(&event);
    }
    assert_eq!(progress.verdict(), Verdict::Done);
}

/// Returns a company with people below it, each related to those before it.
fn memory(count: usize) -> State {
    let mut state = State::default();
    for slug in ["company", "person"] {
        let entity_type = EntityType {
            slug: slug.to_owned(),
            name: slug.to_owned(),
            ..EntityType::default()
        };
        state.entity_types.insert(slug.to_owned(), entity_type.into());
    }
    let knows = RelationshipType {
        slug: "knows".to_owned(),
        name: "Knows".to_owned(),
        ..RelationshipType::default()
    };
    state.relationship_types.insert(knows.slug.clone(), knows.into());
    let company = EntityPath::of(["acme"]);
    let paths: Vec<EntityPath> = (0..count).map(|number| company.child(&format!("p{number}"))).collect();
    for (path, entity_type) in paths.iter().map(|path| (path, "person")).chain([(&company, "company")]) {
        let entity = Entity {
            path: path.clone(),
            entity_type: entity_type.to_owned(),
            name: path.slug().to_owned(),
            metadata: Some(json!({ "team": path.slug().len() })),
            ..Entity::default()
        };
        state.entities.insert(path.clone(), entity.into());
    }
    for (number, from) in paths.iter().enumerate() {
        for to in paths.iter().cycle().skip(number + 1).take(LINKS) {
            let key = RelationshipKey {
                kind: "knows".into(),
                from: from.clone(),
                to: to.clone(),
            };
            let relationship = Relationship {
                key: key.clone(),
                ..Relationship::default()
            };
            state.relationships.insert(key, relationship.into());
        }
    }
    state
}
