//! The table itself: which keys do what, on which screen, and in which words.

use crossterm::event::KeyCode;

use super::binding::{Binding, bound, quiet};
use super::condition::{
    can_close, can_edit, can_go_back, can_push, can_select, has_choice, has_failures, has_former_scope, has_rows,
    has_warning, on_any_drift, on_difference, on_drift, on_row, push_creates, push_replaces,
};
use crate::tui::action::{Action, Desk, DialogAction, Movement, Process, Select, Task, ViewOption};
use crate::tui::key::Key;
use crate::tui::model::KeyContext;
use crate::tui::outline::RowKind;

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
    KeyContext::Secrets,
    KeyContext::Push,
];
/// The confirmation scrolls while its word is typed, by keys that type nothing.
const TYPED: &[KeyContext] = &[KeyContext::Typed, KeyContext::PushTyped];
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

/// Every key. The first line that matches a key and a context counts.
// One line for each binding, so that the source reads as a table.
#[rustfmt::skip]
pub const TABLE: &[Binding] = &[
    bound("select", &[Key::char(' ')], REVIEWS, Action::Select(Select::Toggle), (1, "select"), "select the row; a parent selects what is below it").when(can_select, "nothing to apply"),
    bound("open", &[ENTER], BOARD, Action::Move(Movement::Open), (3, "open"), "fold and unfold; on a row without children open the detail").when(has_rows, "there are no rows"),
    bound("filter", &[Key::char('/')], BOARD, Action::View(ViewOption::Filter), (5, "filter"), "filter by ids, kinds and fields: `kind:platform verb:update field:chatId restart agent-00*`, `-` before a term turns it around, esc clears; in the detail: search its text").when(has_rows, "there are no rows"),
    // There are two panes, so that the next one and the previous one are the same.
    bound("other-pane", &[TAB, Key::of(KeyCode::BackTab)], BOARD, Action::Move(Movement::OtherPane), (6, "pane"), "the other pane").when(has_rows, "there are no rows"),
    bound("apply", &[Key::char('a')], REVIEW, Action::Dialog(DialogAction::Ask), (2, "apply"), "apply what is selected; asks first").when(has_choice, "nothing to apply"),
    bound("apply", &[Key::char('a')], PULL, Action::Dialog(DialogAction::Ask), (2, "write"), "write what is selected into the files; shows them first").when(has_choice, "nothing to write"),
    bound("delete", &[Key::char('D')], REVIEW, Action::Select(Select::Delete), (4, "delete"), "select what only the server has for deletion, or not").when(on_drift, "only what the server has and the files have not can be deleted"),
    bound("adopt", &[Key::char('u')], REVIEW, Action::Desk(Desk::Adopt), (8, "adopt"), "take over into the files what the server has: the row, in the detail the field; asks first").when(on_difference, "nothing here differs from the server in a way that the files could take over"),
    bound("ignore", &[Key::char('i')], REVIEW, Action::Desk(Desk::Ignore), (8, "ignore"), "ignore drift until a day, with a reason, in lobuctl.toml; or not any more").when(on_any_drift, "only what the server alone has, and `D` has not marked, can be ignored"),
    bound("range", &[Key::char('v')], REVIEWS, Action::Select(Select::Range), (0, ""), "mark a range of rows for space, D, u and i; again or esc to end it").when(has_rows, "there are no rows"),
    bound("select-all", &[Key::char('A')], REVIEWS, Action::Select(Select::ToggleAll), (0, ""), "select everything that the filter leaves, or nothing of it").when(has_choice, "nothing to apply"),
    bound("invert", &[Key::char('I')], REVIEWS, Action::Select(Select::Invert), (0, ""), "invert the selection of what the filter leaves").when(has_choice, "nothing to apply"),
    bound("without-restarts", &[Key::char('R')], REVIEW, Action::Select(Select::WithoutRestarts), (0, ""), "deselect everything that restarts or may restart").when(has_choice, "nothing to apply"),
    bound("undo", &[Key::char('U')], REVIEWS, Action::Select(Select::Undo), (0, ""), "take the last change of the selection back; `D` takes back its own").when(has_choice, "nothing to apply"),
    bound("redo", &[Key::ctrl('r')], REVIEWS, Action::Select(Select::Redo), (0, ""), "make the change again that was taken back").when(has_choice, "nothing to apply"),
    bound("next-unseen", &[Key::char('t')], REVIEWS, Action::Move(Movement::NextUnseen), (0, ""), "next row that is new, or that nobody has looked at").when(has_rows, "there are no rows"),
    bound("re-plan", &[Key::char('r')], REVIEWS, Action::Task(Task::Replan), (9, "re-plan"), "read files and server again, and plan"),
    bound("watch", &[Key::char('W')], &[KeyContext::Review, KeyContext::Failed], Action::Watch, (0, ""), "watch: plan at every save, and read the server again from time to time; or not any more"),
    bound("re-plan", &[Key::char('r')], &[KeyContext::Failed], Action::Task(Task::Replan), (1, "try again"), "read files and server again, and plan"),
    bound("former-scope", &[ESC], &[KeyContext::Failed], Action::Task(Task::FormerScope), (1, "back"), "plan again what was planned before `:target` or `:context`").when(has_former_scope, "nothing else was planned before"),
    bound("retry", &[Key::char('r')], &[KeyContext::Trouble], Action::Task(Task::Retry), (1, "retry"), "plan again and offer what is left"),
    bound("re-plan", &[Key::char('r')], &[KeyContext::Done], Action::Task(Task::Replan), (4, "re-plan"), "read files and server again, and plan"),
    bound("secrets", &[Key::char('s')], BOARD, Action::Dialog(DialogAction::Secrets), (7, "secrets"), "secrets: where each is used and where it comes from"),
    bound("push-secrets", &[Key::char('P')], REVIEW, Action::Dialog(DialogAction::Push), (0, ""), "push secrets to the server: those that it lacks, and those that differ there; shows them first").when(can_push, "the files use no secret"),
    bound("edit", &[Key::char('e')], &[KeyContext::Review, KeyContext::Pull, KeyContext::Done, KeyContext::Trouble], Action::Task(Task::Edit), (8, "edit"), "open the file in $EDITOR at the row, or at the change on the screen, then plan again").when(can_edit, "no file declares this row"),
    bound("edit", &[Key::char('e')], &[KeyContext::Failed], Action::Task(Task::Edit), (2, "edit"), "open the file of the first problem in $EDITOR, then plan again").when(can_edit, "no file is to blame"),
    bound("log", &[Key::char('l')], RUN, Action::View(ViewOption::Log), (6, "log"), "the log of requests, or the detail"),
    bound("follow", &[Key::char('f')], &[KeyContext::Running], Action::View(ViewOption::Follow), (7, "follow"), "the cursor follows the work, or stays"),
    bound("side-by-side", &[Key::char('d')], BOARD, Action::View(ViewOption::SideBySide), (10, "side by side"), "before and after side by side").when(on_row, "this line has no changes"),
    bound("zoom", &[Key::char('z')], BOARD, Action::View(ViewOption::Zoom), (0, ""), "one pane, or both").when(has_rows, "there are no rows"),
    bound("next-change", &[Key::char('n')], BOARD, Action::Move(Movement::NextChange), (7, "next"), "next change; in the detail the next hit of a search").when(has_rows, "there are no rows"),
    bound("previous-change", &[Key::char('N')], BOARD, Action::Move(Movement::PreviousChange), (0, ""), "previous change; in the detail the previous hit of a search").when(has_rows, "there are no rows"),
    bound("next-warning", &[Key::char('w')], &[KeyContext::Review, KeyContext::Pull, KeyContext::Running, KeyContext::Done], Action::Move(Movement::NextWarning), (8, "warning"), "next warning or restart").when(has_warning, "no warnings"),
    bound("next-warning", &[Key::char('w')], &[KeyContext::Trouble], Action::Move(Movement::NextWarning), (2, "failure"), "next failure").when(has_failures, "no row failed"),
    bound("changes-only", &[Key::char('c')], BOARD, Action::View(ViewOption::ChangesOnly), (9, "changes only"), "changes only, or everything").when(has_rows, "there are no rows"),
    quiet("next-hunk", &[Key::char(']')], BOARD, Action::Move(Movement::NextHunk), "next hunk of the detail"),
    quiet("previous-hunk", &[Key::char('[')], BOARD, Action::Move(Movement::PreviousHunk), "previous hunk of the detail"),
    quiet("more-context", &[Key::char('}')], BOARD, Action::View(ViewOption::MoreContext), "more unchanged lines around changed ones"),
    quiet("less-context", &[Key::char('{')], BOARD, Action::View(ViewOption::LessContext), "fewer unchanged lines around changed ones"),
    quiet("line-numbers", &[Key::char('#')], BOARD, Action::View(ViewOption::LineNumbers), "show or hide the line numbers of texts"),
    bound("equal-changes", &[Key::char('=')], BOARD, Action::View(ViewOption::EqualChanges), (0, ""), "put rows together that change in the same way, or back").when(has_rows, "there are no rows"),
    quiet("toggle-create", &[Key::char('1')], BOARD, Action::View(ViewOption::Kind(RowKind::Create)), "show or hide what is created"),
    quiet("toggle-update", &[Key::char('2')], BOARD, Action::View(ViewOption::Kind(RowKind::Update)), "show or hide what is updated"),
    quiet("toggle-unchanged", &[Key::char('3')], BOARD, Action::View(ViewOption::Kind(RowKind::Unchanged)), "show or hide what is unchanged"),
    quiet("toggle-drift", &[Key::char('4')], BOARD, Action::View(ViewOption::Kind(RowKind::ServerOnly)), "show or hide what only the server has"),
    quiet("unfold-all", &[Key::char('E')], BOARD, Action::View(ViewOption::UnfoldAll), "unfold everything"),
    quiet("fold-all", &[Key::char('C')], BOARD, Action::View(ViewOption::FoldAll), "fold everything"),
    quiet("copy-address", &[Key::char('y')], BOARD, Action::Task(Task::Copy), "copy the address"),
    quiet("copy-text", &[Key::char('Y')], BOARD, Action::Task(Task::CopyText), "copy the text of the detail"),
    quiet("up", &[Key::of(KeyCode::Up), Key::char('k')], SCROLLS, Action::Move(Movement::Up), "up"),
    quiet("down", &[Key::of(KeyCode::Down), Key::char('j')], SCROLLS, Action::Move(Movement::Down), "down"),
    quiet("page-up", &[Key::of(KeyCode::PageUp), Key::ctrl('b')], SCROLLS, Action::Move(Movement::PageUp), "page up"),
    quiet("page-down", &[Key::of(KeyCode::PageDown), Key::ctrl('f')], SCROLLS, Action::Move(Movement::PageDown), "page down"),
    quiet("first-line", &[Key::char('g'), Key::of(KeyCode::Home)], SCROLLS, Action::Move(Movement::First), "first line"),
    quiet("last-line", &[Key::char('G'), Key::of(KeyCode::End)], SCROLLS, Action::Move(Movement::Last), "last line"),
    quiet("left", &[Key::of(KeyCode::Left), Key::char('h')], BOARD, Action::Move(Movement::Left), "fold, or go to the parent"),
    // `l` goes right in the review only: in a run it opens the log.
    quiet("right", &[Key::of(KeyCode::Right)], BOARD, Action::Move(Movement::Right), "unfold, or go into the detail"),
    quiet("right", &[Key::char('l')], REVIEWS, Action::Move(Movement::Right), "unfold, or go into the detail"),
    bound("back", &[ESC], BOARD, Action::Move(Movement::Back), (1, "back"), "out of the range, the search, the zoom, the detail, the filter").when(can_go_back, ""),

    quiet("up", &[Key::of(KeyCode::Up)], TYPED, Action::Move(Movement::Up), "up"),
    quiet("down", &[Key::of(KeyCode::Down)], TYPED, Action::Move(Movement::Down), "down"),
    quiet("page-up", &[Key::of(KeyCode::PageUp)], TYPED, Action::Move(Movement::PageUp), "page up"),
    quiet("page-down", &[Key::of(KeyCode::PageDown)], TYPED, Action::Move(Movement::PageDown), "page down"),
    quiet("first-line", &[Key::of(KeyCode::Home)], TYPED, Action::Move(Movement::First), "first line"),
    quiet("last-line", &[Key::of(KeyCode::End)], TYPED, Action::Move(Movement::Last), "last line"),

    quiet("up", &[Key::of(KeyCode::Up)], &[KeyContext::Filter], Action::Move(Movement::Up), "up"),
    quiet("down", &[Key::of(KeyCode::Down)], &[KeyContext::Filter], Action::Move(Movement::Down), "down"),
    bound("enter", &[ENTER], &[KeyContext::Filter], Action::Dialog(DialogAction::Enter), (1, "keep"), "keep the filter and go back to the tree"),
    bound("close", &[ESC], &[KeyContext::Filter], Action::Dialog(DialogAction::Close), (2, "clear"), "clear the filter"),

    quiet("previous-hit", &[Key::of(KeyCode::Up)], &[KeyContext::Search], Action::Move(Movement::PreviousHit), "previous hit"),
    quiet("next-hit", &[Key::of(KeyCode::Down)], &[KeyContext::Search], Action::Move(Movement::NextHit), "next hit"),
    bound("enter", &[ENTER], &[KeyContext::Search], Action::Dialog(DialogAction::Enter), (1, "keep"), "keep the search and go back to the detail; n and N go from hit to hit"),
    bound("close", &[ESC], &[KeyContext::Search], Action::Dialog(DialogAction::Close), (2, "clear"), "end the search"),

    bound("yes", &[Key::char('y'), ENTER], &[KeyContext::Ask], Action::Dialog(DialogAction::Yes), (1, "apply"), "apply"),
    bound("close", &[ESC, Key::char('n'), Key::char('q')], &[KeyContext::Ask], Action::Dialog(DialogAction::Close), (2, "back"), "back to the review"),
    bound("enter", &[ENTER], &[KeyContext::Typed], Action::Dialog(DialogAction::Enter), (1, "apply"), "apply, once the word is typed"),
    bound("close", &[ESC], &[KeyContext::Typed], Action::Dialog(DialogAction::Close), (2, "back"), "back to the review"),
    bound("close", &[ESC, Key::char('n'), Key::char('q'), ENTER], &[KeyContext::Refused], Action::Dialog(DialogAction::Close), (1, "back"), "back to the review"),
    bound("yes", &[Key::char('y'), ENTER], &[KeyContext::Adopt], Action::Dialog(DialogAction::Yes), (1, "write"), "write the files"),
    bound("close", &[ESC, Key::char('n'), Key::char('q')], &[KeyContext::Adopt], Action::Dialog(DialogAction::Close), (2, "back"), "back to the review").when(can_close, ""),
    bound("enter", &[ENTER], &[KeyContext::Ignore], Action::Dialog(DialogAction::Enter), (1, "ignore"), "ignore it, once both lines are filled"),
    bound("other-line", &[TAB, Key::of(KeyCode::BackTab), Key::of(KeyCode::Up), Key::of(KeyCode::Down)], &[KeyContext::Ignore], Action::Dialog(DialogAction::OtherField), (2, "other line"), "the other line"),
    bound("close", &[ESC], &[KeyContext::Ignore], Action::Dialog(DialogAction::Close), (3, "back"), "back to the review"),
    bound("yes", &[Key::char('y'), ENTER], &[KeyContext::Leave], Action::Dialog(DialogAction::Yes), (1, "stop and leave"), "finish what is in flight, then leave"),
    bound("close", &[ESC, Key::char('n')], &[KeyContext::Leave], Action::Dialog(DialogAction::Close), (2, "stay"), "stay"),
    quiet("up", &[Key::of(KeyCode::Up), Key::ctrl('p')], &[KeyContext::Palette], Action::Move(Movement::Up), "up"),
    quiet("down", &[Key::of(KeyCode::Down), Key::ctrl('n')], &[KeyContext::Palette], Action::Move(Movement::Down), "down"),
    quiet("page-up", &[Key::of(KeyCode::PageUp)], &[KeyContext::Palette], Action::Move(Movement::PageUp), "page up"),
    quiet("page-down", &[Key::of(KeyCode::PageDown)], &[KeyContext::Palette], Action::Move(Movement::PageDown), "page down"),
    bound("enter", &[ENTER], &[KeyContext::Palette], Action::Dialog(DialogAction::Enter), (1, "run"), "run it"),
    bound("close", &[ESC], &[KeyContext::Palette], Action::Dialog(DialogAction::Close), (2, "close"), "close"),
    bound("close", &[ESC, Key::char('q'), Key::char('s')], &[KeyContext::Secrets], Action::Dialog(DialogAction::Close), (1, "close"), "close"),

    bound("push-secrets", &[Key::char('P')], &[KeyContext::Secrets], Action::Dialog(DialogAction::Push), (2, "push"), "push secrets to the server: those that it lacks, and those that differ there; shows them first").when(can_push, "secrets are pushed from the review, before a run"),
    bound("yes", &[Key::char('y'), ENTER], &[KeyContext::Push], Action::Dialog(DialogAction::Yes), (1, "push"), "push what the server lacks").when(push_creates, "the server lacks nothing that this machine has"),
    bound("replace", &[Key::char('R')], &[KeyContext::Push], Action::Dialog(DialogAction::Replace), (2, "replace too"), "also replace what differs on the server; asks for a word").when(push_replaces, "nothing differs on the server, or a guard refuses that it is replaced"),
    bound("close", &[ESC, Key::char('n'), Key::char('q')], &[KeyContext::Push], Action::Dialog(DialogAction::Close), (3, "back"), "back to the review").when(can_close, ""),
    bound("enter", &[ENTER], &[KeyContext::PushTyped], Action::Dialog(DialogAction::Enter), (1, "push"), "push, once the word is typed"),
    bound("close", &[ESC], &[KeyContext::PushTyped], Action::Dialog(DialogAction::Close), (2, "back"), "back to the review"),

    bound("help", &[Key::char('?'), Key::char(':'), Key::ctrl('p')], NOT_TYPED, Action::Dialog(DialogAction::Help), (11, "help"), "every action by name; what is typed narrows the list, enter runs"),
    bound("quit", &[Key::char('q')], NOT_TYPED, Action::Process(Process::Quit), (12, "quit"), "leave; asks while something runs"),
    quiet("interrupt", &[Key::ctrl('c')], &KeyContext::ALL, Action::Process(Process::Interrupt), "stop: once gently, twice at once"),
    quiet("suspend", &[Key::ctrl('z')], &KeyContext::ALL, Action::Process(Process::Suspend), "suspend; `fg` comes back"),
    quiet("redraw", &[Key::ctrl('l')], &KeyContext::ALL, Action::Process(Process::Redraw), "draw everything again"),
];
