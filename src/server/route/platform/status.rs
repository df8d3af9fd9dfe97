//! The status of a platform, in its row and in responses.

use serde::Serialize;

use crate::server::db::{ColumnValue, DbResult, DbRow};

/// The status of a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PlatformStatus {
    /// An instance runs.
    Active,
    /// No instance runs, because none was started or it was stopped.
    Stopped,
    /// The last start failed.
    Error,
}

impl PlatformStatus {
    /// Returns the text of the status in its row and in responses.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Stopped => "stopped",
            Self::Error => "error",
        }
    }
}

impl ColumnValue for PlatformStatus {
    fn read(row: &DbRow, name: &str) -> DbResult<Self> {
        let text = String::read(row, name)?;
        [Self::Active, Self::Stopped, Self::Error]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| sqlx::Error::Decode(format!("unknown platform status `{text}`").into()))
    }
}
