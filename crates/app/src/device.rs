//! Serials that Apple says are ours, and lists of them from administrators (R44, R56, R58).

mod import;
mod lookup;
mod story;

use domain::device::{Device, EnrollmentState};
use domain::{DeviceId, Serial, TokenId};
use store::{Page, PageQuery, Tx};

use crate::loops::Work;
use crate::scope::Scope;
use crate::token::read_serials;
use crate::{Actor, App, AppError, Result};

pub use import::{Imported, import, import_csv};
pub use lookup::{Lookup, look_up_at_apple};
pub use story::{Story, stories, story_page};

/// Reads a row that is not deleted, if its token exists for whom this is done.
async fn load(scope: &Scope, tx: &mut Tx<'_>, token: &TokenId, id: &DeviceId) -> Result<Device> {
    crate::token::load(tx, scope, token).await?;
    let device = store::device::get(tx, &scope.tenant, token, id).await?;
    let device = device.filter(|device| device.deleted_at.is_none());
    device.ok_or_else(|| AppError::not_found(format!("the device {id}")))
}

/// One serial under a token.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn get(app: &App, actor: &Actor, token: &TokenId, id: &DeviceId) -> Result<Device> {
    let args = (Scope::of(app, actor), token.clone(), id.clone());
    app.look(args, |tx, (scope, token, id)| Box::pin(async move { load(&scope, tx, &token, &id).await }))
        .await
}

/// One page of the serials of a token, or of all.
///
/// # Errors
/// [`AppError::NotFound`] for the token, [`AppError::Store`] for a filter or an order that cannot be answered.
pub async fn list(
    app: &App,
    actor: &Actor,
    token: Option<&TokenId>,
    query: PageQuery,
) -> Result<Page<Device>> {
    let args = (Scope::of(app, actor), token.cloned(), query);
    app.look(args, |tx, (scope, token, query)| {
        Box::pin(async move {
            let query = within(&scope, tx, token.as_ref(), query).await?;
            Ok(store::device::page(tx, &scope.tenant, token.as_ref(), &query).await?)
        })
    })
    .await
}

/// The list as it is for whom this is done: of a token that must exist for them, or of all that do.
async fn within(
    scope: &Scope,
    tx: &mut Tx<'_>,
    token: Option<&TokenId>,
    query: PageQuery,
) -> Result<PageQuery> {
    match token {
        Some(token) => crate::token::load(tx, scope, token).await.map(|_| query),
        None => scope.narrowed(tx, "tokenId", query).await,
    }
}

/// The rows of a serial that are not deleted, under tokens that exist for whom this is done.
pub(crate) async fn rows_of(scope: &Scope, tx: &mut Tx<'_>, serial: &Serial) -> Result<Vec<Device>> {
    let mut seen = Vec::new();
    for row in store::device::find_serial(tx, &scope.tenant, serial).await? {
        if row.deleted_at.is_none() && scope.sees_under(tx, &row.token).await? {
            seen.push(row);
        }
    }
    Ok(seen)
}

/// Changes the note of a serial.
///
/// # Errors
/// [`AppError::Invalid`] when it is too long, [`AppError::NotFound`].
pub async fn describe(
    app: &App,
    actor: &Actor,
    token: &TokenId,
    id: &DeviceId,
    description: Option<String>,
) -> Result<Device> {
    actor.must_administer()?;
    let description = import::note(description)?;
    let args = (Scope::of(app, actor), token.clone(), id.clone(), description);
    app.commit(args, |tx, (scope, token, id, description)| {
        Box::pin(async move {
            let mut device = load(&scope, tx, &token, &id).await?;
            device.description = description;
            store::device::update(tx, &device).await?;
            device.version += 1;
            Ok(device)
        })
    })
    .await
}

/// Deletes a serial here. While Apple still lists it, it stays hidden until a full sync shows it again (R56).
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn delete(app: &App, actor: &Actor, token: &TokenId, id: &DeviceId) -> Result<()> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), token.clone(), id.clone());
    app.commit(args, |tx, (scope, token, id)| {
        Box::pin(async move {
            let mut device = load(&scope, tx, &token, &id).await?;
            device.delete(scope.now);
            Ok(store::device::update(tx, &device).await?)
        })
    })
    .await
}

/// Blocks a serial from enrolling, or lets it in again.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn block(
    app: &App,
    actor: &Actor,
    token: &TokenId,
    id: &DeviceId,
    blocked: bool,
) -> Result<Device> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), token.clone(), id.clone(), blocked);
    app.commit(args, |tx, (scope, token, id, blocked)| {
        Box::pin(async move {
            let mut device = load(&scope, tx, &token, &id).await?;
            device.enrollment.state = match (blocked, &device.enrollment.profile) {
                (true, _) => EnrollmentState::Blocked,
                (false, Some(_)) => EnrollmentState::Enrolled,
                (false, None) => EnrollmentState::NotContacted,
            };
            store::device::update(tx, &device).await?;
            device.version += 1;
            Ok(device)
        })
    })
    .await
}

/// Marks serials as converted into ADE on a date, not bought: their users may leave for 30 days (R44). Answers the
/// serials that no token here has.
///
/// # Errors
/// [`AppError::Invalid`] for serials that are none.
pub async fn mark_converted(
    app: &App,
    actor: &Actor,
    serials: &[String],
    converted_at: Option<domain::Time>,
) -> Result<Vec<Serial>> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), read_serials(serials)?, converted_at);
    app.commit(args, |tx, (scope, serials, converted_at)| {
        Box::pin(async move {
            let mut unknown = Vec::new();
            for serial in serials {
                let mut rows = rows_of(&scope, tx, &serial).await?;
                if rows.is_empty() {
                    unknown.push(serial);
                }
                for row in &mut rows {
                    row.converted_at = converted_at;
                }
                store::device::upsert_many(tx, &rows).await?;
            }
            Ok(unknown)
        })
    })
    .await
}

/// Something that the assign loop works on has changed.
fn wake(app: &App) {
    app.wake(Work::Assign);
}
