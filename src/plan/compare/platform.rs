//! A platform's config, key by key. Secrets are compared by value when both are known, and never shown.

use serde_json::{Map, Value};

use super::comparison::Comparison;
use crate::plan::change::{Change, ChangeKind};
use crate::plan::operation::{Operation, PlatformWrite};
use crate::plan::row::Impact;
use crate::plan::undeclared::Undeclared;
use crate::resource::value::same;
use crate::resource::{ConfigValue, FieldPath, Platform, PlatformConfig, SharedValue, Shown, server_secret_name};

/// Compares a platform with the one on the server, if it exists there. Any change restarts it.
pub(super) fn compare(
    desired: &SharedValue<Platform>,
    remote: Option<&SharedValue<Platform>>,
    undeclared: Undeclared,
) -> Comparison {
    let Some(remote) = remote else { return creation(desired) };
    let mut changes = kind_change(desired, remote);
    let changes_kind = !changes.is_empty();
    for (name, wanted) in &desired.config {
        changes.extend(compare_value(&config_path(name), wanted, remote.config.get(name)));
    }
    let extra: Vec<_> = remote
        .config
        .iter()
        .filter(|(name, _)| !desired.config.contains_key(name))
        .collect();
    for (name, found) in &extra {
        changes.push(Change::server_only(config_path(name), found.shown(), undeclared));
    }
    let writes = changes.iter().any(|change| change.kind.writes());
    let recheck = !writes
        && changes
            .iter()
            .any(|change| change.kind == ChangeKind::SecretNotComparable);
    // An unchanged secret says something only beside a change: it shows that the secret is not what changes.
    if !writes {
        changes.retain(|change| change.kind != ChangeKind::SecretUnchanged);
    }
    let replaces = changes_kind || (undeclared.clears() && !extra.is_empty());
    let (operation, impact) = write(desired, remote, writes || recheck, replaces, undeclared);
    let keeps_hidden = !undeclared.clears() || desired.config.values().any(|value| *value == ConfigValue::Redacted);
    let warnings = warnings(remote, replaces && keeps_hidden);
    Comparison {
        changes,
        operation,
        impact: impact.filter(|_| writes),
        recheck,
        warnings,
    }
}

fn creation(desired: &SharedValue<Platform>) -> Comparison {
    let mut changes = Vec::new();
    for (name, wanted) in &desired.config {
        changes.push(Change::between(config_path(name), None, Some(wanted.shown())));
    }
    let operation = Operation::UpsertPlatform(PlatformWrite {
        platform: desired.clone(),
        settings: (!is_default(&desired.settings)).then(|| desired.settings.clone()),
    });
    Comparison {
        changes,
        operation: Some(operation),
        ..Comparison::default()
    }
}

fn write(
    desired: &SharedValue<Platform>,
    remote: &Platform,
    sends: bool,
    replaces: bool,
    undeclared: Undeclared,
) -> (Option<Operation>, Option<Impact>) {
    if !sends {
        return (None, None);
    }
    // A PUT that leaves out settings other than the default is an update each time (contract section 6).
    let settings = (!is_default(&remote.settings)).then(|| remote.settings.clone());
    if !replaces {
        let write = PlatformWrite {
            platform: desired.clone(),
            settings,
        };
        return (Some(Operation::UpsertPlatform(write)), Some(Impact::Restart));
    }
    let mut platform = desired.clone();
    if !undeclared.clears() {
        platform.config = carried(remote, &desired.config);
    }
    (
        Some(Operation::ReplacePlatform(PlatformWrite { platform, settings })),
        Some(Impact::Replace),
    )
}

/// Returns the config of a platform that is put back: the declared keys, and those of the server whose values are
/// known.
fn carried(remote: &Platform, declared: &PlatformConfig) -> PlatformConfig {
    let known = remote
        .config
        .iter()
        .filter(|(_, value)| !matches!(value, ConfigValue::Redacted));
    let mut config: PlatformConfig = known.map(|(name, value)| (name.clone(), value.clone())).collect();
    config.extend(declared.iter().map(|(name, value)| (name.clone(), value.clone())));
    config
}

fn is_default(settings: &Map<String, serde_json::Value>) -> bool {
    settings
        .iter()
        .all(|(key, value)| key == "allowGroups" && *value == serde_json::Value::Bool(true))
}

fn kind_change(desired: &Platform, remote: &Platform) -> Vec<Change> {
    if desired.kind == remote.kind {
        return Vec::new();
    }
    let side = |platform: &Platform| Some(Shown::from(platform.kind.as_str()));
    vec![Change::between(
        FieldPath::root("platform"),
        side(remote),
        side(desired),
    )]
}

fn compare_value(path: &FieldPath, wanted: &ConfigValue, found: Option<&ConfigValue>) -> Option<Change> {
    let is_secret = |value: &ConfigValue| !matches!(value, ConfigValue::Plain(_));
    let hidden = is_secret(wanted) || found.is_some_and(is_secret);
    let refers = is_reference(wanted) || found.is_some_and(is_reference);
    // A reference says itself that it is no value, so the other side is shown as what it is.
    let show = |value: &ConfigValue| {
        if hidden && !refers {
            Shown::Secret
        } else {
            value.shown()
        }
    };
    let change = |kind: ChangeKind| {
        Some(Change {
            kind,
            ..Change::between(path.clone(), found.map(show), Some(show(wanted)))
        })
    };
    match (found, hidden) {
        (None, _) => change(ChangeKind::Added),
        // A value that is not known is not sent, so that the server keeps its own.
        (Some(_), _) if *wanted == ConfigValue::Redacted => change(ChangeKind::SecretUnchanged),
        (Some(ConfigValue::Redacted), _) if refers => change(ChangeKind::Changed),
        (Some(ConfigValue::Redacted), _) => change(ChangeKind::SecretNotComparable),
        (Some(found), _) if !equal(wanted, found) => change(ChangeKind::Changed),
        (Some(_), true) => change(ChangeKind::SecretUnchanged),
        (Some(_), false) => None,
    }
}

/// Whether a value refers to a secret on the server.
fn is_reference(value: &ConfigValue) -> bool {
    matches!(value, ConfigValue::Plain(Value::String(text)) if server_secret_name(text).is_some())
}

fn equal(wanted: &ConfigValue, found: &ConfigValue) -> bool {
    match (wanted, found) {
        (ConfigValue::Plain(wanted), ConfigValue::Plain(found)) => same(wanted, found),
        (ConfigValue::Secret(wanted), ConfigValue::Secret(found)) => wanted == found,
        (ConfigValue::Secret(secret), ConfigValue::Plain(plain))
        | (ConfigValue::Plain(plain), ConfigValue::Secret(secret)) => plain.as_str() == Some(secret.expose()),
        _ => false,
    }
}

fn warnings(remote: &Platform, loses_secrets: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some((status, message)) = &remote.status
        && status == "error"
    {
        let reason = message
            .as_deref()
            .map(|message| format!(": {message}"))
            .unwrap_or_default();
        warnings.push(format!("the platform is in error on the server{reason}"));
    }
    let redacted = remote.config.values().any(|value| *value == ConfigValue::Redacted);
    if loses_secrets && redacted {
        warnings.push("secrets that only the server has cannot be put back".to_owned());
    }
    warnings
}

fn config_path(name: &str) -> FieldPath {
    FieldPath::of(["config", name])
}
