//! Draws a picture of the review from a real run: starts `lobuctl demo` on a pseudo terminal, presses keys, and prints
//! the screen as SVG.
//!
//! `cargo run --example picture -- target/debug/lobuctl 'n' > docs/review.svg`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lobuctl::tui::key::Key;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use vt100::{Cell, Color, Parser, Screen};

const COLUMNS: u16 = 110;
const ROWS: u16 = 30;
/// Width and height of a character.
const CELL: (f32, f32) = (8.4, 18.0);

fn main() {
    let mut words = std::env::args().skip(1);
    let program = words.next().unwrap_or_else(|| "target/debug/lobuctl".to_owned());
    let keys = words.next().unwrap_or_else(|| "n".to_owned());
    println!("{}", svg(photograph(&program, &keys).lock().unwrap().screen()));
}

/// The screen of the program after these keys.
fn photograph(program: &str, keys: &str) -> Arc<Mutex<Parser>> {
    let size = PtySize {
        rows: ROWS,
        cols: COLUMNS,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(std::fs::canonicalize(program).unwrap());
    command.cwd(std::env::current_dir().unwrap());
    command.arg("demo");
    command.env("TERM", "xterm");
    command.env("LANG", "C.UTF-8");
    command.env_remove("NO_COLOR");
    command.env_remove("COLORTERM");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let parser = Arc::new(Mutex::new(Parser::new(
        ROWS.try_into().unwrap(),
        COLUMNS.try_into().unwrap(),
        0,
    )));
    let mut reader = pair.master.try_clone_reader().unwrap();
    let screen = Arc::clone(&parser);
    std::thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(count @ 1..) = reader.read(&mut bytes) {
            screen.lock().unwrap().process(&bytes[..count]);
        }
    });
    wait(&parser, |text| text.contains("selected"));
    let mut writer = pair.master.take_writer().unwrap();
    for key in Key::script(keys) {
        if let crossterm::event::KeyCode::Char(letter) = key.code {
            writer.write_all(letter.to_string().as_bytes()).unwrap();
        } else {
            writer.write_all(b"\r").unwrap();
        }
        writer.flush().unwrap();
        std::thread::sleep(Duration::from_millis(200));
    }
    let picture = Arc::new(Mutex::new(Parser::new(
        ROWS.try_into().unwrap(),
        COLUMNS.try_into().unwrap(),
        0,
    )));
    let contents = parser.lock().unwrap().screen().contents_formatted();
    picture.lock().unwrap().process(contents.as_ref());
    // The first one closes a page, if there is one. The program may have ended before the second.
    writer.write_all(b"q").unwrap();
    writer.flush().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let _ = writer.write_all(b"q").and_then(|()| writer.flush());
    child.wait().unwrap();
    picture
}

fn wait(parser: &Mutex<Parser>, good: impl Fn(&str) -> bool) {
    let begun = Instant::now();
    while !good(&parser.lock().unwrap().screen().contents()) {
        assert!(begun.elapsed() < Duration::from_secs(20), "the review does not appear");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn svg(screen: &Screen) -> String {
    let (width, height) = (f32::from(COLUMNS) * CELL.0 + 32.0, f32::from(ROWS) * CELL.1 + 32.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-size=\"14\" \
         font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"#1b1e25\"/>\n"
    );
    for row in 0..ROWS {
        for run in runs(screen, row) {
            run.draw(&mut out, row);
        }
    }
    out + "</svg>"
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
    front: &'static str,
    back: Option<&'static str>,
    bold: bool,
    dim: bool,
    underlined: bool,
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
    fn draw(&self, out: &mut String, row: u16) {
        let (x, y) = (16.0 + f32::from(self.column) * CELL.0, 16.0 + f32::from(row) * CELL.1);
        let width = f32::from(self.columns) * CELL.0;
        if let Some(back) = self.look.back {
            let height = CELL.1;
            writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height}\" fill=\"{back}\"/>"
            )
            .unwrap();
        }
        if self.text.trim().is_empty() {
            return;
        }
        let text = self
            .text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let weight = if self.look.bold { " font-weight=\"bold\"" } else { "" };
        let dim = if self.look.dim { " opacity=\".6\"" } else { "" };
        let line = if self.look.underlined {
            " text-decoration=\"underline\""
        } else {
            ""
        };
        writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" fill=\"{}\" xml:space=\"preserve\"{weight}{dim}{line}>{text}</text>",
            y + 13.5,
            self.look.front
        )
        .unwrap();
    }
}

fn look(cell: &Cell) -> Look {
    const PAPER: &str = "#1b1e25";
    let front = colour(cell.fgcolor()).unwrap_or("#d8dce4");
    let back = colour(cell.bgcolor());
    let (front, back) = if cell.inverse() {
        (back.unwrap_or(PAPER), Some(front))
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

fn colour(colour: Color) -> Option<&'static str> {
    match colour {
        Color::Idx(1) => Some("#f06a6a"),
        Color::Idx(2) => Some("#7bc86c"),
        Color::Idx(3) => Some("#d9a944"),
        Color::Idx(5) => Some("#cf8fdc"),
        Color::Idx(6) => Some("#56c2d6"),
        Color::Default | Color::Idx(_) | Color::Rgb(..) => None,
    }
}
