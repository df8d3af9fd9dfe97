//! Pull into the files of skills: their front matter, and what `lobu.toml` has beside them.

use crate::support::apply::pulling::{between, reasons};

const SKILL: &str = "desk/skills/escalate/SKILL.md";

const TOML: &str = "[agents.desk]\nname = \"Desk\"\ndir = \"./desk\"\n\n[agents.desk.network]\nallowed = [\"a.example\"] # ours\n\n\
                    [agents.desk.worker]\nnix_packages = [\"jq\"]\n";

const FRONT: &str = "---\nname: escalate # as people say it\ndescription: >\n  When to\n  call\nnixPackages:\n  # for searching\n  - ripgrep\n  \
                     - jc\nnetwork:\n  allow: ['Pager.example'] # the pager\n  judge:\n    - judged.example\n    # strictly\n    - { domain: \
                     other.example, judge: strict }\njudges:\n  strict: Deny uploads.\nmcpServers:\n  pager:\n    # theirs\n    url: \
                     https://pager.example/mcp\n    type: sse\n---\n\nCall somebody.\n";

/// Returns the files of a project with one skill.
fn files(toml: &str, skill: &str) -> Vec<(String, String)> {
    vec![
        ("lobu.toml".to_owned(), toml.to_owned()),
        (SKILL.to_owned(), skill.to_owned()),
    ]
}

/// Pulls an edit of the skill that was made elsewhere, and checks that exactly this edit is made here.
fn expect_edit(from: &str, to: &str) {
    assert!(FRONT.contains(from), "{from}");
    let after = FRONT.replacen(from, to, 1);
    let (changes, texts) = between(&files(TOML, FRONT), &files(TOML, &after));
    assert_eq!(changes.conflicts, vec![], "{from} -> {to}");
    assert_eq!(texts[SKILL], after);
    assert_eq!(texts["lobu.toml"], TOML, "{from} -> {to}");
}

#[test]
fn each_part_of_the_front_matter_is_changed_where_it_is() {
    expect_edit("  - ripgrep", "  - fd");
    expect_edit("  - jc\n", "");
    expect_edit("  - jc\n", "  - jc\n  - yq\n");
    expect_edit("['Pager.example']", "['Pager.example', 'siren.example']");
    expect_edit("['Pager.example']", "['siren.example']");
    expect_edit("    - judged.example\n", "    - judged.example\n    - new.example\n");
    expect_edit("other.example, judge", "another.example, judge");
    expect_edit("Deny uploads.", "Allow uploads.");
    expect_edit("pager.example/mcp", "pager.example/v2");
    expect_edit(
        "    type: sse\n",
        "    type: sse\n    command: run-it\n    args: [--one]\n",
    );
    expect_edit(
        "    type: sse\n",
        "    type: sse\n  siren:\n    url: https://siren.example\n",
    );
    expect_edit("description: >\n  When to\n  call\n", "description: When to wait\n");
    expect_edit("Call somebody.", "Call nobody.");
    expect_edit("---\n\nCall somebody.", "---\n\nCall:\n\n---\n\nsomebody.");
}

#[test]
fn servers_in_braces_come_into_the_order_of_the_server() {
    let text = |servers: &str| format!("---\nmcpServers: {servers} # theirs\n---\nCall.\n");
    let pulled = |before: &str, after: &str| {
        let (changes, texts) = between(&files(TOML, &text(before)), &files(TOML, &text(after)));
        assert_eq!(changes.conflicts, vec![]);
        assert_eq!(texts["lobu.toml"], TOML);
        texts[SKILL].clone()
    };
    let before = "{ a: {url: 'https://a.example'}, b: {url: \"b\"} }";
    assert_eq!(
        pulled(before, "{ b: {url: b}, c: {url: c}, a: {url: d} }"),
        text("{ b: {url: \"b\"}, c: { url: c }, a: {url: 'd'} }")
    );
    assert_eq!(pulled(before, "{ b: {url: b} }"), text("{ b: { url: b } }"));
}

#[test]
fn what_a_skill_gains_does_not_come_into_lobu_toml_too() {
    let bare = "Call somebody.\n";
    let (changes, texts) = between(&files(TOML, bare), &files(TOML, FRONT));
    assert_eq!(changes.conflicts, vec![]);
    assert_eq!(texts["lobu.toml"], TOML);
    assert_eq!(
        texts[SKILL],
        "---\ndescription: |\n  When to call\nnixPackages: [ripgrep, jc]\nnetwork:\n  allow: [pager.example]\n  judge:\n    - judged.example\n    - { domain: other.example, judge: strict }\njudges:\n  strict: Deny uploads.\nmcpServers:\n  pager:\n    url: https://pager.example/mcp\n    type: sse\n---\n\nCall somebody.\n"
    );
    let mut after = files(TOML, FRONT);
    after.push(("desk/SOUL.md".to_owned(), "Be kind.\n".to_owned()));
    let before = [after[0].clone(), after[2].clone()];
    let (changes, texts) = between(&before, &after);
    assert_eq!(changes.conflicts, vec![]);
    assert_eq!(texts["lobu.toml"], TOML);
}

#[test]
fn what_a_skill_no_longer_adds_comes_into_lobu_toml_when_the_server_has_it_still() {
    let elsewhere = TOML
        .replace("[\"jq\"]", "[\"jq\", \"ripgrep\"]")
        .replace("[\"a.example\"]", "[\"a.example\", \"pager.example\"]");
    let skill = FRONT
        .replace("  - ripgrep\n", "")
        .replace("['Pager.example']", "['b.example']");
    let (changes, texts) = between(&files(TOML, FRONT), &files(&elsewhere, &skill));
    assert_eq!(changes.conflicts, vec![]);
    assert_eq!(texts["lobu.toml"], elsewhere);
    assert_eq!(texts[SKILL], skill);
}

#[test]
fn no_empty_list_comes_into_lobu_toml_with_a_skill() {
    let toml = "[agents.desk]\nname = \"Desk\"\ndir = \"./desk\"\n";
    let elsewhere = format!("{toml}tools = {{ allowed = [] }}\nguardrails = []\n");
    let (changes, texts) = between(
        &files(toml, "Call somebody.\n"),
        &files(&elsewhere, "---\nnixPackages: [fd]\n---\nCall somebody.\n"),
    );
    assert_eq!(changes.conflicts, vec![]);
    assert_eq!(texts["lobu.toml"], toml);
    assert!(texts[SKILL].contains("nixPackages: [fd]"));
}

#[test]
fn white_space_before_the_front_matter_stays() {
    let before = format!("\n  \n{FRONT}");
    let after = FRONT.replace("Call somebody.", "Call nobody.");
    let (changes, texts) = between(&files(TOML, &before), &files(TOML, &after));
    assert_eq!(changes.conflicts, vec![]);
    assert_eq!(texts[SKILL], format!("\n  \n{after}"));
}

#[test]
fn a_skill_that_is_not_the_agents_own_file_is_a_conflict_that_names_the_file() {
    let file = |path: &str, text: &str| {
        let soul = ("desk/SOUL.md".to_owned(), "Be brief.\n".to_owned());
        vec![
            ("lobu.toml".to_owned(), TOML.to_owned()),
            soul,
            (path.to_owned(), text.to_owned()),
        ]
    };
    let before = file("skills/tone/SKILL.md", "---\nname: tone\n---\nBe kind.\n");
    let after = file("skills/tone/SKILL.md", "---\nname: tone\n---\nBe kinder.\n");
    assert_eq!(
        reasons(&between(&before, &after).0),
        ["the skill is in `skills/tone/SKILL.md`, which is for every agent; edit it there"]
    );

    let before = file("desk/skills/tone.md", "Be kind.\n");
    let after = file("desk/skills/tone/SKILL.md", "---\ndescription: How\n---\nBe kind.\n");
    assert_eq!(
        reasons(&between(&before, &after).0),
        ["`desk/skills/tone.md` has no front matter for description; only a `SKILL.md` in a folder can have one"]
    );

    let (front, other) = ("---\nname: [tone\n---\nBe kind.\n", "---\nname: tone\n---\nBe kind.\n");
    let before = file("desk/skills/tone/SKILL.md", front);
    let after = file("desk/skills/tone/SKILL.md", other);
    assert_eq!(
        reasons(&between(&before, &after).0),
        ["the front matter of `desk/skills/tone/SKILL.md` is not one mapping; edit it there"]
    );
}

#[test]
fn of_two_files_of_one_skill_the_one_that_counts_changes() {
    let two = |flat: &str| {
        let mut files = files(TOML, "---\nname: tone\n---\nNot read.\n");
        files[1].0 = "desk/skills/tone/SKILL.md".to_owned();
        files.push(("desk/skills/tone.md".to_owned(), flat.to_owned()));
        files
    };
    let (changes, texts) = between(&two("Be kind.\n"), &two("Be kinder.\n"));
    assert_eq!(changes.conflicts, vec![]);
    assert_eq!(texts["desk/skills/tone.md"], "Be kinder.\n");
    assert_eq!(texts["desk/skills/tone/SKILL.md"], "---\nname: tone\n---\nNot read.\n");
}

#[test]
fn a_new_agent_gets_no_copy_of_a_skill_that_every_agent_has() {
    let shared = (
        "skills/escalate/SKILL.md".to_owned(),
        FRONT.replace("['Pager.example']", "[pager.example]"),
    );
    let mut before = files(TOML, FRONT);
    before[1] = shared.clone();
    before.push(("desk/SOUL.md".to_owned(), "Be brief.\n".to_owned()));
    let mut after = before.clone();
    after[0].1 += "\n[agents.night]\nname = \"Night\"\ndir = \"./night\"\n";
    after.push(("night/SOUL.md".to_owned(), "Sleep.\n".to_owned()));
    let (changes, texts) = between(&before, &after);
    assert_eq!(changes.conflicts, vec![]);
    assert_eq!(texts[&shared.0], shared.1);
    assert_eq!(texts["lobu.toml"], after[0].1);
    assert!(!texts.keys().any(|path| path.starts_with("night/skills")), "{texts:?}");

    // One that differs for this agent alone has no place.
    after[1].1 = after[1].1.replace("Call somebody.", "Call nobody.");
    let (changes, _) = between(&before, &after);
    assert!(
        reasons(&changes)
            .iter()
            .any(|reason| reason.contains("skills/escalate/SKILL.md")),
        "{changes:?}"
    );
}
