//! What the operator does at the machine itself, beside the API: tenants, their first credentials, copies.

use domain::tenant::Tenant;
use net::Clock;
use store::Store;

use crate::application::{NewApplication, Role};
use crate::open::{PracticeApple, ensure, internal, tenant_id};
use crate::{AppError, Result};

use domain::Time;

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
    let now = Time::from_micros(clock.now_micros());
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
    let now = Time::from_micros(clock.now_micros());
    auth::create(store, &tenant.id, OPERATORS_NAME, &Role::ALL, now).await.map_err(internal)
}
