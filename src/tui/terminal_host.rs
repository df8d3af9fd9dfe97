//! What the loop takes from its surroundings: input, clipboard, editor and job control.

use futures_util::stream::BoxStream;

use super::message::EditRequest;

/// What comes in from the terminal and from the system.
#[derive(Debug, Clone)]
pub enum Input {
    /// A key, a click, a paste, a new size.
    Terminal(crossterm::event::Event),
    /// SIGINT from elsewhere: as Ctrl-C.
    Interrupt,
    /// SIGTERM or SIGHUP.
    Terminate,
    /// SIGCONT: another program may have used the terminal.
    Continued,
}

/// Access to the terminal's input, the clipboard, the editor and job control.
pub trait TerminalHost {
    /// Returns the input from now on. The loop drops the stream while the editor runs or the process is stopped.
    fn input(&mut self) -> BoxStream<'static, Input>;
    /// Copies a text to the clipboard.
    fn copy(&mut self, text: &str);
    /// Sets the terminal's title.
    fn set_title(&mut self, _title: &str) {}
    /// Shows a notice outside the screen, for somebody who looks elsewhere.
    fn announce(&mut self, _text: &str) {}
    /// Gives the terminal to the editor and takes it back when the editor ends.
    fn edit(&mut self, request: &EditRequest) -> impl Future<Output = Result<(), String>>;
    /// Gives the terminal back, stops the process, and takes the terminal again once it is continued.
    fn suspend(&mut self) -> impl Future<Output = ()>;
    /// Takes the terminal again after another program has used it.
    fn resume(&mut self);
}
