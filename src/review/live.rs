//! A plan that is made again from changed files, against the server as it was read.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use super::options::ReviewOptions;
use super::secret_memory::SecretMemory;
use super::server_names::refer_to_server;
use super::workspace::{Connection, Workspace, scope};
use super::{PlanReview, plan};
use crate::config::Project;
use crate::failure::Failure;
use crate::remote::Scope;
use crate::resource::{Address, State};
use crate::session::Session;

/// Everything that a plan is made from but the files. Owns all it needs: planning again holds up nobody.
pub struct LiveBasis {
    remote: Arc<State>,
    scope: Scope,
    connection: Connection,
    /// The names of the secrets on the server. `None` where this machine has all values.
    server_names: Option<Arc<BTreeSet<String>>>,
    options: ReviewOptions,
    secrets: Option<Arc<SecretMemory>>,
    prune: BTreeSet<Address>,
}

impl PlanReview {
    /// Returns what is needed to plan other files against the same reading of the server.
    pub fn basis(&self) -> LiveBasis {
        LiveBasis {
            remote: Arc::clone(&self.workspace.remote),
            scope: self.workspace.scope.clone(),
            connection: self.workspace.connection.clone(),
            server_names: self.workspace.server_names.clone(),
            options: self.options.clone(),
            secrets: self.workspace.secrets.clone(),
            prune: self.prune.clone(),
        }
    }
}

impl LiveBasis {
    /// Returns the same with these rows marked for deletion.
    pub fn marking(self, prune: &BTreeSet<Address>) -> Self {
        Self {
            prune: prune.clone(),
            ..self
        }
    }

    /// Returns the same on this day, which decides which drift is still ignored.
    pub fn on(self, today: Date) -> Self {
        Self {
            options: self.options.on(today),
            ..self
        }
    }

    /// Returns the rows that are marked for deletion.
    pub fn marked(&self) -> &BTreeSet<Address> {
        &self.prune
    }

    /// Whether the same server is meant, and everything was read of it that these files are compared with.
    pub fn suits(&self, project: &Project, session: &Session) -> bool {
        let target = &self.connection.target;
        target.organization == session.organization.value
            && target.url == session.url.value.to_string()
            && scope(project, &self.options) == self.scope
    }

    /// Compares the files with the server as it was read. The marks for deletion stay; sends no request.
    ///
    /// # Errors
    /// What the server is known to refuse.
    pub fn plan(self, project: Project, session: &Session) -> Result<PlanReview, Failure> {
        let mut project = project;
        refer_to_server(
            &mut project,
            self.server_names.as_deref(),
            &self.connection.target,
            &self.options,
        )?;
        let workspace = Workspace {
            project,
            server_names: self.server_names,
            undo: self.options.undo_draft(&self.remote),
            remote: self.remote,
            scope: self.scope,
            connection: self.connection,
            secrets: self.secrets,
        };
        let draft = plan(&workspace, &self.options, &self.prune)?;
        Ok(PlanReview::with(workspace, session, self.options, self.prune, draft))
    }
}
