//! Every screen at three sizes, as it is drawn; some with their styles.

use lobuctl::tui::{Background, ColorDepth, GlyphSet, LoadStep, Message, TuiOptions};

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;
use crate::support::screen::runs;
use crate::support::snapshot;

const SIZES: [(u16, u16); 3] = [(60, 15), (80, 24), (140, 40)];

fn each(name: &str, make: impl Fn(u16, u16) -> ModelDriver) {
    let shots = SIZES.map(|(width, height)| format!("── {width}x{height} ──\n{}", make(width, height).text()));
    snapshot::check(&format!("tui_{name}"), &shots.join("\n\n"));
}

fn loading(width: u16, height: u16) -> ModelDriver {
    let mut driver = ModelDriver::start(width, height, &TuiOptions::default());
    driver.send(Message::LoadStep(LoadStep::done(
        "read lobu.toml",
        "4 agents, 2 entity types",
    )));
    driver.send(Message::LoadStep(LoadStep::done("sign in", "dev")));
    driver.send(Message::LoadStep(LoadStep::began("read the server")));
    driver.send(Message::Clock(1_240));
    driver
}

#[test]
fn loading_screen() {
    each("loading", loading);
}

#[test]
fn failed_screen() {
    each("failed", |width, height| {
        let mut driver = loading(width, height);
        driver.send(Message::Loaded(Box::new(Err(canned::unreachable()))));
        driver
    });
}

#[test]
fn review_screen() {
    each("review", ModelDriver::review);
}

#[test]
fn review_detail() {
    each("review_detail", |width, height| {
        ModelDriver::review(width, height).keys("/settings<enter> n <tab>")
    });
}

#[test]
fn review_side_by_side() {
    each("side_by_side", |width, height| {
        ModelDriver::review(width, height).keys("n d z")
    });
}

#[test]
fn review_filter() {
    each("filter", |width, height| {
        ModelDriver::review(width, height).keys("/teleg")
    });
}

#[test]
fn review_selection() {
    each("selection", |width, height| {
        ModelDriver::review(width, height).keys("A /company<enter> <esc> G C E /works<enter> space <esc>")
    });
}

#[test]
fn review_drift() {
    each("drift", |width, height| {
        ModelDriver::review(width, height).keys("/stale<enter> D")
    });
}

#[test]
fn secrets_screen() {
    each("secrets", |width, height| ModelDriver::review(width, height).keys("s"));
}

#[test]
fn help_screen() {
    each("help", |width, height| ModelDriver::review(width, height).keys("?"));
}

#[test]
fn confirm_screen() {
    each("confirm", |width, height| {
        ModelDriver::review(width, height).keys("a ye")
    });
}

#[test]
fn run_screen() {
    each("run", runs::halfway);
}

#[test]
fn run_log() {
    each("log", |width, height| runs::halfway(width, height).keys("l"));
}

#[test]
fn run_leave() {
    each("leave", |width, height| runs::halfway(width, height).keys("q"));
}

#[test]
fn run_failed() {
    each("run_failed", runs::failed);
}

#[test]
fn run_done() {
    each("run_done", runs::done);
}

#[test]
fn small_terminals() {
    let sizes = [(50, 12), (30, 6), (12, 3), (5, 2), (1, 1)];
    let shot = |keys: &str| {
        sizes.map(|(width, height)| {
            format!(
                "── {width}x{height} ──\n{}",
                ModelDriver::review(width, height).keys(keys).text()
            )
        })
    };
    let all = [shot(""), shot("n <enter>"), shot("a ye")].concat();
    snapshot::check("tui_small", &all.join("\n\n"));
}

#[test]
fn styles_of_each_depth() {
    let shot = |depth: ColorDepth, background: Background| {
        let options = TuiOptions {
            depth,
            background,
            ..TuiOptions::default()
        };
        let driver = ModelDriver::start(100, 20, &options).loaded().keys("n /set<enter>");
        format!("── {depth:?} {background:?} ──\n{}", driver.styled())
    };
    let all = [
        shot(ColorDepth::None, Background::Unknown),
        shot(ColorDepth::Sixteen, Background::Dark),
        shot(ColorDepth::Many, Background::Dark),
        shot(ColorDepth::True, Background::Light),
    ];
    snapshot::check("tui_styles", &all.join("\n"));
}

#[test]
fn ascii_glyphs() {
    let options = TuiOptions {
        glyphs: GlyphSet::Ascii,
        depth: ColorDepth::None,
        ..TuiOptions::default()
    };
    let driver = ModelDriver::start(100, 24, &options).loaded().keys("w");
    let text = driver.text();
    assert!(text.is_ascii(), "{text}");
    snapshot::check("tui_ascii", &text);
}
