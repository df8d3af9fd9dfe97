//! A relationship type and its rules.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::comparison::Comparison;
use super::fields::Fields;
use crate::plan::change::Change;
use crate::plan::operation::{Operation, RelationshipWrite};
use crate::plan::row::Impact;
use crate::plan::undeclared::Undeclared;
use crate::resource::value::is_empty;
use crate::resource::{FieldPath, RelationshipType, Rule, Shown};

type Rules = BTreeMap<Rule, Vec<Value>>;

/// Compares; rules are a set of pairs, of which the server may hold one several times.
pub(super) fn compare(
    desired: &RelationshipType,
    remote: Option<&RelationshipType>,
    undeclared: Undeclared,
) -> Comparison {
    let mut fields = Fields::new(undeclared, remote.is_some());
    compare_fields(&mut fields, desired, remote);
    let rules = compare_rules(
        desired.rules.as_ref(),
        remote.and_then(|it| it.rules.as_ref()),
        undeclared,
    );
    let Some(remote) = remote else {
        return creation(desired, fields, rules);
    };
    let symmetry = compare_symmetry(desired, remote, undeclared);
    let replaces = symmetry.as_ref().is_some_and(|change| change.kind.writes());
    let mut changes = fields.changes;
    changes.extend(symmetry);
    changes.extend(rules.changes);
    if replaces {
        let relationship_type = overlaid(desired, remote, undeclared);
        let write = RelationshipWrite {
            relationship_type,
            with_inverse: true,
        };
        let operation = Some(Operation::ReplaceRelationshipType(write));
        return Comparison {
            changes,
            operation,
            impact: Some(Impact::Replace),
            ..Comparison::default()
        };
    }
    let nothing = fields.body.is_empty() && rules.add.is_empty() && rules.remove.is_empty();
    let operation = (!nothing).then(|| Operation::UpdateRelationshipType {
        slug: desired.slug.clone(),
        fields: fields.body,
        add: rules.add,
        remove: rules.remove,
    });
    Comparison {
        changes,
        operation,
        ..Comparison::default()
    }
}

fn creation(desired: &RelationshipType, fields: Fields, rules: RuleDifference) -> Comparison {
    let mut changes = fields.changes;
    if desired.is_symmetric == Some(true) {
        changes.push(Change::between(
            FieldPath::root("is_symmetric"),
            None,
            Some(Shown::Plain(json!(true))),
        ));
    }
    changes.extend(rules.changes);
    let write = RelationshipWrite {
        relationship_type: desired.clone(),
        with_inverse: true,
    };
    Comparison {
        changes,
        operation: Some(Operation::CreateRelationshipType(write)),
        ..Comparison::default()
    }
}

fn compare_fields(fields: &mut Fields, desired: &RelationshipType, remote: Option<&RelationshipType>) {
    let text = |value: &Option<String>| value.clone().map(Value::String);
    let found = |get: fn(&RelationshipType) -> Option<Value>| remote.and_then(get);
    fields.compare(
        "name",
        Some(Value::from(desired.name.as_str())),
        found(|it| Some(json!(it.name))),
        None,
    );
    fields.compare(
        "description",
        text(&desired.description),
        found(|it| it.description.clone().map(Value::String)),
        Some(Value::Null),
    );
    fields.compare(
        "metadata_schema",
        desired.metadata_schema.clone(),
        found(|it| it.metadata_schema.clone()),
        Some(Value::Null),
    );
    fields.compare(
        "inverse_type_slug",
        text(&desired.inverse_type_slug),
        found(|it| it.inverse_type_slug.clone().map(Value::String)),
        Some(json!("")),
    );
    let status = |it: &RelationshipType| it.status.clone().filter(|status| status != "active");
    let wanted_status = desired
        .status
        .as_deref()
        .filter(|status| remote.is_some() || *status != "active");
    let found_status = remote.and_then(|it| {
        if wanted_status.is_some() {
            it.status.clone()
        } else {
            status(it)
        }
    });
    fields.compare(
        "status",
        wanted_status.map(Value::from),
        found_status.map(Value::String),
        Some(json!("active")),
    );
    fields.compare(
        "auto_create_when",
        desired.auto_create_when.clone(),
        found(|it| it.auto_create_when.clone()),
        Some(json!([])),
    );
}

/// Fixed when the type is created: a difference means archive, delete and create again.
fn compare_symmetry(desired: &RelationshipType, remote: &RelationshipType, undeclared: Undeclared) -> Option<Change> {
    let path = FieldPath::root("is_symmetric");
    let found = remote.is_symmetric.unwrap_or(false);
    let shown = |value: bool| Shown::Plain(Value::Bool(value));
    match desired.is_symmetric {
        Some(wanted) if wanted != found => Some(Change::between(path, Some(shown(found)), Some(shown(wanted)))),
        None if found => Some(Change::server_only(path, shown(found), undeclared)),
        _ => None,
    }
}

/// The type as it will be after a replacement: what the file does not mention is put back, unless it is to be cleared.
fn overlaid(desired: &RelationshipType, remote: &RelationshipType, undeclared: Undeclared) -> RelationshipType {
    if undeclared.clears() {
        return desired.clone();
    }
    let keep = |wanted: &Option<Value>, found: &Option<Value>| wanted.clone().or_else(|| found.clone());
    RelationshipType {
        slug: desired.slug.clone(),
        name: desired.name.clone(),
        description: desired.description.clone().or_else(|| remote.description.clone()),
        metadata_schema: keep(&desired.metadata_schema, &remote.metadata_schema),
        is_symmetric: desired.is_symmetric,
        inverse_type_slug: desired
            .inverse_type_slug
            .clone()
            .or_else(|| remote.inverse_type_slug.clone()),
        status: desired.status.clone().or_else(|| remote.status.clone()),
        auto_create_when: keep(&desired.auto_create_when, &remote.auto_create_when).filter(|value| !is_empty(value)),
        rules: desired.rules.clone().or_else(|| remote.rules.clone()),
    }
}

#[derive(Default)]
struct RuleDifference {
    changes: Vec<Change>,
    add: Vec<Rule>,
    remove: Vec<Value>,
}

fn compare_rules(desired: Option<&Rules>, remote: Option<&Rules>, undeclared: Undeclared) -> RuleDifference {
    let nothing = Rules::new();
    let found = remote.unwrap_or(&nothing);
    let Some(wanted) = desired else {
        return undeclared_rules(found, undeclared);
    };
    let mut difference = RuleDifference::default();
    for rule in wanted.keys().filter(|rule| !found.contains_key(*rule)) {
        difference.changes.push(Change::between(
            rule_path(rule),
            None,
            Some(Shown::Plain(Value::Bool(true))),
        ));
        difference.add.push(rule.clone());
    }
    for (rule, rows) in found.iter().filter(|(rule, _)| !wanted.contains_key(*rule)) {
        difference.changes.push(Change::between(
            rule_path(rule),
            Some(Shown::Plain(Value::Bool(true))),
            None,
        ));
        difference.remove.extend(rows.iter().cloned());
    }
    difference.changes.sort_by(|left, right| left.path.cmp(&right.path));
    difference
}

fn undeclared_rules(found: &Rules, undeclared: Undeclared) -> RuleDifference {
    let mut difference = RuleDifference::default();
    for (rule, rows) in found {
        difference.changes.push(Change::server_only(
            rule_path(rule),
            Shown::Plain(Value::Bool(true)),
            undeclared,
        ));
        difference
            .remove
            .extend(rows.iter().filter(|_| undeclared.clears()).cloned());
    }
    difference
}

fn rule_path(rule: &Rule) -> FieldPath {
    FieldPath::of(["rules".to_owned(), format!("{}->{}", rule.source, rule.target)])
}

/// The wire fields of a creation.
pub fn creation_fields(write: &RelationshipWrite) -> Map<String, Value> {
    let it = &write.relationship_type;
    let inverse = it
        .inverse_type_slug
        .as_ref()
        .filter(|inverse| write.with_inverse && !inverse.is_empty());
    let fields = [
        ("name", Some(json!(it.name))),
        ("description", it.description.clone().map(Value::String)),
        ("metadata_schema", it.metadata_schema.clone()),
        ("is_symmetric", it.is_symmetric.map(Value::Bool)),
        ("inverse_type_slug", inverse.cloned().map(Value::String)),
        ("status", it.status.clone().map(Value::String)),
        ("auto_create_when", it.auto_create_when.clone()),
    ];
    fields
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)))
        .collect()
}
