//! How long a frame takes, and how long it takes until a key is on the screen, at 100, 1,000 and 10,000 rows; and what
//! a text of a megabyte costs.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use lobuctl::tui::detail::{BodyStyle, compare};
use lobuctl::tui::key::Key;
use lobuctl::tui::update::update;
use lobuctl::tui::view::view;
use lobuctl::tui::{Message, Model, TuiOptions};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

#[path = "../tests/support/screen/canned.rs"]
mod canned;

const SIZE: (u16, u16) = (200, 50);

fn review(rows: usize) -> Model {
    let mut model = Model::new(&TuiOptions::default(), SIZE.0, SIZE.1);
    let loaded = canned::loaded(canned::big_plan(rows));
    update(&mut model, Message::Loaded(Box::new(Ok(loaded))));
    press(&mut model, "E");
    model
}

fn press(model: &mut Model, keys: &str) {
    for key in Key::script(keys) {
        update(model, Message::Key(key));
    }
}

fn rows(criterion: &mut Criterion) {
    let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap();
    let mut group = criterion.benchmark_group("rows");
    for rows in [100, 1_000, 10_000] {
        let mut model = review(rows);
        group.bench_function(BenchmarkId::new("frame", rows), |bencher| {
            bencher.iter(|| terminal.draw(|frame| view(&model, frame)).map(|_| ()).unwrap());
        });
        for (name, keys) in [
            ("key down and frame", "j"),
            ("select and frame", "space"),
            ("fold all and frame", "C E"),
        ] {
            group.bench_function(BenchmarkId::new(name, rows), |bencher| {
                bencher.iter(|| {
                    press(&mut model, keys);
                    terminal.draw(|frame| view(&model, frame)).map(|_| ()).unwrap();
                });
            });
        }
        group.bench_function(BenchmarkId::new("type in the filter and frame", rows), |bencher| {
            bencher.iter(|| {
                press(&mut model, "/te<esc>");
                terminal.draw(|frame| view(&model, frame)).map(|_| ()).unwrap();
            });
        });
    }
    group.finish();
}

fn long_text(criterion: &mut Criterion) {
    let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap();
    let plan = canned::long_text_plan(1_000_000);
    let row = plan.rows[1].clone();
    let mut group = criterion.benchmark_group("a text of 1 MB");
    group.sample_size(10);
    for (name, side_by_side) in [("compare", false), ("compare side by side", true)] {
        let style = BodyStyle {
            side_by_side,
            context: None,
        };
        group.bench_function(name, |bencher| bencher.iter(|| compare(&row, style)));
    }
    let mut model = Model::new(&TuiOptions::default(), SIZE.0, SIZE.1);
    update(&mut model, Message::Loaded(Box::new(Ok(canned::loaded(plan)))));
    let style = BodyStyle {
        side_by_side: true,
        context: None,
    };
    let lines = compare(&row, style);
    press(&mut model, "n d");
    let compared = Message::Compared {
        address: row.address,
        style,
        lines,
    };
    update(&mut model, compared);
    press(&mut model, "<tab>");
    group.bench_function("key down and frame", |bencher| {
        bencher.iter(|| {
            press(&mut model, "j");
            terminal.draw(|frame| view(&model, frame)).map(|_| ()).unwrap();
        });
    });
    group.bench_function("resize twice and frame", |bencher| {
        bencher.iter(|| {
            for width in [SIZE.0 - 20, SIZE.0] {
                update(&mut model, Message::Resize { width, height: SIZE.1 });
            }
            terminal.draw(|frame| view(&model, frame)).map(|_| ()).unwrap();
        });
    });
    group.finish();
}

criterion_group!(benches, rows, long_text);
criterion_main!(benches);
