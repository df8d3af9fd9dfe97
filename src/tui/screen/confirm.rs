//! What will happen, in one sentence, and what has to be answered before it does.

use tui_input::Input;

use super::Review;
use crate::plan::{Impact, Row, Verb};

/// How the question is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// With a key.
    Key,
    /// By typing this word.
    Word(String),
}

/// The question before an apply.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// What will happen, where.
    pub sentence: String,
    /// What to be careful about, a line each.
    pub cautions: Vec<String>,
    /// How it is answered.
    pub answer: Answer,
    /// What was typed so far.
    pub input: Input,
}

impl Confirm {
    /// The question about what is selected.
    pub fn of(review: &Review) -> Self {
        let rows: Vec<&Row> = review.choice.rows().map(|row| &review.board.plan.rows[row]).collect();
        Self {
            sentence: sentence(review, &rows),
            cautions: cautions(review, &rows),
            answer: answer(review, &rows),
            input: Input::default(),
        }
    }

    /// Whether what was typed is what was asked for.
    pub fn is_answered(&self) -> bool {
        match &self.answer {
            Answer::Key => true,
            Answer::Word(word) => self.input.value().trim() == word,
        }
    }
}

fn answer(review: &Review, rows: &[&Row]) -> Answer {
    if review.board.facts.protected {
        return Answer::Word(review.board.plan.target.organization.clone());
    }
    let prune = &review.board.prune;
    let grave = |row: &&Row| row.impact.is_some() || row.verb == Verb::Delete || prune.contains(&row.address);
    let grave = rows.iter().any(grave);
    if grave {
        Answer::Word("yes".to_owned())
    } else {
        Answer::Key
    }
}

fn sentence(review: &Review, rows: &[&Row]) -> String {
    let counts = review.counts();
    let restarts: Vec<String> = rows
        .iter()
        .filter(|row| row.impact.is_some())
        .map(|row| row.address.id())
        .collect();
    let parts = [
        said("creates", counts.create),
        said("updates", counts.update),
        said("deletes", counts.delete),
        said("sends again", counts.recheck),
        restart_part(&restarts),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let title = &review.board.facts.title;
    format!("{}; {} at {}", parts.join(", "), title.organization, title.host)
}

fn said(verb: &str, count: usize) -> Option<String> {
    (count > 0).then(|| format!("{verb} {count}"))
}

fn restart_part(ids: &[String]) -> Option<String> {
    match ids {
        [] => None,
        [id] => Some(format!("restarts 1 platform ({id})")),
        [first, second] => Some(format!("restarts 2 platforms ({first}, {second})")),
        [first, ..] => Some(format!("restarts {} platforms ({first}, …)", ids.len())),
    }
}

fn cautions(review: &Review, rows: &[&Row]) -> Vec<String> {
    let mut cautions: Vec<String> = rows.iter().filter_map(|row| caution(row)).collect();
    let (_, along, _) = review.choice.numbers();
    if along > 0 {
        let rows = if along == 1 { "row comes" } else { "rows come" };
        cautions.push(format!(
            "{along} {rows} along because selected rows need {}",
            them(along)
        ));
    }
    let without = review.left_out().len() - along;
    if without > 0 {
        let rows = if without == 1 { "row stays" } else { "rows stay" };
        cautions.push(format!("{without} {rows} as {} on the server", they_are(without)));
    }
    cautions
}

fn them(count: usize) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

fn they_are(count: usize) -> &'static str {
    if count == 1 { "it is" } else { "they are" }
}

fn caution(row: &Row) -> Option<String> {
    let id = row.address.id();
    match (row.verb, row.impact) {
        (Verb::Delete, _) => Some(format!("deletes {} {id}", row.address.kind())),
        (_, Some(Impact::Replace)) => Some(format!("deletes {id} and puts it back: in-flight messages may drop")),
        (_, Some(Impact::Restart)) => Some(format!("restarts {id}: in-flight messages may drop")),
        _ => None,
    }
}
