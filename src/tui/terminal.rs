//! The real terminal: taken on the way in, given back on every way out.
//!
//! Raw mode, alternate screen, bracketed paste and, if wanted, the mouse. Given back when the guard goes, when the
//! screen panics, around the editor and around Ctrl-Z. A panic of another task does not touch the screen: it is kept
//! and reported afterwards.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::panic::{self, PanicHookInfo};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
    EventStream,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use futures_util::stream::{self, BoxStream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::basic_color::BasicColors;
use super::drive::drive;
use super::editor;
use super::exit::TuiExit;
use super::message::EditRequest;
use super::options::{NoticeForm, TuiOptions};
use super::sequence;
use super::system;
use super::terminal_host::{Input, TerminalHost};
use super::workbench::Workbench;

tokio::task_local! {
    /// Set within the loop, so that the panic hook knows whether the loop itself has panicked.
    static ON_SCREEN: ();
}

/// Shows the screen on standard output until it is left.
pub async fn run(workbench: Arc<dyn Workbench>, options: TuiOptions) -> TuiExit {
    let hook = Hook::install();
    let guard = match Guard::enter(options.mouse) {
        Ok(guard) => guard,
        Err(error) => return no_terminal(&error),
    };
    let out = BasicColors::new(BufWriter::with_capacity(64 * 1024, io::stdout()));
    let mut terminal = match Terminal::new(CrosstermBackend::<BasicColors<BufWriter<Stdout>>>::new(out)) {
        Ok(terminal) => terminal,
        Err(error) => return no_terminal(&error),
    };
    let mut real = RealTerminal {
        guard: &guard,
        editor: options.editor.clone(),
        folder: options.folder.clone(),
        notice_form: options.notice_form,
        title: None,
    };
    let screen = drive(&mut terminal, &mut real, workbench, &options);
    let mut exit = ON_SCREEN.scope((), screen).await;
    // Before anything is printed: the summary belongs on the normal screen.
    drop(guard);
    // If the run panicked, the screen has shown it already.
    let kept = hook.kept();
    exit.screen_failure = kept.filter(|_| exit.run_failure.is_none());
    exit
}

fn no_terminal(error: &io::Error) -> TuiExit {
    TuiExit {
        screen_failure: Some(format!("cannot use the terminal: {error}")),
        ..TuiExit::default()
    }
}

/// Whether the terminal is in use by the screen. Restoring it twice would move the cursor over a panic's message.
static HELD: AtomicBool = AtomicBool::new(false);

/// Holds the terminal: taken when the guard is made, given back when it is dropped.
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
        // Set first, so that a failure halfway is undone by the guard.
        HELD.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableFocusChange,
            cursor::Hide
        )?;
        if self.mouse {
            // Clicks, drags and the wheel, with wide coordinates. Crossterm's own command also asks for every motion
            // (1003), which floods a slow ssh connection.
            io::stdout().write_all(b"\x1b[?1000h\x1b[?1002h\x1b[?1006h")?;
            io::stdout().flush()?;
        }
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Switches everything off that was switched on, once.
fn restore() {
    if !HELD.swap(false, Ordering::SeqCst) {
        return;
    }
    if TITLED.swap(false, Ordering::SeqCst) {
        write_sequence(sequence::RESTORE_TITLE);
    }
    let mut out = io::stdout();
    // Errors are ignored: the terminal may be gone, and there is no other way to give it back.
    let _ = execute!(
        out,
        DisableMouseCapture,
        DisableFocusChange,
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

    /// Returns the message of another task's panic, if there was one.
    fn kept(&self) -> Option<String> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        // Setting a hook while this thread panics would panic again.
        if !std::thread::panicking() {
            let previous = Arc::clone(&self.previous);
            panic::set_hook(Box::new(move |info| previous(info)));
        }
    }
}

/// Waits until the terminal is gone. A process of another session gets no SIGHUP, and crossterm then reads nothing, over
/// and over, without an error.
async fn terminal_gone() {
    while io::stdin().is_terminal() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// The terminal of the process, as the loop uses it.
struct RealTerminal<'a> {
    guard: &'a Guard,
    editor: Option<String>,
    folder: PathBuf,
    notice_form: NoticeForm,
    /// The title that was set last.
    title: Option<String>,
}

/// Whether the title is ours. The one before is kept by the terminal meanwhile.
static TITLED: AtomicBool = AtomicBool::new(false);

/// Writes a sequence that draws nothing. Errors are ignored: the next frame finds out that the terminal is gone.
fn write_sequence(sequence: &str) {
    let mut out = io::stdout();
    let _ = out.write_all(sequence.as_bytes()).and_then(|()| out.flush());
}

impl TerminalHost for RealTerminal<'_> {
    fn input(&mut self) -> BoxStream<'static, Input> {
        // A read error means that the terminal is gone, which is a hangup.
        let keys = EventStream::new().take_while(|event| std::future::ready(event.is_ok()));
        let keys = keys.filter_map(|event| std::future::ready(event.ok().map(Input::Terminal)));
        let hangup = stream::once(std::future::ready(Input::Terminate));
        let gone = stream::once(terminal_gone()).map(|()| Input::Terminate);
        let mut sources = vec![keys.chain(hangup).boxed(), gone.boxed()];
        sources.extend(system::signals());
        // `select_all` also keeps the wakers apart: the keys alone would remember only the first one that polled them,
        // and the loop polls them without one when it drains.
        stream::select_all(sources).boxed()
    }

    fn copy(&mut self, text: &str) {
        let _ = execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text));
    }

    fn set_title(&mut self, title: &str) {
        if !TITLED.swap(true, Ordering::SeqCst) {
            write_sequence(sequence::SAVE_TITLE);
        }
        write_sequence(&sequence::title(title));
        self.title = Some(title.to_owned());
    }

    fn announce(&mut self, text: &str) {
        write_sequence(&sequence::notice(self.notice_form, text));
    }

    async fn edit(&mut self, request: &EditRequest) -> Result<(), String> {
        restore();
        let result = open(self.editor.as_deref(), &self.folder, request).await;
        self.resume();
        result
    }

    async fn suspend(&mut self) {
        restore();
        system::stop().await;
        self.resume();
    }

    fn resume(&mut self) {
        // Crossterm does nothing when it believes that raw mode is on, and another program may have switched it off.
        let _ = disable_raw_mode();
        let _ = self.guard.take();
        if let Some(title) = self.title.take() {
            self.set_title(&title);
        }
    }
}

/// Opens the user's editor, or the first of the usual ones that is installed, as git does.
async fn open(editor: Option<&str>, folder: &Path, request: &EditRequest) -> Result<(), String> {
    // `editor::command` relies on an absolute path.
    let file = std::path::absolute(folder.join(request.origin.file.as_path()))
        .map_err(|error| format!("cannot open `{}`: {error}", request.origin.file.display()))?;
    let chosen = editor.filter(|editor| !editor.trim().is_empty());
    let candidates = chosen.map_or(editor::FALLBACKS.to_vec(), |editor| vec![editor]);
    for candidate in candidates {
        let Some(command) = editor::command(candidate, &file, request.origin.line) else {
            continue;
        };
        let is_fallback = chosen.is_none();
        match start(&command, &request.hidden_variables).await {
            // Only the program that the user has named has to exist.
            Err(error) if is_fallback && error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("cannot open `{}`: {error}", command[0])),
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => return Err(format!("`{}` ended with {status}", command[0])),
        }
    }
    Err("no editor is installed: set `$EDITOR`".to_owned())
}

/// Runs the editor without the token and the project's secrets in its environment: an editor runs plug-ins and, in a
/// hostile project, code of the project.
async fn start(command: &[String], hidden_variables: &[String]) -> io::Result<ExitStatus> {
    let mut process = tokio::process::Command::new(&command[0]);
    process
        .args(&command[1..])
        .stdin(Stdio::inherit())
        .env_remove("LOBU_API_TOKEN");
    for name in hidden_variables {
        process.env_remove(name);
    }
    process.status().await
}
