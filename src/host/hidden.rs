//! Reading a secret from the terminal, without showing it.

use std::io;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, poll, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use zeroize::Zeroizing;

use crate::resource::Secret;

/// How long to wait for a key before the caller is asked whether to go on.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The maximum length of a secret, in bytes.
const MAX_LENGTH: usize = 16 * 1024;

/// The terminal without echo and line editing; restored on drop.
struct RawMode;

impl Drop for RawMode {
    fn drop(&mut self) {
        // There is nobody to report to.
        let _ = disable_raw_mode();
    }
}

/// Reads a line that the terminal does not show, after `ask` has asked for it. `None` when the user gives up, or when
/// `is_over` says so. Blocks meanwhile.
///
/// # Errors
/// When the terminal cannot be read.
pub fn read_hidden_line(ask: impl FnOnce(), is_over: impl Fn() -> bool) -> io::Result<Option<Secret>> {
    enable_raw_mode()?;
    let _restored = RawMode;
    // Not before: what a quick user, or a paste, answers would be shown.
    ask();
    // A buffer that grows would leave copies behind.
    let mut line = Zeroizing::new(String::with_capacity(MAX_LENGTH));
    while !is_over() {
        if !poll(POLL_INTERVAL)? {
            continue;
        }
        match read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => match typed(key) {
                Typed::Letter(letter) if line.len() + letter.len_utf8() <= MAX_LENGTH => line.push(letter),
                Typed::Erase => drop(line.pop()),
                Typed::Clear => line.clear(),
                Typed::End => return Ok(Some(Secret::new(line.as_str()))),
                Typed::GiveUp => return Ok(None),
                Typed::Letter(_) | Typed::Nothing => {}
            },
            _ => {}
        }
    }
    Ok(None)
}

/// What a key means for the line.
enum Typed {
    Letter(char),
    Erase,
    Clear,
    End,
    GiveUp,
    Nothing,
}

fn typed(key: KeyEvent) -> Typed {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        // A pasted line end may be either of both; without line editing one of them is Ctrl-J.
        KeyCode::Enter => Typed::End,
        KeyCode::Char('j') if control => Typed::End,
        KeyCode::Char('c' | 'd') if control => Typed::GiveUp,
        KeyCode::Char('u') if control => Typed::Clear,
        KeyCode::Char(_) if control => Typed::Nothing,
        KeyCode::Char(letter) => Typed::Letter(letter),
        KeyCode::Backspace => Typed::Erase,
        _ => Typed::Nothing,
    }
}
