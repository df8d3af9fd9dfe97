//! Everything the screen knows. Changed by [`update`](super::update::update) only, read by the view; no IO, no clock.

use super::board::{Board, Focus};
use super::glyph::Glyphs;
use super::key::Key;
use super::layout::{self, Layout};
use super::options::TuiOptions;
use super::screen::{After, Confirmation, Loading, Overlay, RunState, Screen};
use super::theme::Theme;
use crate::apply::Progress;
use crate::show::Line;

/// The state of the screen.
#[derive(Debug, Clone)]
pub struct Model {
    /// Columns and lines of the terminal.
    pub size: (u16, u16),
    /// Milliseconds since the screen appeared.
    pub now_ms: u64,
    /// What fills the terminal.
    pub screen: Screen,
    /// What stands in front of it.
    pub overlay: Option<Overlay>,
    /// What there is to say about the last key.
    pub notice: Option<Line>,
    /// Keys that would only finish a word whose first letter was enough: `es` and enter after `y`.
    pub rest_of_word: &'static [Key],
    /// Runs that have ended before the one on the screen.
    pub runs: Vec<Progress>,
    /// Colours.
    pub theme: Theme,
    /// Characters.
    pub glyphs: Glyphs,
    /// Whether an editor is known.
    pub has_editor: bool,
}

/// Where keys mean the same: the columns of the key table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// Files and server are being read.
    Loading,
    /// There is no plan.
    Failed,
    /// The plan is looked at.
    Review,
    /// The plan is applied.
    Running,
    /// It was applied, all of it.
    Done,
    /// It was applied, and something is left.
    Trouble,
    /// The filter is typed.
    Filter,
    /// A question is answered with a key.
    Ask,
    /// A question is answered with a word.
    Typed,
    /// A guard refuses what is selected.
    Refused,
    /// Leaving while something runs.
    Leave,
    /// Help.
    Help,
    /// Secrets.
    Secrets,
}

impl Context {
    /// Every context.
    pub const ALL: [Self; 13] = [
        Self::Loading,
        Self::Failed,
        Self::Review,
        Self::Running,
        Self::Done,
        Self::Trouble,
        Self::Filter,
        Self::Ask,
        Self::Typed,
        Self::Refused,
        Self::Leave,
        Self::Help,
        Self::Secrets,
    ];

    /// Whether keys without a binding are typed into a line.
    pub fn types(self) -> bool {
        matches!(self, Self::Filter | Self::Typed)
    }
}

impl Model {
    /// The first screen, before anything has happened.
    pub fn new(options: &TuiOptions, width: u16, height: u16) -> Self {
        Self {
            size: (width, height),
            now_ms: 0,
            screen: Screen::Loading(Box::new(Loading::new(0, After::First))),
            overlay: None,
            notice: None,
            rest_of_word: &[],
            runs: Vec::new(),
            theme: Theme::new(options.depth, options.background),
            glyphs: Glyphs::new(options.glyphs),
            has_editor: options.editor.is_some(),
        }
    }

    /// Where the model is in the key table.
    pub fn context(&self) -> Context {
        match &self.overlay {
            Some(Overlay::Help(_)) => Context::Help,
            Some(Overlay::Secrets(_)) => Context::Secrets,
            Some(Overlay::Leave) => Context::Leave,
            Some(Overlay::Confirm(confirm)) => match confirm.confirmation {
                Confirmation::Key => Context::Ask,
                Confirmation::Typed(_) => Context::Typed,
                Confirmation::Refused => Context::Refused,
            },
            None => self.screen_context(),
        }
    }

    /// The same without what stands in front.
    pub fn screen_context(&self) -> Context {
        if self.board().is_some_and(|board| board.filter.is_some()) {
            return Context::Filter;
        }
        self.bare_context()
    }

    /// The same when nothing is typed.
    pub fn bare_context(&self) -> Context {
        match &self.screen {
            Screen::Loading(_) => Context::Loading,
            Screen::Failed(_) => Context::Failed,
            Screen::Review(_) => Context::Review,
            Screen::Run(run) if !run.has_ended() => Context::Running,
            Screen::Run(run) if run.has_trouble() => Context::Trouble,
            Screen::Run(_) => Context::Done,
        }
    }

    /// Whether the confirmation takes the place of header and panes.
    pub fn is_confirming(&self) -> bool {
        matches!(self.overlay, Some(Overlay::Confirm(_)))
    }

    /// The plan on the screen.
    pub fn board(&self) -> Option<&Board> {
        self.screen.board()
    }

    /// The plan on the screen.
    pub fn board_mut(&mut self) -> Option<&mut Board> {
        self.screen.board_mut()
    }

    /// Whether the screen changes by itself: then, and only then, there is a ticker.
    pub fn is_moving(&self) -> bool {
        match &self.screen {
            Screen::Loading(_) => true,
            Screen::Run(run) => matches!(run.state, RunState::Running | RunState::Leaving(_)),
            Screen::Failed(_) | Screen::Review(_) => false,
        }
    }

    /// Where everything stands at this size.
    pub fn layout(&self) -> Layout {
        let (focus, zoom) = self
            .board()
            .map_or((Focus::Tree, false), |board| (board.focus, board.zoom));
        layout::of(self.size, focus, zoom)
    }
}
