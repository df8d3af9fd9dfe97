//! `lobuctl org`: lists the organizations of the person who is signed in, and chooses one for a context.

use serde_json::json;

use super::console::Console;
use super::signal::Interrupt;
use crate::cli::{Common, Format, OrgArgs, OrganizationCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::{AccountOwner, Membership};
use crate::review::{ReviewOptions, choose_account_here, client_of, owner_of};
use crate::session::{Account, SessionError};
use crate::show::printable;

/// Lists the organizations, or chooses one.
///
/// # Errors
/// When the server does not accept the token, or the person does not belong to the organization.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &OrgArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let mut options = ReviewOptions::reading(&console.host, common);
    let chosen = match &arguments.command {
        Some(OrganizationCommand::Use { slug }) => Some(slug),
        _ => None,
    };
    // The server is asked below the organization that is chosen: a token may be bound to it.
    if let Some(slug) = chosen {
        options.flags.org = Some(slug.clone());
    }
    let account = choose_account_here(&console.host, &options).await?;
    account.warnings.iter().for_each(|warning| console.warning(warning));
    let client = client_of(&account, &console.host)?;
    let owner = interrupt.or(owner_of(&account, &client)).await?;
    match chosen {
        Some(slug) => choose(console, &account, &owner, slug).await,
        None => list(console, &account, &owner),
    }
}

fn list(console: &Console, account: &Account, owner: &AccountOwner) -> Result<Exit, Failure> {
    let current = account.organization.as_ref().ok().map(|it| it.value.as_str());
    for Membership { slug, name, role } in &owner.organizations {
        let is_current = current == Some(slug.as_str());
        let value = json!({ "slug": slug, "name": name, "role": role, "current": is_current });
        console.object("organization", &value)?;
        if console.format == Format::Json {
            continue;
        }
        let sign = if is_current { '*' } else { ' ' };
        let role = role.as_deref().unwrap_or_default();
        let line = printable(&format!("{sign} {slug:<24} {name}  {role}"));
        console.text(line.trim_end())?;
        console.text("\n")?;
    }
    if owner.organizations.is_empty() {
        console.progress("the token belongs to no organization");
    }
    Ok(Exit::Done)
}

async fn choose(console: &Console, account: &Account, owner: &AccountOwner, slug: &str) -> Result<Exit, Failure> {
    let known: Vec<&str> = owner.organizations.iter().map(|it| it.slug.as_str()).collect();
    if !known.contains(&slug) {
        return Err(Failure::failed(format!("you do not belong to organization `{slug}`"))
            .hint(format!("you belong to: {}", known.join(", "))));
    }
    if let Some(bound) = owner.organization.as_ref().filter(|bound| *bound != slug) {
        return Err(
            Failure::failed(format!("the token works for organization `{bound}` only")).hint(format!(
                "sign in for the other one: `lobuctl login --force --org {slug}`"
            )),
        );
    }
    let Some(context) = &account.context else {
        let server = account.url.value.to_string();
        return Err(SessionError::NoContext { server }.into());
    };
    account.folder()?.lock().await?.use_organization(context, slug)?;
    console.progress(&format!(
        "organization `{slug}` is now the default of context `{context}`"
    ));
    Ok(Exit::Done)
}
