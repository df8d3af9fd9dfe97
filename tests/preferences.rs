//! The user's `config.toml`: everything in it is read, everything wrong is reported where it is.

use std::collections::BTreeMap;
use std::fs;

use lobuctl::config::schema::preferences_schema;
use lobuctl::config::{KeyConflict, LoadedPreferences, PreferenceWords, Preferences, load_preferences};
use lobuctl::report::diagnostics::{DiagnosticStyle, render};
use lobuctl::tui::color::parse_color;
use lobuctl::tui::key::Key;
use lobuctl::tui::keymap::{TABLE, clashes};
use lobuctl::tui::theme::Theme;
use lobuctl::tui::{ChosenKeys, ThemeName};

use crate::support::program::cli::CliOutput;
use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};
use crate::support::program::serve_process::lobuctl;
use crate::support::project::TempProject;
use crate::support::snapshot;

const EVERYTHING: &str = r##"
theme = "high-contrast"
mouse = false
diff = "side-by-side"
pane-width = 30
notify = false

[colors]
create = "#7bc86c"
selected = "bright blue"
border = "208"

[keys]
apply = "ctrl-a"
next-change = ["n", "f5", "space"]

[context.prod]
protected = true
color = "red"
"##;

/// Stands in for the key table: `u` is taken.
fn conflicts(keys: &BTreeMap<String, Vec<String>>) -> Vec<KeyConflict> {
    let clash = |(action, keys): (&String, &Vec<String>)| {
        let key = keys.iter().find(|key| *key == "u")?;
        Some(KeyConflict {
            action: action.clone(),
            key: key.clone(),
            other: "adopt".to_owned(),
        })
    };
    keys.iter().filter_map(clash).collect()
}

fn words() -> PreferenceWords {
    PreferenceWords {
        themes: ThemeName::ALL.map(|(_, name)| name).into(),
        colored: Theme::names(),
        is_color: |text| parse_color(text).is_some(),
        actions: vec!["adopt", "apply", "next-change"],
        is_key: |text| Key::parse(text).is_some(),
        conflicts,
    }
}

fn load(text: &str) -> LoadedPreferences {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    fs::write(&file, text).unwrap();
    load_preferences(&file, folder.path(), &words())
}

#[test]
fn everything_in_the_file_is_read() {
    let loaded = load(EVERYTHING);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let preferences = loaded.preferences.unwrap();
    let pair = |name: &str, color: &str| (name.to_owned(), color.to_owned());
    let expected = Preferences {
        theme: Some("high-contrast".to_owned()),
        colors: [
            pair("create", "#7bc86c"),
            pair("selected", "bright blue"),
            pair("border", "208"),
        ]
        .into(),
        keys: BTreeMap::from([
            ("apply".to_owned(), vec!["ctrl-a".to_owned()]),
            ("next-change".to_owned(), ["n", "f5", "space"].map(str::to_owned).into()),
        ]),
        mouse: Some(false),
        side_by_side: Some(true),
        pane_width: Some(30),
        notify: Some(false),
        contexts: [pair("prod", "red")].into(),
    };
    assert_eq!(preferences, expected);
}

#[test]
fn a_missing_file_and_an_empty_one_say_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let missing = load_preferences(&folder.path().join("config.toml"), folder.path(), &words());
    assert_eq!(missing.preferences, Some(Preferences::default()));
    assert_eq!(load("").preferences, Some(Preferences::default()));
}

#[test]
fn every_problem_is_reported_at_its_place() {
    let wrong = "theme = \"drak\"\nmuose = true\nmouse = \"no\"\npane-width = 90\ndiff = 2\n\n[colors]\ncreate = \"greenish\"\n\
                 creat = \"red\"\ndelete = 7\n\n[context.prod]\ncolor = \"#12\"\nprotect = true\n\n[context]\ntoken = \"x\"\n\n\
                 [keys]\napply = [\"a\", \"u\"]\nadopt = \"shift-x\"\nnext-change = 5\nfly = \"f\"\n";
    let loaded = load(wrong);
    assert!(loaded.preferences.is_none());
    let style = DiagnosticStyle {
        color: false,
        unicode: false,
        width: 120,
    };
    snapshot::check(
        "preferences_wrong",
        &render(&loaded.diagnostics, &loaded.sources, style),
    );
}

#[test]
fn a_secret_that_strayed_into_the_file_is_not_printed() {
    let loaded = load("mouse = 1 # sk-ant-REDACTED\ntoken = \"hunter2hunter2\"\n");
    let style = DiagnosticStyle {
        color: false,
        unicode: false,
        width: 120,
    };
    let text = render(&loaded.diagnostics, &loaded.sources, style);
    assert!(text.contains("config.toml:2:1"), "{text}");
    assert!(
        !text.contains("hunter2") && !text.contains("0123456789abcdef"),
        "{text}"
    );
}

#[test]
fn the_schema_has_the_keys_that_are_read() {
    let schema = preferences_schema(&words());
    let keys = |node: &serde_json::Value| -> Vec<String> {
        let mut keys: Vec<String> = node["properties"].as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let mut of_file: Vec<String> = toml::from_str::<toml::Table>(EVERYTHING)
        .unwrap()
        .keys()
        .cloned()
        .collect();
    of_file.sort();
    assert_eq!(keys(&schema), of_file);
    assert_eq!(
        keys(&schema["properties"]["context"]["additionalProperties"]),
        ["color", "protected"]
    );
    // The reader knows each of them, and nothing else.
    for color in keys(&schema["properties"]["colors"]) {
        assert!(
            load(&format!("[colors]\n{color} = \"red\"\n")).preferences.is_some(),
            "{color}"
        );
    }
    for (_, theme) in ThemeName::ALL {
        assert!(load(&format!("theme = \"{theme}\"\n")).preferences.is_some(), "{theme}");
    }
}

#[test]
fn the_screen_does_not_open_over_a_wrong_file() {
    let project = TempProject::new(&[
        ("lobu.toml", "[agents]\n[memory]\norg = \"dev\"\n"),
        (
            ".config/lobuctl/config.toml",
            "mouse = true\ntheme = \"neon\"\n[keys]\napply = [\"f5\", \"j\"]\n",
        ),
    ]);
    let mut command = lobuctl_on_a_terminal(project.path(), "owl_pat_none");
    command.args(["--url", "http://127.0.0.1:1"]);
    let (code, text) = Pty::start(command, 100, 30).ended();
    assert_eq!(code, 1, "{text}");
    assert!(text.contains(".config/lobuctl/config.toml:2:9"), "{text}");
    assert!(text.contains("`j` would start both `apply` and `down`"), "{text}");
    assert!(text.contains("lobuctl schema --file config"), "{text}");
}

#[test]
fn a_chosen_key_clashes_with_what_is_possible_in_the_same_place_only() {
    let choose = |chosen: &[(&str, &str)]| {
        let mut keys = ChosenKeys::default();
        for (action, key) in chosen {
            keys.choose(*action, vec![Key::parse(key).unwrap()]);
        }
        let found = clashes(&keys).into_iter();
        found
            .map(|clash| format!("{} {} {}", clash.key, clash.action, clash.other))
            .collect::<Vec<_>>()
    };
    // The table alone has none, and an action does not clash with itself in another place.
    assert!(choose(&[]).is_empty());
    for binding in TABLE {
        let first = binding
            .keys
            .first()
            .map(ToString::to_string)
            .filter(|key| Key::parse(key).is_some());
        if let Some(key) = first {
            let own = TABLE.iter().filter(|other| other.name == binding.name);
            if own.clone().all(|other| other.keys.first() == binding.keys.first()) {
                assert_eq!(
                    choose(&[(binding.name, &key)]),
                    Vec::<String>::new(),
                    "{}",
                    binding.name
                );
            }
        }
    }
    assert_eq!(choose(&[("apply", "u")]), ["u apply adopt"]);
    // Where the other one has got another key, there is none any more.
    assert!(choose(&[("apply", "u"), ("adopt", "f5")]).is_empty());
    assert_eq!(choose(&[("apply", "f5"), ("adopt", "f5")]).len(), 1);
    // `f` follows a run; nothing of the review has it.
    assert!(choose(&[("apply", "f")]).is_empty());
}

#[test]
fn keys_are_read_as_users_write_them() {
    for (text, key) in [
        ("a", Some(Key::char('a'))),
        ("G", Some(Key::char('G'))),
        ("ctrl-r", Some(Key::ctrl('r'))),
        ("space", Some(Key::char(' '))),
        ("ctrl-m", None),
        ("ctrl-", None),
        ("ctrl-rr", None),
        ("alt-x", None),
        ("f0", None),
        ("f13", None),
        ("", None),
        (" ", None),
        ("\u{7}", None),
        ("enter", Some(Key::of(crossterm::event::KeyCode::Enter))),
        ("f12", Some(Key::of(crossterm::event::KeyCode::F(12)))),
    ] {
        assert_eq!(Key::parse(text), key, "{text:?}");
    }
}

#[test]
fn a_relative_folder_of_xdg_turns_no_guard_off() {
    let home = tempfile::tempdir().unwrap();
    for (file, text) in [
        (
            "lobu/config.json",
            r#"{"contexts": {"prod": {"url": "https://prod.example"}}}"#,
        ),
        ("lobuctl/config.toml", "[context.prod]\nprotected = true\n"),
    ] {
        let file = home.path().join(".config").join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let mut command = lobuctl(home.path());
    command
        .args("whoami --offline --context prod --org dev --format json".split(' '))
        .current_dir(home.path())
        .env("XDG_CONFIG_HOME", "relative");
    let shown = CliOutput::of(&command.output().unwrap()).object("session");
    assert_eq!(shown["protected"], true, "{shown}");
}
