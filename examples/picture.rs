//! Draws the program from a real run: starts `lobuctl demo` on a pseudo terminal, presses keys, and prints the screen as SVG,
//! or with `--film` everything between the first key and the end as one SVG that moves.
//!
//! `just pictures` draws those of `docs/`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lobuctl::tui::key::Key;
use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use tempfile::TempDir;
use vt100::{Cell, Color, Parser, Screen};

const COLUMNS: u16 = 110;
const ROWS: u16 = 30;
/// Width and height of a character.
const CELL: (f32, f32) = (8.4, 18.0);
/// The color of the background: that of the dark theme.
const PAPER: &str = "#1b1e25";
/// The shortest and the longest time for which a frame of a film is shown, and that of the last one, in milliseconds.
const SHOWN: (u64, u64, u64) = (250, 1_500, 4_000);

fn main() {
    let mut words = std::env::args().skip(1).peekable();
    let films = words.next_if(|word| word == "--film").is_some();
    let program = words.next().unwrap_or_else(|| "target/debug/lobuctl".to_owned());
    let keys = words.next().unwrap_or_else(|| "n".to_owned());
    let mut stage = Stage::open(&program);
    if films {
        println!("{}", film(&stage.film(&keys)));
    } else {
        stage.press(&keys, Duration::from_millis(200), |_| {});
        println!("{}", picture(&stage.settled()));
    }
    stage.close();
}

/// The program on a terminal.
struct Stage {
    screen: Arc<Mutex<Parser>>,
    writer: Box<dyn std::io::Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    /// The home of the program, which ends with the stage.
    _home: TempDir,
}

/// What the screen shows at one moment: the lines as SVG, and as text.
#[derive(Clone, PartialEq)]
struct Frame {
    lines: Vec<String>,
    text: String,
}

impl Stage {
    fn open(program: &str) -> Self {
        let size = PtySize {
            rows: ROWS,
            cols: COLUMNS,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(std::fs::canonicalize(program).unwrap());
        // What whoever draws it likes, and has looked at before, is not of interest.
        let home = tempfile::tempdir().unwrap();
        command.env_clear();
        command.cwd(home.path());
        command.arg("demo");
        for (name, value) in [
            ("TERM", "xterm-256color"),
            ("COLORTERM", "truecolor"),
            ("COLORFGBG", "15;0"),
            ("LANG", "C.UTF-8"),
            ("PATH", "/usr/bin:/bin"),
        ] {
            command.env(name, value);
        }
        command.env("HOME", home.path());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(Parser::new(
            ROWS.try_into().unwrap(),
            COLUMNS.try_into().unwrap(),
            0,
        )));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let parser = Arc::clone(&screen);
        std::thread::spawn(move || {
            // The terminal stays open as long as this thread has its other end.
            let _master = pair.master;
            let mut bytes = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                parser.lock().unwrap().process(&bytes[..count]);
            }
        });
        let stage = Self {
            screen,
            writer,
            child,
            _home: home,
        };
        stage.wait("selected", |_| {});
        stage
    }

    fn frame(&self) -> Frame {
        let parser = self.screen.lock().unwrap();
        Frame {
            lines: (0..ROWS).map(|row| line(parser.screen(), row)).collect(),
            text: parser.screen().contents(),
        }
    }

    /// Returns what the screen shows once it has stayed the same for a second: a page may say first what it is doing.
    fn settled(&self) -> Frame {
        let mut frame = self.frame();
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let next = self.frame();
            if next == frame {
                return frame;
            }
            frame = next;
        }
    }

    /// Waits until the screen contains a text, and shows what it looks like meanwhile.
    fn wait(&self, part: &str, mut show: impl FnMut(&Self)) {
        let begun = Instant::now();
        while !self.screen.lock().unwrap().screen().contents().contains(part) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{part:?} does not appear");
            show(self);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn press(&mut self, keys: &str, pause: Duration, mut show: impl FnMut(&Self)) {
        for key in Key::script(keys) {
            let bytes = match key.code {
                crossterm::event::KeyCode::Char(letter) => letter.to_string(),
                crossterm::event::KeyCode::Tab => "\t".to_owned(),
                crossterm::event::KeyCode::Esc => "\x1b".to_owned(),
                _ => "\r".to_owned(),
            };
            self.writer.write_all(bytes.as_bytes()).unwrap();
            self.writer.flush().unwrap();
            let begun = Instant::now();
            while begun.elapsed() < pause {
                std::thread::sleep(Duration::from_millis(20));
                show(self);
            }
        }
    }

    /// Plays the keys, then waits for the end of the run. Returns each frame with the milliseconds for which it is shown.
    fn film(&mut self, keys: &str) -> Vec<(Frame, u64)> {
        let begun = Instant::now();
        let mut frames = vec![(self.settled(), 0)];
        self.press(keys, Duration::from_millis(700), |stage| {
            stage.shoot(&mut frames, begun);
        });
        self.wait("quits", |stage| stage.shoot(&mut frames, begun));
        self.shoot(&mut frames, begun);
        let times: Vec<u64> = frames.iter().map(|(_, at)| *at).collect();
        let next = times.iter().skip(1).map(Some).chain([None]);
        let shown = times.iter().zip(next).map(|(at, next)| match next {
            Some(next) => (next - at).clamp(SHOWN.0, SHOWN.1),
            None => SHOWN.2,
        });
        frames.into_iter().map(|(frame, _)| frame).zip(shown).collect()
    }

    /// Keeps what is on the screen, with the time since the beginning, unless it is what was there before.
    fn shoot(&self, frames: &mut Vec<(Frame, u64)>, begun: Instant) {
        let frame = self.frame();
        if frames.last().is_some_and(|(last, _)| *last != frame) {
            frames.push((frame, begun.elapsed().as_millis() as u64));
        }
    }

    fn close(mut self) {
        // The first one closes a page, if there is one. The program may have ended before the second.
        for _ in 0..2 {
            let _ = self.writer.write_all(b"q").and_then(|()| self.writer.flush());
            std::thread::sleep(Duration::from_millis(200));
        }
        self.child.wait().unwrap();
    }
}

fn size() -> (f32, f32) {
    (f32::from(COLUMNS) * CELL.0 + 32.0, f32::from(ROWS) * CELL.1 + 32.0)
}

fn head() -> String {
    let (width, height) = size();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-size=\"14\" \
         font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\">\n"
    )
}

fn paper() -> String {
    format!("<rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"{PAPER}\"/>\n")
}

fn picture(frame: &Frame) -> String {
    let mut out = head() + &paper();
    for (row, line) in frame.lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        writeln!(out, "<g transform=\"translate(16,{})\">{line}</g>", top(row)).unwrap();
    }
    out + "</svg>"
}

fn top(row: usize) -> f32 {
    16.0 + row as f32 * CELL.1
}

/// Returns the frames as a strip that moves past the window. Most lines stay from frame to frame, so that each is there
/// once.
fn film(frames: &[(Frame, u64)]) -> String {
    let width = size().0;
    let total: u64 = frames.iter().map(|(_, shown)| shown).sum();
    let mut ids: HashMap<&str, usize> = HashMap::new();
    let (mut lines, mut strip, mut moves) = (String::new(), String::new(), String::new());
    let mut at = 0;
    for (index, (frame, shown)) in frames.iter().enumerate() {
        let left = width * index as f32;
        writeln!(
            moves,
            "{:.2}%{{transform:translateX(-{left:.0}px)}}",
            at as f32 * 100.0 / total as f32
        )
        .unwrap();
        at += shown;
        writeln!(strip, "<g transform=\"translate({left:.0},0)\">").unwrap();
        for (row, line) in frame.lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
            let next = ids.len();
            let id = *ids.entry(line).or_insert_with(|| {
                writeln!(lines, "<g id=\"l{next}\">{line}</g>").unwrap();
                next
            });
            write!(strip, "<use href=\"#l{id}\" x=\"16\" y=\"{}\"/>", top(row)).unwrap();
        }
        strip.push_str("</g>\n");
    }
    let last = width * (frames.len() - 1) as f32;
    let seconds = total as f32 / 1_000.0;
    let text = escaped(&frames[0].0.text);
    head()
        + &format!(
            "<title>a review and its apply in the demo</title>\n<desc>{text}</desc>\n<style>@keyframes film{{\n{moves}}}\n\
             .film{{animation:film {seconds:.1}s step-end infinite}}\n\
             @media (prefers-reduced-motion:reduce){{.film{{animation:none;transform:translateX(-{last:.0}px)}}}}</style>\n"
        )
        + &paper()
        + "<defs>\n"
        + &lines
        + "</defs>\n<g class=\"film\">\n"
        + &strip
        + "</g>\n</svg>"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Characters of one style.
struct Run {
    column: u16,
    text: String,
    columns: u16,
    look: Look,
}

#[derive(PartialEq, Clone)]
struct Look {
    front: String,
    back: Option<String>,
    bold: bool,
    dim: bool,
    underlined: bool,
}

/// Returns a line as SVG, at the top of its own coordinates; empty where there is nothing to see.
fn line(screen: &Screen, row: u16) -> String {
    let mut out = String::new();
    for run in runs(screen, row) {
        run.draw(&mut out);
    }
    out
}

fn runs(screen: &Screen, row: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..COLUMNS {
        let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else {
            continue;
        };
        let text = if cell.has_contents() { cell.contents() } else { " " };
        let look = look(cell);
        match runs.last_mut() {
            Some(run) if run.look == look => {
                run.text.push_str(text);
                run.columns += 1;
            }
            _ => runs.push(Run {
                column,
                text: text.to_owned(),
                columns: 1,
                look,
            }),
        }
    }
    runs
}

impl Run {
    fn draw(&self, out: &mut String) {
        let x = f32::from(self.column) * CELL.0;
        let width = f32::from(self.columns) * CELL.0;
        if let Some(back) = &self.look.back {
            let height = CELL.1;
            write!(
                out,
                "<rect x=\"{x:.1}\" width=\"{width:.1}\" height=\"{height}\" fill=\"{back}\"/>"
            )
            .unwrap();
        }
        if self.text.trim().is_empty() {
            return;
        }
        let text = escaped(&self.text);
        let weight = if self.look.bold { " font-weight=\"bold\"" } else { "" };
        let dim = if self.look.dim { " opacity=\".6\"" } else { "" };
        let under = if self.look.underlined {
            " text-decoration=\"underline\""
        } else {
            ""
        };
        write!(
            out,
            "<text x=\"{x:.1}\" y=\"13.5\" textLength=\"{width:.1}\" fill=\"{}\" xml:space=\"preserve\"{weight}{dim}{under}>{text}</text>",
            self.look.front
        )
        .unwrap();
    }
}

fn look(cell: &Cell) -> Look {
    let front = color(cell.fgcolor()).unwrap_or_else(|| "#d8dce4".to_owned());
    let back = color(cell.bgcolor());
    let (front, back) = if cell.inverse() {
        (back.unwrap_or_else(|| PAPER.to_owned()), Some(front))
    } else {
        (front, back)
    };
    Look {
        front,
        back,
        bold: cell.bold(),
        dim: cell.dim(),
        underlined: cell.underline(),
    }
}

fn color(color: Color) -> Option<String> {
    match color {
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        Color::Default | Color::Idx(_) => None,
    }
}
