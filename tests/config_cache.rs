//! A load that keeps what it has read says the same as one that reads everything.

use std::fs;

use crate::support::cached_project::{CachedProject, codes, said};
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

#[test]
fn what_has_changed_is_read_again() {
    let mut cached = CachedProject::new(project());
    cached.save("agents/one/SOUL.md", "Another one.\n");
    cached.save("agents/one/skills/cook/SKILL.md", "---\nname: bake\n---\nBake.\n");
    // A new folder is an event in the one above it.
    cached.write("agents/two/skills/sing.md", "Sing.\n");
    cached.check(&["agents/two/skills"]);
    cached.write("agents/two/skills/hum/SKILL.md", "Hum.\n");
    cached.check(&["agents/two/skills/hum"]);
    cached.rename("agents/two/soul.md", "agents/two/SOUL.md");
    // The project's own skills and `lobu.toml` are always read.
    cached.save("skills/run.md", "Run.\n");
    cached.save("lobu.toml", LOBU_TOML.replace("Two", "Second"));
    fs::remove_dir_all(cached.path("agents/two")).unwrap();
    cached.check(&["agents/two"]);
    cached.rename("agents/one", "agents/two");
    // What is in a folder goes with the one above it.
    cached.rename("agents", "helpers");
    cached.rename("helpers", "agents");
}

#[test]
fn texts_are_searched_again_for_a_value_that_has_changed() {
    let mut cached = CachedProject::new(project());
    cached.save("agents/one/SOUL.md", "It is another-planted-value.\n");
    let count = cached.cache.count();
    let loaded = cached.save(".env", "TOKEN=another-planted-value\n");
    assert_eq!(codes(&loaded), ["misspelt-file", "secret-in-text"]);
    cached.save(".env", "TOKEN=planted-value\n");
    assert_eq!(cached.cache.count(), count);
}

#[test]
fn a_folder_that_becomes_one_of_a_server_is_refused() {
    let mut cached = CachedProject::new(project());
    let loaded = cached.save("agents/lobu.db", "");
    assert!(loaded.project.is_none(), "{:?}", loaded.diagnostics);
    assert_eq!(codes(&loaded), ["private-file"]);
}

#[test]
fn what_is_not_said_to_have_changed_is_not_read_again() {
    let mut cached = CachedProject::new(project());
    cached.write("agents/one/SOUL.md", "Unseen.\n");
    assert!(!said(&cached.load()).contains("Unseen"));
}
