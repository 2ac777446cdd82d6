//! People who sign in, as the operator keeps their accounts at the machine itself.

use domain::TenantId;
use net::Clock;
use store::Store;

use crate::open::tenant_id;
use crate::operator::now;
use crate::{App, AppError, Result};

pub use auth::{AuthError, Link, NewUser, Role};
pub use domain::user::User;

/// A link for the first administrator of a tenant that has none; `keep` keeps it before it is good. An earlier one is good
/// no more. None: there is an administrator already.
///
/// # Errors
/// The store's, no randomness, and what `keep` ends with.
pub async fn first_link(
    app: &App,
    tenant: &str,
    keep: impl FnOnce(&Link) -> Result<()>,
) -> Result<Option<Link>> {
    let keep = |link: &Link| keep(link).map_err(Trouble::Keep);
    let link = auth::first_link(&app.store, &tenant_id(tenant)?, app.now(), keep).await;
    link.map_err(|error| match error {
        Trouble::Keep(error) => error,
        Trouble::Auth(error) => told(error),
    })
}

/// Why there is no link.
enum Trouble {
    Keep(AppError),
    Auth(AuthError),
}

impl From<AuthError> for Trouble {
    fn from(error: AuthError) -> Self {
        Trouble::Auth(error)
    }
}

/// The accounts of a tenant, by name.
///
/// # Errors
/// [`AppError::NotFound`] for a tenant that does not exist, or the store's.
pub async fn list(store: &Store, tenant: &str) -> Result<Vec<User>> {
    auth::users(store, &known(store, tenant).await?).await.map_err(told)
}

/// Adds an account, which its owner sets up by the link. Until there are roles to choose from, it may do everything.
///
/// # Errors
/// [`AppError::Invalid`] for names that cannot be, [`AppError::Conflict`] for one that is taken.
pub async fn add(store: &Store, tenant: &str, name: &str, display_name: &str, clock: &Clock) -> Result<Link> {
    let new = NewUser {
        user_principal_name: name.to_owned(),
        display_name: display_name.to_owned(),
        roles: Role::ALL.to_vec(),
    };
    auth::add_user(store, &known(store, tenant).await?, &new, now(clock)).await.map_err(told)
}

/// Takes everything away that somebody signs in with, and makes a link by which they begin anew. Without a name: a link for
/// the first administrator, if there is none.
///
/// # Errors
/// [`AppError::NotFound`] for a name that nobody has, [`AppError::Conflict`] when there is an administrator.
pub async fn new_link(store: &Store, tenant: &str, name: Option<&str>, clock: &Clock) -> Result<Link> {
    let tenant = known(store, tenant).await?;
    match name {
        Some(name) => auth::reset_user(store, &tenant, name, now(clock)).await.map_err(told),
        None => {
            let link = auth::first_link::<AuthError>(store, &tenant, now(clock), |_| Ok(())).await;
            link.map_err(told)?.ok_or_else(|| {
                AppError::conflict("there are administrators already; name one, or add another account")
            })
        }
    }
}

/// Lets somebody sign in, or ends that with every session and token of theirs.
///
/// # Errors
/// [`AppError::NotFound`] for a name that nobody has.
pub async fn set_enabled(
    store: &Store,
    tenant: &str,
    name: &str,
    enabled: bool,
    clock: &Clock,
) -> Result<()> {
    let tenant = known(store, tenant).await?;
    auth::set_user_enabled(store, &tenant, name, enabled, now(clock)).await.map_err(told)
}

/// Ends every session and token of somebody.
///
/// # Errors
/// [`AppError::NotFound`] for a name that nobody has.
pub async fn sign_out(store: &Store, tenant: &str, name: &str, clock: &Clock) -> Result<()> {
    let tenant = known(store, tenant).await?;
    auth::revoke_sessions(store, &tenant, name, now(clock)).await.map_err(told)
}

/// Deletes an account.
///
/// # Errors
/// [`AppError::NotFound`] for a name that nobody has.
pub async fn delete(store: &Store, tenant: &str, name: &str) -> Result<()> {
    auth::delete_user(store, &known(store, tenant).await?, name).await.map_err(told)
}

/// A tenant that exists, however its case.
pub(crate) async fn known(store: &Store, tenant: &str) -> Result<TenantId> {
    let tenants = crate::operator::tenants(store).await?;
    let found = tenants.into_iter().find(|known| known.id.as_str().eq_ignore_ascii_case(tenant));
    found.map(|found| found.id).ok_or_else(|| AppError::not_found(format!("the tenant {tenant}")))
}

/// An error of sign-in in a use case's words.
pub(crate) fn told(error: AuthError) -> AppError {
    match error {
        AuthError::NoUser => AppError::not_found("an account of this tenant with this user name"),
        AuthError::NoApplication => AppError::not_found("an application of this tenant with this client id"),
        AuthError::Taken => AppError::conflict("somebody of this tenant has that user name"),
        AuthError::Credential(words) => AppError::invalid("credential", words),
        AuthError::Name => AppError::invalid("name", "it takes 1 to 120 characters"),
        AuthError::User(error) => {
            AppError::invalid("name", error.to_string().split(": ").last().unwrap_or_default().to_owned())
        }
        AuthError::Store(error) => AppError::Store(error),
        error => AppError::internal(error.to_string()),
    }
}
