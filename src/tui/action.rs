//! What a key can ask for; each family is carried out in a file of its own below `update/`.

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Moves the cursor or scrolls.
    Go(Go),
    /// Changes what is on the screen.
    See(See),
    /// Changes what is selected.
    Pick(Pick),
    /// Opens, answers or closes something in front of the screen.
    Talk(Talk),
    /// Starts something outside.
    Work(Work),
    /// Concerns the process.
    Process(Process),
}

/// Moving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// First line.
    First,
    /// Last line.
    Last,
    /// Folds, or goes to the parent.
    Left,
    /// Unfolds, or goes into the detail.
    Right,
    /// Folds and unfolds, or opens the detail.
    Open,
    /// Next row that changes.
    NextChange,
    /// The one before.
    PreviousChange,
    /// Next row with a warning, a restart or a failure.
    NextWarning,
    /// The other pane.
    OtherPane,
    /// Out of the detail, the zoom, the filter.
    Back,
}

/// Seeing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum See {
    /// Changes only, or everything.
    ChangesOnly,
    /// Rows of one kind, or not.
    Kind(usize),
    /// Everything unfolded.
    UnfoldAll,
    /// Everything folded.
    FoldAll,
    /// One column or two.
    SideBySide,
    /// Both panes or one.
    Zoom,
    /// The log or the detail.
    Log,
    /// The cursor goes where work begins.
    Follow,
    /// The filter is typed.
    Filter,
}

/// Selecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// What is below the cursor, or not.
    Toggle,
    /// Everything, or nothing.
    ToggleAll,
    /// What only the server has is deleted, or left alone.
    Delete,
}

/// Dialogs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Talk {
    /// Every key.
    Help,
    /// Every secret's name.
    Secrets,
    /// Asks before an apply.
    Ask,
    /// Agrees.
    Yes,
    /// Takes what was typed.
    Enter,
    /// Closes, disagrees.
    Close,
}

/// Working.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Reads and plans again.
    Replan,
    /// Offers what is left of a run again.
    Retry,
    /// Opens the editor.
    Edit,
    /// Copies the address.
    Copy,
    /// Copies the text of the detail.
    CopyText,
}

/// The process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// Leaves, or asks whether to.
    Quit,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-Z.
    Suspend,
    /// Ctrl-L.
    Redraw,
}
