//! Being enrolled: the identity, the check-in messages, and the way they are sent (apple.md 3.3, 3.4).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mdm::guard::{Dictionary, Value};
use pki::cms::Signer;
use reqwest::header::CONTENT_TYPE;

use super::Result;
use super::cloud::CloudConfig;
use super::fault::DeviceFault;
use super::os::{Os, Platform};
use super::profile::{Enrolling, MdmPayload, Profile};
use super::scep::{self, MdmIdentity};
use super::setup::write_plist;
use super::unit::VirtualDevice;
use super::wire::{Answer, Clients, send};
use crate::apns::DeviceToken;

/// The length of an unlock token, in bytes. Opaque to everyone but the device.
const UNLOCK_TOKEN_BYTES: usize = 32;

const CHECK_IN_TYPE: &str = "application/x-apple-aspen-mdm-checkin";
const CONNECT_TYPE: &str = "application/x-apple-aspen-mdm; charset=UTF-8";

/// What an enrolled device keeps of its enrolment. Replaced as a whole, never half.
#[derive(Clone)]
pub(super) struct Enrolment {
    pub(super) identifier: String,
    pub(super) mdm: MdmPayload,
    pub(super) identity: MdmIdentity,
    pub(super) key_number: usize,
    pub(super) token: DeviceToken,
    pub(super) magic: String,
    pub(super) unlock_token: Option<Vec<u8>>,
    pub(super) awaiting: bool,
    /// Certificates the profile brought (DER); none: the device's own.
    pub(super) anchors: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enrolment").field("identifier", &self.identifier).finish_non_exhaustive()
    }
}

impl Enrolment {
    fn signer(&self) -> Result<Signer> {
        Ok(Signer::new(self.identity.key.clone().into(), self.identity.certificate.clone())?)
    }
}

/// A connection's worth of an enrolment: messages go through one client.
pub(super) struct Channel {
    pub(super) enrolment: Arc<Enrolment>,
    http: reqwest::Client,
}

impl Channel {
    /// A channel that proves who the device is by signatures, or by its certificate in TLS.
    pub(super) fn open(device: &VirtualDevice, enrolment: &Arc<Enrolment>) -> Result<Self> {
        let http = if enrolment.mdm.sign_message {
            device.shared.clients.trusting(&enrolment.anchors)?
        } else {
            let chain = vec![enrolment.identity.certificate.der().to_vec()];
            let identity = net::Identity::from_der(chain, &enrolment.identity.key.to_pkcs8());
            let identity = identity.map_err(|error| DeviceFault::Crypto(format!("failed to {error}")))?;
            Clients::showing(&enrolment.anchors, identity)?
        };
        Ok(Self { enrolment: Arc::clone(enrolment), http })
    }

    async fn put(&self, url: &str, media: &'static str, body: bytes::Bytes) -> Result<Answer> {
        let mut request = self.http.put(url).header(CONTENT_TYPE, media);
        if self.enrolment.mdm.sign_message {
            let signature = self.enrolment.signer()?.sign_detached(&body)?;
            request = request.header("Mdm-Signature", STANDARD.encode(signature));
        }
        send(request.body(body)).await
    }

    /// Sends a check-in message.
    pub(super) async fn check_in(&self, message: Dictionary) -> Result<Answer> {
        let body = write_plist(message)?.into();
        self.put(&self.enrolment.mdm.check_in_url, CHECK_IN_TYPE, body).await
    }

    /// Sends a result, or says that there is none.
    pub(super) async fn connect(&self, body: bytes::Bytes) -> Result<Answer> {
        self.put(&self.enrolment.mdm.server_url, CONNECT_TYPE, body).await
    }

    /// Sends a check-in message that must be taken.
    async fn must_check_in(&self, name: &'static str, message: Dictionary) -> Result<()> {
        let answer = self.check_in(message).await?;
        if answer.is_good() {
            return Ok(());
        }
        Err(DeviceFault::CheckIn { message: name, status: answer.status })
    }
}

impl VirtualDevice {
    /// Installs an enrolment profile: trusts its certificates, gets an identity, checks in. All or nothing.
    pub(super) async fn enrol(&self, profile: Profile, cloud: &Arc<CloudConfig>) -> Result<()> {
        let enrolling = profile.enrolment.clone();
        let enrolling =
            enrolling.ok_or_else(|| DeviceFault::Profile("it has no com.apple.mdm payload".to_owned()))?;
        let os = self.os();
        let number = self.memory(|memory| memory.enrolment.as_ref().map_or(1, |old| old.key_number + 1));
        let awaiting = cloud.awaits(os);
        let may_unlock = enrolling.mdm.access_rights & 4 != 0;
        let unlocks = may_unlock && os.platform() == Platform::Ios && !cloud.shares(os);
        let unlock_token = if unlocks { Some(random(UNLOCK_TOKEN_BYTES)) } else { None };
        let enrolment = self.check_in_anew(&profile, &enrolling, number, awaiting, unlock_token).await?;
        self.keep(enrolment, profile);
        self.show(|screen| screen.show_managed(cloud, os));
        Ok(())
    }

    /// An updated enrolment profile: a new identity, and check-in starts again. What failed leaves the old in place.
    pub(super) async fn update_enrolment(&self, old: &Enrolment, profile: Profile) -> Result<()> {
        let Some(enrolling) = profile.enrolment.clone() else {
            return Err(DeviceFault::Profile("it takes management away".to_owned()));
        };
        may_replace(&old.mdm, &enrolling.mdm)?;
        let (number, unlock) = (old.key_number + 1, old.unlock_token.clone());
        let enrolment = self.check_in_anew(&profile, &enrolling, number, old.awaiting, unlock).await?;
        self.keep(enrolment, profile);
        let registry = &self.shared.services.registry;
        registry.unregister(old.token, self.shared.now());
        Ok(())
    }

    /// Gets an identity and sends `Authenticate` and `TokenUpdate`.
    async fn check_in_anew(
        &self,
        profile: &Profile,
        enrolling: &Enrolling,
        key_number: usize,
        awaiting: bool,
        unlock_token: Option<Vec<u8>>,
    ) -> Result<Enrolment> {
        let http = self.shared.clients.trusting(&profile.roots)?;
        let key = self.key(key_number).await?;
        let identity =
            scep::identity(&http, &enrolling.scep, key, self.shared.clock(), self.own_now()).await?;
        let registry = &self.shared.services.registry;
        let token = registry.register(&enrolling.mdm.topic);
        let enrolment = Arc::new(Enrolment {
            identifier: profile.identifier.clone(),
            mdm: enrolling.mdm.clone(),
            identity,
            key_number,
            token,
            magic: uuid::Uuid::new_v4().to_string().to_uppercase(),
            unlock_token,
            awaiting,
            anchors: profile.roots.clone(),
        });
        let told = self.tell(&enrolment).await;
        if told.is_err() {
            registry.unregister(token, self.shared.now());
        }
        told.map(|()| Arc::unwrap_or_clone(enrolment))
    }

    async fn tell(&self, enrolment: &Arc<Enrolment>) -> Result<()> {
        let channel = Channel::open(self, enrolment)?;
        channel.must_check_in("Authenticate", self.authenticate(enrolment)).await?;
        channel.must_check_in("TokenUpdate", self.token_update(enrolment)).await
    }

    fn keep(&self, enrolment: Enrolment, profile: Profile) {
        let name = profile.display_name.as_deref().unwrap_or(&profile.identifier).into();
        self.memory(|memory| {
            memory.profiles.insert(profile.identifier.clone(), Arc::new(profile));
            memory.enrolment = Some(Arc::new(enrolment));
            memory.carried_profile = None;
        });
        self.show(|screen| screen.profile = Some(name));
    }

    /// Tells the server a new push token, and nothing else: what a restored backup does.
    pub(super) async fn renew_token(&self, old: &Enrolment) -> Result<()> {
        let registry = &self.shared.services.registry;
        let token = registry.register(&old.mdm.topic);
        let enrolment = Arc::new(Enrolment { token, unlock_token: None, ..old.clone() });
        registry.unregister(old.token, self.shared.now());
        self.memory(|memory| memory.enrolment = Some(Arc::clone(&enrolment)));
        self.update_token(&enrolment).await
    }

    /// Sends `TokenUpdate` as things stand. 401 means that the server does not want the device any more.
    pub(super) async fn update_token(&self, enrolment: &Arc<Enrolment>) -> Result<()> {
        let channel = Channel::open(self, enrolment)?;
        let told = channel.must_check_in("TokenUpdate", self.token_update(enrolment)).await;
        if matches!(told, Err(DeviceFault::CheckIn { status: 401, .. })) {
            self.dismissed();
        }
        told
    }

    /// Says goodbye, if the profile asks for it. Best effort, as on real devices.
    pub(super) async fn check_out(&self, enrolment: &Arc<Enrolment>) {
        if !enrolment.mdm.check_out_when_removed {
            return;
        }
        let message = self.message("CheckOut", enrolment);
        let told = match Channel::open(self, enrolment) {
            Ok(channel) => channel.check_in(message).await.map(|_| ()),
            Err(fault) => Err(fault),
        };
        if let Err(fault) = told {
            self.show_trouble(&fault);
        }
    }

    fn message(&self, name: &str, enrolment: &Enrolment) -> Dictionary {
        let mut plist = Dictionary::new();
        plist.insert("MessageType".into(), name.into());
        plist.insert("UDID".into(), self.udid().into());
        plist.insert("Topic".into(), enrolment.mdm.topic.clone().into());
        plist
    }

    fn authenticate(&self, enrolment: &Enrolment) -> Dictionary {
        let hardware = self.hardware();
        let (os, name) = self.memory(|memory| (memory.os, memory.name.clone()));
        let mut plist = self.message("Authenticate", enrolment);
        let mut text = |key: &str, value: String| plist.insert(key.into(), Value::String(value));
        text("SerialNumber", hardware.serial.to_owned());
        text("ProductName", hardware.product.product_type.to_owned());
        text("OSVersion", os.version.to_string());
        text("BuildVersion", os.build());
        // By Apple's schema, only Macs tell these; servers ask the others by DeviceInformation.
        if os.platform() == Platform::Mac {
            text("DeviceName", name);
            text("ModelName", hardware.fresh_name().to_owned());
            text("Model", hardware.model_number());
        }
        let told = enrolment.mdm.access_rights & 16 != 0;
        if let Some((imei, meid)) = hardware.imei().zip(hardware.meid()).filter(|_| told) {
            text("IMEI", imei);
            text("MEID", meid);
        }
        plist
    }

    fn token_update(&self, enrolment: &Enrolment) -> Dictionary {
        let os = self.os();
        let mut plist = self.message("TokenUpdate", enrolment);
        plist.insert("Token".into(), Value::Data(enrolment.token.0.to_vec()));
        plist.insert("PushMagic".into(), enrolment.magic.clone().into());
        if let Some(token) = &enrolment.unlock_token {
            plist.insert("UnlockToken".into(), Value::Data(token.clone()));
        }
        if enrolment.awaiting {
            plist.insert("AwaitingConfiguration".into(), true.into());
        } else if says_not_awaiting(os) {
            plist.insert("AwaitingConfiguration".into(), false.into());
        }
        plist
    }
}

/// Macs say also that they do not wait; the others leave the key out. Servers must take both for the same.
fn says_not_awaiting(os: Os) -> bool {
    os.platform() == Platform::Mac
}

/// What an update of an enrolment profile may not change (apple.md 3.2).
fn may_replace(old: &MdmPayload, new: &MdmPayload) -> Result<()> {
    let refuse = |words: &str| Err(DeviceFault::Profile(words.to_owned()));
    if old.topic != new.topic {
        return refuse("an update may not change Topic");
    }
    if old.server_url != new.server_url || old.check_in_url != new.check_in_url {
        return refuse("an update may not change ServerURL or CheckInURL");
    }
    if new.access_rights & !old.access_rights != 0 {
        return refuse("an update may not add AccessRights");
    }
    if old.per_user_connections != new.per_user_connections {
        return refuse("an update may not change com.apple.mdm.per-user-connections");
    }
    Ok(())
}

/// Random bytes, by UUIDs: 122 of 128 bits, which is plenty for something opaque.
fn random(bytes: usize) -> Vec<u8> {
    std::iter::repeat_with(uuid::Uuid::new_v4).flat_map(uuid::Uuid::into_bytes).take(bytes).collect()
}
