//! Applications that call the API: how they sign in, and whose actor they are.

use domain::TenantId;
use domain::access::{Operations, Rights};

use crate::open::internal;
use crate::{Actor, ActorKind, App, AppError, Result};

pub use auth::{AccessToken, AuthError, Caller, Gate, NewApplication, Role, SignIn};

/// The door of this server's API.
///
/// # Errors
/// The store's, or no randomness for a new signing key.
pub async fn gate(app: &App) -> Result<Gate, AuthError> {
    Gate::open(app.store.clone(), app.clock.clone(), &app.settings.api_url).await
}

/// The first application of a tenant, with every role; `None` when the tenant has one already. The secret is in the
/// answer and nowhere else.
///
/// # Errors
/// The store's, or no randomness.
pub async fn bootstrap(app: &App, tenant: &TenantId) -> Result<Option<NewApplication>, AuthError> {
    auth::bootstrap(&app.store, tenant, app.now()).await
}

/// As [`bootstrap`]; `keep` keeps the credentials before the application is stored.
pub(crate) async fn bootstrap_keeping(
    app: &App,
    tenant: &TenantId,
    keep: impl FnOnce(&NewApplication) -> Result<()>,
) -> Result<Option<NewApplication>> {
    let keep = |first: &NewApplication| keep(first).map_err(Bootstrap::Keep);
    let first = auth::bootstrap_keeping(&app.store, tenant, app.now(), keep).await;
    first.map_err(|error| match error {
        Bootstrap::Keep(error) => error,
        Bootstrap::Auth(error) => internal(error),
    })
}

/// Why there is no first application.
enum Bootstrap {
    Keep(AppError),
    Auth(AuthError),
}

impl From<AuthError> for Bootstrap {
    fn from(error: AuthError) -> Self {
        Bootstrap::Auth(error)
    }
}

/// Makes an application of the actor's tenant.
///
/// # Errors
/// [`AuthError::Name`], the store's, or no randomness.
pub async fn create(
    app: &App,
    actor: &Actor,
    name: &str,
    roles: &[Role],
) -> Result<NewApplication, AuthError> {
    auth::create(&app.store, &actor.tenant, name, roles, app.now()).await
}

/// The actor that a caller acts as.
pub fn actor(caller: &Caller) -> Actor {
    let rights = Rights::of_application(Operations::ALL);
    Actor { tenant: caller.tenant.clone(), name: caller.name.clone(), kind: ActorKind::Application, rights }
}
