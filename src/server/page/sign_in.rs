//! Signing in: with a token, or with a one-time link.

use axum::http::StatusCode;
use axum::response::Response;

use super::document::document;
use super::markup::Escaped;

/// Returns the page for somebody without a session. `user_code` is the code that they came with, if any; `may_be_signed_in`
/// is whether the browser may have kept the cookie back, because the link to this page is on another site.
pub(crate) fn sign_in_page(
    status: StatusCode,
    user_code: Option<&str>,
    may_be_signed_in: bool,
    message: Option<&str>,
) -> Response {
    let code = Escaped(user_code.unwrap_or_default());
    let message = message.map_or_else(String::new, |message| {
        format!("<p class=\"warning\" role=\"alert\">{}</p>\n", Escaped(message))
    });
    let go_on = if may_be_signed_in {
        format!(
            "<p>If you have signed in here before, go on:</p>\n\
             <p><a class=\"button primary\" href=\"/oauth/device?user_code={code}\">Continue</a></p>\n"
        )
    } else {
        String::new()
    };
    let body = format!(
        "<h1>Sign in</h1>\n{message}{go_on}\
         <p>A program asks for access to this server. Sign in to see what it asks for.</p>\n\
         <form method=\"post\" action=\"/oauth/device\">\n\
         <input type=\"hidden\" name=\"action\" value=\"sign-in\">\n\
         <input type=\"hidden\" name=\"user_code\" value=\"{code}\">\n\
         <label class=\"field\" for=\"token\">Your token</label>\n\
         <input type=\"password\" id=\"token\" name=\"token\" autocomplete=\"off\" spellcheck=\"false\" required autofocus>\n\
         <div class=\"buttons\"><button class=\"primary\">Sign in</button></div>\n</form>\n\
         <footer class=\"note\">No token? Whoever runs this server prints a link for you with \
         <code>lobuctl serve login-link NAME</code></footer>"
    );
    document(status, "Sign in", &body)
}

/// Returns the page of a one-time link, which a button uses. Opening the page does not: programs that show previews of links
/// open them too.
pub(crate) fn link_page(owner: &str, link: &str) -> Response {
    let (owner, link) = (Escaped(owner), Escaped(link));
    let body = format!(
        "<h1>Sign in as <bdi>{owner}</bdi></h1>\n\
         <p>This link works once. Use it only in your own browser.</p>\n\
         <form method=\"post\" action=\"/oauth/sign-in\">\n\
         <input type=\"hidden\" name=\"link\" value=\"{link}\">\n\
         <div class=\"buttons\"><button class=\"primary\">Sign in</button></div>\n</form>"
    );
    document(StatusCode::OK, "Sign in", &body)
}
