//! The keys: one table, from which input, footer and help are read.

use crossterm::event::KeyCode;

use super::action::{Action, Desk, DialogAction, Movement, Process, Select, Task, ViewOption};
use super::board::{Board, Focus};
use super::key::Key;
use super::model::{KeyContext, Model};
use super::outline::RowKind;
use super::screen::Screen;
use crate::plan::{Row, Verb};

/// One line of the key table: some keys and their action in some contexts.
pub struct Binding {
    /// The keys; each of them does the same.
    pub keys: &'static [Key],
    /// The contexts in which the keys are bound.
    pub contexts: &'static [KeyContext],
    /// Whether it does something now; the footer names it only then.
    pub when: fn(&Model) -> bool,
    /// The message when it does nothing; empty for keys that are pressed out of habit.
    pub otherwise: &'static str,
    /// What the keys do.
    pub action: Action,
    /// The position in the footer, lowest first; 0 for keys that only the help lists.
    pub rank: u8,
    /// The text in the footer; empty when it is not there.
    pub label: &'static str,
    /// The text in the help.
    pub help: &'static str,
}

const BOARD: &[KeyContext] = &[
    KeyContext::Review,
    KeyContext::Pull,
    KeyContext::Running,
    KeyContext::Done,
    KeyContext::Trouble,
];
const RUN: &[KeyContext] = &[KeyContext::Running, KeyContext::Done, KeyContext::Trouble];
const REVIEW: &[KeyContext] = &[KeyContext::Review];
const PULL: &[KeyContext] = &[KeyContext::Pull];
const REVIEWS: &[KeyContext] = &[KeyContext::Review, KeyContext::Pull];
const SCROLLS: &[KeyContext] = &[
    KeyContext::Adopt,
    KeyContext::Review,
    KeyContext::Pull,
    KeyContext::Running,
    KeyContext::Done,
    KeyContext::Trouble,
    KeyContext::Failed,
    KeyContext::Ask,
    KeyContext::Refused,
    KeyContext::Help,
    KeyContext::Secrets,
];
/// The confirmation scrolls while its word is typed, by keys that type nothing.
const TYPED: &[KeyContext] = &[KeyContext::Typed];
const NOT_TYPED: &[KeyContext] = &[
    KeyContext::Loading,
    KeyContext::Failed,
    KeyContext::Review,
    KeyContext::Pull,
    KeyContext::Running,
    KeyContext::Done,
    KeyContext::Trouble,
];

const ESC: Key = Key::of(KeyCode::Esc);
const ENTER: Key = Key::of(KeyCode::Enter);
const TAB: Key = Key::of(KeyCode::Tab);

fn always(_: &Model) -> bool {
    true
}

fn has_rows(model: &Model) -> bool {
    model.board().is_some_and(|board| !board.plan.rows.is_empty())
}

fn has_warning(model: &Model) -> bool {
    model
        .board()
        .is_some_and(|board| board.plan.rows.iter().any(Row::needs_attention))
}

fn has_failures(model: &Model) -> bool {
    matches!(&model.screen, Screen::Run(run) if run.has_failures())
}

fn on_row(model: &Model) -> bool {
    model.board().is_some_and(|board| board.row().is_some())
}

fn can_edit(model: &Model) -> bool {
    if let Some(failure) = model.watch.as_ref().and_then(|watch| watch.broken.as_ref()) {
        return failure.origin.is_some();
    }
    match &model.screen {
        Screen::Failed(failed) => failed.origin.is_some(),
        screen => {
            let row = screen.board().and_then(|board| board.row());
            row.is_some_and(|row| row.origin.is_some())
        }
    }
}

fn on_drift(model: &Model) -> bool {
    let row = model.board().and_then(|board| board.row());
    row.is_some_and(|row| matches!(row.verb, Verb::Drift | Verb::Delete) || row.has_field_drift() || is_pruned(model))
}

/// Whether the row, or one that the cursor covers, is anything that the server has and the files have not.
fn on_any_drift(model: &Model) -> bool {
    chosen_rows(model).any(Row::has_drift)
}

/// Whether the row, or one that the cursor covers, is anything that the files could take over from the server.
fn on_difference(model: &Model) -> bool {
    chosen_rows(model).any(Row::differs_on_server)
}

fn chosen_rows(model: &Model) -> impl Iterator<Item = &Row> {
    let rows = |board: &Board| board.chosen_rows().into_iter().collect::<Vec<_>>();
    let board = model.board();
    let indices = board.map(rows).unwrap_or_default();
    indices.into_iter().filter_map(move |index| board?.plan.rows.get(index))
}

/// Whether there is anything to apply.
fn has_choice(model: &Model) -> bool {
    model
        .board()
        .is_some_and(|board| board.plan.rows.iter().any(Row::writes))
}

/// Whether the key that selects does something: on drift it shows how to select it for deletion.
fn can_select(model: &Model) -> bool {
    has_choice(model) || on_drift(model)
}

fn is_pruned(model: &Model) -> bool {
    let board = model.board();
    board.is_some_and(|board| board.row().is_some_and(|row| board.prune.contains(&row.address)))
}

fn can_go_back(model: &Model) -> bool {
    model
        .board()
        .is_some_and(|board| board.focus == Focus::Detail || board.zoom || !board.outline.filters().query.is_empty())
}

/// Creates a line of the table that is not in the footer.
const fn quiet(keys: &'static [Key], contexts: &'static [KeyContext], action: Action, help: &'static str) -> Binding {
    Binding {
        keys,
        contexts,
        when: always,
        otherwise: "",
        action,
        rank: 0,
        label: "",
        help,
    }
}

const fn bound(
    keys: &'static [Key],
    contexts: &'static [KeyContext],
    action: Action,
    (rank, label): (u8, &'static str),
    help: &'static str,
) -> Binding {
    Binding {
        keys,
        contexts,
        when: always,
        otherwise: "",
        action,
        rank,
        label,
        help,
    }
}

/// The rank from which on a key is always in the footer: help and quitting.
const ALWAYS_NAMED: u8 = 11;

impl Binding {
    /// Whether the footer names the key even where it has no room for others.
    pub fn is_always_named(&self) -> bool {
        self.rank >= ALWAYS_NAMED
    }

    const fn when(self, when: fn(&Model) -> bool, otherwise: &'static str) -> Self {
        Self {
            when,
            otherwise,
            ..self
        }
    }
}

/// Every key. The first line that matches a key and a context counts.
// One line for each binding, so that the source reads as a table.
#[rustfmt::skip]
pub const TABLE: &[Binding] = &[
    bound(&[Key::char(' ')], REVIEWS, Action::Select(Select::Toggle), (1, "select"), "select the row; a parent selects what is below it").when(can_select, "nothing to apply"),
    bound(&[ENTER], BOARD, Action::Move(Movement::Open), (3, "open"), "fold and unfold; on a row without children open the detail").when(has_rows, "there are no rows"),
    bound(&[Key::char('/')], BOARD, Action::View(ViewOption::Filter), (5, "filter"), "fuzzy filter over ids, kinds and fields; esc clears").when(has_rows, "there are no rows"),
    // There are two panes, so that the next one and the previous one are the same.
    bound(&[TAB, Key::of(KeyCode::BackTab)], BOARD, Action::Move(Movement::OtherPane), (6, "pane"), "the other pane").when(has_rows, "there are no rows"),
    bound(&[Key::char('a')], REVIEW, Action::Dialog(DialogAction::Ask), (2, "apply"), "apply what is selected; asks first").when(has_choice, "nothing to apply"),
    bound(&[Key::char('a')], PULL, Action::Dialog(DialogAction::Ask), (2, "write"), "write what is selected into the files; shows them first").when(has_choice, "nothing to write"),
    bound(&[Key::char('D')], REVIEW, Action::Select(Select::Delete), (4, "delete"), "select what only the server has for deletion, or not").when(on_drift, "only what the server has and the files have not can be deleted"),
    bound(&[Key::char('u')], REVIEW, Action::Desk(Desk::Adopt), (8, "adopt"), "take over into the files what the server has: the row, in the detail the field; asks first").when(on_difference, "nothing here differs from the server in a way that the files could take over"),
    bound(&[Key::char('i')], REVIEW, Action::Desk(Desk::Ignore), (8, "ignore"), "ignore drift until a day, with a reason, in lobuctl.toml; or not any more").when(on_any_drift, "only what the server has and the files have not can be ignored"),
    bound(&[Key::char('v')], REVIEWS, Action::Select(Select::Range), (0, ""), "mark a range of rows for space, D, u and i; again to end it").when(has_rows, "there are no rows"),
    bound(&[Key::char('A')], REVIEWS, Action::Select(Select::ToggleAll), (0, ""), "select everything that the filter leaves, or nothing of it").when(has_choice, "nothing to apply"),
    bound(&[Key::char('I')], REVIEWS, Action::Select(Select::Invert), (0, ""), "invert the selection of what the filter leaves").when(has_choice, "nothing to apply"),
    bound(&[Key::char('R')], REVIEW, Action::Select(Select::WithoutRestarts), (0, ""), "deselect everything that restarts or may restart").when(has_choice, "nothing to apply"),
    bound(&[Key::char('U')], REVIEWS, Action::Select(Select::Undo), (0, ""), "take the last change of the selection back").when(has_choice, "nothing to apply"),
    bound(&[Key::ctrl('r')], REVIEWS, Action::Select(Select::Redo), (0, ""), "make the change again that was taken back").when(has_choice, "nothing to apply"),
    bound(&[Key::char('t')], REVIEWS, Action::Move(Movement::NextUnseen), (0, ""), "next row that is new, or that nobody has looked at").when(has_rows, "there are no rows"),
    bound(&[Key::char('r')], REVIEWS, Action::Task(Task::Replan), (9, "re-plan"), "read files and server again, and plan"),
    bound(&[Key::char('W')], &[KeyContext::Review, KeyContext::Failed], Action::Watch, (0, ""), "watch: plan at every save, and read the server again from time to time; or not any more"),
    bound(&[Key::char('r')], &[KeyContext::Failed], Action::Task(Task::Replan), (1, "try again"), "read files and server again, and plan"),
    bound(&[Key::char('r')], &[KeyContext::Trouble], Action::Task(Task::Retry), (1, "retry"), "plan again and offer what is left"),
    bound(&[Key::char('r')], &[KeyContext::Done], Action::Task(Task::Replan), (4, "re-plan"), "read files and server again, and plan"),
    bound(&[Key::char('s')], BOARD, Action::Dialog(DialogAction::Secrets), (7, "secrets"), "secrets: where each is used and where it comes from"),
    bound(&[Key::char('e')], &[KeyContext::Review, KeyContext::Pull, KeyContext::Done, KeyContext::Trouble], Action::Task(Task::Edit), (8, "edit"), "open the file in $EDITOR at the row, or at the change on the screen, then plan again").when(can_edit, "no file declares this row"),
    bound(&[Key::char('e')], &[KeyContext::Failed], Action::Task(Task::Edit), (2, "edit"), "open the file of the first problem in $EDITOR, then plan again").when(can_edit, "no file is to blame"),
    bound(&[Key::char('l')], RUN, Action::View(ViewOption::Log), (6, "log"), "the log of requests, or the detail"),
    bound(&[Key::char('f')], &[KeyContext::Running], Action::View(ViewOption::Follow), (7, "follow"), "the cursor follows the work, or stays"),
    bound(&[Key::char('d')], BOARD, Action::View(ViewOption::SideBySide), (10, "side by side"), "before and after side by side").when(on_row, "this line has no changes"),
    bound(&[Key::char('z')], BOARD, Action::View(ViewOption::Zoom), (0, ""), "one pane, or both").when(has_rows, "there are no rows"),
    bound(&[Key::char('n')], BOARD, Action::Move(Movement::NextChange), (7, "next"), "next change").when(has_rows, "there are no rows"),
    bound(&[Key::char('N')], BOARD, Action::Move(Movement::PreviousChange), (0, ""), "previous change").when(has_rows, "there are no rows"),
    bound(&[Key::char('w')], &[KeyContext::Review, KeyContext::Pull, KeyContext::Running, KeyContext::Done], Action::Move(Movement::NextWarning), (8, "warning"), "next warning or restart").when(has_warning, "no warnings"),
    bound(&[Key::char('w')], &[KeyContext::Trouble], Action::Move(Movement::NextWarning), (2, "failure"), "next failure").when(has_failures, "no row failed"),
    bound(&[Key::char('c')], BOARD, Action::View(ViewOption::ChangesOnly), (9, "changes only"), "changes only, or everything").when(has_rows, "there are no rows"),
    quiet(&[Key::char('1')], BOARD, Action::View(ViewOption::Kind(RowKind::Create)), "show or hide what is created"),
    quiet(&[Key::char('2')], BOARD, Action::View(ViewOption::Kind(RowKind::Update)), "show or hide what is updated"),
    quiet(&[Key::char('3')], BOARD, Action::View(ViewOption::Kind(RowKind::Unchanged)), "show or hide what is unchanged"),
    quiet(&[Key::char('4')], BOARD, Action::View(ViewOption::Kind(RowKind::ServerOnly)), "show or hide what only the server has"),
    quiet(&[Key::char('E')], BOARD, Action::View(ViewOption::UnfoldAll), "unfold everything"),
    quiet(&[Key::char('C')], BOARD, Action::View(ViewOption::FoldAll), "fold everything"),
    quiet(&[Key::char('y')], BOARD, Action::Task(Task::Copy), "copy the address"),
    quiet(&[Key::char('Y')], BOARD, Action::Task(Task::CopyText), "copy the text of the detail"),
    quiet(&[Key::of(KeyCode::Up), Key::char('k')], SCROLLS, Action::Move(Movement::Up), "up"),
    quiet(&[Key::of(KeyCode::Down), Key::char('j')], SCROLLS, Action::Move(Movement::Down), "down"),
    quiet(&[Key::of(KeyCode::PageUp), Key::ctrl('b')], SCROLLS, Action::Move(Movement::PageUp), "page up"),
    quiet(&[Key::of(KeyCode::PageDown), Key::ctrl('f')], SCROLLS, Action::Move(Movement::PageDown), "page down"),
    quiet(&[Key::char('g'), Key::of(KeyCode::Home)], SCROLLS, Action::Move(Movement::First), "first line"),
    quiet(&[Key::char('G'), Key::of(KeyCode::End)], SCROLLS, Action::Move(Movement::Last), "last line"),
    quiet(&[Key::of(KeyCode::Left), Key::char('h')], BOARD, Action::Move(Movement::Left), "fold, or go to the parent"),
    // `l` goes right in the review only: in a run it opens the log.
    quiet(&[Key::of(KeyCode::Right)], BOARD, Action::Move(Movement::Right), "unfold, or go into the detail"),
    quiet(&[Key::char('l')], REVIEWS, Action::Move(Movement::Right), "unfold, or go into the detail"),
    bound(&[ESC], BOARD, Action::Move(Movement::Back), (1, "back"), "out of the detail, the zoom, the filter").when(can_go_back, ""),

    quiet(&[Key::of(KeyCode::Up)], TYPED, Action::Move(Movement::Up), "up"),
    quiet(&[Key::of(KeyCode::Down)], TYPED, Action::Move(Movement::Down), "down"),
    quiet(&[Key::of(KeyCode::PageUp)], TYPED, Action::Move(Movement::PageUp), "page up"),
    quiet(&[Key::of(KeyCode::PageDown)], TYPED, Action::Move(Movement::PageDown), "page down"),
    quiet(&[Key::of(KeyCode::Home)], TYPED, Action::Move(Movement::First), "first line"),
    quiet(&[Key::of(KeyCode::End)], TYPED, Action::Move(Movement::Last), "last line"),

    quiet(&[Key::of(KeyCode::Up)], &[KeyContext::Filter], Action::Move(Movement::Up), "up"),
    quiet(&[Key::of(KeyCode::Down)], &[KeyContext::Filter], Action::Move(Movement::Down), "down"),
    bound(&[ENTER], &[KeyContext::Filter], Action::Dialog(DialogAction::Enter), (1, "keep"), "keep the filter and go back to the tree"),
    bound(&[ESC], &[KeyContext::Filter], Action::Dialog(DialogAction::Close), (2, "clear"), "clear the filter"),

    bound(&[Key::char('y'), ENTER], &[KeyContext::Ask], Action::Dialog(DialogAction::Yes), (1, "apply"), "apply"),
    bound(&[ESC, Key::char('n'), Key::char('q')], &[KeyContext::Ask], Action::Dialog(DialogAction::Close), (2, "back"), "back to the review"),
    bound(&[ENTER], &[KeyContext::Typed], Action::Dialog(DialogAction::Enter), (1, "apply"), "apply, once the word is typed"),
    bound(&[ESC], &[KeyContext::Typed], Action::Dialog(DialogAction::Close), (2, "back"), "back to the review"),
    bound(&[ESC, Key::char('n'), Key::char('q'), ENTER], &[KeyContext::Refused], Action::Dialog(DialogAction::Close), (1, "back"), "back to the review"),
    bound(&[Key::char('y'), ENTER], &[KeyContext::Adopt], Action::Dialog(DialogAction::Yes), (1, "write"), "write the files"),
    bound(&[ESC, Key::char('n'), Key::char('q')], &[KeyContext::Adopt], Action::Dialog(DialogAction::Close), (2, "back"), "back to the review"),
    bound(&[ENTER], &[KeyContext::Ignore], Action::Dialog(DialogAction::Enter), (1, "ignore"), "ignore it, once both lines are filled"),
    bound(&[TAB, Key::of(KeyCode::BackTab), Key::of(KeyCode::Up), Key::of(KeyCode::Down)], &[KeyContext::Ignore], Action::Dialog(DialogAction::OtherField), (2, "other line"), "the other line"),
    bound(&[ESC], &[KeyContext::Ignore], Action::Dialog(DialogAction::Close), (3, "back"), "back to the review"),
    bound(&[Key::char('y'), ENTER], &[KeyContext::Leave], Action::Dialog(DialogAction::Yes), (1, "stop and leave"), "finish what is in flight, then leave"),
    bound(&[ESC, Key::char('n')], &[KeyContext::Leave], Action::Dialog(DialogAction::Close), (2, "stay"), "stay"),
    bound(&[ESC, Key::char('q'), Key::char('?')], &[KeyContext::Help], Action::Dialog(DialogAction::Close), (1, "close"), "close"),
    bound(&[ESC, Key::char('q'), Key::char('s')], &[KeyContext::Secrets], Action::Dialog(DialogAction::Close), (1, "close"), "close"),

    bound(&[Key::char('?')], NOT_TYPED, Action::Dialog(DialogAction::Help), (11, "help"), "every key"),
    bound(&[Key::char('q')], NOT_TYPED, Action::Process(Process::Quit), (12, "quit"), "leave; asks while something runs"),
    quiet(&[Key::ctrl('c')], &KeyContext::ALL, Action::Process(Process::Interrupt), "stop: once gently, twice at once"),
    quiet(&[Key::ctrl('z')], &KeyContext::ALL, Action::Process(Process::Suspend), "suspend; `fg` comes back"),
    quiet(&[Key::ctrl('l')], &KeyContext::ALL, Action::Process(Process::Redraw), "draw everything again"),
];

/// Returns the binding of a key in the model's context, whether or not it does something now; `None` for an unbound key.
pub fn lookup(model: &Model, key: Key) -> Option<&'static Binding> {
    let context = model.context();
    let mut bound = TABLE
        .iter()
        .filter(|binding| binding.contexts.contains(&context) && binding.keys.contains(&key));
    bound.next()
}

/// Returns the bindings that do something now and have a text in the footer, most important first.
pub fn footer(model: &Model) -> Vec<&'static Binding> {
    let context = model.context();
    let mut named: Vec<&Binding> = TABLE
        .iter()
        .filter(|binding| binding.rank > 0 && binding.contexts.contains(&context))
        .filter(|binding| (binding.when)(model) && model.refusal(binding.action).is_none())
        .collect();
    named.sort_by_key(|binding| binding.rank);
    named
}

/// Returns the bindings of a context, in the order of the table.
pub fn help(context: KeyContext) -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(move |binding| binding.contexts.contains(&context))
}
