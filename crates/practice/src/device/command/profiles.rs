//! Commands about profiles: the enrolment profile among them.

use std::sync::Arc;

use mdm::guard::{Dictionary, Value};

use super::{After, Order, Outcome, Performed};
use crate::device::profile::{PROFILE_BYTES_MAX, Profile};
use crate::device::unit::VirtualDevice;

/// The most profiles on one device.
const PROFILES_MAX: usize = 500;

/// The longest identifier asked for, in bytes.
const IDENTIFIER_BYTES_MAX: usize = 8_192;

/// Apple's domain for profiles that cannot be installed.
const INSTALL_DOMAIN: &str = "MCInstallationErrorDomain";

/// "Profile installation failed", as Apple's clients count it.
const CODE_INSTALL: i64 = 4_001;

impl VirtualDevice {
    /// Installs a profile, or replaces the one with the same identifier. The enrolment profile's update brings a new
    /// identity.
    pub(super) async fn install_profile(&self, order: &Order) -> Outcome {
        let Ok(payload) = order.fields().data("Payload", PROFILE_BYTES_MAX) else {
            return Outcome::format_error("Payload is missing or too large.");
        };
        let profile = match Profile::read(&payload) {
            Ok(profile) => profile,
            Err(fault) => return Outcome::error(CODE_INSTALL, INSTALL_DOMAIN, &fault.words()),
        };
        let enrolment = self.memory(|memory| memory.enrolment.clone());
        if let Some(enrolment) = enrolment.filter(|now| now.identifier == profile.identifier) {
            return match self.update_enrolment(&enrolment, profile).await {
                Ok(()) => Outcome::done(),
                Err(fault) => Outcome::error(CODE_INSTALL, INSTALL_DOMAIN, &fault.words()),
            };
        }
        if profile.enrolment.is_some() {
            let words = "The device is managed by another profile already.";
            return Outcome::error(CODE_INSTALL, INSTALL_DOMAIN, words);
        }
        let kept = self.memory(|memory| {
            let fits =
                memory.profiles.len() < PROFILES_MAX || memory.profiles.contains_key(&profile.identifier);
            fits.then(|| memory.profiles.insert(profile.identifier.clone(), Arc::new(profile))).is_some()
        });
        if kept { Outcome::done() } else { Outcome::refused("There are too many profiles.") }
    }

    /// Removes a profile. Without the enrolment profile, the device is not managed any more.
    pub(super) fn remove_profile(&self, order: &Order) -> Performed {
        let Ok(identifier) = order.fields().text("Identifier", IDENTIFIER_BYTES_MAX) else {
            return Outcome::format_error("Identifier is missing.").into();
        };
        let (found, manages) = self.memory(|memory| {
            let manages = memory.enrolment.as_ref().is_some_and(|now| now.identifier == identifier);
            let found = manages || memory.profiles.remove(&identifier).is_some();
            (found, manages)
        });
        match (found, manages) {
            (_, true) => Performed { outcome: Outcome::done(), after: After::Unenrolled },
            (true, _) => Outcome::done().into(),
            (false, _) => Outcome::refused("There is no profile with this identifier.").into(),
        }
    }

    /// Every profile, the way `ProfileList` tells it.
    pub(super) fn profile_list(&self) -> Outcome {
        let profiles: Vec<_> = self.memory(|memory| memory.profiles.values().map(Arc::clone).collect());
        let list = profiles.iter().map(|profile| Value::Dictionary(entry(profile)));
        Outcome::with("ProfileList", Value::Array(list.collect()))
    }

    /// The identity and the certificates that profiles brought.
    pub(super) fn certificate_list(&self) -> Outcome {
        let (identity, profiles) = self.memory(|memory| {
            let identity = memory.enrolment.as_ref().map(|now| now.identity.certificate.clone());
            (identity, memory.profiles.values().map(Arc::clone).collect::<Vec<_>>())
        });
        let roots = profiles.iter().flat_map(|profile| &profile.roots);
        let roots =
            roots.filter_map(|der| pki::x509::Certificate::from_der(der).ok()).map(|root| (root, false));
        let all = identity.map(|identity| (identity, true)).into_iter().chain(roots);
        let list = all.map(|(certificate, is_identity)| {
            let mut entry = Dictionary::new();
            entry.insert("CommonName".into(), certificate.common_name().unwrap_or_default().into());
            entry.insert("IsIdentity".into(), is_identity.into());
            entry.insert("Data".into(), Value::Data(certificate.der().to_vec()));
            Value::Dictionary(entry)
        });
        Outcome::with("CertificateList", Value::Array(list.collect()))
    }
}

fn entry(profile: &Profile) -> Dictionary {
    let mut entry = Dictionary::new();
    let mut text = |key: &str, value: &str| entry.insert(key.into(), value.into());
    text("PayloadIdentifier", &profile.identifier);
    text("PayloadUUID", &profile.uuid);
    text("PayloadDisplayName", profile.display_name.as_deref().unwrap_or(&profile.identifier));
    text("PayloadOrganization", profile.organization.as_deref().unwrap_or(""));
    entry.insert("PayloadVersion".into(), 1.into());
    entry.insert("PayloadRemovalDisallowed".into(), profile.removal_disallowed.into());
    for key in ["HasRemovalPasscode", "IsEncrypted"] {
        entry.insert(key.into(), false.into());
    }
    entry.insert("IsManaged".into(), true.into());
    let signers = profile.signer.iter().cloned().map(Value::Data).collect();
    entry.insert("SignerCertificates".into(), Value::Array(signers));
    let payloads = profile.payloads.iter().map(|payload| {
        let mut head = Dictionary::new();
        head.insert("PayloadType".into(), payload.kind.as_str().into());
        head.insert("PayloadIdentifier".into(), payload.identifier.as_str().into());
        head.insert("PayloadUUID".into(), payload.uuid.as_str().into());
        head.insert("PayloadVersion".into(), 1.into());
        Value::Dictionary(head)
    });
    entry.insert("PayloadContent".into(), Value::Array(payloads.collect()));
    entry
}
