//! Drives the real loop of the screen on a terminal in memory.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossterm::event::Event;
use futures_util::stream::{BoxStream, StreamExt, poll_fn};
use lobuctl::resource::Origin;
use lobuctl::tui::key::Key;
use lobuctl::tui::{EditRequest, Input, TerminalHost, TuiExit, TuiOptions, Workbench, drive};
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::model_driver::text;
use crate::support::deadline::wait_for_async;

/// What the loop asked of its host.
#[derive(Debug, Default)]
pub struct HostLog {
    pub copied: Vec<String>,
    pub edited: Vec<Origin>,
    pub suspended: usize,
    pub resumed: usize,
    pub frames: usize,
    /// Whether drawing fails from now on.
    pub gone: bool,
}

/// A running loop.
pub struct LoopDriver {
    input: UnboundedSender<Input>,
    screen: Arc<Mutex<TestBackend>>,
    pub seen: Arc<Mutex<HostLog>>,
    done: JoinHandle<TuiExit>,
}

impl LoopDriver {
    /// Starts the loop.
    pub fn open(workbench: impl Workbench, width: u16, height: u16) -> Self {
        let screen = Arc::new(Mutex::new(TestBackend::new(width, height)));
        let seen = Arc::new(Mutex::new(HostLog::default()));
        let (input, receiver) = unbounded_channel();
        let backend = SharedBackend(Arc::clone(&screen), Arc::clone(&seen));
        let mut outside = FakeHost {
            input: Arc::new(Mutex::new(receiver)),
            seen: Arc::clone(&seen),
        };
        let options = TuiOptions {
            editor: Some("vi".to_owned()),
            ..TuiOptions::default()
        };
        let done = tokio::spawn(async move {
            let mut terminal = Terminal::new(backend).unwrap();
            drive(&mut terminal, &mut outside, Arc::new(workbench), &options).await
        });
        Self {
            input,
            screen,
            seen,
            done,
        }
    }

    /// Presses keys without a pause.
    pub fn keys(&self, script: &str) -> &Self {
        for key in Key::script(script) {
            self.send(Input::Terminal(Event::Key(key.event())));
        }
        self
    }

    /// Sends one input.
    pub fn send(&self, input: Input) -> &Self {
        self.input.send(input).unwrap();
        self
    }

    /// Changes the size of the terminal.
    pub fn resize(&self, width: u16, height: u16) -> &Self {
        self.screen.lock().unwrap().resize(width, height);
        self.send(Input::Terminal(Event::Resize(width, height)))
    }

    /// Returns the text on the screen.
    pub fn text(&self) -> String {
        text(self.screen.lock().unwrap().buffer())
    }

    /// Waits until the screen contains this text.
    pub async fn until(&self, part: &str) -> String {
        self.wait(part, |text| text.contains(part)).await
    }

    /// Waits until the screen no longer contains this text.
    pub async fn without(&self, part: &str) -> String {
        self.wait(part, |text| !text.contains(part)).await
    }

    async fn wait(&self, part: &str, good: impl Fn(&str) -> bool) -> String {
        let look = || {
            let text = self.text();
            if good(&text) {
                return Some(text);
            }
            assert!(!self.done.is_finished(), "left while waiting for {part:?}:\n{text}");
            None
        };
        wait_for_async(look, || format!("waited for {part:?}:\n{}", self.text())).await
    }

    /// Waits until the loop ends.
    pub async fn left(self) -> TuiExit {
        tokio::time::timeout(Duration::from_secs(10), self.done)
            .await
            .expect("the loop does not end")
            .unwrap()
    }
}

struct FakeHost {
    input: Arc<Mutex<UnboundedReceiver<Input>>>,
    seen: Arc<Mutex<HostLog>>,
}

impl TerminalHost for FakeHost {
    fn input(&mut self) -> BoxStream<'static, Input> {
        let input = Arc::clone(&self.input);
        poll_fn(move |context| input.lock().unwrap().poll_recv(context)).boxed()
    }

    fn copy(&mut self, text: &str) {
        self.seen.lock().unwrap().copied.push(text.to_owned());
    }

    async fn edit(&mut self, request: &EditRequest) -> Result<(), String> {
        let origin = &request.origin;
        self.seen.lock().unwrap().edited.push(origin.clone());
        Ok(())
    }

    async fn suspend(&mut self) {
        self.seen.lock().unwrap().suspended += 1;
    }

    fn resume(&mut self) {
        self.seen.lock().unwrap().resumed += 1;
    }
}

/// A terminal that the test can read while the loop draws on it, and that can fail.
struct SharedBackend(Arc<Mutex<TestBackend>>, Arc<Mutex<HostLog>>);

impl SharedBackend {
    fn check(&self) -> io::Result<()> {
        if self.1.lock().unwrap().gone {
            return Err(io::Error::other("the terminal is gone"));
        }
        Ok(())
    }
}

impl Backend for SharedBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.check()?;
        self.1.lock().unwrap().frames += 1;
        let _ = self.0.lock().unwrap().draw(content);
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        let _ = self.0.lock().unwrap().hide_cursor();
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        let _ = self.0.lock().unwrap().show_cursor();
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.0.lock().unwrap().get_cursor_position().unwrap())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let _ = self.0.lock().unwrap().set_cursor_position(position);
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.check()?;
        let _ = self.0.lock().unwrap().clear();
        Ok(())
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        let _ = self.0.lock().unwrap().clear_region(clear_type);
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.0.lock().unwrap().size().unwrap())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(self.0.lock().unwrap().window_size().unwrap())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
