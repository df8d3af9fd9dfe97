//! The built-in runtime: it knows the six types of platforms and what each requires, and connects to none of them.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::instance::{BoxFuture, Instance, PlatformRuntime, RuntimeError, Started};

/// The JSON schemas of the platforms, as `GET /api/agents/platforms` answers them.
pub(crate) static SCHEMAS: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("schemas.json")).unwrap_or_default());

/// A runtime that checks configs and reports the start of every valid one as successful. It keeps no state: the row in the
/// database is the only record of what runs, so any server can go on with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltinRuntime;

/// Keys of a config, each with the environment variable that the platform's own library reads.
type Keys = &'static [(&'static str, &'static str)];

/// The required keys of each type of platform. Google Chat has none of its own; see `check_google_credentials`.
const REQUIRED: [(&str, Keys); 5] = [
    ("telegram", &[("botToken", "TELEGRAM_BOT_TOKEN")]),
    ("slack", &[("signingSecret", "SLACK_SIGNING_SECRET")]),
    (
        "discord",
        &[
            ("botToken", "DISCORD_BOT_TOKEN"),
            ("publicKey", "DISCORD_PUBLIC_KEY"),
            ("applicationId", "DISCORD_APPLICATION_ID"),
        ],
    ),
    (
        "whatsapp",
        &[
            ("accessToken", "WHATSAPP_ACCESS_TOKEN"),
            ("appSecret", "WHATSAPP_APP_SECRET"),
            ("phoneNumberId", "WHATSAPP_PHONE_NUMBER_ID"),
            ("verifyToken", "WHATSAPP_VERIFY_TOKEN"),
        ],
    ),
    (
        "teams",
        &[("appId", "TEAMS_APP_ID"), ("appPassword", "TEAMS_APP_PASSWORD")],
    ),
];

const NO_GOOGLE_CREDENTIALS: &str = "Authentication is required. Set GOOGLE_CHAT_CREDENTIALS or \
    GOOGLE_CHAT_USE_ADC=true, or provide credentials or useApplicationDefaultCredentials in config.";

impl PlatformRuntime for BuiltinRuntime {
    fn check(&self, instance: &Instance) -> Result<(), RuntimeError> {
        let kind = instance.kind.as_str();
        if !SCHEMAS.contains_key(kind) {
            return Err(RuntimeError::invalid(format!("Unsupported platform: {kind}")));
        }
        let required = REQUIRED
            .iter()
            .find(|(known, _)| *known == kind)
            .map_or(&[][..], |(_, keys)| *keys);
        for (key, variable) in required {
            require(instance, key, variable)?;
        }
        match kind {
            "telegram" => check_mode(instance.config.get("mode")),
            "gchat" => check_google_credentials(&instance.config),
            _ => Ok(()),
        }
    }

    fn start<'a>(&'a self, instance: &'a Instance) -> BoxFuture<'a, Result<Started, RuntimeError>> {
        Box::pin(async move {
            self.check(instance)?;
            Ok(Started {
                metadata: metadata(instance),
            })
        })
    }

    fn restart<'a>(&'a self, _old: &'a Instance, new: &'a Instance) -> BoxFuture<'a, Result<Started, RuntimeError>> {
        self.start(new)
    }

    fn stop<'a>(&'a self, _id: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}

/// Refuses a missing key. An empty value counts as missing, except for Teams, where it means an anonymous bot.
fn require(instance: &Instance, key: &str, variable: &str) -> Result<(), RuntimeError> {
    let present = match instance.config.get(key) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty() || instance.kind == "teams",
        Some(_) => true,
    };
    if present {
        return Ok(());
    }
    Err(RuntimeError::invalid(format!(
        "{key} is required. Set {variable} or provide it in config."
    )))
}

fn check_mode(mode: Option<&Value>) -> Result<(), RuntimeError> {
    let shown = match mode {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::String(text)) if matches!(text.as_str(), "auto" | "webhook" | "polling") => return Ok(()),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let expected = r#"Expected "auto", "webhook", or "polling"."#;
    Err(RuntimeError::invalid(format!("Invalid mode: {shown}. {expected}")))
}

/// Requires one of two ways to authenticate.
fn check_google_credentials(config: &Map<String, Value>) -> Result<(), RuntimeError> {
    let credentials = config
        .get("credentials")
        .is_some_and(|value| !value.is_null() && value != "");
    let ambient = config.get("useApplicationDefaultCredentials");
    let ambient = ambient.is_some_and(|value| value == true || value == "true");
    if credentials || ambient {
        return Ok(());
    }
    Err(RuntimeError::invalid(NO_GOOGLE_CREDENTIALS))
}

/// Returns the facts that a real start would learn from the platform.
fn metadata(instance: &Instance) -> Map<String, Value> {
    let configured_name = instance
        .config
        .get("userName")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty());
    let name = match instance.kind.as_str() {
        "telegram" => format!("bot-{}", instance.id),
        "whatsapp" => "whatsapp-bot".to_owned(),
        _ => "bot".to_owned(),
    };
    let id = match instance.kind.as_str() {
        "discord" => instance.config.get("applicationId"),
        "whatsapp" => instance.config.get("phoneNumberId"),
        _ => None,
    };
    let mut metadata = Map::new();
    metadata.insert(
        "botUsername".to_owned(),
        json!(configured_name.map_or(name, str::to_owned)),
    );
    if let Some(id) = id {
        metadata.insert("botUserId".to_owned(), id.clone());
    }
    metadata
}
