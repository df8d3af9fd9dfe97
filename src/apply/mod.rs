//! Carrying out a plan: the executor, its event stream and the one fold of it.

mod cancel;
pub mod event;
mod executor;
mod perform;
mod progress;
mod queue;
mod stamp;
mod step;

pub use cancel::Cancel;
pub use executor::{ApplyOptions, apply};
pub use progress::{Progress, RowProgress, Status, Tally, Verdict};
pub use step::OnStale;
