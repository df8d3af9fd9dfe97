//! `--delete`: the entities and relationships that are deleted because the user names them. No plan lists them otherwise: what
//! no file declares of the data is what agents have written.

use std::collections::BTreeSet;

use super::options::ReviewOptions;
use crate::config::Project;
use crate::failure::Failure;
use crate::resource::{Address, State};

/// Returns the addresses that `--delete` names. A text that is no address is left out.
pub(super) fn named(options: &ReviewOptions) -> BTreeSet<Address> {
    let parsed = options.deletes.iter().map(|text| text.trim().parse());
    parsed.filter_map(Result::ok).collect()
}

/// Checks that `--delete` names data, in full, and that no file declares it.
///
/// # Errors
/// The first address that cannot be deleted so.
pub(super) fn check(project: &Project, options: &ReviewOptions) -> Result<(), Failure> {
    if !options.deletes.is_empty() && !options.only.has_data() {
        return Err(Failure::usage("`--delete` deletes data, and `--only` leaves that out"));
    }
    for text in &options.deletes {
        if text.contains(['*', '?']) {
            let message = format!("`--delete {text}` is a pattern, and what is deleted so is named in full");
            return Err(Failure::usage(message).hint("write `--delete` once for each address"));
        }
        let address: Result<Address, _> = text.trim().parse();
        let address = address.map_err(|error| Failure::usage(format!("`--delete`: {error}")))?;
        check_kind(&address)?;
        if let Some(declared) = declared(&project.desired, &address) {
            let location = project.origins.of(&declared);
            let location = location.map(|it| format!(", at {}:{}", it.file.display(), it.line));
            let message = format!(
                "`--delete {address}`: the files declare it{}; nothing was written",
                location.unwrap_or_default()
            );
            return Err(Failure::invalid(message).hint("remove it from the files, then delete it"));
        }
    }
    Ok(())
}

fn check_kind(address: &Address) -> Result<(), Failure> {
    match address {
        Address::Entity { entity_type, .. } if entity_type.starts_with('$') => Err(Failure::usage(format!(
            "`--delete {address}`: entities of the type `{entity_type}` belong to the server"
        ))),
        Address::Entity { .. } | Address::Relationship { .. } => Ok(()),
        other => Err(
            Failure::usage(format!("`--delete {other}` names neither an entity nor a relationship")).hint(format!(
                "`lobuctl apply --prune --target '{other}'` deletes what only the server has of anything else"
            )),
        ),
    }
}

/// Returns the address at which the files declare this resource, if they do. Of a symmetric relationship they may have the
/// ends swapped.
fn declared(desired: &State, address: &Address) -> Option<Address> {
    let has = |address: &Address| desired.get(address).is_some();
    if has(address) {
        return Some(address.clone());
    }
    let Address::Relationship { key } = address else {
        return None;
    };
    let kind = desired.relationship_types.get(&*key.kind);
    let is_symmetric = kind.is_some_and(|kind| kind.is_symmetric == Some(true));
    Some(Address::relationship(&key.swapped())).filter(|swapped| is_symmetric && has(swapped))
}

/// Returns the addresses that the server has, to be marked for deletion.
pub(super) fn found<'a>(remote: &'a State, options: &ReviewOptions) -> impl Iterator<Item = Address> + 'a {
    named(options)
        .into_iter()
        .filter(|address| remote.get(address).is_some())
}

/// Returns a warning for each address that the server does not have. It is no error: a run that is repeated has nothing left to
/// delete.
pub(super) fn missing<'a>(remote: &'a State, options: &ReviewOptions) -> impl Iterator<Item = String> + 'a {
    let missing = named(options)
        .into_iter()
        .filter(|address| remote.get(address).is_none());
    missing.map(|address| {
        format!("{address}: the server has none that no file declares, so that nothing of it is deleted")
    })
}
