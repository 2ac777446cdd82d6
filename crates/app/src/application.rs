//! Applications that call the API: how they sign in, and whose actor they are.

use domain::TenantId;
use domain::access::Rights;

use crate::open::internal;
use crate::{Actor, ActorKind, App, AppError, Result};

pub use auth::{
    ASSERTION_TYPE, AccessToken, AuthError, Authorization, Browser, Caller, Enrolled, Enrolment, Gate,
    GrantError, Invited, Link, NewApplication, NewSession, NewUser, PersonSignIn, Proof, Provider,
    ProviderSettings, Returned, Role, SetUp, SignIn, Tokens, Visit, Who, form_token, is_form_token,
    is_shared,
};

/// The door of this server's API.
///
/// # Errors
/// [`AuthError::Crypto`], which does not happen.
pub fn gate(app: &App) -> Result<Gate, AuthError> {
    Gate::open(app.store.clone(), app.clock.clone(), &app.settings.api_url, &app.limits)
}

/// The organisation's own identity provider, at which people of one tenant sign in.
///
/// # Errors
/// [`AuthError::Provider`] for an issuer that cannot be.
pub fn provider(app: &App, settings: ProviderSettings) -> Result<Provider, AuthError> {
    Provider::new(settings, app.clock.clone(), &app.settings.api_url)
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
    let kind = match caller.who {
        Who::Application { .. } => ActorKind::Application,
        Who::User { .. } => ActorKind::Admin,
    };
    // Everybody who can sign in may do everything until roles are asked for here.
    Actor { tenant: caller.tenant.clone(), name: caller.name().to_owned(), kind, rights: Rights::all() }
}
