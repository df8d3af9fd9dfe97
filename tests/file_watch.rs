//! What a watch has a cache forget: what was written, and nothing that was only read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lobuctl::config::{LoadCache, LoadOptions, LoadedProject, Only, SecretsCheck, load_changes};
use lobuctl::resource::EntityPath;
use lobuctl::review::FileWatch;

use crate::support::apply::memory_rows::{MODELS, TOML};
use crate::support::deadline::within;
use crate::support::project::TempProject;

fn load(folder: &Path, cache: &mut LoadCache) -> LoadedProject {
    let options = LoadOptions {
        environment: &BTreeMap::new(),
        env_files: &[],
        allow_outside: false,
        secrets_check: SecretsCheck::All,
        only: Only::All,
        display_root: folder,
    };
    load_changes(&folder.join("lobu.toml"), &options, cache)
}

#[tokio::test]
async fn what_is_written_is_forgotten_and_what_is_read_is_not() {
    let project = TempProject::new(&[
        (
            "lobu.toml",
            "[agents.one]\nname = \"One\"\ndir = \"./one\"\n[agents.two]\nname = \"Two\"\ndir = \"./two\"\n",
        ),
        ("one/SOUL.md", "One.\n"),
        ("two/SOUL.md", "Two.\n"),
    ]);
    let folder = project.path();
    let (mut cache, mut watch) = (LoadCache::default(), FileWatch::new());
    let folders = Arc::new(load(folder, &mut cache).folders);
    assert_eq!(cache.count(), 2);
    // What changed before a folder was watched is not known.
    assert!(watch.watch(Arc::clone(&folders)));
    watch.forget_changed(&mut cache);
    assert_eq!(cache.count(), 0);
    load(folder, &mut cache);
    assert!(!watch.watch(Arc::clone(&folders)));
    for file in ["one/SOUL.md", "one/skills/cook.md", "one/SOUL.md"] {
        fs::create_dir_all(folder.join(file).parent().unwrap()).unwrap();
        fs::write(folder.join("one/new~"), "Changed.\n").unwrap();
        fs::rename(folder.join("one/new~"), folder.join(file)).unwrap();
        within(watch.changed()).await;
        watch.forget_changed(&mut cache);
        assert!(cache.count() < 2, "{file} is known as it was");
        let folders = Arc::new(load(folder, &mut cache).folders);
        // A load opens every file that it reads; the watch is told so.
        watch.watch(folders);
        watch.forget_changed(&mut cache);
    }
    // An event of before may arrive late, and then the other folder is read once more than it has to be.
    let mut kept = false;
    for _ in 0..20 {
        load(folder, &mut cache);
        fs::write(folder.join("two/SOUL.md"), "Changed.\n").unwrap();
        within(watch.changed()).await;
        watch.forget_changed(&mut cache);
        kept |= cache.count() == 1;
    }
    assert!(kept, "the other folder was only read");
}

#[tokio::test]
async fn of_data_only_the_file_that_is_written_is_forgotten() {
    let entity = |slug: &str| format!("type: entity\nentity_type: company\nslug: {slug}\nname: {slug}\n");
    let project = TempProject::new(&[
        ("lobu.toml", TOML.to_owned()),
        ("models/all.yaml", MODELS.to_owned()),
        ("data/a.yaml", entity("a")),
        ("data/b.yaml", entity("b")),
        ("data/deep/c.yaml", entity("c")),
    ]);
    let folder = project.path();
    let (mut cache, mut watch) = (LoadCache::default(), FileWatch::new());
    let folders = Arc::new(load(folder, &mut cache).folders);
    watch.watch(folders);
    watch.forget_changed(&mut cache);
    load(folder, &mut cache);
    // The agent's folder, which is the project's, and four files.
    assert_eq!(cache.count(), 5);
    let mut kept = false;
    // As above, an event of before may arrive late.
    for round in 0..20 {
        load(folder, &mut cache);
        fs::write(folder.join("data/new~"), entity(&format!("b{round}"))).unwrap();
        fs::rename(folder.join("data/new~"), folder.join("data/b.yaml")).unwrap();
        within(watch.changed()).await;
        watch.forget_changed(&mut cache);
        kept |= cache.count() == 4;
        let loaded = load(folder, &mut cache);
        let entities = &loaded.project.unwrap().desired.entities;
        assert!(
            entities.contains_key(&EntityPath::parse(&format!("b{round}"))),
            "{entities:?}"
        );
    }
    assert!(kept, "the other files were only read");
}

#[tokio::test]
async fn a_change_is_told_after_a_wait_that_was_dropped_too() {
    let toml = "[agents.one]\nname = \"One\"\ndir = \"./one\"\n";
    let project = TempProject::new(&[("lobu.toml", toml), ("one/SOUL.md", "One.\n")]);
    let folder = project.path();
    let (mut cache, mut watch) = (LoadCache::default(), FileWatch::new());
    let folders = Arc::new(load(folder, &mut cache).folders);
    watch.watch(folders);
    watch.forget_changed(&mut cache);
    load(folder, &mut cache);
    fs::write(folder.join("one/SOUL.md"), "Changed.\n").unwrap();
    // Something else is ready first, again and again, until the event has been taken.
    let taken = async {
        while cache.count() > 0 {
            let _ = tokio::time::timeout(Duration::from_millis(1), watch.changed()).await;
            watch.forget_changed(&mut cache);
        }
    };
    within(taken).await;
    within(watch.changed()).await;
}
