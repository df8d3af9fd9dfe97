//! The program as its user has it: a server in a process of its own, and a command on a terminal.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child as Process, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use vt100::Parser;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_lobuctl");
/// The rows and columns of the terminal.
const SIZE: (u16, u16) = (40, 120);
/// How often the screen is looked at that something is waited for on.
const LOOK: Duration = Duration::from_micros(500);
/// A program that does nothing for so long has begun to follow its files. Longer than two updates of the server's age.
const SETTLED: Duration = Duration::from_secs(11);
/// What a program that does nothing may use meanwhile: a thousandth.
pub const IDLE_LIMIT: Duration = Duration::from_millis(10);

/// A server with its data in a home of its own.
pub struct Server {
    process: Process,
    pub url: String,
    pub token: String,
}

impl Server {
    pub fn start(home: &Path) -> Self {
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

/// A command on a terminal.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    screen: Arc<Mutex<Parser>>,
}

impl Terminal {
    pub fn start(home: &Path, project: &Path, server: &Server, arguments: &[&str]) -> Self {
        let size = PtySize {
            rows: SIZE.0,
            cols: SIZE.1,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(PROGRAM);
        command.env_clear();
        command.cwd(project);
        command.args(arguments);
        command.args(["--url", &server.url]);
        for (name, value) in [
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("LOBU_API_TOKEN", &server.token),
        ] {
            command.env(name, value);
        }
        command.env("HOME", home);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(Parser::new(
            SIZE.0.try_into().unwrap(),
            SIZE.1.try_into().unwrap(),
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

    pub fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Filters the rows by a pattern, which covers whole names, and puts the first one into the detail.
    pub fn show(&mut self, pattern: &str) {
        self.press("\u{1b}");
        // What follows the escape at once would be another key together with it.
        std::thread::sleep(Duration::from_millis(200));
        self.press(&format!("/{pattern}"));
        self.until(&format!("/{pattern}"));
        self.press("\r");
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen has this text.
    pub fn until(&self, part: &str) {
        self.wait(part, true);
    }

    /// Waits until the screen has this text, or does not have it any more.
    pub fn wait(&self, part: &str, wanted: bool) {
        let begun = Instant::now();
        while self.text().contains(part) != wanted {
            let waited = begun.elapsed();
            assert!(waited < Duration::from_mins(2), "waited for {part:?}:\n{}", self.text());
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until the program has nothing left to do.
    pub fn settle(&self) {
        loop {
            let before = self.processor_time();
            std::thread::sleep(SETTLED);
            if self.processor_time().saturating_sub(before) <= 2 * IDLE_LIMIT {
                return;
            }
        }
    }

    /// Returns the id of the process.
    pub fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Returns the processor time that the program has used.
    pub fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process())).unwrap();
        // After the name, which may contain blanks: the 12th and 13th are the ticks in user mode and in the system.
        let ticks = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        // A tick is a hundredth of a second on every Linux.
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
