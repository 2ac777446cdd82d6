//! The opaque cursors of fetch and sync.
//!
//! Rules (apple.md 1.5): a cursor dies seven days after it was given out; one that Apple never gave to this server is
//! invalid; one whose fetch has reached its end is exhausted for fetching, and is where syncing goes on from.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::fault::AdeFault;
use super::moment::{DAY_S, Moment};

/// How long a cursor lives, in seconds.
pub const CURSOR_LIFE_S: i64 = 7 * DAY_S;

/// The longest cursor looked at: Apple documents "up to 1000" characters.
const CURSOR_CHARS_MAX: usize = 1_000;

/// Where a client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When it was given out.
    pub issued: Moment,
    /// The position in the event log at which syncing goes on.
    pub position: u64,
    /// While a fetch is under way: the membership number it goes on with. `None` once it has seen every device.
    pub walk: Option<u64>,
}

impl Cursor {
    /// The text given to a client. `salt` is the server's own, so that no other server's cursor passes for its own.
    pub fn encode(&self, salt: u64) -> String {
        let walk = self.walk.map_or_else(|| "s".to_owned(), |next| format!("f{next}"));
        let body = format!("{}-{}-{walk}", self.issued.seconds(), self.position);
        STANDARD.encode(format!("{body}-{:016x}", check(&body, salt)))
    }

    /// Reads a cursor back.
    ///
    /// # Errors
    /// `INVALID_CURSOR` for a text this server never gave out, `EXPIRED_CURSOR` for one older than seven days.
    pub fn decode(text: &str, salt: u64, now: Moment) -> Result<Self, AdeFault> {
        let cursor = parse(text, salt).ok_or(AdeFault::InvalidCursor)?;
        if now.seconds() - cursor.issued.seconds() > CURSOR_LIFE_S {
            return Err(AdeFault::ExpiredCursor);
        }
        Ok(cursor)
    }
}

/// A checksum that ties a cursor to its server. It guards against mistakes, not against forgers.
fn check(body: &str, salt: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (salt, body).hash(&mut hasher);
    hasher.finish()
}

fn parse(text: &str, salt: u64) -> Option<Cursor> {
    if text.len() > CURSOR_CHARS_MAX {
        return None;
    }
    let bytes = STANDARD.decode(text).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?;
    let (body, sum) = text.rsplit_once('-')?;
    if u64::from_str_radix(sum, 16).ok()? != check(body, salt) {
        return None;
    }
    let mut parts = body.splitn(3, '-');
    let issued = Moment::from_seconds(parts.next()?.parse().ok()?);
    let position = parts.next()?.parse().ok()?;
    let walk = match parts.next()? {
        "s" => None,
        walk => Some(walk.strip_prefix('f')?.parse().ok()?),
    };
    Some(Cursor { issued, position, walk })
}
