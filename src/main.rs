//! Parses the arguments, calls the library, returns its exit code.

fn main() {}
