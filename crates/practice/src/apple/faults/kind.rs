//! The kinds of faults: the one list of them, with where each can happen. The services ask it, the portal refuses by it
//! what could never happen, and the command line shows it.

use super::Place;
use crate::apple::assign::SerialResult;

/// A kind of fault.
#[derive(Debug)]
pub struct Kind {
    /// Its word in the API.
    pub word: &'static str,
    /// Its word on a command line.
    pub dashed: &'static str,
    /// What it is, for people.
    pub about: &'static str,
    /// Where it is when nobody says; empty: somebody has to.
    pub usual: &'static str,
    /// The calls and services that it can happen to, in the words of [`Place::parse`].
    at: &'static [&'static str],
    /// Whether it happens to a whole service or not at all.
    whole: bool,
}

/// Any call of the ADE service.
const ADE: &[&str] = &["ade"];
/// Calls that list devices.
const PAGES: &[&str] = &["fetch", "sync"];

/// Every kind. The first is what a plan means that names none.
pub const KINDS: &[Kind] = &[
    Kind::of_calls(
        "answer",
        "answer",
        "That answer comes instead of the real one",
        &["ade", "push", "activation"],
    ),
    Kind::of_calls(
        "slow",
        "slow",
        "The real answer comes late, by --seconds",
        &["ade", "push", "activation"],
    ),
    Kind::of_calls(
        "cutOff",
        "cut-off",
        "The real answer ends in its middle, and the connection with it",
        &["ade", "push"],
    ),
    Kind::of_calls("endless", "endless", "An answer that never ends", ADE),
    Kind::of_calls("wrongJson", "wrong-json", "The real answer, but its JSON ends in the middle", ADE),
    Kind::of_calls(
        "repeatCursor",
        "repeat-cursor",
        "Pages come with the cursor that was sent, and more to follow",
        PAGES,
    ),
    Kind::of_calls("duplicates", "duplicates", "Pages hold each device twice", PAGES),
    Kind::of_calls("disorder", "disorder", "Pages hold the newest event first", PAGES),
    Kind::of_calls("loseDeleted", "lose-deleted", "Syncs do not tell of devices that left", &["sync"])
        .usually("sync"),
    Kind::of_calls(
        "serials",
        "serials",
        "Assignments come to --result, for each --serial or for any device",
        &["define", "assign"],
    )
    .usually("assign"),
    Kind::of_calls(
        "clock",
        "clock",
        "The clock that judges signatures is ahead by --seconds; behind, if less than 0",
        &["session"],
    )
    .usually("session"),
    Kind::of_calls(
        "goAway",
        "go-away",
        "The push service closes its connections with GOAWAY after the call",
        &["push"],
    )
    .usually("push"),
    Kind::of_calls(
        "noConnection",
        "no-connection",
        "Nobody listens at the service's address: of `push`, `ade` or `*`",
        &["ade", "push"],
    )
    .of_services(),
];

/// What a device is answered when a profile is assigned to it, as a command line has it, and what that is.
pub const RESULTS: &[(&str, &str, SerialResult)] = &[
    ("throttled", "`THROTTLED`; it is then missing from syncs too", SerialResult::Throttled),
    ("failed", "`FAILED`", SerialResult::Failed),
    ("not-accessible", "`NOT_ACCESSIBLE`", SerialResult::NotAccessible),
];

impl Kind {
    const fn of_calls(
        word: &'static str,
        dashed: &'static str,
        about: &'static str,
        at: &'static [&'static str],
    ) -> Self {
        Self { word, dashed, about, usual: "", at, whole: false }
    }

    const fn usually(self, usual: &'static str) -> Self {
        Self { usual, ..self }
    }

    const fn of_services(self) -> Self {
        Self { whole: true, ..self }
    }

    /// The kind with that word, in either spelling.
    pub fn named(word: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.word == word || kind.dashed == word)
    }

    /// Whether it happens to at least one call of that place.
    pub fn fits(&self, place: &Place) -> bool {
        let mut at = self.at.iter().filter_map(|word| Place::parse(word));
        match place {
            Place::Everything => true,
            place if self.whole => at.any(|at| at == *place),
            place => at.any(|at| at.meets(place)),
        }
    }

    /// The places that it fits, in words.
    pub fn places(&self) -> String {
        let fits = |word: &&str| Place::parse(word).is_some_and(|place| self.fits(&place));
        Place::words().filter(fits).collect::<Vec<_>>().join(", ")
    }
}
