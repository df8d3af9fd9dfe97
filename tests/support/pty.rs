//! The real program on a pseudo terminal: what is pressed, what is on the screen, and what is left of the terminal.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossterm::event::KeyCode;
use lobuctl::tui::key::Key;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program on a terminal.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// What the terminal was like before.
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
        let mut reader = pair.master.try_clone_reader().unwrap();
        let seen = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(count) = reader.read(&mut bytes) {
                if count == 0 {
                    break;
                }
                seen.lock().unwrap().process(&bytes[..count]);
            }
        });
        Self {
            writer: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            screen,
            before,
        }
    }

    /// Presses keys, all at once.
    pub fn keys(&mut self, script: &str) -> &mut Self {
        for key in Key::script(script) {
            self.writer.write_all(&bytes(key)).unwrap();
            self.writer.flush().unwrap();
            if key.code == KeyCode::Esc {
                // Together with what follows it would be another key.
                std::thread::sleep(Duration::from_millis(60));
            }
        }
        self
    }

    /// Types a line for a shell.
    pub fn line(&mut self, text: &str) {
        self.writer.write_all(format!("{text}\r").as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// The window gets another size.
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

    /// What is on the screen now.
    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen says this.
    pub fn until(&self, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let text = self.text();
            if text.contains(words) {
                return text;
            }
            assert!(begun.elapsed() < PATIENCE, "waited for {words:?}:\n{text}");
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    /// Waits until the program has ended; the terminal has to be as it was. Returns the exit code and the screen.
    pub fn ended(mut self) -> (u32, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it stays:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(3));
        };
        // What it wrote last may still be on its way.
        std::thread::sleep(Duration::from_millis(50));
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
