//! Devices that were made beforehand: their identities, their rows, and what they say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::device::{AppleRecord, Device, EnrollmentEvent};
use domain::managed_device::{
    AuthenticateSaid, Credential, DeviceInfo, ManagedDevice, PinnedCertificate, PushSaid, Served,
    TokenUpdateSaid, serve,
};
use domain::sync::{FoldContext, Observed, Phase, Sighting, observe};
use domain::{ManagedDeviceId, Platform, ProfileId, Serial, TenantId, Time, TokenId};
use net::Identity;
use pki::cms::Signer;
use pki::digest::sha256_hex;
use pki::key::{EcKey, RsaKey};
use pki::x509::{Certificate, CertificateAuthority, IssuePolicy, Name, Usage, Validity};
use store::StoreError;

use crate::Result;
use crate::house::House;

/// RSA keys that devices share: one takes 80 ms to make, and whose it is costs the server nothing.
const KEYS: usize = 8;
/// Rows of one transaction while a database is filled.
const BATCH: usize = 2_000;
/// Days that identities live.
const DAYS: i64 = 365;

/// Where a device is in its life when it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Known from Apple's list.
    Known,
    /// It holds an identity, and has not authenticated.
    IdentityIssued,
    /// Enrolled and out of Setup Assistant.
    Enrolled,
}

/// One device.
#[derive(Clone)]
pub(crate) struct Unit {
    pub(crate) id: ManagedDeviceId,
    pub(crate) serial: Serial,
    pub(crate) udid: String,
    /// Where APNs finds it.
    pub(crate) push_token: [u8; 32],
    certificate: Certificate,
    key: usize,
}

/// What issues identities.
pub(crate) struct Factory {
    authority: CertificateAuthority,
    keys: Vec<RsaKey>,
    now: Time,
}

/// Whose devices they are.
pub(crate) struct Owner {
    pub(crate) tenant: TenantId,
    pub(crate) token: TokenId,
    pub(crate) profile: ProfileId,
    pub(crate) topic: String,
}

impl Factory {
    pub(crate) fn build(now: Time) -> Result<Self> {
        let validity = Validity::days(now.unix(), DAYS);
        let authority =
            CertificateAuthority::create(EcKey::generate()?.into(), Name::of("Bench devices"), validity)?;
        let keys = (0..KEYS).map(|_| RsaKey::generate()).collect::<std::result::Result<_, _>>()?;
        Ok(Self { authority, keys, now })
    }

    /// The device of a number.
    pub(crate) fn unit(&self, number: usize, push_token: [u8; 32]) -> Result<Unit> {
        let id = ManagedDeviceId::from(number as u128 + 1);
        let key = number % KEYS;
        let policy = IssuePolicy::new(
            Name::of(id.as_str()),
            Validity::days(self.now.unix(), DAYS),
            Usage::ClientIdentity,
        );
        let public = self.key(key)?.public_key();
        let certificate = self.authority.issue(&policy, public)?;
        let (serial, udid) = (format!("BNCH{number:08}").parse()?, format!("00008030-{number:016X}"));
        Ok(Unit { id, serial, udid, push_token, certificate, key })
    }

    fn key(&self, key: usize) -> Result<&RsaKey> {
        self.keys.get(key).ok_or_else(|| "no such key".into())
    }

    /// The identity that a device shows in TLS.
    pub(crate) fn identity(&self, unit: &Unit) -> Result<Identity> {
        let pkcs8 = self.key(unit.key)?.to_pkcs8();
        Ok(Identity::from_der(vec![unit.certificate.der().to_vec()], &pkcs8)?)
    }

    /// `Mdm-Signature` of a body, base64.
    pub(crate) fn signature(&self, unit: &Unit, body: &[u8]) -> Result<String> {
        let signer = Signer::new(self.key(unit.key)?.clone().into(), unit.certificate.clone())?;
        Ok(STANDARD.encode(signer.sign_detached(body)?))
    }

    /// Writes devices down as they are at a stage.
    pub(crate) async fn settle(
        &self,
        house: &House,
        owner: &Owner,
        units: &[Unit],
        stage: Stage,
    ) -> Result<()> {
        for some in units.chunks(BATCH) {
            let rows = some
                .iter()
                .map(|unit| self.rows(owner, unit, stage))
                .collect::<Result<Vec<(Device, Option<ManagedDevice>)>>>()?;
            let (devices, managed): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            let managed: Vec<ManagedDevice> = managed.into_iter().flatten().collect();
            house
                .app
                .store
                .transact(move |tx| {
                    let (devices, managed) = (devices.clone(), managed.clone());
                    Box::pin(async move {
                        store::device::upsert_many(tx, &devices).await?;
                        for device in &managed {
                            store::managed_device::insert(tx, device).await?;
                        }
                        Ok::<_, StoreError>(())
                    })
                })
                .await?;
        }
        Ok(())
    }

    fn rows(&self, owner: &Owner, unit: &Unit, stage: Stage) -> Result<(Device, Option<ManagedDevice>)> {
        let mut device = known(owner, unit, self.now)?;
        if stage == Stage::Known {
            return Ok((device, None));
        }
        let served = Served {
            tenant: owner.tenant.clone(),
            fresh_id: unit.id.clone(),
            serial: unit.serial.clone(),
            udid: unit.udid.clone(),
            device: device.id.clone(),
            token: owner.token.clone(),
            profile: owner.profile.clone(),
            profile_name: "Standard".into(),
            platform: Platform::Ios,
        };
        let served = serve(None, served, self.now);
        let pinned = PinnedCertificate {
            fingerprint: sha256_hex(unit.certificate.der()),
            not_after: Time::from_unix(unit.certificate.not_after()),
        };
        let managed = served.device.identity_issued(served.enrolment, pinned)?;
        if stage == Stage::IdentityIssued {
            return Ok((device, Some(managed)));
        }
        let said = AuthenticateSaid {
            udid: &unit.udid,
            serial: Some(unit.serial.as_str()),
            info: DeviceInfo {
                device_name: Some("iPad".into()),
                os_version: Some("26.1".into()),
                build_version: Some("23B82".into()),
                product_name: Some("iPad13,18".into()),
                model_name: Some("iPad".into()),
                ..DeviceInfo::default()
            },
        };
        let managed = managed.authenticate(Credential::Pending, said)?.device;
        let push = PushSaid {
            topic: owner.topic.clone(),
            token: unit.push_token.to_vec(),
            magic: unit.udid.clone(),
        };
        let said = TokenUpdateSaid { udid: &unit.udid, push, awaiting_configuration: false };
        let managed = managed.token_update(Credential::Current, said, self.now)?.device;
        let event =
            EnrollmentEvent::Enrolled { managed_device: managed.id.clone(), profile: owner.profile.clone() };
        device.after(event, self.now);
        Ok((device, Some(managed)))
    }
}

/// The serial's row, as a full sync makes it.
fn known(owner: &Owner, unit: &Unit, now: Time) -> Result<Device> {
    let record = AppleRecord {
        model: "iPad (10th generation)".into(),
        description: "IPAD WI-FI 64GB BLUE-USA".into(),
        color: "BLUE".into(),
        family: "iPad".into(),
        os: "iOS".into(),
        device_assigned_at: Some(now),
        device_assigned_by: "ann@example.com".into(),
        ..AppleRecord::default()
    };
    let at = FoldContext {
        tenant: owner.tenant.clone(),
        token: owner.token.clone(),
        phase: Phase::Fetch,
        pass: 1,
        now,
    };
    let sighting = Sighting { observed: Observed::Listed(Box::new(record)), op_date: None };
    let id = u128::from_be_bytes(pki::random::bytes::<16>()?);
    let seen = observe(None, &unit.serial, &sighting, &at, || id.into());
    Ok(seen.ok_or("a new serial was not taken")?.0)
}

impl Unit {
    /// The header by which a proxy tells the device's certificate (RFC 9440).
    pub(crate) fn header(&self) -> String {
        format!(":{}:", STANDARD.encode(self.certificate.der()))
    }

    /// Asks for a command.
    pub(crate) fn idle(&self) -> Vec<u8> {
        self.plist("<key>Status</key><string>Idle</string>")
    }

    /// Answers a command.
    pub(crate) fn acknowledged(&self, command: &str, more: &str) -> Vec<u8> {
        self.plist(&format!(
            "<key>Status</key><string>Acknowledged</string><key>CommandUUID</key><string>{command}</string>{more}"
        ))
    }

    /// `Authenticate`.
    pub(crate) fn authenticate(&self, topic: &str) -> Vec<u8> {
        self.plist(&format!(
            "<key>MessageType</key><string>Authenticate</string><key>Topic</key><string>{topic}</string>\
             <key>SerialNumber</key><string>{}</string><key>DeviceName</key><string>iPad</string>\
             <key>Model</key><string>MPQ13LL</string><key>ModelName</key><string>iPad</string>\
             <key>ProductName</key><string>iPad13,18</string><key>OSVersion</key><string>26.1</string>\
             <key>BuildVersion</key><string>23B82</string>",
            self.serial
        ))
    }

    /// `TokenUpdate` from Setup Assistant.
    pub(crate) fn token_update(&self, topic: &str) -> Vec<u8> {
        self.plist(&format!(
            "<key>MessageType</key><string>TokenUpdate</string><key>Topic</key><string>{topic}</string>\
             <key>PushMagic</key><string>{}</string><key>Token</key><data>{}</data>\
             <key>AwaitingConfiguration</key><true/>",
            self.udid,
            STANDARD.encode(self.push_token),
        ))
    }

    fn plist(&self, keys: &str) -> Vec<u8> {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
             <plist version=\"1.0\"><dict><key>UDID</key><string>{}</string>{keys}</dict></plist>\n",
            self.udid
        )
        .into_bytes()
    }
}
