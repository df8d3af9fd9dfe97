//! The screen without a terminal: a canned plan, and drivers for the model and for the loop.
//!
//! The examples and the benchmarks use this folder as well.

pub mod canned;
pub mod loop_driver;
pub mod model_driver;
pub mod runs;
pub mod workbench;
