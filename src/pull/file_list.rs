//! Lists whose order does not matter, as files have them: in their own words and spelling.

use serde_json::{Value, json};

use crate::config::normalized_domain;

/// What a list holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ListForm {
    /// Texts.
    Texts,
    /// Domains, which the server has in a normal form.
    Domains,
    /// Domains, each with or without a judge.
    JudgedDomains,
}

impl ListForm {
    /// Returns a list for a file: what the server has, in its order and spelled as the file spells it, without what skills
    /// add.
    ///
    /// # Errors
    /// When a skill adds something that the server does not have.
    pub(super) fn wanted(self, own: &[Value], added: &[Value], remote: &[Value]) -> Result<Vec<Value>, String> {
        let is_there = |item: &Value| remote.iter().any(|other| self.key(other) == self.key(item));
        if let Some(added) = added.iter().find(|item| !is_there(item)) {
            return Err(format!(
                "a skill adds {added}, which the server does not have; edit the skill"
            ));
        }
        let items = remote
            .iter()
            .filter_map(|item| match own.iter().find(|own| self.is_same(own, item)) {
                Some(own) => Some(own.clone()),
                None if added.contains(item) => None,
                None => Some(in_file(item)),
            });
        Ok(items.collect())
    }

    /// Returns the part of an item that no other item of a list has.
    fn key(self, item: &Value) -> &Value {
        match self {
            Self::JudgedDomains => item.get("domain").unwrap_or(item),
            _ => item,
        }
    }

    /// Whether an item of a file is one of the server. Of judged domains, only those of skills are in the normal form.
    fn is_same(self, own: &Value, item: &Value) -> bool {
        let normal = |domain: &str| json!(normalized_domain(domain));
        match (self, own) {
            (Self::Domains, Value::String(domain)) => normal(domain) == *item,
            (Self::JudgedDomains, Value::String(domain)) => {
                item.get("judge").is_none() && [normal(domain), json!(domain)].contains(self.key(item))
            }
            (Self::JudgedDomains, Value::Object(entry)) => {
                let domain = self.key(own).as_str().unwrap_or_default();
                let judge = entry.get("judge").filter(|judge| **judge != "");
                item.get("judge") == judge && [normal(domain), json!(domain)].contains(self.key(item))
            }
            _ => own == item,
        }
    }
}

/// Returns an item as files have it: a domain without a judge is a text.
fn in_file(item: &Value) -> Value {
    match item.as_object() {
        Some(entry) if !entry.contains_key("judge") => entry.get("domain").unwrap_or(item).clone(),
        _ => item.clone(),
    }
}
