//! A load that keeps what it has read says the same as one that reads everything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use lobuctl::config::{LoadCache, LoadOptions, LoadedProject, Only, SecretsCheck, load, load_changes};

use crate::support::project::TempProject;

const LOBU_TOML: &str = r#"[agents.one]
name = "One"
dir = "./agents/one"

[agents.two]
name = "Two"
dir = "./agents/two"

[agents.other]
name = "Other"
dir = "./agents/one"

[[agents.two.platforms]]
type = "telegram"
config = { botToken = "$TOKEN" }
"#;

fn project() -> TempProject {
    TempProject::new(&[
        ("lobu.toml", LOBU_TOML),
        (".env", "TOKEN=planted-value\n"),
        ("agents/one/SOUL.md", "One.\n"),
        ("agents/one/skills/cook/SKILL.md", "---\nname: cook\n---\nCook.\n"),
        ("agents/two/soul.md", "A name that is not read.\n"),
        ("skills/walk.md", "Walk.\n"),
    ])
}

/// Returns everything that a load says.
fn said(loaded: &LoadedProject) -> String {
    let project = loaded.project.as_ref();
    format!(
        "{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}",
        project.map(|it| &it.desired),
        project.map(|it| &it.origins),
        project.map(|it| &it.files),
        loaded.folders,
        loaded.diagnostics,
        loaded.sources.paths().collect::<Vec<_>>(),
    )
}

/// Loads with the cache and without it, and compares.
fn check(folder: &Path, cache: &mut LoadCache, changed: &[&str]) {
    let environment = BTreeMap::new();
    let options = LoadOptions {
        environment: &environment,
        env_files: &[],
        allow_outside: false,
        secrets_check: SecretsCheck::All,
        only: Only::All,
        display_root: folder,
    };
    let changed: BTreeSet<PathBuf> = changed.iter().map(|path| folder.join(path)).collect();
    cache.forget(&changed);
    let file = folder.join("lobu.toml");
    let known = said(&load_changes(&file, &options, cache));
    assert_eq!(known, said(&load(&file, &options)), "after {changed:?}");
}

#[test]
fn what_has_changed_is_read_again() {
    let project = project();
    let folder = project.path();
    let mut cache = LoadCache::default();
    check(folder, &mut cache, &[]);
    check(folder, &mut cache, &[]);
    let write = |path: &str, text: &str| {
        fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
        fs::write(folder.join(path), text).unwrap();
    };
    write("agents/one/SOUL.md", "Another one.\n");
    check(folder, &mut cache, &["agents/one/SOUL.md"]);
    write("agents/one/skills/cook/SKILL.md", "---\nname: bake\n---\nBake.\n");
    check(folder, &mut cache, &["agents/one/skills/cook/SKILL.md"]);
    // A new folder is an event in the one above it.
    write("agents/two/skills/sing.md", "Sing.\n");
    check(folder, &mut cache, &["agents/two/skills"]);
    write("agents/two/skills/hum/SKILL.md", "Hum.\n");
    check(folder, &mut cache, &["agents/two/skills/hum"]);
    fs::rename(folder.join("agents/two/soul.md"), folder.join("agents/two/SOUL.md")).unwrap();
    check(folder, &mut cache, &["agents/two/soul.md", "agents/two/SOUL.md"]);
    // The project's own skills and `lobu.toml` are always read.
    write("skills/run.md", "Run.\n");
    check(folder, &mut cache, &["skills/run.md"]);
    write("lobu.toml", &LOBU_TOML.replace("Two", "Second"));
    check(folder, &mut cache, &["lobu.toml"]);
    fs::remove_dir_all(folder.join("agents/two")).unwrap();
    check(folder, &mut cache, &["agents/two"]);
    fs::rename(folder.join("agents/one"), folder.join("agents/two")).unwrap();
    check(folder, &mut cache, &["agents/one", "agents/two"]);
}

#[test]
fn texts_are_searched_again_for_a_value_that_has_changed() {
    let project = project();
    let folder = project.path();
    let mut cache = LoadCache::default();
    check(folder, &mut cache, &[]);
    fs::write(folder.join("agents/one/SOUL.md"), "It is another-planted-value.\n").unwrap();
    check(folder, &mut cache, &["agents/one/SOUL.md"]);
    fs::write(folder.join(".env"), "TOKEN=another-planted-value\n").unwrap();
    check(folder, &mut cache, &[".env"]);
}

#[test]
fn a_folder_that_becomes_one_of_a_server_is_refused() {
    let project = project();
    let folder = project.path();
    let mut cache = LoadCache::default();
    check(folder, &mut cache, &[]);
    fs::write(folder.join("agents/lobu.db"), "").unwrap();
    check(folder, &mut cache, &["agents/lobu.db"]);
}

#[test]
fn what_is_not_said_to_have_changed_is_not_read_again() {
    let project = project();
    let folder = project.path();
    let mut cache = LoadCache::default();
    check(folder, &mut cache, &[]);
    fs::write(folder.join("agents/one/SOUL.md"), "Unseen.\n").unwrap();
    let environment = BTreeMap::new();
    let options = LoadOptions {
        environment: &environment,
        env_files: &[],
        allow_outside: false,
        secrets_check: SecretsCheck::All,
        only: Only::All,
        display_root: folder,
    };
    let loaded = load_changes(&folder.join("lobu.toml"), &options, &mut cache);
    assert!(!said(&loaded).contains("Unseen"));
}
