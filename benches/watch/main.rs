//! A review that follows its files, as its user has it: the program on a terminal, beside a server. From a save to the
//! frame that shows it, from a key to its frame while the plan is made again, and what an idle one costs.
//!
//! `cargo bench --bench watch` works on 1,000 and on 20,000 rows; `LOBUCTL_BENCH_ROWS=1000` on so many only.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

#[path = "../program/mod.rs"]
mod program;
mod project;

use program::{IDLE_LIMIT, Server, Terminal};
use project::{AGENT, DATA, ENV, LOBU_TOML, SavedFile, write_agents, write_data};

/// The number of times that each time is taken; the middle one counts.
const ROUNDS: usize = 9;
/// How long an idle review is watched.
const IDLE: Duration = Duration::from_secs(10);
fn main() {
    let rows = std::env::var("LOBUCTL_BENCH_ROWS");
    let rows: Vec<usize> = rows.map_or(vec![1_000, 20_000], |rows| vec![rows.parse().unwrap()]);
    for rows in rows {
        measure(
            &format!("{rows} rows of agents"),
            |folder| write_agents(folder, rows / 2),
            &[AGENT],
        );
        let saves = [DATA, AGENT, LOBU_TOML, ENV];
        measure(
            &format!("{rows} rows of data"),
            |folder| write_data(folder, rows),
            &saves,
        );
    }
}

/// Measures a review of a project. What each save leads to is timed, and for the first one also the keys.
fn measure(rows: &str, write: impl FnOnce(&Path), saves: &[SavedFile]) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let server = Server::start(folder.path());
    let home = folder.path();
    let mut watch = Terminal::start(home, home, &server, &["watch", "--every", "3600"]);
    watch.until("selected");
    show(&mut watch, &saves[0]);
    watch.settle();
    check_idle(rows, &watch);
    let keys: Vec<Duration> = (0..ROUNDS).map(|_| key_to_frame(&mut watch)).collect();
    let mut number = 0;
    let busy = (0..ROUNDS).map(|_| {
        number += 1;
        save(folder.path(), &saves[0], number);
        let key = key_to_frame(&mut watch);
        watch.until(&(saves[0].shown)(number));
        key
    });
    let (busy, key) = (middle(busy.collect()), middle(keys));
    for saved in saves {
        show(&mut watch, saved);
        // Each file begins with an odd round: the first one of `.env` has no value.
        number += number % 2;
        let times = (0..ROUNDS).map(|_| {
            number += 1;
            let begun = save(folder.path(), saved, number);
            watch.until(&(saved.shown)(number));
            begun.elapsed()
        });
        let time = milliseconds(middle(times.collect()));
        println!("{rows}: {time:.1} ms from a save of {} to its frame", saved.what);
    }
    println!(
        "{rows}: {:.1} ms from a key to its frame, {:.1} ms while the plan is made again, {:.1} times as long",
        milliseconds(key),
        milliseconds(busy),
        busy.as_secs_f64() / key.as_secs_f64()
    );
}

/// Checks that a review does nothing while nothing changes.
fn check_idle(rows: &str, watch: &Terminal) {
    let before = watch.processor_time();
    std::thread::sleep(IDLE);
    let used = watch.processor_time().saturating_sub(before);
    println!(
        "{rows}: {} ms of processor time in {} s without a change",
        used.as_millis(),
        IDLE.as_secs()
    );
    assert!(used <= 2 * IDLE_LIMIT, "an idle review works");
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Saves a file as editors do. Returns when.
fn save(folder: &Path, saved: &SavedFile, round: usize) -> Instant {
    let file = folder.join(saved.file);
    let new = file.with_extension("new~");
    fs::write(&new, (saved.text)(round)).unwrap();
    let now = Instant::now();
    fs::rename(new, file).unwrap();
    now
}

/// Puts the row of a file into the detail.
fn show(watch: &mut Terminal, saved: &SavedFile) {
    watch.show(&format!("{}*", saved.row));
    watch.until("round ");
}

/// Opens the secrets and closes them again. Returns how long opening took.
fn key_to_frame(watch: &mut Terminal) -> Duration {
    let begun = Instant::now();
    watch.press("s");
    watch.until("names only");
    let took = begun.elapsed();
    watch.press("s");
    watch.wait("names only", false);
    took
}
