//! A fault as JSON: read from a plan, and shown in the list.

use serde::{Deserialize, Serialize};

use crate::apple::assign::SerialResult;
use crate::apple::faults::{KINDS, Kind, Place, RESULTS, Span, refusal, refusal_of};
use crate::apple::moment::Moment;
use crate::apple::{Fault, PlannedAnswer, PortalFault, What};

/// The longest fault: a year, in seconds.
const SECONDS_MAX: u32 = 366 * 24 * 3_600;

/// What a plan may say. What is about another kind of fault is not looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::portal) struct Plan {
    what: Option<String>,
    #[serde(alias = "endpoint")]
    place: Option<String>,
    // For how long.
    #[serde(alias = "calls")]
    times: Option<u32>,
    standing: bool,
    percent: Option<u8>,
    seed: u64,
    in_seconds: Option<u32>,
    for_seconds: Option<u32>,
    // What exactly.
    status: Option<u16>,
    body: String,
    retry_after: Option<String>,
    word: Option<String>,
    seconds: Option<i64>,
    result: Option<String>,
    serials: Vec<String>,
}

impl Plan {
    /// The fault that it means, from `now` on. One that could never happen is refused with where it could.
    pub(super) fn read(self, now: Moment) -> Result<Fault, PortalFault> {
        let what = self.what()?;
        let kind = Kind::named(what.word()).ok_or_else(|| bad("it is of no kind"))?;
        let text = self.place.as_deref().filter(|place| !place.is_empty()).unwrap_or(kind.usual);
        let place = Place::parse(text).ok_or_else(|| {
            let known: Vec<_> = Place::words().collect();
            let known = known.join(", ");
            bad(format!("{text:?} is no call of Apple's: say {known}, a path, or a method and a path"))
        })?;
        if !kind.fits(&place) {
            let (word, fits) = (kind.word, kind.places());
            return Err(bad(format!("`{word}` cannot happen at {text:?}; it fits {fits}")));
        }
        self.said_by(&place)?;
        let span = self.span(&what, now)?;
        Ok(Fault { what, place, span })
    }

    /// Holds one of Apple's words to the service that says it.
    fn said_by(&self, place: &Place) -> Result<(), PortalFault> {
        let Some((word, (_, service))) =
            self.word.as_deref().and_then(|word| Some((word, refusal_of(word)?)))
        else {
            return Ok(());
        };
        let says = Place::parse(service).is_some_and(|says| says.meets(place));
        let words: Vec<_> = Place::words()
            .filter(|word| Place::parse(word).zip(Place::parse(service)).is_some_and(|(a, b)| a.meets(&b)))
            .collect();
        match says {
            true => Ok(()),
            false => Err(bad(format!("{word} is not said there; it fits {}", words.join(", ")))),
        }
    }

    fn what(&self) -> Result<What, PortalFault> {
        let seconds = |missing: &str| self.seconds.ok_or_else(|| bad(format!("say {missing} in `seconds`")));
        let kind = match &self.what {
            None => KINDS.first(),
            Some(word) => Kind::named(word),
        };
        let kind = kind.ok_or_else(|| {
            let (known, named) =
                (KINDS.iter().map(|kind| kind.word), self.what.as_deref().unwrap_or_default());
            bad(format!("nothing is called {named:?}; there are {}", known.collect::<Vec<_>>().join(", ")))
        })?;
        Ok(match kind.word {
            "answer" => What::Answer(self.answer()?),
            "slow" => {
                let seconds = seconds("how late the answer comes")?;
                let seconds = u32::try_from(seconds).ok().filter(|seconds| *seconds <= SECONDS_MAX);
                What::Slow { seconds: seconds.ok_or_else(|| bad("`seconds` is no length of time"))? }
            }
            "cutOff" => What::CutOff,
            "endless" => What::Endless,
            "wrongJson" => What::WrongJson,
            "repeatCursor" => What::RepeatCursor,
            "duplicates" => What::Duplicates,
            "disorder" => What::Disorder,
            "loseDeleted" => What::LoseDeleted,
            "serials" => What::Serials { result: self.result()?, serials: self.serials.clone() },
            "clock" => {
                let seconds = seconds("how far Apple's clock is ahead (or, below 0, behind)")?;
                if seconds.unsigned_abs() > u64::from(SECONDS_MAX) {
                    return Err(bad("`seconds` is more than a year"));
                }
                What::Clock { seconds }
            }
            "goAway" => What::GoAway,
            "noConnection" => What::NoConnection,
            other => return Err(bad(format!("{other} cannot be planned"))),
        })
    }

    fn answer(&self) -> Result<PlannedAnswer, PortalFault> {
        let answer = match (&self.word, self.status) {
            (Some(word), None) => refusal(word)
                .ok_or_else(|| bad(format!("Apple does not say {word:?}: give a status and a body")))?,
            (None, Some(status @ 200..=599)) => PlannedAnswer::new(status, &self.body),
            (None, Some(_)) => return Err(bad("`status` is none of 200 to 599")),
            _ => return Err(bad("an answer needs a `status` or one of Apple's words in `word`")),
        };
        Ok(PlannedAnswer { retry_after: self.retry_after.clone(), ..answer })
    }

    fn result(&self) -> Result<SerialResult, PortalFault> {
        let said = self.result.as_deref().unwrap_or_default();
        let named = RESULTS.iter().find(|(dashed, _, result)| *dashed == said || result.word(10) == said);
        named.map(|(.., result)| *result).ok_or_else(|| {
            let known: Vec<_> = RESULTS.iter().map(|(.., result)| result.word(10)).collect();
            bad(format!("`result` is none of {}", known.join(", ")))
        })
    }

    /// Once, unless something else is said; what is no matter of calls stands.
    fn span(&self, what: &What, now: Moment) -> Result<Span, PortalFault> {
        if self.percent.is_some_and(|percent| percent > 100) {
            return Err(bad("`percent` is more than 100"));
        }
        // Who finds nobody there makes no call that could be counted.
        if *what == What::NoConnection && (self.times.is_some() || self.percent.is_some()) {
            return Err(bad("`noConnection` has no calls to count: say `forSeconds` or `standing`"));
        }
        let lasting = matches!(what, What::Clock { .. } | What::NoConnection | What::Serials { .. });
        let open = self.standing || lasting || self.percent.is_some() || self.for_seconds.is_some();
        let after = |seconds: u32| now.plus_seconds(i64::from(seconds.min(SECONDS_MAX)));
        let from = self.in_seconds.map(after);
        let lasts = |seconds: u32| from.unwrap_or(now).plus_seconds(i64::from(seconds.min(SECONDS_MAX)));
        Ok(Span {
            times: self.times.or((!open).then_some(1)),
            percent: self.percent,
            seed: self.seed,
            from,
            until: self.for_seconds.map(lasts),
        })
    }
}

fn bad(words: impl Into<String>) -> PortalFault {
    PortalFault::NoSuchPlan(words.into())
}

/// A fault as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::portal) struct FaultView {
    what: &'static str,
    details: String,
    place: String,
    times: Option<u32>,
    percent: Option<u8>,
    seed: u64,
    from: Option<Moment>,
    until: Option<Moment>,
}

impl FaultView {
    /// The view of a fault.
    pub(super) fn of(fault: &Fault) -> Self {
        let Span { times, percent, seed, from, until } = fault.span.clone();
        Self {
            what: fault.what.word(),
            details: details(&fault.what),
            place: fault.place.to_string(),
            times,
            percent,
            seed,
            from,
            until,
        }
    }
}

fn details(what: &What) -> String {
    match what {
        What::Answer(answer) => {
            let after = answer.retry_after.as_ref().map(|after| format!(", Retry-After: {after}"));
            let body: String = answer.body.chars().take(60).collect();
            let answer = format!("{} {body}", answer.status);
            format!("{}{}", answer.trim_end(), after.unwrap_or_default())
        }
        What::Slow { seconds } => format!("{seconds} s late"),
        What::Clock { seconds } => format!("{seconds:+} s"),
        What::Serials { result, serials } if serials.is_empty() => {
            format!("{} for any device", result.word(10))
        }
        What::Serials { result, serials } => format!("{} for {}", result.word(10), serials.join(", ")),
        _ => String::new(),
    }
}
