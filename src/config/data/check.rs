//! What the server would refuse of data, as far as the files alone show it.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value;

use super::draft::{EntityDraft, RelationshipDraft};
use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::finding::Findings;
use crate::config::model::Models;
use crate::config::source::Source;
use crate::config::suggestion::nearest;
use crate::config::yaml::YamlNode;
use crate::resource::{EntityPath, MetadataProblem, MetadataSchema, RelationshipKey, RelationshipType, Rule};

/// An end of a relationship.
#[derive(Debug, Clone)]
pub(super) struct RelationshipEnd {
    /// The path of the entity.
    pub path: EntityPath,
    /// The slug of its type, where the files tell it.
    pub entity_type: Option<String>,
}

/// A location in the files.
type DataPlace = (usize, Range<usize>);

/// Checks entities and relationships one by one, against those before them and against the types of the files.
pub(super) struct Checker<'a> {
    models: &'a Models,
    files: &'a [Source],
    findings: &'a mut Findings,
    /// The compiled schemas of types, by kind and slug. `None` for a type without one, or with one that is no schema.
    schemas: HashMap<(bool, String), Option<MetadataSchema>>,
    entities: HashMap<EntityPath, DataPlace>,
    domains: HashMap<String, DataPlace>,
    relationships: HashMap<RelationshipKey, DataPlace>,
}

impl<'a> Checker<'a> {
    /// Creates a checker of nothing yet.
    pub(super) fn new(models: &'a Models, files: &'a [Source], findings: &'a mut Findings) -> Self {
        Self {
            models,
            files,
            findings,
            schemas: HashMap::new(),
            entities: HashMap::new(),
            domains: HashMap::new(),
            relationships: HashMap::new(),
        }
    }

    /// Whether an entity is the first one of its path. Everything that is wrong with it is reported.
    pub(super) fn accepts_entity(&mut self, draft: &EntityDraft, path: &EntityPath) -> bool {
        let place = (draft.file, draft.slug.span.clone());
        if let Some(first) = self.entities.get(path).cloned() {
            let message = format!("two entities have the path {}", tick(&path.to_string()));
            let problem = self.problem("duplicate-entity", message, &place);
            self.push_with(problem, &first, "give one of them another slug or another parent");
            return false;
        }
        if path.depth() > EntityPath::MAX_DEPTH {
            let limit = EntityPath::MAX_DEPTH;
            let message = format!(
                "an entity has at most {} parents above it, and this one has more",
                limit - 1
            );
            let problem = self.problem("too-deep", message, &place);
            self.findings.push(problem);
        }
        self.entities.insert(path.clone(), place);
        let kind = &draft.entity_type;
        let slugs = self.models.entity_types.iter().map(|it| it.resource.slug.as_str());
        self.check_type(&kind.value, &(draft.file, kind.span.clone()), slugs, "entity");
        if let Some(metadata) = &draft.metadata {
            self.check_metadata(true, &kind.value, metadata, draft.file);
            self.check_domain(metadata, draft.file);
        }
        true
    }

    /// Whether a relationship is the first one of its kind between two different entities. Everything that is wrong with it
    /// is reported.
    pub(super) fn accepts_relationship(
        &mut self,
        draft: &RelationshipDraft,
        key: &RelationshipKey,
        (from, to): (&RelationshipEnd, &RelationshipEnd),
    ) -> bool {
        let place = (draft.file, draft.kind.span.clone());
        if key.from == key.to {
            let problem = self.problem("self-relationship", "an entity cannot be related to itself", &place);
            self.findings.push(problem);
            return false;
        }
        let models = self.models;
        let slugs = models.relationship_types.iter().map(|it| it.resource.slug.as_str());
        self.check_type(&key.kind, &place, slugs, "relationship");
        let kind = models.relationship_types.iter().find(|it| it.resource.slug == key.kind);
        let kind = kind.map(|it| &it.resource);
        let is_symmetric = kind.is_some_and(|kind| kind.is_symmetric == Some(true));
        let swapped = key.swapped();
        let same = self
            .relationships
            .get(key)
            .or_else(|| self.relationships.get(&swapped).filter(|_| is_symmetric));
        if let Some(first) = same.cloned() {
            let message = format!("two relationships of the type {} join these entities", tick(&key.kind));
            let problem = self.problem("duplicate-relationship", message, &place);
            self.push_with(problem, &first, "remove one of them");
            return false;
        }
        self.relationships.insert(key.clone(), place.clone());
        if let (Some(kind), Some(from), Some(to)) = (kind, &from.entity_type, &to.entity_type) {
            self.check_rules(kind, from, to, &place);
        }
        if let Some(metadata) = &draft.metadata {
            self.check_metadata(false, &key.kind, metadata, draft.file);
        }
        true
    }

    /// Warns about a type that no model file declares. It may be on the server.
    fn check_type<'t>(&mut self, slug: &str, place: &DataPlace, known: impl Iterator<Item = &'t str>, kind: &str) {
        let known: Vec<&str> = known.collect();
        if known.contains(&slug) || slug.starts_with('$') {
            return;
        }
        let message = format!("no model file declares the {kind} type {}", tick(slug));
        let Some(source) = self.files.get(place.0) else { return };
        let warning = Diagnostic::warning("unknown-type", message).at(source, place.1.clone());
        self.findings.push(match nearest(slug, known.iter().copied()) {
            Some(near) => warning.help(format!("did you mean {}?", tick(near))),
            None => warning.help("declare it in a model file, or make sure that the server has it"),
        });
    }

    fn check_rules(&mut self, kind: &RelationshipType, from: &str, to: &str, place: &DataPlace) {
        let Some(rules) = kind.rules.as_ref().filter(|rules| !rules.is_empty()) else {
            return;
        };
        let rule = |source: &str, target: &str| Rule {
            source: source.to_owned(),
            target: target.to_owned(),
        };
        let is_symmetric = kind.is_symmetric == Some(true);
        let allows = rules.contains_key(&rule(from, to)) || (is_symmetric && rules.contains_key(&rule(to, from)));
        if !allows {
            let message = format!("no rule of {} allows `{from}` -> `{to}`", tick(&kind.slug));
            let problem = self.problem("forbidden-pair", message, place);
            self.findings
                .push(problem.help("swap the two entities, or add a rule to the type"));
        }
    }

    fn check_domain(&mut self, metadata: &YamlNode, file: usize) {
        let Some(node) = metadata.get("domain") else { return };
        let Some(domain) = node.text() else { return };
        let place = (file, node.span.clone());
        match self.domains.get(domain).cloned() {
            Some(first) => {
                let message = format!("two entities have the domain {}", tick(domain));
                let problem = self.problem("duplicate-domain", message, &place);
                self.push_with(problem, &first, "the server accepts a domain once");
            }
            None => drop(self.domains.insert(domain.to_owned(), place)),
        }
    }

    fn check_metadata(&mut self, is_entity: bool, slug: &str, metadata: &YamlNode, file: usize) {
        let key = (is_entity, slug.to_owned());
        let models = self.models;
        let schema = self.schemas.entry(key).or_insert_with(|| {
            let schema = schema_of(models, is_entity, slug)?;
            MetadataSchema::new(schema).ok()
        });
        let problems = schema.as_ref().map(|schema| schema.problems(&metadata.json()));
        for MetadataProblem { path, message } in problems.unwrap_or_default() {
            let place = (file, place_of(metadata, &path));
            let name = if path.is_empty() {
                "`metadata`".to_owned()
            } else {
                tick(&format!("metadata.{}", path.join(".")))
            };
            let message = format!("{name} does not fit the type {}: {message}", tick(slug));
            let problem = self.problem("metadata", message, &place);
            self.findings.push(problem);
        }
    }

    fn problem(&self, code: &'static str, message: impl Into<String>, place: &DataPlace) -> Diagnostic {
        let problem = Diagnostic::error(code, message);
        match self.files.get(place.0) {
            Some(source) => problem.at(source, place.1.clone()),
            None => problem,
        }
    }

    fn push_with(&mut self, problem: Diagnostic, first: &DataPlace, help: &str) {
        let problem = match self.files.get(first.0) {
            Some(source) => problem.related(source, first.1.clone(), "the first one is here"),
            None => problem,
        };
        self.findings.push(problem.help(help));
    }
}

fn schema_of<'m>(models: &'m Models, is_entity: bool, slug: &str) -> Option<&'m Value> {
    if is_entity {
        let found = models.entity_types.iter().find(|it| it.resource.slug == slug);
        return found?.resource.metadata_schema.as_ref();
    }
    let found = models.relationship_types.iter().find(|it| it.resource.slug == slug);
    found?.resource.metadata_schema.as_ref()
}

/// Returns the location of a value within metadata, or of the innermost value around it that is there.
fn place_of(metadata: &YamlNode, path: &[String]) -> Range<usize> {
    let mut node = metadata;
    for key in path {
        let below = match key.parse::<usize>() {
            Ok(index) if node.items().is_some() => node.items().and_then(|items| items.get(index)),
            _ => node.get(key),
        };
        let Some(below) = below else { break };
        node = below;
    }
    node.span.clone()
}
