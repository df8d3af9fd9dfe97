//! Real projects load.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use lobuctl::config::{LoadOptions, LoadedProject, Only, SecretsCheck, load};

use crate::support::project::report;
use crate::support::report_skip;
use crate::support::snapshot;

fn loaded(root: &Path, environment: &BTreeMap<String, String>) -> LoadedProject {
    let options = LoadOptions {
        environment,
        env_files: &[],
        allow_outside: false,
        secrets_check: SecretsCheck::All,
        only: Only::All,
        display_root: root,
    };
    load(&root.join("lobu.toml"), &options)
}

#[test]
fn the_real_projects_load() {
    let folder = Path::new("../shared/examples");
    if !folder.is_dir() {
        report_skip("real projects: there is no ../shared/examples");
        return;
    }
    let environment = BTreeMap::from([("ANTHROPIC_API_KEY".to_owned(), "x".to_owned())]);
    let mut projects: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    projects.retain(|path| path.is_dir());
    projects.sort();
    assert_eq!(projects.len(), 6);
    for project in projects {
        let loaded = loaded(&project, &environment);
        let text = report(&loaded);
        println!("== {}\n{text}", project.display());
        if project.ends_with("market") {
            assert_eq!(
                text.matches("x-table-column: true`, and the server accepts at most 4")
                    .count(),
                2,
                "{text}"
            );
            assert!(loaded.project.is_none());
            continue;
        }
        let project = loaded.project.unwrap_or_else(|| panic!("{text}"));
        assert!(!project.desired.agents.is_empty());
        assert!(!project.desired.entity_types.is_empty());
        assert!(
            loaded
                .diagnostics
                .iter()
                .all(|diagnostic| diagnostic.code != "toml-syntax")
        );
    }
}

#[test]
fn the_bundled_project_has_nothing_to_complain_about() {
    let root = Path::new("examples/support-desk");
    let loaded = loaded(root, &BTreeMap::new());
    assert_eq!(report(&loaded), "");
    let project = loaded.project.unwrap();
    let desired = &project.desired;
    assert_eq!(project.organization.as_deref(), Some("dev"));
    assert_eq!(
        (
            desired.agents.len(),
            desired.platforms.len(),
            desired.entity_types.len(),
            desired.relationship_types.len()
        ),
        (2, 4, 3, 3)
    );
    let mut text = String::new();
    for (agent, settings) in &desired.settings {
        writeln!(
            text,
            "== {agent}\n{}",
            serde_json::to_string_pretty(&settings.fields.to_map()).unwrap()
        )
        .unwrap();
    }
    for platform in desired.platforms.values() {
        writeln!(text, "== {} {:?}", platform.address(), platform.config).unwrap();
    }
    for one in desired.entity_types.values() {
        writeln!(text, "== {one:?}").unwrap();
    }
    for one in desired.relationship_types.values() {
        writeln!(text, "== {one:?}").unwrap();
    }
    for one in &project.secrets {
        writeln!(text, "== {} {:?} sent={}", one.name, one.source, one.sent).unwrap();
        for (origin, key) in &one.uses {
            writeln!(text, "   {}:{} {key}", origin.file.display(), origin.line).unwrap();
        }
    }
    snapshot::check("config_support_desk", &text);
}
