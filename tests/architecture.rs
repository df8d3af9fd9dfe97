//! The rooms of the crate and the arrows between them, as `ARCHITECTURE.md` draws them: what is not drawn is not allowed,
//! and what is not used is not drawn.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::source_tree::{SourceFile, source_files};

/// What comes from outside, and the only places that may know it.
const KNOWN_BY: &[(&str, &[&str])] = &[
    ("ratatui", &["tui"]),
    ("crossterm", &["tui", "host"]),
    ("clap", &["cli", "command"]),
    ("reqwest", &["remote"]),
    ("axum", &["server", "remote/router", "command"]),
    ("sqlx", &["server"]),
    ("annotate_snippets", &["report"]),
    ("serde_saphyr", &["config"]),
    ("rustls", &["remote"]),
    ("notify", &["review"]),
    ("aes_gcm", &["server"]),
    ("aho_corasick", &["redact"]),
    // The demo asks where temporary folders go.
    ("std::env", &["host", "main", "command/demo/project"]),
    ("std::process", &["exit", "main", "command", "tui"]),
];

/// Rooms that touch no file: what they say depends on their arguments alone.
const WITHOUT_FILES: &[&str] = &[
    "resource", "wire", "plan", "show", "cli", "exit", "failure", "host", "redact", "remote", "tui",
];

/// The rooms that each room may use, read from the drawing.
struct Drawing {
    arrows: BTreeMap<String, BTreeSet<String>>,
    /// The rooms that may use every other one.
    unbound: BTreeSet<String>,
    /// The rooms of the table.
    table: BTreeSet<String>,
}

impl Drawing {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
        Self::parse(&fs::read_to_string(path).unwrap())
    }

    fn parse(text: &str) -> Self {
        let rooms = |list: &str| -> BTreeSet<String> {
            list.split(',')
                .map(|room| room.trim().to_owned())
                .filter(|room| !room.is_empty())
                .collect()
        };
        let mut drawing = Self {
            arrows: BTreeMap::new(),
            unbound: BTreeSet::new(),
            table: BTreeSet::new(),
        };
        for (from, to) in text.lines().filter_map(|line| line.split_once(" → ")) {
            // What follows two blanks is a remark.
            let to = to.split("  ").next().unwrap_or_default();
            for room in rooms(from) {
                match to {
                    "every room" => drop(drawing.unbound.insert(room)),
                    "nothing" => drop(drawing.arrows.insert(room, BTreeSet::new())),
                    to => drop(drawing.arrows.insert(room, rooms(to))),
                }
            }
        }
        let (_, table) = text.split_once("## Rooms").unwrap_or_default();
        let rows = table
            .lines()
            .skip_while(|line| !line.starts_with('|'))
            .take_while(|line| line.starts_with('|'));
        for cell in rows.filter_map(|row| row.split('|').nth(1)) {
            drawing
                .table
                .extend(cell.split('`').skip(1).step_by(2).map(str::to_owned));
        }
        drawing
    }

    fn knows(&self, room: &str) -> bool {
        self.unbound.contains(room) || self.arrows.contains_key(room)
    }

    fn allows(&self, from: &str, to: &str) -> bool {
        from == to || self.unbound.contains(from) || self.arrows.get(from).is_some_and(|rooms| rooms.contains(to))
    }
}

fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn rooms_use_only_what_the_drawing_allows() {
    let drawing = Drawing::read();
    let mut wrong = Vec::new();
    for file in source_files() {
        if !drawing.knows(file.room()) {
            wrong.push(format!("src/{}: the room `{}` is not drawn", file.path, file.room()));
            continue;
        }
        for used in file.rooms_used() {
            if drawing.knows(&used) && !drawing.allows(file.room(), &used) {
                wrong.push(format!("src/{}: `{}` must not use `{used}`", file.path, file.room()));
            }
        }
    }
    report(&wrong);
}

#[test]
fn every_drawn_arrow_is_used_and_every_room_is_in_the_table() {
    let drawing = Drawing::read();
    let files = source_files();
    let mut wrong = Vec::new();
    for (from, rooms) in &drawing.arrows {
        for to in rooms {
            let used = files
                .iter()
                .any(|file| file.room() == from && file.rooms_used().contains(to));
            if !used {
                wrong.push(format!("{from} → {to} is drawn, and no file uses it"));
            }
        }
    }
    let rooms: BTreeSet<String> = files.iter().map(|file| file.room().to_owned()).collect();
    wrong.extend(
        rooms
            .symmetric_difference(&drawing.table)
            .map(|room| format!("`{room}`: table and folders differ")),
    );
    report(&wrong);
}

#[test]
fn crates_from_outside_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for file in source_files() {
        let name = file.path.trim_end_matches(".rs");
        for (outside, rooms) in KNOWN_BY {
            let allowed = rooms
                .iter()
                .any(|room| name == *room || name.starts_with(&format!("{room}/")));
            if names_crate(&file, outside) && !allowed {
                wrong.push(format!(
                    "src/{}: `{outside}` belongs to {}",
                    file.path,
                    rooms.join(", ")
                ));
            }
        }
    }
    report(&wrong);
}

fn names_crate(file: &SourceFile, outside: &str) -> bool {
    file.code.match_indices(&format!("{outside}::")).any(|(at, _)| {
        let before = file.code[..at].chars().next_back();
        !before.is_some_and(|one| one.is_alphanumeric() || one == '_' || one == ':')
    })
}

#[test]
fn rooms_without_files_open_none() {
    let files = source_files();
    let opens = |file: &&SourceFile| {
        ["std::fs", "tokio::fs", "File::open"]
            .iter()
            .any(|name| file.code.contains(name))
    };
    let wrong = files
        .iter()
        .filter(|file| WITHOUT_FILES.contains(&file.room()))
        .filter(opens);
    report(
        &wrong
            .map(|file| format!("src/{}: opens files", file.path))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn arrows_are_read_from_imports_and_from_paths_in_code() {
    let text = "use crate::plan::{Plan, Row};\nuse crate::{show, apply::{Event, Cancel}, wire::Body};\n\
                use super::super::super::tui::Model;\nuse super::super::http;\nfn run() { crate::exit::leave() }";
    let file = SourceFile::new("remote/deep/file.rs", text);
    let expected = BTreeSet::from(["apply", "exit", "plan", "remote", "show", "tui", "wire"].map(str::to_owned));
    assert_eq!(file.rooms_used(), expected);
}

#[test]
fn the_drawing_is_read_with_its_remarks_and_its_table() {
    let text = "a, b → every room\nc → d, e  a remark\nd → nothing\n## Rooms\n\n| room |\n| --- |\n| `a`, `b` | x |\n";
    let drawing = Drawing::parse(text);
    assert!(drawing.allows("a", "d") && drawing.allows("c", "e"));
    assert!(!drawing.allows("c", "a") && !drawing.allows("d", "c") && !drawing.knows("e"));
    assert_eq!(drawing.table, BTreeSet::from(["a", "b"].map(str::to_owned)));
}
