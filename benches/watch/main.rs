//! A review that follows its files, as its user has it: the program on a terminal, beside a server. From a save to the
//! frame that shows it, from a key to its frame while the plan is made again, and what an idle one costs.
//!
//! `cargo bench --bench watch` works on 1,000 and on 20,000 rows; `LOBUCTL_BENCH_ROWS=1000` on so many only.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child as Process, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use vt100::Parser;

mod project;

use project::{AGENT, DATA, ENV, LOBU_TOML, SavedFile, write_agents, write_data};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lobuctl");
const SIZE: (u16, u16) = (120, 40);
/// The number of times that each time is taken; the middle one counts.
const ROUNDS: usize = 9;
/// A review that does nothing for so long has begun to follow its files. Longer than two updates of the server's age.
const SETTLED: Duration = Duration::from_secs(11);
/// How long an idle review is watched.
const IDLE: Duration = Duration::from_secs(10);
/// The processor time that it may use meanwhile: a thousandth.
const IDLE_LIMIT: Duration = Duration::from_millis(10);

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
    let mut watch = Review::start(folder.path(), &server.url);
    watch.until("selected");
    watch.show(&saves[0]);
    watch.settle();
    check_idle(rows, &watch);
    let keys: Vec<Duration> = (0..ROUNDS).map(|_| watch.key_to_frame()).collect();
    let mut number = 0;
    let busy = (0..ROUNDS).map(|_| {
        number += 1;
        save(folder.path(), &saves[0], number);
        let key = watch.key_to_frame();
        watch.until(&(saves[0].shown)(number));
        key
    });
    let (busy, key) = (middle(busy.collect()), middle(keys));
    for saved in saves {
        watch.show(saved);
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
fn check_idle(rows: &str, watch: &Review) {
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

struct Server {
    process: Process,
    url: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(PROGRAM)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder.join("server"))
            .env("HOME", folder)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let url = lines
            .map(Result::unwrap)
            .find_map(|line| Some(line.split_once("listening on ")?.1.to_owned()));
        Self {
            process,
            url: url.unwrap(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `lobuctl watch` on a terminal.
struct Review {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    screen: Arc<Mutex<Parser>>,
}

impl Review {
    fn start(folder: &Path, url: &str) -> Self {
        let size = PtySize {
            rows: SIZE.1,
            cols: SIZE.0,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(PROGRAM);
        command.env_clear();
        command.cwd(folder);
        command.args(["watch", "--every", "3600", "--url", url]);
        let token = fs::read_to_string(folder.join("server/bootstrap-pat.txt")).unwrap();
        for (name, value) in [
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("LOBU_API_TOKEN", token.trim()),
        ] {
            command.env(name, value);
        }
        command.env("HOME", folder);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(Parser::new(
            SIZE.1.try_into().unwrap(),
            SIZE.0.try_into().unwrap(),
            0,
        )));
        let (mut reader, parser) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&screen));
        let writer = pair.master.take_writer().unwrap();
        std::thread::spawn(move || {
            let _master = pair.master;
            let mut bytes = vec![0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                parser.lock().unwrap().process(&bytes[..count]);
            }
        });
        Self { child, writer, screen }
    }

    /// Puts the row of a file into the detail.
    fn show(&mut self, saved: &SavedFile) {
        self.press("\u{1b}");
        // What follows the escape at once would be another key together with it.
        std::thread::sleep(Duration::from_millis(200));
        // A pattern covers whole names, and a text would find the rows that name this one too.
        self.press(&format!("/{}*", saved.row));
        self.until(&format!("/{}*", saved.row));
        self.press("\r");
        self.until("round ");
    }

    fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    fn shows(&self, part: &str) -> bool {
        self.screen.lock().unwrap().screen().contents().contains(part)
    }

    fn until(&self, part: &str) {
        self.wait(part, true);
    }

    fn wait(&self, part: &str, wanted: bool) {
        let begun = Instant::now();
        while self.shows(part) != wanted {
            let text = || self.screen.lock().unwrap().screen().contents();
            assert!(
                begun.elapsed() < Duration::from_mins(2),
                "waited for {part:?}:\n{}",
                text()
            );
            std::thread::sleep(Duration::from_micros(500));
        }
    }

    /// Opens the secrets and closes them again. Returns how long opening took.
    fn key_to_frame(&mut self) -> Duration {
        let begun = Instant::now();
        self.press("s");
        self.until("names only");
        let took = begun.elapsed();
        self.press("s");
        self.wait("names only", false);
        took
    }

    /// Waits until all folders are registered, and what that led to is done.
    fn settle(&self) {
        loop {
            let before = self.processor_time();
            std::thread::sleep(SETTLED);
            if self.processor_time().saturating_sub(before) <= 2 * IDLE_LIMIT {
                return;
            }
        }
    }

    /// Returns the processor time that the program has used.
    fn processor_time(&self) -> Duration {
        let process = self.child.process_id().unwrap();
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        // After the name, which may contain blanks: the 12th and 13th are the ticks in user mode and in the system.
        let ticks = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        // A tick is a hundredth of a second on every Linux.
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Review {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
