//! Where a sign-in goes, and what comes of it.

use crate::cli::Common;
use crate::command::console::Console;
use crate::command::context::check_name;
use crate::failure::Failure;
use crate::remote::AccountOwner;
use crate::review::{ProjectHint, ReviewOptions, client_of, find_account, read_project, refresh_account};
use crate::session::{Account, LobuFolder, StoredCredential};

/// Where to sign in, and what the credential is stored for.
pub(super) struct LoginTarget {
    pub(super) account: Account,
    /// The name of the context, which may not exist yet.
    pub(super) context: String,
    /// The organization that the command line asks for.
    pub(super) asked_organization: Option<String>,
    pub(super) folder: LobuFolder,
}

/// A credential that the server has accepted, and its owner.
pub(super) struct AcceptedCredential {
    pub(super) credential: StoredCredential,
    pub(super) owner: AccountOwner,
}

impl LoginTarget {
    /// Finds the server, and checks that a credential for it could be stored.
    pub(super) async fn find(console: &Console, common: &Common) -> Result<Self, Failure> {
        let options = ReviewOptions::reading(&console.host, common);
        let loaded = read_project(&console.host, &options).ok();
        let hint = loaded.as_ref().map(ProjectHint::of).unwrap_or_default();
        let account = find_account(&console.host, &options.flags, hint)?;
        account.warnings.iter().for_each(|warning| console.warning(warning));
        let context = common.context.clone().or_else(|| account.context.clone());
        let context = context.unwrap_or_else(|| context_name(&account));
        check_name(&context)?;
        let folder = account.folder()?.clone();
        let target = Self {
            asked_organization: common.org.clone(),
            context,
            folder,
            account,
        };
        // Whatever keeps the credential from being stored is found before somebody approves it.
        target
            .folder
            .lock()
            .await?
            .check_context(&target.context, &target.account.url.value)?;
        Ok(target)
    }

    /// Returns whose the stored credential is. `None` when the server does not accept it.
    pub(super) async fn owner_of_stored(&self, console: &Console) -> Result<Option<AccountOwner>, Failure> {
        let mut account = self.account.clone();
        let Some(credential) = &account.credential else {
            return Ok(None);
        };
        account.use_credential(credential.clone());
        let refreshed = refresh_account(&console.host, &mut account).await;
        let (Ok(()), Ok(token)) = (&refreshed, account.token()) else {
            return Ok(None);
        };
        let client = client_of(&account, &console.host)?;
        match client.owner(token).await {
            Ok(owner) => Ok(Some(owner)),
            Err(error) if matches!(error.status(), Some(401 | 403)) => Ok(None),
            Err(error) => Err(unproven(&self.account, &error.to_string(), error.hint())),
        }
    }
}

/// Returns the failure of a sign-in whose credential the server has not accepted.
pub(super) fn unproven(account: &Account, why: &str, hint: Option<&str>) -> Failure {
    let mut failure = Failure::failed(format!("not signed in to {}", account.url.value));
    failure.causes.push(why.to_owned());
    failure.hints(hint.map(str::to_owned))
}

/// Returns the name of a context for a server that has none.
fn context_name(account: &Account) -> String {
    let host = account.url.value.host();
    host.chars().filter(|one| !matches!(one, '[' | ']')).collect()
}
