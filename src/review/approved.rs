//! Plans that were made on this machine, by id: when a plan is not the approved one, the rows that differ can be named.
//!
//! A file holds addresses, verbs and digests, no value. It is a help, not a guard: where it cannot be written or read,
//! the rows are just not named.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize, Serializer as _};

use crate::plan::{Plan, PlanId, Row, Verb, row_digest};
use crate::private_file::{Existing, ensure_private_folder, open_private};
use crate::resource::Address;

/// The number of plans that are kept; older ones are removed.
const KEPT: usize = 50;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct KnownRow {
    verb: Verb,
    digest: String,
}

type KnownPlan = BTreeMap<Address, KnownRow>;

/// Keeps the rows of a plan that writes something.
pub(super) fn remember(state_dir: Option<&Path>, plan: &Plan) {
    if let Some(state_dir) = state_dir
        && plan.rows.iter().any(Row::writes)
    {
        // Without this file the next refusal names no rows; nothing else depends on it.
        let _ = write(&state_dir.join("plans"), plan);
    }
}

fn known_rows(plan: &Plan) -> impl Iterator<Item = (&Address, KnownRow)> {
    let writing = plan.rows.iter().filter(|row| row.writes());
    writing.map(|row| {
        let (verb, digest) = (row.verb, row_digest(row));
        (&row.address, KnownRow { verb, digest })
    })
}

fn rows_of(plan: &Plan) -> KnownPlan {
    known_rows(plan).map(|(address, row)| (address.clone(), row)).collect()
}

fn write(dir: &Path, plan: &Plan) -> std::io::Result<()> {
    ensure_private_folder(dir)?;
    let file = open_private(&dir.join(format!("{}.json", plan.id)), Existing::Replace)?;
    // Row by row: all digests at once are as much memory as a quarter of the plan.
    let mut file = BufWriter::new(file);
    serde_json::Serializer::new(&mut file).collect_map(known_rows(plan))?;
    file.flush()?;
    forget_oldest(dir)
}

fn forget_oldest(dir: &Path) -> std::io::Result<()> {
    let mut files: Vec<(SystemTime, PathBuf)> = fs::read_dir(dir)?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
        })
        .collect();
    files.sort();
    let surplus = files.len().saturating_sub(KEPT);
    files
        .iter()
        .take(surplus)
        .try_for_each(|(_, path)| fs::remove_file(path))
}

/// Returns the rows by which the approved plan and this one differ, a sentence each, or `None` where the approved plan is
/// not known on this machine.
pub(super) fn differences(state_dir: Option<&Path>, approved: &PlanId, plan: &Plan) -> Option<Vec<String>> {
    let text = fs::read(state_dir?.join("plans").join(format!("{approved}.json"))).ok()?;
    let approved: KnownPlan = serde_json::from_slice(&text).ok()?;
    Some(compare(&approved, &rows_of(plan), |_| None))
}

/// Returns the rows by which a plan that was saved as a whole and this one differ, a sentence each.
pub(super) fn differences_of_plans(approved: &Plan, plan: &Plan) -> Vec<String> {
    compare(&rows_of(approved), &rows_of(plan), |address| {
        let fields = approved.row(address)?.differing_fields(plan.row(address)?);
        let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
        (!fields.is_empty()).then(|| fields.join(", "))
    })
}

/// Returns a sentence for each row that differs. `fields` names the fields of a row that differ, as far as they are known.
fn compare(approved: &KnownPlan, now: &KnownPlan, fields: impl Fn(&Address) -> Option<String>) -> Vec<String> {
    let gone = approved
        .iter()
        .filter(|(address, _)| !now.contains_key(address))
        .map(|(address, row)| format!("{address}: {} was approved, now nothing is written", what(row.verb)));
    let new = now
        .iter()
        .filter(|(address, _)| !approved.contains_key(address))
        .map(|(address, row)| format!("{address}: {} was not in the approved plan", what(row.verb)));
    let changed = now.iter().filter_map(|(address, row)| {
        let before = approved.get(address)?;
        (before != row).then(|| match (before.verb, row.verb) {
            (before, after) if before == after => {
                let fields = fields(address).unwrap_or_else(|| "something else".to_owned());
                format!("{address}: {} of {fields}, other than approved", what(after))
            }
            (before, after) => format!("{address}: {} was approved, now {}", what(before), what(after)),
        })
    });
    let mut lines: Vec<String> = gone.chain(new).chain(changed).collect();
    // Each line begins with its address: sorting brings the three kinds of difference together by resource.
    lines.sort();
    // The plan id covers more than the rows.
    if lines.is_empty() {
        lines.push("the rows are the same: the organization, the server or a warning is another".to_owned());
    }
    lines
}

/// Returns what a row that writes does. One that changes nothing is written because its secret is sent again.
fn what(verb: Verb) -> &'static str {
    match verb {
        Verb::Noop => "secret resent",
        other => other.word(),
    }
}
