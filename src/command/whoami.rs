//! `lobuctl whoami`: which server, organization and credentials are used, where each was set, and whose they are.

use serde_json::{Value, json};

use super::console::Console;
use super::signal::Interrupt;
use crate::cli::{Common, Format, WhoamiArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::AccountOwner;
use crate::review::{ReviewOptions, choose_account_here, client_of, find_account_here, owner_of};
use crate::session::{Account, Session, Sourced};
use crate::show::printable;
use crate::show::sign_in::{person_text, time_text};

/// Asks the server whose the token is, and prints it with what was set where. Offline, only the latter.
///
/// # Errors
/// When no server is set, the server does not accept the token, or, offline, no organization is set.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &WhoamiArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let options = ReviewOptions::reading(&console.host, common);
    let (account, owner) = if arguments.offline {
        let account = find_account_here(&console.host, &options)?;
        Session::of(account.clone())?;
        (account, None)
    } else {
        let account = choose_account_here(&console.host, &options).await?;
        account.token()?;
        let client = client_of(&account, &console.host)?;
        let owner = interrupt.or(owner_of(&account, &client)).await?;
        (account, Some(owner))
    };
    account.warnings.iter().for_each(|warning| console.warning(warning));
    console.object("session", &object(&account, owner.as_ref()))?;
    if console.format != Format::Json {
        console.text(&text(&account, owner.as_ref()))?;
    }
    Ok(Exit::Done)
}

fn object(account: &Account, owner: Option<&AccountOwner>) -> Value {
    let organization = account.organization.as_ref().ok();
    let mut value = json!({
        "url": account.url.value.to_string(), "url_from": account.url.source.to_string(),
        "organization": organization.map(|it| &it.value), "organization_from": organization.map(|it| it.source.to_string()),
        "token_from": account.token.as_ref().map(|it| it.source.to_string()), "context": account.context,
        "protected": account.protected,
    });
    if let Some(owner) = owner {
        let organizations = owner.organizations.iter();
        let organizations = organizations.map(|it| json!({ "slug": it.slug, "name": it.name, "role": it.role }));
        value["person"] = json!({ "id": owner.id, "name": owner.name, "email": owner.email });
        value["organizations"] = organizations.collect();
        value["token_organization"] = json!(owner.organization);
        value["role"] = json!(role(account, owner));
        value["scope"] = json!(scope(account, owner));
        value["expires_at"] = json!(end(account).map(|end| end.to_string()));
    }
    value
}

fn text(account: &Account, owner: Option<&AccountOwner>) -> String {
    let sourced = |value: &str, source: &dyn std::fmt::Display| format!("{value} (from {source})");
    let organization = match &account.organization {
        Ok(Sourced { value, source }) => sourced(value, source),
        Err(_) => "none is known".to_owned(),
    };
    let token = account.token.as_ref().map(|it| format!("from {}", it.source));
    let mut rows = vec![
        ("server", sourced(&account.url.value.to_string(), &account.url.source)),
        ("organization", organization),
        ("token", token.unwrap_or_else(|| "none is known".to_owned())),
    ];
    if let Some(owner) = owner {
        let unsaid = || "the server does not say".to_owned();
        let slugs: Vec<&str> = owner.organizations.iter().map(|it| it.slug.as_str()).collect();
        let person = person_text(owner.name.as_deref(), owner.email.as_deref());
        rows.push(("person", person.unwrap_or_else(unsaid)));
        rows.push(("member of", slugs.join(", ")));
        rows.push(("role", role(account, owner).map_or_else(unsaid, str::to_owned)));
        rows.push(("scopes", scope(account, owner).map_or_else(unsaid, str::to_owned)));
        rows.push(("expires", end(account).map_or_else(unsaid, time_text)));
    }
    rows.push(("protected", if account.protected { "yes" } else { "no" }.to_owned()));
    rows.iter().fold(String::new(), |text, (name, value)| {
        text + &format!("{name:<14}{}\n", printable(value))
    })
}

/// Returns the role in the chosen organization.
fn role<'a>(account: &Account, owner: &'a AccountOwner) -> Option<&'a str> {
    let chosen = account
        .organization
        .as_ref()
        .ok()
        .map(|it| &it.value)
        .or(owner.organization.as_ref())?;
    owner
        .organizations
        .iter()
        .find(|it| it.slug == *chosen)?
        .role
        .as_deref()
}

/// Returns the scopes: those that the server says, else those of the grant, when its token is the one that is used.
fn scope<'a>(account: &'a Account, owner: &'a AccountOwner) -> Option<&'a str> {
    let granted = || account.used_credential()?.scope.as_deref();
    owner.scope.as_deref().or_else(granted)
}

fn end(account: &Account) -> Option<jiff::Timestamp> {
    account.used_credential()?.expires_at
}
