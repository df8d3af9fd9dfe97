//! Prints every screen of the review at three sizes: `cargo run --example gallery [WIDTHxHEIGHT]`.
#![allow(dead_code, clippy::unwrap_used, clippy::print_stdout)]

use lobuctl::tui::{LoadStep, Message, TuiOptions};

#[path = "../tests/support/screen"]
mod screen {
    pub mod canned;
    pub mod model_driver;
    pub mod runs;
}

use screen::model_driver::ModelDriver;
use screen::{canned, runs};

type Make = fn(u16, u16) -> ModelDriver;

const SCREENS: &[(&str, Make)] = &[
    ("loading", loading),
    ("no plan", failed),
    ("review", ModelDriver::review),
    ("review: detail", |width, height| {
        ModelDriver::review(width, height).keys("n <enter>")
    }),
    ("review: side by side", |width, height| {
        ModelDriver::review(width, height).keys("n d z")
    }),
    ("review: filter", |width, height| {
        ModelDriver::review(width, height).keys("/teleg")
    }),
    ("review: a row comes along", |width, height| {
        ModelDriver::review(width, height).keys("A /works<enter> space <esc>")
    }),
    ("review: drift selected for deletion", |width, height| {
        ModelDriver::review(width, height).keys("/stale<enter> D")
    }),
    ("secrets", |width, height| ModelDriver::review(width, height).keys("s")),
    ("help", |width, height| ModelDriver::review(width, height).keys("?")),
    ("confirm", |width, height| {
        ModelDriver::review(width, height).keys("a ye")
    }),
    ("apply", runs::halfway),
    ("apply: log", |width, height| runs::halfway(width, height).keys("l")),
    ("apply: leaving", |width, height| runs::halfway(width, height).keys("q")),
    ("apply: failed", runs::failed),
    ("apply: done", runs::done),
];

fn main() {
    let asked: Vec<(u16, u16)> = std::env::args().skip(1).filter_map(|text| size(&text)).collect();
    let sizes = if asked.is_empty() {
        vec![(60, 15), (80, 24), (140, 40)]
    } else {
        asked
    };
    for (name, make) in SCREENS {
        for (width, height) in &sizes {
            println!("{name}, {width}x{height}\n{}\n", make(*width, *height).text());
        }
    }
}

fn size(text: &str) -> Option<(u16, u16)> {
    let (width, height) = text.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

fn loading(width: u16, height: u16) -> ModelDriver {
    let mut driver = ModelDriver::start(width, height, &TuiOptions::default());
    driver.send(Message::LoadStep(LoadStep::done(
        "read lobu.toml",
        "4 agents, 2 entity types",
    )));
    driver.send(Message::LoadStep(LoadStep::began("read the server")));
    driver.send(Message::Clock(1_240));
    driver
}

fn failed(width: u16, height: u16) -> ModelDriver {
    let mut driver = loading(width, height);
    driver.send(Message::Loaded(Box::new(Err(canned::unreachable()))));
    driver
}
