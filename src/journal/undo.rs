//! What takes a run back: the state before it, laid over what the server has now.
//!
//! A part that is as the run left it gets the value that it had before. A part that somebody has changed since is a
//! conflict, and a part whose earlier value is not known stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::{agree, differing, is_same_part};
use super::line::RecordedWrite;
use super::recorded_resource::{RecordedResource, ResourceParts};
use super::recorded_run::RecordedRun;
use super::restored::{restored, without_secrets};
use crate::plan::{ChangeKind, Undeclared, compare, without_injected};
use crate::resource::{Address, ConfigValue, FieldPath, Platform, Resource, Settings, State};

/// What takes a run back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UndoDraft {
    /// The resources as they are to be. A row that is not among them is to be deleted.
    pub desired: State,
    /// The rows that are put back.
    pub rows: BTreeSet<Address>,
    /// The rows that somebody has changed since.
    pub conflicts: BTreeSet<Address>,
    /// What has to be known about a row: why it is a conflict, and what of it does not come back.
    pub warnings: BTreeMap<Address, Vec<UndoWarning>>,
}

/// What has to be known about a row before it is put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoWarning {
    /// Somebody has changed these fields since, or the row as a whole where there are none.
    ChangedSince(Vec<FieldPath>),
    /// Somebody has deleted it since.
    DeletedSince,
    /// Its agent is gone, so that it cannot be put back.
    AgentGone,
    /// Its entity is gone, so that it cannot be put back.
    EntityGone,
    /// Its slug can never be used again, so that it cannot be put back.
    SlugTaken,
    /// The values of these secrets before the run are not known: they stay as they are now, or are missing.
    SecretsUnknown(Vec<FieldPath>),
    /// These fields held a secret, so that what they were before is not known. They stay as they are now.
    ValuesUnknown(Vec<FieldPath>),
    /// These keys of a platform's config stay: to remove one, the platform would be deleted and put back, and lose secrets that
    /// only the server has.
    KeysStay(Vec<FieldPath>),
    /// The history of the agent was deleted with it, and does not come back.
    HistoryLost,
    /// What the agent has done since the run is deleted with it.
    HistoryGoes,
}

impl UndoDraft {
    /// Works out what takes a run back on a server that has this state.
    pub fn of(run: &RecordedRun, remote: &State) -> Self {
        let writes: BTreeMap<&Address, &RecordedWrite> =
            run.possible_writes().map(|write| (&write.address, write)).collect();
        let mut undoing = Undoing {
            writes,
            remote,
            draft: Self::default(),
        };
        let writes: Vec<&RecordedWrite> = undoing.writes.values().copied().collect();
        for write in writes {
            undoing.add(write);
        }
        undoing.draft
    }
}

struct Undoing<'a> {
    writes: BTreeMap<&'a Address, &'a RecordedWrite>,
    remote: &'a State,
    draft: UndoDraft,
}

impl Undoing<'_> {
    fn add(&mut self, write: &RecordedWrite) {
        let address = &write.address;
        // What belongs to an agent that the run created goes with it.
        if address.parent().is_some_and(|agent| self.deletes(&agent)) {
            return;
        }
        let now = self.remote.get(address);
        let empty = RecordedResource {
            address: address.clone(),
            parts: ResourceParts::new(),
            struck: BTreeSet::new(),
        };
        // Every agent has settings: those that were not read before were the defaults.
        let implied = matches!(address, Address::Settings { .. }).then_some(&empty);
        match (write.own_before().or(implied), &write.after, now) {
            (None, Some(after), Some(now)) => self.delete(address, after, &now),
            (Some(before), Some(after), Some(now)) => self.restore(write, before, Some(after), &now),
            (Some(before), None, Some(now)) => self.restore(write, before, None, &now),
            (Some(_), None, None) => write.before.iter().for_each(|it| self.create(it)),
            (Some(before), Some(_), None) if implied.is_none() || !before.parts.is_empty() => {
                self.create(before);
                self.conflict(address, UndoWarning::DeletedSince);
            }
            _ => {}
        }
    }

    /// Whether the agent was created by the run and is there, so that it is deleted.
    fn deletes(&self, agent: &Address) -> bool {
        let created = self.writes.get(agent);
        created.is_some_and(|write| write.before.is_empty() && write.after.is_some())
            && self.remote.get(agent).is_some()
    }

    fn delete(&mut self, address: &Address, after: &RecordedResource, now: &Resource) {
        self.keep_parent(address);
        self.draft.rows.insert(address.clone());
        let mut changed = changed_since(after, now);
        if let Address::Agent { id } = address {
            changed.extend(self.changed_below(id));
            self.warn(address, UndoWarning::HistoryGoes);
        }
        if !changed.is_empty() {
            self.conflict(address, UndoWarning::ChangedSince(changed));
        }
    }

    /// Returns what of an agent's settings and platforms is not as the run left it.
    fn changed_below(&self, agent: &str) -> Vec<FieldPath> {
        let mut changed = Vec::new();
        let left = |address: &Address| self.writes.get(address).and_then(|write| write.after.as_ref());
        if let Some(settings) = self.remote.settings.get(agent) {
            let address = Address::settings(agent);
            let own = Resource::Settings(settings.clone());
            let nothing = Settings {
                agent: agent.to_owned(),
                ..Settings::default()
            };
            let nothing = RecordedResource::new(&Resource::Settings(nothing.into()));
            changed.extend(changed_since(left(&address).unwrap_or(&nothing), &own));
        }
        for platform in self.remote.platforms_of(agent) {
            let is_as_left = left(&platform.address())
                .is_some_and(|left| changed_since(left, &Resource::Platform(platform.clone())).is_empty());
            if !is_as_left {
                changed.push(FieldPath::of(["platforms", &platform.stable_id]));
            }
        }
        changed
    }

    /// Puts parts back. Without `after` the run deleted the resource, and somebody has made it again.
    fn restore(
        &mut self,
        write: &RecordedWrite,
        before: &RecordedResource,
        after: Option<&RecordedResource>,
        now: &Resource,
    ) {
        let address = &write.address;
        let found = RecordedResource::new(now).parts;
        let changed = match after {
            Some(after) => differing(address, &before.parts, &after.parts),
            None => differing(address, &before.parts, &found),
        };
        let (wanted, unknown): (BTreeSet<FieldPath>, BTreeSet<FieldPath>) = changed
            .into_iter()
            .filter(|path| !is_same_part(address, path, before.parts.get(path), found.get(path)))
            .partition(|path| !before.struck.contains(path));
        let is_as_left =
            |path: &&FieldPath| after.is_some_and(|after| agree(address, std::iter::once(*path), &after.parts, &found));
        let conflicts: Vec<FieldPath> = wanted.iter().filter(|path| !is_as_left(path)).cloned().collect();
        let outcome = restored(address, &wanted, before, now);
        let mut secrets: BTreeSet<FieldPath> = outcome.unknown_secrets;
        // A secret that the run replaced: both values are hidden.
        secrets.extend(write.secrets.iter().filter(|_| !write.before.is_empty()).cloned());
        self.keep_parent(address);
        self.draft.rows.insert(address.clone());
        if let Some(resource) = outcome.resource {
            secrets.extend(lost_with_replacement(&resource, now));
            let (resource, stay) = with_keys_that_stay(resource, now);
            insert(&mut self.draft.desired, resource);
            self.warn_of(address, UndoWarning::KeysStay, stay);
        }
        if !conflicts.is_empty() {
            self.conflict(address, UndoWarning::ChangedSince(conflicts));
        }
        self.warn_of(address, UndoWarning::SecretsUnknown, secrets);
        self.warn_of(address, UndoWarning::ValuesUnknown, unknown);
    }

    /// Creates a resource anew, as far as it is known.
    fn create(&mut self, gone: &RecordedResource) {
        let address = &gone.address;
        let agent_is_gone = address
            .parent()
            .is_some_and(|agent| self.remote.get(&agent).is_none() && self.draft.desired.get(&agent).is_none());
        if agent_is_gone {
            self.warn(address, UndoWarning::AgentGone);
            return;
        }
        if let Some(warning) = self.lost_data(address) {
            self.warn(address, warning);
            return;
        }
        let known = without_secrets(gone);
        let Some(resource) = known.resource else { return };
        self.keep_parent(address);
        self.draft.rows.insert(address.clone());
        if matches!(address, Address::Agent { .. }) {
            self.warn(address, UndoWarning::HistoryLost);
        }
        self.warn_of(address, UndoWarning::SecretsUnknown, known.unknown_secrets);
        self.warn_of(address, UndoWarning::ValuesUnknown, gone.struck.clone());
        let resource = match resource {
            Resource::Settings(settings) => {
                Resource::Settings(without_injected(&settings, &Settings::default()).into())
            }
            other => other,
        };
        insert(&mut self.draft.desired, resource);
    }

    /// Returns why data or a watcher that was deleted cannot be created anew, if it cannot.
    fn lost_data(&self, address: &Address) -> Option<UndoWarning> {
        match address {
            Address::Entity { .. } | Address::Watcher { .. } => Some(UndoWarning::SlugTaken),
            Address::Relationship { key } => {
                let entities = &self.remote.facts.data.types;
                let is_there = [&key.from, &key.to].iter().all(|end| entities.contains_key(*end));
                (!is_there).then_some(UndoWarning::EntityGone)
            }
            _ => None,
        }
    }

    /// A plan has rows only below agents that are declared. The agent itself is no row of the undo by that.
    fn keep_parent(&mut self, address: &Address) {
        if let Some(Resource::Agent(agent)) = address.parent().and_then(|agent| self.remote.get(&agent)) {
            self.draft.desired.agents.entry(agent.id.clone()).or_insert(agent);
        }
    }

    fn conflict(&mut self, address: &Address, why: UndoWarning) {
        self.draft.conflicts.insert(address.clone());
        self.warn(address, why);
    }

    fn warn(&mut self, address: &Address, warning: UndoWarning) {
        self.draft.warnings.entry(address.clone()).or_default().push(warning);
    }

    fn warn_of(&mut self, address: &Address, warning: fn(Vec<FieldPath>) -> UndoWarning, paths: BTreeSet<FieldPath>) {
        if !paths.is_empty() {
            self.warn(address, warning(paths.into_iter().collect()));
        }
    }
}

/// Returns the hidden secrets of a platform that are lost because it has to be replaced by one of another type: nobody can send
/// again what the server hides.
fn lost_with_replacement(wanted: &Resource, now: &Resource) -> BTreeSet<FieldPath> {
    let (Resource::Platform(wanted), Resource::Platform(now)) = (wanted, now) else {
        return BTreeSet::new();
    };
    if wanted.kind == now.kind {
        return BTreeSet::new();
    }
    let hidden = now.config.iter().filter(|(_, value)| **value == ConfigValue::Redacted);
    hidden.map(|(key, _)| FieldPath::of(["config", key])).collect()
}

/// Returns a platform with the keys that cannot go, and their paths: a key goes only when the platform is deleted and put back,
/// and nobody can send again the secrets that the server hides.
fn with_keys_that_stay(wanted: Resource, now: &Resource) -> (Resource, BTreeSet<FieldPath>) {
    let (Resource::Platform(platform), Resource::Platform(now)) = (&wanted, now) else {
        return (wanted, BTreeSet::new());
    };
    let hides = platform.config.values().any(|value| *value == ConfigValue::Redacted);
    if !hides || platform.kind != now.kind {
        return (wanted, BTreeSet::new());
    }
    let mut platform = Platform::clone(platform);
    let mut stay = BTreeSet::new();
    for (key, value) in &now.config {
        if !platform.config.contains_key(key) {
            platform.config.insert(key.clone(), value.clone());
            stay.insert(FieldPath::of(["config", key]));
        }
    }
    (Resource::Platform(platform.into()), stay)
}

/// Returns the fields in which a resource is not as a run left it, those that somebody added included.
fn changed_since(left: &RecordedResource, now: &Resource) -> Vec<FieldPath> {
    let Some(left) = left.resource() else {
        return Vec::new();
    };
    let hidden = RecordedResource::new(now);
    let now = hidden.resource();
    let differs = |kind: ChangeKind| kind.writes() || kind == ChangeKind::Drift;
    let changes = compare(&left, now.as_ref(), Undeclared::Keep).changes.into_iter();
    let changes = changes.filter(|change| differs(change.kind));
    changes.map(|change| change.path).collect()
}

fn insert(state: &mut State, resource: Resource) {
    match resource {
        Resource::Agent(it) => drop(state.agents.insert(it.id.clone(), it)),
        Resource::Settings(it) => drop(state.settings.insert(it.agent.clone(), it)),
        Resource::Platform(it) => drop(state.platforms.insert(it.key(), it)),
        Resource::EntityType(it) => drop(state.entity_types.insert(it.slug.clone(), it)),
        Resource::RelationshipType(it) => drop(state.relationship_types.insert(it.slug.clone(), it)),
        Resource::Entity(it) => drop(state.entities.insert(it.path.clone(), it)),
        Resource::Relationship(it) => drop(state.relationships.insert(it.key.clone(), it)),
        Resource::Watcher(it) => drop(state.watchers.insert(it.slug.clone(), it)),
    }
}
