//! Pulling watchers whose scripts are in files, also where two of them name one file.

use crate::support::apply::pulling::between;

const TOML: &str = "[agents.triage]\nname = \"Triage\"\ndir = \".\"\n\n[memory]\norg = \"dev\"\nmodels = \"models\"\n";

fn watcher(slug: &str, script: &str) -> String {
    format!(
        "type: watcher\nslug: {slug}\nname: {slug}\nentity: person:ann\nprompt: Look.\n\
         extraction_schema: {{type: object, properties: {{a: {{type: string}}}}}}\nreaction_script: {script}\n"
    )
}

/// Returns a project with two watchers, each with the path and the text of its script.
fn files(one: (&str, &str), two: (&str, &str)) -> Vec<(String, String)> {
    [
        ("lobu.toml", TOML.to_owned()),
        ("models/one.yaml", watcher("one", one.0)),
        ("models/more/two.yaml", watcher("two", two.0)),
        ("models/shared.ts", one.1.to_owned()),
        ("models/two.ts", two.1.to_owned()),
    ]
    .map(|(path, text)| (path.to_owned(), text))
    .into()
}

#[test]
fn a_script_that_two_watchers_name_is_pulled_only_if_both_have_it() {
    let before = files(("./shared.ts", "old\n"), ("../shared.ts", "unused\n"));
    // The server has one text for both.
    let after = files(("./shared.ts", "new\n"), ("../shared.ts", "unused\n"));
    let (changes, texts) = between(&before, &after);
    assert!(changes.conflicts.is_empty(), "{:?}", changes.conflicts);
    assert_eq!(texts["models/shared.ts"], "new\n");

    // The server has a text for each.
    let after = files(("./shared.ts", "new\n"), ("../two.ts", "other\n"));
    let (changes, texts) = between(&before, &after);
    assert_eq!(texts["models/shared.ts"], "old\n");
    let conflicts: Vec<String> = changes
        .conflicts
        .iter()
        .map(|conflict| format!("{}: {}", conflict.unit.address, conflict.reason))
        .collect();
    let reason = |other: &str| {
        format!(
            "`models/shared.ts` is also the script of `watcher.{other}`, for which the server has another text; give each \
             of them a file of its own"
        )
    };
    assert_eq!(
        conflicts,
        [
            format!("watcher.one: {}", reason("two")),
            format!("watcher.two: {}", reason("one")),
        ]
    );

    // Only one of them differs: its text would change the other one too.
    let after = files(("./shared.ts", "old\n"), ("../two.ts", "other\n"));
    let (changes, texts) = between(&before, &after);
    assert_eq!(texts["models/shared.ts"], "old\n");
    assert_eq!(changes.conflicts.len(), 1);
}

#[test]
fn a_script_of_its_own_is_pulled() {
    let before = files(("./shared.ts", "old\n"), ("../two.ts", "old\n"));
    let after = files(("./shared.ts", "old\n"), ("../two.ts", "new\n"));
    let (changes, texts) = between(&before, &after);
    assert!(changes.conflicts.is_empty(), "{:?}", changes.conflicts);
    assert_eq!(
        (texts["models/shared.ts"].as_str(), texts["models/two.ts"].as_str()),
        ("old\n", "new\n")
    );
}
