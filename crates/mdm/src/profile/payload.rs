//! The payloads of enrolment.

use super::{Head, Payload};
use crate::Redacted;
use crate::command::Keys;
use crate::guard::Value;

impl Payload {
    /// `com.apple.security.root`: a certificate, DER, that the device is to trust.
    pub fn root_certificate(head: Head, der: Vec<u8>) -> Self {
        Self::new(
            "com.apple.security.root",
            head,
            Keys::default().with("PayloadContent", Value::Data(der)).done(),
        )
    }

    /// `com.apple.security.scep`: the device gets an identity from a SCEP service.
    pub fn scep(head: Head, scep: &Scep) -> Self {
        let content = Keys::default().with("PayloadContent", scep.keys().done());
        Self::new("com.apple.security.scep", head, content.done())
    }

    /// `com.apple.mdm`: the device is managed.
    pub fn mdm(head: Head, mdm: &Mdm) -> Self {
        Self::new("com.apple.mdm", head, mdm.keys().done())
    }

    /// `com.apple.app.lock`: the device shows one app only (supervised iOS and tvOS).
    pub fn app_lock(head: Head, lock: &AppLock) -> Self {
        let mut app = Keys::default().with("Identifier", lock.identifier.as_str());
        if !lock.options.is_empty() {
            let options = lock.options.iter().fold(Keys::default(), |keys, option| keys.with(option, true));
            app = app.with("Options", options.done());
        }
        Self::new("com.apple.app.lock", head, Keys::default().with("App", app.done()).done())
    }
}

/// A SCEP service, inside `PayloadContent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scep {
    /// `URL`.
    pub url: String,
    /// `Name`: which CA, for services that have several.
    pub name: Option<String>,
    /// `Subject`: pairs of a short name (`CN`, `O`, ...) or dotted OID and its value, in order.
    pub subject: Vec<(String, String)>,
    /// `Challenge`: a secret for this device and this once.
    pub challenge: Option<Redacted<String>>,
    /// `Keysize`, bits. Apple's default of 1024 is too short; 2048 or 4096.
    pub key_size: u32,
    /// `Key Usage`, with a space in its name: 1 sign, 4 encrypt, 5 both.
    pub key_usage: u32,
    /// `CAFingerprint`: SHA-256 of the CA's certificate.
    pub ca_fingerprint: Option<Vec<u8>>,
    /// `Retries`, while the service says that it is not ready.
    pub retries: Option<u32>,
    /// `RetryDelay`, seconds.
    pub retry_delay: Option<u32>,
    /// `KeyIsExtractable` (macOS). Apple's default is true.
    pub key_is_extractable: Option<bool>,
    /// `AllowAllAppsAccess` (macOS).
    pub allow_all_apps_access: bool,
}

impl Scep {
    /// A service with an RSA key of 2,048 bits that signs and decrypts.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            name: None,
            subject: Vec::new(),
            challenge: None,
            key_size: 2048,
            key_usage: 5,
            ca_fingerprint: None,
            retries: None,
            retry_delay: None,
            key_is_extractable: None,
            allow_all_apps_access: false,
        }
    }

    fn keys(&self) -> Keys {
        Keys::default()
            .with("URL", self.url.as_str())
            .maybe("Name", self.name.clone())
            .maybe("Subject", (!self.subject.is_empty()).then(|| subject(&self.subject)))
            .maybe("Challenge", self.challenge.as_deref().cloned())
            .with("Keysize", self.key_size)
            .with("Key Type", "RSA")
            .with("Key Usage", self.key_usage)
            .maybe("CAFingerprint", self.ca_fingerprint.clone().map(Value::Data))
            .maybe("Retries", self.retries)
            .maybe("RetryDelay", self.retry_delay)
            .maybe("KeyIsExtractable", self.key_is_extractable)
            .switch("AllowAllAppsAccess", self.allow_all_apps_access)
    }
}

/// A distinguished name: an array of sets of pairs, each set of one pair.
fn subject(pairs: &[(String, String)]) -> Vec<Value> {
    let pair =
        |(name, value): &(String, String)| Value::Array(vec![name.as_str().into(), value.as_str().into()]);
    pairs.iter().map(|p| Value::Array(vec![pair(p)])).collect()
}

/// What a server may do, a sum of bits. A later profile of the same enrolment may not add any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccessRights(u16);

impl AccessRights {
    /// Everything.
    pub const ALL: Self = Self(8191);
    /// Look at profiles.
    pub const INSPECT_PROFILES: u16 = 1;
    /// Install and remove profiles; needs [`Self::INSPECT_PROFILES`].
    pub const INSTALL_PROFILES: u16 = 2;
    /// Look at provisioning profiles.
    pub const INSPECT_PROVISIONING: u16 = 64;
    /// Install and remove provisioning profiles; needs [`Self::INSPECT_PROVISIONING`].
    pub const INSTALL_PROVISIONING: u16 = 128;

    /// Rights by their bits; `None` for sums that devices refuse.
    pub fn from_bits(bits: u16) -> Option<Self> {
        let needs = |right: u16, other: u16| bits & right == 0 || bits & other != 0;
        let valid = bits != 0
            && bits <= Self::ALL.0
            && needs(Self::INSTALL_PROFILES, Self::INSPECT_PROFILES)
            && needs(Self::INSTALL_PROVISIONING, Self::INSPECT_PROVISIONING);
        valid.then_some(Self(bits))
    }

    /// The sum.
    pub fn bits(self) -> u16 {
        self.0
    }
}

/// `com.apple.mdm`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mdm {
    /// `IdentityCertificateUUID`: the payload that gives the device its identity.
    pub identity_certificate_uuid: String,
    /// `Topic`: the push certificate's. Cannot change while a device is enrolled.
    pub topic: String,
    /// `ServerURL`, https. Cannot change while a device is enrolled.
    pub server_url: String,
    /// `CheckInURL`; the server's URL if absent. Cannot change while a device is enrolled.
    pub check_in_url: Option<String>,
    /// `AccessRights`.
    pub access_rights: AccessRights,
    /// `SignMessage`: each message carries its signature in a header, for servers behind a proxy that ends TLS.
    pub sign_message: bool,
    /// `CheckOutWhenRemoved`.
    pub check_out_when_removed: bool,
    /// `ServerCapabilities`, such as `com.apple.mdm.per-user-connections` and `com.apple.mdm.bootstraptoken`.
    pub server_capabilities: Vec<String>,
    /// `UseDevelopmentAPNS`; never for certificates of Apple's portal.
    pub use_development_apns: bool,
    /// `ServerURLPinningCertificateUUIDs` (iOS 13.4, macOS 10.13).
    pub server_url_pinning_certificate_uuids: Vec<String>,
    /// `CheckInURLPinningCertificateUUIDs` (iOS 13.4, macOS 10.13).
    pub check_in_url_pinning_certificate_uuids: Vec<String>,
    /// `PinningRevocationCheckRequired` (iOS 13.4, macOS 10.13).
    pub pinning_revocation_check_required: bool,
    /// `PromptUserToAllowBootstrapTokenForAuthentication` (macOS 11).
    pub prompt_user_to_allow_bootstrap_token: bool,
}

impl Mdm {
    /// The payload with the three keys that Apple requires, all rights, and Apple's defaults.
    pub fn new(identity_uuid: impl Into<String>, topic: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            identity_certificate_uuid: identity_uuid.into(),
            topic: topic.into(),
            server_url: url.into(),
            check_in_url: None,
            access_rights: AccessRights::ALL,
            sign_message: false,
            check_out_when_removed: false,
            server_capabilities: Vec::new(),
            use_development_apns: false,
            server_url_pinning_certificate_uuids: Vec::new(),
            check_in_url_pinning_certificate_uuids: Vec::new(),
            pinning_revocation_check_required: false,
            prompt_user_to_allow_bootstrap_token: false,
        }
    }

    fn keys(&self) -> Keys {
        Keys::default()
            .with("IdentityCertificateUUID", self.identity_certificate_uuid.as_str())
            .with("Topic", self.topic.as_str())
            .with("ServerURL", self.server_url.as_str())
            .maybe("CheckInURL", self.check_in_url.clone())
            .with("AccessRights", self.access_rights.bits())
            .switch("SignMessage", self.sign_message)
            .switch("CheckOutWhenRemoved", self.check_out_when_removed)
            .texts("ServerCapabilities", &self.server_capabilities)
            .switch("UseDevelopmentAPNS", self.use_development_apns)
            .texts("ServerURLPinningCertificateUUIDs", &self.server_url_pinning_certificate_uuids)
            .texts("CheckInURLPinningCertificateUUIDs", &self.check_in_url_pinning_certificate_uuids)
            .switch("PinningRevocationCheckRequired", self.pinning_revocation_check_required)
            .switch(
                "PromptUserToAllowBootstrapTokenForAuthentication",
                self.prompt_user_to_allow_bootstrap_token,
            )
    }
}

/// `com.apple.app.lock`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppLock {
    /// The app's bundle id. The app must be installed already.
    pub identifier: String,
    /// The `Options` that are on, by Apple's names, such as `DisableAutoLock`.
    pub options: Vec<String>,
}
