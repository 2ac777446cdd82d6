//! The session of one token, shared by everybody who uses the token.

#[cfg(test)]
mod tests;

use std::fmt::Display;

use http::HeaderValue;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// A session token as it was when a request took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pass {
    /// For `X-ADM-Auth-Session`; marked sensitive.
    pub(super) token: HeaderValue,
    /// Counts sign-ins, so that a late answer does not put back a token from before the last one.
    sign_in: u64,
}

/// The token of the moment. Apple may hand out another with any answer, and forget it at any time.
#[derive(Debug, Default)]
pub(super) struct Session {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    token: Option<HeaderValue>,
    sign_ins: u64,
    /// When signing in last failed, and why.
    failed: Option<(Instant, String)>,
}

impl Held {
    fn pass(&self) -> Option<Pass> {
        let token = self.token.clone()?;
        Some(Pass { token, sign_in: self.sign_ins })
    }
}

impl Session {
    /// A pass other than `refused`: the one held if somebody has already got another, or else a fresh one by
    /// `sign_in`. The lock is held meanwhile, so that many workers with a dead session sign in once. If that fails, who
    /// waited for it gets `shared` of the reason: else they would time out one after the other.
    pub(super) async fn pass<E: Display>(
        &self,
        refused: Option<&Pass>,
        sign_in: impl Future<Output = Result<HeaderValue, E>>,
        shared: impl FnOnce(String) -> E,
    ) -> Result<Pass, E> {
        let asked = Instant::now();
        let mut held = self.held.lock().await;
        if let Some(pass) = held.pass().filter(|pass| Some(pass) != refused) {
            return Ok(pass);
        }
        if let Some((_, words)) = held.failed.as_ref().filter(|(at, _)| *at > asked) {
            return Err(shared(words.clone()));
        }
        held.token = None;
        let token = match sign_in.await {
            Ok(token) => token,
            Err(error) => {
                held.failed = Some((Instant::now(), error.to_string()));
                return Err(error);
            }
        };
        held.token = Some(token.clone());
        held.sign_ins += 1;
        Ok(Pass { token, sign_in: held.sign_ins })
    }

    /// Takes the token that came with the answer to a request made with `used`.
    pub(super) async fn rotate(&self, used: &Pass, token: HeaderValue) {
        let mut held = self.held.lock().await;
        if held.sign_ins == used.sign_in {
            held.token = Some(token);
        }
    }
}
