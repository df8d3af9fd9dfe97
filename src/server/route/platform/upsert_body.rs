//! The bodies of the answers to a PUT or a POST of a platform.

use serde::Serialize;

use super::row::PlatformBody;
use super::status::PlatformStatus;

/// The bodies of the successful outcomes (contract section 6).
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum UpsertBody {
    Created {
        platform: PlatformBody,
    },
    /// The body of a create in the local mode, which is shorter on the recorded server.
    CreatedLocally {
        platform: LocalPlatform,
    },
    #[serde(rename_all = "camelCase")]
    Updated {
        updated: bool,
        will_restart: bool,
        platform: PlatformBody,
    },
    /// The outcome that the wire calls `noop`.
    Unchanged {
        noop: bool,
        platform: PlatformBody,
    },
}

/// A platform that was just created in the local mode.
#[derive(Serialize)]
pub(crate) struct LocalPlatform {
    pub(super) id: String,
    pub(super) platform: String,
    pub(super) status: PlatformStatus,
}
