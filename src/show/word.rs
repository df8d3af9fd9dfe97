//! Counts, durations and lists as text: the only place that decides between singular and plural.

/// Returns a count with its noun: `1 restart`, `2 restarts`.
pub fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Returns how many lines are not shown: `7 more`.
pub fn more_text(count: usize) -> String {
    format!("{count} more")
}

/// Returns a duration given in milliseconds: `12 ms`, `3.4 s`, `2 min 5 s`.
pub fn duration(milliseconds: u64) -> String {
    // Cut, not rounded: nothing shorter than a minute is shown as `60.0 s`.
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds % 60_000 / 1_000),
    }
}

/// Returns the time that something has been running, given in milliseconds: `0.4 s`, `2 min 5 s`. Unlike [`duration`] it
/// has the same unit below a second and above, so that a number that is drawn again and again does not flicker.
pub fn running_time(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("0.{} s", milliseconds / 100),
        _ => duration(milliseconds),
    }
}

/// Returns the nonzero counts with their nouns, joined by commas: `1 restart, 4 may restart`.
///
/// Each part is a count, its noun in the singular and its noun in the plural.
pub fn counted_list(parts: &[(usize, &str, &str)]) -> String {
    let nonzero = parts.iter().filter(|(count, ..)| *count > 0);
    let counts: Vec<String> = nonzero.map(|(count, one, many)| plural(*count, one, many)).collect();
    counts.join(", ")
}
