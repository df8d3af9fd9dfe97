//! Pushing secrets from the screen: the comparison and the request of `lobuctl secrets push`. The screen gets names and
//! fingerprints; the values stay here.

use std::collections::{BTreeMap, BTreeSet};

use crate::command::push_secrets::{StoredSecrets, project_values, store};
use crate::failure::Failure;
use crate::plan::{LocalSecret, PushPlan, PushStep, Rotation};
use crate::remote::Client;
use crate::review::PlanReview;
use crate::show::vault::{push_rows, push_summary, restart_failed_text, value_warning, written_line};
use crate::show::word::plural;
use crate::show::{Line, Role};
use crate::tui::SecretComparison;
use crate::wire::secret::WireSecretResult;

/// The number of secrets up to which each is named after a push.
const NAMED: usize = 2;

/// What is compared, copied from a review so that nothing is locked meanwhile.
pub(super) struct PushSource {
    client: Client,
    url: String,
    names: BTreeSet<String>,
    values: BTreeMap<String, LocalSecret>,
}

impl PushSource {
    pub(super) fn of(review: &PlanReview) -> Self {
        let workspace = review.workspace();
        let project = &workspace.project;
        Self {
            client: workspace.connection.client.clone(),
            url: workspace.connection.target.url.clone(),
            names: project.secrets.iter().map(|secret| secret.name.clone()).collect(),
            values: project_values(project),
        }
    }

    /// Compares the values here with those on the server. Returns how they compare, and the number of platforms that use what
    /// differs: they restart when it is replaced.
    pub(super) async fn compare(&self) -> Result<(PushPlan, usize), Failure> {
        let server = self.client.secrets().await.map_err(|error| {
            Failure::failed("the secrets on the server could not be read")
                .because(&error)
                .hints(error.hint())
        })?;
        let server = server.ok_or_else(|| {
            Failure::failed(format!(
                "{} keeps no secrets by name; `lobuctl secrets push` finds out whether it takes the keys of providers",
                self.url
            ))
        })?;
        let plan = PushPlan::of(&self.names, &self.values, &server, &Rotation::Differing);
        let replaced = |name: &String| {
            let mut steps = plan.steps.iter().filter(|step| step.replaces());
            steps.any(|step| step.write.name == *name)
        };
        let users = server.iter().filter(|secret| replaced(&secret.name));
        let platforms: BTreeSet<&String> = users.flat_map(|secret| &secret.used_by).collect();
        let restarts = platforms.len();
        Ok((plan, restarts))
    }
}

/// A comparison that the screen shows, and what is pushed when it is approved.
pub(super) struct ShownPush {
    /// The number of the page that shows it.
    pub(super) page: u64,
    pub(super) client: Client,
    pub(super) plan: PushPlan,
    /// Why a guard refuses that values are replaced.
    refusal: Option<Failure>,
}

impl ShownPush {
    pub(super) fn new(page: u64, source: &PushSource, plan: PushPlan, refusal: Option<Failure>) -> Self {
        let client = source.client.clone();
        Self {
            page,
            client,
            plan,
            refusal,
        }
    }

    /// Returns what the screen shows.
    pub(super) fn comparison(&self) -> SecretComparison {
        let differing = self.plan.steps.iter().filter(|step| step.replaces());
        let differing: Vec<String> = differing.map(|step| step.write.name.clone()).collect();
        let warnings = self.plan.steps.iter().filter_map(|step| {
            let warning = value_warning(&step.write.name, step.write.value()?)?;
            Some(Line::at(2).push(Role::Warning, warning))
        });
        SecretComparison {
            creates: self.plan.steps.len() - differing.len(),
            differing,
            refusal: self.refusal.as_ref().map(Failure::lines).unwrap_or_default(),
            summary: push_summary(&self.plan),
            lines: push_rows(&self.plan).into_iter().chain(warnings).collect(),
        }
    }

    /// Stores what the server lacks, and with `replaces` what differs too. Returns what became of it.
    pub(super) async fn carry_out(self, replaces: bool) -> Result<PushedText, Failure> {
        if let Some(refusal) = self.refusal.filter(|_| replaces) {
            return Err(refusal);
        }
        let steps = self.plan.steps.iter();
        let steps: Vec<&PushStep> = steps.filter(|step| replaces || !step.replaces()).collect();
        Ok(pushed_text(&store(&self.client, &steps).await?))
    }
}

/// What became of a push: an error where something has to be done about it.
pub(super) type PushedText = Result<String, String>;

/// Returns what the server has stored, after the platforms that run without it: a line may be cut at its end.
fn pushed_text(stored: &StoredSecrets) -> PushedText {
    let failed = stored.results.iter().flat_map(|result| &result.restart_failed);
    let failed: BTreeSet<&String> = failed.collect();
    let stored = stored_text(&stored.results);
    if failed.is_empty() {
        return Ok(stored);
    }
    let failed: Vec<String> = failed.into_iter().map(|id| restart_failed_text(id)).collect();
    Err(format!("{}; {stored}", failed.join("; ")))
}

/// Returns what was stored: each name where they fit a line, else how many.
fn stored_text(results: &[WireSecretResult]) -> String {
    if results.len() <= NAMED {
        let lines = results.iter();
        let lines: Vec<String> = lines
            .map(|result| written_line(&result.name, &result.action, None, &result.will_restart))
            .collect();
        return lines.join("; ");
    }
    let mut actions: BTreeMap<&str, usize> = BTreeMap::new();
    for result in results {
        *actions.entry(&result.action).or_default() += 1;
    }
    let restarted: BTreeSet<&String> = results.iter().flat_map(|result| &result.will_restart).collect();
    let counts = actions.iter().map(|(action, count)| format!("{count} {action}"));
    let restarts = plural(restarted.len(), "platform restarted", "platforms restarted");
    let restarts = (!restarted.is_empty()).then_some(restarts);
    counts.chain(restarts).collect::<Vec<_>>().join(", ")
}
