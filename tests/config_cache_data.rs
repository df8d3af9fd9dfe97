//! Models and data: a load that keeps what it has read of each file says the same as one that reads all of them.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::apply::memory_rows::{MODELS, TOML};
use crate::support::cached_project::{CachedProject, codes, said};
use crate::support::chance::Chance;
use crate::support::project::TempProject;

const WATCHER: &str = "\
type: watcher
slug: news
name: News
entity: company:acme
prompt: What is new?
extraction_schema: {type: object, properties: {text: {type: string}}}
reaction_script: ../scripts/react.ts
";

const COMPANIES: &str = "\
entities:
  - {entity_type: company, slug: acme, name: Acme, metadata: {tier: gold, domain: acme.com}}
  - {entity_type: company, slug: globex, name: Globex, metadata: {tier: silver}}
";

const PEOPLE: &str = "\
entities:
  - {entity_type: person, slug: ada, name: Ada}
  - {entity_type: person, slug: bob, name: Bob, parent: acme}
relationships:
  - {relationship_type: works-at, from: ada, to: company:acme}
  - {relationship_type: knows, from: ada, to: acme/bob}
";

const OTHERS: &str = "\
type: entity
entity_type: company
slug: emea
name: Acme EMEA
parent: acme
metadata: {tier: gold}
";

fn project() -> CachedProject {
    let toml =
        format!("{TOML}[[agents.triage.platforms]]\ntype = \"telegram\"\nconfig = {{ botToken = \"$TOKEN\" }}\n");
    // The order of tables in `TOML` is agents, memory.
    CachedProject::new(TempProject::new(&[
        ("lobu.toml", toml.as_str()),
        (".env", "TOKEN=planted-value\n"),
        ("SOUL.md", "Sort.\n"),
        ("models/types.yaml", MODELS),
        ("models/watchers.yaml", WATCHER),
        ("scripts/react.ts", "export {}\n"),
        ("data/companies.yaml", COMPANIES),
        ("data/people.yaml", PEOPLE),
        ("data/deep/others.yaml", OTHERS),
    ]))
}

#[test]
fn data_that_has_changed_is_read_again() {
    let mut cached = project();
    assert!(cached.load().project.is_some());
    cached.save("data/companies.yaml", COMPANIES.replace("Acme,", "Acme Inc,"));
    // What others refer to is broken, and mended.
    let loaded = cached.save("data/companies.yaml", "entities: [\n");
    assert_eq!(codes(&loaded), ["yaml-syntax"]);
    cached.save("data/companies.yaml", COMPANIES);
    // Two files declare the same; the second one is where the first one was then.
    let loaded = cached.save("data/again.yaml", PEOPLE);
    assert_eq!(codes(&loaded), ["duplicate-entity", "duplicate-relationship"]);
    cached.save("data/people.yaml", format!("# Moved.\n\n{PEOPLE}"));
    let loaded = cached.remove("data/again.yaml");
    assert!(loaded.project.is_some());
    // The entity that another file names is of another type, is ambiguous, and is gone.
    let loaded = cached.save("data/companies.yaml", COMPANIES.replace("company", "person"));
    assert!(!said(&loaded).contains("entity.company.acme"));
    let loaded = cached.save(
        "data/companies.yaml",
        format!("{COMPANIES}  - {{entity_type: person, slug: acme, name: A, parent: globex}}\n"),
    );
    assert_eq!(codes(&loaded), ["ambiguous-entity"]);
    cached.save("data/companies.yaml", "");
    cached.remove("data/companies.yaml");
    cached.save("data/companies.yaml", COMPANIES);
    // A circle of parents through two files.
    let circle = COMPANIES.replace("name: Acme,", "name: Acme, parent: emea,");
    assert_eq!(codes(&cached.save("data/companies.yaml", circle)), ["parent-circle"]);
    cached.save("data/companies.yaml", [0xff, 0xfe]);
    cached.save("data/companies.yaml", COMPANIES.replace("Acme,", "A\u{200b}cme,"));
    cached.save("data/companies.yaml", COMPANIES);
}

#[test]
fn data_in_folders_that_move_is_read_again() {
    let mut cached = project();
    cached.rename("data/deep", "data/deeper");
    cached.rename("data/deeper/others.yaml", "data/deeper/zz.yml");
    cached.write("data/new/more/x.yaml", OTHERS.replace("emea", "apac"));
    cached.check(&["data/new"]);
    fs::remove_dir_all(cached.path("data/new")).unwrap();
    cached.check(&["data/new"]);
    // As a whole, and another one in its place.
    cached.rename("data", "old");
    cached.save("data/only.yaml", COMPANIES);
    cached.rename("data", "newer");
    cached.rename("old", "data");
    cached.write("lobu.toml", TOML.replace("data = \"data\"", "data = \"newer\""));
    cached.check(&["lobu.toml"]);
}

#[test]
fn a_type_that_has_changed_is_held_against_data_that_has_not() {
    let mut cached = project();
    let stricter = MODELS.replace("required: [tier]", "required: [tier, employees]");
    assert_eq!(codes(&cached.save("models/types.yaml", stricter)), ["metadata"]);
    let other = MODELS.replace("slug: company", "slug: firm");
    assert!(codes(&cached.save("models/types.yaml", other)).contains(&"unknown-type"));
    let rule = MODELS.replace("{source: person, target: company}", "{source: company, target: person}");
    assert_eq!(codes(&cached.save("models/types.yaml", rule)), ["forbidden-pair"]);
    cached.save("models/types.yaml", "type: [\n");
    cached.save("models/more.yaml", MODELS);
    // Each slug twice.
    let loaded = cached.save("models/types.yaml", MODELS);
    assert_eq!(codes(&loaded), ["duplicate-slug"]);
    cached.remove("models/more.yaml");
    assert!(cached.load().project.is_some());
}

#[test]
fn a_script_that_has_changed_is_read_again() {
    let mut cached = project();
    let loaded = cached.save("scripts/react.ts", "export default 1\n");
    assert!(said(&loaded).contains("export default 1"));
    assert_eq!(codes(&cached.remove("scripts/react.ts")), ["missing-script"]);
    cached.save("scripts/react.ts", "// planted-value\n");
    cached.save(".env", "TOKEN=another-value\n");
    cached.rename("scripts", "gone");
    assert_eq!(codes(&cached.load()), ["missing-script"]);
    // The folder of a script that is missing is looked into, or a watch would not notice when it is there.
    assert!(cached.load().folders.contains(&cached.path("scripts")));
    cached.rename("gone", "scripts");
    assert!(cached.load().project.is_some());
}

#[test]
fn a_link_is_read_again_when_its_file_changes() {
    let mut cached = project();
    cached.write("shared/x.yaml", OTHERS.replace("emea", "apac"));
    symlink("../shared/x.yaml", cached.path("data/x.yaml")).unwrap();
    let loaded = cached.check(&["data/x.yaml", "shared"]);
    assert!(said(&loaded).contains("apac"));
    let loaded = cached.save("shared/x.yaml", OTHERS.replace("emea", "nordic"));
    assert!(said(&loaded).contains("nordic"));
    cached.rename("shared", "elsewhere");
    assert_eq!(codes(&cached.load()), ["unreadable"]);
    cached.rename("elsewhere", "shared");
    // Outside the project, and where secrets are.
    fs::remove_file(cached.path("data/x.yaml")).unwrap();
    symlink("/etc/hostname", cached.path("data/x.yaml")).unwrap();
    assert_eq!(codes(&cached.check(&["data/x.yaml"])), ["outside-project"]);
    fs::remove_file(cached.path("data/x.yaml")).unwrap();
    symlink("../.env", cached.path("data/x.yaml")).unwrap();
    assert_eq!(codes(&cached.check(&["data/x.yaml"])), ["private-file"]);
    cached.remove("data/x.yaml");
}

#[test]
fn data_is_searched_again_for_a_value_that_has_changed() {
    let mut cached = project();
    cached.save("data/companies.yaml", COMPANIES.replace("Globex,", "of another-value,"));
    let count = cached.cache.count();
    let loaded = cached.save(".env", "TOKEN=another-value\n");
    assert_eq!(codes(&loaded), ["secret-in-text"]);
    assert!(cached.save(".env", "TOKEN=planted-value\n").project.is_some());
    assert_eq!(cached.cache.count(), count, "a value has the files read as a whole");
}

#[test]
fn only_the_file_that_has_changed_is_read() {
    let mut cached = project();
    let count = cached.cache.count();
    // One agent, two files of models, three of data.
    assert_eq!(count, 6);
    for (changed, known) in [
        ("data/companies.yaml", 5),
        ("data/deep/others.yaml", 5),
        ("models/watchers.yaml", 5),
        ("scripts/react.ts", 5),
        ("data/notes.txt", 6),
        ("data/deep", 5),
        ("lobu.toml", 5),
        (".env", 5),
    ] {
        cached.check(&[]);
        cached.forget(&[changed]);
        assert_eq!(cached.cache.count(), known, "after a change of {changed}");
    }
    // Every file says something else now, and one of them is said to have changed.
    cached.check(&[]);
    for file in ["data/companies.yaml", "data/people.yaml", "data/deep/others.yaml"] {
        let text = fs::read_to_string(cached.path(file)).unwrap();
        cached.write(file, text.replace("name: ", "name: New "));
    }
    cached.forget(&["data/people.yaml"]);
    let loaded = said(&cached.load());
    assert!(loaded.contains("New Ada") && !loaded.contains("New Acme"), "{loaded}");
}

/// Saves, removes and renames files by chance: whatever has happened, both loads say the same.
#[test]
fn any_order_of_changes_is_followed() {
    const FILES: [&str; 5] = [
        "data/companies.yaml",
        "data/people.yaml",
        "data/deep/others.yaml",
        "models/types.yaml",
        "models/watchers.yaml",
    ];
    let texts = [
        COMPANIES.to_owned(),
        PEOPLE.to_owned(),
        OTHERS.to_owned(),
        MODELS.to_owned(),
        WATCHER.to_owned(),
        "entities: [\n".to_owned(),
        MODELS.replace("tier", "rank"),
        COMPANIES.replace("acme", "ada"),
        PEOPLE.replace("person", "company"),
        "planted-value: 1\n".to_owned(),
    ];
    let mut cached = project();
    let mut chance = Chance::new(7);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..120 {
        let mut changed = Vec::new();
        for _ in 0..=chance.below(2) {
            let (file, other) = (FILES[chance.below(FILES.len())], FILES[chance.below(FILES.len())]);
            let exists = cached.path(file).exists();
            match chance.below(6) {
                0 if exists => fs::remove_file(cached.path(file)).unwrap(),
                1 if exists && file != other => {
                    fs::rename(cached.path(file), cached.path(other)).unwrap();
                    changed.push(other);
                }
                _ => cached.write(file, &texts[chance.below(texts.len())]),
            }
            changed.push(file);
        }
        seen.extend(codes(&cached.check(&changed)));
    }
    // The story has had something to say.
    assert!(seen.len() >= 8, "{seen:?}");
}
