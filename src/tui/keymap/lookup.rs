//! Finds bindings: by a key, for the footer, for a list.

use super::binding::Binding;
use super::table::TABLE;
use crate::tui::key::Key;
use crate::tui::model::{KeyContext, Model};

/// Returns the keys of an action in a context: those that were chosen for it, else those of the table.
pub fn keys<'a>(model: &'a Model, binding: &'static Binding, context: KeyContext) -> &'a [Key] {
    // Where text is typed, a chosen letter is a letter.
    let chosen = model.keys.of(binding.name).filter(|_| !context.types());
    chosen.unwrap_or(binding.keys)
}

/// Returns the binding of a key in the model's context, whether or not it does something now; `None` for an unbound key.
pub fn lookup(model: &Model, key: Key) -> Option<&'static Binding> {
    let context = model.context();
    help(context).find(|binding| keys(model, binding, context).contains(&key))
}

/// Returns the bindings that do something now and have a text in the footer, most important first, each with its first
/// key.
pub fn footer(model: &Model) -> Vec<(Key, &'static Binding)> {
    let context = model.context();
    let named = help(context).filter(|binding| binding.rank > 0);
    let named = named.filter(|binding| (binding.when)(model) && model.refusal(binding.action).is_none());
    let mut named: Vec<(Key, &Binding)> = named
        .filter_map(|binding| Some((*keys(model, binding, context).first()?, binding)))
        .collect();
    named.sort_by_key(|(_, binding)| binding.rank);
    named
}

/// Returns the bindings of a context, in the order of the table.
pub fn help(context: KeyContext) -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(move |binding| binding.contexts.contains(&context))
}
