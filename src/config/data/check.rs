//! What the server would refuse of data, as far as the files alone show it.

use std::collections::HashMap;
use std::ops::Range;

use super::draft::{EntityDraft, MetadataDraft, RelationshipDraft};
use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::finding::Findings;
use crate::config::model::Models;
use crate::config::source::Source;
use crate::config::suggestion::nearest;
use crate::config::yaml::YamlNode;
use crate::resource::{
    EntityPath, EntityType, MetadataProblem, MetadataSchema, RelationshipKey, RelationshipType, Rule,
};

/// An end of a relationship.
#[derive(Debug, Clone)]
pub(super) struct RelationshipEnd {
    /// The path of the entity.
    pub path: EntityPath,
    /// The slug of its type, where the files tell it.
    pub entity_type: Option<String>,
}

/// A location in the files.
type DataPlace<'a> = (&'a Source, Range<usize>);

/// Checks entities and relationships one by one, against those before them and against the types of the files.
pub(super) struct Checker<'a> {
    models: &'a Models,
    /// The first type of each slug.
    entity_types: HashMap<&'a str, &'a EntityType>,
    relationship_types: HashMap<&'a str, &'a RelationshipType>,
    findings: &'a mut Findings,
    /// The compiled schemas of types, by kind and slug. `None` for one that is no schema.
    schemas: HashMap<(bool, String), Option<MetadataSchema>>,
    entities: HashMap<EntityPath, DataPlace<'a>>,
    domains: HashMap<String, DataPlace<'a>>,
    relationships: HashMap<RelationshipKey, DataPlace<'a>>,
}

impl<'a> Checker<'a> {
    /// Creates a checker of nothing yet.
    pub(super) fn new(models: &'a Models, findings: &'a mut Findings) -> Self {
        let (mut entity_types, mut relationship_types) = (HashMap::new(), HashMap::new());
        for it in &models.entity_types {
            entity_types.entry(it.resource.slug.as_str()).or_insert(&it.resource);
        }
        for it in &models.relationship_types {
            relationship_types
                .entry(it.resource.slug.as_str())
                .or_insert(&it.resource);
        }
        Self {
            models,
            entity_types,
            relationship_types,
            findings,
            schemas: HashMap::new(),
            entities: HashMap::new(),
            domains: HashMap::new(),
            relationships: HashMap::new(),
        }
    }

    /// Whether an entity is the first one of its path. Everything that is wrong with it is reported.
    pub(super) fn accepts_entity(&mut self, draft: &'a EntityDraft, path: &EntityPath) -> bool {
        let place = (draft.source.as_ref(), draft.slug.span.clone());
        if let Some(first) = self.entities.get(path).cloned() {
            let message = format!("two entities have the path {}", tick(&path.to_string()));
            let problem = problem("duplicate-entity", message, &place);
            self.push_with(problem, &first, "give one of them another slug or another parent");
            return false;
        }
        if path.depth() > EntityPath::MAX_DEPTH {
            let limit = EntityPath::MAX_DEPTH;
            let message = format!(
                "an entity has at most {} parents above it, and this one has more",
                limit - 1
            );
            let problem = problem("too-deep", message, &place);
            self.findings.push(problem);
        }
        self.entities.insert(path.clone(), place);
        let kind = &draft.entity_type;
        if !self.entity_types.contains_key(kind.value.as_str()) {
            let slugs = self.models.entity_types.iter().map(|it| it.resource.slug.as_str());
            self.report_type(
                &kind.value,
                &(draft.source.as_ref(), kind.span.clone()),
                slugs,
                "entity",
            );
        }
        if let Some(metadata) = &draft.metadata {
            self.check_metadata(true, &kind.value, metadata, &draft.source);
            self.check_domain(metadata, &draft.source);
        }
        true
    }

    /// Whether a relationship is the first one of its kind between two different entities. Everything that is wrong with it
    /// is reported.
    pub(super) fn accepts_relationship(
        &mut self,
        draft: &'a RelationshipDraft,
        key: &RelationshipKey,
        (from, to): (&RelationshipEnd, &RelationshipEnd),
    ) -> bool {
        let place = (draft.source.as_ref(), draft.kind.span.clone());
        if key.from == key.to {
            let problem = problem("self-relationship", "an entity cannot be related to itself", &place);
            self.findings.push(problem);
            return false;
        }
        let kind = self.relationship_types.get(&*key.kind).copied();
        if kind.is_none() {
            let slugs = self.models.relationship_types.iter();
            let slugs = slugs.map(|it| it.resource.slug.as_str());
            self.report_type(&key.kind, &place, slugs, "relationship");
        }
        let is_symmetric = kind.is_some_and(|kind| kind.is_symmetric == Some(true));
        let swapped = key.swapped();
        let same = self
            .relationships
            .get(key)
            .or_else(|| self.relationships.get(&swapped).filter(|_| is_symmetric));
        if let Some(first) = same.cloned() {
            let message = format!("two relationships of the type {} join these entities", tick(&key.kind));
            let problem = problem("duplicate-relationship", message, &place);
            self.push_with(problem, &first, "remove one of them");
            return false;
        }
        self.relationships.insert(key.clone(), place.clone());
        if let (Some(kind), Some(from), Some(to)) = (kind, &from.entity_type, &to.entity_type) {
            self.check_rules(kind, from, to, &place);
        }
        if let Some(metadata) = &draft.metadata {
            self.check_metadata(false, &key.kind, metadata, &draft.source);
        }
        true
    }

    /// Warns about a type that no model file declares. It may be on the server.
    fn report_type<'t>(&mut self, slug: &str, place: &DataPlace<'_>, known: impl Iterator<Item = &'t str>, kind: &str) {
        if slug.starts_with('$') {
            return;
        }
        let message = format!("no model file declares the {kind} type {}", tick(slug));
        let warning = Diagnostic::warning("unknown-type", message).at(place.0, place.1.clone());
        self.findings.push(match nearest(slug, known) {
            Some(near) => warning.help(format!("did you mean {}?", tick(near))),
            None => warning.help("declare it in a model file, or make sure that the server has it"),
        });
    }

    fn check_rules(&mut self, kind: &RelationshipType, from: &str, to: &str, place: &DataPlace<'_>) {
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
            let problem = problem("forbidden-pair", message, place);
            self.findings
                .push(problem.help("swap the two entities, or add a rule to the type"));
        }
    }

    fn check_domain(&mut self, metadata: &'a MetadataDraft, source: &'a Source) {
        let Some(node) = metadata.node.get("domain") else {
            return;
        };
        let Some(domain) = node.text() else { return };
        let place = (source, node.span.clone());
        match self.domains.get(domain).cloned() {
            Some(first) => {
                let message = format!("two entities have the domain {}", tick(domain));
                let problem = problem("duplicate-domain", message, &place);
                self.push_with(problem, &first, "the server accepts a domain once");
            }
            None => drop(self.domains.insert(domain.to_owned(), place)),
        }
    }

    fn check_metadata(&mut self, is_entity: bool, slug: &str, metadata: &MetadataDraft, source: &Source) {
        let schema = if is_entity {
            self.entity_types
                .get(slug)
                .and_then(|found| found.metadata_schema.as_ref())
        } else {
            let found = self.relationship_types.get(slug);
            found.and_then(|found| found.metadata_schema.as_ref())
        };
        let Some(schema) = schema else { return };
        let schema = self
            .schemas
            .entry((is_entity, slug.to_owned()))
            .or_insert_with(|| MetadataSchema::new(schema).ok());
        let problems = schema.as_ref().map(|schema| schema.problems(&metadata.json));
        for MetadataProblem { path, message } in problems.unwrap_or_default() {
            let place = (source, place_of(&metadata.node, &path));
            let name = if path.is_empty() {
                "`metadata`".to_owned()
            } else {
                tick(&format!("metadata.{}", path.join(".")))
            };
            let message = format!("{name} does not fit the type {}: {message}", tick(slug));
            let problem = problem("metadata", message, &place);
            self.findings.push(problem);
        }
    }

    fn push_with(&mut self, problem: Diagnostic, first: &DataPlace<'_>, help: &str) {
        let problem = problem.related(first.0, first.1.clone(), "the first one is here");
        self.findings.push(problem.help(help));
    }
}

fn problem(code: &'static str, message: impl Into<String>, (source, span): &DataPlace<'_>) -> Diagnostic {
    Diagnostic::error(code, message).at(source, span.clone())
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
