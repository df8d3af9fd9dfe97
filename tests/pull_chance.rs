//! Pull into front matter and model files that are written by chance: in lines or in brackets, in any order, with comments.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::laws::cases;
use crate::support::apply::pulling::between;

/// How the lists and mappings of a file are written.
#[derive(Debug, Clone, Copy)]
enum Style {
    /// With a line for each item, and a comment above it.
    Lines,
    /// In brackets.
    Brackets,
}

/// What a skill's file says.
#[derive(Debug, Clone)]
struct SkillText {
    packages: Vec<&'static str>,
    allowed: Vec<&'static str>,
    judges: BTreeMap<&'static str, &'static str>,
    servers: BTreeMap<&'static str, &'static str>,
    content: &'static str,
}

/// What `lobu.toml` says beside two skills.
#[derive(Debug, Clone)]
struct AgentText {
    packages: Vec<&'static str>,
    allowed: Vec<&'static str>,
    skills: [SkillText; 2],
}

fn some(items: Vec<&'static str>, least: usize) -> impl Strategy<Value = Vec<&'static str>> {
    let most = items.len();
    subsequence(items, least..=most).prop_shuffle()
}

fn packages(least: usize) -> impl Strategy<Value = Vec<&'static str>> {
    some(vec!["fd", "jq", "ripgrep", "yq"], least)
}

fn domains(least: usize) -> impl Strategy<Value = Vec<&'static str>> {
    some(vec!["a.example", ".b.example", "c.example"], least)
}

fn skill() -> impl Strategy<Value = SkillText> {
    let judges = btree_map(
        select(vec!["strict", "mild"]),
        select(vec!["Deny it.", "Allow: it # all"]),
        1..=2,
    );
    let servers = btree_map(
        select(vec!["pager", "linear"]),
        select(vec!["https://a.example", "https://b.example"]),
        1..=2,
    );
    let parts = (
        packages(1),
        domains(1),
        judges,
        servers,
        select(vec!["Call.", "Call\n\nlater."]),
    );
    parts.prop_map(|(packages, allowed, judges, servers, content)| SkillText {
        packages,
        allowed,
        judges,
        servers,
        content,
    })
}

fn agent() -> impl Strategy<Value = AgentText> {
    (packages(0), domains(0), skill(), skill()).prop_map(|(packages, allowed, one, two)| AgentText {
        packages,
        allowed,
        skills: [one, two],
    })
}

fn style() -> impl Strategy<Value = Style> {
    select(vec![Style::Lines, Style::Brackets])
}

/// Returns a list as the value of a key at this column.
fn list(items: &[&str], style: Style, column: usize) -> String {
    let space = " ".repeat(column);
    match style {
        Style::Brackets => format!(" [{}]", items.join(", ")),
        Style::Lines => items.iter().fold(String::new(), |all, item| {
            all + &format!("\n{space}#: above {item}\n{space}- {item}")
        }),
    }
}

fn skill_text(skill: &SkillText, style: Style) -> String {
    let mut text = String::from("---\ndescription: When # to call\n#: packages\nnixPackages:");
    text += &list(&skill.packages, style, 2);
    text += "\nnetwork:\n  #: domains\n  allow:";
    text += &list(&skill.allowed, style, 4);
    text += "\njudges:";
    for (name, judge) in &skill.judges {
        write!(text, "\n  {name}: \"{judge}\"").unwrap();
    }
    text += "\nmcpServers:";
    for (id, url) in &skill.servers {
        match style {
            Style::Brackets => write!(text, "\n  {id}: {{ url: '{url}', type: sse }}").unwrap(),
            Style::Lines => write!(text, "\n  {id}:\n    url: {url}\n    type: sse").unwrap(),
        }
    }
    write!(text, "\n---\n\n{}\n", skill.content).unwrap();
    text
}

fn agent_files(agent: &AgentText, style: Style) -> Vec<(String, String)> {
    let list = |items: &[&str]| format!("{items:?}");
    let toml = format!(
        "[agents.desk]\nname = \"Desk\"\ndir = \"./desk\"\n[agents.desk.network]\nallowed = {} #: ours\n[agents.desk.worker]\nnix_packages = {}\n",
        list(&agent.allowed),
        list(&agent.packages)
    );
    let mut files = vec![("lobu.toml".to_owned(), toml)];
    for (name, skill) in ["one", "two"].iter().zip(&agent.skills) {
        files.push((format!("desk/skills/{name}/SKILL.md"), skill_text(skill, style)));
    }
    files
}

/// What a model file says of a relationship type.
#[derive(Debug, Clone)]
struct TypeText {
    name: &'static str,
    description: &'static str,
    properties: BTreeMap<&'static str, &'static str>,
    rules: Vec<(&'static str, &'static str)>,
}

fn type_text() -> impl Strategy<Value = TypeText> {
    let words = || {
        select(vec![
            "one",
            "two: three",
            "it's",
            "a # b",
            "\"x\"",
            "true",
            "1.0",
            "Ünï",
            "- x",
            "a\nb",
        ])
    };
    let names = select(vec!["Works at", "Is: employed", "yes"]);
    let properties = btree_map(
        select(vec!["since", "until", "by"]),
        select(vec!["string", "number"]),
        1..=3,
    );
    let end = || select(vec!["a", "b", "c"]);
    let rules = vec((end(), end()), 1..=4).prop_map(|mut rules| {
        rules.sort_unstable();
        rules.dedup();
        rules
    });
    (names, words(), properties, rules).prop_map(|(name, description, properties, rules)| TypeText {
        name,
        description,
        properties,
        rules,
    })
}

fn type_lines(it: &TypeText, style: Style) -> Vec<String> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut lines = vec![
        "#: the type".to_owned(),
        "slug: works-at".to_owned(),
        format!("name: {} #: its name", quoted(it.name)),
        format!("description: {}", quoted(it.description)),
    ];
    let properties = it.properties.iter();
    match style {
        Style::Brackets => {
            let all: Vec<_> = properties
                .map(|(name, kind)| format!("{name}: {{type: {kind}}}"))
                .collect();
            lines.push(format!(
                "metadata_schema: {{ type: object, properties: {{ {} }} }}",
                all.join(", ")
            ));
            let rules: Vec<_> = it
                .rules
                .iter()
                .map(|(from, to)| format!("{{source: {from}, target: {to}}}"))
                .collect();
            lines.push(format!("rules: [{}]", rules.join(", ")));
        }
        Style::Lines => {
            lines.push("metadata_schema:\n  type: object\n  properties:".to_owned());
            lines.extend(properties.map(|(name, kind)| format!("    #: of {name}\n    {name}:\n      type: {kind}")));
            lines.push("rules:".to_owned());
            lines.extend(
                it.rules
                    .iter()
                    .map(|(from, to)| format!("#: {from} to {to}\n- source: {from}\n  target: {to}")),
            );
        }
    }
    lines
}

fn type_files(it: &TypeText, style: Style, in_list: bool) -> Vec<(String, String)> {
    let lines = type_lines(it, style).join("\n");
    let text = if in_list {
        format!(
            "#: all\nrelationships:\n  -\n    {}\n  - slug: last\n    name: Last\n",
            lines.replace('\n', "\n    ")
        )
    } else {
        format!("type: relationship\n{lines}\n---\ntype: entity\nslug: last\nname: Last\n")
    };
    let toml = "[agents]\n[memory]\nmodels = \"./models\"\n";
    vec![
        ("lobu.toml".to_owned(), toml.to_owned()),
        ("models/all.yaml".to_owned(), text),
    ]
}

fn comments(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.split_once("#: "));
    lines.map(|(_, comment)| comment.to_owned()).collect()
}

/// Pulls one project into another, and checks that a second pull has nothing to do and that no comment is lost.
fn expect_all_pulled(before: &[(String, String)], after: &[(String, String)]) {
    let (changes, texts) = between(before, after);
    assert_eq!(changes.conflicts, vec![], "{texts:#?}");
    for (path, text) in before {
        let kept = comments(&texts[path]);
        let lost: Vec<_> = comments(text)
            .into_iter()
            .filter(|comment| !kept.contains(comment))
            .collect();
        assert_eq!(lost, Vec::<String>::new(), "{path}: {}", texts[path]);
    }
    let pulled: Vec<(String, String)> = texts.into_iter().collect();
    let (again, _) = between(&pulled, after);
    assert_eq!((again.files, again.conflicts), (vec![], vec![]), "{pulled:#?}");
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn skills_and_what_is_beside_them_are_pulled_together(
        before in agent(),
        after in agent(),
        style in style(),
        theirs in style(),
    ) {
        expect_all_pulled(&agent_files(&before, style), &agent_files(&after, theirs));
    }

    #[test]
    fn types_are_pulled_however_they_are_written(
        before in type_text(),
        after in type_text(),
        style in style(),
        in_list in any::<bool>(),
    ) {
        expect_all_pulled(&type_files(&before, style, in_list), &type_files(&after, Style::Brackets, false));
    }
}
