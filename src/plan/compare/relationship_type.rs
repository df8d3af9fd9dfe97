//! A relationship type and its rules.

use serde_json::{Map, Value};

use super::comparison::Comparison;
use super::fields::compare_fields;
use crate::plan::change::Change;
use crate::plan::operation::{Operation, RelationshipWrite};
use crate::plan::row::Impact;
use crate::plan::undeclared::Undeclared;
use crate::resource::field_table::to_body;
use crate::resource::value::is_empty;
use crate::resource::{FieldPath, RelationshipType, Rule, Rules, SharedValue, Shown};

/// Compares a relationship type with the one on the server, if it exists there.
///
/// Rules are a set of pairs, of which the server may hold one several times.
pub(super) fn compare(
    desired: &SharedValue<RelationshipType>,
    remote: Option<&SharedValue<RelationshipType>>,
    undeclared: Undeclared,
) -> Comparison {
    let fields = compare_fields(RelationshipType::FIELDS, desired, remote.map(|it| &**it), undeclared);
    let remote_rules = remote.and_then(|it| it.rules.as_ref());
    let rules = compare_rules(desired.rules.as_ref(), remote_rules, undeclared);
    let mut changes = fields.changes;
    changes.extend(rules.changes);
    let nothing = fields.body.is_empty() && rules.add.is_empty() && rules.remove.is_empty();
    let (operation, impact) = match remote {
        None => (Some(Operation::CreateRelationshipType(whole(desired.clone()))), None),
        Some(remote) if fields.replaces => {
            let write = whole(overlaid(desired, remote, undeclared).into());
            (Some(Operation::ReplaceRelationshipType(write)), Some(Impact::Replace))
        }
        Some(_) if nothing => (None, None),
        Some(_) => (
            Some(Operation::UpdateRelationshipType {
                slug: desired.slug.clone(),
                fields: fields.body,
                add: rules.add,
                remove: rules.remove,
            }),
            None,
        ),
    };
    Comparison {
        changes,
        operation,
        impact,
        ..Comparison::default()
    }
}

fn whole(relationship_type: SharedValue<RelationshipType>) -> RelationshipWrite {
    RelationshipWrite {
        relationship_type,
        with_inverse: true,
    }
}

/// Returns the type as it will be after a replacement: what the file does not mention is put back unless it is cleared.
fn overlaid(desired: &RelationshipType, remote: &RelationshipType, undeclared: Undeclared) -> RelationshipType {
    let mut overlaid = desired.clone();
    if undeclared.clears() {
        return overlaid;
    }
    for field in RelationshipType::FIELDS {
        if field.get(desired).is_none() {
            // A value of one resource always fits the same field of another.
            let kept = field.get(remote).filter(|value| !is_empty(value));
            let _ = field.set(&mut overlaid, kept);
        }
    }
    overlaid.rules = desired.rules.clone().or_else(|| remote.rules.clone());
    overlaid
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
            Some(Shown::from(Value::Bool(true))),
        ));
        difference.add.push(rule.clone());
    }
    for (rule, rows) in found.iter().filter(|(rule, _)| !wanted.contains_key(*rule)) {
        difference.changes.push(Change::between(
            rule_path(rule),
            Some(Shown::from(Value::Bool(true))),
            None,
        ));
        // All rows of the pair: the server may hold a rule several times.
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
            Shown::from(Value::Bool(true)),
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

/// Returns the body that creates a relationship type.
pub fn creation_fields(write: &RelationshipWrite) -> Map<String, Value> {
    let mut body = to_body(RelationshipType::FIELDS, &write.relationship_type);
    let names_inverse = body.get(RelationshipType::INVERSE).is_some_and(|slug| !is_empty(slug));
    if !write.with_inverse || !names_inverse {
        body.remove(RelationshipType::INVERSE);
    }
    body
}
