//! A device's line to the push service, for devices in this process.

use std::sync::Arc;

use net::Clock;
use tokio::sync::Notify;

use super::registry::{DeviceToken, Push, Registry};
use crate::apple::moment::Moment;

/// A device that listens for its pushes. While there is none, the last push waits for the next.
#[derive(Debug)]
pub struct PushLine {
    registry: Arc<Registry>,
    clock: Clock,
    token: DeviceToken,
    bell: Arc<Notify>,
}

impl PushLine {
    /// Listens for a token. `None` when nobody registered it.
    pub fn open(registry: Arc<Registry>, clock: Clock, token: DeviceToken) -> Option<Self> {
        let bell = registry.listen(token)?;
        Some(Self { registry, clock, token, bell })
    }

    /// Waits for the next push. Safe to cancel: a push that nobody took is still there.
    pub async fn next(&self) -> Push {
        loop {
            if let Some(push) = self.try_next() {
                return push;
            }
            self.bell.notified().await;
        }
    }

    /// The push that waits, if one does.
    pub fn try_next(&self) -> Option<Push> {
        self.registry.take(self.token, Moment(self.clock.now_micros()))
    }
}

impl Drop for PushLine {
    fn drop(&mut self) {
        self.registry.leave(self.token);
    }
}
