//! The real terminal: taken on the way in, given back on every way out.
//!
//! Raw mode, alternate screen, bracketed paste and, if wanted, the mouse. Given back when the guard goes, when the
//! screen panics, around the editor and around Ctrl-Z. A panic of another task does not touch the screen: it is kept
//! and told afterwards.

use std::io::{self, BufWriter, Stdout, Write};
use std::panic::{self, PanicHookInfo};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, EventStream,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use futures_util::stream::{self, BoxStream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::drive::{Input, Outside, drive};
use super::editor;
use super::exit::TuiExit;
use super::options::TuiOptions;
use super::system;
use super::workbench::Workbench;
use crate::resource::Origin;

tokio::task_local! {
    /// Set within the loop, so that the panic hook knows whether the screen itself has died.
    static ON_SCREEN: ();
}

/// Shows the screen on standard output until it is left.
pub async fn run(workbench: Arc<dyn Workbench>, options: TuiOptions) -> TuiExit {
    let hook = Hook::install();
    let guard = match Guard::enter(options.mouse) {
        Ok(guard) => guard,
        Err(error) => return no_terminal(&error),
    };
    let out = BufWriter::with_capacity(64 * 1024, io::stdout());
    let mut terminal = match Terminal::new(CrosstermBackend::<BufWriter<Stdout>>::new(out)) {
        Ok(terminal) => terminal,
        Err(error) => return no_terminal(&error),
    };
    let mut desk = Desk {
        guard: &guard,
        editor: options.editor.clone(),
    };
    let screen = drive(&mut terminal, &mut desk, workbench, &options);
    let mut exit = ON_SCREEN.scope((), screen).await;
    drop(guard);
    // A task that died has been told on the screen already, if it was the run.
    let kept = hook.kept();
    exit.trouble = kept.filter(|_| exit.refused.is_none());
    exit
}

fn no_terminal(error: &io::Error) -> TuiExit {
    TuiExit {
        trouble: Some(format!("cannot use the terminal: {error}")),
        ..TuiExit::default()
    }
}

/// Whether the terminal is ours. Restoring it twice would put the cursor back to where it was before the panic's words.
static HELD: AtomicBool = AtomicBool::new(false);

/// Holds the terminal.
struct Guard {
    mouse: bool,
}

impl Guard {
    fn enter(mouse: bool) -> io::Result<Self> {
        let guard = Self { mouse };
        guard.take()?;
        Ok(guard)
    }

    fn take(&self) -> io::Result<()> {
        HELD.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
        if self.mouse {
            execute!(io::stdout(), EnableMouseCapture)?;
        }
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Everything that was switched on is switched off, unless that has been done.
fn restore() {
    if !HELD.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = execute!(
        out,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
    let _ = out.flush();
}

type PanicHook = dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static;

/// The panic hook while the screen is on.
struct Hook {
    previous: Arc<PanicHook>,
    kept: Arc<Mutex<Option<String>>>,
}

impl Hook {
    fn install() -> Self {
        let previous: Arc<PanicHook> = Arc::from(panic::take_hook());
        let kept = Arc::new(Mutex::new(None));
        let hook = Self {
            previous: Arc::clone(&previous),
            kept: Arc::clone(&kept),
        };
        panic::set_hook(Box::new(move |info| {
            if ON_SCREEN.try_with(|()| ()).is_ok() {
                restore();
                previous(info);
            } else {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.get_or_insert_with(|| info.to_string());
            }
        }));
        hook
    }

    /// What other tasks died of meanwhile.
    fn kept(&self) -> Option<String> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let previous = Arc::clone(&self.previous);
            panic::set_hook(Box::new(move |info| previous(info)));
        }
    }
}

/// The real outside.
struct Desk<'a> {
    guard: &'a Guard,
    editor: Option<String>,
}

impl Outside for Desk<'_> {
    fn input(&mut self) -> BoxStream<'static, Input> {
        let keys = EventStream::new().take_while(|event| std::future::ready(event.is_ok()));
        let keys = keys.filter_map(|event| std::future::ready(event.ok().map(Input::Terminal)));
        let hangup = stream::once(std::future::ready(Input::Terminate));
        let mut sources = vec![keys.chain(hangup).boxed()];
        sources.extend(system::signals());
        // `select_all` also keeps the wakers apart: the keys alone would remember only the first one that polled them,
        // and the loop polls them without one when it drains.
        stream::select_all(sources).boxed()
    }

    fn copy(&mut self, text: &str) {
        let _ = execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text));
    }

    async fn edit(&mut self, origin: &Origin) -> Result<(), String> {
        let editor = self.editor.as_deref().unwrap_or_default();
        let words = editor::command(editor, origin).ok_or("no editor: set `$EDITOR`")?;
        restore();
        let result = open(&words).await;
        self.resume();
        result
    }

    async fn suspend(&mut self) {
        restore();
        system::stop().await;
        self.resume();
    }

    fn resume(&mut self) {
        let _ = disable_raw_mode();
        let _ = self.guard.take();
    }
}

async fn open(words: &[String]) -> Result<(), String> {
    let [program, arguments @ ..] = words else {
        return Err("no editor: set `$EDITOR`".to_owned());
    };
    let status = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::inherit())
        .status()
        .await
        .map_err(|error| format!("cannot open `{program}`: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{program}` ended with {status}"))
    }
}
