//! Carries out a plan: the executor, its event stream, and the one fold of that stream.

mod cancel;
mod context;
pub mod event;
mod executor;
mod intent;
mod perform;
mod prepare;
mod progress;
mod queue;
mod recorder;
mod settle;
mod stamp;
mod step;

pub use crate::remote::READ_TIMEOUT;
pub use cancel::Cancel;
pub use executor::{ApplyOptions, apply};
pub use prepare::OnStale;
pub use progress::{Progress, RowProgress, SilentRequest, Status, Tally, Verdict};
pub use recorder::{Observers, WriteIntent, WriteRecorder};
