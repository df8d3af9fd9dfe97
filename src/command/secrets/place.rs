//! Where the secrets are: the project that uses them, and the server that keeps them.

use std::collections::BTreeMap;

use crate::cli::Common;
use crate::command::console::Console;
use crate::command::signal::Interrupt;
use crate::config::{Project, SecretsCheck};
use crate::failure::Failure;
use crate::remote::RemoteError;
use crate::resource::ServerSecret;
use crate::review::{Connection, ProjectHint, ReviewOptions, choose_session, connect, read_project};

/// The project, if there is one, and the way to the server.
pub(super) struct SecretPlace {
    /// `None` without a `lobu.toml`, or with one that has errors.
    pub(super) project: Option<Project>,
    pub(super) connection: Connection,
}

impl SecretPlace {
    pub(super) async fn find(console: &Console, common: &Common) -> Result<Self, Failure> {
        let options = ReviewOptions {
            secrets_check: SecretsCheck::Off,
            ..ReviewOptions::reading(&console.host, common)
        };
        // Names can be given without a project; what is wrong with one is for `validate`.
        let loaded = read_project(&console.host, &options).ok();
        let hint = loaded.as_ref().map(ProjectHint::of).unwrap_or_default();
        let session = choose_session(&console.host, &options.flags, hint).await?;
        session.warnings.iter().for_each(|warning| console.warning(warning));
        let mut connection = connect(&session, &options)?;
        if let Some(log) = console.request_log()? {
            connection = connection.observed(Box::new(move |attempt| log.attempt(attempt)));
        }
        Ok(Self {
            project: loaded.and_then(|loaded| loaded.project),
            connection,
        })
    }

    /// Returns the keys of the files that use each name.
    pub(super) fn uses(&self) -> BTreeMap<String, Vec<String>> {
        let secrets = self.project.iter().flat_map(|project| &project.secrets);
        secrets
            .map(|secret| {
                let keys = secret.uses.iter().map(|(_, key)| key.clone()).collect();
                (secret.name.clone(), keys)
            })
            .collect()
    }

    /// Reads the secrets on the server.
    ///
    /// # Errors
    /// When the server keeps none by name, with what there is to do instead; nothing was sent then.
    pub(super) async fn secrets(&self, interrupt: &Interrupt) -> Result<Vec<ServerSecret>, Failure> {
        let found = self.secrets_if_kept(interrupt).await?;
        found.ok_or_else(|| self.unsupported("keeps no secrets by name"))
    }

    /// Reads the secrets on the server. Returns `None` when it keeps none by name.
    pub(super) async fn secrets_if_kept(&self, interrupt: &Interrupt) -> Result<Option<Vec<ServerSecret>>, Failure> {
        let read = async {
            self.connection
                .client
                .secrets()
                .await
                .map_err(|error| self.unread(&error))
        };
        interrupt.or(read).await
    }

    pub(super) fn unread(&self, error: &RemoteError) -> Failure {
        let message = format!(
            "the secrets of {} could not be read",
            self.connection.target.organization
        );
        let role = (error.status() == Some(403))
            .then_some("only owners and admins, with a token that has `mcp:admin`, see secrets");
        Failure::failed(message).because(error).hints(role.or(error.hint()))
    }

    /// Returns the failure of a server that lacks what a command needs, with what there is to do instead. No value was sent.
    pub(super) fn unsupported(&self, lacking: &str) -> Failure {
        let sent = self
            .project
            .iter()
            .flat_map(|project| &project.secrets)
            .filter(|secret| secret.sent);
        let sent: Vec<&str> = sent.map(|secret| secret.name.as_str()).collect();
        let failure = Failure::failed(format!("{} {lacking}; nothing was sent", self.connection.target.url));
        let by_apply = "`lobuctl apply` sends the values that platforms use, each with its platform";
        let by_apply = if sent.is_empty() {
            by_apply.to_owned()
        } else {
            format!("{by_apply}: {}", sent.join(", "))
        };
        failure.hints([by_apply, "`lobuctl serve` keeps secrets by name".to_owned()])
    }
}

/// Refuses what is no name. The text is not repeated: it may be a value that was given by mistake.
pub(super) fn check_names<'a>(names: impl IntoIterator<Item = &'a String>) -> Result<(), Failure> {
    let is_name = |name: &String| crate::config::referenced_secret(&format!("${name}")) == Some(name.as_str());
    if names.into_iter().all(is_name) {
        return Ok(());
    }
    let message = "a name has upper-case letters, digits and `_`, and begins with a letter";
    Err(Failure::usage(message).hint("values come from files and standard input, never from arguments"))
}
