//! The keys: one table, from which input, footer and help are read.

use crossterm::event::KeyCode;

use super::action::{Action, Go, Pick, Process, See, Talk, Work};
use super::board::Focus;
use super::key::Key;
use super::model::{Context, Model};
use crate::plan::{Row, Verb};

/// One line of the table.
pub struct Binding {
    /// Any of these.
    pub keys: &'static [Key],
    /// Where.
    pub contexts: &'static [Context],
    /// When it does something; the footer names it only then.
    pub when: fn(&Model) -> bool,
    /// What it does.
    pub action: Action,
    /// Its place in the footer; 0 for help only.
    pub rank: u8,
    /// In the footer.
    pub label: &'static str,
    /// In the help.
    pub help: &'static str,
}

const BOARD: &[Context] = &[Context::Review, Context::Running, Context::Done, Context::Trouble];
const RUN: &[Context] = &[Context::Running, Context::Done, Context::Trouble];
const REVIEW: &[Context] = &[Context::Review];
const SCROLLS: &[Context] = &[
    Context::Review,
    Context::Running,
    Context::Done,
    Context::Trouble,
    Context::Failed,
    Context::Ask,
    Context::Refused,
    Context::Help,
    Context::Secrets,
];
/// The confirmation scrolls while its word is typed, by keys that type nothing.
const TYPED: &[Context] = &[Context::Typed];
const NOT_TYPED: &[Context] = &[
    Context::Loading,
    Context::Failed,
    Context::Review,
    Context::Running,
    Context::Done,
    Context::Trouble,
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
        .is_some_and(|board| board.plan.rows.iter().any(super::update::is_worrying))
}

fn on_row(model: &Model) -> bool {
    model.board().is_some_and(|board| board.row().is_some())
}

fn can_edit(model: &Model) -> bool {
    let has_origin = model
        .board()
        .and_then(|board| board.row())
        .is_some_and(|row| row.origin.is_some());
    model.has_editor && has_origin
}

fn on_drift(model: &Model) -> bool {
    let row = model.board().and_then(|board| board.row());
    row.is_some_and(|row| matches!(row.verb, Verb::Drift | Verb::Delete) || row.has_field_drift() || is_pruned(model))
}

/// Whether there is anything to apply.
fn has_choice(model: &Model) -> bool {
    model
        .board()
        .is_some_and(|board| board.plan.rows.iter().any(Row::writes))
}

/// On drift the key explains itself.
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
        .is_some_and(|board| board.focus == Focus::Detail || board.zoom || !board.outline.lens().query.is_empty())
}

/// A line of the table that is not in the footer.
const fn quiet(keys: &'static [Key], contexts: &'static [Context], action: Action, help: &'static str) -> Binding {
    Binding {
        keys,
        contexts,
        when: always,
        action,
        rank: 0,
        label: "",
        help,
    }
}

const fn bound(
    keys: &'static [Key],
    contexts: &'static [Context],
    action: Action,
    (rank, label): (u8, &'static str),
    help: &'static str,
) -> Binding {
    Binding {
        keys,
        contexts,
        when: always,
        action,
        rank,
        label,
        help,
    }
}

impl Binding {
    const fn when(self, when: fn(&Model) -> bool) -> Self {
        Self { when, ..self }
    }
}

/// Every key.
#[rustfmt::skip]
pub const TABLE: &[Binding] = &[
    bound(&[Key::char(' ')], REVIEW, Action::Pick(Pick::Toggle), (1, "select"), "select the row; a parent selects what is below it").when(can_select),
    bound(&[ENTER], BOARD, Action::Go(Go::Open), (3, "open"), "fold and unfold; on a row without children open the detail").when(has_rows),
    bound(&[Key::char('/')], BOARD, Action::See(See::Filter), (5, "filter"), "fuzzy filter over ids, kinds and fields; esc clears").when(has_rows),
    bound(&[TAB, Key::of(KeyCode::BackTab)], BOARD, Action::Go(Go::OtherPane), (6, "pane"), "the other pane").when(has_rows),
    bound(&[Key::char('a')], REVIEW, Action::Talk(Talk::Ask), (2, "apply"), "apply what is selected; asks first").when(has_choice),
    bound(&[Key::char('D')], REVIEW, Action::Pick(Pick::Delete), (4, "delete"), "select what only the server has for deletion, or not").when(on_drift),
    bound(&[Key::char('A')], REVIEW, Action::Pick(Pick::ToggleAll), (0, ""), "select everything or nothing").when(has_choice),
    bound(&[Key::char('r')], REVIEW, Action::Work(Work::Replan), (9, "re-plan"), "read files and server again, and plan"),
    bound(&[Key::char('r')], &[Context::Failed], Action::Work(Work::Replan), (1, "try again"), "read files and server again, and plan"),
    bound(&[Key::char('r')], &[Context::Trouble], Action::Work(Work::Retry), (1, "retry"), "plan again and offer what is left"),
    bound(&[Key::char('r')], &[Context::Done], Action::Work(Work::Replan), (4, "re-plan"), "read files and server again, and plan"),
    bound(&[Key::char('s')], BOARD, Action::Talk(Talk::Secrets), (7, "secrets"), "secrets: where each is used and where it comes from"),
    bound(&[Key::char('e')], &[Context::Review, Context::Done, Context::Trouble], Action::Work(Work::Edit), (8, "edit"), "open the file in $EDITOR at the row, or at the field on the screen, then plan again").when(can_edit),
    bound(&[Key::char('l')], RUN, Action::See(See::Log), (6, "log"), "the log of requests, or the detail"),
    bound(&[Key::char('f')], &[Context::Running], Action::See(See::Follow), (7, "follow"), "the cursor follows the work, or stays"),
    bound(&[Key::char('d')], BOARD, Action::See(See::SideBySide), (10, "side by side"), "before and after side by side").when(on_row),
    bound(&[Key::char('z')], BOARD, Action::See(See::Zoom), (0, ""), "one pane, or both").when(has_rows),
    bound(&[Key::char('n')], BOARD, Action::Go(Go::NextChange), (7, "next"), "next change").when(has_rows),
    bound(&[Key::char('N')], BOARD, Action::Go(Go::PreviousChange), (0, ""), "previous change").when(has_rows),
    bound(&[Key::char('w')], &[Context::Review, Context::Running, Context::Done], Action::Go(Go::NextWarning), (8, "warning"), "next warning or restart").when(has_warning),
    bound(&[Key::char('w')], &[Context::Trouble], Action::Go(Go::NextWarning), (2, "failure"), "next failure"),
    bound(&[Key::char('c')], BOARD, Action::See(See::ChangesOnly), (9, "changes only"), "changes only, or everything").when(has_rows),
    quiet(&[Key::char('1')], BOARD, Action::See(See::Kind(0)), "show or hide what is created"),
    quiet(&[Key::char('2')], BOARD, Action::See(See::Kind(1)), "show or hide what is updated"),
    quiet(&[Key::char('3')], BOARD, Action::See(See::Kind(2)), "show or hide what stays the same"),
    quiet(&[Key::char('4')], BOARD, Action::See(See::Kind(3)), "show or hide what only the server has"),
    quiet(&[Key::char('E')], BOARD, Action::See(See::UnfoldAll), "unfold everything"),
    quiet(&[Key::char('C')], BOARD, Action::See(See::FoldAll), "fold everything"),
    quiet(&[Key::char('y')], BOARD, Action::Work(Work::Copy), "copy the address"),
    quiet(&[Key::char('Y')], BOARD, Action::Work(Work::CopyText), "copy the text of the detail"),
    quiet(&[Key::of(KeyCode::Up), Key::char('k')], SCROLLS, Action::Go(Go::Up), "up"),
    quiet(&[Key::of(KeyCode::Down), Key::char('j')], SCROLLS, Action::Go(Go::Down), "down"),
    quiet(&[Key::of(KeyCode::PageUp), Key::ctrl('b')], SCROLLS, Action::Go(Go::PageUp), "page up"),
    quiet(&[Key::of(KeyCode::PageDown), Key::ctrl('f')], SCROLLS, Action::Go(Go::PageDown), "page down"),
    quiet(&[Key::char('g'), Key::of(KeyCode::Home)], SCROLLS, Action::Go(Go::First), "first line"),
    quiet(&[Key::char('G'), Key::of(KeyCode::End)], SCROLLS, Action::Go(Go::Last), "last line"),
    quiet(&[Key::of(KeyCode::Left), Key::char('h')], BOARD, Action::Go(Go::Left), "fold, or go to the parent"),
    quiet(&[Key::of(KeyCode::Right)], BOARD, Action::Go(Go::Right), "unfold, or go into the detail"),
    quiet(&[Key::char('l')], REVIEW, Action::Go(Go::Right), "unfold, or go into the detail"),
    bound(&[ESC], BOARD, Action::Go(Go::Back), (1, "back"), "out of the detail, the zoom, the filter").when(can_go_back),

    quiet(&[Key::of(KeyCode::Up)], TYPED, Action::Go(Go::Up), "up"),
    quiet(&[Key::of(KeyCode::Down)], TYPED, Action::Go(Go::Down), "down"),
    quiet(&[Key::of(KeyCode::PageUp)], TYPED, Action::Go(Go::PageUp), "page up"),
    quiet(&[Key::of(KeyCode::PageDown)], TYPED, Action::Go(Go::PageDown), "page down"),
    quiet(&[Key::of(KeyCode::Home)], TYPED, Action::Go(Go::First), "first line"),
    quiet(&[Key::of(KeyCode::End)], TYPED, Action::Go(Go::Last), "last line"),

    quiet(&[Key::of(KeyCode::Up)], &[Context::Filter], Action::Go(Go::Up), "up"),
    quiet(&[Key::of(KeyCode::Down)], &[Context::Filter], Action::Go(Go::Down), "down"),
    bound(&[ENTER], &[Context::Filter], Action::Talk(Talk::Enter), (1, "keep"), "keep the filter and go back to the tree"),
    bound(&[ESC], &[Context::Filter], Action::Talk(Talk::Close), (2, "clear"), "clear the filter"),

    bound(&[Key::char('y'), ENTER], &[Context::Ask], Action::Talk(Talk::Yes), (1, "apply"), "apply"),
    bound(&[ESC, Key::char('n'), Key::char('q')], &[Context::Ask], Action::Talk(Talk::Close), (2, "back"), "back to the review"),
    bound(&[ENTER], &[Context::Typed], Action::Talk(Talk::Enter), (1, "apply"), "apply, once the word is typed"),
    bound(&[ESC], &[Context::Typed], Action::Talk(Talk::Close), (2, "back"), "back to the review"),
    bound(&[ESC, Key::char('n'), Key::char('q'), ENTER], &[Context::Refused], Action::Talk(Talk::Close), (1, "back"), "back to the review"),
    bound(&[Key::char('y'), ENTER], &[Context::Leave], Action::Talk(Talk::Yes), (1, "stop and leave"), "finish what is in flight, then leave"),
    bound(&[ESC, Key::char('n')], &[Context::Leave], Action::Talk(Talk::Close), (2, "stay"), "stay"),
    bound(&[ESC, Key::char('q'), Key::char('?')], &[Context::Help], Action::Talk(Talk::Close), (1, "close"), "close"),
    bound(&[ESC, Key::char('q'), Key::char('s')], &[Context::Secrets], Action::Talk(Talk::Close), (1, "close"), "close"),

    bound(&[Key::char('?')], NOT_TYPED, Action::Talk(Talk::Help), (11, "help"), "every key"),
    bound(&[Key::char('q')], &[Context::Loading, Context::Failed, Context::Review, Context::Running, Context::Done, Context::Trouble], Action::Process(Process::Quit), (12, "quit"), "leave; asks while something runs"),
    quiet(&[Key::ctrl('c')], &Context::ALL, Action::Process(Process::Interrupt), "stop: once gently, twice at once"),
    quiet(&[Key::ctrl('z')], &Context::ALL, Action::Process(Process::Suspend), "suspend; `fg` comes back"),
    quiet(&[Key::ctrl('l')], &Context::ALL, Action::Process(Process::Redraw), "draw everything again"),
];

/// What a key means where the model is.
pub fn lookup(model: &Model, key: Key) -> Option<&'static Binding> {
    let context = model.context();
    let mut bound = TABLE
        .iter()
        .filter(|binding| binding.contexts.contains(&context) && binding.keys.contains(&key));
    bound.find(|binding| (binding.when)(model))
}

/// What the footer names now, most important first.
pub fn footer(model: &Model) -> Vec<&'static Binding> {
    let context = model.context();
    let mut named: Vec<&Binding> = TABLE
        .iter()
        .filter(|binding| binding.rank > 0 && binding.contexts.contains(&context) && (binding.when)(model))
        .collect();
    named.sort_by_key(|binding| binding.rank);
    named
}

/// What the help lists for a context, in the order of the table.
pub fn help(context: Context) -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(move |binding| binding.contexts.contains(&context))
}
