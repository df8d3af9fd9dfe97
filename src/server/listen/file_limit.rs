//! The number of files this process may open, raised as far as the system lets it.

/// Raises the soft limit on open files to the hard one. Returns the limit in force.
#[cfg(unix)]
pub(super) fn raise() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    /// More than a server needs, where the hard limit is in the millions.
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

/// Systems without such a limit in reach.
#[cfg(not(unix))]
pub(super) fn raise() -> usize {
    1024
}
