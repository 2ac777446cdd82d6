//! Secrets and certificates of an application: several, so that one can take over from another.

use std::fmt;

use domain::{TenantId, Time};
use pki::x509::Certificate;
use store::application::Application;
use store::application::credential::{Credential, CredentialKind};
use store::{Store, Tx};
use zeroize::Zeroizing;

use super::{hash, named};
use crate::AuthError;

/// Credentials of one application: enough for every change-over, and each assertion is tried against all.
const CREDENTIALS_MAX: usize = 20;
/// Characters of a secret that are kept to tell it from others, as Graph's `hint`.
const HINT_LEN: usize = 3;
/// Smallest RSA key of a certificate, in bits.
const RSA_BITS_MIN: usize = 2_048;

/// A secret that was just made, and is nowhere else.
#[derive(Clone)]
pub struct NewSecret {
    /// Its id (`keyId`).
    pub id: String,
    /// The secret: 256 random bits as 43 characters.
    pub secret: Zeroizing<String>,
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSecret").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A secret of an application that is about to be stored.
pub(super) fn secret(
    application: &Application,
    name: &str,
    ends_at: Option<Time>,
    now: Time,
) -> Result<(Zeroizing<String>, Credential), AuthError> {
    let secret = pki::random::secret()?;
    let credential = Credential {
        tenant: application.tenant.clone(),
        application: application.id.clone(),
        id: uuid::Uuid::now_v7().hyphenated().to_string(),
        kind: CredentialKind::Secret,
        display_name: named(name)?.to_owned(),
        hint: secret.chars().take(HINT_LEN).collect(),
        value: hash(&secret),
        starts_at: now,
        ends_at,
    };
    Ok((secret, credential))
}

/// Adds a secret to an application, good until `ends_at`.
///
/// # Errors
/// [`AuthError::NoApplication`]; [`AuthError::Name`]; [`AuthError::Credential`] for a public application, a time that is
/// over, or one too many; the store's.
pub async fn add_secret(
    store: &Store,
    tenant: &TenantId,
    client_id: &str,
    name: &str,
    ends_at: Option<Time>,
    now: Time,
) -> Result<NewSecret, AuthError> {
    if ends_at.is_some_and(|end| end <= now) {
        return Err(AuthError::Credential("its end is over already"));
    }
    let (tenant, client_id, name) = (tenant.clone(), client_id.to_owned(), named(name)?.to_owned());
    store
        .transact(move |tx| {
            let (tenant, client_id, name) = (tenant.clone(), client_id.clone(), name.clone());
            Box::pin(async move {
                let application = with_room(tx, &tenant, &client_id).await?;
                let (secret, row) = secret(&application, &name, ends_at, now)?;
                store::application::credential::insert(tx, &row).await?;
                Ok(NewSecret { id: row.id, secret })
            })
        })
        .await
}

/// Adds a certificate to an application, by whose key it signs assertions. Its id.
///
/// # Errors
/// As [`add_secret`]; [`AuthError::Credential`] also for what is no certificate, has ended or has a weak key.
pub async fn add_certificate(
    store: &Store,
    tenant: &TenantId,
    client_id: &str,
    name: &str,
    pem: &str,
    now: Time,
) -> Result<String, AuthError> {
    let certificate =
        Certificate::from_pem(pem).map_err(|_| AuthError::Credential("it is no certificate in PEM"))?;
    let row = certified(&certificate, named(name)?, now)?;
    let (tenant, client_id, id) = (tenant.clone(), client_id.to_owned(), row.id.clone());
    store
        .transact(move |tx| {
            let (tenant, client_id) = (tenant.clone(), client_id.clone());
            let mut row = row.clone();
            Box::pin(async move {
                let application = with_room(tx, &tenant, &client_id).await?;
                (row.tenant, row.application) = (application.tenant, application.id);
                Ok::<_, AuthError>(store::application::credential::insert(tx, &row).await?)
            })
        })
        .await?;
    Ok(id)
}

/// A certificate as a credential of an application that is not known yet.
fn certified(certificate: &Certificate, name: &str, now: Time) -> Result<Credential, AuthError> {
    use pki::key::KeyKind;
    let key = certificate.public_key();
    match key.kind() {
        KeyKind::Rsa if key.bits() >= RSA_BITS_MIN => {}
        KeyKind::P256 => {}
        _ => return Err(AuthError::Credential("its key has to be RSA of 2048 bits or more, or P-256")),
    }
    if certificate.not_after() <= now.unix() {
        return Err(AuthError::Credential("the certificate has ended"));
    }
    Ok(Credential {
        tenant: TenantId::from(0),
        application: String::new(),
        id: uuid::Uuid::now_v7().hyphenated().to_string(),
        kind: CredentialKind::Certificate,
        display_name: name.to_owned(),
        hint: certificate.sha256_fingerprint(),
        value: certificate.to_pem(),
        starts_at: now,
        ends_at: Some(Time::from_unix(certificate.not_after())),
    })
}

/// The application, if one more credential may be added to it.
async fn with_room(tx: &mut Tx<'_>, tenant: &TenantId, client_id: &str) -> Result<Application, AuthError> {
    let found = store::application::get(tx, client_id).await?.filter(|found| found.tenant == *tenant);
    let application = found.ok_or(AuthError::NoApplication)?;
    if application.is_public {
        return Err(AuthError::Credential("a public application keeps none"));
    }
    store::tenant::touch(tx, tenant).await?;
    let known = store::application::credential::list(tx, tenant, client_id).await?;
    match known.len() < CREDENTIALS_MAX {
        true => Ok(application),
        false => Err(AuthError::Credential("it has 20 already: delete those that have ended")),
    }
}

/// The credentials of an application, oldest first.
///
/// # Errors
/// The store's.
pub async fn credentials(
    store: &Store,
    tenant: &TenantId,
    client_id: &str,
) -> Result<Vec<Credential>, AuthError> {
    let (tenant, id) = (tenant.clone(), client_id.to_owned());
    store
        .read(move |tx| {
            let (tenant, id) = (tenant.clone(), id.clone());
            Box::pin(async move {
                Ok::<_, AuthError>(store::application::credential::list(tx, &tenant, &id).await?)
            })
        })
        .await
}

/// Deletes a credential; whether there was one. Tokens that were given for it end within [`crate::STANDING_LIFE`].
///
/// # Errors
/// The store's.
pub async fn delete_credential(
    store: &Store,
    tenant: &TenantId,
    client_id: &str,
    id: &str,
) -> Result<bool, AuthError> {
    let (tenant, client_id, id) = (tenant.clone(), client_id.to_owned(), id.to_owned());
    store
        .transact(move |tx| {
            let (tenant, client_id, id) = (tenant.clone(), client_id.clone(), id.clone());
            Box::pin(async move {
                let delete = store::application::credential::delete;
                Ok::<_, AuthError>(delete(tx, &tenant, &client_id, &id).await?)
            })
        })
        .await
}
