//! What goes wrong on purpose, for a rehearsal: a fault is what happens, where, and for how long.
//!
//! Every service asks [`Faults`] before it answers. The dice of a fault that hits only some of the calls come from its
//! seed, so that a rehearsal can be repeated.

mod kind;
mod place;
mod span;
#[cfg(test)]
mod tests;
mod what;

use std::collections::{BTreeMap, HashSet};

pub use kind::{KINDS, Kind, RESULTS};
pub use place::Place;
pub use span::Span;
pub(crate) use what::refusal_of;
pub use what::{PlannedAnswer, What, refusal};

use super::assign::{Refused, SerialResult};
use super::moment::Moment;

/// The most faults kept: a plan is a script, not a load test.
const FAULTS_MAX: usize = 1_000;

/// What goes wrong, where, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What happens.
    pub what: What,
    /// To which calls.
    pub place: Place,
    /// For how long.
    pub span: Span,
}

/// A fault that was planned, and how often it hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Its number.
    pub id: u64,
    /// What was planned.
    pub fault: Fault,
    /// When it was planned.
    pub at: Moment,
    /// Calls that it could have hit.
    pub seen: u64,
    /// Calls that it hit.
    pub hits: u64,
    /// When it last hit.
    pub last_hit: Option<Moment>,
}

/// Where a planned fault stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its time has not come.
    Waiting,
    /// It hits.
    Standing,
    /// Its time is over, or it has hit as often as it should.
    Over,
}

impl Planned {
    /// Where it stands at `now`.
    pub fn standing(&self, now: Moment) -> Standing {
        self.fault.span.standing(self.hits, now)
    }

    /// Whether it hits this time.
    fn strike(&mut self, now: Moment) -> bool {
        self.seen += 1;
        let hit = self.fault.span.dice(self.id, self.seen);
        if hit {
            self.hits += 1;
            self.last_hit = Some(now);
        }
        hit
    }
}

/// Everything that is planned to go wrong.
#[derive(Debug, Default)]
pub struct Faults {
    planned: Vec<Planned>,
    numbered: u64,
}

impl Faults {
    /// Plans a fault, and returns its number. `None`: there are too many, and none of them is over.
    pub fn add(&mut self, fault: Fault, now: Moment) -> Option<u64> {
        if self.planned.len() >= FAULTS_MAX {
            let over = self.planned.iter().position(|planned| planned.standing(now) == Standing::Over)?;
            self.planned.remove(over);
        }
        self.numbered += 1;
        let id = self.numbered;
        self.planned.push(Planned { id, fault, at: now, seen: 0, hits: 0, last_hit: None });
        Some(id)
    }

    /// Answers the next `calls` calls of a place with that answer. Plans for one place follow each other.
    pub fn plan(&mut self, place: &str, calls: u32, answer: PlannedAnswer) {
        let Some(place) = Place::parse(place).filter(|_| calls > 0) else { return };
        let fault = Fault { what: What::Answer(answer), place, span: Span::times(calls) };
        self.add(fault, Moment::from_seconds(0));
    }

    /// From now on that happens to every call that it can happen to, until the plans are cleared.
    pub fn stand(&mut self, what: What) {
        let fault = Fault { what, place: Place::Everything, span: Span::default() };
        self.add(fault, Moment::from_seconds(0));
    }

    /// From now on these serial numbers get that result when a profile is assigned to them.
    pub fn refuse(&mut self, result: SerialResult, serials: impl IntoIterator<Item = String>) {
        self.stand(What::Serials { result, serials: serials.into_iter().collect() });
    }

    /// Every plan, oldest first.
    pub fn planned(&self) -> &[Planned] {
        &self.planned
    }

    /// Forgets one plan. Whether there was one.
    pub fn forget(&mut self, id: u64) -> bool {
        let before = self.planned.len();
        self.planned.retain(|planned| planned.id != id);
        self.planned.len() < before
    }

    /// Forgets the plans of which that is so.
    pub fn forget_where(&mut self, is: impl Fn(&What) -> bool) {
        self.planned.retain(|planned| !is(&planned.fault.what));
    }

    /// Forgets every plan.
    pub fn clear(&mut self) {
        self.planned.clear();
    }

    /// What happens to this call, of those things that `can` happen where it is asked; it is then counted. A plan for
    /// this very call goes before one for every call, and an older one before a younger.
    pub fn take(
        &mut self,
        method: &str,
        path: &str,
        now: Moment,
        can: impl Fn(&What) -> bool,
    ) -> Option<What> {
        for exactly in [true, false] {
            let standing = self.planned.iter_mut().filter(|planned| {
                let fault = &planned.fault;
                fault.place.is_exact() == exactly
                    && can(&fault.what)
                    && fault.place.holds(method, path)
                    && fault.what.happens_to(method, path)
                    && planned.standing(now) == Standing::Standing
            });
            for planned in standing {
                if planned.strike(now) {
                    return Some(planned.fault.what.clone());
                }
            }
        }
        None
    }

    /// Which of these serial numbers are refused at a path, and how. Each is a call of its own to the counts.
    pub fn refused(&mut self, path: &str, serials: &[String], now: Moment) -> Refused {
        let mut refused = BTreeMap::new();
        for planned in &mut self.planned {
            let What::Serials { result, serials: named } = planned.fault.what.clone() else { continue };
            if !planned.fault.place.holds("", path) {
                continue;
            }
            for serial in serials.iter().filter(|serial| named.is_empty() || named.contains(*serial)) {
                let stands = planned.standing(now) == Standing::Standing;
                if stands && !refused.contains_key(serial) && planned.strike(now) {
                    refused.insert(serial.clone(), result);
                }
            }
        }
        let of = |wanted| -> HashSet<String> {
            let these = refused.iter().filter(|(_, result)| **result == wanted);
            these.map(|(serial, _)| serial.clone()).collect()
        };
        Refused {
            throttled: of(SerialResult::Throttled),
            failed: of(SerialResult::Failed),
            not_accessible: of(SerialResult::NotAccessible),
        }
    }

    /// Whether the service takes connections at `now`, and until when that is so as far as plans tell.
    pub fn takes_connections(&self, door: &str, now: Moment) -> (bool, Option<Moment>) {
        let mine = self.planned.iter().filter(|planned| {
            planned.fault.what == What::NoConnection
                && planned.fault.place.holds("", door)
                && planned.standing(now) != Standing::Over
        });
        let spans: Vec<_> = mine.map(|planned| (planned.standing(now), &planned.fault.span)).collect();
        let refuses = spans.iter().any(|(standing, _)| *standing == Standing::Standing);
        let changes = spans.iter().filter_map(|(standing, span)| match standing {
            Standing::Waiting => span.from,
            _ => span.until,
        });
        (!refuses, changes.min())
    }
}
