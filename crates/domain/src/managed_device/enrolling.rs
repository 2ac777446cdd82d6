//! From a served profile to an enrolled device: who may take which step (apple.md 3.1, 3.3, 3.4; lessons, classes D and S).
//!
//! Every step is bound to the one before: the profile to a signed MachineInfo, the identity to that profile, and
//! `Authenticate` to that identity. Serial and UDID prove nothing; they are compared with what was bound.

use std::time::Duration;

use super::{DeviceInfo, ManagedDevice, PendingEnrollment, PinnedCertificate, PushTarget, RivalUdid, Stage};
use crate::time::DAY;
use crate::{DeviceId, ManagedDeviceId, Platform, ProfileId, Serial, TenantId, Time, TokenId};

/// A pinned identity is accepted so long after its end: a device that was switched off over the holidays can still
/// call, and is given a new identity at once (lessons 60, 63).
pub const IDENTITY_GRACE: Duration = DAY.saturating_mul(30);

/// Why a device is not let in. Reads on from "failed to accept the device's message: ".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The certificate belongs to nobody we know, or to an enrolment that has ended.
    #[error("its certificate is not the one this enrolment is pinned to")]
    UnknownCertificate,
    /// The certificate ended too long ago.
    #[error("its certificate has expired")]
    Expired,
    /// The message names another device than the certificate was issued for.
    #[error("it names another UDID than its certificate was issued for")]
    OtherDevice,
    /// The message names another serial number than MachineInfo did.
    #[error("it names another serial number than its certificate was issued for")]
    OtherSerial,
    /// It must authenticate first.
    #[error("it has not authenticated")]
    NotAuthenticated,
    /// It has left management.
    #[error("its enrolment has ended")]
    Ended,
    /// The SCEP challenge is of an enrolment profile that has been replaced by a newer one.
    #[error("its enrolment profile has been replaced by a newer one")]
    Superseded,
    /// The push topic is not the one in its profile.
    #[error("it names another push topic than its profile")]
    OtherTopic,
}

/// What an enrolment profile is served with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Whose.
    pub tenant: TenantId,
    /// Id for the row, if the serial has none yet.
    pub fresh_id: ManagedDeviceId,
    /// From signed MachineInfo.
    pub serial: Serial,
    /// From signed MachineInfo.
    pub udid: String,
    /// The serial's row under the token.
    pub device: DeviceId,
    /// The token of the profile whose URL was asked.
    pub token: TokenId,
    /// That profile.
    pub profile: ProfileId,
    /// Its name.
    pub profile_name: String,
    /// Its platform.
    pub platform: Platform,
}

/// What serving came to.
#[derive(Debug, Clone, PartialEq)]
pub struct ServedProfile {
    /// The row to write.
    pub device: ManagedDevice,
    /// The number of the enrolment that the challenge is for.
    pub enrolment: i64,
}

/// Decides what serving an enrolment profile does to the serial's row. A live enrolment goes on undisturbed until the
/// new one authenticates; asking twice in a row for the same thing is one enrolment.
pub fn serve(existing: Option<ManagedDevice>, served: Served, now: Time) -> ServedProfile {
    let mut device = existing.unwrap_or_else(|| first_row(&served, now));
    let enrolment = match &device.pending {
        Some(pending)
            if pending.certificate.is_none()
                && pending.udid == served.udid
                && pending.profile == served.profile =>
        {
            pending.enrolment
        }
        Some(pending) => pending.enrolment.max(device.enrolment) + 1,
        None => device.enrolment + 1,
    };
    let known_udid = device.stage != Stage::ProfileServed || device.served_at < now;
    if known_udid && device.udid != served.udid {
        device.rival = Some(RivalUdid { udid: served.udid.clone(), at: now });
    }
    device.pending = Some(PendingEnrollment {
        enrolment,
        udid: served.udid,
        device: served.device,
        token: served.token,
        profile: served.profile,
        profile_name: served.profile_name,
        platform: served.platform,
        served_at: now,
        certificate: None,
    });
    if !device.stage.is_managed() {
        device.stage = Stage::ProfileServed;
        device.served_at = now;
    }
    ServedProfile { device, enrolment }
}

fn first_row(served: &Served, now: Time) -> ManagedDevice {
    ManagedDevice {
        tenant: served.tenant.clone(),
        id: served.fresh_id.clone(),
        version: 0,
        serial: served.serial.clone(),
        udid: served.udid.clone(),
        device: served.device.clone(),
        token: served.token.clone(),
        profile: served.profile.clone(),
        profile_name: served.profile_name.clone(),
        platform: served.platform,
        stage: Stage::ProfileServed,
        enrolment: 0,
        certificate: None,
        next_certificate: None,
        pending: None,
        rival: None,
        info: DeviceInfo::default(),
        push: None,
        awaiting_configuration: false,
        name_override: None,
        served_at: now,
        enrolled_at: None,
        last_seen: None,
    }
}

impl ManagedDevice {
    /// Notes the identity issued for a challenge of enrolment number `enrolment`: the pending enrolment's first
    /// identity, or a renewal for the one that lives.
    ///
    /// # Errors
    /// [`Refusal::Superseded`] when that enrolment is neither.
    pub fn identity_issued(mut self, enrolment: i64, issued: PinnedCertificate) -> Result<Self, Refusal> {
        match &mut self.pending {
            Some(pending) if pending.enrolment == enrolment => {
                pending.certificate = Some(issued);
                if self.stage == Stage::ProfileServed {
                    self.stage = Stage::IdentityIssued;
                }
                Ok(self)
            }
            _ if self.enrolment == enrolment && self.stage.is_managed() => {
                self.next_certificate = Some(issued);
                Ok(self)
            }
            _ => Err(Refusal::Superseded),
        }
    }

    /// The UDID that the challenge of enrolment number `enrolment` was served to.
    pub fn udid_of(&self, enrolment: i64) -> Option<&str> {
        match &self.pending {
            Some(pending) if pending.enrolment == enrolment => Some(&pending.udid),
            _ if self.enrolment == enrolment => Some(&self.udid),
            _ => None,
        }
    }

    /// Which of the row's certificates this is.
    ///
    /// # Errors
    /// [`Refusal::UnknownCertificate`], or [`Refusal::Expired`] when it ended longer ago than [`IDENTITY_GRACE`].
    pub fn credential(&self, fingerprint: &str, now: Time) -> Result<Credential, Refusal> {
        let is =
            |pinned: Option<&PinnedCertificate>| pinned.filter(|p| p.fingerprint == fingerprint).cloned();
        let pending = self.pending.as_ref().and_then(|p| p.certificate.as_ref());
        let (credential, pinned) = if let Some(pinned) = is(self.certificate.as_ref()) {
            (Credential::Current, pinned)
        } else if let Some(pinned) = is(self.next_certificate.as_ref()) {
            (Credential::Renewed, pinned)
        } else if let Some(pinned) = is(pending) {
            (Credential::Pending, pinned)
        } else {
            return Err(Refusal::UnknownCertificate);
        };
        pinned.accepted(now).map(|()| credential)
    }
}

/// Which of a row's certificates a caller holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The one the enrolment is pinned to.
    Current,
    /// A renewal of it, used for the first time.
    Renewed,
    /// The one of an enrolment that has not authenticated.
    Pending,
}

/// The renewal becomes the pinned identity once the device has used it; the old one is no longer accepted.
pub fn renewed_identity(mut device: ManagedDevice) -> ManagedDevice {
    if let Some(next) = device.next_certificate.take() {
        device.certificate = Some(next);
    }
    device
}

/// What `Authenticate` said.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthenticateSaid<'a> {
    /// `UDID`.
    pub udid: &'a str,
    /// `SerialNumber`, when the device gives it.
    pub serial: Option<&'a str>,
    /// The rest.
    pub info: DeviceInfo,
}

/// What `Authenticate` came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Authentication {
    /// The row to write.
    pub device: ManagedDevice,
    /// A new enrolment began: cancel what is queued, abandon the plan of setup, forget the secrets of the old one.
    pub begins: bool,
}

impl ManagedDevice {
    /// `Authenticate`: the pending enrolment takes the row over, or the living one starts anew (a device may
    /// authenticate again without checking out, after a profile update for instance).
    ///
    /// # Errors
    /// UDID and serial number must be those that the certificate was served to (lessons, class S).
    pub fn authenticate(
        self,
        credential: Credential,
        said: AuthenticateSaid<'_>,
    ) -> Result<Authentication, Refusal> {
        let serial_fits =
            said.serial.is_none_or(|serial| serial.trim().eq_ignore_ascii_case(self.serial.as_str()));
        if !serial_fits {
            return Err(Refusal::OtherSerial);
        }
        match credential {
            Credential::Pending => self.take_over(said),
            Credential::Current | Credential::Renewed => self.authenticate_again(credential, said),
        }
    }

    fn take_over(mut self, said: AuthenticateSaid<'_>) -> Result<Authentication, Refusal> {
        let pending = self.pending.take().ok_or(Refusal::UnknownCertificate)?;
        if !pending.udid.eq_ignore_ascii_case(said.udid) {
            return Err(Refusal::OtherDevice);
        }
        self.udid = pending.udid;
        self.device = pending.device;
        self.token = pending.token;
        self.profile = pending.profile;
        self.profile_name = pending.profile_name;
        self.platform = pending.platform;
        self.enrolment = pending.enrolment;
        self.certificate = pending.certificate;
        self.next_certificate = None;
        self.served_at = pending.served_at;
        self.stage = Stage::Authenticated;
        self.info = DeviceInfo::default();
        self.info.merge(said.info);
        self.push = None;
        self.awaiting_configuration = false;
        self.enrolled_at = None;
        Ok(Authentication { device: self, begins: true })
    }

    /// With the identity that it has: a profile update (the queue stays) or a restart of an enrolment that had not
    /// come to its TokenUpdate.
    fn authenticate_again(
        self,
        credential: Credential,
        said: AuthenticateSaid<'_>,
    ) -> Result<Authentication, Refusal> {
        self.is_named(said.udid)?;
        if !self.stage.is_managed() {
            return Err(Refusal::Ended);
        }
        let mut device = if credential == Credential::Renewed { renewed_identity(self) } else { self };
        device.info.merge(said.info);
        Ok(Authentication { device, begins: false })
    }
}

/// What `TokenUpdate` said of the device channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUpdateSaid<'a> {
    /// `UDID`.
    pub udid: &'a str,
    /// Where to wake it.
    pub push: PushSaid,
    /// `AwaitingConfiguration`.
    pub awaiting_configuration: bool,
}

/// The push keys of `TokenUpdate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushSaid {
    /// `Topic`.
    pub topic: String,
    /// `Token`.
    pub token: Vec<u8>,
    /// `PushMagic`.
    pub magic: String,
}

/// What `TokenUpdate` came to.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenUpdated {
    /// The row to write.
    pub device: ManagedDevice,
    /// The first of this enrolment: the device is enrolled.
    pub enrolled: bool,
    /// A plan of setup begins; the flag says whether Setup Assistant holds the device.
    pub setup: Option<bool>,
}

impl ManagedDevice {
    /// `TokenUpdate` on the device channel. The first after `Authenticate` makes the device enrolled. One that says
    /// that the device waits in Setup Assistant always starts a new plan (lessons 40); one without `Authenticate` is a
    /// changed token, or a backup restored to the same device, which is enrolled again: it holds the pinned identity.
    ///
    /// # Errors
    /// Another UDID, a certificate that has not authenticated, or an enrolment that has ended.
    pub fn token_update(
        self,
        credential: Credential,
        said: TokenUpdateSaid<'_>,
        now: Time,
    ) -> Result<TokenUpdated, Refusal> {
        self.is_named(said.udid)?;
        if credential == Credential::Pending {
            return Err(Refusal::NotAuthenticated);
        }
        if matches!(self.stage, Stage::ProfileServed | Stage::IdentityIssued) {
            return Err(Refusal::NotAuthenticated);
        }
        let mut device = if credential == Credential::Renewed { renewed_identity(self) } else { self };
        let enrolled = !matches!(device.stage, Stage::AwaitingConfiguration | Stage::Enrolled);
        device.push = Some(PushTarget {
            topic: said.push.topic,
            token: said.push.token,
            magic: said.push.magic,
            received_at: now,
            unreachable: None,
        });
        device.awaiting_configuration = said.awaiting_configuration;
        device.stage =
            if said.awaiting_configuration { Stage::AwaitingConfiguration } else { Stage::Enrolled };
        if enrolled {
            device.enrolled_at = Some(now);
        }
        let setup = (enrolled || said.awaiting_configuration).then_some(said.awaiting_configuration);
        Ok(TokenUpdated { device, enrolled, setup })
    }

    /// `CheckOut`: the device has removed its profile.
    ///
    /// # Errors
    /// Another UDID, or a certificate that never authenticated.
    pub fn check_out(mut self, credential: Credential, udid: &str) -> Result<Self, Refusal> {
        self.is_named(udid)?;
        if credential == Credential::Pending {
            return Err(Refusal::NotAuthenticated);
        }
        self.leave(Stage::CheckedOut);
        Ok(self)
    }

    /// The enrolment has ended. The certificate stays pinned, so that a restored backup or a late message is known
    /// and answered; it commands nothing any more.
    pub fn leave(&mut self, stage: Stage) {
        self.stage = stage;
        self.push = None;
        self.awaiting_configuration = false;
        self.next_certificate = None;
    }

    /// The device left Setup Assistant.
    pub fn leave_setup(&mut self) {
        self.awaiting_configuration = false;
        if self.stage == Stage::AwaitingConfiguration {
            self.stage = Stage::Enrolled;
        }
    }
}
