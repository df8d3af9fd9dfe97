//! Every citation of `docs/contract.md` and `docs/semantics.md` in the code leads to a heading that exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::source_tree::rust_files;

/// The headings of the two documents, in the form in which comments cite them.
struct Headings {
    sections: BTreeSet<String>,
    laws: BTreeSet<String>,
    titles: BTreeSet<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn headings() -> Headings {
    let lines = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(root().join("docs").join(name)).unwrap();
        let headings = text.lines().filter(|line| line.starts_with("##"));
        headings
            .map(|line| line.trim_start_matches('#').trim().to_owned())
            .collect()
    };
    let number = |line: &String| line.split(' ').next().unwrap().trim_end_matches('.').to_owned();
    let law = |line: &String| {
        line.strip_prefix("Law ")
            .map(|rest| rest.split(':').next().unwrap().to_owned())
    };
    let semantics = lines("semantics.md");
    Headings {
        sections: lines("contract.md").iter().map(number).collect(),
        laws: semantics.iter().filter_map(law).collect(),
        titles: semantics.into_iter().collect(),
    }
}

/// Joins comments that run over several lines, so that a citation may be wrapped.
fn joined(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.trim().trim_start_matches(['/', '!']).trim_start());
    lines.collect::<Vec<_>>().join(" ")
}

/// Returns what follows each occurrence of `start`, as long as `belongs` accepts its characters.
fn after(text: &str, start: &str, belongs: impl Fn(char) -> bool) -> Vec<String> {
    let rest = text.match_indices(start).map(|(at, _)| &text[at + start.len()..]);
    rest.map(|rest| rest.chars().take_while(|one| belongs(*one)).collect())
        .collect()
}

/// Returns the citations of a text that lead nowhere.
fn dangling(text: &str, headings: &Headings) -> Vec<String> {
    let text = joined(text);
    let number = |one: char| one.is_ascii_digit() || one == '.';
    let mut wrong = Vec::new();
    for start in ["contract section ", "contract sections ", "Contract section "] {
        for cited in after(&text, start, number) {
            let cited = cited.trim_end_matches('.');
            if !headings.sections.contains(cited) {
                wrong.push(format!("contract section {cited}"));
            }
        }
    }
    // There is one contract; notes outside of the repository cannot be looked up.
    let others = after(&text, "contract-", |one| one.is_ascii_digit());
    wrong.extend(
        others
            .iter()
            .filter(|it| !it.is_empty())
            .map(|it| format!("contract-{it}")),
    );
    for start in ["law ", "Law "] {
        for cited in after(&text, start, |one| one.is_ascii_digit()) {
            if !cited.is_empty() && !headings.laws.contains(&cited) {
                wrong.push(format!("law {cited}"));
            }
        }
    }
    for cited in after(&text, "semantics, \"", |one| one != '"') {
        if !headings.titles.contains(&cited) {
            wrong.push(format!("semantics, {cited:?}"));
        }
    }
    wrong
}

#[test]
fn every_citation_leads_to_a_heading() {
    let headings = headings();
    let folders = ["src", "tests", "benches", "examples"].map(|folder| rust_files(&root().join(folder)));
    let mut wrong = Vec::new();
    for file in folders
        .iter()
        .flatten()
        .filter(|file| !file.ends_with("tests/citations.rs"))
    {
        let cited = dangling(&fs::read_to_string(file).unwrap(), &headings);
        wrong.extend(cited.iter().map(|cited| format!("{}: {cited}", file.display())));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn a_citation_that_leads_nowhere_is_found_also_when_it_is_wrapped() {
    let text = "/// See (contract\n/// section 8.9), contract-2, law 1, law 9 and semantics, \"Composing\".";
    let expected = [
        "contract section 8.9",
        "contract-2",
        "law 9",
        "semantics, \"Composing\"",
    ];
    assert_eq!(dangling(text, &headings()), expected);
}
