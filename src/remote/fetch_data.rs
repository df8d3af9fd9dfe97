//! Reads the entities and relationships of an organization, as far as the files declare them or the user names them: page by page, never one by one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::client::Client;
use super::entity_tree::EntityTree;
use super::error::RemoteError;
use super::named_data::NamedData;
use super::normalize;
use super::read_counter::ReadCounter;
use crate::resource::{Address, DataFacts, Entity, EntityPath, Relationship, RelationshipKey, SharedValue};
use crate::wire::entity::{self, ContentRow, WireEntity, WireRelationship};
use crate::wire::query;

/// The number of entities whose relationships are asked for one by one, for each page of a list of all: they are asked for
/// several at a time, and pages one after the other.
const MANY: usize = 8;

/// What of the data is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataScope {
    /// The entities that the files declare, with their types.
    pub entities: BTreeMap<EntityPath, String>,
    /// The relationships that the files declare.
    pub relationships: BTreeSet<RelationshipKey>,
    /// Whether a file declares the content or the classifiers of an entity.
    pub needs_content: bool,
    /// What else is read, because the user names it.
    pub named: NamedData,
}

/// The data that was read.
#[derive(Debug, Default)]
pub(super) struct FetchedData {
    /// The declared entities.
    pub(super) entities: BTreeMap<EntityPath, SharedValue<Entity>>,
    /// The declared relationships.
    pub(super) relationships: BTreeMap<RelationshipKey, SharedValue<Relationship>>,
    /// Everything else.
    pub(super) facts: DataFacts,
}

/// Reads the data in a scope. A server that does not know entities has none.
pub(super) async fn fetch(
    client: &Client,
    scope: Option<&DataScope>,
    counter: &ReadCounter<'_>,
) -> Result<FetchedData, RemoteError> {
    let mut fetched = FetchedData::default();
    let Some(scope) = scope else { return Ok(fetched) };
    let Some(rows) = all_entities(client, counter).await? else {
        return Ok(fetched);
    };
    fetched.facts.are_known = true;
    let contents = if scope.needs_content {
        all_contents(client, counter).await?
    } else {
        None
    };
    let tree = EntityTree::of(&rows);
    client.remember_entities(tree.ids());
    add_entities(&mut fetched, client, scope, &tree, rows)?;
    // Without them, every entity that was read says that its content is hidden.
    if let Some(contents) = contents {
        add_contents(&mut fetched, &tree, contents);
    }
    add_relationships(&mut fetched, client, scope, &tree, counter).await?;
    Ok(fetched)
}

/// Reads all entities: the first page, which tells how many there are, then the others at once.
async fn all_entities(client: &Client, counter: &ReadCounter<'_>) -> Result<Option<Vec<WireEntity>>, RemoteError> {
    counter.expect(1);
    let first = client.first_entity_page().await?;
    counter.done("entities".to_owned());
    let Some(first) = first else { return Ok(None) };
    let page = |offset| async move {
        let page = client.entity_page(offset).await?;
        counter.done(format!("entities from {offset}"));
        Ok(page)
    };
    let expect = |pages| counter.expect(pages);
    let all = client.list_reader(entity::TOOL, &expect).rows(first, page).await?;
    Ok(Some(all))
}

async fn all_contents(client: &Client, counter: &ReadCounter<'_>) -> Result<Option<Vec<ContentRow>>, RemoteError> {
    counter.expect(1);
    let first = client.first_content_page().await?;
    counter.done("contents".to_owned());
    let Some(first) = first else { return Ok(None) };
    let page = |offset| async move {
        let page = client.content_page(offset).await?;
        counter.done(format!("contents from {offset}"));
        Ok(page)
    };
    let expect = |pages| counter.expect(pages);
    let all = client.list_reader(query::TOOL, &expect).rows(first, page).await?;
    Ok(Some(all))
}

fn add_entities(
    fetched: &mut FetchedData,
    client: &Client,
    scope: &DataScope,
    tree: &EntityTree,
    rows: Vec<WireEntity>,
) -> Result<(), RemoteError> {
    let mut homes: HashMap<(String, String), Vec<EntityPath>> = HashMap::new();
    for row in rows {
        let Some(path) = normalize::number(&row.id).and_then(|id| tree.path(id)) else {
            continue;
        };
        fetched.facts.types.insert(path.clone(), row.entity_type.clone());
        if is_wanted(scope, path, &row.entity_type) {
            let entity = normalize::entity(row, path.clone()).map_err(|mismatch| client.odd_data(&mismatch))?;
            fetched.entities.insert(path.clone(), entity.into());
        } else {
            if !row.entity_type.starts_with('$') {
                fetched.facts.undeclared += 1;
            }
            homes.entry((row.entity_type, row.slug)).or_default().push(path.clone());
        }
    }
    for (path, entity_type) in &scope.entities {
        if fetched.entities.contains_key(path) {
            continue;
        }
        let elsewhere = homes.get(&(entity_type.clone(), path.slug().to_owned()));
        let elsewhere = elsewhere
            .into_iter()
            .flatten()
            .filter(|home| !scope.entities.contains_key(*home));
        let elsewhere: Vec<EntityPath> = elsewhere.cloned().collect();
        if !elsewhere.is_empty() {
            fetched.facts.moved.insert(path.clone(), elsewhere);
        }
    }
    Ok(())
}

fn is_wanted(scope: &DataScope, path: &EntityPath, entity_type: &str) -> bool {
    scope.entities.get(path).map(String::as_str) == Some(entity_type)
        || (!scope.named.is_empty() && scope.named.names(&Address::entity(entity_type, path.clone())))
}

fn add_contents(fetched: &mut FetchedData, tree: &EntityTree, contents: Vec<ContentRow>) {
    for row in contents {
        if row.deleted_at.as_ref().is_some_and(|at| !at.is_null()) {
            let parent = row.parent_id.as_ref().and_then(normalize::number);
            let path = match parent.map(|id| tree.path(id)) {
                None => Some(EntityPath::of([row.slug])),
                Some(parent) => parent.map(|parent| parent.child(&row.slug)),
            };
            fetched.facts.deleted.extend(path);
            continue;
        }
        let path = normalize::number(&row.id).and_then(|id| tree.path(id));
        if let Some(entity) = path.and_then(|path| fetched.entities.get_mut(path)) {
            *entity = normalize::with_content(std::mem::take(&mut **entity), row).into();
        }
    }
}

/// Reads the relationships of the entities that a declared or named relationship comes from.
async fn add_relationships(
    fetched: &mut FetchedData,
    client: &Client,
    scope: &DataScope,
    tree: &EntityTree,
    counter: &ReadCounter<'_>,
) -> Result<(), RemoteError> {
    let from = entities_to_ask(scope, tree);
    let links = match many_links(client, from.len(), counter).await? {
        Some(links) => links,
        None => links_of(client, from, counter).await?,
    };
    for link in links {
        let Some(key) = key_of(&link, tree) else { continue };
        let swapped = link.is_symmetric.then(|| key.swapped());
        let Some(key) = wanted_key(scope, key, swapped) else {
            continue;
        };
        let relationship = normalize::relationship(&link, key.clone());
        let relationship = relationship.map_err(|mismatch| client.odd_data(&mismatch))?;
        fetched.relationships.insert(key, relationship.into());
    }
    Ok(())
}

/// Returns the entities whose relationships are read.
fn entities_to_ask(scope: &DataScope, tree: &EntityTree) -> Vec<u64> {
    if scope.named.may_name_relationships() {
        return tree.ids().into_values().collect();
    }
    let keys = scope.relationships.iter().chain(scope.named.relationships());
    let from: BTreeSet<&EntityPath> = keys.map(|key| &key.from).collect();
    from.into_iter().filter_map(|path| tree.id(path)).collect()
}

/// Returns the key under which a relationship is kept: as the files declare it, else as the user names it. `swapped` is there
/// for a symmetric one.
fn wanted_key(scope: &DataScope, key: RelationshipKey, swapped: Option<RelationshipKey>) -> Option<RelationshipKey> {
    let spellings: Vec<RelationshipKey> = std::iter::once(key).chain(swapped).collect();
    let is_declared = |key: &&RelationshipKey| scope.relationships.contains(key);
    let is_named = |key: &&RelationshipKey| scope.named.names(&Address::relationship(key));
    let declared = spellings.iter().find(is_declared);
    declared.or_else(|| spellings.iter().find(is_named)).cloned()
}

/// Reads the relationships of these entities.
async fn links_of(
    client: &Client,
    entities: Vec<u64>,
    counter: &ReadCounter<'_>,
) -> Result<Vec<WireRelationship>, RemoteError> {
    counter.expect(entities.len());
    let links = stream::iter(entities).map(|id| async move {
        let links = client.links(id).await?;
        counter.done("relationships".to_owned());
        Ok::<_, RemoteError>(links)
    });
    let links: Vec<Vec<WireRelationship>> = links.buffer_unordered(client.parallelism()).try_collect().await?;
    Ok(links.into_iter().flatten().collect())
}

/// Reads all relationships of the organization, where that takes fewer requests than one for each of `entities`. `None` when
/// it does not, or when the server has no list of all.
async fn many_links(
    client: &Client,
    entities: usize,
    counter: &ReadCounter<'_>,
) -> Result<Option<Vec<WireRelationship>>, RemoteError> {
    let mut all = Vec::new();
    let mut after = 0;
    // The last page is known only when it is read.
    for _ in 0..entities / MANY {
        counter.expect(1);
        let page = client.all_links(after).await?;
        counter.done("relationships".to_owned());
        let Some(page) = page else { return Ok(None) };
        all.extend(page.relationships);
        let next = page.metadata.next_after_id.as_ref().and_then(normalize::number);
        match next.filter(|next| page.metadata.has_more && *next > after) {
            Some(next) => after = next,
            None => return Ok(Some(all)),
        }
    }
    Ok(None)
}

fn key_of(link: &WireRelationship, tree: &EntityTree) -> Option<RelationshipKey> {
    let (from, to) = normalize::ends(link)?;
    Some(RelationshipKey {
        kind: link.relationship_type_slug.as_str().into(),
        from: tree.path(from)?.clone(),
        to: tree.path(to)?.clone(),
    })
}
