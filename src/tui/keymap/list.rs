//! Everything that can be done on a screen, for the palette: the actions of the table by name, and the typed commands.

use super::lookup::{help, keys};
use crate::tui::model::{KeyContext, Model};
use crate::tui::screen::{PaletteEntry, PaletteRun};
use crate::tui::typed_command::{COMMANDS, TypedCommand};

/// Returns the entries of the screen below any dialog: commands last.
pub fn palette(model: &Model) -> Vec<PaletteEntry> {
    let context = model.screen_context_without_filter();
    let actions = help(context).map(|binding| {
        let run = match model.refusal(binding.action) {
            Some(reason) => PaletteRun::Impossible(reason.to_owned()),
            None if (binding.when)(model) => PaletteRun::Action(binding.action),
            None => PaletteRun::Impossible(binding.otherwise.to_owned()),
        };
        let keys: Vec<String> = keys(model, binding, context).iter().map(ToString::to_string).collect();
        PaletteEntry {
            keys: keys.join(" "),
            name: binding.name,
            help: binding.help,
            run,
        }
    });
    let is_record = model.board().is_some_and(|board| board.facts.read_only.is_some());
    let commands = COMMANDS
        .iter()
        .filter(|_| !is_record)
        .filter(|syntax| is_allowed(syntax.command, context));
    let commands = commands.map(|syntax| PaletteEntry {
        keys: String::new(),
        name: syntax.name,
        help: syntax.help,
        run: PaletteRun::Command(syntax),
    });
    actions.chain(commands).collect()
}

/// Whether a command does something in a context.
fn is_allowed(command: TypedCommand, context: KeyContext) -> bool {
    let is_review = context == KeyContext::Review;
    let has_ended = matches!(context, KeyContext::Done | KeyContext::Trouble);
    match command {
        TypedCommand::Only | TypedCommand::Without => is_review,
        TypedCommand::Target | TypedCommand::Context => is_review || has_ended || context == KeyContext::Failed,
        TypedCommand::Export | TypedCommand::ExportOver => is_review || has_ended,
    }
}
