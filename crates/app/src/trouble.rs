//! Trouble that work loops meet at Apple: kept while it lasts, and afterwards with the word that it is over.

use domain::access::Sight;
use domain::sync::{RunState, SyncRun, SyncState};
use domain::trouble::{Trouble, TroubleKind};
use domain::{TenantId, Time};
use store::Tx;

use crate::scope::Scope;
use crate::{Actor, App, Result};

/// What pushes are done for: a tenant has one push certificate.
pub(crate) const PUSH: &str = "pushCertificate";

/// Every trouble of the actor's tenant, over or not, what was met last first.
///
/// # Errors
/// The store's.
pub async fn troubles(app: &App, actor: &Actor) -> Result<Vec<Trouble>> {
    app.look(Scope::of(app, actor), |tx, scope| Box::pin(async move { list(&scope, tx).await })).await
}

/// The troubles of what exists for whom this is done.
pub(crate) async fn list(scope: &Scope, tx: &mut Tx<'_>) -> Result<Vec<Trouble>> {
    let mut seen = Vec::new();
    for trouble in store::trouble::list(tx, &scope.tenant).await? {
        if sees(scope, tx, &trouble).await? {
            seen.push(trouble);
        }
    }
    Ok(seen)
}

async fn sees(scope: &Scope, tx: &mut Tx<'_>, trouble: &Trouble) -> Result<bool> {
    if scope.sight == Sight::Everything {
        return Ok(true);
    }
    match trouble.kind {
        TroubleKind::Sync | TroubleKind::Assignment => match trouble.subject.parse() {
            Ok(token) => scope.sees_under(tx, &token).await,
            Err(_) => Ok(false),
        },
        TroubleKind::Device => {
            let Ok(id) = trouble.subject.parse() else { return Ok(false) };
            match store::managed_device::get(tx, &scope.tenant, &id).await? {
                Some(device) => scope.sees_under(tx, &device.token).await,
                None => Ok(false),
            }
        }
        // The organisation's one push certificate.
        TroubleKind::Push => Ok(true),
    }
}

/// Keeps that trouble was met.
pub(crate) async fn met_in(
    tx: &mut Tx<'_>,
    of: (&TenantId, TroubleKind, &str),
    words: &str,
    now: Time,
) -> Result<()> {
    let (tenant, kind, subject) = of;
    let before = store::trouble::get(tx, tenant, kind, subject).await?;
    let trouble = Trouble::met(before.as_ref(), of, words, now);
    Ok(store::trouble::put(tx, &trouble).await?)
}

/// As [`met_in`], in a transaction of its own.
pub(crate) async fn met(
    app: &App,
    tenant: &TenantId,
    kind: TroubleKind,
    subject: &str,
    words: String,
) -> Result<()> {
    let args = (tenant.clone(), subject.to_owned(), words, app.now());
    app.commit(args, move |tx, (tenant, subject, words, now)| {
        Box::pin(async move { met_in(tx, (&tenant, kind, &subject), &words, now).await })
    })
    .await
}

/// Keeps that trouble, if there was any, is over.
pub(crate) async fn over(app: &App, tenant: &TenantId, kind: TroubleKind, subject: &str) -> Result<()> {
    let args = (tenant.clone(), subject.to_owned(), app.now());
    app.commit(args, move |tx, (tenant, subject, now)| {
        Box::pin(async move { Ok(store::trouble::end(tx, &tenant, kind, &subject, now).await?) })
    })
    .await
}

/// Keeps how a sync run ended. One that ended at its batch limit says nothing of trouble.
pub(crate) async fn of_run(tx: &mut Tx<'_>, state: &SyncState, run: &SyncRun, now: Time) -> Result<()> {
    let of = (&state.tenant, TroubleKind::Sync, state.token.as_str());
    match (&run.state, &state.last_error) {
        (RunState::Running | RunState::BatchLimit, _) => Ok(()),
        (RunState::Succeeded, _) | (_, None) => Ok(store::trouble::end(tx, of.0, of.1, of.2, now).await?),
        (_, Some(error)) => met_in(tx, of, &error.words, now).await,
    }
}
