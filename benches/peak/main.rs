//! The most memory that a command has at a time on a large project: the program as its user has it, beside a server in a
//! process of its own.
//!
//! `cargo bench --bench peak` works on 20,000 rows, of agents with their platforms and types and of data, beside 1,000 rows
//! of each; `LOBUCTL_BENCH_ROWS` is another number of rows. `LOBUCTL_BENCH_UNDECLARED=1000,5000,10000` measures instead a
//! plan of 100 agents in organizations of so many, each with three platforms. A peak is the `VmHWM` of `/proc`, which the
//! system keeps for each process, so that it has Linux for its host.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use tempfile::TempDir;
use vt100::Parser;

mod project;

use project::{Rows, save, write_agents, write_data, write_organization};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lobuctl");
const SIZE: (u16, u16) = (120, 40);
/// The rows of the project that a large one is compared with.
const SMALL: usize = 1_000;
/// The number of saves that a review follows.
const SAVES: usize = 5;
/// How often the peak of a process is read that ends by itself. A peak never falls, so that only what is added in this time
/// before the end is missed, and a process that ends only frees.
const LOOK: Duration = Duration::from_millis(1);
/// The agents that the files declare in an organization with many more.
const DECLARED: usize = 100;

/// What is measured, with its limit in MB for 20,000 rows of agents.
const PHASES: [(&str, Option<u32>); 5] = [
    ("plan, all new", Some(110)),
    ("review, all new", Some(150)),
    ("watch, all new", None),
    ("apply", Some(180)),
    ("plan, unchanged", Some(110)),
];

/// The most memory that a process had, and how long it ran.
#[derive(Clone, Copy)]
struct Peak {
    kilobytes: u64,
    took: Duration,
}

impl Peak {
    fn megabytes(self) -> f64 {
        self.kilobytes as f64 * 1024.0 / 1e6
    }
}

fn main() {
    if let Ok(sizes) = std::env::var("LOBUCTL_BENCH_UNDECLARED") {
        return undeclared(sizes.split(',').map(|size| size.trim().parse().unwrap()));
    }
    let rows = std::env::var("LOBUCTL_BENCH_ROWS").map_or(20_000, |rows| rows.parse().unwrap());
    for (name, kind) in [
        ("agents, platforms and types", Rows::Agents),
        ("entities and relationships", Rows::Data),
    ] {
        let small = measure(kind, SMALL);
        let large = if rows == SMALL { small } else { measure(kind, rows) };
        println!("{rows} rows of {name}:");
        for (((what, limit), peak), small) in PHASES.iter().zip(large).zip(small) {
            let limit = limit.filter(|_| matches!(kind, Rows::Agents) && rows == 20_000);
            println!(
                "  {what:<16} {:>6.1} MB{:<14} {:>5.2} MB for each 1,000 rows, {:>5.2} times that of {SMALL} rows, {:>6.2} s",
                peak.megabytes(),
                limit.map(|limit| format!(" of {limit} MB")).unwrap_or_default(),
                peak.megabytes() * 1_000.0 / rows as f64,
                peak.megabytes() / small.megabytes(),
                peak.took.as_secs_f64()
            );
        }
    }
}

fn measure(kind: Rows, rows: usize) -> [Peak; 5] {
    let desk = Desk::new();
    match kind {
        Rows::Agents => write_agents(&desk.project, rows),
        Rows::Data => write_data(&desk.project, rows),
    }
    let server = Server::start(&desk.home);
    let created = desk.run(&server, &["plan"]);
    let reviewed = desk.review(&server);
    let watched = desk.watch(&server, kind);
    let applied = desk.run(&server, &["apply", "--yes"]);
    let unchanged = desk.run(&server, &["plan", "--detailed-exitcode"]);
    [created, reviewed, watched, applied, unchanged]
}

/// Prints what a plan of a few agents costs in organizations of these sizes.
fn undeclared(sizes: impl Iterator<Item = usize>) {
    let mut before: Option<(usize, Peak)> = None;
    for agents in sizes {
        let desk = Desk::new();
        let server = Server::start(&desk.home);
        write_organization(&desk.project, agents);
        desk.run(&server, &["apply", "--yes"]);
        write_organization(&desk.project, DECLARED);
        let mut plans: Vec<Peak> = (0..5).map(|_| desk.run(&server, &["plan"])).collect();
        plans.sort_by_key(|plan| plan.took);
        let plan = plans[plans.len() / 2];
        let (took, megabytes) = (plan.took.as_secs_f64() * 1e3, plan.megabytes());
        println!("{agents} agents, {DECLARED} of them declared: plan in {took:.0} ms with {megabytes:.1} MB");
        if let Some((fewer, less)) = before {
            let thousands = (agents - fewer) as f64 / 1e3;
            println!(
                "  {:.1} ms and {:.2} MB for each 1,000 more",
                (took - less.took.as_secs_f64() * 1e3) / thousands,
                (megabytes - less.megabytes()) / thousands
            );
        }
        before = Some((agents, plan));
    }
}

/// A project and the home of its user.
struct Desk {
    _folder: TempDir,
    project: PathBuf,
    home: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [project, home] = ["project", "home"].map(|name| folder.path().join(name));
        for folder in [&project, &home] {
            fs::create_dir(folder).unwrap();
        }
        Self {
            _folder: folder,
            project,
            home,
        }
    }

    /// Runs a command to its end.
    fn run(&self, server: &Server, arguments: &[&str]) -> Peak {
        let begun = Instant::now();
        let mut process = Command::new(PROGRAM)
            .args(arguments)
            .args(["--url", &server.url])
            .current_dir(&self.project)
            .env_clear()
            .env("HOME", &self.home)
            .env("LOBU_API_TOKEN", &server.token)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut kilobytes = 0;
        let status = loop {
            kilobytes = peak(process.id()).unwrap_or(kilobytes);
            if let Some(status) = process.try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(LOOK);
        };
        assert!(status.success(), "{arguments:?}: {status}");
        Peak {
            kilobytes,
            took: begun.elapsed(),
        }
    }

    /// Opens the review, unfolds it and goes to its end.
    fn review(&self, server: &Server) -> Peak {
        let begun = Instant::now();
        let mut screen = Screen::start(self, server, &["apply"]);
        screen.until(&["selected"]);
        let took = begun.elapsed();
        screen.unfold();
        screen.peak(took)
    }

    /// Follows the files for some saves, and reads the server anew.
    fn watch(&self, server: &Server, kind: Rows) -> Peak {
        let mut screen = Screen::start(self, server, &["watch", "--every", "3600"]);
        screen.until(&["selected"]);
        screen.unfold();
        screen.press(match kind {
            Rows::Agents => "/a00000\r",
            Rows::Data => "/e00000\r",
        });
        screen.until(&["round 0."]);
        let begun = Instant::now();
        for round in 1..=SAVES {
            save(&self.project, kind, round);
            screen.until(&[&format!("round {round}.")]);
        }
        let took = begun.elapsed() / u32::try_from(SAVES).unwrap();
        screen.press("r");
        screen.until(&["Loading"]);
        screen.until(&["selected", &format!("round {SAVES}.")]);
        screen.peak(took)
    }
}

/// Returns the most memory that a process had, in kilobytes. `None` when it has ended.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

struct Server {
    process: Process,
    url: String,
    token: String,
}

impl Server {
    fn start(home: &Path) -> Self {
        let data = home.join("server");
        let mut process = Command::new(PROGRAM)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&data)
            .env("HOME", home)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map(Result::unwrap)
            .find_map(|line| Some(line.split_once("listening on ")?.1.to_owned()));
        // A server whose pipe is full or closed would stand still.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let token = fs::read_to_string(data.join("bootstrap-pat.txt")).unwrap();
        Self {
            process,
            url: url.unwrap(),
            token: token.trim().to_owned(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program on a terminal.
struct Screen {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    parser: Arc<Mutex<Parser>>,
}

impl Screen {
    fn start(desk: &Desk, server: &Server, arguments: &[&str]) -> Self {
        let size = PtySize {
            rows: SIZE.1,
            cols: SIZE.0,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(PROGRAM);
        command.env_clear();
        command.cwd(&desk.project);
        command.args(arguments);
        command.args(["--url", &server.url]);
        for (name, value) in [
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("LOBU_API_TOKEN", &server.token),
        ] {
            command.env(name, value);
        }
        command.env("HOME", &desk.home);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let (rows, columns) = (SIZE.1.try_into().unwrap(), SIZE.0.try_into().unwrap());
        let parser = Arc::new(Mutex::new(Parser::new(rows, columns, 0)));
        let (mut reader, drawn) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&parser));
        let writer = pair.master.take_writer().unwrap();
        std::thread::spawn(move || {
            let _master = pair.master;
            let mut bytes = vec![0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                drawn.lock().unwrap().process(&bytes[..count]);
            }
        });
        Self { child, writer, parser }
    }

    fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    fn text(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// Waits until the screen has all of these texts.
    fn until(&self, parts: &[&str]) {
        let begun = Instant::now();
        while !parts.iter().all(|part| self.text().contains(part)) {
            let waited = begun.elapsed();
            assert!(
                waited < Duration::from_mins(5),
                "waited for {parts:?}:\n{}",
                self.text()
            );
            std::thread::sleep(LOOK);
        }
    }

    /// Unfolds everything. Its end is known by the page of secrets, which is opened and closed after it.
    fn unfold(&mut self) {
        self.press("EGs");
        self.until(&["names only"]);
        self.press("sg");
    }

    fn peak(&self, took: Duration) -> Peak {
        let kilobytes = peak(self.child.process_id().unwrap()).unwrap();
        Peak { kilobytes, took }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
