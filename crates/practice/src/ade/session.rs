//! Sessions: short-lived, and replaced every so many answers.

use std::collections::HashMap;

use crate::apple::moment::Moment;
use crate::apple::org::ServerId;

/// The most sessions kept; the one longest unused goes first. Clients share one, and lose it now and then.
const SESSIONS_MAX: usize = 4_096;

/// For how long a replaced session still opens, in seconds: requests under way carry it.
const GRACE_S: i64 = 60;

/// How long sessions live.
#[derive(Clone, Copy, Debug)]
pub struct SessionRules {
    /// Seconds without a request after which a session is over.
    pub idle_s: i64,
    /// Every so many answers carry a fresh session in `X-ADM-Auth-Session`; 0 for never.
    pub rotate_every: u32,
}

impl Default for SessionRules {
    fn default() -> Self {
        Self { idle_s: 180, rotate_every: 50 }
    }
}

#[derive(Debug)]
struct Session {
    server: ServerId,
    access_token: String,
    ends: Moment,
    replaced: bool,
    answers: u32,
}

/// A session that let a request in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entered {
    pub(super) server: ServerId,
    pub(super) access_token: String,
    pub(super) rotated: Option<String>,
}

/// The sessions that are open.
#[derive(Debug)]
pub(super) struct Sessions {
    rules: SessionRules,
    live: HashMap<String, Session>,
}

impl Sessions {
    pub(super) fn new(rules: SessionRules) -> Self {
        Self { rules, live: HashMap::new() }
    }

    /// Opens a session, and returns its token.
    pub(super) fn open(&mut self, server: ServerId, access_token: &str, now: Moment) -> String {
        self.make_room(now);
        let token = format!("{}{}", now.millis(), uuid::Uuid::new_v4().simple());
        let ends = now.plus_seconds(self.rules.idle_s);
        let access_token = access_token.to_owned();
        self.live.insert(token.clone(), Session { server, access_token, ends, replaced: false, answers: 0 });
        token
    }

    /// Lets a request in, and prolongs the session. `None` when it is unknown or over.
    pub(super) fn enter(&mut self, token: &str, now: Moment) -> Option<Entered> {
        let rules = self.rules;
        let session = self.live.get_mut(token)?;
        if now >= session.ends {
            self.live.remove(token);
            return None;
        }
        let (server, access_token) = (session.server, session.access_token.clone());
        session.answers += 1;
        let rotate = rules.rotate_every > 0 && !session.replaced && session.answers >= rules.rotate_every;
        if rotate {
            session.replaced = true;
            session.ends = now.plus_seconds(GRACE_S);
        } else if !session.replaced {
            session.ends = now.plus_seconds(rules.idle_s);
        }
        let rotated = rotate.then(|| self.open(server, &access_token, now));
        Some(Entered { server, access_token, rotated })
    }

    fn make_room(&mut self, now: Moment) {
        if self.live.len() < SESSIONS_MAX {
            return;
        }
        self.live.retain(|_, session| now < session.ends);
        if self.live.len() >= SESSIONS_MAX {
            let oldest = self.live.iter().min_by_key(|(_, session)| session.ends);
            if let Some(token) = oldest.map(|(token, _)| token.clone()) {
                self.live.remove(&token);
            }
        }
    }
}

#[cfg(test)]
mod tests;
