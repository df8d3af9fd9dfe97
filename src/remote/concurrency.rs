//! The law of how many requests are sent at a time: more while answers take as long as ever, fewer when they take longer or
//! when the server says that it is too much. Nothing here waits or reads a clock.

use std::collections::BTreeMap;
use std::time::Duration;

use super::transport::Request;

/// The number of requests that are sent at a time before any answer is known.
const START: usize = 8;
/// The least number that slow answers lead to. What a refusal leads to may be 1.
const LEAST_WHEN_SLOW: usize = 4;
/// Differences of this length are noise: of a network, or of a thread that got no processor.
const NOISE: Duration = Duration::from_millis(5);

/// What kind of request an answer belongs to. A list takes longer than a single read and a write longer than both, so
/// times are only compared within a kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RequestKind {
    method: &'static str,
    writes: bool,
    /// The path without ids.
    path: String,
}

impl RequestKind {
    /// Returns the kind of a request.
    pub(super) fn of(request: &Request) -> Self {
        Self {
            method: request.method.as_str(),
            writes: request.writes,
            path: without_ids(&request.path),
        }
    }
}

/// Returns the path with a `*` for every second segment: `/api/ORG/agents/ID` is `api/*/agents/*`.
fn without_ids(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let segments = path.split('/').skip(1).enumerate();
    let segments: Vec<&str> = segments
        .map(|(index, segment)| if index % 2 == 0 { segment } else { "*" })
        .collect();
    segments.join("/")
}

/// What an attempt says about the load of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// It answered, after this long.
    Answered(Duration),
    /// It refused because of its load, or did not answer in time.
    TooMuch,
    /// Nothing: there was no connection, or the attempt was given up.
    Unknown,
}

impl Load {
    /// Returns what a status says.
    pub(super) fn of_status(status: u16, took: Duration) -> Self {
        match status {
            408 | 429 | 503 | 504 => Self::TooMuch,
            _ => Self::Answered(took),
        }
    }
}

/// The number of requests that may be sent at a time, as the answers so far suggest.
///
/// Answers are counted in windows of as many answers as there may be requests. After a window in which answers took about
/// as long as the fastest ones of their kinds, the number doubles; once answers have been slow, it grows by an eighth
/// instead. It shrinks by a quarter when they took more than twice as long, and to half when the server refuses.
#[derive(Debug)]
pub(super) struct ConcurrencyLimit {
    limit: usize,
    floor: usize,
    ceiling: usize,
    /// Whether nothing has been slow yet.
    doubles: bool,
    fastest: BTreeMap<RequestKind, Duration>,
    window: AnswerWindow,
    /// The number of windows before this one.
    number: u64,
}

/// What the answers since the last decision have shown.
#[derive(Debug, Default)]
struct AnswerWindow {
    answers: u32,
    /// How long they took together.
    took: Duration,
    /// How long the fastest ones of their kinds took.
    fastest: Duration,
    /// Whether as many requests as allowed were in flight, so that a higher limit would have been used.
    was_full: bool,
}

impl ConcurrencyLimit {
    /// Creates a limit that never exceeds `ceiling`, at least 1.
    pub(super) fn new(ceiling: usize) -> Self {
        Self::between(1, START.min(ceiling), ceiling)
    }

    /// Creates a limit that stays what it is, at least 1.
    pub(super) fn fixed(limit: usize) -> Self {
        Self::between(limit, limit, limit)
    }

    fn between(floor: usize, start: usize, ceiling: usize) -> Self {
        Self {
            limit: start.max(1),
            floor: floor.max(1),
            ceiling: ceiling.max(1),
            doubles: true,
            fastest: BTreeMap::new(),
            window: AnswerWindow::default(),
            number: 0,
        }
    }

    /// Returns the number of requests that may be sent at a time, from 1 to the ceiling.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Returns the number of the current window, which a request keeps from when it is sent.
    pub(super) fn window(&self) -> u64 {
        self.number
    }

    /// Takes in how an attempt ended, in which window it was sent, and how many were in flight when it ended, itself
    /// included.
    pub(super) fn observe(&mut self, kind: RequestKind, sent_in: u64, in_flight: usize, load: Load) {
        let took = match load {
            Load::TooMuch if sent_in == self.number => return self.decide(self.limit / 2, false),
            // What was sent under an earlier limit says nothing of this one, which may be half of it already.
            Load::TooMuch | Load::Unknown => return,
            Load::Answered(took) => took,
        };
        let fastest = self.fastest.entry(kind).or_insert(took);
        *fastest = took.min(*fastest);
        if sent_in != self.number {
            return;
        }
        self.window.answers += 1;
        self.window.took += took;
        self.window.fastest += *fastest;
        self.window.was_full |= in_flight >= self.limit;
        if self.window.answers as usize >= self.limit {
            self.end_window();
        }
    }

    fn end_window(&mut self) {
        let AnswerWindow {
            answers,
            took,
            fastest,
            was_full,
        } = self.window;
        let (took, fastest) = (took / answers.max(1), fastest / answers.max(1));
        if took > fastest * 2 + NOISE * 2 {
            self.decide((self.limit * 3 / 4).max(LEAST_WHEN_SLOW), false);
        } else if took > fastest + fastest / 2 + NOISE {
            self.decide(self.limit, false);
        } else if was_full && self.doubles {
            self.decide(self.limit * 2, true);
        } else if was_full {
            self.decide(self.limit + (self.limit / 8).max(1), false);
        } else {
            self.decide(self.limit, self.doubles);
        }
    }

    fn decide(&mut self, limit: usize, doubles: bool) {
        self.limit = limit.clamp(self.floor, self.ceiling);
        self.doubles = doubles;
        self.window = AnswerWindow::default();
        self.number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::method::Method;
    use super::*;

    const FAST: Duration = Duration::from_millis(20);

    fn kind(path: &str) -> RequestKind {
        RequestKind::of(&Request::new(Method::Get, path))
    }

    /// Ends as many attempts as the limit allows at a time, each after what `took` says of their number.
    fn fill(limit: &mut ConcurrencyLimit, windows: usize, took: impl Fn(usize) -> Duration) {
        for _ in 0..windows {
            let (window, width) = (limit.window(), limit.limit());
            for _ in 0..width {
                let load = Load::Answered(took(width));
                limit.observe(kind("/api/o/agents/a"), window, width, load);
            }
        }
    }

    #[test]
    fn compares_times_within_a_kind_of_request() {
        assert_eq!(kind("/api/o/agents/a/config"), kind("/api/o/agents/b/config?full=1"));
        assert_ne!(kind("/api/o/agents/a/config"), kind("/api/o/agents/a/platforms"));
        assert_ne!(kind("/api/o/agents"), kind("/api/o/agents/a"));
    }

    #[test]
    fn grows_to_the_ceiling_while_answers_take_as_long_as_ever() {
        let mut limit = ConcurrencyLimit::new(64);
        assert_eq!(limit.limit(), 8);
        fill(&mut limit, 3, |_| FAST);
        assert_eq!(limit.limit(), 64);
        fill(&mut limit, 3, |_| FAST);
        assert_eq!(limit.limit(), 64);
    }

    #[test]
    fn stays_low_where_each_request_makes_the_others_wait() {
        let mut limit = ConcurrencyLimit::new(64);
        limit.observe(kind("/api/o/agents/a"), 0, 1, Load::Answered(FAST));
        fill(&mut limit, 40, |width| FAST * u32::try_from(width).unwrap());
        assert!((LEAST_WHEN_SLOW..=8).contains(&limit.limit()), "{}", limit.limit());
    }

    #[test]
    fn finds_the_width_of_a_server_with_room_for_some() {
        let mut limit = ConcurrencyLimit::new(256);
        // Up to 20 at a time are answered at once; those beyond wait for their turn.
        fill(&mut limit, 100, |width| {
            FAST * u32::try_from(width).unwrap().max(20) / 20
        });
        assert!((20..=60).contains(&limit.limit()), "{}", limit.limit());
    }

    #[test]
    fn halves_once_for_all_refusals_of_a_window_and_recovers_slowly() {
        let mut limit = ConcurrencyLimit::new(64);
        fill(&mut limit, 3, |_| FAST);
        let window = limit.window();
        for _ in 0..20 {
            limit.observe(kind("/api/o/agents/a"), window, 64, Load::of_status(429, FAST));
        }
        assert_eq!(limit.limit(), 32);
        fill(&mut limit, 1, |_| FAST);
        assert_eq!(limit.limit(), 36);
        for _ in 0..10 {
            limit.observe(kind("/api/o/agents/a"), limit.window(), 1, Load::TooMuch);
        }
        assert_eq!(limit.limit(), 1);
    }

    #[test]
    fn does_not_grow_for_requests_that_do_not_use_it() {
        let mut limit = ConcurrencyLimit::new(64);
        for _ in 0..100 {
            limit.observe(kind("/api/o/agents/a"), limit.window(), 1, Load::Answered(FAST));
        }
        assert_eq!(limit.limit(), 8);
    }

    #[test]
    fn a_slow_kind_of_request_is_no_sign_of_load() {
        let mut limit = ConcurrencyLimit::new(64);
        limit.observe(kind("/api/o/agents/a"), 0, 1, Load::Answered(FAST));
        for _ in 0..100 {
            let (window, width) = (limit.window(), limit.limit());
            limit.observe(kind("/api/o/agents"), window, width, Load::Answered(FAST * 30));
        }
        assert_eq!(limit.limit(), 64);
    }
}
