//! The loop: input, messages and a ticker in; frames and effects out.
//!
//! The loop handles everything that has arrived, then draws, at most every 16 ms. The ticker runs only while something
//! moves, so that an idle screen uses no CPU. Backend and [`TerminalHost`] are generic: the same loop runs in tests.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{BoxStream, StreamExt};
use futures_util::{FutureExt, future};
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::{Position, Rect};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::exit::TuiExit;
use super::key::Key;
use super::message::{EditRequest, Effect, Effects, Message};
use super::model::Model;
use super::options::TuiOptions;
use super::screen::Screen;
use super::terminal_host::{Input, TerminalHost};
use super::update::update;
use super::view::view;
use super::workbench::Workbench;
use super::{background, update};
use crate::show::watch::AGE_STEP;

/// The shortest time between two frames: 60 in a second.
const FRAME: Duration = Duration::from_millis(16);
/// The time between two ticks while something moves: one frame of the spinner.
const TICK: Duration = Duration::from_millis(100);
/// The time after which the age of the server's side is drawn anew when nothing else happens.
const AGING: Duration = Duration::from_millis(AGE_STEP);
/// How long quitting during a run waits for the run's last events. The requests have been abandoned by then.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// Shows the screen until the user quits.
pub async fn drive<B: Backend, O: TerminalHost>(
    terminal: &mut Terminal<B>,
    host: &mut O,
    workbench: Arc<dyn Workbench>,
    options: &TuiOptions,
) -> TuiExit {
    let size = terminal.size().unwrap_or_default();
    let (sender, messages) = unbounded_channel();
    let mut driver = Driver {
        model: Model::new(options, size.width, size.height),
        input: host.input(),
        terminal,
        host,
        workbench,
        sender,
        messages,
        started: Instant::now(),
        drawn: None,
        dirty: true,
        blind: false,
        watching: None,
    };
    let mut first = vec![Effect::Load(super::workbench::LoadRequest::default())];
    if options.watch {
        first.push(Effect::Watch(true));
    }
    driver.draw();
    let exit = match driver.carry_out(first).await {
        Some(exit) => exit,
        None => driver.turn().await,
    };
    driver.watch(false);
    exit
}

struct Driver<'a, B: Backend, O: TerminalHost> {
    model: Model,
    input: BoxStream<'static, Input>,
    terminal: &'a mut Terminal<B>,
    host: &'a mut O,
    workbench: Arc<dyn Workbench>,
    sender: UnboundedSender<Message>,
    messages: UnboundedReceiver<Message>,
    started: Instant,
    /// When the last frame was drawn.
    drawn: Option<Instant>,
    /// Whether something has changed since then.
    dirty: bool,
    /// Whether drawing has failed. The loop goes on without frames, so that a run can end.
    blind: bool,
    /// The task that follows files and server.
    watching: Option<AbortHandle>,
}

/// What ended one wait of the loop.
enum Arrived {
    Message(Message),
    /// `None` when the input has ended.
    Input(Option<Input>),
    Tick,
    /// A change that came too soon after the last frame can be drawn now.
    FrameDue,
}

impl<B: Backend, O: TerminalHost> Driver<'_, B, O> {
    async fn turn(&mut self) -> TuiExit {
        let mut ticker = tokio::time::interval(TICK);
        // After an idle time one tick is due, not one for each that was missed.
        ticker.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let arrived = self.next(&mut ticker).await;
            if let Some(exit) = self.take(arrived).await {
                return exit;
            }
            if self.dirty && self.frame_due().is_none() {
                self.draw();
            }
        }
    }

    async fn next(&mut self, ticker: &mut tokio::time::Interval) -> Arrived {
        let moving = self.model.is_moving();
        let ages = self.model.watch.is_some() && !moving;
        let due = self.dirty.then(|| self.frame_due()).flatten();
        let frame = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => future::pending().await,
            }
        };
        // `select!` drops those that are not ready: each of them loses nothing when it is dropped while it waits. `recv`
        // does not end, because the driver holds a sender itself.
        tokio::select! {
            Some(message) = self.messages.recv() => Arrived::Message(message),
            input = self.input.next() => Arrived::Input(input),
            () = frame => Arrived::FrameDue,
            _ = ticker.tick(), if moving => Arrived::Tick,
            () = tokio::time::sleep(AGING), if ages => Arrived::Tick,
        }
    }

    /// Returns when the next frame may be drawn, or `None` if that is now.
    fn frame_due(&self) -> Option<Instant> {
        let due = self.drawn? + FRAME;
        (due > Instant::now()).then_some(due)
    }

    /// Handles what arrived and everything queued behind it.
    async fn take(&mut self, arrived: Arrived) -> Option<TuiExit> {
        // The clock comes first: what arrived may open a screen whose times count from now.
        let now = self.started.elapsed().as_millis() as u64;
        let mut effects = update(&mut self.model, Message::Clock(now));
        match arrived {
            Arrived::FrameDue => return self.carry_out(effects).await,
            Arrived::Tick => {}
            Arrived::Message(message) => effects.extend(update(&mut self.model, message)),
            Arrived::Input(input) => effects.extend(self.react(input)),
        }
        self.dirty = true;
        while let Ok(message) = self.messages.try_recv() {
            effects.extend(update(&mut self.model, message));
        }
        if let Some(exit) = self.carry_out(effects).await {
            return Some(exit);
        }
        self.drain_input().await
    }

    /// Handles keys that were pressed during the last frame. The effects of each are carried out before the next is read,
    /// because it may open a dialog or the editor that the next key belongs to.
    async fn drain_input(&mut self) -> Option<TuiExit> {
        while let Some(Some(input)) = self.input.next().now_or_never() {
            let effects = self.react(Some(input));
            if let Some(exit) = self.carry_out(effects).await {
                return Some(exit);
            }
        }
        None
    }

    fn react(&mut self, input: Option<Input>) -> Effects {
        let message = match input {
            Some(Input::Terminal(event)) => translate(event),
            Some(Input::Interrupt) => Some(Message::Key(Key::ctrl('c'))),
            Some(Input::Terminate) => Some(Message::Terminate),
            Some(Input::Continued) => {
                self.host.resume();
                self.refresh();
                None
            }
            None => {
                // The ended stream would be ready again and again while the run finishes.
                self.input = futures_util::stream::pending().boxed();
                Some(Message::Terminate)
            }
        };
        message
            .map(|message| update(&mut self.model, message))
            .unwrap_or_default()
    }

    async fn carry_out(&mut self, effects: Effects) -> Option<TuiExit> {
        let mut waiting = VecDeque::from(effects);
        while let Some(effect) = waiting.pop_front() {
            // The workbench answers these at once. The model gets the answer before the next key is read: a key
            // that was typed ahead must not confirm what a guard is about to refuse, nor select rows of an older plan.
            let answer = match effect {
                Effect::Replan(prune) => Message::Replanned(Box::new(self.workbench.replan(&prune))),
                Effect::TakePlan(number) => Message::PlanTaken {
                    number,
                    taken: self.workbench.take_plan(number),
                },
                Effect::Check(request) => Message::Checked(self.workbench.check(&request)),
                Effect::Quit(exit) => return Some(self.drain_run(exit).await),
                other => {
                    self.effect(other).await;
                    continue;
                }
            };
            waiting.extend(update(&mut self.model, answer));
        }
        None
    }

    async fn effect(&mut self, effect: Effect) {
        let sender = self.sender.clone();
        match effect {
            Effect::Load(request) => background::load(self.workbench.as_ref(), request, sender),
            Effect::Apply(request, cancel) => background::apply(self.workbench.as_ref(), request, cancel, sender),
            Effect::Compare { row, style } => background::compare(row, style, sender),
            Effect::Adopt(request) => background::adopt(self.workbench.as_ref(), request, sender),
            Effect::WriteAdopted(request) => background::write_adopted(self.workbench.as_ref(), request, sender),
            Effect::CompareSecrets(page) => background::compare_secrets(self.workbench.as_ref(), page, sender),
            Effect::PushSecrets { page, replaces } => {
                background::push_secrets(self.workbench.as_ref(), page, replaces, sender);
            }
            Effect::Export(request) => background::export(self.workbench.as_ref(), request, sender),
            Effect::Ignore(request) => background::ignore(self.workbench.as_ref(), request, sender),
            Effect::Watch(follows) => self.watch(follows),
            Effect::ReadServer => self.workbench.read_server(),
            Effect::Copy(text) => self.host.copy(&text),
            Effect::Title(text) => self.host.set_title(&text),
            Effect::Announce(text) => self.host.announce(&text),
            Effect::Edit(request) => self.edit(&request).await,
            Effect::Suspend => self.suspend().await,
            Effect::Redraw => self.refresh(),
            // `carry_out` handles these.
            Effect::Replan(_) | Effect::Check(_) | Effect::TakePlan(_) | Effect::Quit(_) => {}
        }
    }

    fn watch(&mut self, follows: bool) {
        if let Some(task) = self.watching.take() {
            task.abort();
        }
        if follows {
            let task = background::watch(self.workbench.as_ref(), self.sender.clone());
            self.watching = Some(task);
        }
    }

    async fn edit(&mut self, request: &EditRequest) {
        // The old stream is dropped before the editor starts, because it would take keys that are meant for the editor.
        self.input = futures_util::stream::pending().boxed();
        let result = self.host.edit(request).await;
        self.input = self.host.input();
        self.refresh();
        let _ = self.sender.send(Message::Edited(result));
    }

    async fn suspend(&mut self) {
        self.input = futures_util::stream::pending().boxed();
        self.host.suspend().await;
        self.input = self.host.input();
        self.refresh();
    }

    /// Draws everything again, at the terminal's current size.
    fn refresh(&mut self) {
        // Not `clear`: that one asks the terminal where the cursor is, and the answer comes in as input.
        let size = self.terminal.size();
        let cleared = size.and_then(|size| self.terminal.resize(Rect::from((Position::ORIGIN, size))));
        self.blind |= cleared.is_err();
        self.dirty = true;
    }

    fn draw(&mut self) {
        self.dirty = false;
        self.drawn = Some(Instant::now());
        if self.blind {
            return;
        }
        if self.fit().and_then(|()| self.frame()).is_err() {
            // The terminal is gone: handle it as a hangup.
            self.blind = true;
            let _ = self.sender.send(Message::Terminate);
        }
    }

    /// Adapts to a size that changed before its resize event arrived.
    fn fit(&mut self) -> Result<(), B::Error> {
        let size = self.terminal.size()?;
        if self.model.size != (size.width, size.height) {
            let (width, height) = (size.width, size.height);
            // A resize has no other effect than comparing the row that comes into view.
            for effect in update(&mut self.model, Message::Resize { width, height }) {
                if let Effect::Compare { row, style } = effect {
                    background::compare(row, style, self.sender.clone());
                }
            }
        }
        Ok(())
    }

    fn frame(&mut self) -> Result<(), B::Error> {
        let model = &self.model;
        self.terminal.draw(|frame| view(model, frame)).map(|_| ())
    }

    /// Waits a moment for the last events of an abandoned run: without them, the summary would call rows unknown whose
    /// outcome the run knows.
    async fn drain_run(&mut self, exit: TuiExit) -> TuiExit {
        let is_running = |model: &Model| matches!(&model.screen, Screen::Run(run) if !run.has_ended());
        if !is_running(&self.model) {
            return exit;
        }
        let until = Instant::now() + DRAIN_TIMEOUT;
        while is_running(&self.model)
            && let Ok(Some(message)) = tokio::time::timeout_at(until, self.messages.recv()).await
        {
            // Effects are dropped: the screen closes.
            update(&mut self.model, message);
        }
        update::exit(&self.model, exit.ending)
    }
}

fn translate(event: crossterm::event::Event) -> Option<Message> {
    use crossterm::event::Event;
    match event {
        Event::Key(key) => Key::from_event(key).map(Message::Key),
        Event::Mouse(mouse) => Some(Message::Mouse(mouse)),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Resize(width, height) => Some(Message::Resize { width, height }),
        Event::FocusGained => Some(Message::Focused),
        Event::FocusLost => None,
    }
}
