//! Numbers of what is stored, for whoever watches a server: gathered when asked for, a few small queries a tenant.

use std::time::Duration;

use domain::alert::Severity;
use domain::managed_device::Stage;
use domain::token::Health;
use domain::{TenantId, Time};
use store::Tx;

use crate::{Actor, App, Result, alert};

/// All of it.
#[derive(Debug, Default)]
pub struct Numbers {
    /// Bytes of the database.
    pub database_bytes: u64,
    /// By tenant.
    pub tenants: Vec<OfTenant>,
}

/// One tenant's.
#[derive(Debug)]
pub struct OfTenant {
    /// Whose.
    pub tenant: TenantId,
    /// Devices by how far they are.
    pub devices: Vec<(&'static str, u64)>,
    /// Commands that no device has answered yet.
    pub commands_pending: u64,
    /// How long the oldest of them has waited.
    pub oldest_pending: Duration,
    /// Tokens that Apple rejects, that are over, or whose terms wait.
    pub tokens_unhealthy: u64,
    /// Seconds until the first token runs out, negative when it has; none: there is no token.
    pub token_expiry_seconds: Option<i64>,
    /// Seconds until the push certificate runs out; none: there is none.
    pub push_certificate_expiry_seconds: Option<i64>,
    /// Alerts that stand.
    pub alerts: [(&'static str, u64); 3],
}

/// Gathers them, of at most so many tenants.
///
/// # Errors
/// The store's.
pub async fn gather(app: &App, tenants_max: usize) -> Result<Numbers> {
    let mut numbers = Numbers { database_bytes: app.store.bytes().await?, ..Numbers::default() };
    for tenant in crate::tenant::list(app).await?.into_iter().take(tenants_max) {
        let args = (app.clone(), tenant.id.clone());
        let mut of = app.look(args, |tx, (app, tenant)| Box::pin(stored(tx, app, tenant))).await?;
        let alerts = alert::alerts(app, &Actor::system(tenant.id)).await?;
        for (severity, (_, count)) in
            [Severity::Notice, Severity::Warning, Severity::Error].iter().zip(&mut of.alerts)
        {
            *count = alerts.iter().filter(|alert| alert.severity == *severity).map(|_| 1).sum();
        }
        numbers.tenants.push(of);
    }
    Ok(numbers)
}

async fn stored(tx: &mut Tx<'_>, app: App, tenant: TenantId) -> Result<OfTenant> {
    let now = app.now();
    let until = |end: Time| end.unix().saturating_sub(now.unix());
    let stages = store::managed_device::count_by_stage(tx, &tenant).await?;
    let in_stage = |stage| stages.iter().find(|(of, _)| *of == stage).map_or(0, |(_, count)| *count);
    let (commands_pending, oldest) = store::command::pending_total(tx, &tenant).await?;
    let tokens = store::token::list(tx, &tenant).await?;
    let unhealthy = tokens.iter().map(|token| token.health(now, &app.limits).health);
    let unhealthy = unhealthy
        .filter(|health| matches!(health, Health::Rejected | Health::Expired | Health::TermsNotAccepted));
    let ends = tokens.iter().filter_map(|token| token.server.as_ref()).map(|server| until(server.expires_at));
    let certificate = store::push::certificate_get(tx, &tenant).await?.and_then(|held| held.current);
    Ok(OfTenant {
        devices: STAGES.map(|stage| (word(stage), in_stage(stage))).to_vec(),
        commands_pending,
        oldest_pending: oldest.map_or(Duration::ZERO, |oldest| now.since(oldest)),
        tokens_unhealthy: unhealthy.map(|_| 1).sum(),
        token_expiry_seconds: ends.min(),
        push_certificate_expiry_seconds: certificate.map(|certificate| until(certificate.not_after)),
        alerts: [("notice", 0), ("warning", 0), ("error", 0)],
        tenant,
    })
}

/// All of them are told: one that nobody is in any more must say so.
const STAGES: [Stage; 7] = [
    Stage::ProfileServed,
    Stage::IdentityIssued,
    Stage::Authenticated,
    Stage::AwaitingConfiguration,
    Stage::Enrolled,
    Stage::CheckedOut,
    Stage::Erased,
];

const fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::ProfileServed => "profileServed",
        Stage::IdentityIssued => "identityIssued",
        Stage::Authenticated => "authenticated",
        Stage::AwaitingConfiguration => "awaitingConfiguration",
        Stage::Enrolled => "enrolled",
        Stage::CheckedOut => "checkedOut",
        Stage::Erased => "erased",
    }
}
