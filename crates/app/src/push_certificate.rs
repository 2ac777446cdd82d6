//! The MDM push certificate: request, upload, renewal, and how it stands (L28 to L30).

use domain::push::{PushCertificate, PushStanding, UploadedPushCertificate, accept};
use domain::secret::SecretKind;
use domain::{KeyId, Time};
use pki::key::RsaKey;
use pki::x509::{Certificate, CertificateRequest, Name, certificates_from_pem};
use store::Tx;
use zeroize::Zeroizing;

use crate::loops::Work;
use crate::scope::{Scope, fresh};
use crate::{Actor, App, AppError, Result};

/// Largest uploaded certificate file, in bytes; Apple's has 2,000.
const PEM_MAX: usize = 64 << 10;
/// Longest Apple account name.
const APPLE_ID_LEN_MAX: usize = 256;

/// The push certificate and how it stands; none: nothing was ever requested.
///
/// # Errors
/// The store's.
pub async fn get(app: &App, actor: &Actor) -> Result<Option<(PushCertificate, PushStanding)>> {
    let scope = Scope::of(app, actor);
    let (tenant, now) = (scope.tenant.clone(), scope.now);
    let found = app
        .store
        .read(move |tx| {
            let tenant = tenant.clone();
            Box::pin(async move { Ok::<_, AppError>(store::push::certificate_get(tx, &tenant).await?) })
        })
        .await?;
    Ok(found.map(|certificate| {
        let standing = certificate.standing(&app.limits, now);
        (certificate, standing)
    }))
}

/// The request to be signed and taken to Apple's push certificate portal, PEM. Asking again before the certificate has
/// come back gives a request for the same key, so that an answer to either is accepted.
///
/// # Errors
/// [`AppError::Refused`] for devices; otherwise ours.
pub async fn request(app: &App, actor: &Actor) -> Result<String> {
    if !actor.may_administer() {
        return Err(AppError::refused("devices ask for no push certificate"));
    }
    let scope = Scope::of(app, actor);
    let made =
        tokio::task::spawn_blocking(RsaKey::generate).await.map_err(|e| AppError::internal(e.to_string()))?;
    let made = made.map_err(|e| unusable(&e))?.to_pkcs8();
    let id: KeyId = fresh()?;
    let in_tx = scope.clone();
    let key = app
        .store
        .transact(move |tx| {
            let (scope, made, id) = (in_tx.clone(), made.clone(), id.clone());
            Box::pin(async move { pending_key(&scope, tx, id, made).await })
        })
        .await?;
    let key = RsaKey::from_pkcs8(&key).map_err(|e| unusable(&e))?;
    let subject = Name::of(&format!("Muster MDM push {}", actor.tenant)).organization(actor.tenant.as_str());
    let request = CertificateRequest::create(&key.into(), &subject, None).map_err(|e| unusable(&e))?;
    Ok(request.to_pem())
}

fn unusable(error: &pki::Error) -> AppError {
    AppError::internal(format!("failed to {error}"))
}

/// The key of the open request; `made` becomes it, if there is none.
async fn pending_key(
    scope: &Scope,
    tx: &mut Tx<'_>,
    id: KeyId,
    made: Zeroizing<Vec<u8>>,
) -> Result<Zeroizing<Vec<u8>>> {
    let mut certificate = load(scope, tx).await?;
    if let Some(pending) = &certificate.pending_key
        && let Some(key) =
            store::secret::get(tx, &scope.tenant, SecretKind::PushKey, pending.as_str()).await?
    {
        return Ok(key);
    }
    store::secret::put(tx, &scope.tenant, SecretKind::PushKey, id.as_str(), &made).await?;
    certificate.pending_key = Some(id);
    certificate.modified_at = scope.now;
    store::push::certificate_upsert(tx, &certificate).await?;
    Ok(made)
}

async fn load(scope: &Scope, tx: &mut Tx<'_>) -> Result<PushCertificate> {
    let found = store::push::certificate_get(tx, &scope.tenant).await?;
    Ok(found.unwrap_or_else(|| PushCertificate {
        tenant: scope.tenant.clone(),
        version: 0,
        current: None,
        pending_key: None,
        apple_id: None,
        modified_at: scope.now,
        last_refusal: None,
    }))
}

/// What an administrator uploads.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The file from Apple's portal, PEM.
    pub pem: String,
    /// The Apple account it was made with, to renew it with the same.
    pub apple_id: Option<String>,
    /// Accept another topic, though every enrolled device is lost.
    pub force: bool,
}

/// Takes an uploaded certificate into use.
///
/// # Errors
/// [`AppError::NeedsConfirmation`] when its topic is another than that of enrolled devices; [`AppError::Invalid`] for
/// everything else that is wrong with it, in words to act on.
pub async fn upload(app: &App, actor: &Actor, upload: Upload) -> Result<PushCertificate> {
    if !actor.may_administer() {
        return Err(AppError::refused("devices bring no push certificate"));
    }
    if upload.pem.len() > PEM_MAX || upload.apple_id.as_ref().is_some_and(|id| id.len() > APPLE_ID_LEN_MAX) {
        return Err(AppError::invalid("certificate", "the file or the Apple account name is too long"));
    }
    let uploaded = first_certificate(&upload.pem)?;
    let (scope, force, apple_id) = (Scope::of(app, actor), upload.force, upload.apple_id);
    let in_tx = scope.clone();
    let stored = app
        .store
        .transact(move |tx| {
            let (scope, uploaded, apple_id) = (in_tx.clone(), uploaded.clone(), apple_id.clone());
            Box::pin(async move { take(&scope, tx, &uploaded, force, apple_id).await })
        })
        .await;
    if let Err(AppError::Invalid { words, .. } | AppError::NeedsConfirmation { words }) = &stored {
        note_refusal(&scope, words.clone()).await?;
    }
    if stored.is_ok() {
        tracing::info!(tenant = %actor.tenant, actor = %actor.name, force, "took a push certificate into use");
        app.wake(Work::Push);
    }
    stored
}

fn first_certificate(pem: &str) -> Result<Certificate> {
    let words = "it holds no certificate in PEM; upload the file that Apple's portal gave, unchanged (L28)";
    let all = certificates_from_pem(pem).map_err(|_| AppError::invalid("certificate", words))?;
    all.into_iter().next().ok_or_else(|| AppError::invalid("certificate", words))
}

async fn take(
    scope: &Scope,
    tx: &mut Tx<'_>,
    uploaded: &Certificate,
    force: bool,
    apple_id: Option<String>,
) -> Result<PushCertificate> {
    let certificate = load(scope, tx).await?;
    let facts = UploadedPushCertificate {
        pem: uploaded.to_pem(),
        topic: uploaded.user_id(),
        serial: uploaded.serial_hex(),
        not_before: Time::from_unix(uploaded.not_before()),
        not_after: Time::from_unix(uploaded.not_after()),
        key: key_of(scope, tx, &certificate, uploaded).await?,
    };
    let stages = store::managed_device::count_by_stage(tx, &scope.tenant).await?;
    let devices = stages.iter().filter(|(stage, _)| stage.is_managed()).map(|(_, count)| count).sum();
    let mut accepted = accept(&certificate, facts, devices, force, scope.now).map_err(|refusal| {
        let words = refusal.to_string();
        match refusal {
            domain::push::PushRefusal::OtherTopic { .. } => AppError::NeedsConfirmation { words },
            _ => AppError::invalid("certificate", words),
        }
    })?;
    if apple_id.is_some() {
        accepted.apple_id = apple_id;
    }
    store::push::certificate_upsert(tx, &accepted).await?;
    accepted.version += 1;
    Ok(accepted)
}

/// Which of our keys a certificate was made for: that of the open request, or the one in use.
async fn key_of(
    scope: &Scope,
    tx: &mut Tx<'_>,
    certificate: &PushCertificate,
    uploaded: &Certificate,
) -> Result<Option<KeyId>> {
    let current = certificate.current.as_ref().map(|current| &current.key);
    for id in certificate.pending_key.iter().chain(current) {
        let key = store::secret::get(tx, &scope.tenant, SecretKind::PushKey, id.as_str()).await?;
        let public = key.and_then(|key| RsaKey::from_pkcs8(&key).ok());
        if public.is_some_and(|key| key.public_key() == uploaded.public_key()) {
            return Ok(Some(id.clone()));
        }
    }
    Ok(None)
}

/// The reason stays visible until an upload succeeds.
async fn note_refusal(scope: &Scope, words: String) -> Result<()> {
    let in_tx = scope.clone();
    scope
        .app
        .store
        .transact(move |tx| {
            let (scope, words) = (in_tx.clone(), words.clone());
            Box::pin(async move {
                let mut certificate = load(&scope, tx).await?;
                certificate.last_refusal = Some(words);
                store::push::certificate_upsert(tx, &certificate).await?;
                Ok::<_, AppError>(())
            })
        })
        .await
}
