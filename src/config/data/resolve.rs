//! Turns the names of entities into paths, and drafts into resources.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::check::{Checker, RelationshipEnd};
use super::draft::{DataDrafts, EntityDraft, RelationshipDraft};
use super::reference::{self, EntityReference};
use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::finding::Findings;
use crate::config::model::Models;
use crate::config::source::{Source, Text};
use crate::resource::{Address, Entity, EntityPath, Relationship, RelationshipKey, ResourceOrigins, SharedValue};

/// What the data files declare, ready to be compared.
#[derive(Debug, Default)]
pub(in crate::config) struct DeclaredData {
    /// The entities.
    pub entities: BTreeMap<EntityPath, SharedValue<Entity>>,
    /// The relationships.
    pub relationships: BTreeMap<RelationshipKey, SharedValue<Relationship>>,
    /// The locations of both, in file order.
    pub origins: Vec<(Address, Arc<ResourceOrigins>)>,
}

/// Resolves the names in the drafts of files, and reports everything in which the files contradict each other or the types.
pub(in crate::config) fn resolve(files: &[&DataDrafts], models: &Models, findings: &mut Findings) -> DeclaredData {
    let entities: Vec<&EntityDraft> = files.iter().flat_map(|file| &file.entities).collect();
    let relationships: Vec<&RelationshipDraft> = files.iter().flat_map(|file| &file.relationships).collect();
    let mut resolver = Resolver::new(&entities, findings);
    let paths: Vec<Option<EntityPath>> = (0..entities.len()).map(|index| resolver.path(index)).collect();
    let mut ends = Vec::new();
    for draft in &relationships {
        let from = resolver.end(&draft.from, &draft.source);
        let to = resolver.end(&draft.to, &draft.source);
        ends.push(from.zip(to));
    }
    let mut checker = Checker::new(models, findings);
    let mut origins = Vec::new();
    let mut declared_entities = Vec::new();
    for (draft, path) in entities.into_iter().zip(paths) {
        let Some(path) = path else { continue };
        if checker.accepts_entity(draft, &path) {
            let address = Address::entity(&draft.entity_type.value, path.clone());
            origins.push((address, Arc::clone(&draft.origins)));
            declared_entities.push((path.clone(), entity(draft, path).into()));
        }
    }
    let mut declared_relationships = Vec::new();
    for (draft, ends) in relationships.into_iter().zip(ends) {
        let Some((from, to)) = ends else { continue };
        let key = RelationshipKey {
            kind: draft.kind.value.as_str().into(),
            from: from.path.clone(),
            to: to.path.clone(),
        };
        if checker.accepts_relationship(draft, &key, (&from, &to)) {
            origins.push((Address::relationship(&key), Arc::clone(&draft.origins)));
            declared_relationships.push((key.clone(), relationship(draft, key).into()));
        }
    }
    DeclaredData {
        // Collected and not inserted: a map is made of a sorted list at once.
        entities: declared_entities.into_iter().collect(),
        relationships: declared_relationships.into_iter().collect(),
        origins,
    }
}

fn entity(draft: &EntityDraft, path: EntityPath) -> Entity {
    Entity {
        path,
        entity_type: draft.entity_type.value.clone(),
        name: draft.name.clone(),
        metadata: draft.metadata.as_ref().map(|metadata| metadata.json.clone()),
        content: draft.content.clone(),
        enabled_classifiers: draft.enabled_classifiers.clone(),
        ..Entity::default()
    }
}

fn relationship(draft: &RelationshipDraft, key: RelationshipKey) -> Relationship {
    Relationship {
        key,
        metadata: draft.metadata.as_ref().map(|metadata| metadata.json.clone()),
        ..draft.fields.clone()
    }
}

/// What a name in the data files refers to.
enum Resolved {
    /// The entity of the files at this index.
    Declared(usize),
    /// None of the files: it has to be on the server, at this path.
    Elsewhere(EntityPath),
    /// Several of the files.
    Ambiguous(Vec<usize>),
}

struct Resolver<'a> {
    entities: &'a [&'a EntityDraft],
    by_slug: HashMap<&'a str, Vec<usize>>,
    findings: &'a mut Findings,
    /// The paths that are known. `None` for entities whose parent cannot be found.
    paths: BTreeMap<usize, Option<EntityPath>>,
    /// The entities whose paths are being searched for: one that is met again is its own ancestor.
    open: BTreeSet<usize>,
}

impl<'a> Resolver<'a> {
    fn new(entities: &'a [&'a EntityDraft], findings: &'a mut Findings) -> Self {
        let mut by_slug: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, entity) in entities.iter().enumerate() {
            by_slug.entry(&entity.slug.value).or_default().push(index);
        }
        Self {
            entities,
            by_slug,
            findings,
            paths: BTreeMap::new(),
            open: BTreeSet::new(),
        }
    }

    /// Returns the path of an entity. `None` when it was reported instead.
    fn path(&mut self, index: usize) -> Option<EntityPath> {
        if let Some(known) = self.paths.get(&index) {
            return known.clone();
        }
        let draft = self.entities[index];
        let path = match &draft.parent {
            None => Some(EntityPath::of([draft.slug.value.as_str()])),
            Some(parent) => {
                self.open.insert(index);
                let above = self.parent(draft, parent);
                self.open.remove(&index);
                above.map(|above| above.child(&draft.slug.value))
            }
        };
        self.paths.insert(index, path.clone());
        path
    }

    fn parent(&mut self, draft: &EntityDraft, parent: &Text) -> Option<EntityPath> {
        match self.resolve(parent, &draft.source)? {
            Resolved::Declared(above) if self.open.contains(&above) => {
                let message = format!("the parents of {} form a circle", tick(&draft.slug.value));
                self.report(
                    "parent-circle",
                    message,
                    parent,
                    &draft.source,
                    "remove one of the parents",
                );
                None
            }
            Resolved::Declared(above) => self.path(above),
            Resolved::Elsewhere(path) => Some(path),
            Resolved::Ambiguous(found) => {
                self.report_ambiguous(parent, &draft.source, &found);
                None
            }
        }
    }

    fn end(&mut self, name: &Text, source: &Source) -> Option<RelationshipEnd> {
        match self.resolve(name, source)? {
            Resolved::Declared(index) => Some(RelationshipEnd {
                path: self.path(index)?,
                entity_type: Some(self.entities[index].entity_type.value.clone()),
            }),
            Resolved::Elsewhere(path) => Some(RelationshipEnd {
                path,
                entity_type: reference::parse(&name.value)?.entity_type,
            }),
            Resolved::Ambiguous(found) => {
                self.report_ambiguous(name, source, &found);
                None
            }
        }
    }

    fn resolve(&mut self, name: &Text, source: &Source) -> Option<Resolved> {
        let Some(reference) = reference::parse(&name.value) else {
            let message = format!("{} names no entity", tick(&name.value));
            let help = "write `SLUG`, `TYPE:SLUG` or `PARENT/SLUG`";
            self.report("entity-name", message, name, source, help);
            return None;
        };
        let found = self.candidates(&reference);
        Some(match found.as_slice() {
            [] => Resolved::Elsewhere(reference.path),
            // Entities of one path are reported as such.
            [first, others @ ..] if self.have_path_of(*first, others) => Resolved::Declared(*first),
            _ => Resolved::Ambiguous(found),
        })
    }

    fn have_path_of(&mut self, first: usize, others: &[usize]) -> bool {
        if others.is_empty() {
            return true;
        }
        // The path of an open entity is just being searched for.
        let is_open = |index: &usize| self.open.contains(index);
        if is_open(&first) || others.iter().any(is_open) {
            return false;
        }
        let path = self.path(first);
        others.iter().all(|other| self.path(*other) == path)
    }

    fn candidates(&mut self, reference: &EntityReference) -> Vec<usize> {
        let entities = self.entities;
        let has_type = |index: &usize| {
            let wanted = reference.entity_type.as_ref();
            wanted.is_none_or(|wanted| *wanted == entities[*index].entity_type.value)
        };
        let mut found: Vec<usize> = self.by_slug.get(reference.path.slug()).cloned().unwrap_or_default();
        found.retain(has_type);
        if reference.path.depth() > 1 {
            // An entity whose own path is being searched for cannot be named by a longer path than its slug.
            found.retain(|index| !self.open.contains(index) && self.path(*index).as_ref() == Some(&reference.path));
        }
        found
    }

    fn report_ambiguous(&mut self, name: &Text, source: &Source, found: &[usize]) {
        let message = format!("{} names {} entities of the files", tick(&name.value), found.len());
        let mut problem = Diagnostic::error("ambiguous-entity", message).at(source, name.span.clone());
        for index in found {
            let other = self.entities[*index];
            problem = problem.related(&other.source, other.slug.span.clone(), "one of them is here");
        }
        self.findings
            .push(problem.help("write `TYPE:SLUG`, or the path from the topmost parent, `PARENT/SLUG`"));
    }

    fn report(&mut self, code: &'static str, message: String, at: &Text, source: &Source, help: &str) {
        let problem = Diagnostic::error(code, message).at(source, at.span.clone());
        self.findings.push(problem.help(help));
    }
}
