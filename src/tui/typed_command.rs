//! What can be typed in the palette beside the names of actions: commands with an argument.

/// A command that takes an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypedCommand {
    /// Selects the rows that patterns of addresses cover, and nothing else.
    Only,
    /// Leaves the rows out that patterns of addresses cover.
    Without,
    /// Plans again, for these rows alone.
    Target,
    /// Plans again, against the server of another context, or of the command line.
    Context,
    /// Writes the plan into a new file.
    Export,
    /// Writes the plan into a file, also in place of one that exists.
    ExportOver,
}

/// How a command is written.
#[derive(Debug)]
pub struct CommandSyntax {
    /// The command.
    pub command: TypedCommand,
    /// The word that begins it.
    pub name: &'static str,
    /// What has to follow.
    pub argument: &'static str,
    /// Whether nothing may follow.
    pub may_be_bare: bool,
    /// The text in the palette.
    pub help: &'static str,
}

/// Every command.
// One line for each, so that the source reads as a table.
#[rustfmt::skip]
pub(super) const COMMANDS: &[CommandSyntax] = &[
    syntax(TypedCommand::Only, "only", "PATTERN…", "select these rows and what they need, such as `only platform.triage.*`"),
    syntax(TypedCommand::Without, "without", "PATTERN…", "leave these rows out"),
    CommandSyntax { may_be_bare: true, ..syntax(TypedCommand::Target, "target", "[PATTERN…]", "plan again for these rows alone; without a pattern for all") },
    CommandSyntax { may_be_bare: true, ..syntax(TypedCommand::Context, "context", "[NAME]", "plan again against the server of another context; without a name that of the command line") },
    syntax(TypedCommand::Export, "export", "FILE", "write the plan into a new file: .md, .html or .json"),
    syntax(TypedCommand::ExportOver, "export!", "FILE", "write the plan into a file, also in place of one that exists"),
];

const fn syntax(
    command: TypedCommand,
    name: &'static str,
    argument: &'static str,
    help: &'static str,
) -> CommandSyntax {
    CommandSyntax {
        command,
        name,
        argument,
        may_be_bare: false,
        help,
    }
}
