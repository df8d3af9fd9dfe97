//! What several themes share.

pub mod canned;
pub mod comparison;
pub mod faults;
pub mod fixture;
pub mod gate;
pub mod naive;
pub mod office;
pub mod organisation;
pub mod peer;
pub mod play;
pub mod postgres;
pub mod process;
pub mod project;
pub mod pty;
pub mod race;
pub mod running;
pub mod server;
pub mod shell;
pub mod snapshot;
pub mod stage;
pub mod stub;

/// Says what is left out where a person sees it: the test harness swallows what passing tests print.
pub fn aloud(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// Bytes in hexadecimal, each after a mark.
pub fn hex(bytes: &[u8], mark: &str) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{mark}{byte:02X}");
        text
    })
}
