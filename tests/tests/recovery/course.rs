//! How a fault takes its course: what is wanted, the fault, and time until what is observed is that again.

use std::cell::Cell;
use std::time::Duration;

use app::loops::Work;
use muster_tests::{Engine, Program, Setting, Stack, until};
use practice::apple::faults::{Place, Planned, Standing, refusal};
use practice::apple::{Fault, Moment, PlannedAnswer, Span, What};
use serde_json::Value;

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Calls to Apple that one token makes in a minute while they bring nothing. The product's own limit is far higher; this
/// is what it really does.
const VAIN_CALLS_PER_MINUTE: u64 = 12;

/// Steps of the clock at first, and for how long.
const STEP: Duration = Duration::from_secs(5 * 60);
const SOON: Duration = Duration::from_secs(4 * 60 * 60);

/// A fault in one line: at which calls, what.
pub(crate) fn fault(place: &str, what: What, span: Span) -> Fault {
    Fault { what, place: Place::parse(place).unwrap(), span }
}

/// A word of Apple's.
pub(crate) fn word(word: &str) -> What {
    What::Answer(refusal(word).unwrap())
}

/// An answer.
pub(crate) fn answer(status: u16, body: &str) -> What {
    What::Answer(PlannedAnswer::new(status, body))
}

/// An answer that says when to come back.
pub(crate) fn later(status: u16, when: &str) -> What {
    What::Answer(PlannedAnswer::new(status, "").retry_after(when))
}

/// A stack with a token, on which a fault can take its course.
pub(crate) struct Course {
    pub(crate) stack: Stack,
    pub(crate) program: Program,
    said: Vec<String>,
    /// When time began to pass.
    began: Option<Moment>,
}

impl Course {
    /// A push certificate and a token without devices.
    pub(crate) async fn begin(engine: Engine) -> Course {
        Self::patient(engine, MINUTE).await
    }

    /// As above; an answer of Apple's must be whole within `apple_answer`, in real time.
    pub(crate) async fn patient(engine: Engine, apple_answer: Duration) -> Course {
        let limits = app::open::Limits { apple_answer, ..Default::default() };
        let stack = Stack::with(Setting { engine, limits, ..Setting::default() }).await;
        let program = stack.program().await;
        Course { stack, program, said: Vec::new(), began: None }
    }

    pub(crate) fn now(&self) -> Moment {
        self.stack.practice.world().now()
    }

    /// Plans a fault from now on.
    pub(crate) fn plan(&self, fault: Fault) {
        let now = self.now();
        self.stack.practice.world().faults().add(fault, now).unwrap();
    }

    /// How often the plans hit so far.
    fn hits(&self) -> u64 {
        self.stack.practice.world().faults().planned().iter().map(|planned| planned.hits).sum()
    }

    /// Waits until the loops that speak with Apple have nothing left to do now.
    pub(crate) async fn settle(&self) {
        let before = Cell::new(None);
        let still = async || {
            let now = self.stack.app.now();
            let status =
                [Work::Sync, Work::Assign, Work::Push, Work::Setup].map(|work| self.stack.app.status(work));
            let resting = status.iter().all(|work| !work.busy && work.next_due.is_some_and(|due| due > now));
            let turns = status.map(|work| work.turns);
            let same = resting && before.replace(Some(turns)) == Some(turns);
            same.then_some(())
        };
        until("loops that have nothing left to do", still).await;
    }

    /// Whether nobody planned that services take no connections now.
    pub(crate) fn doors_open(&self) -> bool {
        let now = self.now();
        let faults = self.stack.practice.world().faults();
        let shut = |planned: &Planned| {
            planned.fault.what == What::NoConnection && planned.standing(now) == Standing::Standing
        };
        !faults.planned().iter().any(shut)
    }

    /// Lets some time pass: minutes at first, since most pauses are short, and hours later on. Calls that bring nothing
    /// stay few meanwhile.
    pub(crate) async fn go_on(&mut self) {
        let began = *self.began.get_or_insert(self.stack.practice.world().now());
        let step = if since(self, began) < SOON { STEP } else { HOUR };
        self.go_on_by(step).await;
    }

    /// As above, by that.
    pub(crate) async fn go_on_by(&mut self, step: Duration) {
        let before = self.hits();
        self.stack.clock.advance(step);
        self.settle().await;
        let vain = self.hits() - before;
        assert!(vain <= VAIN_CALLS_PER_MINUTE, "{vain} calls that brought nothing at once");
        self.listen().await;
    }

    /// Keeps what the product says now: titles of alerts, with the words behind them.
    pub(crate) async fn listen(&mut self) {
        for alert in self.stack.api.rows("muster/alerts").await {
            let title = alert["title"].as_str().unwrap();
            let words = alert["words"].as_str().map(short).unwrap_or_default();
            let said = if words.is_empty() { title.to_owned() } else { format!("{title}: {words}") };
            self.keep(said);
        }
    }

    /// As [`Self::listen`], and what it says of a device that Apple refuses a profile.
    pub(crate) async fn listen_to(&mut self, serial: &str) {
        self.listen().await;
        let story = self.program.device(serial).await.unwrap_or_default();
        let reasons = story["reasons"].as_array().cloned().unwrap_or_default();
        for reason in reasons.iter().filter(|reason| reason["code"] == "assignmentFailed") {
            let words = reason["words"].as_str().unwrap().split("; tried again").next().unwrap();
            self.keep(format!("of the device: {words}"));
        }
    }

    fn keep(&mut self, said: String) {
        if !self.said.contains(&said) {
            self.said.push(said);
        }
    }

    /// What the product said so far.
    pub(crate) fn said(&self) -> String {
        match self.said.is_empty() {
            true => "nothing: no one has to know".to_owned(),
            false => self.said.join("; "),
        }
    }

    /// Whether Apple has the right profile for each of these, we know it, and nothing is left to say.
    pub(crate) async fn is_well(&self, serials: &[String]) -> bool {
        for serial in serials {
            let ready = self.program.device(serial).await.is_some_and(|row| row["ready"] == true);
            if !ready {
                return false;
            }
        }
        self.stack.api.rows("muster/alerts").await.is_empty()
    }

    /// Trouble is told as over, if there was any.
    pub(crate) async fn nothing_goes_on(&self) {
        for trouble in self.stack.api.rows("muster/troubles").await {
            assert_eq!(trouble["over"], true, "{trouble}");
            assert!(trouble["endedDateTime"].is_string(), "{trouble}");
        }
    }
}

/// The first words, without what differs from run to run.
fn short(words: &str) -> String {
    let mut parts = words.splitn(3, ": ");
    let first = parts.next().unwrap_or_default();
    let second = parts
        .next()
        .filter(|second| !second.chars().any(|c| c.is_ascii_digit() && !words.contains("status")));
    let text = second.map_or_else(|| first.to_owned(), |second| format!("{first}: {second}"));
    text.trim().to_owned()
}

/// The time from `from` to now.
pub(crate) fn since(course: &Course, from: Moment) -> Duration {
    Duration::from_micros(u64::try_from(course.now().0 - from.0).unwrap_or(0))
}

/// A story's assignment, for messages.
pub(crate) async fn stories(course: &Course, serials: &[String]) -> Vec<Option<Value>> {
    let mut stories = Vec::new();
    for serial in serials {
        stories.push(course.program.device(serial).await);
    }
    stories
}
