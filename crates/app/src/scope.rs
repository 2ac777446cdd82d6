//! What the work inside one transaction is done with and for.

use std::time::Duration;

use domain::{CommandId, ManagedDeviceId, TenantId, Time};

use crate::{App, AppError, Result};

/// One tenant at one moment. Cheap to clone: a transaction that runs again starts from the same.
#[derive(Clone)]
pub(crate) struct Scope {
    pub(crate) app: App,
    pub(crate) tenant: TenantId,
    pub(crate) now: Time,
}

impl Scope {
    pub(crate) fn new(app: &App, tenant: &TenantId) -> Self {
        Self { app: app.clone(), tenant: tenant.clone(), now: app.now() }
    }

    /// A new `CommandUUID`.
    pub(crate) fn command_id(&self) -> Result<CommandId> {
        fresh()
    }

    /// A new id for a managed device.
    pub(crate) fn managed_device_id(&self) -> ManagedDeviceId {
        self.app.new_id()
    }

    pub(crate) fn in_future(&self, span: Duration) -> Time {
        self.now.plus(span)
    }
}

/// A new id: a UUID of version 7, upper case as Apple writes them.
pub(crate) fn fresh<T: TryFrom<String>>() -> Result<T> {
    let text = uuid::Uuid::now_v7().hyphenated().to_string().to_ascii_uppercase();
    T::try_from(text).map_err(|_| AppError::internal("a fresh id was not accepted"))
}
