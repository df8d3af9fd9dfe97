//! Carrying out a plan: the executor, its event stream and the one fold of it.

mod cancel;
pub mod event;
mod progress;

pub use cancel::Cancel;
pub use progress::{Progress, RowProgress, Status, Tally, Verdict};
