//! The most memory that a command has at a time on a large project: the program as its user has it, beside a server in a
//! process of its own.
//!
//! `cargo bench --bench peak` works on 20,000 rows, of agents with their platforms and types and of data, beside 1,000 rows
//! of each; `LOBUCTL_BENCH_ROWS` is another number of rows. `LOBUCTL_BENCH_UNDECLARED=1000,5000,10000` measures instead a
//! plan of 100 agents in organizations of so many, each with three platforms. A peak is the `VmHWM` of `/proc`, which the
//! system keeps for each process, so that it has Linux for its host.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

#[path = "../program/mod.rs"]
mod program;
mod project;

use program::{PROGRAM, Server, Terminal};
use project::{Rows, save, write_agents, write_data, write_organization};

/// The rows of the project that a large one is compared with.
const SMALL: usize = 1_000;
/// The number of saves that a review follows.
const SAVES: usize = 5;
/// How often the peak of a process is read that ends by itself. A peak never falls, so that only what is added in this time
/// before the end is missed, and a process that ends only frees.
const LOOK: Duration = Duration::from_millis(1);
/// The agents that the files declare in an organization with many more.
const DECLARED: usize = 100;

/// What is measured, in this order, with its limit in MB for 20,000 rows of agents.
const PHASES: [(Phase, &str, Option<u32>); 5] = [
    (Phase::Plan, "plan, all new", Some(110)),
    (Phase::Review, "review, all new", Some(150)),
    (Phase::Watch, "watch, all new", None),
    (Phase::Apply, "apply", Some(180)),
    (Phase::Plan, "plan, unchanged", Some(110)),
];

/// A command that is measured.
#[derive(Clone, Copy)]
enum Phase {
    Plan,
    Review,
    Watch,
    Apply,
}

/// The most memory that a process had, and how long it ran.
#[derive(Clone, Copy)]
struct Peak {
    kilobytes: u64,
    took: Duration,
}

impl Peak {
    fn of(screen: &Terminal, took: Duration) -> Self {
        let kilobytes = peak(screen.process()).unwrap();
        Self { kilobytes, took }
    }

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
        println!("{rows} rows of {name}:");
        let (small, large) = (Desk::with(kind, SMALL), Desk::with(kind, rows));
        let servers = (Server::start(&small.home), Server::start(&large.home));
        for (phase, what, limit) in PHASES {
            let small = small.measure(phase, kind, &servers.0);
            let peak = large.measure(phase, kind, &servers.1);
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

    /// Writes a project of so many rows.
    fn with(kind: Rows, rows: usize) -> Self {
        let desk = Self::new();
        match kind {
            Rows::Agents => write_agents(&desk.project, rows),
            Rows::Data => write_data(&desk.project, rows),
        }
        desk
    }

    fn measure(&self, phase: Phase, kind: Rows, server: &Server) -> Peak {
        match phase {
            Phase::Plan => self.run(server, &["plan"]),
            Phase::Review => self.review(server),
            Phase::Watch => self.watch(server, kind),
            Phase::Apply => self.run(server, &["apply", "--yes"]),
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
        let mut screen = Terminal::start(&self.home, &self.project, server, &["apply"]);
        screen.until("selected");
        let took = begun.elapsed();
        unfold(&mut screen);
        Peak::of(&screen, took)
    }

    /// Follows the files for some saves, and reads the server anew.
    fn watch(&self, server: &Server, kind: Rows) -> Peak {
        let mut screen = Terminal::start(&self.home, &self.project, server, &["watch", "--every", "3600"]);
        screen.until("selected");
        unfold(&mut screen);
        screen.show(match kind {
            Rows::Agents => "settings.a00000*",
            Rows::Data => "entity.person.e00000*",
        });
        screen.until("round 0.");
        screen.settle();
        let begun = Instant::now();
        for round in 1..=SAVES {
            save(&self.project, kind, round);
            screen.until(&format!("round {round}."));
        }
        let took = begun.elapsed() / u32::try_from(SAVES).unwrap();
        screen.press("r");
        screen.settle();
        Peak::of(&screen, took)
    }
}

/// Unfolds everything. Its end is known by the page of secrets, which is opened and closed after it.
fn unfold(screen: &mut Terminal) {
    screen.press("EGs");
    screen.until("names only");
    screen.press("sg");
}

/// Returns the most memory that a process had, in kilobytes. `None` when it has ended.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
