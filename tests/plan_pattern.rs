//! The patterns of `--target`: what they cover, and what is suggested when they cover nothing.

use lobuctl::resource::{Address, Pattern, nearest_address};
use proptest::prelude::*;

fn covers(pattern: &str, address: &str) -> bool {
    let address: Address = address.parse().unwrap();
    Pattern::parse(pattern).unwrap().covers(&address)
}

#[test]
fn covers_what_a_plan_row_prints() {
    let platform = "platform.agent-0050.telegram.p0";
    assert!(covers("platform agent-0050/agent-0050-telegram-p0", platform));
    assert!(covers("platform   agent-0050/*-p0", platform));
    assert!(covers("agent agent-0050", platform));
    assert!(covers("agent agent-0050", "settings.agent-0050"));
    assert!(covers("agent agent-0050", "agent.agent-0050"));
    assert!(!covers("settings agent-0050", "agent.agent-0050"));
    assert!(!covers("platform agent-0050/agent-0050-telegram", platform));
}

#[test]
fn covers_an_agent_with_all_that_belongs_to_it() {
    for address in ["agent.triage", "settings.triage", "platform.triage.slack.eng"] {
        assert!(covers("agent.triage", address), "{address}");
        assert!(covers("agent.t*", address), "{address}");
    }
    assert!(!covers("agent.triage", "agent.triage-2"));
    assert!(!covers("settings.triage", "platform.triage.slack.eng"));
}

#[test]
fn wildcards_stand_for_texts_characters_and_classes() {
    assert!(covers("*.triage*", "settings.triage"));
    assert!(covers("agent.agent-?", "agent.agent-7"));
    assert!(!covers("agent.agent-?", "agent.agent-17"));
    assert!(covers("agent.agent-[0-2]", "agent.agent-1"));
    assert!(!covers("agent.agent-[0-2]", "agent.agent-3"));
    assert!(covers("agent.agent-[!0-2]", "agent.agent-3"));
    assert!(covers("agent.*a*b*c", "agent.xaxbbxc"));
    assert!(!covers("agent.*a*b*c", "agent.xaxcxb"));
}

#[test]
fn a_literal_wildcard_character_in_a_slug_can_be_named() {
    assert!(covers("relationship-type.is[a]", "relationship-type.is[a]"));
    assert!(covers("relationship-type.is[a", "relationship-type.is[a"));
}

#[test]
fn refuses_what_is_no_address_and_suggests_the_kind() {
    let message = |text: &str| Pattern::parse(text).unwrap_err().to_string();
    assert!(message("platfrm.triage.telegram").ends_with("did you mean `platform`?"));
    assert!(message("entity-typ company").ends_with("did you mean `entity-type`?"));
    assert!(message("nonsense").contains("is not an address"));
    assert!(message("agent").contains("is not an address"));
    assert!(message("").contains("is not an address"));
}

#[test]
fn suggests_the_nearest_address_of_the_plan() {
    let addresses: Vec<Address> = [
        "agent.agent-0050",
        "platform.agent-0050.telegram.p0",
        "entity-type.company",
    ]
    .iter()
    .map(|address| address.parse().unwrap())
    .collect();
    let nearest = |text: &str| nearest_address(text, &addresses).map(ToString::to_string);
    assert_eq!(nearest("agent-050").as_deref(), Some("agent.agent-0050"));
    assert_eq!(nearest("entity-type.compny").as_deref(), Some("entity-type.company"));
    assert_eq!(
        nearest("platform agent-0050/agent-0050-telegram-p1").as_deref(),
        Some("platform.agent-0050.telegram.p0")
    );
    assert_eq!(nearest("something else"), None);
}

#[test]
fn a_kind_alone_belongs_to_the_next_word_of_a_line() {
    let patterns = Pattern::parse_words(&["agent", "triage", "entity-type.company"]).unwrap();
    let texts: Vec<&str> = patterns.iter().map(Pattern::as_str).collect();
    assert_eq!(texts, ["agent triage", "entity-type.company"]);
    assert!(Pattern::parse_words(&["agent"]).is_err());
}

proptest! {
    #[test]
    fn never_panics_on_any_text(text in "(agent[. ])?[a-c*?\\[\\]!. -]{0,12}", id in "[a-c\\[\\]*-]{1,6}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            pattern.covers(&Address::agent(id));
        }
    }

    #[test]
    fn an_address_covers_itself(id in "[a-z*?\\[\\]!-]{1,8}") {
        let address = Address::relationship_type(id);
        let pattern = Pattern::parse(&address.to_string()).unwrap();
        prop_assert!(pattern.covers(&address));
    }
}
