//! Every test of the crate, in one binary: one file per theme.
#![allow(missing_docs)]

mod edge_cli;
mod support;
