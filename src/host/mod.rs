//! The process as values: streams, terminals, sizes, environment, folders and the clock.
//!
//! Everything behind `main` takes a [`Host`] instead of asking the process, so that a test can replace it.

mod hidden;
mod output;
mod secret_text;

pub use hidden::read_hidden_line;
pub use output::Output;
pub use secret_text::read_secret_text;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Cursor, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use crate::redact::Redactor;
use crate::resource::Secret;

/// The size of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// The number of characters in a line.
    pub columns: u16,
    /// The number of lines.
    pub rows: u16,
}

/// Which of the three streams are terminals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terminals {
    /// Whether standard input is a terminal.
    pub stdin: bool,
    /// Whether standard output is a terminal.
    pub stdout: bool,
    /// Whether standard error is a terminal.
    pub stderr: bool,
}

/// A clonable handle of the input stream, from which the user's answers are read.
#[derive(Clone)]
pub struct InputLines(Arc<Mutex<Box<dyn BufRead + Send>>>);

impl InputLines {
    /// Creates a handle of `reader`.
    pub fn new(reader: impl Read + Send + 'static) -> Self {
        // All clones share one buffer, because it reads ahead and each of them must see the lines that are in it.
        Self(Arc::new(Mutex::new(Box::new(BufReader::new(reader)))))
    }

    /// Returns the next line without its line end, or `None` at the end of the input. Blocks until there is one.
    ///
    /// # Errors
    /// When the stream cannot be read, or the line is not UTF-8.
    pub fn line(&self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let read = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
    }

    /// Returns everything up to the end of the input, at most `limit` bytes. Blocks until there is an end.
    ///
    /// # Errors
    /// When the stream cannot be read, has more, or is not UTF-8.
    pub fn rest(&self, limit: u64) -> io::Result<Zeroizing<String>> {
        let mut reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        read_secret_text(&mut *reader, limit)
    }
}

/// The environment variables. They may hold secrets, so `Debug` prints only their number.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Returns the value of a variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether a switch such as `CI` is on: set, and neither `0` nor `false`.
    pub fn switch(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
    }

    /// Returns every variable, including empty ones.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl From<BTreeMap<String, String>> for Environment {
    fn from(variables: BTreeMap<String, String>) -> Self {
        Self(variables)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Environment({} variables)", self.0.len())
    }
}

/// The process: its streams, terminal, environment, folders and clock.
#[derive(Clone)]
pub struct Host {
    /// Standard output, for the result and nothing else.
    pub stdout: Output,
    /// Standard error, for progress, warnings, errors and questions.
    pub stderr: Output,
    /// Standard input, for the user's answers.
    pub stdin: InputLines,
    /// Which streams are terminals.
    pub terminals: Terminals,
    /// The size of the terminal. `None` without a terminal, or when it does not report one.
    pub size: Option<Size>,
    /// The process environment.
    pub environment: Environment,
    /// The folder that relative paths start from.
    pub current_dir: PathBuf,
    /// The user's home folder, if there is one.
    pub home: Option<PathBuf>,
    /// The secrets of this run. The streams strike out every value that is added here.
    pub redactor: Redactor,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Host {
    /// Returns the folder of lobuctl's local state: `$XDG_STATE_HOME/lobuctl`, else `~/.local/state/lobuctl`. `None` without
    /// a home folder.
    pub fn state_dir(&self) -> Option<PathBuf> {
        self.own_folder("XDG_STATE_HOME", ".local/state")
    }

    /// Returns the folder of the user's own configuration: `$XDG_CONFIG_HOME/lobuctl`, else `~/.config/lobuctl`. `None`
    /// without a home folder.
    pub fn config_dir(&self) -> Option<PathBuf> {
        self.own_folder("XDG_CONFIG_HOME", ".config")
    }

    fn own_folder(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let base = self.environment.get(variable).map(PathBuf::from);
        // The XDG specification has relative paths ignored.
        let base = base.filter(|path| path.is_absolute());
        let base = base.or_else(|| Some(self.home.as_ref()?.join(below_home)))?;
        Some(base.join("lobuctl"))
    }

    /// Returns the real process.
    ///
    /// # Errors
    /// When the current folder does not exist or cannot be read.
    pub fn real() -> io::Result<Self> {
        // Variables that are not UTF-8 can be neither a secret nor a setting of ours.
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let environment = Environment::from(variables);
        let redactor = Redactor::default();
        // Added first: every later error may be printed, and could repeat the token.
        redactor.add(environment.get("LOBU_API_TOKEN").map(Secret::new).as_ref());
        let terminals = Terminals {
            stdin: io::stdin().is_terminal(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
        };
        Ok(Self {
            stdout: Output::new(io::stdout(), &redactor),
            stderr: Output::new(io::stderr(), &redactor),
            stdin: InputLines::new(io::stdin()),
            terminals,
            size: (terminals.stdout || terminals.stderr).then(real_size).flatten(),
            // Without `HOME`, the user database of the system may have the folder.
            home: environment
                .get("HOME")
                .map(PathBuf::from)
                .or_else(|| etcetera::home_dir().ok()),
            current_dir: std::env::current_dir()?,
            environment,
            redactor,
            clock: Arc::new(Timestamp::now),
        })
    }

    /// Creates a process without a terminal, environment or input, whose clock always shows the Unix epoch. The returned
    /// [`Captured`] keeps its output.
    pub fn fake(current_dir: impl Into<PathBuf>) -> (Self, Captured) {
        let (captured, redactor) = (Captured::default(), Redactor::default());
        let host = Self {
            stdout: Output::new(captured.stdout.clone(), &redactor),
            stderr: Output::new(captured.stderr.clone(), &redactor),
            stdin: InputLines::new(io::empty()),
            terminals: Terminals::default(),
            size: None,
            environment: Environment::default(),
            current_dir: current_dir.into(),
            home: None,
            redactor,
            clock: Arc::new(|| Timestamp::UNIX_EPOCH),
        };
        (host, captured)
    }

    /// Returns this host with these variables instead of its own.
    pub fn with_environment<N: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.environment = Environment(variables.collect());
        self
    }

    /// Returns this host with all streams on a terminal of this size, on which the user types `typed`.
    pub fn with_terminal(mut self, columns: u16, rows: u16, typed: &str) -> Self {
        self.terminals = Terminals {
            stdin: true,
            stdout: true,
            stderr: true,
        };
        self.size = Some(Size { columns, rows });
        self.stdin = InputLines::new(Cursor::new(typed.to_owned().into_bytes()));
        self
    }

    /// Returns the current time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Returns the current day in UTC.
    pub fn today(&self) -> Date {
        TimeZone::UTC.to_datetime(self.now()).date()
    }

    /// Returns a path relative to the current folder as an absolute one.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        self.current_dir.join(path)
    }

    /// Whether a question can be asked: on a terminal, and not in CI. Questions go to standard error.
    pub fn can_ask(&self) -> bool {
        self.terminals.stdin && self.terminals.stderr && !self.environment.switch("CI")
    }

    /// Whether the full-screen review can be shown: on a terminal that can move its cursor.
    pub fn can_draw(&self) -> bool {
        self.can_ask() && self.terminals.stdout && !self.is_dumb()
    }

    /// Whether a line on standard error may be drawn and erased again.
    pub fn can_redraw_stderr(&self) -> bool {
        self.terminals.stderr && !self.is_dumb() && !self.environment.switch("CI")
    }

    /// Whether standard output is colored. `choice` is the value of `--color`, `None` for `auto`.
    pub fn colors_stdout(&self, choice: Option<bool>) -> bool {
        choice.unwrap_or_else(|| self.colors(self.terminals.stdout))
    }

    /// Whether standard error is colored. `choice` is the value of `--color`, `None` for `auto`.
    pub fn colors_stderr(&self, choice: Option<bool>) -> bool {
        choice.unwrap_or_else(|| self.colors(self.terminals.stderr))
    }

    /// Whether characters beyond ASCII can be shown, by the locale. The first variable that is set decides.
    pub fn shows_unicode(&self) -> bool {
        // The order of precedence in POSIX.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(|name| self.environment.get(name));
        locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
    }

    fn is_dumb(&self) -> bool {
        self.environment.get("TERM") == Some("dumb")
    }

    fn colors(&self, is_terminal: bool) -> bool {
        // Any value of NO_COLOR counts, even `0` (https://no-color.org), and it overrides CLICOLOR_FORCE.
        if self.environment.get("NO_COLOR").is_some() {
            return false;
        }
        if self.environment.switch("CLICOLOR_FORCE") {
            return true;
        }
        is_terminal && !self.is_dumb() && !self.environment.switch("CI")
    }
}

/// The output of a [fake host](Host::fake).
#[derive(Clone, Default)]
pub struct Captured {
    stdout: Memory,
    stderr: Memory,
}

impl Captured {
    /// Returns everything that was written to standard output.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Returns everything that was written to standard error.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }
}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn real_size() -> Option<Size> {
    let (columns, rows) = crossterm::terminal::size().ok()?;
    // Some terminals, such as serial consoles, do not know their size and report 0.
    (columns > 0 && rows > 0).then_some(Size { columns, rows })
}
