//! How long it takes to work out and prove a pull of 100 and of 1,000 rows that all differ, and how the time for one row
//! grows between them.
//!
//! `cargo bench --bench pull`. Half of the rows are agents' settings with their texts, three in ten are entity types, the
//! others are platforms. The larger pull repeats the smaller one's work ten times, so the ratio should be near 1.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lobuctl::config::{LoadOptions, Only, SecretsCheck, load};
use lobuctl::plan::{PlanOptions, Target, plan};
use lobuctl::pull::{ProjectFiles, proved};
use lobuctl::resource::{ConfigValue, Origins, State, field};
use serde_json::json;

/// The number of times that each pull is worked out. The fastest one counts.
const TIMES: usize = 3;

/// How the types are in the model files.
#[derive(Clone, Copy)]
enum Models {
    /// Each has a file of its own.
    Alone,
    /// One file has a list of all.
    OneFile,
}

type Texts = BTreeMap<PathBuf, String>;

fn main() {
    println!(
        "{:<26} {:>12} {:>12} {:>16}",
        "", "100 rows", "1,000 rows", "ratio for a row"
    );
    row("rows that differ", |rows| measure(&texts(rows, Models::Alone), changed));
    row("types in one file", |rows| {
        measure(&texts(rows, Models::OneFile), changed)
    });
    row("rows that no file has", |rows| {
        let remote = loaded(&texts(rows, Models::Alone));
        let empty = Texts::from([
            (
                "lobu.toml".into(),
                "[agents]\n\n[memory]\nmodels = \"./models\"\n".to_owned(),
            ),
            ("models/.keep".into(), String::new()),
        ]);
        measure(&empty, |_| remote.clone())
    });
}

fn row(what: &str, time: impl Fn(usize) -> Duration) {
    let (small, large) = (time(100), time(1_000));
    let ratio = large.as_secs_f64() / 10.0 / small.as_secs_f64().max(1e-9);
    println!(
        "{what:<26} {:>9.1} ms {:>9.1} ms {ratio:>15.2}x",
        small.as_secs_f64() * 1e3,
        large.as_secs_f64() * 1e3
    );
}

/// Works out what a project pulls from another state than it declares.
fn measure(texts: &Texts, there: impl Fn(&State) -> State) -> Duration {
    let desired = loaded(texts);
    let remote = there(&desired);
    let options = PlanOptions::default();
    let draft = plan(&desired, &remote, &Origins::default(), Target::default(), &options).unwrap();
    let files = ProjectFiles::new(texts.clone()).unwrap();
    let times = (0..TIMES).map(|_| {
        let start = Instant::now();
        let changes = proved(&files, &draft.plan, &desired, &remote, Only::All).unwrap();
        let time = start.elapsed();
        assert!(changes.conflicts.is_empty() && !changes.files.is_empty());
        time
    });
    times.min().unwrap()
}

/// Returns the files of a project with this number of rows.
fn texts(rows: usize, models: Models) -> Texts {
    let mut texts = Texts::new();
    let mut toml = String::from("# ours\n[agents]\n\n");
    for number in 0..rows / 2 {
        let id = format!("agent-{number:04}");
        write!(
            toml,
            "[agents.{id}]\nname = \"Agent {number}\" # its name\ndir = \"./agents/{id}\"\n\n[[agents.{id}.providers]]\n\
             id = \"anthropic\"\nmodel = \"claude\"\n\n[agents.{id}.network]\nallowed = [\"a.example\", \"b.example\"] # ours\n\n"
        )
        .unwrap();
        if number < rows / 5 {
            writeln!(
                toml,
                "[[agents.{id}.platforms]]\ntype = \"telegram\"\nconfig = {{ botToken = \"$TOKEN\", chatId = \"1\" }}\n"
            )
            .unwrap();
        }
        texts.insert(
            format!("agents/{id}/SOUL.md").into(),
            format!("You are {id}.\nBe kind.\n"),
        );
    }
    toml.push_str("[memory]\nmodels = \"./models\"\n");
    texts.insert("lobu.toml".into(), toml);
    let mut list = String::from("entities:\n");
    for number in 0..rows * 3 / 10 {
        let lines = [
            format!("slug: thing-{number:04}"),
            format!("name: Thing {number} # its name"),
            "metadata_schema:\n  type: object\n  properties:\n    size: { type: number }".to_owned(),
        ];
        let text = lines.join("\n");
        match models {
            Models::Alone => {
                texts.insert(
                    format!("models/thing-{number:04}.yaml").into(),
                    format!("type: entity\n{text}\n"),
                );
            }
            Models::OneFile => writeln!(list, "  - {}", text.replace('\n', "\n    ")).unwrap(),
        }
    }
    if matches!(models, Models::OneFile) {
        texts.insert("models/things.yaml".into(), list);
    }
    texts
}

/// Returns a state in which every settings row, type and platform differs.
fn changed(desired: &State) -> State {
    let mut state = desired.clone();
    for settings in state.settings.values_mut() {
        settings
            .fields
            .insert(field::SOUL, json!("You are somebody else.\nBe kinder."));
        settings
            .fields
            .insert(field::NETWORK, json!({ "allowedDomains": ["b.example", "c.example"] }));
        settings
            .fields
            .insert(field::MODEL_PREFERENCES, json!({ "anthropic": "opus" }));
    }
    for entity in state.entity_types.values_mut() {
        entity.name.push_str(" of theirs");
        entity.metadata_schema = Some(
            json!({ "type": "object", "properties": { "size": { "type": "string" }, "city": { "type": "string" } } }),
        );
    }
    for platform in state.platforms.values_mut() {
        platform
            .config
            .insert("chatId".to_owned(), ConfigValue::Plain(json!("2")));
    }
    state
}

/// Loads a project from a temporary folder.
fn loaded(texts: &Texts) -> State {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in texts {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let environment = BTreeMap::new();
    let options = LoadOptions {
        environment: &environment,
        env_files: &[],
        secrets_check: SecretsCheck::Off,
        only: Only::All,
        allow_outside: false,
        display_root: folder.path(),
    };
    load(&folder.path().join("lobu.toml"), &options)
        .project
        .unwrap()
        .desired
}
