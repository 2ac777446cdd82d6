//! What the operator does at the machine itself, beside the API: tenants, their first credentials, copies.

use domain::KeyId;
use domain::tenant::Tenant;
use net::Clock;
use store::Store;
use store::application::Application;
use store::application::credential::{Credential, CredentialKind};

use crate::application::{NewApplication, Role};
use crate::open::{PracticeApple, ensure, internal, tenant_id};
use crate::user::{known, told};
use crate::{AppError, Result};

pub use auth::NewSecret;
pub use domain::Time;

/// An application and its credentials.
pub type WithCredentials = (Application, Vec<Credential>);

/// What time it is.
pub fn now(clock: &Clock) -> Time {
    Time::from_micros(clock.now_micros())
}

/// What a credential is, in a word.
pub fn kind_of(credential: &Credential) -> &'static str {
    match credential.kind {
        CredentialKind::Secret => "secret",
        CredentialKind::Certificate => "certificate",
    }
}

/// Name of an application that the operator makes.
const OPERATORS_NAME: &str = "made by the operator";

/// Every tenant, by id.
///
/// # Errors
/// The store's.
pub async fn tenants(store: &Store) -> Result<Vec<Tenant>> {
    store.read(|tx| Box::pin(async move { Ok::<_, AppError>(store::tenant::list(tx).await?) })).await
}

/// Adds a tenant, real or practice for life, and makes its first application.
///
/// # Errors
/// [`AppError::Conflict`] when it exists, [`AppError::Invalid`] for an id or a name that cannot be.
pub async fn add_tenant(
    store: &Store,
    id: &str,
    organization: &str,
    practice: Option<&PracticeApple>,
    clock: &Clock,
) -> Result<NewApplication> {
    let known = tenants(store).await?;
    if known.iter().any(|tenant| tenant.id.as_str().eq_ignore_ascii_case(id)) {
        return Err(AppError::conflict(format!("tenant {id} exists")));
    }
    let now = now(clock);
    ensure(store, &tenant_id(id)?, organization, practice, now).await?;
    credentials(store, id, clock).await
}

/// Makes a further application with every role, for an operator who has lost the first one's secret.
///
/// # Errors
/// [`AppError::NotFound`] for a tenant that does not exist.
pub async fn credentials(store: &Store, id: &str, clock: &Clock) -> Result<NewApplication> {
    let known = tenants(store).await?;
    let tenant = known.into_iter().find(|tenant| tenant.id.as_str().eq_ignore_ascii_case(id));
    let tenant = tenant.ok_or_else(|| AppError::not_found(format!("the tenant {id}")))?;
    let now = now(clock);
    auth::create(store, &tenant.id, OPERATORS_NAME, &Role::ALL, now).await.map_err(internal)
}

/// The applications of a tenant, oldest first, each with its credentials.
///
/// # Errors
/// [`AppError::NotFound`] for a tenant that does not exist.
pub async fn applications(store: &Store, tenant: &str) -> Result<Vec<WithCredentials>> {
    let tenant = known(store, tenant).await?;
    let mut all = Vec::new();
    for application in auth::list(store, &tenant).await.map_err(told)? {
        let credentials = auth::credentials(store, &tenant, &application.id).await.map_err(told)?;
        all.push((application, credentials));
    }
    Ok(all)
}

/// Makes an application with these roles.
///
/// # Errors
/// [`AppError::NotFound`] for a tenant that does not exist, [`AppError::Invalid`] for a name that cannot be.
pub async fn add_application(
    store: &Store,
    tenant: &str,
    name: &str,
    roles: &[Role],
    clock: &Clock,
) -> Result<NewApplication> {
    auth::create(store, &known(store, tenant).await?, name, roles, now(clock)).await.map_err(told)
}

/// Makes a public application, which acts for people who let it in. Its client id.
///
/// # Errors
/// As [`add_application`].
pub async fn add_public_application(
    store: &Store,
    tenant: &str,
    name: &str,
    clock: &Clock,
) -> Result<String> {
    auth::create_public(store, &known(store, tenant).await?, name, now(clock)).await.map_err(told)
}

/// Deletes an application.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn delete_application(store: &Store, tenant: &str, client_id: &str) -> Result<()> {
    match auth::delete(store, &known(store, tenant).await?, client_id).await.map_err(told)? {
        true => Ok(()),
        false => Err(told(auth::AuthError::NoApplication)),
    }
}

/// Adds a secret to an application, good until `ends_at`.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Invalid`].
pub async fn add_secret(
    store: &Store,
    tenant: &str,
    client_id: &str,
    name: &str,
    ends_at: Option<Time>,
    clock: &Clock,
) -> Result<NewSecret> {
    let tenant = known(store, tenant).await?;
    auth::add_secret(store, &tenant, client_id, name, ends_at, now(clock)).await.map_err(told)
}

/// Adds a certificate to an application, PEM. Its id.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Invalid`].
pub async fn add_certificate(
    store: &Store,
    tenant: &str,
    client_id: &str,
    name: &str,
    pem: &str,
    clock: &Clock,
) -> Result<String> {
    let tenant = known(store, tenant).await?;
    auth::add_certificate(store, &tenant, client_id, name, pem, now(clock)).await.map_err(told)
}

/// Deletes a secret or a certificate of an application.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn delete_credential(store: &Store, tenant: &str, client_id: &str, id: &str) -> Result<()> {
    let tenant = known(store, tenant).await?;
    match auth::delete_credential(store, &tenant, client_id, id).await.map_err(told)? {
        true => Ok(()),
        false => Err(AppError::not_found("a credential of this application with this id")),
    }
}

/// Makes another key that signs tokens, while servers run. Its name.
///
/// # Errors
/// The store's, or no randomness.
pub async fn rotate_signing_key(store: &Store, clock: &Clock) -> Result<KeyId> {
    auth::rotate_signing_key(store, now(clock)).await.map_err(told)
}
