//! The number of files that this process may open, raised as far as the system allows. Every connection is an open file.

/// Raises the soft limit on open files to the hard one, or to 65,536 when that is lower. Returns the limit in force.
#[cfg(unix)]
pub(super) fn raise() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    /// Several times the default number of connections. The hard limit may be in the millions.
    const ENOUGH: u64 = 65_536;
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(ENOUGH).min(ENOUGH);
    let soft = limit.current.unwrap_or(ENOUGH);
    let raised = Rlimit {
        current: Some(wanted),
        maximum: limit.maximum,
    };
    let reached = if wanted > soft && setrlimit(Resource::Nofile, raised).is_ok() {
        wanted
    } else {
        soft
    };
    usize::try_from(reached).unwrap_or(usize::MAX)
}

/// Returns a number of open files that other systems allow.
#[cfg(not(unix))]
pub(super) fn raise() -> usize {
    1024
}
