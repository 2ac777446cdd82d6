//! Enrolled devices: who they are, and what an administrator asks of them.

mod action;

use domain::ManagedDeviceId;
use domain::managed_device::ManagedDevice;
use domain::secret::SecretKind;
use store::{Page, PageQuery, Tx};
use zeroize::Zeroizing;

use crate::scope::Scope;
use crate::{Actor, App, AppError, Result};

pub use action::{Action, Wipe, act, rename, use_template};

/// Reads a device inside a transaction, if it exists for whom this is done.
pub(crate) async fn load(scope: &Scope, tx: &mut Tx<'_>, id: &ManagedDeviceId) -> Result<ManagedDevice> {
    let device = store::managed_device::get(tx, &scope.tenant, id).await?;
    let missing = || AppError::not_found(format!("the managed device {id}"));
    let device = device.ok_or_else(missing)?;
    if scope.sees_under(tx, &device.token).await? { Ok(device) } else { Err(missing()) }
}

/// Writes a device back, if anything has changed.
pub(crate) async fn save(tx: &mut Tx<'_>, before: &ManagedDevice, after: &ManagedDevice) -> Result<()> {
    if before != after {
        store::managed_device::update_from(tx, before, after).await?;
    }
    Ok(())
}

/// One device.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn get(app: &App, actor: &Actor, id: &ManagedDeviceId) -> Result<ManagedDevice> {
    let (scope, id) = (Scope::of(app, actor), id.clone());
    app.store
        .read(move |tx| {
            let (scope, id) = (scope.clone(), id.clone());
            Box::pin(async move { load(&scope, tx, &id).await })
        })
        .await
}

/// One page of devices.
///
/// # Errors
/// [`AppError::Store`] for a filter or an order that cannot be answered.
pub async fn list(app: &App, actor: &Actor, query: PageQuery) -> Result<Page<ManagedDevice>> {
    let args = (Scope::of(app, actor), query);
    app.look(args, |tx, (scope, query)| {
        Box::pin(async move {
            let query = scope.narrowed(tx, "tokenId", query).await?;
            Ok(store::managed_device::page(tx, &scope.tenant, &query).await?)
        })
    })
    .await
}

/// The Activation Lock bypass code that the device left with us (R12, `bypassActivationLock`). Reading it is recorded.
///
/// # Errors
/// [`AppError::NotFound`] for the device or when there is no code; [`AppError::Refused`] for devices.
pub async fn bypass_code(app: &App, actor: &Actor, id: &ManagedDeviceId) -> Result<Zeroizing<String>> {
    if !actor.may_administer() {
        return Err(AppError::refused("only administrators read bypass codes"));
    }
    let (scope, device) = (Scope::of(app, actor), id.clone());
    let code = app
        .store
        .read(move |tx| {
            let (scope, id) = (scope.clone(), device.clone());
            Box::pin(async move {
                load(&scope, tx, &id).await?;
                Ok::<_, AppError>(
                    store::secret::get(tx, &scope.tenant, SecretKind::BypassCode, id.as_str()).await?,
                )
            })
        })
        .await?;
    let code = code.ok_or_else(|| AppError::not_found("a bypass code: the device has not given one"))?;
    tracing::info!(tenant = %actor.tenant, device = %id, actor = %actor.name, "read an Activation Lock bypass code");
    let code =
        String::from_utf8(code.to_vec()).map_err(|_| AppError::internal("the bypass code is no text"))?;
    Ok(Zeroizing::new(code))
}

/// An administrator has looked into a second UDID for this serial: the alert ends.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn dismiss_rival(app: &App, actor: &Actor, id: &ManagedDeviceId) -> Result<()> {
    let (scope, id) = (Scope::of(app, actor), id.clone());
    app.store
        .transact(move |tx| {
            let (scope, id) = (scope.clone(), id.clone());
            Box::pin(async move {
                let before = load(&scope, tx, &id).await?;
                let mut device = before.clone();
                device.rival = None;
                save(tx, &before, &device).await
            })
        })
        .await
}
