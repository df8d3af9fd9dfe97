//! `lobuctl serve login-link`: prints a link that signs a person in, once.

use std::io::Write;

use secrecy::ExposeSecret;

use super::location::DataLocation;
use crate::server::error::ServerError;
use crate::server::{meta, session};

/// The arguments of `login-link`.
#[derive(Debug, Clone)]
pub struct LoginLinkArgs {
    /// The database.
    pub location: DataLocation,
    /// The user.
    pub user: String,
    /// The origin of the server that clients see. `None` means the one that the server had when it started last.
    pub public_url: Option<String>,
}

/// Creates a link for a user and writes it, and nothing else, to `out`.
///
/// # Errors
/// [`ServerError::Argument`] for an unknown user, and when no server has ever run on the database.
pub async fn login_link(args: &LoginLinkArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    let db = args.location.open().await?;
    let stored = meta::read(&db, meta::PUBLIC_URL).await;
    let link = session::create_link(&db, &args.user).await;
    db.close().await;
    let origin = args.public_url.clone().or(stored?);
    let origin = origin.ok_or_else(|| {
        let message = "no server has run on this database yet; start it, or pass --public-url before `login-link`";
        ServerError::Argument(message.to_owned())
    })?;
    let (origin, link) = (origin.trim_end_matches('/'), link?);
    writeln!(out, "{origin}/oauth/sign-in?link={}", link.expose_secret()).map_err(ServerError::Output)
}
