//! The palette: every action by name, commands with an argument, and what they do.

use std::path::PathBuf;

use lobuctl::resource::Address;
use lobuctl::tui::keymap::help;
use lobuctl::tui::model::KeyContext;
use lobuctl::tui::screen::Overlay;
use lobuctl::tui::{Effect, ExportRequest, LoadRequest, Message, PlanScope, TuiOptions};

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;
use crate::support::snapshot;

fn names(driver: &ModelDriver) -> Vec<&'static str> {
    match &driver.model.overlay {
        Some(Overlay::Palette(palette)) => palette.shown().map(|entry| entry.name).collect(),
        other => panic!("{other:?}"),
    }
}

fn load_request(driver: &ModelDriver) -> LoadRequest {
    match driver.left.as_slice() {
        [Effect::Load(request)] => request.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_help_lists_every_action_of_the_screen() {
    let names = names(&ModelDriver::review(100, 30).keys("?"));
    for binding in help(KeyContext::Review) {
        assert!(names.contains(&binding.name), "{}", binding.name);
    }
    assert!(names.contains(&"only") && names.contains(&"export"));
}

#[test]
fn what_is_typed_narrows_the_list_and_enter_runs() {
    let driver = ModelDriver::review(100, 30).keys(":copy-ad");
    assert_eq!(names(&driver)[0], "copy-address");
    let driver = driver.keys("<enter>");
    assert_eq!(driver.copied, ["agent.triage"]);
    assert!(driver.model.overlay.is_none());
    // The words of the help are found too, after the names.
    let driver = driver.keys("<c-p>clipboard");
    assert!(names(&driver).is_empty());
    let driver = driver.keys("<esc> :secrets");
    assert_eq!(names(&driver)[0], "secrets");
}

#[test]
fn an_action_that_does_nothing_now_says_why() {
    let text = ModelDriver::review(100, 30).keys(":delete<enter>").text();
    assert!(
        text.contains("only what the server has and the files have not"),
        "{text}"
    );
}

#[test]
fn rows_are_selected_by_pattern_and_the_selection_comes_back() {
    let driver = ModelDriver::review(100, 30).keys(":only space entity-type.company<enter>");
    assert!(driver.text().contains("1 of 7 selected"), "{}", driver.text());
    let driver = driver.keys("U");
    assert!(driver.text().contains("7 of 7 selected"), "{}", driver.text());
    let driver = driver.keys(":without space platform.*<enter>");
    assert!(driver.text().contains("4 of 7 selected"), "{}", driver.text());
    let text = driver.keys(":only space agent.archive<enter>").text();
    assert!(text.contains("covers nothing that can be applied"), "{text}");
    let text = ModelDriver::review(100, 30).keys(":only space platfrm.x<enter>").text();
    assert!(text.contains("did you mean `platform`"), "{text}");
}

#[test]
fn a_command_waits_for_its_argument() {
    let driver = ModelDriver::review(100, 30).keys(":conte<enter>");
    assert!(driver.text().contains(": context [NAME]"), "{}", driver.text());
    assert!(driver.left.is_empty());
    let driver = driver.keys("prod<enter>");
    assert_eq!(load_request(&driver).scope.context.as_deref(), Some("prod"));
    let mut driver = driver.loaded();
    driver.left.clear();
    assert_eq!(load_request(&driver.keys(":context<enter>")).scope.context, None);
}

#[test]
fn targets_are_planned_again_and_stay() {
    let driver = ModelDriver::review(100, 30).keys(":target space agent space triage space platform.*<enter>");
    let scope = load_request(&driver).scope;
    let expected = vec!["agent triage".to_owned(), "platform.*".to_owned()];
    assert_eq!(scope.targets, Some(expected));
    let mut driver = driver.loaded();
    driver.left.clear();
    let driver = driver.keys("r");
    assert_eq!(load_request(&driver).scope, scope);
    let mut driver = driver.loaded();
    driver.left.clear();
    assert_eq!(
        load_request(&driver.keys(":target<enter>")).scope.targets,
        Some(Vec::new())
    );
}

#[test]
fn the_list_follows_the_screen_behind_it() {
    let driver = ModelDriver::start(100, 30, &TuiOptions::default()).keys(":target space agent.triage");
    assert!(names(&driver).is_empty());
    let driver = driver.loaded();
    assert_eq!(names(&driver), ["target"]);
    assert!(load_request(&driver.keys("<enter>")).scope.targets.is_some());
}

#[test]
fn an_export_names_its_file_and_what_became_of_it() {
    for (typed, replaces) in [
        (":export space plan.md<enter>", false),
        (":export! space plan.md<enter>", true),
    ] {
        let mut driver = ModelDriver::review(100, 30).keys(typed);
        let [Effect::Export(request)] = driver.left.as_slice() else {
            panic!("{:?}", driver.left);
        };
        let file = PathBuf::from("plan.md");
        assert_eq!(*request, ExportRequest { file, replaces });
        driver.send(Message::Exported(Ok("the plan is in /p/plan.md".to_owned())));
        assert!(driver.text().contains("the plan is in /p/plan.md"), "{}", driver.text());
    }
}

#[test]
fn the_palette_at_three_sizes() {
    let sizes = [(50, 12), (80, 24), (120, 40)];
    let shots = sizes.map(|(width, height)| {
        let all = ModelDriver::review(width, height).keys("? <down> <down>").text();
        let some = ModelDriver::review(width, height).keys(":next").text();
        format!("── {width}x{height} ──\n{all}\n\n{some}")
    });
    snapshot::check("tui_palette", &shots.join("\n\n"));
}

/// Delivers the canned plan as one of these patterns.
fn limited(mut driver: ModelDriver, patterns: &[&str]) -> ModelDriver {
    let mut loaded = canned::loaded(driver.plan.clone());
    loaded.plan = loaded
        .plan
        .restricted(|row| patterns.is_empty() || row.address.to_string() == patterns[0]);
    (loaded.plan.warnings, loaded.warnings) = Default::default();
    loaded.title.targets = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    driver.send(Message::Loaded(Box::new(Ok(loaded))));
    driver.left.clear();
    driver
}

#[test]
fn a_plan_of_some_rows_says_so_and_the_others_are_not_new_when_they_come_back() {
    for (width, height) in [(50, 12), (80, 24), (120, 40)] {
        let driver = ModelDriver::review(width, height).keys(":target space entity-type.person<enter>");
        let driver = limited(driver, &["entity-type.person"]);
        let text = driver.text();
        assert!(text.contains("target entity-type.p"), "{text}");
        if width >= 80 {
            assert!(text.contains("nothing to change in entity-type.person"), "{text}");
        }
        let driver = driver.keys("j");
        assert!(driver.text().contains("target entity-type.p"), "{}", driver.text());
        let driver = limited(driver.keys(":target<enter>"), &[]);
        let looked = &driver.model.board().unwrap().looked;
        assert!(looked.fresh.is_empty(), "{:?}", looked.fresh);
    }
}

#[test]
fn rows_that_were_looked_at_stay_so_while_others_are_planned() {
    let driver = ModelDriver::review(120, 40).keys("/company<enter> <tab> G <tab> <esc>");
    let company = Address::entity_type("company");
    assert!(driver.model.board().unwrap().looked.seen.contains(&company));
    let driver = limited(
        driver.keys(":target space entity-type.person<enter>"),
        &["entity-type.person"],
    );
    let driver = limited(driver.keys(":target<enter>"), &[]);
    assert!(driver.model.board().unwrap().looked.seen.contains(&company));
}

#[test]
fn esc_comes_back_from_rows_that_cannot_be_planned() {
    for command in [":target space agent.zzz<enter>", ":context space nope<enter>"] {
        let mut driver = ModelDriver::review(100, 30).keys(command);
        driver.left.clear();
        driver.send(Message::Loaded(Box::new(Err(canned::unreachable()))));
        let text = driver.text();
        assert!(text.contains("esc plans again what was planned before"), "{text}");
        assert!(text.contains("esc back"), "{text}");
        let driver = driver.keys("<esc>");
        assert_eq!(load_request(&driver).scope, PlanScope::default());
        assert!(driver.loaded().text().contains("selected"));
    }
    // Where nothing else was asked for, there is no way back to offer.
    let mut driver = ModelDriver::review(100, 30).keys("r");
    driver.send(Message::Loaded(Box::new(Err(canned::unreachable()))));
    assert!(!driver.text().contains("esc"), "{}", driver.text());
}

#[test]
fn the_whole_help_of_an_entry_can_be_read() {
    for (width, height) in [(50, 24), (80, 24), (120, 40), (200, 50)] {
        let text = ModelDriver::review(width, height).keys(":filter").text();
        let words: String = text
            .lines()
            .map(|line| line.trim_matches(['│', ' ']))
            .collect::<Vec<_>>()
            .join(" ");
        assert!(words.contains("search its text"), "{width}: {text}");
    }
}

#[test]
fn a_message_that_one_line_cannot_hold_takes_two() {
    for (width, height) in [(50, 12), (80, 24)] {
        let text = ModelDriver::review(width, height)
            .keys(":only space nonsense<enter>")
            .text();
        assert!(text.contains("`nonsense` is not an address"), "{text}");
        let last = if width < 80 { "`agent.ID`" } else { "`settings.AGENT`" };
        assert!(text.contains(last), "{text}");
    }
}
