//! What a key can do. Each family of actions is handled in the file of `update/` with the same name.

use super::outline::RowKind;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Moves the cursor or scrolls.
    Move(Movement),
    /// Changes what is shown, and how.
    View(ViewOption),
    /// Changes which rows are selected.
    Select(Select),
    /// Decides about drift.
    Desk(Desk),
    /// Opens, answers or closes a dialog.
    Dialog(DialogAction),
    /// Starts work outside the screen.
    Task(Task),
    /// Begins to follow files and server, or ends it.
    Watch,
    /// Ends or suspends the process, or redraws.
    Process(Process),
}

impl Action {
    /// Whether it takes files and a server, which a plan that was read from a record does not have.
    pub fn needs_sources(self) -> bool {
        match self {
            Self::Select(_) | Self::Desk(_) | Self::Watch => true,
            Self::Dialog(action) => matches!(action, DialogAction::Ask | DialogAction::Push | DialogAction::Secrets),
            Self::Task(action) => matches!(action, Task::Replan | Task::Retry | Task::Edit),
            Self::Move(_) | Self::View(_) | Self::Process(_) => false,
        }
    }
}

/// Moves the cursor, the scroll position or the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Up by one line.
    Up,
    /// Down by one line.
    Down,
    /// Up by one page.
    PageUp,
    /// Down by one page.
    PageDown,
    /// To the first line.
    First,
    /// To the last line.
    Last,
    /// Folds the node, or goes to its parent.
    Left,
    /// Unfolds the node, or goes into the detail.
    Right,
    /// Folds or unfolds the node; on a node without children opens the detail.
    Open,
    /// To the next row that changes; in the detail, to the next hit of its search.
    NextChange,
    /// To the previous row that changes; in the detail, to the previous hit of its search.
    PreviousChange,
    /// To the next row with a warning, a restart or a failure.
    NextWarning,
    /// To the next row that nobody has looked at; first to those that are new.
    NextUnseen,
    /// To the next hit of the search in the detail.
    NextHit,
    /// To the previous hit of the search in the detail.
    PreviousHit,
    /// To the next hunk of the detail.
    NextHunk,
    /// To the previous hunk of the detail.
    PreviousHunk,
    /// To the other pane.
    OtherPane,
    /// Leaves the zoom, the detail or the filter, in this order.
    Back,
}

/// Changes what is shown, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewOption {
    /// Switches between rows with changes and all rows.
    ChangesOnly,
    /// Shows or hides a group of rows.
    Kind(RowKind),
    /// Unfolds every node.
    UnfoldAll,
    /// Folds every node.
    FoldAll,
    /// Switches between one and two columns in the detail.
    SideBySide,
    /// Switches between both panes and the detail alone.
    Zoom,
    /// Switches between the log and the detail.
    Log,
    /// Starts or stops following the rows that are being applied.
    Follow,
    /// Opens the filter line; in the detail, that of its search.
    Filter,
    /// Shows more unchanged lines around changed ones.
    MoreContext,
    /// Shows fewer unchanged lines around changed ones.
    LessContext,
    /// Shows or hides the line numbers of texts.
    LineNumbers,
    /// Puts rows together that change in the same way, or back where they belong.
    EqualChanges,
}

/// Changes which rows are selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Select {
    /// Selects or deselects the rows at and below the cursor.
    Toggle,
    /// Selects all rows, or none.
    ToggleAll,
    /// Plans to delete a drift row or drifted fields, or to keep them.
    Delete,
    /// Begins or ends a range of rows.
    Range,
    /// Selects what is not selected, and the other way round, as far as the filters leave it.
    Invert,
    /// Deselects everything that restarts or may restart a platform.
    WithoutRestarts,
    /// Takes the last change of the selection back.
    Undo,
    /// Makes the change again that was taken back.
    Redo,
}

/// Decides about what the server has and the files have not, or have differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desk {
    /// Takes it over into the files.
    Adopt,
    /// Leaves it alone until a day, with a reason; or not any more.
    Ignore,
}

/// Opens, answers or closes a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogAction {
    /// Opens the list of actions and commands.
    Help,
    /// Opens the list of secret names.
    Secrets,
    /// Opens the page from which secrets are pushed.
    Push,
    /// Replaces on the server what differs there too.
    Replace,
    /// Opens the confirmation.
    Ask,
    /// Answers yes.
    Yes,
    /// Accepts the typed line.
    Enter,
    /// Goes to the other line of a dialog that has two.
    OtherField,
    /// Closes the dialog, or answers no.
    Close,
}

/// Starts work outside the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Reads files and server again, and plans.
    Replan,
    /// Plans again and selects the rows that were not applied.
    Retry,
    /// Plans again what was planned before other rows, or another context, were asked for.
    FormerScope,
    /// Opens the file in the editor.
    Edit,
    /// Copies the address of the row.
    Copy,
    /// Copies the text of the detail.
    CopyText,
}

/// Ends or suspends the process, or redraws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// Quits; asks first during a run.
    Quit,
    /// Interrupts, as Ctrl-C does: the first time gently.
    Interrupt,
    /// Suspends, as Ctrl-Z does.
    Suspend,
    /// Draws everything again, as Ctrl-L does.
    Redraw,
}
