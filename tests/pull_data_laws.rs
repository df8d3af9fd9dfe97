//! Pull into data files made up by chance, from a server whose data is made up by chance: nothing is left that a pull could
//! bring, no comment is lost, and a second pull changes nothing.

use std::collections::BTreeMap;

use lobuctl::pull::PullPlan;
use proptest::collection::vec;
use proptest::option::of as maybe;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::laws::cases;
use crate::support::apply::pulling::between;

const TOML: &str = "[agents]\n[memory]\norg = \"dev\"\ndata = \"data\"\n";

/// The entities that there may be: slug, type and the position of the parent. Two have the same type and slug.
const ENTITIES: [(&str, &str, Option<usize>); 5] = [
    ("acme", "company", None),
    ("emea", "company", Some(0)),
    ("ada", "person", Some(1)),
    ("bob", "person", None),
    ("ada", "person", Some(3)),
];

/// The relationships that there may be, by the positions of their ends.
const LINKS: [(usize, usize); 3] = [(3, 0), (2, 3), (4, 1)];

/// How a file has its data.
#[derive(Debug, Clone, Copy)]
enum DataForm {
    Braces,
    Lines,
    Documents,
}

const TEXTS: [&str; 6] = ["one", "a: b", "# no comment", "two\nlines\n", "it's \"so\"", "ünï"];

/// The fields of an entity or a relationship.
type RandomFields = Option<Map<String, Value>>;

fn fields(names: &'static [&'static str]) -> impl Strategy<Value = RandomFields> {
    let value = || maybe(select(&TEXTS[..]).prop_map(|text| json!(text)));
    let metadata = vec(value(), 3).prop_map(|values| {
        let pairs = (0..).zip(values);
        let pairs = pairs.filter_map(|(number, value)| Some((format!("key-{number}"), value?)));
        pairs.collect::<Map<String, Value>>()
    });
    let parts = (prop::bool::weighted(0.8), vec(value(), names.len()), maybe(metadata));
    parts.prop_map(|(is_there, values, metadata)| {
        let pairs = names.iter().zip(values);
        let mut fields: Map<String, Value> = pairs
            .filter_map(|(name, value)| Some(((*name).to_owned(), value?)))
            .collect();
        fields.extend(metadata.map(|metadata| ("metadata".to_owned(), Value::Object(metadata))));
        is_there.then_some(fields)
    })
}

/// Generates the entities and relationships of one side, as their files declare them.
fn data() -> impl Strategy<Value = Vec<Value>> {
    let entities = vec(fields(&["content"]), ENTITIES.len());
    (entities, vec(fields(&[]), LINKS.len()), vec(0..4_u8, LINKS.len())).prop_map(|(entities, links, numbers)| {
        let mut paths: BTreeMap<usize, String> = BTreeMap::new();
        let mut all = Vec::new();
        for (position, (slug, entity_type, parent)) in ENTITIES.iter().enumerate() {
            let above = parent.map(|parent| paths.get(&parent).cloned());
            let (Some(fields), false) = (&entities[position], above == Some(None)) else {
                continue;
            };
            let above = above.flatten();
            let path = above.as_ref().map_or((*slug).to_owned(), |above| format!("{above}/{slug}"));
            paths.insert(position, path);
            let mut entity = json!({ "type": "entity", "entity_type": entity_type, "slug": slug, "name": format!("N {}", fields.len()) });
            if let Some(above) = above {
                entity["parent"] = json!(above);
            }
            entity.as_object_mut().unwrap().extend(fields.clone());
            all.push(entity);
        }
        for ((from, to), (fields, number)) in LINKS.iter().zip(links.into_iter().zip(numbers)) {
            if let (Some(from), Some(to), Some(fields)) = (paths.get(from), paths.get(to), fields) {
                let mut link = json!({ "type": "relationship", "relationship_type": "knows", "from": from, "to": to });
                link.as_object_mut().unwrap().extend(fields);
                if number > 0 {
                    link["confidence"] = json!(f64::from(number) / 4.0);
                }
                all.push(link);
            }
        }
        all
    })
}

/// Returns the text of a data file, with a comment at each line that may have one.
fn text(form: DataForm, data: &[Value]) -> String {
    let mut lines = Vec::new();
    let mut count = 0;
    let mut comment = || {
        count += 1;
        format!("# c{count}.")
    };
    match form {
        DataForm::Documents => {
            for entry in data {
                lines.push("---".to_owned());
                for (key, value) in entry.as_object().unwrap() {
                    lines.push(comment());
                    lines.push(format!("{key}: {value} {}", comment()));
                }
            }
        }
        DataForm::Braces | DataForm::Lines => {
            for (list, kind) in [("entities", "entity"), ("relationships", "relationship")] {
                lines.push(format!("{list}: {}", comment()));
                for entry in data.iter().filter(|entry| entry["type"] == kind) {
                    let mut entry = entry.as_object().unwrap().clone();
                    entry.remove("type");
                    lines.push(format!("  {}", comment()));
                    if matches!(form, DataForm::Braces) {
                        lines.push(format!("  - {} {}", Value::Object(entry), comment()));
                        continue;
                    }
                    for (number, (key, value)) in entry.iter().enumerate() {
                        let mark = if number == 0 { "-" } else { " " };
                        lines.push(format!("  {mark} {key}: {value} {}", comment()));
                    }
                }
            }
        }
    }
    lines.join("\n") + "\n"
}

fn files(text: String) -> Vec<(String, String)> {
    vec![
        ("lobu.toml".to_owned(), TOML.to_owned()),
        ("data/all.yaml".to_owned(), text),
    ]
}

/// Returns a pull from a server with `after`, and the files after it.
fn pulled(before: &[(String, String)], after: &[Value]) -> (PullPlan, Vec<(String, String)>) {
    let (changes, texts) = between(before, &files(text(DataForm::Documents, after)));
    (changes, texts.into_iter().collect())
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn a_pull_of_data_brings_all_and_loses_nothing(
        before in data(), after in data(), form in select(vec![DataForm::Braces, DataForm::Lines, DataForm::Documents]),
    ) {
        let written = text(form, &before);
        let (changes, now) = pulled(&files(written.clone()), &after);
        prop_assert_eq!(&changes.conflicts, &vec![]);
        let kept = &now.iter().find(|(path, _)| path == "data/all.yaml").unwrap().1;
        let comments = written.split_whitespace().filter(|word| word.starts_with('c') && word.ends_with('.'));
        for comment in comments {
            prop_assert!(kept.contains(comment), "{comment} is gone:\n{kept}");
        }
        let (again, _) = pulled(&now, &after);
        prop_assert_eq!(&again.pulled, &vec![]);
        prop_assert_eq!(&again.files, &vec![]);
    }

    #[test]
    fn a_pull_of_the_same_data_changes_no_byte(
        data in data(), form in select(vec![DataForm::Braces, DataForm::Lines, DataForm::Documents]),
    ) {
        let (changes, _) = pulled(&files(text(form, &data)), &data);
        prop_assert_eq!(&changes.files, &vec![]);
    }
}
