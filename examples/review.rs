//! The review over a canned plan and a server that is not there, to look at and to try.
//!
//! `cargo run --example review [big|text|fail|down|slow|ascii|light|protected]...`
#![allow(dead_code, clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Arc;
use std::time::Duration;

use lobuctl::tui::{Background, ColorDepth, GlyphSet, TuiOptions, run};
use screen::canned;
use screen::workbench::{CannedWorkbench, WorkbenchScript};

#[path = "../tests/support/screen"]
mod screen {
    pub mod canned;
    pub mod workbench;
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| words.iter().any(|known| known == word);
    let plan = match () {
        () if has("big") => canned::big_plan(10_000),
        () if has("text") => canned::long_text_plan(1_000_000),
        () => canned::plan(),
    };
    let mut script = WorkbenchScript {
        pace: Duration::from_millis(if has("slow") { 1500 } else { 250 }),
        load_failures: usize::from(has("down")),
        protected: has("protected"),
        ..WorkbenchScript::default()
    };
    if has("fail") {
        let telegram = canned::platform("triage", "telegram", None);
        script.fails = vec![(
            telegram,
            "422 Unprocessable Entity\nchatId must be a number that the bot can see".to_owned(),
        )];
    }
    let options = TuiOptions {
        glyphs: if has("ascii") {
            GlyphSet::Ascii
        } else {
            GlyphSet::Unicode
        },
        depth: if has("true") {
            ColorDepth::True
        } else {
            ColorDepth::Sixteen
        },
        background: match () {
            () if has("light") => Background::Light,
            () if has("dark") => Background::Dark,
            () => Background::Unknown,
        },
        editor: Some("vi".to_owned()),
        mouse: has("mouse"),
        ..TuiOptions::default()
    };
    let exit = run(Arc::new(CannedWorkbench::new(plan, script)), options).await;
    println!("{:?}, {} runs, {:?}", exit.ending, exit.runs.len(), exit.screen_failure);
}
