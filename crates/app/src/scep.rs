//! How a device gets its identity: SCEP (RFC 8894) with one-time challenges (apple.md 3.2; lessons, class R).
//!
//! A challenge is bound to the device, UDID and enrolment that it was served to. The server writes the subject; the
//! request gives its key and nothing else.

use domain::TenantId;
use domain::identity::{Challenge, Redemption};
use domain::managed_device::{Credential, IDENTITY_GRACE, ManagedDevice, PinnedCertificate};
use domain::{ManagedDeviceId, Time};
use pki::key::KeyKind;
use pki::scep::{Asked, Enrolment, FailInfo, PkiMessage};
use pki::x509::{Certificate, CertificateAuthority, CertificateRequest, IssuePolicy, Name, Usage, Validity};
use store::Tx;

use crate::points::Point;
use crate::scope::Scope;
use crate::{App, AppError, Result, ca};

/// Largest SCEP message that is read, in bytes. Devices send some 3,000.
pub const MESSAGE_MAX: usize = 64 << 10;

/// The answer to `GetCACaps`.
pub const fn capabilities() -> &'static str {
    pki::scep::ca_caps()
}

/// The answer to `GetCACert`, DER.
///
/// # Errors
/// The store's.
pub async fn ca_certificate(app: &App, tenant: &TenantId) -> Result<Vec<u8>> {
    Ok(pki::scep::ca_cert(&ca::authority(app, tenant).await?))
}

/// The message in the query of a `GET` `PKIOperation`.
///
/// # Errors
/// [`AppError::Invalid`] if it is not base64.
pub fn message_from_query(parameter: &str) -> Result<Vec<u8>> {
    let message = pki::scep::message_from_query(parameter);
    message.map(|bytes| bytes.to_vec()).map_err(|e| AppError::invalid("message", format!("failed to {e}")))
}

/// Answers `PKIOperation`. A request that is refused is answered too, in SCEP's own words.
///
/// # Errors
/// [`AppError::Invalid`] for what is no SCEP message to us; otherwise ours.
pub async fn operation(app: &App, tenant: &TenantId, message: &[u8]) -> Result<Vec<u8>> {
    if message.len() > MESSAGE_MAX {
        return Err(AppError::invalid("message", format!("it is larger than {MESSAGE_MAX} bytes")));
    }
    let scope = Scope::new(app, tenant);
    let authority = ca::authority(app, tenant).await?;
    let message = PkiMessage::read(message, &authority);
    let message = message.map_err(|e| AppError::invalid("message", format!("failed to {e}")))?;
    let granted = match &message.asked {
        Ok(asked) => grant(&scope, &authority, &message, asked).await,
        Err(why) => return answer(message.failure(&authority, *why, scope.now.unix())),
    };
    match granted {
        Ok(issued) => answer(message.success(&authority, &issued, scope.now.unix())),
        Err(AppError::Refused { words }) => {
            tracing::warn!(tenant = %tenant, "refused to issue an identity: {words}");
            answer(message.failure(&authority, FailInfo::BadRequest, scope.now.unix()))
        }
        Err(error) => Err(error),
    }
}

fn answer(answer: pki::Result<Vec<u8>>) -> Result<Vec<u8>> {
    answer.map_err(|e| AppError::internal(format!("the SCEP answer was not made: failed to {e}")))
}

/// What authorises a request.
#[derive(Clone)]
enum Warrant {
    /// A one-time challenge, by the hash of its secret. A request that is signed with a certificate instead of its own
    /// key must come from the same device: otherwise who caught the envelope could sign it anew and use it up.
    Challenge { hash: String, transaction: String, signer: Option<String> },
    /// The identity that the device has, by its fingerprint.
    Identity { fingerprint: String },
}

async fn grant(
    scope: &Scope,
    authority: &CertificateAuthority,
    message: &PkiMessage,
    asked: &Enrolment,
) -> Result<Certificate> {
    let warrant = warrant(authority, message, asked)?;
    let key = asked.request.public_key();
    if key.kind() != KeyKind::Rsa || key.bits() < 2048 {
        return Err(AppError::refused("the key is not RSA of 2048 bits or more"));
    }
    // The subject needs the device, and signing should not keep the writer of the store waiting: look, sign, commit.
    let device = holder(scope, warrant.clone()).await?;
    if matches!(warrant, Warrant::Identity { .. }) {
        pace(scope, &device)?;
    }
    let issued = issue(scope, authority, &device.id, &asked.request)?;
    let (in_tx, request) = (scope.clone(), asked.request.clone());
    let committed = scope
        .app
        .store
        .transact(move |tx| {
            let (scope, warrant, request, issued) =
                (in_tx.clone(), warrant.clone(), request.clone(), issued.clone());
            Box::pin(async move { commit(&scope, tx, &warrant, &request, issued).await })
        })
        .await?;
    scope.app.at(Point::EnrolIdentityStored);
    Ok(committed)
}

fn warrant(authority: &CertificateAuthority, message: &PkiMessage, asked: &Enrolment) -> Result<Warrant> {
    let signer = match asked.asked {
        Asked::WithChallenge => None,
        Asked::WithCertificate => Some(our_signer(authority, message)?),
    };
    match (message.challenge_password(), signer) {
        (Some(password), signer) => Ok(Warrant::Challenge {
            hash: pki::digest::sha256_hex(password.as_bytes()),
            transaction: message.transaction_id.clone(),
            signer,
        }),
        (None, Some(fingerprint)) => Ok(Warrant::Identity { fingerprint }),
        (None, None) => Err(AppError::refused("the request has no challenge")),
    }
}

/// The fingerprint of the certificate that signed the request, if it is ours.
fn our_signer(authority: &CertificateAuthority, message: &PkiMessage) -> Result<String> {
    let signed = message.signer.verify_signature(authority.certificate().public_key());
    signed.map_err(|_| AppError::refused("the request is signed with a certificate that is not ours"))?;
    Ok(pki::digest::sha256_hex(message.signer.der()))
}

/// A challenge is good for one identity; the identity that a device has would be good for any number of new ones.
fn pace(scope: &Scope, device: &ManagedDevice) -> Result<()> {
    let allowed = scope.app.memory.pace(&scope.tenant, &device.serial, scope.now);
    allowed.map_err(|next_at| AppError::TooSoon {
        words: format!(
            "{} has renewed its identity too often (a pace for each serial number)",
            device.serial
        ),
        next_at,
    })
}

async fn holder(scope: &Scope, warrant: Warrant) -> Result<ManagedDevice> {
    let in_tx = scope.clone();
    scope
        .app
        .store
        .read(move |tx| {
            let (scope, warrant) = (in_tx.clone(), warrant.clone());
            Box::pin(async move { Ok(find(&scope, tx, &warrant).await?.0) })
        })
        .await
}

/// The device that a warrant is of, the enrolment it is for, and the challenge.
async fn find(
    scope: &Scope,
    tx: &mut Tx<'_>,
    warrant: &Warrant,
) -> Result<(ManagedDevice, i64, Option<Challenge>)> {
    match warrant {
        Warrant::Challenge { hash, signer, .. } => {
            let challenge = store::identity::challenge_get(tx, hash).await?;
            let challenge = challenge.filter(|challenge| challenge.tenant == scope.tenant);
            let challenge = challenge
                .ok_or_else(|| AppError::refused("the challenge is none of ours, or long expired"))?;
            let device = store::managed_device::get(tx, &scope.tenant, &challenge.device).await?;
            let device = device.ok_or_else(|| AppError::refused("the device of the challenge is gone"))?;
            if let Some(fingerprint) = signer {
                let owner = store::managed_device::by_certificate(tx, fingerprint).await?;
                if owner.is_none_or(|owner| {
                    (owner.tenant, owner.id) != (device.tenant.clone(), device.id.clone())
                }) {
                    return Err(AppError::refused(
                        "the challenge is another device's than the one that signed",
                    ));
                }
            }
            Ok((device, challenge.enrolment, Some(challenge)))
        }
        Warrant::Identity { fingerprint } => {
            let device = store::managed_device::by_certificate(tx, fingerprint).await?;
            let device = device.filter(|device| device.tenant == scope.tenant);
            let device = device.ok_or_else(|| AppError::refused("the identity is of no enrolled device"))?;
            let credential = device.credential(fingerprint, scope.now);
            if credential != Ok(Credential::Current) {
                return Err(AppError::refused("the identity is not the one that the enrolment is pinned to"));
            }
            let enrolment = device.enrolment;
            Ok((device, enrolment, None))
        }
    }
}

fn issue(
    scope: &Scope,
    authority: &CertificateAuthority,
    device: &ManagedDeviceId,
    request: &CertificateRequest,
) -> Result<Certificate> {
    let subject = Name::of(device.as_str()).organization(scope.tenant.as_str());
    let days = i64::try_from(scope.app.limits.identity.as_secs() / 86_400).unwrap_or(i64::MAX);
    let policy = IssuePolicy::new(subject, Validity::days(scope.now.unix(), days), Usage::ClientIdentity);
    let issued = authority.issue(&policy, request.public_key());
    issued.map_err(|e| AppError::refused(format!("the identity was not issued: failed to {e}")))
}

/// Writes the use of the challenge, the identity, and what it means to the device, or finds that it was written before.
async fn commit(
    scope: &Scope,
    tx: &mut Tx<'_>,
    warrant: &Warrant,
    request: &CertificateRequest,
    issued: Certificate,
) -> Result<Certificate> {
    let (device, enrolment, challenge) = find(scope, tx, warrant).await?;
    if let (Some(challenge), Warrant::Challenge { hash, transaction, .. }) = (challenge, warrant) {
        if let Some(before) = redeem(scope, &challenge, transaction, request)? {
            return Ok(before);
        }
        if !names(request, device.udid_of(enrolment)) {
            return Err(AppError::refused(
                "the request names another device than the challenge was served to",
            ));
        }
        let used =
            store::identity::challenge_use(tx, &scope.tenant, hash, transaction, issued.der(), scope.now)
                .await?;
        if !used {
            return Err(AppError::refused("the challenge was used by another request meanwhile"));
        }
    }
    let not_after = Time::from_unix(issued.not_after());
    let fingerprint = pki::digest::sha256_hex(issued.der());
    let pinned = PinnedCertificate { fingerprint: fingerprint.clone(), not_after };
    let after = device.clone().identity_issued(enrolment, pinned);
    let after =
        after.map_err(|refusal| AppError::refused(format!("the identity was not issued: {refusal}")))?;
    crate::managed_device::save(tx, &device, &after).await?;
    let serial = issued.serial_hex();
    let heard_no_more = scope.now.minus(IDENTITY_GRACE);
    store::identity::issued_prune(tx, &scope.tenant, &device.id, heard_no_more).await?;
    store::identity::issued_insert(
        tx,
        &scope.tenant,
        &device.id,
        &fingerprint,
        &serial,
        not_after,
        issued.der(),
    )
    .await?;
    scope.app.at(Point::EnrolIdentityDecided);
    Ok(issued)
}

/// The certificate given before, if this is the same request again.
fn redeem(
    scope: &Scope,
    challenge: &Challenge,
    transaction: &str,
    request: &CertificateRequest,
) -> Result<Option<Certificate>> {
    let same_key = |der: &[u8]| {
        Certificate::from_der(der).is_ok_and(|before| before.public_key() == request.public_key())
    };
    let redemption = challenge.redeem(transaction, same_key, scope.now);
    match redemption.map_err(|refusal| AppError::refused(refusal.to_string()))? {
        Redemption::Issue => Ok(None),
        Redemption::Again(der) => {
            Certificate::from_der(&der).map(Some).map_err(|e| AppError::internal(e.to_string()))
        }
    }
}

/// Whether the subject of a request fits the UDID that its challenge was served to: our profile asks for it as common
/// name, and a client that leaves it out says nothing else.
fn names(request: &CertificateRequest, udid: Option<&str>) -> bool {
    match (request.subject().common_name(), udid) {
        (None, _) => true,
        (Some(name), Some(udid)) => name.eq_ignore_ascii_case(udid),
        (Some(_), None) => false,
    }
}
