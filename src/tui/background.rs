//! Work in background tasks. Results and panics arrive as messages.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use super::detail::{self, BodyLine, BodyStyle};
use super::message::Message;
use super::relay::relay;
use super::workbench::{AdoptRequest, ApplyRequest, ExportRequest, IgnoreRequest, LoadFailure, LoadRequest, Workbench};
use crate::apply::Cancel;
use crate::plan::Row;
use crate::show::{Line, Role};

/// Starts reading and planning. Sends [`Message::LoadStep`] for each step and [`Message::Loaded`] at the end.
pub(super) fn load(workbench: &dyn Workbench, request: LoadRequest, to: UnboundedSender<Message>) {
    let (sender, steps) = unbounded_channel();
    let work = workbench.load(request, sender);
    tokio::spawn(async move {
        let result = send_progress(work, steps, &to, Message::LoadStep).await;
        // Sending fails only when the loop has ended, here and below: then the result is not needed.
        let result = result.unwrap_or_else(|panic| Err(failure(&panic)));
        let _ = to.send(Message::Loaded(Box::new(result)));
    });
}

/// Starts a run. Sends [`Message::Run`] for each event and [`Message::RunEnded`] at the end.
pub(super) fn apply(workbench: &dyn Workbench, request: ApplyRequest, cancel: Cancel, to: UnboundedSender<Message>) {
    let (sender, events) = unbounded_channel();
    let work = workbench.apply(request, cancel, sender);
    tokio::spawn(async move {
        let result = send_progress(work, events, &to, Message::Run).await;
        let _ = to.send(Message::RunEnded(result.unwrap_or_else(Err)));
    });
}

/// Starts working out what an adoption writes. Sends [`Message::Adoption`] at the end.
pub(super) fn adopt(workbench: &dyn Workbench, request: AdoptRequest, to: UnboundedSender<Message>) {
    let wrap = {
        let request = request.clone();
        |result| Message::Adoption { request, result }
    };
    answer(workbench.adopt(request), to, wrap);
}

/// Starts writing an adoption. Sends [`Message::Adopted`] at the end.
pub(super) fn write_adopted(workbench: &dyn Workbench, request: AdoptRequest, to: UnboundedSender<Message>) {
    answer(workbench.write_adopted(request), to, Message::Adopted);
}

/// Starts comparing the secrets with those on the server. Sends [`Message::SecretsCompared`] at the end.
pub(super) fn compare_secrets(workbench: &dyn Workbench, page: u64, to: UnboundedSender<Message>) {
    answer(workbench.compare_secrets(page), to, move |result| {
        Message::SecretsCompared { page, result }
    });
}

/// Starts pushing secrets. Sends [`Message::SecretsPushed`] at the end.
pub(super) fn push_secrets(workbench: &dyn Workbench, page: u64, replaces: bool, to: UnboundedSender<Message>) {
    answer(workbench.push_secrets(page, replaces), to, Message::SecretsPushed);
}

/// Starts writing the plan into a file. Sends [`Message::Exported`] at the end.
pub(super) fn export(workbench: &dyn Workbench, request: ExportRequest, to: UnboundedSender<Message>) {
    answer(workbench.export(request), to, Message::Exported);
}

/// Starts changing which drift is ignored. Sends [`Message::Ignored`] at the end.
pub(super) fn ignore(workbench: &dyn Workbench, request: IgnoreRequest, to: UnboundedSender<Message>) {
    answer(workbench.ignore(request), to, |result| {
        Message::Ignored(Box::new(result))
    });
}

/// Runs work that has no progress, and sends its result as a message. A panic becomes an error.
fn answer<T: Send + 'static>(
    work: BoxFuture<'static, Result<T, String>>,
    to: UnboundedSender<Message>,
    wrap: impl FnOnce(Result<T, String>) -> Message + Send + 'static,
) {
    tokio::spawn(async move {
        let result = AssertUnwindSafe(work).catch_unwind().await;
        let result = result.unwrap_or_else(|panic| Err(message(panic.as_ref())));
        let _ = to.send(wrap(result));
    });
}

/// Starts to follow files and server. Sends [`Message::Watched`] for all news until it is aborted.
pub(super) fn watch(workbench: &dyn Workbench, to: UnboundedSender<Message>) -> AbortHandle {
    let (sender, news) = unbounded_channel();
    let work = workbench.watch(sender);
    let task = tokio::spawn(async move {
        // A panic ends it; the screen keeps its plan, and `r` plans again.
        let _ = send_progress(work, news, &to, Message::Watched).await;
    });
    task.abort_handle()
}

/// Starts comparing the long texts of a row. Sends [`Message::Compared`] at the end.
pub(super) fn compare(row: Box<Row>, style: BodyStyle, to: UnboundedSender<Message>) {
    // Comparing is computation only, and would keep a thread of the runtime from everything else.
    tokio::task::spawn_blocking(move || {
        let compared = std::panic::catch_unwind(AssertUnwindSafe(|| detail::compare(&row, style)));
        let lines = compared.unwrap_or_else(|panic| {
            let message = message(panic.as_ref());
            vec![BodyLine::from(Line::default().push(Role::Error, message))]
        });
        let _ = to.send(Message::Compared {
            address: row.address,
            style,
            lines,
        });
    });
}

/// Runs the work and sends its progress as messages. A panic becomes an error.
async fn send_progress<T, N>(
    work: BoxFuture<'static, T>,
    progress: UnboundedReceiver<N>,
    to: &UnboundedSender<Message>,
    wrap: fn(N) -> Message,
) -> Result<T, String> {
    // Safe to assert: the work is dropped after a panic, and only the panic's message is used.
    let work = AssertUnwindSafe(work).catch_unwind();
    let result = relay(work, progress, |step| drop(to.send(wrap(step)))).await;
    result.map_err(|panic| message(panic.as_ref()))
}

/// Returns the message of a panic: `panic!` carries a `&str`, or a `String` when it has arguments.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("internal error: {}", text.unwrap_or("no message"))
}

fn failure(message: &str) -> LoadFailure {
    LoadFailure {
        lines: vec![Line::default().push(Role::Error, message)],
        origin: None,
    }
}
