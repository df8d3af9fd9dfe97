//! `lobuctl serve` as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};

use secrecy::{ExposeSecret, SecretString};

/// A running `lobuctl serve`, killed on drop.
pub struct ServeProcess {
    child: Child,
    log: Arc<Mutex<String>>,
    dir: PathBuf,
    /// Such as `http://127.0.0.1:8787`.
    pub url: String,
}

/// Returns the binary with an empty environment.
pub fn lobuctl(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lobuctl"));
    command
        .env_clear()
        .env("HOME", dir)
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null());
    command
}

/// Returns `lobuctl serve` with a data directory.
pub fn serve(dir: &Path) -> Command {
    let mut command = lobuctl(dir);
    command.arg("serve").arg("--data-dir").arg(dir);
    command
}

/// Returns `lobuctl serve` on PostgreSQL.
pub fn serve_on_postgres(dir: &Path, url: &SecretString) -> Command {
    let mut command = serve(dir);
    command.env("LOBU_DATABASE_URL", url.expose_secret());
    command.env("LOBUCTL_ENCRYPTION_KEY", "7a".repeat(32));
    command
}

/// Runs a maintenance command, such as `serve backup`.
pub fn maintain(dir: &Path, arguments: &[&str]) -> Output {
    serve(dir).args(arguments).output().unwrap()
}

impl ServeProcess {
    /// Starts on SQLite and waits until it listens.
    pub fn on_sqlite(dir: &Path) -> Self {
        Self::start(serve(dir), dir)
    }

    /// Starts on SQLite with the most verbose log.
    pub fn verbose(dir: &Path) -> Self {
        let mut command = serve(dir);
        command.arg("-vv");
        Self::start(command, dir)
    }

    /// Returns the log so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Starts on PostgreSQL. The directory only receives the first token.
    pub fn on_postgres(dir: &Path, url: &SecretString) -> Self {
        Self::start(serve_on_postgres(dir, url), dir)
    }

    /// Starts this command on a free loopback port and waits until it listens.
    pub fn start(command: Command, dir: &Path) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST, command, dir)
    }

    /// Starts this command on a free port of this address and waits until it listens.
    pub fn start_at(address: Ipv4Addr, mut command: Command, dir: &Path) -> Self {
        command
            .args(["--listen", &format!("{address}:0")])
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut printed = Vec::new();
        let url = loop {
            let Some(Ok(line)) = lines.next() else {
                let _ = child.wait();
                panic!("the server did not start: {printed:?}");
            };
            if let Some(url) = line.strip_prefix("listening on ") {
                break url.to_owned();
            }
            printed.push(line);
        };
        let log = Arc::new(Mutex::new(printed.join("\n")));
        let kept = log.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push('\n');
                kept.push_str(&line);
            }
        });
        Self {
            child,
            log,
            dir: dir.to_owned(),
            url,
        }
    }

    /// Returns the token of the first start.
    pub fn token(&self) -> String {
        std::fs::read_to_string(self.dir.join("bootstrap-pat.txt"))
            .unwrap()
            .trim()
            .to_owned()
    }

    /// Returns the id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Makes the process stand still. [`ServeProcess::thaw`] lets it go on.
    pub fn freeze(&self) {
        self.send("STOP");
    }

    /// Lets a process that stands still go on.
    pub fn thaw(&self) {
        self.send("CONT");
    }

    /// Sends a signal by name, such as `STOP`.
    pub fn send(&self, name: &str) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Kills the process with SIGKILL, and waits for its end.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal by name. Returns the exit status.
    pub fn signal(mut self, name: &str) -> ExitStatus {
        self.send(name);
        self.child.wait().unwrap()
    }
}

impl Drop for ServeProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
