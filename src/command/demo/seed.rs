//! The organization that the demo starts from: an older version of what the project declares.

use serde_json::{Value, json};

use super::super::console::Console;
use crate::apply::Cancel;
use crate::cli::Common;
use crate::failure::Failure;
use crate::journal::RunOrigin;
use crate::remote::ReadProgress;
use crate::resource::{Agent, ConfigValue, EntityType, Secret, State, field};
use crate::review::{
    AttemptObserver, Connection, Consent, LoadObserver, PlanReview, ProjectHint, ReviewOptions, choose_session,
    read_project,
};
use crate::wire::schema::SchemaType;

/// Fills the server. Everything goes through the same planner and executor as a real apply.
///
/// # Errors
/// When the bundled project or the embedded server are broken.
pub(super) async fn seed(console: &Console, common: &Common) -> Result<(), Failure> {
    let options = ReviewOptions {
        keeps_journal: false,
        ..ReviewOptions::reading(&console.host, common)
    };
    let loaded = read_project(&console.host, &options)?;
    let Some(mut project) = loaded.project else {
        console.diagnostics(&loaded.diagnostics, &loaded.sources);
        return Err(Failure::invalid("the bundled project has errors"));
    };
    let session = choose_session(&console.host, &options.flags, ProjectHint::default()).await?;
    rewind(&mut project.desired);
    let review = PlanReview::load(project, &session, options, &Unobserved).await?;
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let connection = review.workspace().connection.clone();
    review
        .approve(&Consent::Answered)?
        .begin(RunOrigin::default())?
        .carry_out(Cancel::new(), sender)
        .await;
    // The events are not needed: a row that failed here shows up as a difference in the demo's plan.
    drop(receiver);
    add_drift(&connection).await
}

/// An observer that ignores everything: preparing the demo is not part of what it shows.
struct Unobserved;

impl LoadObserver for Unobserved {
    fn reading(&self, _: &ReadProgress) {}

    fn attempts(&self) -> AttemptObserver {
        Box::new(|_| {})
    }
}

/// Turns the project back to before its last changes.
fn rewind(state: &mut State) {
    if let Some(agent) = state.agents.get_mut("triage") {
        "Triage".clone_into(&mut agent.name);
    }
    if let Some(settings) = state.settings.get_mut("triage") {
        settings.fields.insert(field::SOUL, json!(OLD_SOUL));
        settings.fields.insert(field::GUARDRAILS, json!(["no-secrets"]));
        let network = settings.fields.get_mut(field::NETWORK).and_then(Value::as_object_mut);
        if let Some(network) = network {
            network.insert(
                "allowedDomains".to_owned(),
                json!([".helpdesk.example", "intranet.example"]),
            );
        }
    }
    state.platforms.retain(|key, _| key.stable_id != "triage-slack-eng");
    for platform in state
        .platforms
        .values_mut()
        .filter(|it| it.stable_id == "triage-telegram")
    {
        platform
            .config
            .insert("chatId".to_owned(), ConfigValue::Plain(json!("999")));
    }
    // A secret that was rotated since: only the server can detect that.
    for platform in state
        .platforms
        .values_mut()
        .filter(|it| it.stable_id == "triage-slack-support")
    {
        platform.config.insert(
            "botToken".to_owned(),
            ConfigValue::Secret(Secret::new("demo-token-before-rotation")),
        );
    }
    state.entity_types.remove("ticket");
    if let Some(customer) = state.entity_types.get_mut("customer") {
        customer.description = Some("Somebody who bought something".to_owned());
    }
    state.relationship_types.remove("about");
    let survey = EntityType {
        slug: "survey".to_owned(),
        name: "Survey".to_owned(),
        description: Some("A form that was sent last year".to_owned()),
        ..EntityType::default()
    };
    state.entity_types.insert("survey".to_owned(), survey.into());
}

const OLD_SOUL: &str = "# How you work

- Be the first to answer.
- Be concise.
- Ask one question at a time.
- Never promise anything.
- Hand over to a person when somebody is angry, hurt, or asks for one.";

/// Adds drift: an agent and fields that the files do not mention.
async fn add_drift(connection: &Connection) -> Result<(), Failure> {
    let client = &connection.client;
    let agent = Agent {
        id: "trial-bot".to_owned(),
        name: "Trial bot".to_owned(),
        ..Agent::default()
    };
    let by_hand = async {
        client.create_agent(&agent).await?;
        let icon = serde_json::Map::from_iter([("icon".to_owned(), json!("user"))]);
        client.update_type(SchemaType::EntityType, "customer", &icon).await?;
        let denied = json!({ "networkConfig": {
            "allowedDomains": ["invoices.example.com"], "deniedDomains": ["old-ledger.example.com"],
        }});
        client
            .patch_settings("billing", &denied.as_object().cloned().unwrap_or_default(), 0)
            .await?;
        let description = serde_json::Map::from_iter([("description".to_owned(), json!("made by hand"))]);
        client.patch_agent("trial-bot", &description).await
    };
    by_hand
        .await
        .map(drop)
        .map_err(|error| Failure::failed("the embedded server could not be filled").because(&error))
}
