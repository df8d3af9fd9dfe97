//! `lobuctl secrets audit`: who changed which secret, and when.

use serde_json::{Value, json};

use super::place::{SecretPlace, check_names};
use crate::cli::{Format, SecretsAuditArgs};
use crate::command::console::Console;
use crate::command::signal::Interrupt;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::resource::{key_provider, with_visible_escapes};
use crate::wire::secret::WireAuditEvent;

/// Prints the events, newest first.
pub(super) async fn run(
    console: &Console,
    place: &SecretPlace,
    arguments: &SecretsAuditArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    check_names(arguments.name.iter().filter(|name| key_provider(name).is_none()))?;
    // Before the audit, because a server without secrets by name answers what it likes there.
    place.secrets(interrupt).await?;
    let client = &place.connection.client;
    let read = async {
        let events = client
            .secret_events(arguments.name.as_deref(), usize::from(arguments.limit))
            .await;
        events.map_err(|error| place.unread(&error))
    };
    for event in interrupt.or(read).await? {
        print(console, &event)?;
    }
    Ok(Exit::Done)
}

fn print(console: &Console, event: &WireAuditEvent) -> Result<(), Failure> {
    let facts: Vec<&str> = event.fields.iter().filter_map(Value::as_str).collect();
    let action = event.action.trim_start_matches("secret.");
    let by = event.actor.user_id.as_deref().unwrap_or("-");
    if console.format == Format::Json {
        let fact = |name: &str| facts.iter().find_map(|fact| fact.strip_prefix(name));
        let value = json!({
            "at": event.at, "action": action, "name": event.target, "user": event.actor.user_id,
            "token": event.actor.token_id, "fingerprint": fact("fingerprint:"), "source": fact("source:"),
        });
        return console.object("secret-event", &value);
    }
    let facts: Vec<String> = facts.iter().map(|fact| fact.replacen(':', " ", 1)).collect();
    let line = format!(
        "{}  {action:<6}  {}  by {by}  {}",
        event.at,
        event.target,
        facts.join(", ")
    );
    console.text(&(with_visible_escapes(line.trim_end().to_owned()) + "\n"))
}
