//! The review without a screen: one question, and every decision that the screen offers as an answer to it.
//!
//! End of input is no. What is marked for deletion or left out is shown again before anything is written.

use std::collections::BTreeSet;
use std::io::Write;

use super::console::Console;
use super::signal::Interrupt;
use crate::failure::Failure;
use crate::plan::{Plan, Row, Selection};
use crate::resource::{Address, Pattern};
use crate::review::{Consent, PlanReview};
use crate::show::change::{Detail, row_details};
use crate::show::plan::PlanView;
use crate::show::preview::ApplyPreview;
use crate::show::row::row_line;
use crate::show::secret::{source_or_missing, source_text};
use crate::show::selection::Checkbox;
use crate::show::{Line, Role};

/// The decision that ends the questions about one plan.
pub(super) enum Decision {
    /// Write what is selected.
    Apply(Consent),
    /// Read files and server again.
    Reload,
    /// Write nothing, and end with the exit code of a declined plan.
    No,
}

/// The questions about one plan.
pub(super) struct PlainReview<'a> {
    /// The streams of the question and its answers.
    pub console: &'a Console,
    /// Ctrl-C ends the review.
    pub interrupt: &'a Interrupt,
    /// Whether unchanged rows are shown one by one.
    pub all_rows: bool,
}

const HELP: &str =
    "  y                  apply what is selected; `yes` in full where something restarts, may restart or is deleted
  n, or nothing      write nothing
  only PATTERN…      select these rows and what they need, such as `only platform.triage.*`
  without PATTERN…   leave these rows out
  all                select everything again
  delete PATTERN…    delete what only the server has: these rows, or the drifted fields of these rows
  keep PATTERN…      take that back
  show PATTERN…      these rows in full
  plan               the plan again, and which rows are selected: [x] selected, [+] needed, [ ] left out
  secrets            every `$NAME`, where it is used and where its value comes from; never a value
  reload             read files and server again
";

const NO_ROW: &str = "no row of this plan has such an address; addresses look like `platform.triage.telegram`";

impl PlainReview<'_> {
    /// Asks until there is a decision. The review has the selection that was decided on.
    ///
    /// # Errors
    /// When it is interrupted, or standard output is closed.
    pub(super) async fn decide(&self, review: &mut PlanReview) -> Result<Decision, Failure> {
        self.console
            .progress("`?` at the question shows what else can be answered");
        loop {
            let question = question(review);
            let Some(answer) = ask(self.console, self.interrupt, &question).await? else {
                return Ok(Decision::No);
            };
            // An empty line is no, as the capital letter of `[y/N]` says.
            let mut words = answer.split_whitespace();
            match (words.next().unwrap_or("n"), words.collect::<Vec<_>>().as_slice()) {
                (word, []) if is_yes(word) => {
                    let typed_whole = answer.trim().len() > 1;
                    if let Some(decision) = self.agreed(review, typed_whole).await? {
                        return Ok(decision);
                    }
                }
                (word, []) if is_no(word) => return Ok(Decision::No),
                ("reload" | "r", []) => return Ok(Decision::Reload),
                ("?" | "help", []) => self.print(HELP.trim_end()),
                (word, patterns) => self.adjust(review, word, patterns)?,
            }
        }
    }

    /// Returns the decision, or `None` when this yes is not enough. A refusal of a guard ends the review.
    async fn agreed(&self, review: &PlanReview, typed_whole: bool) -> Result<Option<Decision>, Failure> {
        let selection = review.selection();
        if selection.all().is_empty() {
            self.print("nothing is selected");
            return Ok(None);
        }
        review.check()?;
        let preview = ApplyPreview::of(review.plan(), &selection, review.marked());
        if !typed_whole && preview.needs_typed_yes() {
            self.print("something is deleted, cleared or replaced, or may restart: type `yes` in full");
            return Ok(None);
        }
        let Some(organization) = review.protected() else {
            return Ok(Some(Decision::Apply(Consent::Answered)));
        };
        let question = format!("`{organization}` is protected. Type its name to apply: ");
        let typed = ask(self.console, self.interrupt, &question).await?.unwrap_or_default();
        Ok(Some(if typed.trim() == organization {
            Decision::Apply(Consent::TypedOrganization(organization.to_owned()))
        } else {
            Decision::No
        }))
    }

    fn adjust(&self, review: &mut PlanReview, word: &str, patterns: &[&str]) -> Result<(), Failure> {
        match word {
            "all" => review.select_everything(),
            "plan" => return self.show_selection(review),
            "secrets" => return self.show_secrets(review),
            "only" | "without" | "delete" | "keep" | "show" => {
                let addresses = review.plan().rows.iter().map(|row| &row.address);
                let Some(matched) = matched(self.console, addresses, patterns, NO_ROW) else {
                    return Ok(());
                };
                return self.adjust_rows(review, word, matched);
            }
            _ => self.print("`y`, `n`, or `?` for what else can be answered"),
        }
        Ok(())
    }

    fn adjust_rows(&self, review: &mut PlanReview, word: &str, matched: BTreeSet<Address>) -> Result<(), Failure> {
        match word {
            "only" => {
                review.select(matched);
                self.name_implied(&review.selection());
            }
            "without" => {
                review.leave_out(&matched);
                self.name_implied(&review.selection());
            }
            "show" => return self.show_rows(review.plan(), &matched),
            "delete" => {
                let deletable = matched.into_iter().filter(|it| can_be_pruned(review.plan(), it));
                let marked = review.marked().iter().cloned().chain(deletable).collect();
                review.mark(marked)?;
                return self.show_plan(review.plan());
            }
            // `keep`, the last of the words that `adjust` passes on.
            _ => {
                let marked = review.marked().difference(&matched).cloned().collect();
                review.mark(marked)?;
                return self.show_plan(review.plan());
            }
        }
        Ok(())
    }

    /// Names the rows that were not asked for and will be written all the same.
    fn name_implied(&self, selection: &Selection) {
        if !selection.implied.is_empty() {
            let names: Vec<String> = selection.implied.iter().map(ToString::to_string).collect();
            self.print(&format!("needed by what is selected: {}", names.join(", ")));
        }
    }

    /// Prints the plan, then each row that could be written with its checkbox.
    fn show_selection(&self, review: &PlanReview) -> Result<(), Failure> {
        self.show_plan(review.plan())?;
        let selection = review.selection();
        let mark = |address: &Address| {
            let checkbox = match address {
                it if selection.selected.contains(it) => Checkbox::Selected,
                it if selection.implied.contains(it) => Checkbox::Implied,
                _ => Checkbox::LeftOut,
            };
            checkbox.text().1
        };
        let rows = review.plan().rows.iter().filter(|row| row.writes());
        let lines: Vec<Line> = rows
            .map(|row| Line::at(2).plain(format!("{} {}", mark(&row.address), row.address)))
            .collect();
        self.console.lines(&lines)
    }

    fn show_plan(&self, plan: &Plan) -> Result<(), Failure> {
        let view = PlanView {
            all: self.all_rows,
            detail: Detail::PLAN,
        };
        self.console.plan_lines(plan, view)
    }

    fn show_rows(&self, plan: &Plan, addresses: &BTreeSet<Address>) -> Result<(), Failure> {
        for row in plan.rows.iter().filter(|row| addresses.contains(&row.address)) {
            let mut lines = vec![row_line(row)];
            if let Some(origin) = &row.origin {
                lines.push(Line::at(4).push(Role::Dim, format!("{}:{}", origin.file.display(), origin.line)));
            }
            lines.extend(row_details(row, Detail::FULL).into_iter().map(|mut line| {
                line.indent += 4;
                line
            }));
            self.console.lines(&lines)?;
        }
        Ok(())
    }

    fn show_secrets(&self, review: &PlanReview) -> Result<(), Failure> {
        for secret in &review.workspace().project.secrets {
            let source = secret.source.as_ref().map(source_text);
            let (role, source) = source_or_missing(source.as_deref());
            let mut lines = vec![
                Line::at(0)
                    .push(Role::Strong, format!("${}", secret.name))
                    .plain("  ")
                    .push(role, source),
            ];
            for (origin, key) in &secret.uses {
                let text = format!("{}:{}  {key}", origin.file.display(), origin.line);
                lines.push(Line::at(4).push(Role::Dim, text));
            }
            self.console.lines(&lines)?;
        }
        Ok(())
    }

    fn print(&self, text: &str) {
        print(self.console, text);
    }
}

/// Prints a line on standard error.
pub(super) fn print(console: &Console, text: &str) {
    // Nothing can be reported about a standard error that cannot be written to.
    let _ = writeln!(console.host.stderr.clone(), "{text}");
}

/// Whether an answer is a yes, in any case.
pub(super) fn is_yes(answer: &str) -> bool {
    let answer = answer.trim();
    ["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes))
}

/// Whether an answer is a no, in any case. Whoever leaves a question has said no.
pub(super) fn is_no(answer: &str) -> bool {
    let answer = answer.trim();
    ["n", "no", "q", "quit"]
        .iter()
        .any(|no| answer.eq_ignore_ascii_case(no))
}

/// Returns the addresses that the patterns of an answer cover. `None` when there are none, or one is no pattern; it is said
/// then, `nothing` for the former.
pub(super) fn matched<'a>(
    console: &Console,
    addresses: impl Iterator<Item = &'a Address>,
    patterns: &[&str],
    nothing: &str,
) -> Option<BTreeSet<Address>> {
    let parsed = match Pattern::parse_words(patterns) {
        Ok(parsed) => parsed,
        Err(error) => {
            print(console, &error.to_string());
            return None;
        }
    };
    let covered = addresses.filter(|address| parsed.iter().any(|pattern| pattern.covers(address)));
    let matched: BTreeSet<Address> = covered.cloned().collect();
    if matched.is_empty() {
        print(console, nothing);
        return None;
    }
    Some(matched)
}

/// Asks one question on standard error. Returns `None` at the end of input, or when the question could not be printed.
///
/// # Errors
/// When it is interrupted.
pub(super) async fn ask(console: &Console, interrupt: &Interrupt, question: &str) -> Result<Option<String>, Failure> {
    let mut err = console.host.stderr.clone();
    if err.write_all(question.as_bytes()).and_then(|()| err.flush()).is_err() {
        return Ok(None);
    }
    // A read that waits cannot be cancelled: after Ctrl-C its thread is left behind, and the process ends without it.
    let stdin = console.host.stdin.clone();
    let read = async {
        let read = tokio::task::spawn_blocking(move || stdin.line().ok().flatten()).await;
        Ok(read.ok().flatten())
    };
    let answer = interrupt.or(read).await;
    // The user has pressed no enter: what follows must not be on the line of the question.
    if !matches!(answer, Ok(Some(_))) {
        let _ = writeln!(err);
    }
    answer
}

fn can_be_pruned(plan: &Plan, address: &Address) -> bool {
    plan.row(address).is_some_and(Row::has_drift)
}

/// Returns the question: what applying would do, in the words of the screen's confirmation.
fn question(review: &PlanReview) -> String {
    let selection = review.selection();
    let preview = ApplyPreview::of(review.plan(), &selection, review.marked());
    let answer = if preview.needs_typed_yes() { "[yes/N]" } else { "[y/N]" };
    let sentence = match preview.sentence() {
        sentence if sentence.is_empty() => "nothing is selected".to_owned(),
        sentence => sentence,
    };
    let parts: Vec<String> = std::iter::once(sentence).chain(preview.left_out()).collect();
    format!("{}. Apply? {answer} ", parts.join("; "))
}
