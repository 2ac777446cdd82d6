//! Reaching APNs with a tenant's push certificate (apple.md 5).

use std::sync::Arc;
use std::time::Duration;

use apple::apns::{ApnsConfig, Client, Push};
use apple::{PushError, Registry};
use domain::push::{Pushed, Wake};
use domain::secret::SecretKind;
use domain::{KeyId, TenantId, Time};
use net::Identity;
use pki::x509::Certificate;

use crate::ade::trust;
use crate::scope::Scope;
use crate::{App, AppError, Result};

/// APNs keeps a wake for a device that is away for so long; we wake again daily anyway.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// One connection for each push certificate: a renewed one has another key or at least another serial number.
pub(crate) type Connections = Registry<(TenantId, KeyId, String), Client>;

/// The connection of a tenant, made at its first use; none: the tenant has no certificate that could push.
pub(crate) async fn connection(app: &App, tenant: &TenantId) -> Result<Option<Client>> {
    let scope = Scope::new(app, tenant);
    let now = scope.now;
    let in_tx = scope.clone();
    let found = app
        .store
        .read(move |tx| {
            let scope = in_tx.clone();
            Box::pin(async move {
                let certificate = store::push::certificate_get(tx, &scope.tenant).await?;
                let current = certificate.and_then(|certificate| certificate.current);
                let Some(current) = current.filter(|current| current.not_after > now) else {
                    return Ok(None);
                };
                let key =
                    store::secret::get(tx, &scope.tenant, SecretKind::PushKey, current.key.as_str()).await?;
                let tenant = store::tenant::get(tx, &scope.tenant).await?;
                Ok::<_, AppError>(key.zip(tenant).map(|(key, tenant)| (current, Arc::new(key), tenant)))
            })
        })
        .await?;
    let Some((current, key, tenant)) = found else { return Ok(None) };
    let name = (tenant.id.clone(), current.key.clone(), current.serial.clone());
    let client = app.memory.connections.get_or_make(name, || {
        let certificate = Certificate::from_pem(&current.pem).map_err(|e| unusable(&e))?;
        let identity =
            Identity::from_der(vec![certificate.der().to_vec()], &key).map_err(|e| unusable(&e))?;
        let config = ApnsConfig::new(tenant.apple.apns_url.clone(), trust(&tenant.apple)?, app.clock.clone());
        Client::new(&config, identity, &current.topic).map_err(|e| unusable(&e))
    })?;
    Ok(Some(client))
}

fn unusable(error: &dyn std::error::Error) -> AppError {
    AppError::internal(format!("the push certificate cannot be used: failed to {error}"))
}

/// How a push ended, and what that says of the service.
pub(crate) struct Ended {
    pub(crate) pushed: Pushed,
    /// Why the service, or our certificate, works for no device now; none: it works.
    pub(crate) trouble: Option<String>,
}

/// Wakes one device.
pub(crate) async fn push(client: &Client, wake: &Wake, now: Time) -> Ended {
    let expiration = now.plus(KEPT).unix();
    let sent = client.send(Push { token: &wake.target.token, magic: &wake.target.magic, expiration }).await;
    match sent {
        Ok(_) => Ended { pushed: Pushed::Accepted, trouble: None },
        Err(error) => Ended { pushed: pushed(&error), trouble: trouble(&error) },
    }
}

/// What is wrong with more than the one device: the service is away or busy, or refuses who we are.
fn trouble(error: &PushError) -> Option<String> {
    let is_of_all = matches!(
        error,
        PushError::Certificate { .. }
            | PushError::Unavailable { .. }
            | PushError::Waiting { .. }
            | PushError::Transport(_)
            | PushError::Setup { .. }
    );
    is_of_all.then(|| format!("failed to {error}"))
}

/// APNs' refusal in the domain's words.
fn pushed(error: &PushError) -> Pushed {
    match error {
        PushError::Unregistered { since } => Pushed::Unregistered { since: since.map(Time::from_micros) },
        PushError::BadDeviceToken | PushError::DeviceTokenNotForTopic => {
            Pushed::BadToken { reason: error.to_string() }
        }
        PushError::Certificate { .. } | PushError::Setup { .. } => Pushed::CertificateRefused,
        other => Pushed::Later { after: other.retry_after() },
    }
}
