//! Applications: who may ask for a bearer token. A secret is shown once, when it is made; kept is its hash.

use std::fmt;

use domain::{TenantId, Time};
use pki::digest::{constant_time_eq, sha256_hex};
use store::Store;
use store::application::Application;
use zeroize::Zeroizing;

use crate::{AuthError, Role};

/// Name of the application that the first start makes.
const BOOTSTRAP_NAME: &str = "bootstrap administrator";
/// Longest name, in characters: it stands in records beside what was done.
const NAME_LEN_MAX: usize = 120;

/// An application that was just made. Its secret is nowhere else.
#[derive(Clone)]
pub struct NewApplication {
    /// Whose.
    pub tenant: TenantId,
    /// `client_id`, a UUID.
    pub client_id: String,
    /// `client_secret`: 256 random bits as 43 characters.
    pub client_secret: Zeroizing<String>,
}

impl fmt::Debug for NewApplication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewApplication")
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// The application `bootstrap administrator` with every role, if the tenant has no application at all: the first start
/// of a server, or of a tenant. Later starts answer `None`, and nobody learns the secret again. Of several servers that
/// start first at the same moment one makes it.
///
/// # Errors
/// The store's, or no randomness.
pub async fn bootstrap(
    store: &Store,
    tenant: &TenantId,
    now: Time,
) -> Result<Option<NewApplication>, AuthError> {
    bootstrap_keeping(store, tenant, now, |_| Ok(())).await
}

/// As [`bootstrap`], for a caller that keeps the secret: `keep` does so before the application is stored, since a
/// program that ended between the two would leave an application whose secret nobody has. What it kept is good for
/// nothing when the answer is `None` all the same: another server was first.
///
/// # Errors
/// As there, and what `keep` ends with; then there is no application.
pub async fn bootstrap_keeping<E: From<AuthError>>(
    store: &Store,
    tenant: &TenantId,
    now: Time,
    keep: impl FnOnce(&NewApplication) -> Result<(), E>,
) -> Result<Option<NewApplication>, E> {
    if !list(store, tenant).await?.is_empty() {
        return Ok(None);
    }
    let (new, row) = made(tenant, BOOTSTRAP_NAME, &Role::ALL, now)?;
    keep(&new)?;
    Ok(store_first(store, row).await?.then_some(new))
}

/// Stores an application, unless its tenant has one; whether it did.
async fn store_first(store: &Store, row: Application) -> Result<bool, AuthError> {
    store
        .transact(move |tx| {
            let row = row.clone();
            Box::pin(async move {
                let first = store::application::list(tx, &row.tenant).await?.is_empty();
                if first {
                    store::tenant::touch(tx, &row.tenant).await?;
                    store::application::insert(tx, &row).await?;
                }
                Ok::<_, AuthError>(first)
            })
        })
        .await
}

/// Makes an application.
///
/// # Errors
/// [`AuthError::Name`], the store's, or no randomness.
pub async fn create(
    store: &Store,
    tenant: &TenantId,
    name: &str,
    roles: &[Role],
    now: Time,
) -> Result<NewApplication, AuthError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_LEN_MAX {
        return Err(AuthError::Name);
    }
    let (new, row) = made(tenant, name, roles, now)?;
    store
        .transact(move |tx| {
            let row = row.clone();
            Box::pin(async move { Ok::<_, AuthError>(store::application::insert(tx, &row).await?) })
        })
        .await?;
    Ok(new)
}

/// The applications of a tenant, oldest first.
///
/// # Errors
/// The store's.
pub async fn list(store: &Store, tenant: &TenantId) -> Result<Vec<Application>, AuthError> {
    let tenant = tenant.clone();
    store
        .read(move |tx| {
            let tenant = tenant.clone();
            Box::pin(async move { Ok::<_, AuthError>(store::application::list(tx, &tenant).await?) })
        })
        .await
}

/// Deletes an application; whether there was one. Its tokens end with their hour.
///
/// # Errors
/// The store's.
pub async fn delete(store: &Store, tenant: &TenantId, client_id: &str) -> Result<bool, AuthError> {
    let (tenant, id) = (tenant.clone(), client_id.to_owned());
    store
        .transact(move |tx| {
            let (tenant, id) = (tenant.clone(), id.clone());
            Box::pin(async move { Ok::<_, AuthError>(store::application::delete(tx, &tenant, &id).await?) })
        })
        .await
}

fn made(
    tenant: &TenantId,
    name: &str,
    roles: &[Role],
    now: Time,
) -> Result<(NewApplication, Application), AuthError> {
    let client_secret = pki::random::secret()?;
    let client_id = uuid::Uuid::new_v4().hyphenated().to_string();
    let row = Application {
        tenant: tenant.clone(),
        id: client_id.clone(),
        name: name.to_owned(),
        secret_hash: hash(&client_secret),
        created_at: now,
        roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
    };
    Ok((NewApplication { tenant: tenant.clone(), client_id, client_secret }, row))
}

/// A plain hash is enough: 256 random bits cannot be guessed, however quick the hash.
fn hash(secret: &str) -> String {
    sha256_hex(secret.as_bytes())
}

/// Whether `secret` is this application's. Takes the same time for an application that does not exist.
pub(crate) fn is_secret_of(application: Option<&Application>, secret: &str) -> bool {
    let kept = application.map_or("", |application| application.secret_hash.as_str());
    constant_time_eq(kept.as_bytes(), hash(secret).as_bytes())
}
