//! Organisations: made by the operator, real or practice for life.

use domain::tenant::{AppleSide, Organization, Tenant, TenantRefusal};
use domain::token::Account;
use domain::{TenantId, Time};
use store::Tx;

use crate::{Actor, App, AppError, Result};

/// Makes a tenant. Its Apple is fixed with this: a practice tenant never becomes real, nor the other way round.
///
/// # Errors
/// [`AppError::Invalid`] for texts, addresses or anchors that cannot be used, [`AppError::Conflict`] if it exists.
pub async fn create(app: &App, id: TenantId, organization: Organization, apple: AppleSide) -> Result<Tenant> {
    for anchor in apple.tls_anchors.iter().chain(&apple.device_anchors) {
        let der = pki::pem::base64_lenient(anchor.as_bytes());
        der.and_then(|der| pki::x509::Certificate::from_der(&der).map(drop))
            .map_err(|error| AppError::invalid("anchors", format!("failed to {error}")))?;
    }
    let tenant = Tenant::new(id, organization, apple, app.now()).map_err(|refusal| invalid(&refusal))?;
    app.commit(tenant, |tx, tenant| Box::pin(add(tx, tenant))).await
}

async fn add(tx: &mut Tx<'_>, tenant: Tenant) -> Result<Tenant> {
    if store::tenant::get(tx, &tenant.id).await?.is_some() {
        return Err(AppError::conflict(format!("there is a tenant {} already", tenant.id)));
    }
    store::tenant::insert(tx, &tenant).await?;
    Ok(tenant)
}

fn invalid(refusal: &TenantRefusal) -> AppError {
    AppError::invalid("tenant", refusal.to_string())
}

async fn find(app: &App, id: &TenantId) -> Result<Option<Tenant>> {
    app.look(id.clone(), |tx, id| Box::pin(async move { Ok(store::tenant::get(tx, &id).await?) })).await
}

/// The actor's tenant.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn get(app: &App, actor: &Actor) -> Result<Tenant> {
    let found = find(app, &actor.tenant).await?;
    found.ok_or_else(|| AppError::not_found(format!("the tenant {}", actor.tenant)))
}

/// Every tenant, for the operator.
///
/// # Errors
/// The store's.
pub async fn list(app: &App) -> Result<Vec<Tenant>> {
    app.look((), |tx, ()| Box::pin(async move { Ok(store::tenant::list(tx).await?) })).await
}

/// Changes what devices say of the organisation (R12). Enrolled devices hear of it when they are next set up.
///
/// # Errors
/// [`AppError::Invalid`], [`AppError::NotFound`].
pub async fn update(app: &App, actor: &Actor, organization: Organization) -> Result<Tenant> {
    actor.must_administer()?;
    organization.check().map_err(|refusal| invalid(&refusal))?;
    app.commit((actor.tenant.clone(), organization), |tx, (id, organization)| {
        Box::pin(async move {
            let tenant = store::tenant::get(tx, &id).await?;
            let mut tenant = tenant.ok_or_else(|| AppError::not_found(format!("the tenant {id}")))?;
            tenant.organization = organization;
            store::tenant::update(tx, &tenant).await?;
            tenant.version += 1;
            Ok(tenant)
        })
    })
    .await
}

/// Takes over what Apple calls the organisation, unless somebody has named it here. Profiles and commands are written
/// with its name when they are given out, so that the next one has it.
pub(crate) async fn learn(tx: &mut Tx<'_>, id: &TenantId, account: &Account) -> Result<()> {
    let Some(mut tenant) = store::tenant::get(tx, id).await? else { return Ok(()) };
    if tenant.organization.learn(account) {
        store::tenant::update(tx, &tenant).await?;
        tracing::info!(tenant = %id, name = tenant.organization.name, "took over the organisation's name from Apple");
    }
    Ok(())
}

/// Whether the tenant's push certificate is there and valid at `now`.
pub(crate) async fn has_push_certificate(tx: &mut Tx<'_>, tenant: &TenantId, now: Time) -> Result<bool> {
    let certificate = store::push::certificate_get(tx, tenant).await?;
    Ok(certificate.and_then(|certificate| certificate.current).is_some_and(|current| current.not_after > now))
}
