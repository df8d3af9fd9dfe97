//! The user's `config.toml`: everything in it is read, everything wrong is reported where it is.

use std::fs;

use lobuctl::config::schema::preferences_schema;
use lobuctl::config::{LoadedPreferences, PreferenceWords, Preferences, load_preferences};
use lobuctl::report::diagnostics::{DiagnosticStyle, render};
use lobuctl::tui::ThemeName;
use lobuctl::tui::color::parse_color;
use lobuctl::tui::theme::Theme;

use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};
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

[context.prod]
protected = true
color = "red"
"##;

fn words() -> PreferenceWords {
    PreferenceWords {
        themes: ThemeName::ALL.map(|(_, name)| name).into(),
        colored: Theme::names(),
        is_color: |text| parse_color(text).is_some(),
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
                 creat = \"red\"\ndelete = 7\n\n[context.prod]\ncolor = \"#12\"\nprotect = true\n\n[context]\ntoken = \"x\"\n";
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
        (".config/lobuctl/config.toml", "mouse = true\ntheme = \"neon\"\n"),
    ]);
    let mut command = lobuctl_on_a_terminal(project.path(), "owl_pat_none");
    command.args(["--url", "http://127.0.0.1:1"]);
    let (code, text) = Pty::start(command, 100, 30).ended();
    assert_eq!(code, 1, "{text}");
    assert!(text.contains(".config/lobuctl/config.toml:2:9"), "{text}");
    assert!(text.contains("lobuctl schema --file config"), "{text}");
}
