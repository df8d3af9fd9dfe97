//! The files of the crate: small, with a header, without import circles, and with one type for each name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::source_tree::{SourceFile, file_imports, rust_files, source_files};

/// The files that still import each other in a circle. The list only shrinks.
const KNOWN_CIRCLES: &[&str] = &[];

/// The type names that are still defined more than once. The list only shrinks.
const KNOWN_REPEATED_TYPES: &[&str] = &[];

/// The folders whose module still stands beside them. The list only shrinks.
const KNOWN_MODULES_BESIDE_FOLDERS: &[&str] = &[];

/// The files that are still longer than 400 lines. The list only shrinks.
const KNOWN_LONG_FILES: &[&str] = &[];

fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Returns the groups of files that reach each other, each group sorted.
fn circles(imports: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<Vec<String>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> = imports.keys().map(|file| (*file, reachable(file, imports))).collect();
    let mut groups = BTreeSet::new();
    for (file, reached) in &reach {
        let group = reached
            .iter()
            .filter(|other| reach.get(*other).is_some_and(|back| back.contains(file)));
        let group: Vec<String> = group.map(|other| (*other).to_owned()).collect();
        if !group.is_empty() {
            groups.insert(group);
        }
    }
    groups.into_iter().collect()
}

fn reachable<'a>(file: &str, imports: &BTreeMap<&str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = imports[file].iter().copied().collect();
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(imports.get(next).into_iter().flatten().copied());
        }
    }
    found
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let files = source_files();
    let circles = circles(&file_imports(&files));
    let new = circles
        .iter()
        .filter(|group| !group.iter().all(|file| KNOWN_CIRCLES.contains(&file.as_str())));
    report(&new.map(|group| group.join(" <-> ")).collect::<Vec<_>>());
}

#[test]
fn a_circle_is_found_through_groups_reexports_and_paths_in_code() {
    let files = [
        SourceFile::new(
            "plan/mod.rs",
            "mod row;\nmod state;\npub use row::Row;\npub use state::State;",
        ),
        SourceFile::new("plan/row.rs", "use crate::plan::{Other, State};\npub struct Row;"),
        SourceFile::new(
            "plan/state.rs",
            "fn of(row: super::Row) {}\n// use crate::show::Line;\npub struct State;",
        ),
        SourceFile::new("show/mod.rs", "use crate::plan;\npub struct Line;"),
    ];
    let expected = vec![vec!["plan/row.rs".to_owned(), "plan/state.rs".to_owned()]];
    assert_eq!(circles(&file_imports(&files)), expected);
}

#[test]
fn no_type_name_is_defined_twice() {
    let files = source_files();
    let mut homes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in &files {
        for name in file.type_names() {
            homes.entry(name).or_default().push(&file.path);
        }
    }
    homes.retain(|name, homes| homes.len() > 1 && !KNOWN_REPEATED_TYPES.contains(name));
    let lines = homes
        .iter()
        .map(|(name, homes)| format!("{name}: {}", homes.join(", ")));
    report(&lines.collect::<Vec<_>>());
}

#[test]
fn every_file_has_a_header_and_stays_below_400_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "benches", "examples"] {
        for path in rust_files(&root.join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            let (lines, shown) = (text.lines().count(), path.strip_prefix(root).unwrap().display());
            if !text.starts_with("//! ") {
                wrong.push(format!("{shown}: no header"));
            }
            match (lines >= 400, KNOWN_LONG_FILES.contains(&shown.to_string().as_str())) {
                (true, false) => wrong.push(format!("{shown}: {lines} lines")),
                (false, true) => wrong.push(format!("{shown}: no exception any more")),
                _ => {}
            }
        }
    }
    report(&wrong);
}

#[test]
fn the_module_of_a_folder_is_inside_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = source_files();
    let beside = files
        .iter()
        .filter(|file| root.join(file.path.trim_end_matches(".rs")).is_dir());
    let new = beside.filter(|file| !KNOWN_MODULES_BESIDE_FOLDERS.contains(&file.path.as_str()));
    report(
        &new.map(|file| format!("src/{}: move it to mod.rs of its folder", file.path))
            .collect::<Vec<_>>(),
    );
}
