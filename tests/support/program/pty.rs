//! The real program on a pseudo terminal: keys, the screen, and the state in which it leaves the terminal.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use crossterm::event::KeyCode;
use lobuctl::tui::key::Key;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::support::deadline::{settle, wait_for};

/// Returns lobuctl in a folder that is its home too, with a token and an environment that hold nothing else.
pub fn lobuctl_on_a_terminal(folder: &Path, token: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new(cargo_bin("lobuctl"));
    command.cwd(folder);
    command.env_clear();
    for (name, value) in [
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
        ("PATH", "/usr/bin:/bin"),
        ("LOBU_API_TOKEN", token),
    ] {
        command.env(name, value);
    }
    command.env("HOME", folder);
    command
}

/// A program on a terminal.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    reader: JoinHandle<()>,
    /// The modes of the terminal before the program started.
    before: String,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn parser(columns: u16, rows: u16) -> vt100::Parser {
    vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 200)
}

impl Pty {
    /// Starts the program.
    pub fn start(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let before = modes(pair.master.as_ref());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(parser(columns, rows)));
        let mut output = pair.master.try_clone_reader().unwrap();
        let seen = Arc::clone(&screen);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            loop {
                match output.read(&mut bytes) {
                    Ok(count @ 1..) => seen.lock().unwrap().process(&bytes[..count]),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Ok(0) | Err(_) => break,
                }
            }
        });
        Self {
            writer: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            screen,
            reader,
            before,
        }
    }

    /// Presses keys without a pause.
    pub fn keys(&mut self, script: &str) -> &mut Self {
        for key in Key::script(script) {
            self.writer.write_all(&bytes(key)).unwrap();
            self.writer.flush().unwrap();
            if key.code == KeyCode::Esc {
                // Together with the next byte, Esc would be another key.
                settle(Duration::from_millis(60));
            }
        }
        self
    }

    /// Types a line for a shell.
    pub fn line(&mut self, text: &str) {
        self.type_text(&format!("{text}\r"));
    }

    /// Types these characters.
    pub fn type_text(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Changes the size of the window.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let mut screen = self.screen.lock().unwrap();
        screen
            .screen_mut()
            .set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
        drop(screen);
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// Sends a signal, as `kill -NAME` does.
    pub fn signal(&self, name: &str) {
        let process = self.child.process_id().unwrap();
        let status = std::process::Command::new("kill")
            .args([format!("-{name}"), process.to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    /// Returns the text on the screen.
    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen contains this text.
    pub fn until(&self, part: &str) -> String {
        let look = || Some(self.text()).filter(|text| text.contains(part));
        wait_for(look, || {
            // A program that stands still and a terminal that nobody reads look alike.
            let reader = if self.reader.is_finished() {
                "nobody"
            } else {
                "a thread"
            };
            format!("waited for {part:?}, {reader} reads the terminal:\n{}", self.text())
        })
    }

    /// Waits until the screen no longer contains this text.
    pub fn without(&self, part: &str) -> String {
        let look = || Some(self.text()).filter(|text| !text.contains(part));
        wait_for(look, || format!("{part:?} stays:\n{}", self.text()))
    }

    /// Waits until the program has ended, and checks that it left the terminal as it was. Returns the exit code and the
    /// text on the screen.
    pub fn ended(mut self) -> (u32, String) {
        let screen = Arc::clone(&self.screen);
        let text = || screen.lock().unwrap().screen().contents();
        let child = &mut self.child;
        let status = wait_for(
            || child.try_wait().unwrap(),
            || format!("the program does not end:\n{}", text()),
        );
        // The reader ends once it has read the last output.
        wait_for(
            || self.reader.is_finished().then_some(()),
            || format!("the terminal stays open:\n{}", text()),
        );
        self.assert_sane();
        (status.exit_code(), self.text())
    }

    fn assert_sane(&self) {
        assert_eq!(modes(self.master.as_ref()), self.before, "line discipline");
        let parser = self.screen.lock().unwrap();
        let screen = parser.screen();
        assert!(!screen.alternate_screen(), "alternate screen");
        assert!(!screen.hide_cursor(), "cursor");
        assert!(!screen.bracketed_paste(), "bracketed paste");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// Echo, line editing, signals: everything that raw mode changes.
fn modes(master: &dyn MasterPty) -> String {
    let modes = master.get_termios().unwrap();
    format!(
        "{:?} {:?} {:?}",
        modes.input_flags, modes.output_flags, modes.local_flags
    )
}

fn bytes(key: Key) -> Vec<u8> {
    match (key.code, key.ctrl) {
        (KeyCode::Char(letter), true) => vec![letter as u8 & 0x1f],
        (KeyCode::Char(letter), false) => letter.to_string().into_bytes(),
        (KeyCode::Enter, _) => vec![b'\r'],
        (KeyCode::Esc, _) => vec![0x1b],
        (KeyCode::Tab, _) => vec![b'\t'],
        (KeyCode::Backspace, _) => vec![0x7f],
        (KeyCode::Up, _) => b"\x1b[A".to_vec(),
        (KeyCode::Down, _) => b"\x1b[B".to_vec(),
        (KeyCode::Right, _) => b"\x1b[C".to_vec(),
        (KeyCode::Left, _) => b"\x1b[D".to_vec(),
        (other, _) => panic!("{other:?} has no bytes here"),
    }
}
