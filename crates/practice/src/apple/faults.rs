//! Faults planned for a rehearsal, consulted in one place for each endpoint.

use std::collections::{HashMap, VecDeque};

use super::assign::Refused;

/// The most answers planned for one endpoint: a plan is a script, not a load test.
const PLANNED_MAX: usize = 1_000;

/// An answer given instead of the real one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlannedAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body, as text.
    pub body: String,
    /// A `Retry-After` header, word for word: seconds or an HTTP date.
    pub retry_after: Option<String>,
}

impl PlannedAnswer {
    /// A status and a body.
    pub fn new(status: u16, body: &str) -> Self {
        Self { status, body: body.to_owned(), retry_after: None }
    }

    /// The same, with a `Retry-After` header.
    #[must_use]
    pub fn retry_after(mut self, value: &str) -> Self {
        self.retry_after = Some(value.to_owned());
        self
    }
}

/// Everything that is planned to go wrong.
#[derive(Debug, Default)]
pub struct Faults {
    planned: HashMap<String, VecDeque<(u32, PlannedAnswer)>>,
    /// Fetch and sync answer `more_to_follow` with the cursor they were sent (micromdm/nanodep#73).
    pub repeat_cursor: bool,
    /// Fetch and sync answer `EXHAUSTED_CURSOR`.
    pub exhausted: bool,
    /// Serial numbers that assignments refuse.
    pub refused: Refused,
}

impl Faults {
    /// Answers the next `calls` calls of an endpoint with that answer. Plans for one endpoint follow each other.
    ///
    /// An endpoint is its method and path, such as `POST /devices/sync`; `*` stands for every one.
    pub fn plan(&mut self, endpoint: &str, calls: u32, answer: PlannedAnswer) {
        let plans = self.planned.entry(endpoint.to_owned()).or_default();
        if calls > 0 && plans.len() < PLANNED_MAX {
            plans.push_back((calls, answer));
        }
    }

    /// Forgets every plan.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The answer planned for this call, which is then used up.
    pub fn take(&mut self, method: &str, path: &str) -> Option<PlannedAnswer> {
        let endpoint = format!("{method} {path}");
        self.take_from(&endpoint).or_else(|| self.take_from("*"))
    }

    fn take_from(&mut self, endpoint: &str) -> Option<PlannedAnswer> {
        let plans = self.planned.get_mut(endpoint)?;
        let (calls, answer) = plans.front_mut()?;
        let answer = answer.clone();
        *calls = calls.saturating_sub(1);
        if *calls == 0 {
            plans.pop_front();
        }
        Some(answer)
    }
}
