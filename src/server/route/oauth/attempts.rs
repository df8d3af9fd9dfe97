//! Which attempts of a sender are still allowed.

use axum::http::{Extensions, HeaderMap};

use crate::server::app::{App, now};
use crate::server::sender;
use crate::server::session::WebSession;

/// What a person reads who has tried too often.
pub(super) const MESSAGE: &str = "There were too many wrong tries. Try again in ten minutes.";

/// The tries of a session and its address to name a code.
pub(super) struct CodeAttempts<'a> {
    app: &'a App,
    session: &'a str,
    address: String,
}

impl<'a> CodeAttempts<'a> {
    /// Returns the tries of the sender of a request.
    pub(super) fn new(app: &'a App, session: &'a WebSession, headers: &HeaderMap, extensions: &Extensions) -> Self {
        Self {
            app,
            session: &session.hash,
            address: sender::address_key(extensions, headers),
        }
    }

    /// Whether one more try is allowed.
    pub(super) fn allowed(&self) -> bool {
        let attempts = &self.app.attempts;
        attempts.session_codes.allows(self.session, now()) && attempts.address_codes.allows(&self.address, now())
    }

    /// Counts a wrong code.
    pub(super) fn count(&self) {
        self.app.attempts.session_codes.admits(self.session, now());
        self.app.attempts.address_codes.admits(&self.address, now());
    }
}

/// Whether one more try to sign in is allowed from this address.
pub(super) fn may_sign_in(app: &App, address: &str) -> bool {
    app.attempts.sign_ins.allows(address, now())
}

/// Counts a failed try to sign in.
pub(super) fn count_sign_in(app: &App, address: &str) {
    app.attempts.sign_ins.admits(address, now());
}
