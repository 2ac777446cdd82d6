//! The MDM push certificate (L28 to L30) and when a device is woken (apple.md 5).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::managed_device::PushTarget;
use crate::time::DAY;
use crate::{KeyId, Limits, ManagedDeviceId, TenantId, Time};

#[cfg(test)]
mod tests;

/// Longest topic accepted; Apple's have 53 characters.
const TOPIC_LEN_MAX: usize = 160;
/// After its end Apple lets a certificate be renewed for so long (L29).
pub const RENEWAL_GRACE: Duration = DAY.saturating_mul(30);
/// A device that is off keeps its place at APNs: once a day is enough (apple.md 5.3).
const WAKE_EVERY_MAX: Duration = DAY;

/// A tenant's push certificate, or the request for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushCertificate {
    /// Whose.
    pub tenant: TenantId,
    /// Changes with every write.
    pub version: i64,
    /// The certificate in use.
    pub current: Option<IssuedPushCertificate>,
    /// A key whose request was downloaded and whose certificate has not come back.
    pub pending_key: Option<KeyId>,
    /// `appleIdentifier`.
    pub apple_id: Option<String>,
    /// `lastModifiedDateTime`.
    pub modified_at: Time,
    /// Why the last upload was refused.
    pub last_refusal: Option<String>,
}

/// A certificate from Apple's push certificate portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedPushCertificate {
    /// Names its private key among the secrets.
    pub key: KeyId,
    /// PEM.
    pub pem: String,
    /// `UID` of the subject: `com.apple.mgmt.…`. Never changes while devices are enrolled (L30).
    pub topic: String,
    /// Serial number, hex.
    pub serial: String,
    /// `notAfter`.
    pub not_after: Time,
    /// When it was uploaded.
    pub uploaded_at: Time,
}

/// A device that wants waking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wake {
    /// Whose.
    pub tenant: TenantId,
    /// Which device.
    pub device: ManagedDeviceId,
    /// Where.
    pub target: PushTarget,
    /// Attempts since it was last heard from.
    pub attempts: u32,
}

/// What an uploaded certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedPushCertificate {
    /// PEM of the one certificate.
    pub pem: String,
    /// `UID` of its subject, if it has one.
    pub topic: Option<String>,
    /// Serial number, hex.
    pub serial: String,
    /// `notBefore`.
    pub not_before: Time,
    /// `notAfter`.
    pub not_after: Time,
    /// Which of our keys it was made for, if any.
    pub key: Option<KeyId>,
}

/// Why an uploaded push certificate is refused. Reads on from "failed to accept the push certificate: ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushRefusal {
    /// No request of ours.
    #[error("it was made for another key; upload the answer to the request downloaded last, from here (L28)")]
    OtherKey,
    /// Not for MDM.
    #[error(
        "it is no MDM push certificate: the UID of its subject does not begin with com.apple.mgmt. (L30)"
    )]
    NoTopic,
    /// Over.
    #[error("it ended on {0}")]
    Expired(String),
    /// Another topic than the one that devices were enrolled with.
    #[error(
        "its topic is {new}, and {devices} enrolled devices listen to {old} only: they would have to be wiped and \
         enrolled again. Renew the certificate with that UID, with the same Apple account, instead of making a new one \
         (L29, L30)"
    )]
    OtherTopic {
        /// The topic in use.
        old: String,
        /// The uploaded one.
        new: String,
        /// Devices that would be lost.
        devices: u64,
    },
}

/// Decides on an uploaded certificate (L28 to L30, lessons 54). `devices` counts the enrolled; `force` is the
/// administrator's word that they may be lost.
///
/// # Errors
/// The first rule that it breaks.
pub fn accept(
    certificate: &PushCertificate,
    uploaded: UploadedPushCertificate,
    devices: u64,
    force: bool,
    now: Time,
) -> Result<PushCertificate, PushRefusal> {
    let key = uploaded.key.ok_or(PushRefusal::OtherKey)?;
    let topic = uploaded
        .topic
        .filter(|topic| topic.len() <= TOPIC_LEN_MAX && mdm::push::is_mdm_topic(topic))
        .ok_or(PushRefusal::NoTopic)?;
    if uploaded.not_after <= now {
        return Err(PushRefusal::Expired(uploaded.not_after.rfc3339()));
    }
    if let Some(current) = &certificate.current
        && current.topic != topic
        && !force
    {
        return Err(PushRefusal::OtherTopic { old: current.topic.clone(), new: topic, devices });
    }
    let pending_key = certificate.pending_key.clone().filter(|pending| *pending != key);
    let issued = IssuedPushCertificate {
        key,
        pem: uploaded.pem,
        topic,
        serial: uploaded.serial,
        not_after: uploaded.not_after,
        uploaded_at: now,
    };
    Ok(PushCertificate {
        current: Some(issued),
        pending_key,
        modified_at: now,
        last_refusal: None,
        ..certificate.clone()
    })
}

/// How a push certificate stands (L28).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PushStanding {
    /// There is none: nothing can enrol.
    Missing,
    /// In use.
    Active,
    /// Ends soon.
    Expiring,
    /// Has ended; can be renewed for [`RENEWAL_GRACE`].
    Expired,
}

impl PushCertificate {
    /// How it stands.
    pub fn standing(&self, limits: &Limits, now: Time) -> PushStanding {
        match &self.current {
            None => PushStanding::Missing,
            Some(current) if current.not_after <= now => PushStanding::Expired,
            Some(current) if current.not_after <= now.plus(limits.push_certificate_warning) => {
                PushStanding::Expiring
            }
            Some(_) => PushStanding::Active,
        }
    }

    /// The topic for new enrolment profiles: only a certificate that can push gives one.
    pub fn topic(&self, now: Time) -> Option<&str> {
        self.current.as_ref().filter(|current| current.not_after > now).map(|current| current.topic.as_str())
    }
}

/// How a push ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// APNs took it.
    Accepted,
    /// 410 `Unregistered`: dead since then, in APNs' clock.
    Unregistered {
        /// `timestamp` of the answer.
        since: Option<Time>,
    },
    /// 400 `BadDeviceToken` or `DeviceTokenNotForTopic`: this token will never work.
    BadToken {
        /// APNs' reason.
        reason: String,
    },
    /// Anything that may pass: 429, 5xx, no connection.
    Later {
        /// APNs' wish, if it has one.
        after: Option<Duration>,
    },
    /// The certificate is refused: no device can be woken until an administrator acts.
    CertificateRefused,
}

/// What a push's end means for the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WakeNext {
    /// Try again then, as attempt number `attempts` + 1.
    At {
        /// When.
        due: Time,
        /// Attempts so far.
        attempts: u32,
    },
    /// The device cannot be reached until it sends a new token. APNs may be wrong about it: while something waits for
    /// the device, the token is tried again now and then.
    Unreachable {
        /// Why, for the administrator.
        words: String,
        /// When the token is tried again.
        due: Time,
    },
}

/// When a device is to be woken again (apple.md 5.3). The device's own connection ends the series, not the push.
pub fn after_push(wake: &Wake, pushed: &Pushed, now: Time, limits: &Limits) -> WakeNext {
    let attempts = wake.attempts.saturating_add(1);
    let unreachable = |words| WakeNext::Unreachable { words, due: now.plus(WAKE_EVERY_MAX) };
    let retry = |after: Duration| WakeNext::At { due: now.plus(after), attempts };
    match pushed {
        Pushed::Accepted => retry(wake_wait(attempts, limits)),
        Pushed::Unregistered { since } => match since {
            // The token that we hold is newer than the death notice: it is about an older one.
            Some(since) if *since < wake.target.received_at => retry(wake_wait(attempts, limits)),
            _ => unreachable("APNs says that the device is no longer registered".to_owned()),
        },
        Pushed::BadToken { reason } => unreachable(format!("APNs refuses the device's token: {reason}")),
        Pushed::Later { after } => {
            let wait = wake_wait(attempts, limits);
            retry(after.map_or(wait, |after| after.clamp(limits.push_retry, WAKE_EVERY_MAX)))
        }
        Pushed::CertificateRefused => retry(wake_wait(attempts, limits).max(Duration::from_secs(15 * 60))),
    }
}

/// The wait after attempt number `attempts`: doubled from [`Limits::push_retry`] up to a day.
fn wake_wait(attempts: u32, limits: &Limits) -> Duration {
    limits.push_retry.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(WAKE_EVERY_MAX)
}
