//! Each tenant's own certificate authority: it issues device identities and signs enrolment profiles.

use std::time::Duration;

use domain::TenantId;
use domain::secret::SecretKind;
use domain::time::DAY;
use pki::key::{RsaKey, SigningKey};
use pki::x509::{Certificate, CertificateAuthority, Name, Validity};

use store::StoreError;

use crate::{App, AppError, Result};

/// Life of the authority. Devices trust it for as long as they are enrolled, and it cannot be replaced under them.
const LIFE: Duration = DAY.saturating_mul(20 * 365);
/// Owner of the authority's key among the secrets.
const KEY_OWNER: &str = "ca";

/// The tenant's authority, made at its first use.
///
/// # Errors
/// The store's.
pub(crate) async fn authority(app: &App, tenant: &TenantId) -> Result<CertificateAuthority> {
    if let Some(kept) = app.memory.authority(tenant) {
        return Ok(kept);
    }
    let authority = match load(app, tenant).await? {
        Some(authority) => authority,
        None => {
            match make(app, tenant).await {
                // Another node was first, in the same moment.
                Ok(()) | Err(AppError::Store(StoreError::Duplicate { .. })) => {}
                Err(error) => return Err(error),
            }
            load(app, tenant)
                .await?
                .ok_or_else(|| AppError::internal("the certificate authority was not kept"))?
        }
    };
    app.memory.keep_authority(tenant, &authority);
    Ok(authority)
}

/// The authority's certificate, DER: what operators give to a proxy that checks client certificates.
///
/// # Errors
/// The store's.
pub async fn certificate(app: &App, tenant: &TenantId) -> Result<Vec<u8>> {
    Ok(authority(app, tenant).await?.certificate().der().to_vec())
}

async fn load(app: &App, tenant: &TenantId) -> Result<Option<CertificateAuthority>> {
    let tenant = tenant.clone();
    let stored = app
        .store
        .read(move |tx| {
            let tenant = tenant.clone();
            Box::pin(async move {
                let certificate = store::identity::ca_get(tx, &tenant).await?;
                let key = store::secret::get(tx, &tenant, SecretKind::CaKey, KEY_OWNER).await?;
                Ok::<_, AppError>(certificate.zip(key))
            })
        })
        .await?;
    let Some((certificate, key)) = stored else { return Ok(None) };
    let certificate = Certificate::from_der(&certificate).map_err(|e| unusable(&e))?;
    let key = SigningKey::from_pkcs8(&key).map_err(|e| unusable(&e))?;
    CertificateAuthority::new(certificate, key).map(Some).map_err(|e| unusable(&e))
}

fn unusable(error: &pki::Error) -> AppError {
    AppError::internal(format!("the certificate authority cannot be used: failed to {error}"))
}

/// Makes an authority and keeps it, unless another node was first. Strangers may ask for any tenant's: one that does not
/// exist gets none, and costs no key.
async fn make(app: &App, tenant: &TenantId) -> Result<()> {
    exists(app, tenant).await?;
    let now = app.now().unix();
    let name = Name::of(&format!("Muster Device CA {tenant}")).organization(tenant.as_str());
    let made = tokio::task::spawn_blocking(move || {
        let days = i64::try_from(LIFE.as_secs() / DAY.as_secs()).unwrap_or(i64::MAX);
        CertificateAuthority::create(RsaKey::generate()?.into(), name, Validity::days(now, days))
    })
    .await
    .map_err(|e| AppError::internal(e.to_string()))?
    .map_err(|e| unusable(&e))?;
    let tenant = tenant.clone();
    app.store
        .transact(move |tx| {
            let (tenant, made) = (tenant.clone(), made.clone());
            Box::pin(async move {
                if store::identity::ca_get(tx, &tenant).await?.is_some() {
                    return Ok::<_, AppError>(());
                }
                store::identity::ca_insert(tx, &tenant, made.certificate().der()).await?;
                store::secret::put(tx, &tenant, SecretKind::CaKey, KEY_OWNER, &made.key().to_pkcs8()).await?;
                Ok(())
            })
        })
        .await
}

async fn exists(app: &App, tenant: &TenantId) -> Result<()> {
    let id = tenant.clone();
    let found = app
        .store
        .read(move |tx| {
            let id = id.clone();
            Box::pin(async move { Ok::<_, AppError>(store::tenant::get(tx, &id).await?) })
        })
        .await?;
    found.map(drop).ok_or_else(|| AppError::not_found(format!("the tenant {tenant}")))
}
