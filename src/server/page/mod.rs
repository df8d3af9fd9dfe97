//! The pages on which a person signs in and approves a client: plain HTML without scripts, one style sheet within it, and
//! headers that let a browser load nothing else.
//!
//! Every text that reaches a page is escaped; see [`markup::Escaped`].

mod approval;
mod document;
mod markup;
mod sign_in;

pub(crate) use approval::{ApprovalPage, code_page};
pub(crate) use document::notice;
pub(crate) use sign_in::{link_page, sign_in_page};
