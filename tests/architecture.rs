//! The rooms of the crate and the arrows between them: what is not in these tables does not get in.
//!
//! The tables are the drawing of `ARCHITECTURE.md`; change both together.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A room, and the rooms it may use. `*` stands for every room.
const MAY_USE: &[(&str, &[&str])] = &[
    ("lib", &["*"]),
    ("main", &["*"]),
    ("command", &["*"]),
    ("tui", &["show", "apply", "plan", "resource"]),
    ("report", &["show", "apply", "plan", "resource", "config", "failure"]),
    ("failure", &["exit", "show"]),
    ("show", &["apply", "plan", "resource", "config"]),
    ("apply", &["remote", "plan", "resource", "wire"]),
    ("session", &["remote", "resource", "failure"]),
    ("remote", &["wire", "resource"]),
    ("plan", &["resource", "wire"]),
    ("config", &["resource"]),
    // Never resource, plan or remote: it must be able to disagree with the client.
    ("server", &["wire"]),
    ("cli", &["exit"]),
    ("host", &[]),
    ("exit", &[]),
    ("wire", &[]),
    ("resource", &[]),
];

/// What comes from outside, and the only places that may know it.
const KNOWN_BY: &[(&str, &[&str])] = &[
    ("ratatui", &["tui"]),
    ("crossterm", &["tui", "host"]),
    ("clap", &["cli", "command"]),
    ("reqwest", &["remote"]),
    ("axum", &["server", "remote/body", "remote/router", "command"]),
    ("sqlx", &["server"]),
    ("annotate_snippets", &["report"]),
    ("serde_saphyr", &["config"]),
    ("rustls", &["remote"]),
    ("aes_gcm", &["server"]),
    // The demo asks where temporary folders go.
    ("std::env", &["host", "main", "command/demo/project"]),
    ("std::process", &["exit", "main", "command", "tui"]),
];

/// Rooms that touch no file: what they say depends on their arguments alone.
const WITHOUT_FILES: &[&str] = &[
    "resource", "wire", "plan", "show", "cli", "exit", "failure", "host", "remote", "tui",
];

struct Source {
    /// Below `src`, without `.rs`: `remote/http`.
    name: String,
    text: String,
}

impl Source {
    fn room(&self) -> &str {
        self.name.split('/').next().unwrap()
    }

    /// How many `super` it takes to reach the crate.
    fn depth(&self) -> usize {
        let segments = self.name.split('/').count();
        if self.name.ends_with("/mod") {
            segments - 1
        } else {
            segments
        }
    }

    fn uses(&self) -> BTreeSet<String> {
        let root = "super::".repeat(self.depth());
        let deeper = format!("super::{root}");
        ["crate::", root.as_str()]
            .iter()
            .flat_map(|start| self.text.match_indices(start).map(|(at, _)| (at, start.len())))
            .filter(|(at, length)| *length == "crate::".len() || !self.text[..*at].ends_with("super::"))
            .flat_map(|(at, length)| first_names(&self.text[at + length..]))
            .chain(self.text.contains(&deeper).then(|| "outside the crate".to_owned()))
            .collect()
    }
}

/// `plan::{…}` names `plan`; `{plan::…, show}` names both.
fn first_names(text: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        let text = text.trim_start();
        text.chars()
            .take_while(|one| one.is_alphanumeric() || *one == '_')
            .collect()
    };
    let Some(group) = text.strip_prefix('{') else {
        return vec![name(text)];
    };
    let mut names = vec![name(group)];
    let mut depth = 1;
    for (at, one) in group.char_indices() {
        match one {
            '{' => depth += 1,
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(name(&group[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(read(&root, &path));
            }
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

fn read(root: &Path, path: &PathBuf) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let code: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    Source {
        name: path
            .strip_prefix(root)
            .unwrap()
            .with_extension("")
            .display()
            .to_string(),
        text: code.join("\n"),
    }
}

fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn rooms_use_only_what_the_drawing_says() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = MAY_USE.iter().find(|(room, _)| *room == source.room()) else {
            wrong.push(format!(
                "src/{}.rs: the room `{}` is not in the drawing",
                source.name,
                source.room()
            ));
            continue;
        };
        for used in source.uses() {
            let fine = used == source.room() || allowed.iter().any(|room| *room == "*" || *room == used);
            if !fine {
                wrong.push(format!(
                    "src/{}.rs: `{}` must not use `{used}`",
                    source.name,
                    source.room()
                ));
            }
        }
    }
    report(&wrong);
}

#[test]
fn crates_from_outside_stay_where_they_are_known() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (outside, places) in KNOWN_BY {
            let path = format!("{outside}::");
            let knows = source.text.match_indices(&path).any(|(at, _)| {
                let before = source.text[..at].chars().next_back();
                !before.is_some_and(|one| one.is_alphanumeric() || one == '_' || one == ':')
            });
            let fine = places
                .iter()
                .any(|place| source.name == *place || source.name.starts_with(&format!("{place}/")));
            if knows && !fine {
                wrong.push(format!(
                    "src/{}.rs: `{outside}` belongs to {}",
                    source.name,
                    places.join(", ")
                ));
            }
        }
    }
    report(&wrong);
}

#[test]
fn rooms_without_files_open_none() {
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|source| WITHOUT_FILES.contains(&source.room()))
        .filter(|source| {
            ["std::fs", "tokio::fs", "File::open"]
                .iter()
                .any(|word| source.text.contains(word))
        })
        .map(|source| format!("src/{}.rs: opens files", source.name))
        .collect();
    report(&wrong);
}

#[test]
fn every_file_says_what_it_is_for_and_stays_small() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for source in sources() {
        let text = fs::read_to_string(root.join(format!("{}.rs", source.name))).unwrap();
        if !text.starts_with("//! ") {
            wrong.push(format!("src/{}.rs: no header", source.name));
        }
        if text.lines().count() >= 400 {
            wrong.push(format!("src/{}.rs: {} lines", source.name, text.lines().count()));
        }
    }
    report(&wrong);
}

#[test]
fn the_reader_of_arrows_reads_them() {
    let source = Source {
        name: "remote/deep/file".to_owned(),
        text: "use crate::plan::{Plan, Row};\nuse crate::{show, apply::{Event, Cancel}, wire::Body};\nuse super::super::super::tui::Model;\nuse super::super::http;"
            .to_owned(),
    };
    let expected = ["apply", "plan", "show", "tui", "wire"].map(str::to_owned);
    assert_eq!(source.uses(), BTreeSet::from(expected));
}
