//! Everything the screen knows. Changed by [`update`](super::update::update) only, read by the view; no IO, no clock.

use ratatui::style::Color;

use super::action::Action;
use super::board::{Board, Focus};
use super::chosen_keys::ChosenKeys;
use super::exit::{Awaited, ExitReason};
use super::glyph::Glyphs;
use super::key::Key;
use super::layout::{self, Layout};
use super::options::{LookOptions, TuiOptions};
use super::screen::{AfterLoading, Confirmation, LoadingScreen, Overlay, Page, RunState, Screen};
use super::theme::Theme;
use super::watch::Watch;
use super::workbench::PlanScope;
use crate::apply::Progress;
use crate::show::Line;

/// The state of the screen: what is drawn, and what a key does next.
#[derive(Debug, Clone)]
pub struct Model {
    /// Columns and lines of the terminal.
    pub size: (u16, u16),
    /// Milliseconds since the screen appeared.
    pub now_ms: u64,
    /// The screen that fills the terminal, below any dialog.
    pub screen: Screen,
    /// The open dialog, which takes the keys; `None` while there is none.
    pub overlay: Option<Overlay>,
    /// A message about the last key or event.
    pub notice: Option<Line>,
    /// Keys to ignore because they only finish a word whose first letter was enough: `es` and enter after `y`.
    pub ignored_keys: &'static [Key],
    /// Set while the review follows files and server.
    pub watch: Option<Watch>,
    /// When the plan on the screen was loaded, by the screen's clock in milliseconds.
    pub loaded_ms: u64,
    /// Why the screen is left once a page has its answer; `None` while it stays.
    pub leaving: Option<ExitReason>,
    /// The number of pages for pushing secrets that were opened.
    pub push_pages: u64,
    /// The earlier runs, oldest first, without the one on the screen.
    pub runs: Vec<Progress>,
    /// The keys that the user has chosen.
    pub keys: ChosenKeys,
    /// What is planned, where it was changed on the screen.
    pub scope: PlanScope,
    /// The same of the last plan: where another one could not be planned, the way back.
    pub planned_scope: PlanScope,
    /// The styles of roles on this terminal.
    pub theme: Theme,
    /// What the user likes.
    pub look: LookOptions,
    /// The title that the terminal was told last.
    pub announced_title: Option<String>,
    /// The characters for lines and symbols on this terminal.
    pub glyphs: Glyphs,
}

/// A part of the screen in which the keys have the same meaning; the columns of the key table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyContext {
    /// Files and server are being read.
    Loading,
    /// There is no plan.
    Failed,
    /// The plan is being reviewed.
    Review,
    /// A pull is being reviewed.
    Pull,
    /// The plan is being applied.
    Running,
    /// The run ended and everything was applied.
    Done,
    /// The run ended and something was not applied.
    Trouble,
    /// The filter line is open.
    Filter,
    /// The line that searches the detail is open.
    Search,
    /// The confirmation is answered with a key.
    Ask,
    /// The confirmation is answered by typing a word.
    Typed,
    /// The confirmation shows why a guard refuses the selection.
    Refused,
    /// The confirmation before files are written is answered with a key.
    Adopt,
    /// The question why drift is ignored is answered by typing.
    Ignore,
    /// The question before quitting a run.
    Leave,
    /// The list of actions and commands.
    Palette,
    /// The list of secrets.
    Secrets,
    /// The page before secrets are pushed, answered with a key.
    Push,
    /// The same page, answered by typing a word.
    PushTyped,
}

impl KeyContext {
    /// Every context.
    pub const ALL: [Self; 19] = [
        Self::Loading,
        Self::Failed,
        Self::Review,
        Self::Pull,
        Self::Running,
        Self::Done,
        Self::Trouble,
        Self::Filter,
        Self::Search,
        Self::Ask,
        Self::Typed,
        Self::Refused,
        Self::Adopt,
        Self::Ignore,
        Self::Leave,
        Self::Palette,
        Self::Secrets,
        Self::Push,
        Self::PushTyped,
    ];

    /// Whether keys without a binding are typed as text.
    pub fn types(self) -> bool {
        matches!(
            self,
            Self::Filter | Self::Search | Self::Palette | Self::Typed | Self::PushTyped | Self::Ignore
        )
    }
}

impl Model {
    /// Creates the first screen.
    pub fn new(options: &TuiOptions, width: u16, height: u16) -> Self {
        Self {
            size: (width, height),
            now_ms: 0,
            screen: Screen::Loading(Box::new(LoadingScreen::new(0, AfterLoading::First))),
            overlay: None,
            notice: None,
            ignored_keys: &[],
            watch: options.watch.then(Watch::default),
            loaded_ms: 0,
            leaving: None,
            push_pages: 0,
            runs: Vec::new(),
            keys: options.keys.clone(),
            scope: PlanScope::default(),
            planned_scope: PlanScope::default(),
            theme: Theme::new(options.depth, options.background, &options.look),
            look: options.look.clone(),
            announced_title: None,
            glyphs: Glyphs::new(options.glyphs),
        }
    }

    /// Returns the current column of the key table.
    pub fn context(&self) -> KeyContext {
        match &self.overlay {
            Some(Overlay::Palette(_)) => KeyContext::Palette,
            Some(Overlay::Secrets(_)) => KeyContext::Secrets,
            Some(Overlay::Leave) => KeyContext::Leave,
            Some(Overlay::Adopt(_)) => KeyContext::Adopt,
            Some(Overlay::Ignore(_)) => KeyContext::Ignore,
            Some(Overlay::Push(page)) if page.is_typed() => KeyContext::PushTyped,
            Some(Overlay::Push(_)) => KeyContext::Push,
            Some(Overlay::Confirm(confirm)) => match confirm.confirmation {
                Confirmation::Key => KeyContext::Ask,
                Confirmation::Typed(_) => KeyContext::Typed,
                Confirmation::Refused => KeyContext::Refused,
            },
            None => self.screen_context(),
        }
    }

    /// Returns the context of the screen, ignoring dialogs.
    pub fn screen_context(&self) -> KeyContext {
        if self.board().is_some_and(|board| board.filter.is_some()) {
            return KeyContext::Filter;
        }
        if self.board().is_some_and(|board| board.search.is_some()) {
            return KeyContext::Search;
        }
        self.screen_context_without_filter()
    }

    /// Returns the context of the screen, ignoring dialogs and lines that are being typed.
    pub fn screen_context_without_filter(&self) -> KeyContext {
        match &self.screen {
            Screen::Loading(_) => KeyContext::Loading,
            Screen::Failed(_) => KeyContext::Failed,
            Screen::Review(review) if review.board.facts.pull.is_some() => KeyContext::Pull,
            Screen::Review(_) => KeyContext::Review,
            Screen::Run(run) if !run.has_ended() => KeyContext::Running,
            Screen::Run(run) if run.has_trouble() => KeyContext::Trouble,
            Screen::Run(_) => KeyContext::Done,
        }
    }

    /// Returns the page in place of header and panes, if there is one.
    pub fn page(&self) -> Option<&dyn Page> {
        match &self.overlay {
            Some(Overlay::Confirm(confirm)) => Some(confirm.as_ref()),
            Some(Overlay::Adopt(adopt)) => Some(adopt.as_ref()),
            Some(Overlay::Push(push)) => Some(push.as_ref()),
            _ => None,
        }
    }

    /// Whether a confirmation takes the place of header and panes.
    pub fn is_confirming(&self) -> bool {
        self.page().is_some()
    }

    /// Returns the plan on the screen, if there is one.
    pub fn board(&self) -> Option<&Board> {
        self.screen.board()
    }

    /// Returns the plan on the screen, if there is one.
    pub fn board_mut(&mut self) -> Option<&mut Board> {
        self.screen.board_mut()
    }

    /// Returns why an action does nothing on this plan, or `None` where it may do something.
    pub fn refusal(&self, action: Action) -> Option<&str> {
        let read_only = self.board()?.facts.read_only.as_deref();
        read_only.filter(|_| action.needs_sources())
    }

    /// Returns what a page waits for and cannot take back, if it does.
    pub fn awaits(&self) -> Option<Awaited> {
        self.overlay.as_ref().and_then(Overlay::awaits)
    }

    /// Whether the screen changes without input. The ticker runs only then.
    pub fn is_moving(&self) -> bool {
        match &self.screen {
            Screen::Loading(_) => true,
            Screen::Run(run) => matches!(run.state, RunState::Running | RunState::Leaving(_)),
            Screen::Failed(_) | Screen::Review(_) => false,
        }
    }

    /// Takes the screen out of the model, so that its parts can be moved to another one. The caller puts a screen back before
    /// anything is drawn.
    pub(super) fn take_screen(&mut self) -> Screen {
        let placeholder = LoadingScreen::new(self.now_ms, AfterLoading::First);
        std::mem::replace(&mut self.screen, Screen::Loading(Box::new(placeholder)))
    }

    /// Returns the number of rows of the detail, where it is on the screen.
    pub fn detail_rows(&self) -> usize {
        let layout = self.layout();
        usize::from(layout.detail.unwrap_or(layout.body).height)
    }

    /// Returns the layout at the current size.
    pub fn layout(&self) -> Layout {
        let (focus, zoom) = self
            .board()
            .map_or((Focus::Tree, false), |board| (board.focus, board.zoom));
        layout::of(self.size, focus, zoom, self.look.tree_percent)
    }

    /// Returns the color of the context that the plan is for, if it has one.
    pub fn accent(&self) -> Option<Color> {
        let context = self.board()?.facts.title.context.as_ref()?;
        self.look.contexts.get(context).copied()
    }
}
