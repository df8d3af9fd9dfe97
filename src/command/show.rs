//! `lobuctl show`: a saved plan, the JSON of a plan or an apply, or a journal, without the project and without the server.

use super::apply::{plan_view_of, print_plan};
use super::console::Console;
use super::runs;
use super::screen::run_recorded;
use crate::apply::Progress;
use crate::apply::event::Event;
use crate::cli::{Format, ShowArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{html, markdown};
use crate::review::Recording;
use crate::show::outcome::run_lines;
use crate::show::recorded_run::{PRINTED_REASON, run_reason, saved_reason};
use crate::tui::RecordedFacts;

/// Shows what a file has.
///
/// # Errors
/// When it cannot be read, or has nothing to show.
pub(super) async fn run(console: &Console, arguments: &ShowArgs) -> Result<Exit, Failure> {
    let recording = Recording::read(&console.host.absolute(&arguments.file));
    let recording = recording.map_err(|error| {
        let hint = "a plan comes from `lobuctl plan --out FILE` or `lobuctl plan --format json > FILE`";
        Failure::failed("the file cannot be shown").because(&error).hint(hint)
    })?;
    let (plan, events) = recording.replay();
    if console.format == Format::Text && console.host.can_draw() && !arguments.plain {
        let name = arguments.file.display().to_string();
        let reason = match &recording {
            Recording::Saved(_) => saved_reason(&name),
            Recording::Printed { .. } => PRINTED_REASON.to_owned(),
            Recording::Journal(run) => run_reason(&run.head.id),
        };
        return run_recorded(console, name, plan, RecordedFacts { reason, events }).await;
    }
    if let Recording::Journal(run) = &recording
        && console.format != Format::Html
        && !console.format.lists_findings()
    {
        return runs::print(console, run, arguments.full);
    }
    console.recorded_plan(&plan)?;
    match console.format {
        Format::Html => console.text(&html::plan(&plan))?,
        Format::Json | Format::Sarif | Format::Junit => {}
        Format::Markdown => console.text(&markdown::plan(&plan))?,
        Format::Text => {
            print_plan(console, &plan, plan_view_of(arguments.all, arguments.full))?;
            print_outcome(console, &events)?;
        }
    }
    Ok(Exit::Done)
}

fn print_outcome(console: &Console, events: &[Event]) -> Result<(), Failure> {
    if events.is_empty() {
        return Ok(());
    }
    console.text("\n")?;
    console.lines(&run_lines(&Progress::of(events).closed()))
}
