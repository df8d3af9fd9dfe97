//! Writes lines as text, with an escape sequence for each role where color is wanted. Only the 16 basic colors are used:
//! they are readable on every background.

use std::io::{self, Write};

use crate::show::{Line, Role};

/// Writes lines, each with its indent and a line end.
///
/// # Errors
/// When the writer fails.
pub fn write_lines(out: &mut dyn Write, lines: &[Line], color: bool) -> io::Result<()> {
    lines.iter().try_for_each(|line| write_line(out, line, color))
}

/// Writes one line with its indent and a line end.
///
/// # Errors
/// When the writer fails.
pub fn write_line(out: &mut dyn Write, line: &Line, color: bool) -> io::Result<()> {
    if line.spans.is_empty() {
        return writeln!(out);
    }
    write!(out, "{:indent$}", "", indent = line.indent)?;
    for span in &line.spans {
        // Each span is reset, so that no color runs on when a reader cuts the line.
        match style(span.role).filter(|_| color) {
            Some(style) => write!(out, "\u{1b}[{style}m{}\u{1b}[0m", span.text)?,
            None => out.write_all(span.text.as_bytes())?,
        }
    }
    writeln!(out)
}

fn style(role: Role) -> Option<&'static str> {
    match role {
        Role::Plain | Role::Id | Role::Field => None,
        Role::Heading | Role::Strong => Some("1"),
        Role::Create | Role::AddedText | Role::Success => Some("32"),
        Role::Update | Role::Running => Some("33"),
        Role::Delete | Role::RemovedText => Some("31"),
        Role::Noop | Role::Dim => Some("2"),
        Role::Drift | Role::Secret => Some("35"),
        Role::Warning => Some("1;33"),
        Role::Error => Some("1;31"),
        Role::AddedWord => Some("1;4;32"),
        Role::RemovedWord => Some("1;4;31"),
    }
}

/// Returns the lines as one text without color.
pub fn to_text(lines: &[Line]) -> String {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    drop(write_lines(&mut bytes, lines, false));
    String::from_utf8_lossy(&bytes).into_owned()
}
