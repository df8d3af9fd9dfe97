//! `GET` and `POST /oauth/sign-in`: the one-time link of `lobuctl serve login-link`. Opening it changes nothing; the button
//! on its page uses it.

use axum::extract::{Query, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::attempts::{MESSAGE, count_sign_in, may_sign_in};
use crate::server::app::Shared;
use crate::server::form::Parameters;
use crate::server::page::{link_page, notice};
use crate::server::reply::ApiResult;
use crate::server::sender::{self, SenderPage};
use crate::server::session;

/// The query of the link.
#[derive(Deserialize)]
pub(super) struct LinkQuery {
    link: String,
}

/// Shows whom the link signs in.
pub(super) async fn show(
    State(app): State<Shared>,
    headers: HeaderMap,
    extensions: Extensions,
    query: Result<Query<LinkQuery>, axum::extract::rejection::QueryRejection>,
) -> ApiResult<Response> {
    let address = sender::address_key(&extensions, &headers);
    if !may_sign_in(&app, &address) {
        return Ok(notice(StatusCode::TOO_MANY_REQUESTS, "Too many tries", MESSAGE));
    }
    let link = query.map(|Query(query)| query.link).unwrap_or_default();
    if let Some(owner) = session::link_owner(&app.db, &link).await? {
        return Ok(link_page(&owner, &link));
    }
    count_sign_in(&app, &address);
    Ok(ended())
}

fn ended() -> Response {
    let text = "It was used before, or is older than ten minutes. Ask whoever runs this server for a new one: \
        lobuctl serve login-link NAME";
    notice(StatusCode::GONE, "This link has ended", text)
}

/// Uses the link.
pub(super) async fn sign_in(
    State(app): State<Shared>,
    headers: HeaderMap,
    extensions: Extensions,
    form: Parameters,
) -> ApiResult<Response> {
    if sender::page(&headers, app.origin()) != SenderPage::Ours {
        let text = "The request did not come from a page of this server. Open the link itself.";
        return Ok(notice(StatusCode::FORBIDDEN, "Not from here", text));
    }
    let address = sender::address_key(&extensions, &headers);
    if !may_sign_in(&app, &address) {
        return Ok(notice(StatusCode::TOO_MANY_REQUESTS, "Too many tries", MESSAGE));
    }
    let mut tx = app.db.begin().await?;
    let Some(sign_in) = session::consume_link(&mut tx, form.get("link").unwrap_or_default()).await? else {
        count_sign_in(&app, &address);
        return Ok(ended());
    };
    let cookie = session::begin(&app, &mut tx, &sign_in).await?;
    tx.commit().await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/oauth/device")).into_response())
}
