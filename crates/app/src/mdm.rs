//! What enrolled devices say: check-in messages and answers to commands, at one URL (apple.md 3.3 to 3.5).
//!
//! Who calls is settled first and by one thing only: the certificate that the enrolment is pinned to. It was issued by
//! this tenant's authority for one challenge, so finding its fingerprint is finding that. What the message then says
//! of itself must agree.

mod answer;
mod check_in;
mod outcome;
mod token_service;

use std::sync::Arc;

use ::mdm::checkin::{ChannelMessage, CheckIn};
use domain::TenantId;
use domain::managed_device::{Credential, ManagedDevice, Refusal, renewed_identity};
use store::Tx;

use crate::scope::Scope;
use crate::{App, AppError, Result};

/// Largest message of a device that is read, in bytes.
pub const MESSAGE_MAX: usize = ::mdm::checkin::MAX_BODY;
/// Messages up to this size, in bytes, are read before their sender is looked up, which saves a look at the store with
/// every check-in. Nearly all are smaller than 8,000; what a stranger can make of as much is a matter of a millisecond.
pub const SMALL_MESSAGE: usize = 64 << 10;
/// Largest `Mdm-Signature`, in bytes after base64: one certificate and one signature take 3,000.
pub const SIGNATURE_MAX: usize = 16 << 10;

/// How the caller proves who it is. At least one is needed, and if both are there they must agree.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// The TLS client certificate, DER, whose key the caller has proved; from the connection, or from a proxy that the
    /// operator trusts.
    pub certificate: Option<Vec<u8>>,
    /// `Mdm-Signature`, out of base64: a detached signature over the body.
    pub signature: Option<Vec<u8>>,
}

impl Proof {
    /// SHA-256 of the caller's certificate, hex.
    fn fingerprint(&self, body: &[u8]) -> Result<String> {
        let refused =
            |words: &str| AppError::refused(format!("the device's message was not proved: {words}"));
        let signer = match &self.signature {
            None => None,
            Some(signature) if signature.len() > SIGNATURE_MAX => {
                return Err(refused("its signature is too large"));
            }
            Some(signature) => {
                let signed = pki::cms::verify_signed(signature, Some(body));
                Some(signed.map_err(|e| refused(&format!("failed to {e}")))?.signer_cert_der().to_vec())
            }
        };
        match (&self.certificate, signer) {
            (Some(certificate), Some(signer)) if *certificate != signer => {
                Err(refused("its certificate and its signature are of two devices"))
            }
            (Some(der), _) => Ok(pki::digest::sha256_hex(der)),
            (None, Some(der)) => Ok(pki::digest::sha256_hex(&der)),
            (None, None) => Err(refused("it came with neither a client certificate nor a signature")),
        }
    }
}

/// What a device is answered. Never "unauthorised": a device takes that as the order to leave management.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Taken; there is nothing to say.
    Empty,
    /// A property list: a command, or the answer to a question.
    Plist(Vec<u8>),
    /// We do not manage this user (`UserAuthenticate`).
    UserNotManaged,
    /// There is no such thing (`DeclarativeManagement`).
    NotFound,
}

/// Takes one message of a device, check-in or answer, and says what it is answered.
///
/// # Errors
/// [`AppError::Refused`] for a caller that is not who it must be, [`AppError::Invalid`] for a message that cannot be
/// read or that we do not serve; other errors are ours, and the device asks again.
pub async fn message(app: &App, tenant: &TenantId, proof: &Proof, body: &[u8]) -> Result<Reply> {
    let scope = Scope::new(app, tenant);
    let fingerprint = proof.fingerprint(body)?;
    if body.len() > SMALL_MESSAGE {
        must_be_known(&scope, &fingerprint).await?;
    }
    let message =
        ChannelMessage::parse(body).map_err(|e| AppError::invalid("message", format!("failed to {e}")))?;
    if message.enrollment().user().is_some() {
        return user_channel(&scope, fingerprint, &message).await;
    }
    match message {
        ChannelMessage::CheckIn(message) => check_in::take(&scope, fingerprint, Arc::new(message)).await,
        ChannelMessage::Answer(answer) => answer::take(&scope, fingerprint, Arc::new(answer)).await,
    }
}

/// Refuses a stranger before anything of a large message is read (lessons, class A).
async fn must_be_known(scope: &Scope, fingerprint: &str) -> Result<()> {
    let (in_tx, fingerprint) = (scope.clone(), fingerprint.to_owned());
    let store = &scope.app.store;
    let known = store.read(move |tx| {
        let (scope, fingerprint) = (in_tx.clone(), fingerprint.clone());
        Box::pin(async move { caller(&scope, tx, &fingerprint).await.map(drop) })
    });
    known.await
}

/// The row of the caller, inside a transaction, and which of its certificates it used.
async fn caller(scope: &Scope, tx: &mut Tx<'_>, fingerprint: &str) -> Result<(ManagedDevice, Credential)> {
    let found = store::managed_device::by_certificate(tx, fingerprint).await?;
    let device = found
        .filter(|device| device.tenant == scope.tenant)
        .ok_or(Refusal::UnknownCertificate)
        .map_err(refused)?;
    let credential = device.credential(fingerprint, scope.now).map_err(refused)?;
    scope.app.memory.saw(&scope.tenant, &device.id, scope.now);
    Ok((device, credential))
}

fn refused(refusal: Refusal) -> AppError {
    AppError::refused(format!("the device's message was not accepted: {refusal}"))
}

/// The caller as a device under management, with a renewed identity taken into use.
async fn managed_caller(
    scope: &Scope,
    tx: &mut Tx<'_>,
    fingerprint: &str,
    udid: &str,
) -> Result<(ManagedDevice, ManagedDevice)> {
    let (device, credential) = caller(scope, tx, fingerprint).await?;
    device.is_named(udid).map_err(refused)?;
    let after = match credential {
        Credential::Pending => return Err(refused(Refusal::NotAuthenticated)),
        Credential::Renewed => renewed_identity(device.clone()),
        Credential::Current => device.clone(),
    };
    Ok((device, after))
}

/// Users of a Shared iPad or a Mac: their device is known, they themselves are not managed. Their tokens are taken
/// and not kept, so that a device is never held up by them.
async fn user_channel(scope: &Scope, fingerprint: String, message: &ChannelMessage) -> Result<Reply> {
    let (scope, udid) = (scope.clone(), message.enrollment().device().to_owned());
    let store = scope.app.store.clone();
    store
        .read(move |tx| {
            let (scope, fingerprint, udid) = (scope.clone(), fingerprint.clone(), udid.clone());
            Box::pin(async move { managed_caller(&scope, tx, &fingerprint, &udid).await })
        })
        .await?;
    match message {
        ChannelMessage::CheckIn(message) if matches!(message.message, CheckIn::UserAuthenticate(_)) => {
            Ok(Reply::UserNotManaged)
        }
        _ => Ok(Reply::Empty),
    }
}
