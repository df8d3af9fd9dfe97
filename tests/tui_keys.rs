//! The key table, and what no sequence of keys may do.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use lobuctl::plan::{Change, Impact, Row, Verb};
use lobuctl::resource::Address;
use lobuctl::tui::action::{Action, DialogAction, Process};
use lobuctl::tui::basic_color::BasicColors;
use lobuctl::tui::editor::command;
use lobuctl::tui::key::Key;
use lobuctl::tui::keymap::{TABLE, footer, help};
use lobuctl::tui::model::Context;
use lobuctl::tui::{Effect, Ending, Message, Refusal};
use proptest::prelude::*;

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;

#[test]
fn no_two_bindings_of_a_screen_share_a_key() {
    for context in Context::ALL {
        let mut seen = Vec::new();
        for key in help(context).flat_map(|binding| binding.keys) {
            assert!(!seen.contains(key), "{key} is bound twice in {context:?}");
            seen.push(*key);
        }
    }
}

#[test]
fn every_screen_has_a_way_out_and_says_so() {
    for context in Context::ALL {
        let leaves = |action: Action| {
            matches!(
                action,
                Action::Process(Process::Quit) | Action::Dialog(DialogAction::Close)
            )
        };
        let mut ways = help(context).filter(|binding| leaves(binding.action));
        assert!(
            ways.any(|binding| binding.rank > 0),
            "{context:?} does not say how to leave"
        );
    }
}

#[test]
fn every_binding_explains_itself() {
    for binding in TABLE {
        assert!(!binding.help.is_empty() && !binding.keys.is_empty());
        assert_eq!(binding.rank > 0, !binding.label.is_empty(), "{}", binding.help);
        assert!(!binding.contexts.is_empty());
    }
}

#[test]
fn the_footer_names_only_what_does_something_now() {
    let labels = |driver: &ModelDriver| -> BTreeSet<&str> {
        footer(&driver.model).iter().map(|binding| binding.label).collect()
    };
    let review = ModelDriver::review(100, 30);
    assert!(!labels(&review).contains("delete"));
    assert!(!labels(&review).contains("back"));
    let drift = ModelDriver::review(100, 30).keys("/stale<enter>");
    assert!(labels(&drift).contains("delete") && labels(&drift).contains("back"));
    let empty = ModelDriver::of(canned::plan_of(Vec::new()), 100, 30);
    assert_eq!(labels(&empty), BTreeSet::from(["help", "quit", "re-plan", "secrets"]));
}

#[test]
fn scripts_read_as_they_are_pressed() {
    let keys: Vec<String> = Key::script("/te<enter> space <c-c> yes<esc> <lt>")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        keys,
        ["/", "t", "e", "enter", "space", "^C", "y", "e", "s", "esc", "lt"]
    );
}

#[test]
fn the_address_and_the_text_can_be_copied() {
    let driver = ModelDriver::review(100, 30).keys("y n Y");
    assert_eq!(driver.copied[0], "agent.triage");
    assert!(
        driver.copied[1].contains("+ Be concise and kind."),
        "{}",
        driver.copied[1]
    );
    assert!(!driver.copied[1].contains("67890"));
}

#[test]
fn a_needed_row_comes_along_and_says_so() {
    let driver = ModelDriver::review(100, 30).keys("A /company<enter> <esc> /works<enter> space");
    let text = driver.text();
    assert!(text.contains("1 selected + 1 needed"), "{text}");
    assert!(
        text.contains("entity-type company is selected because relationship-type works-at needs it"),
        "{text}"
    );
    let text = driver.keys("<esc> a").text();
    assert!(text.contains("also writes 1 row that a selected row needs:"), "{text}");
}

#[test]
fn a_parent_selects_what_is_below_it() {
    let driver = ModelDriver::review(100, 30).keys("space");
    assert!(driver.text().contains("3 of 7 selected"), "{}", driver.text());
    let driver = driver.keys("space");
    assert!(driver.text().contains("7 of 7 selected"));
}

#[test]
fn kinds_and_changes_can_be_hidden() {
    let text = ModelDriver::review(100, 30).keys("c").text();
    assert!(
        !text.contains("archive") && text.contains("triage") && text.contains("stale"),
        "{text}"
    );
    let text = ModelDriver::review(100, 30).keys("4").text();
    assert!(!text.contains("stale"), "{text}");
    let text = ModelDriver::review(100, 30).keys("1 2 3 4").text();
    assert!(text.contains("everything is hidden"), "{text}");
}

#[test]
fn warnings_are_walked_around_the_end() {
    let driver = ModelDriver::review(100, 30).keys("w");
    assert!(driver.text().contains("~ platform triage/triage-telegram"));
    assert!(driver.keys("w").text().contains("~ platform triage/triage-telegram"));
}

#[test]
fn folding_hides_and_unfolding_shows() {
    let folded = ModelDriver::review(100, 30).keys("C");
    assert!(!folded.text().contains("telegram"), "{}", folded.text());
    let open = folded.keys("E");
    assert!(open.text().contains("telegram"));
    let closed = open.keys("g j <left>");
    assert!(closed.text().contains("▸     = archive"), "{}", closed.text());
}

#[test]
fn nothing_is_applied_without_an_answer() {
    for keys in ["a <esc>", "a y e s", "a no<enter>", "a <enter>", "a ye<enter>", "a yes"] {
        let driver = ModelDriver::review(100, 30).keys(keys);
        assert!(driver.left.is_empty(), "{keys}: {:?}", driver.left);
    }
    let driver = ModelDriver::review(100, 30).keys("a yes<enter>");
    assert!(matches!(driver.left.as_slice(), [Effect::Apply(..)]));
}

/// 120 platforms restart, an agent is deleted, 40 rows stay out.
fn crowded(width: u16, height: u16) -> ModelDriver {
    let mut plan = canned::plan();
    for number in 0..120 {
        let row = canned::row(
            canned::platform("triage", "telegram", Some(&format!("p{number:03}"))),
            Verb::Update,
        );
        plan.rows.push(Row {
            impact: Some(Impact::Restart),
            depends_on: Vec::new(),
            ..row
        });
    }
    let gone = Row {
        warnings: vec!["has 2 platforms".to_owned()],
        ..canned::row(Address::agent("gone"), Verb::Delete)
    };
    plan.rows.push(gone);
    ModelDriver::of(canned::plan_of(plan.rows), width, height).keys("/works<enter> space <esc> a")
}

#[test]
fn the_confirmation_keeps_its_sentence_and_target_and_scrolls_to_its_end() {
    for (width, height) in [(50, 12), (80, 24), (120, 40)] {
        let driver = crowded(width, height);
        let top = driver.text();
        for kept in [
            "restarts 121",
            "platforms",
            "dev at app.lobu.ai",
            "deletes 1",
            "type `yes` to apply",
        ] {
            assert!(top.contains(kept), "{kept} at {width}x{height}\n{top}");
        }
        assert!(top.contains("- agent gone"), "{top}");
        assert!(top.contains(" more"), "{top}");
        let end = driver.keys("<end>");
        let text = end.text();
        assert!(
            text.contains("relationship-type works-at") && text.contains("dev at app.lobu.ai"),
            "{text}"
        );
        assert_eq!(end.keys("<home>").text(), top);
        let paged = (0..60).fold(crowded(width, height), |driver, _| driver.keys("<pgdn>"));
        assert_eq!(paged.text(), text);
        let mut wheeled = crowded(width, height);
        wheeled.send(mouse(5, 8, 1));
        assert_ne!(wheeled.text(), top);
    }
}

#[test]
fn possible_restarts_want_yes_typed() {
    let driver = ModelDriver::review(100, 30).keys("A /whats<enter> space a");
    let text = driver.text();
    assert!(
        text.contains("may restart 1 platform: its secret is sent again"),
        "{text}"
    );
    assert!(text.contains("type `yes` to apply"), "{text}");
    assert!(driver.keys("y <enter>").left.is_empty());
}

#[test]
fn a_refused_selection_cannot_be_confirmed() {
    let mut driver = ModelDriver::review(100, 30);
    let line = lobuctl::show::Line::default().plain("refused by `--fail-on restart`");
    driver.refusal = Some(Refusal { lines: vec![line] });
    let driver = driver.keys("a");
    let text = driver.text();
    assert!(
        text.contains("refused by `--fail-on restart`") && text.contains("cannot be applied"),
        "{text}"
    );
    let driver = driver.keys("yes<enter> a y <enter>");
    assert!(
        driver.left.is_empty() && driver.model.overlay.is_none(),
        "{}",
        driver.text()
    );
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
fn the_editor_opens_what_is_looked_at() {
    let opened = |keys: &str| match ModelDriver::review(100, 30).keys(keys).left.as_slice() {
        [Effect::Edit(request)] => format!("{}:{}", request.origin.file.display(), request.origin.line),
        other => panic!("{other:?}"),
    };
    assert_eq!(opened("n e"), "support-desk/lobu.toml:9");
    assert_eq!(opened("n <tab> e"), "support-desk/agents/triage/SOUL.md:5");
    // A field without a place of its own is where the row is.
    assert_eq!(opened("/telegram<enter> <tab> e"), "support-desk/lobu.toml:21");
}

#[test]
fn wide_and_combining_characters_stay_in_their_columns() {
    let mut plan = canned::plan();
    let name = Address::agent("東京-é\u{301}-👩🏽\u{200d}🚀");
    plan.rows.insert(0, canned::row(name, Verb::Create));
    for width in 1..70 {
        let driver = ModelDriver::of(plan.clone(), width, 20).keys("g j");
        let text = driver.text();
        let widest = text.lines().map(unicode_width::UnicodeWidthStr::width).max().unwrap();
        assert!(widest <= usize::from(width), "{width}\n{text}");
    }
}

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
    driver.send(mouse(x + 1, y, 0));
    assert!(driver.text().contains("[ ] + slack/eng"), "{}", driver.text());
    assert!(driver.text().contains("+ platform triage/triage-slack-eng"));
    let (x, y) = place(&driver, "= archive");
    driver.send(mouse(x, y, 0));
    driver.send(mouse(x, y, 0));
    assert!(driver.text().contains("▾     = archive"), "{}", driver.text());
    let mut driver = ModelDriver::review(100, 12).keys("n");
    let before = driver.text();
    driver.send(mouse(90, 6, 1));
    assert_ne!(before, driver.text());
}

#[test]
fn what_is_asked_to_be_deleted_is_selected() {
    let driver = ModelDriver::review(100, 30).keys("n space");
    assert!(driver.text().contains("[ ] ~ settings"));
    let driver = driver.keys("D");
    assert!(driver.text().contains("[x] ~ settings"), "{}", driver.text());
    assert!(driver.keys("a").text().contains("type `yes` to apply"));
}

#[test]
fn quitting_says_that_nothing_was_applied() {
    let driver = ModelDriver::review(80, 24).keys("q");
    assert_eq!(driver.exit.unwrap().ending, Ending::Left);
}

#[test]
fn nothing_secret_and_nothing_dangerous_reaches_the_screen() {
    let mut plan = canned::plan();
    plan.rows[0].warnings = vec!["\u{1b}[31mred\u{202e}".to_owned()];
    let driver = ModelDriver::of(plan, 140, 40).keys("g j");
    let buffer = driver.buffer();
    let dangerous = |symbol: &str| symbol.chars().any(|one| one.is_control() || one == '\u{202e}');
    assert!(!buffer.content().iter().any(|cell| dangerous(cell.symbol())));
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
    Mouse(u16, u16, u8),
    Run,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => any_key().prop_map(Step::Key),
        1 => (1..160_u16, 1..60_u16).prop_map(|(width, height)| Step::Size(width, height)),
        1 => (0..160_u16, 0..60_u16, 0..3_u8).prop_map(|(x, y, kind)| Step::Mouse(x, y, kind)),
        1 => Just(Step::Run),
    ]
}

fn mouse(column: u16, row: u16, kind: u8) -> Message {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let kind = match kind {
        0 => MouseEventKind::Down(MouseButton::Left),
        1 => MouseEventKind::ScrollDown,
        _ => MouseEventKind::ScrollUp,
    };
    Message::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    })
}

fn play_step(driver: &mut ModelDriver, step: &Step) {
    match step {
        Step::Key(key) => driver.send(Message::Key(*key)),
        Step::Size(width, height) => driver.send(Message::Resize {
            width: *width,
            height: *height,
        }),
        Step::Mouse(x, y, kind) => driver.send(mouse(*x, *y, *kind)),
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

#[test]
fn every_size_is_drawn() {
    for keys in ["", "n <enter>", "a", "?", "s", "/x", "n d z"] {
        for width in (1..=9).chain([59, 60, 100, 300]) {
            for height in (1..=6).chain([14, 15, 100]) {
                ModelDriver::review(width, height).keys(keys).buffer();
            }
        }
    }
}

#[test]
fn a_long_text_is_compared_aside_and_scrolled() {
    let driver = ModelDriver::of(canned::long_text_plan(1_000_000), 200, 50).keys("d <tab>");
    let strips = driver.model.board().unwrap().detail.strips().len();
    assert!(strips > 10_000, "{strips}");
    let text = driver.keys("G").text();
    assert!(text.contains("and stop."), "{text}");
}

#[test]
fn basic_colors_are_written_in_the_short_form_however_they_arrive() {
    let rewritten = |pieces: &[&str]| {
        let mut out = Vec::new();
        let mut writer = BasicColors::new(&mut out);
        for piece in pieces {
            writer.write_all(piece.as_bytes()).unwrap();
        }
        drop(writer);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(rewritten(&["a\x1b[38;5;2;48;5;9mb"]), "a\x1b[32;101mb");
    assert_eq!(rewritten(&["\x1b", "[38;", "5;1", "3mé\x1b[0m"]), "\x1b[95mé\x1b[0m");
    let untouched = "\x1b[38;5;114m\x1b[48;2;38;5;1m\x1b[1;4mx\x1b[2J\x1b[?25l\x1b]8;;\x1b\\";
    assert_eq!(rewritten(&[untouched]), untouched);
}

#[test]
fn editors_get_an_absolute_path_that_no_name_can_turn_into_a_command() {
    let words = |editor: &str| {
        command(editor, Path::new("/p/+!rm -rf"), 7)
            .unwrap_or_default()
            .join("|")
    };
    assert_eq!(words("vim -u NONE"), "vim|-u|NONE|+7|--|/p/+!rm -rf");
    assert_eq!(words("nano"), "nano|+7|/p/+!rm -rf");
    assert_eq!(words("code -w"), "code|-w|--goto|/p/+!rm -rf:7");
    assert_eq!(words("hx"), "hx|/p/+!rm -rf:7");
    assert_eq!(words("myed"), "myed|/p/+!rm -rf");
    assert_eq!(words(" "), "");
}

#[test]
fn the_editor_inherits_no_secret_of_the_project() {
    let driver = ModelDriver::review(100, 30).keys("n e");
    let [Effect::Edit(request)] = driver.left.as_slice() else {
        panic!("{:?}", driver.left);
    };
    let names: Vec<&str> = canned::loaded(canned::plan())
        .secrets
        .iter()
        .map(|secret| secret.name.clone().leak() as &str)
        .collect();
    assert!(!names.is_empty());
    assert_eq!(request.hidden_variables, names);
}

#[test]
fn the_editor_opens_the_hunk_on_the_screen_and_the_place_is_kept() {
    let mut lines: Vec<String> = (1..=400).map(|number| format!("line {number}")).collect();
    let before = lines.join("\n");
    lines[100] = "another 101".to_owned();
    lines[300] = "another 301".to_owned();
    let mut plan = canned::plan();
    let row = plan
        .rows
        .iter_mut()
        .find(|row| row.address == Address::settings("triage"))
        .unwrap();
    let soul = row
        .changes
        .iter_mut()
        .find(|change| change.path.to_string() == "soulMd")
        .unwrap();
    let origin = soul.origin.clone();
    *soul = Change::between(
        soul.path.clone(),
        Some(before.as_str().into()),
        Some(lines.join("\n").as_str().into()),
    );
    soul.origin = origin;
    let opened = |driver: &ModelDriver| match driver.left.as_slice() {
        [.., Effect::Edit(request)] => format!("{}:{}", request.origin.file.display(), request.origin.line),
        other => panic!("{other:?}"),
    };
    let driver = ModelDriver::of(plan, 100, 20).keys("n <tab> e");
    assert_eq!(opened(&driver), "support-desk/agents/triage/SOUL.md:101");
    let driver = driver.keys("<pgdn> e");
    assert_eq!(opened(&driver), "support-desk/agents/triage/SOUL.md:301");
    let before = driver.text();
    let mut driver = driver;
    driver.left.clear();
    driver.send(Message::Edited(Ok(())));
    driver.send(Message::Loaded(Box::new(Ok(canned::loaded(driver.plan.clone())))));
    let text = driver.text();
    let place = |text: &str| text.lines().find(|line| line.contains("another")).map(str::to_owned);
    assert_eq!(place(&text), place(&before), "{text}");
    assert!(text.contains("back"), "the detail has the keys\n{text}");
}

#[test]
fn with_targets_a_row_keeps_its_agent_above_it() {
    let rows = canned::plan().rows.into_iter();
    let rows = rows
        .filter(|row| matches!(row.address, Address::Platform { .. }))
        .collect();
    let driver = ModelDriver::of(canned::plan_of(rows), 100, 30).keys("g j");
    let text = driver.text();
    assert!(text.contains("triage") && text.contains("not a target"), "{text}");
    let text = driver.keys("space").text();
    assert!(text.contains("[ ] = whatsapp"), "{text}");
}

#[test]
fn side_by_side_leaves_an_unchanged_last_entry_alone() {
    let text = ModelDriver::review(140, 40).keys("n d z").text();
    let line = text.lines().find(|line| line.contains("api.github.com")).unwrap();
    assert!(!line.contains("- ") && !line.contains("+ "), "{line}");
}

#[test]
fn the_filter_finds_the_whole_path_of_a_field() {
    let text = ModelDriver::review(100, 30).keys("/chatid").text();
    assert!(text.contains("telegram") && !text.contains("nothing matches"), "{text}");
}

#[test]
fn the_header_is_never_cut_within_a_word() {
    for width in 60..160 {
        let text = ModelDriver::review(width, 24).keys("/tele<enter> space").text();
        let header = text.lines().nth(1).unwrap();
        let whole = ["selected │", "needed │", "/7 │"];
        assert!(whole.iter().any(|end| header.ends_with(end)), "{width}: {header}");
    }
}

#[test]
fn keys_that_cannot_act_say_so() {
    let text = ModelDriver::review(100, 30).keys("D").text();
    assert!(text.contains("only what the server has"), "{text}");
    let empty = ModelDriver::of(canned::plan_of(Vec::new()), 100, 30).keys("a").text();
    assert!(empty.contains("nothing to apply"), "{empty}");
}
