//! What was looked at is kept for each target: digests, readable by the owner alone.

use std::collections::BTreeSet;
use std::fs;

use lobuctl::plan::{Plan, Row, Verb};
use lobuctl::resource::Address;
use lobuctl::review::SeenRows;

use crate::support::screen::canned;

fn read(folder: &std::path::Path, plan: &Plan) -> SeenRows {
    SeenRows::read(Some(folder), &plan.target).unwrap()
}

#[test]
fn what_is_new_or_different_since_then_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let plan = canned::plan();
    assert_eq!(
        read(folder.path(), &plan).compare(&plan),
        Default::default(),
        "the first time nothing is new"
    );
    let seen = BTreeSet::from([Address::entity_type("company"), Address::settings("triage")]);
    read(folder.path(), &plan).keep(&plan, &seen).unwrap();
    assert_eq!(read(folder.path(), &plan).compare(&plan), (seen, BTreeSet::new()));

    let mut rows: Vec<Row> = plan.rows.iter().cloned().collect();
    let changed = rows
        .iter_mut()
        .find(|row| row.address == Address::settings("triage"))
        .unwrap();
    changed.changes.pop();
    rows.push(canned::row(Address::entity_type("zebra"), Verb::Create));
    let later = canned::plan_of(rows);
    let (seen, fresh) = read(folder.path(), &later).compare(&later);
    assert_eq!(seen, BTreeSet::from([Address::entity_type("company")]));
    assert_eq!(
        fresh,
        BTreeSet::from([Address::entity_type("zebra"), Address::settings("triage")])
    );
}

#[test]
fn a_plan_of_a_part_keeps_what_is_known_of_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let plan = canned::plan();
    let seen: BTreeSet<Address> = plan.rows.iter().map(|row| row.address.clone()).collect();
    read(folder.path(), &plan).keep(&plan, &seen).unwrap();
    let part = canned::plan_of(vec![plan.row(&Address::entity_type("company")).unwrap().clone()]);
    read(folder.path(), &part).keep(&part, &BTreeSet::new()).unwrap();
    let (seen, fresh) = read(folder.path(), &plan).compare(&plan);
    assert!(fresh.is_empty());
    assert!(seen.contains(&Address::settings("triage")) && !seen.contains(&Address::entity_type("company")));
    let mut other = plan;
    other.target.organization = "prod".to_owned();
    assert_eq!(read(folder.path(), &other).compare(&other), Default::default());
}

#[cfg(unix)]
#[test]
fn the_file_holds_digests_and_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let plan = canned::plan();
    read(folder.path(), &plan).keep(&plan, &BTreeSet::new()).unwrap();
    let mut entries = fs::read_dir(folder.path().join("seen")).unwrap();
    let file = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none(), "nothing temporary is left");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    for value in ["Be concise", "api.linear.app", "67890"] {
        assert!(!text.contains(value), "{text}");
    }
    // A file that cannot be read means that nothing is known.
    fs::write(&file, "not JSON").unwrap();
    assert_eq!(read(folder.path(), &plan).compare(&plan), Default::default());
}
