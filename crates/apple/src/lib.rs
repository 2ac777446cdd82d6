//! Clients of Apple's services: the Automated Device Enrollment service ([`ade`]) and push notifications ([`apns`]).
//!
//! They know Apple's manners (sessions, limits, what to try again and what not) and no rule of ours: what to ask for,
//! and what to do about an answer, is decided by the callers. Base URLs and trust come with the tenant, so that
//! practice Apple is reached by the same code as Apple.

pub mod ade;
pub mod apns;
mod registry;
mod retry_after;

pub use ade::AdeError;
pub use apns::PushError;
pub use registry::Registry;

/// What we call ourselves. Apple answers 400 `USER_AGENT_INVALID` to a user agent it does not like.
pub const USER_AGENT: &str = concat!("Muster/", env!("CARGO_PKG_VERSION"));

/// Longest text of a stranger that an error keeps, characters: enough to recognise it, too little to flood a log.
const MOST_WORDS: usize = 200;

/// A stranger's text, printable and short.
fn printable(words: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    words.trim().chars().take(MOST_WORDS).map(plain).collect()
}
