//! How the client reads watchers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Client;
use super::reply::Reply;
use crate::remote::error::RemoteError;
use crate::remote::method::Method;
use crate::remote::normalize;
use crate::remote::transport::Request;
use crate::resource::Watcher;
use crate::wire::watcher::{self, WATCHER_PAGE, WatcherPageInfo, WireWatcher, WireWatcherDetails};

impl Client {
    /// Reads the watchers of the organization, without their scripts. Returns `None` when the server does not know watchers.
    pub async fn watchers(&self) -> Result<Option<BTreeMap<String, Watcher>>, RemoteError> {
        self.listed_watchers("active", None).await
    }

    /// Reads the archived watchers of the organization, without their scripts.
    pub async fn archived_watchers(&self) -> Result<BTreeMap<String, Watcher>, RemoteError> {
        Ok(self.listed_watchers("archived", None).await?.unwrap_or_default())
    }

    /// Reads the watchers with a status, page by page. A server that knows neither pages nor the filter by slug answers all of
    /// them at once.
    async fn listed_watchers(
        &self,
        status: &str,
        slug: Option<&str>,
    ) -> Result<Option<BTreeMap<String, Watcher>>, RemoteError> {
        let mut watchers: BTreeMap<String, Watcher> = BTreeMap::new();
        let mut body = json!({ "include_details": true, "status": status, "limit": WATCHER_PAGE });
        if let Some(slug) = slug {
            body["slug"] = json!(slug);
        }
        loop {
            let request = Request::new(Method::Post, self.path(&[watcher::LIST])).with_json(&body);
            let reply = match self.send(request.reading()).await {
                Ok(reply) => reply,
                // Only at first: a page that is missing later is no sign that there are no watchers.
                Err(error) if error.is_unknown_tool() && body["before_id"].is_null() => return Ok(None),
                Err(error) => return Err(error),
            };
            add_rows(&reply, &mut watchers)?;
            let info: Option<WatcherPageInfo> = reply.find_key("metadata")?;
            let Some(info) = info.filter(|info| info.has_more) else {
                return Ok(Some(watchers));
            };
            let next = info.next_before_id.as_ref().and_then(normalize::number);
            // Pages go down: one that does not would be asked for again and again, or taken for the last one.
            let last = body["before_id"].as_u64();
            match next.filter(|next| last.is_none_or(|last| *next < last)) {
                Some(next) => body["before_id"] = json!(next),
                None => return Err(reply.malformed("a `next_before_id` that leads on")),
            }
        }
    }

    /// Reads a watcher with its script. Returns `None` when the organization has no active watcher of this slug.
    pub(super) async fn watcher(&self, slug: &str) -> Result<Option<Watcher>, RemoteError> {
        let mut found = self.listed_watchers("active", Some(slug)).await?.unwrap_or_default();
        match found.remove(slug) {
            Some(watcher) => Ok(Some(self.with_script(watcher).await?)),
            None => Ok(None),
        }
    }

    /// Reads the script of a watcher, which no list has.
    pub async fn with_script(&self, watcher: Watcher) -> Result<Watcher, RemoteError> {
        let id = watcher.id.as_ref().map(id_text).unwrap_or_default();
        let request = Request::get(self.path(&[watcher::DETAILS])).with_query("watcher_id", id);
        let reply = self.send(request).await?;
        let details: WireWatcherDetails = reply.parse_key("watcher")?;
        reply.expect_id(Some(&details.slug), &watcher.slug)?;
        let reaction_script = details.reaction_script.filter(|script| !script.is_empty());
        Ok(Watcher {
            reaction_script,
            ..watcher
        })
    }
}

/// Adds the rows of one response.
fn add_rows(reply: &Reply, watchers: &mut BTreeMap<String, Watcher>) -> Result<(), RemoteError> {
    let rows: Vec<WireWatcher> = reply.parse_key("watchers")?;
    for row in rows {
        let watcher = reply.checked(normalize::watcher(row))?;
        match watchers.get_mut(&watcher.slug) {
            // The list has one row for each entity that a watcher watches.
            Some(known) if known.id == watcher.id => known.entities.extend(watcher.entities),
            Some(_) => return Err(reply.malformed("slugs that are unique")),
            None => drop(watchers.insert(watcher.slug.clone(), watcher)),
        }
    }
    Ok(())
}

/// Returns the digits of an id.
fn id_text(id: &Value) -> String {
    let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    text.chars().filter(char::is_ascii_digit).collect()
}
