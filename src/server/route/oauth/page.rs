//! `GET` and `POST /oauth/device`: where a person signs in, types a code, and approves or denies.

use axum::extract::{Query, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::attempts::{CodeAttempts, MESSAGE};
use crate::server::app::{App, Shared};
use crate::server::form::Parameters;
use crate::server::oauth::decision::{self, Decided};
use crate::server::oauth::device;
use crate::server::page::{ApprovalPage, code_page, notice, sign_in_page};
use crate::server::reply::ApiResult;
use crate::server::sender::{self, SenderPage};
use crate::server::session::{self, WebSession};

const UNKNOWN_CODE: &str = "No program waits with this code. It was mistyped, used before, or has expired: a code is valid for \
    15 minutes.";

/// The query of the page.
#[derive(Deserialize)]
pub(super) struct PageQuery {
    user_code: Option<String>,
}

/// Returns a code as it is stored, however it was typed: `abcd 2345` is `ABCD-2345`.
fn normalized(typed: &str) -> Option<String> {
    let letters: String = typed.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    let letters = letters.to_ascii_uppercase();
    match letters.len() {
        0 => None,
        8 => Some(format!("{}-{}", &letters[..4], &letters[4..])),
        _ => Some(letters),
    }
}

/// Shows what the person can do next.
pub(super) async fn show(
    State(app): State<Shared>,
    headers: HeaderMap,
    extensions: Extensions,
    query: Result<Query<PageQuery>, axum::extract::rejection::QueryRejection>,
) -> ApiResult<Response> {
    let typed = query.ok().and_then(|Query(query)| query.user_code);
    let code = typed.as_deref().and_then(normalized);
    let Some(session) = session::find(&app, &headers).await? else {
        return Ok(sign_in_page(
            StatusCode::OK,
            code.as_deref(),
            cookie_kept_back(&headers),
            None,
        ));
    };
    let Some(code) = code else {
        return Ok(code_page(StatusCode::OK, &session, None));
    };
    let attempts = CodeAttempts::new(&app, &session, &headers, &extensions);
    approval(&app, &session, &code, &attempts, None).await
}

/// Whether the browser may have kept the session's cookie back: it does so for `SameSite=Strict` when the link that was
/// followed is on another site. It does not say so over plain http, except to this machine.
fn cookie_kept_back(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    site.is_none_or(|site| site == "cross-site" || site == "same-site")
}

/// Shows what the program with this code asks for.
async fn approval(
    app: &App,
    session: &WebSession,
    code: &str,
    attempts: &CodeAttempts<'_>,
    message: Option<&str>,
) -> ApiResult<Response> {
    if !attempts.allowed() {
        return Ok(too_many());
    }
    let Some(pending) = device::find_pending(&app.db, code).await? else {
        attempts.count();
        return Ok(code_page(StatusCode::NOT_FOUND, session, Some(UNKNOWN_CODE)));
    };
    let organizations = decision::choosable(&app.db, session).await?;
    let page = ApprovalPage {
        session,
        user_code: code,
        pending: &pending,
        organizations: &organizations,
        message,
    };
    let status = if message.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    Ok(page.response(status))
}

fn too_many() -> Response {
    let mut response = notice(StatusCode::TOO_MANY_REQUESTS, "Too many tries", MESSAGE);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("600"));
    response
}

/// Does what the form asks for.
pub(super) async fn act(
    State(app): State<Shared>,
    headers: HeaderMap,
    extensions: Extensions,
    form: Parameters,
) -> ApiResult<Response> {
    let from = sender::page(&headers, app.origin());
    let action = form.get("action").unwrap_or_default();
    let code = form.get("user_code").and_then(normalized);
    if action == "sign-in" {
        return sign_in(&app, &headers, &extensions, &form, code.as_deref()).await;
    }
    if from == SenderPage::Foreign {
        return Ok(foreign());
    }
    let Some(session) = session::find(&app, &headers).await? else {
        let message = "Your session has ended. Sign in again.";
        return Ok(sign_in_page(
            StatusCode::UNAUTHORIZED,
            code.as_deref(),
            false,
            Some(message),
        ));
    };
    if !session.has_form_key(form.get("form_key").unwrap_or_default()) {
        return Ok(foreign());
    }
    let attempts = CodeAttempts::new(&app, &session, &headers, &extensions);
    match (action, code) {
        ("sign-out", _) => {
            let cookie = session::end(&app, &session).await?;
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/oauth/device")).into_response())
        }
        ("approve", Some(code)) => {
            let organization = form.get("organization_id");
            approve(&app, &session, &code, organization, &attempts).await
        }
        ("deny", Some(code)) => deny(&app, &session, &code, &attempts).await,
        _ => Ok(code_page(StatusCode::BAD_REQUEST, &session, None)),
    }
}

fn foreign() -> Response {
    let text = "The request did not come from a page of this server. Open the address that your terminal shows.";
    notice(StatusCode::FORBIDDEN, "Not from here", text)
}

async fn sign_in(
    app: &App,
    headers: &HeaderMap,
    extensions: &Extensions,
    form: &Parameters,
    code: Option<&str>,
) -> ApiResult<Response> {
    // There is no session yet that a key could prove, so the browser has to say that the form is ours: otherwise another
    // page could sign a person in as somebody else.
    if sender::page(headers, app.origin()) != SenderPage::Ours {
        return Ok(foreign());
    }
    let address = sender::address_key(extensions, headers);
    if !super::attempts::may_sign_in(app, &address) {
        return Ok(too_many());
    }
    let token = form.get("token").unwrap_or_default().trim();
    let mut tx = app.db.begin().await?;
    let Some(sign_in) = session::check_token(&mut tx, token).await? else {
        super::attempts::count_sign_in(app, &address);
        let message = "This token is unknown, revoked or expired, or it is not a personal access token.";
        return Ok(sign_in_page(StatusCode::UNAUTHORIZED, code, false, Some(message)));
    };
    let cookie = session::begin(app, &mut tx, &sign_in).await?;
    tx.commit().await?;
    let next = code.map_or_else(
        || "/oauth/device".to_owned(),
        |code| format!("/oauth/device?user_code={code}"),
    );
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&next)).into_response())
}

async fn approve(
    app: &App,
    session: &WebSession,
    code: &str,
    organization: Option<&str>,
    attempts: &CodeAttempts<'_>,
) -> ApiResult<Response> {
    if !attempts.allowed() {
        return Ok(too_many());
    }
    match decision::approve(&app.db, session, code, organization).await {
        Ok(Decided::OrganizationNeeded(_)) => {
            let message = Some("Choose an organization first.");
            approval(app, session, code, attempts, message).await
        }
        Ok(_) => {
            let text = "The program has access now. You can close this page and go on in the terminal.";
            Ok(notice(StatusCode::OK, "Approved", text))
        }
        Err(error) if error.status().is_client_error() => {
            let message = format!("{}.", error.message());
            approval(app, session, code, attempts, Some(&message)).await
        }
        Err(error) => Err(error),
    }
}

async fn deny(app: &App, session: &WebSession, code: &str, attempts: &CodeAttempts<'_>) -> ApiResult<Response> {
    if !attempts.allowed() {
        return Ok(too_many());
    }
    match decision::deny(&app.db, code).await {
        Ok(_) => Ok(notice(
            StatusCode::OK,
            "Denied",
            "The program gets no access. You can close this page.",
        )),
        Err(error) if error.status().is_client_error() => {
            attempts.count();
            Ok(code_page(StatusCode::NOT_FOUND, session, Some(UNKNOWN_CODE)))
        }
        Err(error) => Err(error),
    }
}
