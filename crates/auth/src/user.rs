//! People's accounts, as the operator and administrators keep them: who there is, links that let somebody set up an
//! account, and taking away what lets them in. No account ever has a password that its owner did not choose.

pub(crate) mod password;
pub(crate) mod recovery;
pub(crate) mod throttle;
pub(crate) mod totp;

use std::fmt;

use domain::invitation::Invitation;
use domain::secret::SecretKind;
use domain::user::methods::Methods;
use domain::user::{self, User};
use domain::{TenantId, Time, UserId};
use store::{Store, StoreError, Tx};
use zeroize::Zeroizing;

use crate::{AuthError, Role};

/// People of a tenant. Administrators, not everybody of a school.
const USERS_MAX: u64 = 10_000;

/// A link that was just made. Its secret is nowhere else.
#[derive(Clone)]
pub struct Link {
    /// Whose tenant.
    pub tenant: TenantId,
    /// The secret: 256 random bits as 43 characters.
    pub code: Zeroizing<String>,
    /// Until when it is good.
    pub expires_at: Time,
}

impl Link {
    /// Where it leads, at the server with this public URL.
    #[must_use]
    pub fn url(&self, api_url: &str) -> Zeroizing<String> {
        let (tenant, code) = (&self.tenant, self.code.as_str());
        Zeroizing::new(format!("{api_url}/{tenant}/set-up?code={code}"))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

/// A person who is to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// `userPrincipalName`
    pub user_principal_name: String,
    /// `displayName`
    pub display_name: String,
    /// What they may do.
    pub roles: Vec<Role>,
}

pub(crate) fn code_hash(code: &str) -> String {
    pki::digest::sha256_hex(code.as_bytes())
}

/// A link for the first administrator of a tenant that has none; `keep` keeps it before it is good. An earlier one is good
/// no more. None: there is an administrator already.
///
/// # Errors
/// The store's, no randomness, and what `keep` ends with.
pub async fn first_link<E: From<AuthError>>(
    store: &Store,
    tenant: &TenantId,
    now: Time,
    keep: impl FnOnce(&Link) -> Result<(), E>,
) -> Result<Option<Link>, E> {
    if !users(store, tenant).await?.is_empty() {
        return Ok(None);
    }
    let (link, row) = made(tenant, None, now)?;
    keep(&link)?;
    store
        .transact(move |tx| {
            let row = row.clone();
            Box::pin(async move { Ok::<_, AuthError>(store::invitation::replace(tx, &row).await?) })
        })
        .await?;
    Ok(Some(link))
}

fn made(tenant: &TenantId, user: Option<UserId>, now: Time) -> Result<(Link, Invitation), AuthError> {
    let code = pki::random::secret()?;
    let row = Invitation { tenant: tenant.clone(), hash: code_hash(&code), user, created_at: now };
    Ok((Link { tenant: tenant.clone(), code, expires_at: row.expires_at() }, row))
}

/// The people of a tenant, by name.
///
/// # Errors
/// The store's.
pub async fn users(store: &Store, tenant: &TenantId) -> Result<Vec<User>, AuthError> {
    let tenant = tenant.clone();
    store
        .read(move |tx| {
            let tenant = tenant.clone();
            Box::pin(async move { Ok::<_, AuthError>(store::user::list(tx, &tenant).await?) })
        })
        .await
}

/// Adds a person, who sets up the account by the link.
///
/// # Errors
/// [`AuthError::User`] for names that cannot be, [`AuthError::Taken`], the store's, or no randomness.
pub async fn add_user(store: &Store, tenant: &TenantId, new: &NewUser, now: Time) -> Result<Link, AuthError> {
    let user = person(tenant, new, now)?;
    let (link, row) = made(tenant, Some(user.id.clone()), now)?;
    store
        .transact(move |tx| {
            let (user, row) = (user.clone(), row.clone());
            Box::pin(async move {
                insert(tx, &user).await?;
                Ok::<_, AuthError>(store::invitation::replace(tx, &row).await?)
            })
        })
        .await?;
    Ok(link)
}

pub(crate) fn person(tenant: &TenantId, new: &NewUser, now: Time) -> Result<User, AuthError> {
    Ok(User {
        tenant: tenant.clone(),
        id: UserId::from(uuid::Uuid::new_v4().as_u128()),
        version: 1,
        user_principal_name: user::user_principal_name(&new.user_principal_name)?,
        display_name: user::display_name(&new.display_name)?,
        mail: None,
        account_enabled: true,
        roles: new.roles.iter().map(|role| role.as_str().to_owned()).collect(),
        sessions_valid_from: now,
        created_at: now,
    })
}

/// Adds a person without any method.
pub(crate) async fn insert(tx: &mut Tx<'_>, user: &User) -> Result<(), AuthError> {
    store::tenant::touch(tx, &user.tenant).await?;
    if store::user::count(tx, &user.tenant).await? >= USERS_MAX {
        return Err(AuthError::TooManyUsers);
    }
    if store::user::by_name(tx, &user.tenant, &user.user_principal_name).await?.is_some() {
        return Err(AuthError::Taken);
    }
    store::user::insert(tx, user).await?;
    let none = Methods::none(user.tenant.clone(), user.id.clone());
    Ok(store::user::methods_insert(tx, &none).await?)
}

/// Takes every method of a person away, ends every session and token of theirs, and makes a link by which they begin anew:
/// for who has lost password, phone and recovery codes.
///
/// # Errors
/// [`AuthError::NoUser`], the store's, or no randomness.
pub async fn reset_user(
    store: &Store,
    tenant: &TenantId,
    user_principal_name: &str,
    now: Time,
) -> Result<Link, AuthError> {
    let code = pki::random::secret()?;
    let changed = change(store, tenant, user_principal_name, move |tx, mut user| {
        let row = Invitation {
            tenant: user.tenant.clone(),
            hash: code_hash(&code),
            user: Some(user.id.clone()),
            created_at: now,
        };
        let code = code.clone();
        Box::pin(async move {
            user.revoke_sessions(now);
            store::user::update(tx, &user).await?;
            forget_secrets(tx, &user).await?;
            let mut methods = methods_of(tx, &user).await?;
            methods.clear();
            store::user::methods_update(tx, &methods).await?;
            store::session::delete_others(tx, &user.tenant, &user.id, "").await?;
            store::invitation::replace(tx, &row).await?;
            Ok(Link { tenant: user.tenant, code, expires_at: row.expires_at() })
        })
    });
    changed.await
}

/// Lets a person sign in, or ends that with every session and token of theirs.
///
/// # Errors
/// [`AuthError::NoUser`], or the store's.
pub async fn set_user_enabled(
    store: &Store,
    tenant: &TenantId,
    user_principal_name: &str,
    enabled: bool,
    now: Time,
) -> Result<(), AuthError> {
    let changed = change(store, tenant, user_principal_name, move |tx, mut user| {
        Box::pin(async move {
            user.set_enabled(enabled, now);
            Ok(store::user::update(tx, &user).await?)
        })
    });
    changed.await
}

/// Ends every session and token of a person (Graph's `revokeSignInSessions`).
///
/// # Errors
/// [`AuthError::NoUser`], or the store's.
pub async fn revoke_sessions(
    store: &Store,
    tenant: &TenantId,
    user_principal_name: &str,
    now: Time,
) -> Result<(), AuthError> {
    let changed = change(store, tenant, user_principal_name, move |tx, mut user| {
        Box::pin(async move {
            user.revoke_sessions(now);
            store::user::update(tx, &user).await?;
            store::session::delete_others(tx, &user.tenant, &user.id, "").await?;
            Ok(())
        })
    });
    changed.await
}

/// Changes what a person may do, which ends every session and token of theirs.
///
/// # Errors
/// [`AuthError::NoUser`], or the store's.
pub async fn set_user_roles(
    store: &Store,
    tenant: &TenantId,
    user_principal_name: &str,
    roles: &[Role],
    now: Time,
) -> Result<(), AuthError> {
    let roles: Vec<String> = roles.iter().map(|role| role.as_str().to_owned()).collect();
    let changed = change(store, tenant, user_principal_name, move |tx, mut user| {
        let roles = roles.clone();
        Box::pin(async move {
            user.set_roles(roles, now);
            Ok(store::user::update(tx, &user).await?)
        })
    });
    changed.await
}

/// Deletes a person with all that lets them in.
///
/// # Errors
/// [`AuthError::NoUser`], or the store's.
pub async fn delete_user(
    store: &Store,
    tenant: &TenantId,
    user_principal_name: &str,
) -> Result<(), AuthError> {
    let changed = change(store, tenant, user_principal_name, move |tx, user| {
        Box::pin(async move {
            forget_secrets(tx, &user).await?;
            store::user::delete(tx, &user.tenant, &user.id).await?;
            Ok(())
        })
    });
    changed.await
}

/// What a person proves themselves with.
pub(crate) async fn methods_of(tx: &mut Tx<'_>, user: &User) -> Result<Methods, AuthError> {
    store::user::methods(tx, &user.tenant, &user.id).await?.ok_or(AuthError::NoUser)
}

/// Deletes the sealed part of what a person proves themselves with.
async fn forget_secrets(tx: &mut Tx<'_>, user: &User) -> Result<(), StoreError> {
    for kind in [SecretKind::UserPassword, SecretKind::TotpKey, SecretKind::NewTotpKey] {
        store::secret::delete(tx, &user.tenant, kind, user.id.as_str()).await?;
    }
    Ok(())
}

type Changing<'c, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, AuthError>> + Send + 'c>>;

/// Finds a person by name and changes them.
async fn change<T: Send + 'static>(
    store: &Store,
    tenant: &TenantId,
    name: &str,
    change: impl for<'c, 't> Fn(&'c mut Tx<'t>, User) -> Changing<'c, T> + Send + Sync + 'static,
) -> Result<T, AuthError> {
    let (tenant, name) = (tenant.clone(), name.to_owned());
    let change = std::sync::Arc::new(change);
    store
        .transact(move |tx| {
            let (tenant, name, change) = (tenant.clone(), name.clone(), change.clone());
            Box::pin(async move {
                let user = store::user::by_name(tx, &tenant, &name).await?.ok_or(AuthError::NoUser)?;
                change(tx, user).await
            })
        })
        .await
}
