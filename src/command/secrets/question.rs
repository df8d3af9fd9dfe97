//! The question about one name, which is asked for each of them.

use crate::cli::{Format, PushArgs};
use crate::command::console::Console;
use crate::command::plain::{ask, is_yes};
use crate::command::signal::Interrupt;
use crate::failure::Failure;

/// An answer to the question about one name.
pub(super) enum Answer {
    Yes,
    No,
    /// Yes to this one and all further ones of its kind.
    All,
    /// Nothing is written.
    Quit,
}

/// Whether this push can ask questions: on a terminal, unless standard input has the values or the output is JSON.
pub(super) fn can_ask(console: &Console, arguments: &PushArgs) -> bool {
    console.host.can_ask() && !arguments.source.from_stdin && console.format != Format::Json
}

/// Asks until there is an answer. The end of input counts as [`Answer::Quit`].
pub(super) async fn answer(console: &Console, question: &str, interrupt: &Interrupt) -> Result<Answer, Failure> {
    loop {
        let Some(line) = ask(console, interrupt, question).await? else {
            return Ok(Answer::Quit);
        };
        match line.trim().to_ascii_lowercase().as_str() {
            yes if is_yes(yes) => return Ok(Answer::Yes),
            "" | "n" | "no" => return Ok(Answer::No),
            "a" | "all" => return Ok(Answer::All),
            "q" | "quit" => return Ok(Answer::Quit),
            _ => {
                console
                    .progress("`y` this one, `n` not this one, `a` all further ones of this kind, `q` write nothing");
            }
        }
    }
}
