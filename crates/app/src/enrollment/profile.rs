//! The enrolment profile (apple.md 3.2): the authorities to trust, the way to an identity, and the management itself.

use domain::Platform;
use mdm::Redacted;
use mdm::profile::{AccessRights, ConfigurationProfile, Head, Mdm, Payload, Scep};
use pki::cms::Signer;
use pki::x509::CertificateAuthority;
use zeroize::Zeroizing;

use super::Ticket;
use crate::scope::{Scope, fresh};
use crate::{AppError, Result};

/// Users of a Shared iPad and of a Mac have channels of their own. Cannot be added later.
const PER_USER: &str = "com.apple.mdm.per-user-connections";
/// A Mac leaves its bootstrap token with us.
const BOOTSTRAP: &str = "com.apple.mdm.bootstraptoken";

/// The server answers `GetToken`.
const TOKEN: &str = "com.apple.mdm.token";

/// `PayloadIdentifier` of the enrolment profile; `RemoveProfile` names it.
pub(crate) fn identifier(tenant: &domain::TenantId) -> String {
    format!("com.muster.{tenant}.enrollment")
}

/// The profile as a signed message, with this challenge in it.
pub(super) fn signed(
    scope: &Scope,
    ticket: &Ticket,
    challenge: &Zeroizing<String>,
    authority: &CertificateAuthority,
) -> Result<Vec<u8>> {
    let xml = build(scope, ticket, challenge, authority)?;
    let signer =
        Signer::new(authority.key().clone(), authority.certificate().clone()).map_err(|e| ours(&e))?;
    signer.at(scope.now.unix()).sign_attached(&xml).map_err(|e| ours(&e))
}

/// The profile for renewing the identity of an enrolled device, to be installed by command. It differs from the first
/// in nothing that Apple holds immutable: topic, URLs, rights.
pub(crate) struct Renewal<'a> {
    pub(crate) tenant: domain::tenant::Tenant,
    pub(crate) udid: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) platform: Platform,
    pub(crate) shared_ipad: bool,
    pub(crate) challenge: Zeroizing<String>,
}

/// See [`Renewal`].
pub(crate) fn renewal(
    scope: &Scope,
    renewal: Renewal<'_>,
    authority: &CertificateAuthority,
) -> Result<Vec<u8>> {
    let ticket = Ticket {
        tenant: renewal.tenant,
        udid: renewal.udid.to_owned(),
        topic: renewal.topic.to_owned(),
        platform: renewal.platform,
        shared_ipad: renewal.shared_ipad,
    };
    signed(scope, &ticket, &renewal.challenge, authority)
}

fn ours(error: &pki::Error) -> AppError {
    AppError::internal(format!("the enrolment profile was not signed: failed to {error}"))
}

fn build(
    scope: &Scope,
    ticket: &Ticket,
    challenge: &str,
    authority: &CertificateAuthority,
) -> Result<Vec<u8>> {
    let base = format!("{}/t/{}", scope.app.settings.device_url, scope.tenant);
    let mut payloads = roots(scope, ticket, authority)?;
    let identity = head(ticket, "identity", "Device identity")?;
    let identity_uuid = identity.uuid.clone();
    let mut scep = Scep::at(format!("{base}/scep"));
    scep.name = Some("Muster".to_owned());
    // The server fixes the subject of what it issues; this one only lets it see a challenge that went astray.
    scep.subject = vec![("O".to_owned(), organization(ticket)), ("CN".to_owned(), ticket.udid.clone())];
    scep.challenge = Some(Redacted(challenge.to_owned()));
    scep.key_is_extractable = Some(false);
    payloads.push(Payload::scep(identity, &scep));
    let mdm = management(format!("{base}/mdm"), identity_uuid, ticket);
    payloads.push(Payload::mdm(head(ticket, "mdm", "Device management")?, &mdm));
    let profile = ConfigurationProfile {
        head: Head {
            identifier: identifier(&ticket.tenant.id),
            uuid: fresh()?,
            display_name: Some(format!("Management by {}", organization(ticket))),
            description: Some("Lets this organisation manage the device.".to_owned()),
            organization: Some(organization(ticket)),
        },
        scope: Some(mdm::profile::Scope::System),
        removal_disallowed: false,
        payloads,
    };
    profile
        .to_xml()
        .map_err(|e| AppError::internal(format!("the enrolment profile was not written: failed to {e}")))
}

fn management(url: String, identity_certificate_uuid: String, ticket: &Ticket) -> Mdm {
    Mdm {
        check_in_url: Some(url.clone()),
        access_rights: AccessRights::ALL,
        sign_message: true,
        check_out_when_removed: true,
        server_capabilities: capabilities(ticket),
        ..Mdm::new(identity_certificate_uuid, ticket.topic.clone(), url)
    }
}

/// What the server can do: a channel for each user of a Shared iPad, a place for the bootstrap token of a Mac, and
/// tokens for Apple's services on what can ask for them (apple.md 3.4).
fn capabilities(ticket: &Ticket) -> Vec<String> {
    let per_user = ticket.shared_ipad.then(|| PER_USER.to_owned());
    let bootstrap = (ticket.platform == Platform::MacOs).then(|| BOOTSTRAP.to_owned());
    let token = (ticket.platform != Platform::TvOs).then(|| TOKEN.to_owned());
    per_user.into_iter().chain(bootstrap).chain(token).collect()
}

/// Our authority, and those that vouch for the host that devices talk to.
fn roots(scope: &Scope, ticket: &Ticket, authority: &CertificateAuthority) -> Result<Vec<Payload>> {
    let mut roots = vec![authority.certificate().der().to_vec()];
    for base64 in &scope.app.settings.device_anchors {
        let der = pki::pem::base64_lenient(base64.as_bytes()).map_err(|e| ours(&e))?.to_vec();
        if !roots.contains(&der) {
            roots.push(der);
        }
    }
    let payload = |(index, der)| {
        Ok(Payload::root_certificate(head(ticket, &format!("root-{index}"), "Trusted authority")?, der))
    };
    roots.into_iter().enumerate().map(payload).collect()
}

fn head(ticket: &Ticket, part: &str, title: &str) -> Result<Head> {
    Ok(Head {
        identifier: format!("{}.{part}", identifier(&ticket.tenant.id)),
        uuid: fresh()?,
        display_name: Some(title.to_owned()),
        description: None,
        organization: Some(organization(ticket)),
    })
}

fn organization(ticket: &Ticket) -> String {
    let name = ticket.tenant.organization.name.trim();
    if name.is_empty() { ticket.tenant.id.to_string() } else { name.to_owned() }
}
