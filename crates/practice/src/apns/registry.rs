//! Which device tokens there are, whose topic they belong to, and what waits for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::apple::moment::Moment;
use crate::apple::world::lock;

/// A device token: 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceToken(pub [u8; 32]);

impl DeviceToken {
    /// Lower-case hexadecimal, as in a push's path.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Reads 64 hexadecimal characters.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = hex::decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

/// A push on its way to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The PushMagic in it.
    pub magic: String,
    /// When it is no longer worth delivering. `None`: never.
    pub expires: Option<Moment>,
}

/// How much Apple lets through.
#[derive(Clone, Copy, Debug)]
pub struct PushRules {
    /// Pushes to one device within a minute, before the rest is `TooManyRequests`.
    pub per_device_per_minute: u32,
}

impl Default for PushRules {
    fn default() -> Self {
        Self { per_device_per_minute: 60 }
    }
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Taken: delivered, or kept until the device is there. Of several kept, only the last.
    Accepted,
    /// No such token.
    Unknown,
    /// A token of another topic.
    OtherTopic,
    /// A token that was good until then.
    Unregistered(Moment),
    /// Too many within a minute.
    TooMany,
}

#[derive(Debug)]
struct Registration {
    topic: Arc<str>,
    gone: Option<Moment>,
    waiting: Option<Push>,
    listeners: u32,
    bell: Arc<Notify>,
    minute: i64,
    count_in_minute: u32,
    accepted: u64,
}

/// The device tokens.
#[derive(Debug, Default)]
pub struct Registry {
    rules: PushRules,
    devices: Mutex<HashMap<DeviceToken, Registration>>,
}

impl Registry {
    /// An empty registry with those rules.
    pub fn new(rules: PushRules) -> Self {
        Self { rules, devices: Mutex::default() }
    }

    /// A device asks for a token of a topic. Every call makes a new one.
    pub fn register(&self, topic: &str) -> DeviceToken {
        let halves = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
        let [a, b] = halves.map(uuid::Uuid::into_bytes);
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(a.into_iter().chain(b)) {
            *to = from;
        }
        let token = DeviceToken(bytes);
        let registration = Registration {
            topic: topic.into(),
            gone: None,
            waiting: None,
            listeners: 0,
            bell: Arc::default(),
            minute: 0,
            count_in_minute: 0,
            accepted: 0,
        };
        lock(&self.devices).insert(token, registration);
        token
    }

    /// A device gave its token up: it was erased, or left management. Pushes to it are `Unregistered` from now on.
    pub fn unregister(&self, token: DeviceToken, now: Moment) {
        if let Some(device) = lock(&self.devices).get_mut(&token) {
            device.gone.get_or_insert(now);
            device.waiting = None;
        }
    }

    /// How many pushes were accepted for a token.
    pub fn accepted(&self, token: DeviceToken) -> u64 {
        lock(&self.devices).get(&token).map_or(0, |device| device.accepted)
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        lock(&self.devices).len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a push for a device. Kept, it replaces the one that waited before.
    pub fn push(&self, token: DeviceToken, topic: &str, push: Push, now: Moment) -> Delivery {
        let mut devices = lock(&self.devices);
        let Some(device) = devices.get_mut(&token) else { return Delivery::Unknown };
        if *device.topic != *topic {
            return Delivery::OtherTopic;
        }
        if let Some(since) = device.gone {
            return Delivery::Unregistered(since);
        }
        let minute = now.seconds().div_euclid(60);
        if device.minute != minute {
            (device.minute, device.count_in_minute) = (minute, 0);
        }
        device.count_in_minute += 1;
        if device.count_in_minute > self.rules.per_device_per_minute {
            return Delivery::TooMany;
        }
        device.accepted += 1;
        let stored = push.expires.is_none_or(|expires| expires > now);
        if stored || device.listeners > 0 {
            device.waiting = Some(push);
            device.bell.notify_one();
        }
        Delivery::Accepted
    }

    /// The bell that rings when something comes for a token, and from now on one listener more.
    pub(super) fn listen(&self, token: DeviceToken) -> Option<Arc<Notify>> {
        let mut devices = lock(&self.devices);
        let device = devices.get_mut(&token)?;
        device.listeners += 1;
        Some(Arc::clone(&device.bell))
    }

    /// One listener less.
    pub(super) fn leave(&self, token: DeviceToken) {
        if let Some(device) = lock(&self.devices).get_mut(&token) {
            device.listeners = device.listeners.saturating_sub(1);
            if device.listeners == 0 {
                device.waiting.take_if(|push| push.expires == Some(Moment::from_seconds(0)));
            }
        }
    }

    /// Takes what waits for a token, unless it came too late. A push with expiration zero is only for who listens.
    pub(super) fn take(&self, token: DeviceToken, now: Moment) -> Option<Push> {
        let mut devices = lock(&self.devices);
        let push = devices.get_mut(&token)?.waiting.take()?;
        let good = push.expires.is_none_or(|expires| expires > now || expires == Moment::from_seconds(0));
        good.then_some(push)
    }
}

#[cfg(test)]
mod tests;
