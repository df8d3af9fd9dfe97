//! What the tests of several themes share.

pub mod apply;
pub mod cached_project;
pub mod chance;
pub mod deadline;
pub mod line_schema;
pub mod program;
pub mod project;
pub mod screen;
pub mod server;
pub mod snapshot;
pub mod source_tree;

/// Reports on standard error that a test is skipped: the harness hides what a passing test prints.
pub fn report_skip(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// Returns the bytes in hexadecimal, each one after a mark.
pub fn hex(bytes: &[u8], mark: &str) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{mark}{byte:02X}");
        text
    })
}
