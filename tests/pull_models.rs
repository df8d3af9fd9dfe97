//! Pull into model files: each field of both kinds, in each form in which a file can have a type.

use crate::support::apply::pulling::{between, reasons};

const TOML: &str = "[agents]\n[memory]\norg = \"dev\"\nmodels = \"./models\"\n";

/// A way to write a type into a file. Beside it there is another type.
#[derive(Debug, Clone, Copy)]
enum Form {
    Alone,
    /// After a byte order mark, and with its first key to be changed.
    Marked,
    Braces,
    Documents,
    List,
    ListInBraces,
    Brackets,
}

const FORMS: [Form; 7] = [
    Form::Alone,
    Form::Marked,
    Form::Braces,
    Form::Documents,
    Form::List,
    Form::ListInBraces,
    Form::Brackets,
];

/// Returns a model file with a type that has these lines.
fn file(form: Form, kind: &str, lines: &[&str]) -> String {
    let list = if kind == "entity" { "entities" } else { "relationships" };
    let other = "slug: other, name: Other";
    match form {
        Form::Alone => format!("# ours\ntype: {kind}\n{}\n", lines.join("\n")),
        Form::Marked => format!("\u{feff}{}\ntype: {kind}\n", lines.join("\n")),
        Form::Braces => format!("{{ type: {kind}, {} }}\n", lines.join(", ")),
        Form::Documents => format!(
            "type: {kind}\nslug: other\nname: Other\n--- # the second\ntype: {kind}\n{}\n...\n---\ntype: {kind}\nslug: last\nname: L\n",
            lines.join("\n")
        ),
        Form::List => format!(
            "version: 2\n{list}:\n  # ours\n  - {}\n  # another\n  - slug: other\n    name: Other\n",
            lines.join("\n    ")
        ),
        Form::ListInBraces => format!("{list}:\n- {{ {other} }}\n- {{ {} }} # ours\n", lines.join(", ")),
        Form::Brackets => format!(
            "{list}: [\n  {{ {other} }}, # another\n  {{ {} }}\n]\n",
            lines.join(", ")
        ),
    }
}

/// The fields of a kind: a value and another one.
const ENTITY: &[(&str, &str)] = &[
    ("name: Company", "name: \"A: firm\""),
    ("description: 'a firm'", "description: 'a company'"),
    ("icon: house", "icon: building"),
    ("color: \"#111111\"", "color: \"#222222\""),
    (
        "metadata_schema: {type: object, properties: {size: {type: number}, 'city': {type: string}}}",
        "metadata_schema: {type: object, properties: {size: {type: string}, 'city': {type: string}}}",
    ),
    (
        "event_kinds: { founded: { label: Founded }, sold: {label: \"Sold\"} }",
        "event_kinds: { founded: { label: Begun }, sold: {label: \"Sold\"} }",
    ),
];

const RELATIONSHIP: &[(&str, &str)] = &[
    ("name: Works at", "name: Is employed"),
    ("description: a job", "description: work"),
    ("symmetric: true", "symmetric: false"),
    ("inverse: employs", "inverse: hires"),
    ("status: active", "status: archived"),
    (
        "auto_create_when: [{ sourceNamespace: email, targetField: 'email', assuranceRequired: oauth_verified, matchStrategy: unique_only }]",
        "auto_create_when: [{ sourceNamespace: email, targetField: 'mail', assuranceRequired: oauth_verified, matchStrategy: unique_only }]",
    ),
    (
        "rules: [{source: person, target: company}]",
        "rules: [{source: person, target: company}, { source: company, target: person }]",
    ),
    (
        "properties: { since: { type: string } }",
        "properties: { since: { type: number } }",
    ),
    ("required: [since]", "required: [since, until]"),
];

/// Returns the files of a project with a type in this form.
fn files(form: Form, kind: &str, lines: &[&str]) -> Vec<(String, String)> {
    let others = "relationships:\n- slug: employs\n  name: Employs\n- slug: hires\n  name: Hires\n";
    vec![
        ("lobu.toml".to_owned(), TOML.to_owned()),
        ("models/others.yaml".to_owned(), others.to_owned()),
        ("models/ours.yml".to_owned(), file(form, kind, lines)),
    ]
}

/// Returns the files with the line ends of Windows.
fn with_carriage_returns(files: Vec<(String, String)>) -> Vec<(String, String)> {
    let texts = files.into_iter();
    texts.map(|(path, text)| (path, text.replace('\n', "\r\n"))).collect()
}

#[test]
fn each_field_is_changed_where_it_is_in_each_form() {
    for (kind, fields) in [("entity", ENTITY), ("relationship", RELATIONSHIP)] {
        let slug = if kind == "entity" {
            "slug: company"
        } else {
            "slug: works-at"
        };
        let before: Vec<&str> = [slug]
            .into_iter()
            .chain(fields.iter().map(|(value, _)| *value))
            .collect();
        for form in FORMS {
            for (index, (_, other)) in fields.iter().enumerate() {
                let mut after = before.clone();
                after[index + 1] = other;
                let (before, after) = (files(form, kind, &before), files(form, kind, &after));
                let (changes, texts) = between(&before, &after);
                assert_eq!(changes.conflicts, vec![], "{form:?} {other}");
                assert_eq!(texts["models/ours.yml"], after[2].1, "{form:?} {other}");
                let (before, after) = (with_carriage_returns(before), with_carriage_returns(after));
                let (_, texts) = between(&before, &after);
                assert_eq!(texts["models/ours.yml"], after[2].1, "{form:?} {other}");
            }
        }
    }
}

#[test]
fn each_field_that_a_file_lacks_is_added_in_each_form() {
    for (kind, fields) in [("entity", ENTITY), ("relationship", RELATIONSHIP)] {
        let slug = if kind == "entity" {
            "slug: company"
        } else {
            "slug: works-at"
        };
        for form in FORMS {
            for (value, other) in &fields[1..] {
                // A type is active without saying so.
                let other = if *value == "status: active" { other } else { value };
                let before = files(form, kind, &[slug, fields[0].0]);
                let after = files(form, kind, &[slug, fields[0].0, other]);
                let (_, texts) = between(&with_carriage_returns(before.clone()), &after);
                let text = texts["models/ours.yml"].replace("\r\n", "");
                assert!(
                    !text.contains('\n') && text.len() > before[2].1.replace('\n', "").len(),
                    "{form:?} {other}"
                );
                let (changes, texts) = between(&before, &after);
                assert_eq!(changes.conflicts, vec![], "{form:?} {other}");
                assert_eq!(texts.len(), 3, "{form:?} {other}");
                let text = &texts["models/ours.yml"];
                let kept = file(form, kind, &[slug, fields[0].0]);
                let diff = similar::TextDiff::from_lines(kept.as_str(), text.as_str());
                let gone = diff
                    .iter_all_changes()
                    .filter(|change| change.tag() == similar::ChangeTag::Delete);
                let in_braces = matches!(form, Form::Braces | Form::ListInBraces | Form::Brackets);
                assert_eq!(gone.count(), usize::from(in_braces), "{form:?} {other}: {text}");
            }
        }
    }
}

#[test]
fn what_only_the_file_has_of_a_schema_or_of_rules_stays() {
    let text = |schema: &str, rules: &str| {
        let text = format!(
            "type: relationship\nslug: works-at\nname: Works at\nmetadata_schema:\n  properties:\n{schema}\nrules:\n{rules}\n"
        );
        [
            ("lobu.toml".to_owned(), TOML.to_owned()),
            ("models/ours.yml".to_owned(), text),
        ]
    };
    let before = text(
        "    ours: { type: string } # new\n    both: { type: string }",
        "- { source: a, target: ours }",
    );
    let after = text("    both: { type: number }", "- { source: a, target: theirs }");
    let (changes, texts) = between(&before, &after);
    assert_eq!(changes.conflicts, vec![]);
    let both = text(
        "    ours: { type: string } # new\n    both: { type: number }",
        "- { source: a, target: ours }\n- { source: a, target: theirs }",
    );
    assert_eq!(texts["models/ours.yml"], both[1].1);
}

#[test]
fn what_no_edit_can_say_is_a_conflict_that_names_the_file() {
    let beside = files(
        Form::Alone,
        "entity",
        &["slug: company", "name: C", "properties: { a: { type: string } }"],
    );
    let wider = "metadata_schema: { type: object, properties: { a: { type: number } }, additionalProperties: false }";
    let within = files(Form::Alone, "entity", &["slug: company", "name: C", wider]);
    assert_eq!(
        reasons(&between(&beside, &within).0),
        [
            "`models/ours.yml`: `additionalProperties` of the schema has no place beside `properties`; move them into `metadata_schema`"
        ]
    );
    let commented = files(
        Form::Alone,
        "entity",
        &["slug: company", "name: C", "event_kinds: { # ours\n  a: {} }"],
    );
    let other = files(Form::Alone, "entity", &["slug: company", "name: C", "event_kinds: [a]"]);
    assert_eq!(
        reasons(&between(&commented, &other).0),
        ["`models/ours.yml`: `event_kinds` cannot be changed without rewriting the file; edit it there"]
    );
    let anchored = files(Form::List, "entity", &["slug: company", "name: &name C", "icon: *name"]);
    let renamed = files(Form::List, "entity", &["slug: company", "name: D", "icon: C"]);
    let (changes, _) = between(&anchored, &renamed);
    assert_eq!(
        reasons(&changes),
        ["`models/ours.yml`: `name` cannot be changed without rewriting the file; edit it there"]
    );
}
