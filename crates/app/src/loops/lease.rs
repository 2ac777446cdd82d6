//! The work on a token at Apple is one node's at a time, for as long as it gives signs of life.

use std::convert::Infallible;
use std::time::Duration;

use domain::Time;

use crate::{App, Result};

/// How long a node has it without a sign of life: then it is taken for dead, and another goes on.
pub(super) const LIFE: Duration = Duration::from_secs(90);
/// Between signs of life while it waits for Apple. One call can last several minutes: each of up to six requests (a sign-in
/// before it, another when the session is refused, POST where PUT is) may take `apple_answer`.
const SIGN: Duration = Duration::from_secs(20);

/// A lease that this node has, or had.
pub(super) struct Lease {
    app: App,
    name: String,
}

impl Lease {
    /// Takes it; none: another node has it.
    pub(super) async fn take(app: &App, name: String) -> Result<Option<Self>> {
        let lease = Self { app: app.clone(), name };
        Ok(lease.hold().await?.then_some(lease))
    }

    /// Prolongs it. Whether it is ours: asked before each thing that no two nodes may do.
    pub(super) async fn hold(&self) -> Result<bool> {
        let args = (self.name.clone(), self.app.instance.clone(), self.app.now());
        let held = self.app.commit(args, |tx, (name, holder, now)| {
            Box::pin(async move { Ok(store::lease::try_acquire(tx, &name, &holder, now, LIFE).await?) })
        });
        held.await
    }

    /// Waits for Apple, and gives signs of life meanwhile.
    pub(super) async fn during<T>(&self, call: impl Future<Output = T>) -> T {
        tokio::select! {
            done = call => done,
            never = self.signs() => match never {},
        }
    }

    async fn signs(&self) -> Infallible {
        loop {
            self.app.clock.sleep(SIGN).await;
            // Whoever waits asks again before he goes on.
            if let Err(error) = self.hold().await {
                tracing::warn!(lease = self.name, "failed to {error}");
            }
        }
    }

    /// Gives it back.
    pub(super) async fn release(self) -> Result<()> {
        let args = (self.name, self.app.instance.clone());
        let released = self.app.commit(args, |tx, (name, holder)| {
            Box::pin(async move { Ok(store::lease::release(tx, &name, &holder).await?) })
        });
        released.await
    }

    /// When another node that has it now may be dead.
    pub(super) fn look_again(app: &App) -> Time {
        app.now().plus(LIFE)
    }
}

#[cfg(test)]
mod tests {
    use super::{LIFE, SIGN};

    #[test]
    fn two_signs_of_life_may_fail_to_come_before_a_node_is_taken_for_dead() {
        assert!(LIFE > 3 * SIGN);
    }
}
