//! Problems as workflow commands of GitHub Actions, which shows them as annotations on lines of the files.

use std::fmt::Write;

use crate::config::Diagnostic;
use crate::show::printable;

/// Returns one workflow command for each problem: `::error file=lobu.toml,line=12,col=3::…`.
pub fn annotations(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let level = if diagnostic.is_error() { "error" } else { "warning" };
        let file = diagnostic
            .file
            .as_ref()
            .map(|file| format!("file={}", property(&file.display().to_string())));
        let line = diagnostic.line.map(|line| format!("line={line}"));
        let column = diagnostic.column.map(|column| format!("col={column}"));
        let location: Vec<String> = [file, line, column].into_iter().flatten().collect();
        let help = diagnostic
            .help
            .first()
            .map(|help| format!(" ({help})"))
            .unwrap_or_default();
        let message = data(&format!("{}{help}", diagnostic.message));
        // Writing to memory does not fail.
        let _ = writeln!(text, "::{level} {}::{message}", location.join(","));
    }
    text
}

/// Escapes a message. GitHub writes it to a log that is read in terminals too, so nothing in it may command one.
fn data(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| printable(line).replace('%', "%25")).collect();
    lines.join("%0A").replace("##[", "##<[>")
}

/// Escapes a property such as `file`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
