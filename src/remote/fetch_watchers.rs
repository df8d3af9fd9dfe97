//! Reads the watchers of an organization, and what a plan needs to know of those that the files declare and the server does
//! not list.

use std::collections::{BTreeMap, HashMap};

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::client::Client;
use super::details_of::DetailsOf;
use super::error::RemoteError;
use super::normalize;
use super::read_counter::ReadCounter;
use crate::resource::{SharedValue, WatchedEntity, Watcher, WatcherFacts};

/// The number of watchers whose scripts are read with one query and not one by one.
const MANY: usize = 4;

/// What of the watchers is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatcherScope {
    /// The watchers that the files declare, by slug, each with the entity that it names.
    pub declared: BTreeMap<String, Option<WatchedEntity>>,
    /// The watchers, by slug, whose scripts are read.
    pub scripts_of: DetailsOf,
}

/// Reads the watchers in a scope, by slug.
///
/// A server that does not know watchers has none. Where the files declare some, that is a fact of the plan.
pub(super) async fn fetch(
    client: &Client,
    scope: Option<&WatcherScope>,
    counter: &ReadCounter<'_>,
) -> Result<(BTreeMap<String, SharedValue<Watcher>>, WatcherFacts), RemoteError> {
    let mut facts = WatcherFacts::default();
    let Some(scope) = scope else {
        return Ok((BTreeMap::new(), facts));
    };
    counter.expect(1);
    let watchers = client.watchers().await?;
    counter.done("watchers".to_owned());
    let Some(watchers) = watchers else {
        return Ok((BTreeMap::new(), facts));
    };
    facts.are_known = true;
    let is_missing = |slug: &str| !watchers.contains_key(slug);
    let missing = || scope.declared.iter().filter(|(slug, _)| is_missing(slug));
    if missing().next().is_some() {
        counter.expect(1);
        facts.archived = client.archived_watchers().await?.into_keys().collect();
        counter.done("archived watchers".to_owned());
    }
    let mut names: Vec<WatchedEntity> = missing().filter_map(|(_, entity)| entity.clone()).collect();
    names.sort();
    names.dedup();
    counter.expect(names.len());
    let found = stream::iter(names).map(|name| async move {
        let found = client.named_entities(&name).await?;
        counter.done(format!("entity {name}"));
        Ok::<_, RemoteError>((name, found))
    });
    let named = found.buffer_unordered(client.parallelism());
    facts.named = named.try_collect().await?;
    Ok((with_scripts(client, watchers, scope, counter).await?, facts))
}

async fn with_scripts(
    client: &Client,
    watchers: BTreeMap<String, Watcher>,
    scope: &WatcherScope,
    counter: &ReadCounter<'_>,
) -> Result<BTreeMap<String, SharedValue<Watcher>>, RemoteError> {
    let (wanted, others): (Vec<Watcher>, Vec<Watcher>) = watchers
        .into_values()
        .partition(|watcher| scope.scripts_of.includes(&watcher.slug));
    let scripts = many_scripts(client, wanted.len(), counter).await?;
    let (known, unknown): (Vec<Watcher>, Vec<Watcher>) =
        wanted.into_iter().partition(|it| scripts.contains_key(&key(it)));
    let known = known.into_iter().map(|watcher| {
        let reaction_script = scripts.get(&key(&watcher)).cloned().flatten();
        Watcher {
            reaction_script,
            ..watcher
        }
    });
    let others = others.into_iter().chain(known);
    counter.expect(unknown.len());
    let read = stream::iter(unknown).map(|watcher| async move {
        let watcher = client.with_script(watcher).await?;
        counter.done(format!("script of {}", watcher.slug));
        Ok::<_, RemoteError>(watcher)
    });
    let read: Vec<Watcher> = read.buffer_unordered(client.parallelism()).try_collect().await?;
    let all = read.into_iter().chain(others);
    Ok(all.map(|watcher| (watcher.slug.clone(), watcher.into())).collect())
}

/// What tells a watcher from all others: a slug alone may have had another watcher before.
type WatcherKey = (Option<u64>, String);

fn key(watcher: &Watcher) -> WatcherKey {
    (watcher.id.as_ref().and_then(normalize::number), watcher.slug.clone())
}

/// Reads the scripts of all watchers with one query, where that is less than one request for each of `count`. Those that it
/// does not have, also because the token may not ask, are to be read one by one.
async fn many_scripts(
    client: &Client,
    count: usize,
    counter: &ReadCounter<'_>,
) -> Result<HashMap<WatcherKey, Option<String>>, RemoteError> {
    if count < MANY {
        return Ok(HashMap::new());
    }
    counter.expect(1);
    let rows = client.watcher_scripts().await?.unwrap_or_default();
    counter.done("scripts".to_owned());
    let rows = rows.into_iter().map(|row| {
        let script = row.reaction_script.filter(|script| !script.is_empty());
        ((normalize::number(&row.id), row.slug), script)
    });
    Ok(rows.collect())
}
