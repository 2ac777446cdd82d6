//! What can go wrong.

use super::{Kind, Place};
use crate::apple::assign::SerialResult;
use crate::apple::{AdeFault, OAuthProblem};

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

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// That answer comes instead of the real one.
    Answer(PlannedAnswer),
    /// The real answer comes late.
    Slow {
        /// By so many seconds of the clock.
        seconds: u32,
    },
    /// The real answer ends in its middle, and the connection with it.
    CutOff,
    /// An answer that goes on for ever, a little at a time.
    Endless,
    /// The real answer, but its JSON ends in the middle.
    WrongJson,
    /// Pages of devices come with the cursor that was sent and `more_to_follow` (micromdm/nanodep#73).
    RepeatCursor,
    /// Pages hold each device twice.
    Duplicates,
    /// Pages hold their devices from the newest to the oldest.
    Disorder,
    /// Pages do not tell of devices that left (fleetdm/fleet PR 45590).
    LoseDeleted,
    /// Assignments of a profile to these serial numbers (none: to any) come to that.
    Serials {
        /// What is answered for each of them.
        result: SerialResult,
        /// Which.
        serials: Vec<String>,
    },
    /// The clock by which the ADE service judges signatures is wrong.
    Clock {
        /// By so many seconds: ahead, or behind if less than 0.
        seconds: i64,
    },
    /// The push service tells the connection to go away (GOAWAY) once the call is answered.
    GoAway,
    /// Nobody listens at the service's address.
    NoConnection,
}

impl What {
    /// Its word in the API.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Answer(_) => "answer",
            Self::Slow { .. } => "slow",
            Self::CutOff => "cutOff",
            Self::Endless => "endless",
            Self::WrongJson => "wrongJson",
            Self::RepeatCursor => "repeatCursor",
            Self::Duplicates => "duplicates",
            Self::Disorder => "disorder",
            Self::LoseDeleted => "loseDeleted",
            Self::Serials { .. } => "serials",
            Self::Clock { .. } => "clock",
            Self::GoAway => "goAway",
            Self::NoConnection => "noConnection",
        }
    }

    /// Whether it can happen to that call.
    pub(super) fn happens_to(&self, method: &str, path: &str) -> bool {
        let call = Place::Call(method.to_owned(), path.to_owned());
        Kind::named(self.word()).is_some_and(|kind| kind.fits(&call))
    }

    /// Whether it is about a call and its answer, whatever the answer is.
    pub(crate) const fn is_of_calls(&self) -> bool {
        matches!(
            self,
            Self::Answer(_)
                | Self::Slow { .. }
                | Self::CutOff
                | Self::Endless
                | Self::WrongJson
                | Self::GoAway
        )
    }

    /// Whether it happens to the devices on a page.
    pub(crate) const fn is_of_pages(&self) -> bool {
        matches!(self, Self::RepeatCursor | Self::Duplicates | Self::Disorder | Self::LoseDeleted)
    }
}

/// Reasons of the push service, with the status that each comes with (apple.md 5.2).
const PUSH_REASONS: &[(u16, &str)] = &[
    (400, "BadDeviceToken"),
    (400, "DeviceTokenNotForTopic"),
    (400, "TopicDisallowed"),
    (400, "BadTopic"),
    (400, "IdleTimeout"),
    (403, "BadCertificate"),
    (403, "BadCertificateEnvironment"),
    (403, "Forbidden"),
    (410, "Unregistered"),
    (429, "TooManyRequests"),
    (500, "InternalServerError"),
    (503, "ServiceUnavailable"),
    (503, "Shutdown"),
];

/// Words of the ADE service that no call of practice's own says.
const MORE_WORDS: &[(u16, &str)] =
    &[(403, "FORBIDDEN"), (403, "EXPIRED_TOKEN"), (401, "oauth_problem=token_expired")];

/// The answer in which Apple says that word, such as `T_C_NOT_SIGNED`, `token_rejected` or `BadDeviceToken`.
pub fn refusal(word: &str) -> Option<PlannedAnswer> {
    refusal_of(word).map(|(answer, _)| answer)
}

/// The same, with the service that says it, in the words of [`Place::parse`].
pub(crate) fn refusal_of(word: &str) -> Option<(PlannedAnswer, &'static str)> {
    let ade = AdeFault::ALL.iter().map(|fault| (fault.status(), fault.word()));
    let oauth = OAuthProblem::ALL.iter().map(|problem| problem.answer());
    let ade = ade.chain(oauth).chain(MORE_WORDS.iter().copied()).map(|answer| (answer, "ade"));
    let push = PUSH_REASONS.iter().map(|answer| (*answer, "push"));
    let named = |said: &str| said == word || said.strip_prefix("oauth_problem=") == Some(word);
    let found = ade.chain(push).find(|((_, said), _)| named(said));
    found.map(|((status, said), service)| (PlannedAnswer::new(status, said), service))
}
