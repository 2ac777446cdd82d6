//! Deleting a token for good (R25, R26).

use domain::device::Device;
use domain::secret::SecretKind;
use domain::token::Token;
use domain::{ProfileId, TokenId};
use store::{PageQuery, Tx};

use super::{contents, load, refused};
use crate::scope::Scope;
use crate::{Actor, App, Result, ade};

/// Released rows taken away in one step.
const ROWS: u32 = 1_000;

/// Deletes a token, with its profiles if `confirmed`. Its row stays as a tombstone, so that nothing brings it back.
///
/// # Errors
/// [`crate::AppError::Conflict`] while devices are assigned to it, [`crate::AppError::NeedsConfirmation`] while it has
/// profiles (R25), [`crate::AppError::NotFound`].
pub async fn delete(app: &App, actor: &Actor, id: &TokenId, confirmed: bool) -> Result<()> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), id.clone(), confirmed);
    let token = app
        .commit(args, |tx, (scope, id, confirmed)| {
            Box::pin(async move { delete_in(&scope, tx, &id, confirmed).await })
        })
        .await?;
    ade::forget(app, &token);
    tracing::info!(tenant = %actor.tenant, token = %id, actor = %actor.name, "deleted a token");
    Ok(())
}

async fn delete_in(scope: &Scope, tx: &mut Tx<'_>, id: &TokenId, confirmed: bool) -> Result<Token> {
    let token = load(tx, scope, id).await?;
    let contents = contents(tx, &token).await?;
    let tombstone = token.delete(contents, confirmed, scope.now).map_err(|refusal| refused(&refusal))?;
    for profile in store::profile::list(tx, &scope.tenant, id).await? {
        drop_profile(scope, tx, id, &profile.id).await?;
    }
    for key in token.keys() {
        store::secret::delete(tx, &scope.tenant, SecretKind::TokenKey, key.id.as_str()).await?;
    }
    store::secret::delete(tx, &scope.tenant, SecretKind::TokenCredentials, id.as_str()).await?;
    hide_rows(scope, tx, id).await?;
    store::token::update(tx, &tombstone).await?;
    Ok(token)
}

/// Deletes a profile with its secrets.
pub(crate) async fn drop_profile(
    scope: &Scope,
    tx: &mut Tx<'_>,
    token: &TokenId,
    id: &ProfileId,
) -> Result<bool> {
    store::secret::delete(tx, &scope.tenant, SecretKind::EnrollmentUrl, id.as_str()).await?;
    store::secret::delete(tx, &scope.tenant, SecretKind::AdminPassword, id.as_str()).await?;
    Ok(store::profile::delete(tx, &scope.tenant, token, id).await?)
}

/// What is left are rows of released devices; they are shown no longer.
async fn hide_rows(scope: &Scope, tx: &mut Tx<'_>, id: &TokenId) -> Result<()> {
    loop {
        let query = PageQuery { limit: ROWS, ..PageQuery::default() };
        let page = store::device::page(tx, &scope.tenant, Some(id), &query).await?;
        let rows: Vec<Device> = page
            .items
            .into_iter()
            .map(|mut row| {
                row.delete(scope.now);
                row
            })
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        store::device::upsert_many(tx, &rows).await?;
    }
}
