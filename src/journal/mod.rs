//! The journal of runs: what each run wrote, kept before it was sent.
//!
//! [`JournalRecorder`] keeps a run in a file, [`JournalFolder`] finds the files again, and [`RecordedRun`] is a run as its
//! file tells it. Knows no terminal, sends no request, and keeps no secret.

mod difference;
mod folder;
mod line;
mod recorded_resource;
mod recorded_run;
mod replay;
mod restored;
mod run_difference;
mod run_id;
mod undo;
mod verdict;
mod writer;

pub use folder::{AbandonedRun, JournalError, JournalFolder, read_journal};
pub use line::{JournalLine, RecordedWrite, RunHead, RunOrigin, SettledRow, VERSION};
pub use recorded_resource::{RecordedResource, ResourceParts};
pub use recorded_run::{JournalTextError, RecordedRun};
pub use run_difference::RunDifference;
pub use run_id::{RunId, RunIdError};
pub use undo::{UndoDraft, UndoWarning};
pub use verdict::WriteVerdict;
pub use writer::{JournalFile, JournalRecorder};
