//! Applications: who may ask for a bearer token. A secret is shown once, when it is made; kept is its hash.

pub(crate) mod credential;

use std::fmt;

use domain::{TenantId, Time};
use pki::digest::{constant_time_eq, sha256_hex};
use store::application::Application;
use store::application::credential::{Credential, CredentialKind};
use store::{Store, Tx};
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
    let (new, rows) = made(tenant, BOOTSTRAP_NAME, &Role::ALL, now)?;
    keep(&new)?;
    Ok(store_first(store, rows).await?.then_some(new))
}

/// An application and its first secret.
type Rows = (Application, Credential);

async fn insert(tx: &mut Tx<'_>, (application, secret): &Rows) -> Result<(), AuthError> {
    store::application::insert(tx, application).await?;
    Ok(store::application::credential::insert(tx, secret).await?)
}

/// Stores an application, unless its tenant has one; whether it did.
async fn store_first(store: &Store, rows: Rows) -> Result<bool, AuthError> {
    store
        .transact(move |tx| {
            let rows = rows.clone();
            Box::pin(async move {
                let first = store::application::list(tx, &rows.0.tenant).await?.is_empty();
                if first {
                    store::tenant::touch(tx, &rows.0.tenant).await?;
                    insert(tx, &rows).await?;
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
    let (new, rows) = made(tenant, named(name)?, roles, now)?;
    store
        .transact(move |tx| {
            let rows = rows.clone();
            Box::pin(async move { insert(tx, &rows).await })
        })
        .await?;
    Ok(new)
}

/// Makes an application that keeps no secret, since it runs on people's own computers, and acts for those who sign in.
/// Its client id.
///
/// # Errors
/// [`AuthError::Name`], or the store's.
pub async fn create_public(
    store: &Store,
    tenant: &TenantId,
    name: &str,
    now: Time,
) -> Result<String, AuthError> {
    let id = uuid::Uuid::new_v4().hyphenated().to_string();
    let row = Application {
        tenant: tenant.clone(),
        id: id.clone(),
        name: named(name)?.to_owned(),
        created_at: now,
        roles: Vec::new(),
        is_public: true,
    };
    store
        .transact(move |tx| {
            let row = row.clone();
            Box::pin(async move { Ok::<_, AuthError>(store::application::insert(tx, &row).await?) })
        })
        .await?;
    Ok(id)
}

/// A name that an application or a credential may have.
pub(crate) fn named(name: &str) -> Result<&str, AuthError> {
    let name = name.trim();
    match name.is_empty() || name.chars().count() > NAME_LEN_MAX {
        true => Err(AuthError::Name),
        false => Ok(name),
    }
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

/// Deletes an application; whether there was one. Its tokens end within [`crate::STANDING_LIFE`].
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
) -> Result<(NewApplication, Rows), AuthError> {
    let client_id = uuid::Uuid::new_v4().hyphenated().to_string();
    let application = Application {
        tenant: tenant.clone(),
        id: client_id.clone(),
        name: name.to_owned(),
        created_at: now,
        roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
        is_public: false,
    };
    let (client_secret, secret) = credential::secret(&application, "first secret", None, now)?;
    Ok((NewApplication { tenant: tenant.clone(), client_id, client_secret }, (application, secret)))
}

/// A plain hash is enough: 256 random bits cannot be guessed, however quick the hash.
fn hash(secret: &str) -> String {
    sha256_hex(secret.as_bytes())
}

/// The id of the credential whose secret this is, of those that are good now. Takes the same time whichever it is, and
/// about as long for an application that does not exist.
pub(crate) fn secret_among<'c>(credentials: &'c [Credential], secret: &str, now: Time) -> Option<&'c str> {
    let given = hash(secret);
    let is_it = |credential: &Credential| {
        credential.kind == CredentialKind::Secret
            && constant_time_eq(credential.value.as_bytes(), given.as_bytes())
            && credential.is_good_at(now)
    };
    let found = credentials.iter().fold(None, |found, one| if is_it(one) { Some(one) } else { found });
    found.map(|credential| credential.id.as_str())
}
