//! Lines to a writer: what people and machines read outside the full screen.

pub mod diagnostics;
