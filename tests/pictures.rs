//! The pictures of the documentation show what the program looks like today. `just pictures` draws them anew.

use std::fs;

use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};

/// Returns what the moving picture begins with, as text.
fn first_frame(picture: &str) -> String {
    let (_, rest) = picture.split_once("<desc>").unwrap();
    let (text, _) = rest.split_once("</desc>").unwrap();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[test]
fn the_moving_picture_begins_with_todays_review() {
    let picture = fs::read_to_string("docs/apply.svg").unwrap();
    let expected = first_frame(&picture);
    let home = tempfile::tempdir().unwrap();
    let mut command = lobuctl_on_a_terminal(home.path(), "");
    command.arg("demo");
    let mut pty = Pty::start(command, 110, 30);
    // The title has a port and a time, which are never the same.
    let (_, below) = expected.split_once('\n').unwrap();
    pty.until(below.trim_end());
    pty.keys("q");
    assert_eq!(pty.ended().0, 0);
}

#[test]
fn the_moving_picture_moves_without_scripts_and_stands_still_for_those_who_want_that() {
    let picture = fs::read_to_string("docs/apply.svg").unwrap();
    assert!(picture.matches("translateX").count() > 10, "it has few frames");
    assert!(picture.contains("prefers-reduced-motion:reduce"));
    for part in ["<script", "http://www.w3.org/1999/xlink", "url(", "@import", "<image"] {
        assert!(!picture.contains(part), "{part}");
    }
    assert!(picture.len() < 400_000, "{} bytes", picture.len());
}
