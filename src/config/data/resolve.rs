//! Turns the names of entities into paths, and drafts into resources.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::check::{Checker, RelationshipEnd};
use super::draft::{DataDrafts, EntityDraft};
use super::reference::{self, EntityReference};
use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::finding::Findings;
use crate::config::model::{Declared, Models};
use crate::config::source::{Source, Text};
use crate::config::yaml::YamlNode;
use crate::resource::{Address, Entity, EntityPath, Relationship, RelationshipKey};

/// What the data files declare, ready to be compared.
#[derive(Debug, Default)]
pub(in crate::config) struct DeclaredData {
    /// The entities, in file order.
    pub entities: Vec<Declared<Entity>>,
    /// The relationships, in file order.
    pub relationships: Vec<Declared<Relationship>>,
}

/// Resolves the names in the drafts, and reports everything in which the files contradict each other or the types.
pub(in crate::config) fn resolve(
    drafts: DataDrafts,
    models: &Models,
    files: &[Source],
    findings: &mut Findings,
) -> DeclaredData {
    let mut resolver = Resolver::new(&drafts.entities, files, findings);
    let paths: Vec<Option<EntityPath>> = (0..drafts.entities.len()).map(|index| resolver.path(index)).collect();
    let mut ends = Vec::new();
    for draft in &drafts.relationships {
        let from = resolver.end(&draft.from, draft.file);
        let to = resolver.end(&draft.to, draft.file);
        ends.push(from.zip(to));
    }
    let mut checker = Checker::new(models, files, findings);
    let mut declared = DeclaredData::default();
    for (draft, path) in drafts.entities.into_iter().zip(paths) {
        let Some(path) = path else { continue };
        if checker.accepts_entity(&draft, &path) {
            declared.entities.push(entity(draft, path));
        }
    }
    for (draft, ends) in drafts.relationships.into_iter().zip(ends) {
        let Some((from, to)) = ends else { continue };
        let key = RelationshipKey {
            kind: draft.kind.value.clone(),
            from: from.path.clone(),
            to: to.path.clone(),
        };
        if checker.accepts_relationship(&draft, &key, (&from, &to)) {
            declared.relationships.push(Declared {
                address: Address::relationship(&key),
                resource: Relationship {
                    key,
                    metadata: draft.metadata.as_ref().map(YamlNode::json),
                    ..draft.fields
                },
                file: draft.file,
                span: draft.kind.span,
                locations: draft.locations,
            });
        }
    }
    declared
}

fn entity(draft: EntityDraft, path: EntityPath) -> Declared<Entity> {
    Declared {
        address: Address::entity(&draft.entity_type.value, path.clone()),
        resource: Entity {
            path,
            entity_type: draft.entity_type.value,
            name: draft.name,
            metadata: draft.metadata.as_ref().map(YamlNode::json),
            content: draft.content,
            enabled_classifiers: draft.enabled_classifiers,
            ..Entity::default()
        },
        file: draft.file,
        span: draft.slug.span,
        locations: draft.locations,
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
    entities: &'a [EntityDraft],
    by_slug: HashMap<&'a str, Vec<usize>>,
    files: &'a [Source],
    findings: &'a mut Findings,
    /// The paths that are known. `None` for entities whose parent cannot be found.
    paths: BTreeMap<usize, Option<EntityPath>>,
    /// The entities whose paths are being searched for: one that is met again is its own ancestor.
    open: BTreeSet<usize>,
}

impl<'a> Resolver<'a> {
    fn new(entities: &'a [EntityDraft], files: &'a [Source], findings: &'a mut Findings) -> Self {
        let mut by_slug: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, entity) in entities.iter().enumerate() {
            by_slug.entry(&entity.slug.value).or_default().push(index);
        }
        Self {
            entities,
            by_slug,
            files,
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
        let draft = &self.entities[index];
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
        match self.resolve(parent, draft.file)? {
            Resolved::Declared(above) if self.open.contains(&above) => {
                let message = format!("the parents of {} form a circle", tick(&draft.slug.value));
                self.report(
                    "parent-circle",
                    message,
                    parent,
                    draft.file,
                    "remove one of the parents",
                );
                None
            }
            Resolved::Declared(above) => self.path(above),
            Resolved::Elsewhere(path) => Some(path),
            Resolved::Ambiguous(found) => {
                self.report_ambiguous(parent, draft.file, &found);
                None
            }
        }
    }

    fn end(&mut self, name: &Text, file: usize) -> Option<RelationshipEnd> {
        match self.resolve(name, file)? {
            Resolved::Declared(index) => Some(RelationshipEnd {
                path: self.path(index)?,
                entity_type: Some(self.entities[index].entity_type.value.clone()),
            }),
            Resolved::Elsewhere(path) => Some(RelationshipEnd {
                path,
                entity_type: reference::parse(&name.value)?.entity_type,
            }),
            Resolved::Ambiguous(found) => {
                self.report_ambiguous(name, file, &found);
                None
            }
        }
    }

    fn resolve(&mut self, name: &Text, file: usize) -> Option<Resolved> {
        let Some(reference) = reference::parse(&name.value) else {
            let message = format!("{} names no entity", tick(&name.value));
            let help = "write `SLUG`, `TYPE:SLUG` or `PARENT/SLUG`";
            self.report("entity-name", message, name, file, help);
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

    fn report_ambiguous(&mut self, name: &Text, file: usize, found: &[usize]) {
        let message = format!("{} names {} entities of the files", tick(&name.value), found.len());
        let Some(source) = self.files.get(file) else { return };
        let mut problem = Diagnostic::error("ambiguous-entity", message).at(source, name.span.clone());
        for index in found {
            let other = &self.entities[*index];
            if let Some(source) = self.files.get(other.file) {
                problem = problem.related(source, other.slug.span.clone(), "one of them is here");
            }
        }
        self.findings
            .push(problem.help("write `TYPE:SLUG`, or the path from the topmost parent, `PARENT/SLUG`"));
    }

    fn report(&mut self, code: &'static str, message: String, at: &Text, file: usize, help: &str) {
        if let Some(source) = self.files.get(file) {
            let span: Range<usize> = at.span.clone();
            self.findings
                .push(Diagnostic::error(code, message).at(source, span).help(help));
        }
    }
}
