//! Drives the model of the screen without its loop: answers effects at once from a canned plan, renders to text.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use lobuctl::plan::Plan;
use lobuctl::tui::key::Key;
use lobuctl::tui::update::update;
use lobuctl::tui::view::view;
use lobuctl::tui::{Effect, LoadStep, Message, Model, Refusal, TuiExit, TuiOptions};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Modifier, Style};

use super::canned;

/// A model, and what it asked of its surroundings.
pub struct ModelDriver {
    pub model: Model,
    pub plan: Plan,
    /// Texts that were copied to the clipboard.
    pub copied: Vec<String>,
    /// How the screen was left, if it was.
    pub exit: Option<TuiExit>,
    /// What the guards say about every selection.
    pub refusal: Option<Refusal>,
    /// Whether newer plans are used by the workbench.
    pub takes_plans: bool,
    /// Effects that this driver does not answer.
    pub left: Vec<Effect>,
}

impl ModelDriver {
    /// Returns the loading screen.
    pub fn start(width: u16, height: u16, options: &TuiOptions) -> Self {
        Self {
            model: Model::new(options, width, height),
            plan: canned::plan(),
            copied: Vec::new(),
            exit: None,
            refusal: None,
            takes_plans: true,
            left: Vec::new(),
        }
    }

    /// Returns the review of the canned plan.
    pub fn review(width: u16, height: u16) -> Self {
        let options = TuiOptions {
            editor: Some("vi".to_owned()),
            ..TuiOptions::default()
        };
        Self::start(width, height, &options).loaded()
    }

    /// Returns the review of another plan.
    pub fn of(plan: Plan, width: u16, height: u16) -> Self {
        let mut driver = Self::start(width, height, &TuiOptions::default());
        driver.plan = plan;
        driver.loaded()
    }

    /// Delivers the plan.
    pub fn loaded(mut self) -> Self {
        let loaded = canned::loaded(self.plan.clone());
        self.send(Message::LoadStep(LoadStep::done("read lobu.toml", "4 agents")));
        self.send(Message::Loaded(Box::new(Ok(loaded))));
        self
    }

    /// Presses keys.
    pub fn keys(mut self, script: &str) -> Self {
        for key in Key::script(script) {
            self.send(Message::Key(key));
        }
        self
    }

    /// Sends a message, and answers the effects that follow.
    pub fn send(&mut self, message: Message) {
        for effect in update(&mut self.model, message) {
            self.answer(effect);
        }
    }

    fn answer(&mut self, effect: Effect) {
        match effect {
            Effect::Replan(prune) => {
                let plan = canned::pruned(&self.plan, &prune);
                self.send(Message::Replanned(Box::new(Some(plan))));
            }
            Effect::Compare { row, style } => {
                let lines = lobuctl::tui::detail::compare(&row, style);
                let address = row.address.clone();
                self.send(Message::Compared { address, style, lines });
            }
            Effect::TakePlan(number) => self.send(Message::PlanTaken {
                number,
                taken: self.takes_plans,
            }),
            Effect::Check(_) => self.send(Message::Checked(self.refusal.clone())),
            Effect::Copy(text) => self.copied.push(text),
            Effect::Quit(exit) => self.exit = Some(exit),
            other => self.left.push(other),
        }
    }

    /// Returns the screen as a buffer.
    pub fn buffer(&self) -> Buffer {
        let (width, height) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view(&self.model, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// Returns the screen as text.
    pub fn text(&self) -> String {
        text(&self.buffer())
    }

    /// Returns the screen as text, with the styles of each line below it.
    pub fn styled(&self) -> String {
        let buffer = self.buffer();
        let lines = text(&buffer);
        let mut out = String::new();
        for (y, line) in lines.lines().enumerate() {
            out.push_str(line);
            out.push('\n');
            let styles = styles(&buffer, y as u16);
            if !styles.is_empty() {
                out.extend(["    ", &styles, "\n"]);
            }
        }
        out
    }
}

/// Returns the characters of a buffer, without blanks at the ends of lines.
pub fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let line = |y: u16| {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..area.width {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        line.trim_end().to_owned()
    };
    (0..area.height).map(line).collect::<Vec<_>>().join("\n")
}

/// Returns the runs of one style on a line, as `2-5 green bold`.
fn styles(buffer: &Buffer, y: u16) -> String {
    let mut runs: Vec<(u16, u16, String)> = Vec::new();
    for x in 0..buffer.area.width {
        let words = style_words(buffer[(x, y)].style());
        match runs.last_mut() {
            Some((_, end, known)) if *known == words => *end = x,
            _ => runs.push((x, x, words)),
        }
    }
    let styled = runs.iter().filter(|(.., words)| !words.is_empty());
    styled
        .map(|(from, to, words)| format!("{from}-{to} {words}"))
        .collect::<Vec<_>>()
        .join(" | ")
}

fn style_words(style: Style) -> String {
    let mut words = Vec::new();
    for (name, color) in [("", style.fg), ("on ", style.bg)] {
        if let Some(color) = color.filter(|color| *color != ratatui::style::Color::Reset) {
            words.push(format!("{name}{color}").to_lowercase());
        }
    }
    for (name, modifier) in [
        ("bold", Modifier::BOLD),
        ("dim", Modifier::DIM),
        ("underlined", Modifier::UNDERLINED),
        ("reversed", Modifier::REVERSED),
    ] {
        if style.add_modifier.contains(modifier) {
            words.push(name.to_owned());
        }
    }
    words.join(" ")
}

/// Returns a mouse event at a column and a row.
pub fn mouse(kind: MouseEventKind, column: u16, row: u16) -> Message {
    Message::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    })
}

/// Returns a click of the left button.
pub fn click(column: u16, row: u16) -> Message {
    mouse(MouseEventKind::Down(MouseButton::Left), column, row)
}

/// Returns one notch of the wheel downwards.
pub fn wheel_down(column: u16, row: u16) -> Message {
    mouse(MouseEventKind::ScrollDown, column, row)
}
