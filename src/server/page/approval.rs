//! Entering a code, and approving or denying what a client asks for.

use std::fmt::Write as _;

use axum::http::StatusCode;
use axum::response::Response;

use super::document::document;
use super::markup::Escaped;
use crate::server::app::now;
use crate::server::name;
use crate::server::oauth::decision::ChoosableOrganization;
use crate::server::oauth::device::PendingRequest;
use crate::server::oauth::scope::{self, ScopeSet};
use crate::server::session::WebSession;

/// The maximum number of characters of a name on a page.
const MAX_NAME_CHARS: usize = 60;

/// Returns the page on which a person types the code that a program shows.
pub(crate) fn code_page(status: StatusCode, session: &WebSession, message: Option<&str>) -> Response {
    let message = message_line(message);
    let footer = footer(session);
    let body = format!(
        "<h1>Enter the code</h1>\n{message}\
         <form method=\"get\" action=\"/oauth/device\">\n\
         <label class=\"field\" for=\"user_code\">The code that your terminal shows</label>\n\
         <input type=\"text\" id=\"user_code\" name=\"user_code\" placeholder=\"XXXX-XXXX\" maxlength=\"20\" \
         autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" required autofocus>\n\
         <div class=\"buttons\"><button class=\"primary\">Continue</button></div>\n</form>\n{footer}"
    );
    document(status, "Enter the code", &body)
}

fn message_line(message: Option<&str>) -> String {
    message.map_or_else(String::new, |message| {
        format!("<p class=\"warning\" role=\"alert\">{}</p>\n", Escaped(message))
    })
}

/// Says who has signed in, and lets them sign out.
fn footer(session: &WebSession) -> String {
    let person = name::visible(&session.name, MAX_NAME_CHARS);
    format!(
        "<footer class=\"note\"><span>Signed in as <bdi>{}</bdi></span>\n\
         <form method=\"post\" action=\"/oauth/device\">{}\
         <button name=\"action\" value=\"sign-out\">Sign out</button></form></footer>",
        Escaped(&person),
        form_key(session)
    )
}

fn form_key(session: &WebSession) -> String {
    let key = Escaped(&session.form_key);
    format!("<input type=\"hidden\" name=\"form_key\" value=\"{key}\">")
}

/// Everything that a person sees before they decide. Who denies does not have to choose an organization first.
pub(crate) struct ApprovalPage<'a> {
    /// The person.
    pub(crate) session: &'a WebSession,
    /// The code, as the program shows it.
    pub(crate) user_code: &'a str,
    /// What the client asks for.
    pub(crate) pending: &'a PendingRequest,
    /// The organizations to choose from.
    pub(crate) organizations: &'a [ChoosableOrganization],
    /// Why the last try failed, if it did.
    pub(crate) message: Option<&'a str>,
}

impl ApprovalPage<'_> {
    /// Returns the page.
    pub(crate) fn response(&self, status: StatusCode) -> Response {
        let wanted = self.pending.wanted().both(self.session.grantable());
        let client = name::visible(&self.pending.client_name, MAX_NAME_CHARS);
        let (client, code, message) = (Escaped(&client), Escaped(self.user_code), message_line(self.message));
        let peer = self.pending.peer.as_deref().unwrap_or("this machine");
        let choice = if wanted.needs_organization() {
            self.choice()
        } else {
            String::new()
        };
        let approve = if wanted.needs_organization() && self.organizations.is_empty() {
            "<p class=\"warning\">You are not a member of any organization, so there is nothing to allow.</p>\n"
        } else {
            "<button class=\"primary\" name=\"action\" value=\"approve\">Approve</button>\n"
        };
        let body = format!(
            "<h1>Allow <bdi>{client}</bdi> to use your account?</h1>\n{message}\
             <p>Is this the code that your terminal shows?</p>\n<p class=\"code\">{code}</p>\n\
             <p class=\"warning\">Approve only what you have started yourself. Anybody can send you a link to this page, and \
             the program chose its name.</p>\n\
             <dl><dt>Asked from</dt><dd>{peer}</dd>\n<dt>When</dt><dd>{age}</dd></dl>\n\
             <p>It would be able to:</p>\n<ul>\n{scopes}</ul>\n\
             <form method=\"post\" action=\"/oauth/device\">\n{key}\n\
             <input type=\"hidden\" name=\"user_code\" value=\"{code}\">\n{choice}\
             <div class=\"buttons\">{approve}<button name=\"action\" value=\"deny\" formnovalidate>Deny</button></div>\n</form>\n{footer}",
            peer = Escaped(peer),
            age = age(now() - self.pending.created_at),
            scopes = scope_list(wanted),
            key = form_key(self.session),
            footer = footer(self.session),
        );
        document(status, "Allow access?", &body)
    }

    /// Lets the person choose an organization. The one that the client asks for is chosen already.
    fn choice(&self) -> String {
        let asked = self.pending.organization_slug();
        let only = self.organizations.len() == 1;
        let mut choices = String::new();
        for each in self.organizations {
            let checked = if only || asked == Some(each.slug.as_str()) {
                " checked"
            } else {
                ""
            };
            let title = name::visible(&each.name, MAX_NAME_CHARS);
            // Writing to a text cannot fail.
            let _ = writeln!(
                choices,
                "<label class=\"choice\"><input type=\"radio\" name=\"organization_id\" value=\"{}\" required{checked}> \
                 <bdi>{}</bdi> <span class=\"note\">{}, you are {}</span></label>",
                Escaped(&each.id),
                Escaped(&title),
                Escaped(&each.slug),
                Escaped(&each.role)
            );
        }
        if choices.is_empty() {
            return choices;
        }
        format!("<fieldset><legend>In which organization?</legend>\n{choices}</fieldset>\n")
    }
}

/// Returns how long ago something was, in words.
fn age(elapsed_ms: i64) -> String {
    match elapsed_ms / 60_000 {
        i64::MIN..=0 => "less than a minute ago".to_owned(),
        1 => "1 minute ago".to_owned(),
        minutes => format!("{minutes} minutes ago"),
    }
}

fn scope_list(scopes: ScopeSet) -> String {
    scopes.iter().fold(String::new(), |mut list, scope| {
        let _ = writeln!(
            list,
            "<li>{} <span class=\"note\">({scope})</span></li>",
            meaning(scope)
        );
        list
    })
}

fn meaning(scope: &str) -> &'static str {
    match scope {
        "mcp:read" => "read agents, their settings and types",
        "mcp:write" => "write what agents remember",
        scope::ADMIN => "<strong>change and delete agents, platforms and types</strong>, where you are owner or admin",
        _ => "see your name and your organizations",
    }
}
