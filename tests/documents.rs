//! What the documents promise exists: flags, commands, exit codes and files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::Command;
use lobuctl::cli::Cli;
use lobuctl::exit::Exit;

const DOCUMENTS: [&str; 7] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "docs/semantics.md",
    "docs/contract.md",
    "docs/server.md",
    "docs/output.md",
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn every_flag(command: &Command, flags: &mut BTreeSet<String>) {
    let longs = command.get_arguments().filter_map(clap::Arg::get_long);
    flags.extend(longs.map(str::to_owned));
    for child in command.get_subcommands() {
        every_flag(child, flags);
    }
}

/// Returns the flags in the lines of a text that speak of lobuctl, each with its line.
fn mentioned_flags(text: &str) -> impl Iterator<Item = (&str, String)> {
    let of_others = |line: &&str| ["cargo ", "pg_dump", "git "].iter().any(|other| line.contains(other));
    text.lines().filter(move |line| !of_others(line)).flat_map(|line| {
        line.match_indices("--").filter_map(move |(at, _)| {
            let before = line[..at].chars().next_back();
            let name: String = line[at + 2..]
                .chars()
                .take_while(|character| {
                    character.is_ascii_lowercase() || *character == '-' || character.is_ascii_digit()
                })
                .collect();
            let starts = before.is_none_or(|before| " `(".contains(before));
            (starts && name.starts_with(|character: char| character.is_ascii_lowercase())).then_some((line, name))
        })
    })
}

#[test]
fn every_flag_in_the_documents_is_in_the_grammar() {
    let mut flags = BTreeSet::from(["help".to_owned(), "version".to_owned()]);
    every_flag(&Cli::command_line(), &mut flags);
    let mut count = 0;
    for document in DOCUMENTS {
        let text = read(document);
        for (line, flag) in mentioned_flags(&text) {
            assert!(flags.contains(&flag), "{document}: there is no --{flag}: {line}");
            count += 1;
        }
    }
    assert!(count > 30, "{count} flags were looked at");
}

#[test]
fn every_command_in_the_page_for_the_other_cli_is_in_the_grammar() {
    let text = read("docs/lobu-cli.md");
    let quoted = text.split('`').skip(1).step_by(2);
    let commands: Vec<&str> = quoted.filter(|text| text.starts_with("lobuctl")).collect();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        let parsed = Cli::parse_from_arguments(command.split_whitespace());
        assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
    }
}

#[test]
fn every_exit_code_is_in_the_readme() {
    let text = read("README.md");
    let rows = text
        .lines()
        .filter(|line| line.starts_with("| ") && line[2..].starts_with(|first: char| first.is_ascii_digit()));
    let documented: BTreeSet<u8> = rows
        .flat_map(|row| row[2..].split('|').next().unwrap_or_default().split(','))
        .filter_map(|code| code.trim().parse().ok())
        .collect();
    let codes: BTreeSet<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
    assert_eq!(documented, codes);
}

#[test]
fn every_link_to_a_file_leads_somewhere() {
    for document in DOCUMENTS {
        let text = read(document);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
        let folder = folder.parent().unwrap();
        for (_, rest) in text.match_indices("](").map(|(at, found)| (found, &text[at + 2..])) {
            let target = rest.split([')', '#']).next().unwrap_or_default();
            let local = !target.is_empty() && !target.contains("://");
            assert!(!local || folder.join(target).exists(), "{document}: {target}");
        }
    }
}
