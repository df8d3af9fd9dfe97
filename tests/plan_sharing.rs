//! A plan holds no copies: its steps and their writes have the resources of the states, and plans that follow each other
//! their rows.

use lobuctl::plan::{Barrier, Operation, Prune, Selection, Verb, schedule};
use lobuctl::resource::{Address, Agent, EntityType, Platform, RelationshipType, Resource, Settings, State};

use crate::support::apply::test_server::plan_states;
use crate::support::screen::canned;

fn entity_type(slug: &str) -> EntityType {
    EntityType {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        ..EntityType::default()
    }
}

fn relationship_type(slug: &str) -> RelationshipType {
    RelationshipType {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        ..RelationshipType::default()
    }
}

/// An agent with its settings, a platform, and two types of each kind.
fn state() -> State {
    let mut state = State::default();
    let agent = Agent {
        id: "desk".to_owned(),
        name: "Desk".to_owned(),
        description: None,
    };
    let settings = Settings {
        agent: agent.id.clone(),
        ..Settings::default()
    };
    let platform = Platform::declared("desk", "telegram", None);
    state.agents.insert(agent.id.clone(), agent.into());
    state.settings.insert(settings.agent.clone(), settings.into());
    state.platforms.insert(platform.key(), platform.into());
    for slug in ["company", "person"] {
        state.entity_types.insert(slug.to_owned(), entity_type(slug).into());
    }
    for slug in ["knows", "owns"] {
        let kind = relationship_type(slug);
        state.relationship_types.insert(slug.to_owned(), kind.into());
    }
    state
}

#[test]
fn steps_and_their_writes_have_the_declared_resources_themselves() {
    let desired = state();
    let draft = plan_states(&desired, &State::default(), Prune::Nothing);
    let step = |address: &Address| &draft.steps[address];
    let platform = desired.platforms.values().next().unwrap();
    let step_of_platform = step(&platform.address());
    let Operation::UpsertPlatform(write) = &step_of_platform.operation else {
        panic!("{:?}", step_of_platform.operation);
    };
    let Some(Resource::Platform(wanted)) = &step_of_platform.desired else {
        panic!("{:?}", step_of_platform.desired);
    };
    assert!(write.platform.is_same(platform) && wanted.is_same(platform));
    let created = &step(&Address::agent("desk")).operation;
    let Operation::CreateAgent(agent) = created else {
        panic!("{created:?}");
    };
    assert!(agent.is_same(&desired.agents["desk"]));
    let created = &step(&Address::entity_type("person")).operation;
    let Operation::CreateEntityType(person) = created else {
        panic!("{created:?}");
    };
    assert!(person.is_same(&desired.entity_types["person"]));
}

#[test]
fn a_change_of_one_owner_is_not_seen_by_the_others() {
    let first = state();
    let mut second = first.clone();
    second.platforms.values_mut().next().unwrap().kind = "slack".to_owned();
    let kinds = [&first, &second].map(|state| state.platforms.values().next().unwrap().kind.clone());
    assert_eq!(kinds, ["telegram", "slack"]);
    let [before, after] = [&first, &second].map(|state| &state.agents["desk"]);
    assert!(before.is_same(after));
}

#[test]
fn a_part_of_a_plan_has_its_rows_themselves() {
    let plan = canned::plan();
    let part = plan.restricted(|row| row.verb == Verb::Create);
    assert!(part.rows.len() > 1 && part.rows.len() < plan.rows.len());
    for row in part.rows.shared() {
        let at = plan.rows.position(&row.address).unwrap();
        assert!(plan.rows.shared().nth(at).unwrap().is_same(row), "{}", row.address);
    }
}

#[test]
fn what_all_relationship_types_wait_for_is_kept_once() {
    let draft = plan_states(&state(), &State::default(), Prune::Nothing);
    let run = schedule(&draft, &Selection::everything(&draft.plan));
    for slug in ["knows", "owns"] {
        let step = &run.steps[&Address::relationship_type(slug)];
        assert_eq!((step.barrier, step.after.len()), (Some(Barrier::EntityTypes), 0));
    }
    let types = ["company", "person"].map(Address::entity_type);
    assert_eq!(run.barriers[&Barrier::EntityTypes], types.into());
    assert_eq!(run.barriers.len(), 1, "nothing waits for the relationship types");
}
