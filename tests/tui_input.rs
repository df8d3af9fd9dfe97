//! The mouse, pasted text, and random sequences of keys, clicks and sizes.

use crossterm::event::{MouseButton, MouseEventKind};
use lobuctl::tui::key::Key;
use lobuctl::tui::keymap::TABLE;
use lobuctl::tui::{Effect, Message};
use proptest::prelude::*;

use crate::support::screen::canned;
use crate::support::screen::model_driver::{ModelDriver, click, mouse, wheel_down};

#[test]
fn the_mouse_selects_opens_and_scrolls() {
    let place = |driver: &ModelDriver, words: &str| {
        let text = driver.text();
        let (y, line) = text.lines().enumerate().find(|(_, line)| line.contains(words)).unwrap();
        let x = line.split(words).next().unwrap().chars().count();
        (x as u16, y as u16)
    };
    let mut driver = ModelDriver::review(100, 30);
    let (x, y) = place(&driver, "[x] + slack/eng");
    driver.send(click(x + 1, y));
    assert!(driver.text().contains("[ ] + slack/eng"), "{}", driver.text());
    assert!(driver.text().contains("+ platform triage/triage-slack-eng"));
    let (x, y) = place(&driver, "= archive");
    driver.send(click(x, y));
    driver.send(click(x, y));
    assert!(driver.text().contains("▾     = archive"), "{}", driver.text());
    let mut driver = ModelDriver::review(100, 12).keys("n");
    let before = driver.text();
    driver.send(wheel_down(90, 6));
    assert_ne!(before, driver.text());
}

#[test]
fn pasting_types_and_presses_nothing() {
    let mut driver = ModelDriver::review(100, 30);
    driver.send(Message::Paste("a\nyes\nq".to_owned()));
    assert!(driver.model.overlay.is_none() && driver.left.is_empty() && driver.exit.is_none());
    let mut driver = driver.keys("a");
    driver.send(Message::Paste("yes\n".to_owned()));
    assert!(driver.left.is_empty());
    assert!(matches!(driver.keys("<enter>").left.as_slice(), [Effect::Apply(..)]));
}

#[test]
fn a_pasted_line_end_separates_words() {
    let mut driver = ModelDriver::review(100, 30).keys("/");
    driver.send(Message::Paste("triage\r\nslack\n".to_owned()));
    assert!(driver.text().contains("/triage slack   "), "{}", driver.text());
}

fn any_key() -> impl Strategy<Value = Key> {
    let typed = proptest::char::range(' ', '~').prop_map(Key::char);
    let bound: Vec<Key> = TABLE.iter().flat_map(|binding| binding.keys).copied().collect();
    prop_oneof![3 => proptest::sample::select(bound), 1 => typed]
}

#[derive(Debug, Clone)]
enum Step {
    Key(Key),
    Size(u16, u16),
    Mouse(u16, u16, MouseEventKind),
    Run,
}

fn any_mouse_kind() -> impl Strategy<Value = MouseEventKind> {
    prop_oneof![
        Just(MouseEventKind::Down(MouseButton::Left)),
        Just(MouseEventKind::ScrollDown),
        Just(MouseEventKind::ScrollUp),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => any_key().prop_map(Step::Key),
        1 => (1..160_u16, 1..60_u16).prop_map(|(width, height)| Step::Size(width, height)),
        1 => (0..160_u16, 0..60_u16, any_mouse_kind()).prop_map(|(x, y, kind)| Step::Mouse(x, y, kind)),
        1 => Just(Step::Run),
    ]
}

fn play_step(driver: &mut ModelDriver, step: &Step) {
    match step {
        Step::Key(key) => driver.send(Message::Key(*key)),
        Step::Size(width, height) => driver.send(Message::Resize {
            width: *width,
            height: *height,
        }),
        Step::Mouse(x, y, kind) => driver.send(mouse(*kind, *x, *y)),
        // Whatever the screen waits for arrives.
        Step::Run => {
            for effect in std::mem::take(&mut driver.left) {
                match effect {
                    Effect::Load(_) => driver.send(Message::Loaded(Box::new(Ok(canned::loaded(driver.plan.clone()))))),
                    Effect::Apply(..) => driver.send(Message::RunEnded(Ok(()))),
                    Effect::Edit(_) => driver.send(Message::Edited(Ok(()))),
                    _ => {}
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_keys_at_no_size_break_the_screen(
        steps in proptest::collection::vec(any_step(), 1..80),
        width in 1..120_u16,
        height in 1..50_u16,
    ) {
        let mut driver = ModelDriver::review(width, height);
        for step in steps {
            play_step(&mut driver, &step);
            driver.buffer();
        }
    }
}
