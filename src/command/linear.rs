//! The review without a screen: one question, and every decision that the screen offers as an answer to it.
//!
//! End of input is no. What is marked for deletion or left out is shown again before anything is written.

use std::collections::BTreeSet;
use std::io::Write;

use super::console::Console;
use super::plan::targeted;
use super::signal::Interrupt;
use super::workspace::{Workspace, problems_failure};
use crate::cli::ApplyArgs;
use crate::failure::Failure;
use crate::plan::{ChangeKind, Counts, Draft, Pattern, Plan, Prune, Row, Selection, Verb};
use crate::resource::Address;
use crate::show::change::{Detail, row_details};
use crate::show::plan::{PlanView, plan_lines};
use crate::show::row::row_line;
use crate::show::word::plural;
use crate::show::{Line, Role};

/// What the person decided.
pub enum Decision {
    /// Write these rows of this plan.
    Apply(Box<Draft>, Selection),
    /// Read files and server again.
    Reload,
    /// Write nothing.
    No,
}

/// A plan under review.
pub struct Linear<'a> {
    /// Where the person sits.
    pub console: &'a Console,
    /// What is planned from.
    pub workspace: &'a Workspace,
    /// What the command line says.
    pub arguments: &'a ApplyArgs,
    /// Ctrl-C ends the review.
    pub interrupt: &'a Interrupt,
    /// The organisation's name where it has to be typed.
    pub protected: Option<&'a str>,
}

struct State {
    draft: Draft,
    prune: BTreeSet<Address>,
    chosen: BTreeSet<Address>,
}

const HELP: &str = "  y                  apply what is selected
  n, or nothing      write nothing
  only PATTERN…      select these rows and what they need, such as `only platform.triage.*`
  without PATTERN…   leave these rows out
  all                select everything again
  delete PATTERN…    delete what only the server has: these rows, or the drifted fields of these rows
  keep PATTERN…      take that back
  show PATTERN…      these rows in full
  plan               the plan again
  secrets            every `$NAME`, where it is used and where its value comes from; never a value
  reload             read files and server again
";

impl Linear<'_> {
    /// Asks until there is a decision.
    ///
    /// # Errors
    /// When it is interrupted, or standard output is closed.
    pub async fn decide(&self, draft: Draft, selection: Selection) -> Result<Decision, Failure> {
        self.console
            .progress("`?` at the question shows what else can be answered");
        let mut state = State {
            draft,
            prune: BTreeSet::new(),
            chosen: selection.all(),
        };
        loop {
            let selection = Selection::of(&state.draft.plan, state.chosen.iter().cloned());
            let Some(answer) = self.ask(&question(&state.draft.plan, &selection)).await? else {
                return Ok(Decision::No);
            };
            let mut words = answer.split_whitespace();
            match (words.next().unwrap_or("n"), words.collect::<Vec<_>>().as_slice()) {
                ("y" | "Y" | "yes" | "YES" | "Yes", []) if selection.all().is_empty() => {
                    self.say("nothing is selected");
                }
                ("y" | "Y" | "yes" | "YES" | "Yes", []) => return self.confirmed(state.draft, selection).await,
                ("n" | "N" | "no" | "q" | "quit", []) => return Ok(Decision::No),
                ("reload" | "r", []) => return Ok(Decision::Reload),
                ("?" | "help", []) => self.say(HELP.trim_end()),
                (word, patterns) => self.adjust(&mut state, word, patterns)?,
            }
        }
    }

    async fn confirmed(&self, draft: Draft, selection: Selection) -> Result<Decision, Failure> {
        if let Some(organization) = self.protected {
            let question = format!("`{organization}` is protected. Type its name to apply: ");
            if self.ask(&question).await?.as_deref().map(str::trim) != Some(organization) {
                return Ok(Decision::No);
            }
        }
        Ok(Decision::Apply(Box::new(draft), selection))
    }

    fn adjust(&self, state: &mut State, word: &str, patterns: &[&str]) -> Result<(), Failure> {
        let everything = || Selection::everything(&state.draft.plan).all();
        match word {
            "all" => state.chosen = everything(),
            "plan" => return self.show_plan(&state.draft.plan),
            "secrets" => return self.show_secrets(),
            "only" | "without" | "delete" | "keep" | "show" => {
                let Some(matched) = self.matched(&state.draft.plan, patterns) else {
                    return Ok(());
                };
                return self.adjust_rows(state, word, matched);
            }
            _ => self.say("`y`, `n`, or `?` for what else can be answered"),
        }
        Ok(())
    }

    fn adjust_rows(&self, state: &mut State, word: &str, matched: BTreeSet<Address>) -> Result<(), Failure> {
        match word {
            "only" => state.chosen = Selection::of(&state.draft.plan, matched).all(),
            "without" => state.chosen.retain(|address| !matched.contains(address)),
            "show" => return self.show_rows(&state.draft.plan, &matched),
            "delete" => {
                state.prune.extend(
                    matched
                        .iter()
                        .filter(|it| can_be_pruned(&state.draft.plan, it))
                        .cloned(),
                );
                return self.replan(state);
            }
            _ => {
                state.prune.retain(|address| !matched.contains(address));
                return self.replan(state);
            }
        }
        Ok(())
    }

    /// The plan with what is marked for deletion; rows that now write are selected.
    fn replan(&self, state: &mut State) -> Result<(), Failure> {
        let prune = if self.arguments.plan.prune {
            Prune::Everything
        } else {
            Prune::Only(state.prune.clone())
        };
        let mut draft = self
            .workspace
            .plan(prune)
            .map_err(|problems| problems_failure(&problems))?;
        let (_, shown) = targeted(&draft, &self.arguments.plan.target)?;
        draft.plan = shown;
        state.draft = draft;
        let marked = state
            .prune
            .iter()
            .filter(|address| state.draft.plan.row(address).is_some_and(Row::writes));
        state.chosen.extend(marked.cloned());
        self.show_plan(&state.draft.plan)
    }

    fn matched(&self, plan: &Plan, patterns: &[&str]) -> Option<BTreeSet<Address>> {
        let parsed: Result<Vec<Pattern>, _> = patterns.iter().map(|pattern| Pattern::parse(pattern)).collect();
        let matched: BTreeSet<Address> = match &parsed {
            Err(error) => {
                self.say(&error.to_string());
                return None;
            }
            Ok(parsed) => {
                let covered = |row: &&Row| parsed.iter().any(|pattern| pattern.covers(&row.address));
                plan.rows
                    .iter()
                    .filter(covered)
                    .map(|row| row.address.clone())
                    .collect()
            }
        };
        if matched.is_empty() {
            self.say("no row of this plan has such an address; addresses look like `platform.triage.telegram`");
            return None;
        }
        Some(matched)
    }

    fn show_plan(&self, plan: &Plan) -> Result<(), Failure> {
        self.console.lines(&plan_lines(
            plan,
            PlanView {
                all: self.arguments.plan.all,
                detail: Detail::PLAN,
            },
        ))
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

    fn show_secrets(&self) -> Result<(), Failure> {
        for secret in &self.workspace.project.secrets {
            let source = secret
                .source
                .as_ref()
                .map_or_else(|| "missing".to_owned(), super::review::source_words);
            let mut lines = vec![
                Line::at(0)
                    .push(Role::Strong, format!("${}", secret.name))
                    .plain(format!("  {source}")),
            ];
            for (origin, place) in &secret.places {
                let text = format!("{}:{}  {place}", origin.file.display(), origin.line);
                lines.push(Line::at(4).push(Role::Dim, text));
            }
            self.console.lines(&lines)?;
        }
        Ok(())
    }

    fn say(&self, text: &str) {
        let _ = writeln!(self.console.host.stderr.clone(), "{text}");
    }

    /// Asks one question; nothing at the end of input, or when nobody can have read the question.
    async fn ask(&self, question: &str) -> Result<Option<String>, Failure> {
        let mut err = self.console.host.stderr.clone();
        if err.write_all(question.as_bytes()).and_then(|()| err.flush()).is_err() {
            return Ok(None);
        }
        let stdin = self.console.host.stdin.clone();
        let read = async {
            let read = tokio::task::spawn_blocking(move || stdin.line().ok().flatten()).await;
            Ok(read.ok().flatten())
        };
        let answer = self.interrupt.or(read).await;
        if !matches!(answer, Ok(Some(_))) {
            let _ = writeln!(err);
        }
        answer
    }
}

fn can_be_pruned(plan: &Plan, address: &Address) -> bool {
    plan.row(address)
        .is_some_and(|row| row.verb == Verb::Drift || row.changes.iter().any(|change| change.kind == ChangeKind::Drift))
}

fn question(plan: &Plan, selection: &Selection) -> String {
    let rows = plan.rows.iter().filter(|row| selection.contains(&row.address));
    let counts = Counts::of(rows);
    let writing = plan.rows.iter().filter(|row| row.writes()).count();
    let selected = selection.all().len();
    let some = (selected < writing).then(|| format!("{selected} of {writing} rows are selected. "));
    let restarts =
        (counts.restart > 0).then(|| format!("This restarts {}. ", plural(counts.restart, "platform", "platforms")));
    let deletes =
        (counts.delete > 0).then(|| format!("This deletes {}. ", plural(counts.delete, "resource", "resources")));
    let parts = [some, restarts, deletes];
    format!("{}Apply? [y/N] ", parts.into_iter().flatten().collect::<String>())
}
