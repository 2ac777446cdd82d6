//! An enrollment program token: what is known of it, and what Apple says to it now.

use super::{Finding, span};
use crate::sync::SyncState;
use crate::token::{Health, Token};
use crate::{Limits, Time};

/// What Apple answered to the token just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// It was not asked, and why not.
    NotAsked(String),
    /// A good token's answer.
    Good,
    /// It does not know the token or its signature, in its words.
    Rejected(String),
    /// New terms wait for somebody.
    TermsNotAccepted,
    /// The clocks differ too much, in its words.
    WrongTime(String),
    /// It is busy or down, in its words.
    Later(String),
    /// It was not reached, and why.
    Unreachable(String),
    /// Something else, in its words.
    Other(String),
}

/// A token.
#[derive(Debug)]
pub struct TokenFacts<'a> {
    /// The token.
    pub token: &'a Token,
    /// Its sync.
    pub sync: Option<&'a SyncState>,
    /// What Apple says to it.
    pub answered: Answered,
}

const CHECK: &str = "tenant.token";
const RENEW: &str = "download a new token of the same server at Apple and renew it here: muster tokens renew";

/// How a token stands: the worst of what Apple says, its date, and its last sync.
pub fn token(facts: &TokenFacts<'_>, limits: &Limits, now: Time) -> Finding {
    let name = &facts.token.name;
    let problem = |words: String, advice: &str| Finding::problem(CHECK, format!("“{name}”: {words}"), advice);
    let warning = |words: String, advice: &str| Finding::warning(CHECK, format!("“{name}”: {words}"), advice);
    match &facts.answered {
        Answered::NotAsked(_) | Answered::Good => of_record(facts, limits, now),
        Answered::Rejected(words) => problem(
            format!("Apple rejects it ({words})"),
            "download a new token of the same server at Apple and renew it here (muster tokens renew): it was replaced, or who made it has left or changed their password",
        ),
        Answered::TermsNotAccepted => problem(
            format!("{} has not accepted Apple's new terms", facts.token.organization()),
            "sign in at business.apple.com or school.apple.com as an administrator and accept the terms; then muster sync start",
        ),
        Answered::WrongTime(words) => problem(
            format!("Apple refuses the time in our signature ({words})"),
            "set the clock of this machine, see clock.offset",
        ),
        Answered::Later(words) => warning(
            format!("Apple's service is busy: {words}"),
            "nothing: it is asked again by itself; see Apple's system status page if it lasts",
        ),
        Answered::Unreachable(words) => problem(
            format!("Apple's service cannot be reached: {words}"),
            "let this machine resolve and connect to Apple on port 443, directly and without a proxy that reads TLS",
        ),
        Answered::Other(words) => problem(
            format!("Apple answers: {words}"),
            "muster sync history shows since when; muster alerts what to do",
        ),
    }
}

/// What is stored of it.
fn of_record(facts: &TokenFacts<'_>, limits: &Limits, now: Time) -> Finding {
    let token = facts.token;
    let found = token.health(now, limits);
    let words = format!("“{}”: {}", token.name, found.words);
    match found.health {
        Health::Draft => Finding::warning(
            CHECK,
            words,
            "muster tokens public-key, take it to Apple, muster tokens upload what Apple gives for it",
        ),
        Health::Expired | Health::Rejected => Finding::problem(CHECK, words, RENEW),
        Health::TermsNotAccepted => Finding::problem(
            CHECK,
            words,
            "accept the terms at Apple, then muster sync start: it is this that tells the server",
        ),
        Health::Expiring => Finding::warning(CHECK, words, RENEW),
        Health::Valid => of_sync(facts, words, limits, now),
    }
}

fn of_sync(facts: &TokenFacts<'_>, words: String, limits: &Limits, now: Time) -> Finding {
    let Some(sync) = facts.sync else { return Finding::ok(CHECK, words) };
    let last = match sync.last_success_at {
        Some(at) => format!("last good sync {} ago", span(now.since(at))),
        None => "no sync yet".to_owned(),
    };
    let words = format!("{words}; {last}");
    if let Some(error) = &sync.last_error {
        let advice = "muster sync history shows what Apple said; it is tried again by itself";
        return Finding::warning(CHECK, format!("{words}; the last one failed: {}", error.words), advice);
    }
    let late = sync.last_success_at.is_some_and(|at| now.since(at) > limits.sync_every.saturating_mul(2));
    match late {
        true => Finding::warning(
            CHECK,
            words,
            "the server should have asked twice since then: see that it runs and that its loops do not fail",
        ),
        false => Finding::ok(CHECK, words),
    }
}
