//! Plans of watchers, without a server: what is created, what is changed by which request, and what is refused before.

use std::collections::{BTreeMap, BTreeSet};

use lobuctl::plan::{Draft, Operation, PlanOptions, Problem, Prune, Selection, Target, Verb, plan, schedule};
use lobuctl::resource::{Address, Origins, State, WatchedEntity, Watcher};
use serde_json::json;

fn company() -> WatchedEntity {
    WatchedEntity {
        id: None,
        entity_type: Some("company".to_owned()),
        slug: Some("acme".to_owned()),
    }
}

fn acme() -> WatchedEntity {
    WatchedEntity {
        id: Some(7),
        ..company()
    }
}

fn watcher(slug: &str) -> Watcher {
    Watcher {
        slug: slug.to_owned(),
        name: "Contacts".to_owned(),
        entities: vec![company()],
        prompt: Some("Look.".to_owned()),
        extraction_schema: Some(json!({"type": "object", "properties": {}})),
        schedule: Some("0 9 * * *".to_owned()),
        ..Watcher::default()
    }
}

/// The watcher as a server has it that was given it.
fn stored(watcher: Watcher) -> Watcher {
    Watcher {
        id: Some(json!(1)),
        entities: vec![acme()],
        sources: watcher.sources.clone().or_else(|| Some(Watcher::default_sources())),
        ..watcher
    }
}

fn state(watchers: impl IntoIterator<Item = Watcher>) -> State {
    State {
        watchers: watchers.into_iter().map(|it| (it.slug.clone(), it.into())).collect(),
        ..State::default()
    }
}

/// A server that knows watchers, with these.
fn server(watchers: impl IntoIterator<Item = Watcher>) -> State {
    let mut state = state(watchers);
    state.facts.watchers.are_known = true;
    state.facts.watchers.named = BTreeMap::from([(company(), vec![acme()])]);
    state
}

fn planned(desired: &State, remote: &State, prune: Prune) -> Result<Draft, Vec<Problem>> {
    let options = PlanOptions {
        prune,
        ..PlanOptions::default()
    };
    plan(desired, remote, &Origins::default(), Target::default(), &options)
}

fn planned_well(desired: &State, remote: &State) -> Draft {
    planned(desired, remote, Prune::Nothing).unwrap()
}

fn messages(desired: &State, remote: &State) -> Vec<String> {
    let problems = planned(desired, remote, Prune::Nothing).unwrap_err();
    problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn a_watcher_is_created_once_and_then_unchanged() {
    let desired = state([watcher("contacts")]);
    let draft = planned_well(&desired, &server([]));
    let row = draft.plan.row(&Address::watcher("contacts")).unwrap();
    assert_eq!(row.verb, Verb::Create);
    let entity = row.changes.iter().find(|change| change.path.top() == "entity").unwrap();
    assert_eq!(entity.after.as_ref().unwrap().as_str(), Some("company:acme"));

    let again = planned_well(&desired, &server([stored(watcher("contacts"))]));
    assert_eq!(again.plan.counts.changes(), 0);
    assert_eq!(again.plan.counts.field_drift, 0);
}

#[test]
fn an_empty_schedule_takes_the_schedule_away() {
    let unscheduled = Watcher {
        schedule: Some(String::new()),
        ..watcher("contacts")
    };
    let draft = planned_well(&state([unscheduled.clone()]), &server([stored(watcher("contacts"))]));
    let Operation::UpdateWatcher(update) = &draft.steps[&Address::watcher("contacts")].operation else {
        panic!("{:?}", draft.steps);
    };
    assert_eq!(json!(update.settings), json!({"schedule": ""}));
    let without = Watcher {
        schedule: None,
        ..stored(watcher("contacts"))
    };
    let draft = planned_well(&state([unscheduled]), &server([without]));
    assert!(draft.steps.is_empty(), "{:?}", draft.steps);
}

#[test]
fn each_difference_goes_into_the_request_that_changes_it() {
    let before = stored(Watcher {
        reactions_guidance: Some("Be kind.".to_owned()),
        ..watcher("contacts")
    });
    let desired = Watcher {
        prompt: Some("Look again.".to_owned()),
        schedule: None,
        tags: Some(json!(["crm"])),
        reaction_script: Some("export default 1;".to_owned()),
        ..watcher("contacts")
    };
    let draft = planned_well(&state([desired]), &server([before]));
    let address = Address::watcher("contacts");
    let Operation::UpdateWatcher(update) = &draft.steps[&address].operation else {
        panic!("{:?}", draft.steps[&address]);
    };
    assert_eq!(json!(update.settings), json!({"tags": ["crm"]}));
    assert_eq!(update.script.as_deref(), Some("export default 1;"));
    // The whole version: the server would take what is left out from the highest version, which may be another one.
    let version = json!({
        "name": "Contacts",
        "prompt": "Look again.",
        "extraction_schema": {"type": "object", "properties": {}},
        "sources": Watcher::default_sources(),
        "reactions_guidance": "Be kind.",
    });
    assert_eq!(json!(update.version), version);
    // The schedule and the guidance are on the server alone: field drift.
    assert_eq!(draft.plan.counts.field_drift, 2);
}

#[test]
fn pruning_clears_what_can_be_cleared_and_shows_the_rest_as_drift() {
    let before = stored(Watcher {
        description: Some("Old.".to_owned()),
        reactions_guidance: Some("Be kind.".to_owned()),
        ..watcher("contacts")
    });
    let draft = planned(&state([watcher("contacts")]), &server([before]), Prune::Everything).unwrap();
    let row = draft.plan.row(&Address::watcher("contacts")).unwrap();
    assert_eq!(row.changed_fields(), ["description"]);
    assert_eq!(draft.plan.counts.field_drift, 1);
}

#[test]
fn a_watcher_that_goes_is_archived_and_its_slug_is_said_to_be_lost() {
    let remote = server([stored(watcher("contacts"))]);
    let kept = planned_well(&state([]), &remote);
    assert_eq!(kept.plan.counts.drift, 1);
    let pruned = planned(&state([]), &remote, Prune::Everything).unwrap();
    let row = pruned.plan.row(&Address::watcher("contacts")).unwrap();
    assert_eq!(row.verb, Verb::Delete);
    assert_eq!(row.warnings, ["is archived: its slug can never be used again"]);
}

#[test]
fn what_the_server_refuses_is_said_before_anything_is_written() {
    let desired = state([watcher("contacts")]);
    let mut archived = server([]);
    archived.facts.watchers.archived = BTreeSet::from(["contacts".to_owned()]);
    assert_eq!(
        messages(&desired, &archived),
        ["an archived watcher has this slug, which can never be used again"]
    );

    let mut unnamed = server([]);
    unnamed.facts.watchers.named.clear();
    assert_eq!(
        messages(&desired, &unnamed),
        ["its entity company:acme is neither in the files nor on the server"]
    );

    let mut ambiguous = server([]);
    let other = WatchedEntity { id: Some(8), ..acme() };
    ambiguous.facts.watchers.named.insert(company(), vec![acme(), other]);
    assert_eq!(
        messages(&desired, &ambiguous),
        ["its entity company:acme is ambiguous on the server: #7 company:acme, #8 company:acme"]
    );

    let mut elsewhere = stored(watcher("contacts"));
    elsewhere.entities[0].slug = Some("globex".to_owned());
    assert_eq!(
        messages(&desired, &server([elsewhere])),
        ["its entity is fixed at creation: it watches company:globex, and the file names company:acme"]
    );
}

#[test]
fn a_watcher_without_an_entity_is_left_out_with_a_warning() {
    let nobody = Watcher {
        entities: Vec::new(),
        ..watcher("contacts")
    };
    let draft = planned_well(&state([nobody.clone()]), &server([]));
    assert!(draft.plan.rows.is_empty(), "{:?}", draft.plan.rows);
    assert_eq!(
        draft.plan.warnings,
        ["watcher contacts: it is left out, because it names no entity to watch; add `entity: TYPE:SLUG` to its file"]
    );
    // One that exists needs no entity in its file.
    let there = planned_well(&state([nobody]), &server([stored(watcher("contacts"))]));
    assert_eq!((there.plan.warnings.len(), there.plan.counts.noop), (0, 1));
}

#[test]
fn a_server_that_does_not_know_watchers_is_said_once() {
    let draft = planned_well(&state([watcher("a"), watcher("b")]), &State::default());
    assert!(draft.plan.rows.is_empty(), "{:?}", draft.plan.rows);
    assert_eq!(
        draft.plan.warnings,
        ["2 watchers of the files are left out: the server does not know watchers"]
    );
}

#[test]
fn watchers_are_created_one_at_a_time() {
    let desired = state(["a", "b", "c"].map(watcher));
    let mut changed = watcher("b");
    changed.name = "Other".to_owned();
    let draft = planned_well(&desired, &server([stored(changed)]));
    let all = schedule(&draft, &Selection::everything(&draft.plan));
    let after = |slug: &str| all.steps[&Address::watcher(slug)].after.clone();
    assert_eq!(after("a"), []);
    // An update does not wait, and nothing waits for it.
    assert_eq!(after("b"), []);
    assert_eq!(after("c"), [Address::watcher("a")]);
}
