//! What belongs to each tenant: push certificate, tokens, alerts; and what Apple says to them now.

use apple::apns::Push as Wake;
use apple::{AdeError, PushError};
use domain::alert::Severity;
use domain::checkup::{
    Answered, ClockSource, Finding, Push, PushAnswer, TokenFacts, push, push_service, token,
};
use domain::push::IssuedPushCertificate;
use domain::secret::SecretKind;
use domain::sync::SyncState;
use domain::tenant::Tenant;
use domain::token::Token;
use domain::{TenantId, Time};
use futures_util::future::join_all;
use net::client::probe::{Look, look};
use pki::key::RsaKey;
use pki::x509::Certificate;
use store::Tx;
use zeroize::Zeroizing;

use super::database::Opened;
use super::{STEP, in_time};
use crate::ade::{self, client};
use crate::{Actor, App, Result, alert};

/// Tenants, tokens of a tenant, and alerts that are told one by one; of more the rest is counted.
const TOLD_MAX: usize = 20;

/// What was found of all tenants.
#[derive(Default)]
pub(super) struct Looked {
    pub(super) findings: Vec<Finding>,
    pub(super) clocks: Vec<ClockSource>,
    /// Whether a real tenant has a token, so that Apple's devices will come.
    pub(super) real_token: bool,
}

/// One tenant as it is stored.
#[derive(Clone)]
struct Stored {
    tenant: Tenant,
    certificate: Option<IssuedPushCertificate>,
    key: Option<Zeroizing<Vec<u8>>>,
    tokens: Vec<(Token, Option<SyncState>)>,
    enrolled: bool,
}

/// Every tenant at the same time.
pub(super) async fn examine(opened: &Opened) -> Looked {
    let mut all = Looked::default();
    let tenants = match crate::tenant::list(&opened.app).await {
        Ok(tenants) => tenants,
        Err(error) => {
            all.findings.push(unread(&error.to_string()));
            return all;
        }
    };
    let looked = join_all(tenants.iter().take(TOLD_MAX).map(|tenant| one(opened, tenant))).await;
    for one in looked {
        all.findings.extend(one.findings);
        all.clocks.extend(one.clocks);
        all.real_token |= one.real_token;
    }
    all
}

fn unread(words: &str) -> Finding {
    Finding::problem("tenant.records", format!("failed to {words}"), "see the database's own log")
}

async fn one(opened: &Opened, tenant: &Tenant) -> Looked {
    let (app, id) = (&opened.app, tenant.id.as_str());
    let args = (tenant.clone(), opened.keys);
    let stored = app.look(args, |tx, (tenant, keys)| Box::pin(load(tx, tenant, keys))).await;
    let stored = match stored {
        Ok(stored) => stored,
        Err(error) => {
            return Looked { findings: vec![unread(&error.to_string()).of(id)], ..Looked::default() };
        }
    };
    let now = app.now();
    let (service, tokens, time) = tokio::join!(
        of_push_service(opened, &stored, now),
        join_all(stored.tokens.iter().take(TOLD_MAX).map(|(token, sync)| of_token(
            opened,
            token,
            sync.as_ref()
        ))),
        time_at_apple(app, tenant),
    );
    let mut findings = vec![of_push(&stored, opened, now)];
    findings.extend(service);
    findings.extend(tokens);
    findings.push(of_alerts(app, &tenant.id).await);
    let real_token = !tenant.apple.practice && stored.tokens.iter().any(|(token, _)| token.server.is_some());
    Looked {
        findings: findings.into_iter().map(|finding| finding.of(id)).collect(),
        clocks: time.into_iter().collect(),
        real_token,
    }
}

async fn load(tx: &mut Tx<'_>, tenant: Tenant, keys: bool) -> Result<Stored> {
    let certificate = store::push::certificate_get(tx, &tenant.id).await?.and_then(|held| held.current);
    let key = match &certificate {
        Some(certificate) if keys => {
            store::secret::get(tx, &tenant.id, SecretKind::PushKey, certificate.key.as_str()).await?
        }
        _ => None,
    };
    let mut tokens = Vec::new();
    for token in store::token::list(tx, &tenant.id).await? {
        let sync = store::sync::state(tx, &tenant.id, &token.id).await?;
        tokens.push((token, sync));
    }
    let stages = store::managed_device::count_by_stage(tx, &tenant.id).await?;
    let enrolled = stages.iter().any(|(stage, count)| stage.is_managed() && *count > 0);
    Ok(Stored { tenant, certificate, key, tokens, enrolled })
}

fn of_push(stored: &Stored, opened: &Opened, now: Time) -> Finding {
    let shown = stored.certificate.as_ref().and_then(|held| Certificate::from_pem(&held.pem).ok());
    let topic = shown.as_ref().and_then(Certificate::user_id);
    let key_fits = opened.keys.then(|| {
        let key = stored.key.as_ref().and_then(|key| RsaKey::from_pkcs8(key).ok());
        key.zip(shown.as_ref()).is_some_and(|(key, shown)| key.public_key() == shown.public_key())
    });
    let facts = Push {
        certificate: stored.certificate.as_ref(),
        topic: topic.as_deref(),
        key_fits,
        needed: stored.enrolled || stored.tokens.iter().any(|(token, _)| token.server.is_some()),
    };
    push(facts, &opened.app.limits, now)
}

/// Asks Apple's push service to wake a device that is none: only with a certificate that it takes does it come to look
/// at the device.
async fn of_push_service(opened: &Opened, stored: &Stored, now: Time) -> Option<Finding> {
    let usable = stored.certificate.as_ref().is_some_and(|held| held.not_after > now);
    if !opened.keys || !usable {
        return None;
    }
    let host = host(&stored.tenant.apple.apns_url);
    let connection = match crate::push::connection(&opened.app, &stored.tenant.id).await {
        Ok(connection) => connection?,
        Err(error) => return Some(push_service(&host, &PushAnswer::Unreachable(error.to_string()))),
    };
    let nobody = Wake { token: &[0; 32], magic: "muster doctor", expiration: 0 };
    let answer = match in_time(connection.send(nobody)).await {
        None => PushAnswer::Unreachable("no answer in time".to_owned()),
        Some(Ok(_)) => PushAnswer::Taken,
        Some(Err(error)) => match error {
            PushError::BadDeviceToken
            | PushError::Unregistered { .. }
            | PushError::DeviceTokenNotForTopic
            | PushError::TooManyRequests { .. } => PushAnswer::Taken,
            PushError::Certificate { reason } => PushAnswer::Refused(reason.to_string()),
            PushError::Unavailable { reason, .. } => PushAnswer::Later(reason.to_string()),
            other => PushAnswer::Unreachable(format!("failed to {other}")),
        },
    };
    Some(push_service(&host, &answer))
}

async fn of_token(opened: &Opened, held: &Token, sync: Option<&SyncState>) -> Finding {
    let answered = match (&held.server, opened.keys) {
        (None, _) => Answered::NotAsked("it is a draft".to_owned()),
        (_, false) => Answered::NotAsked("its credentials cannot be opened".to_owned()),
        (Some(_), true) => ask(&opened.app, held).await,
    };
    let facts = TokenFacts { token: held, sync, answered };
    token(&facts, &opened.app.limits, opened.app.now())
}

async fn ask(app: &App, token: &Token) -> Answered {
    let client = match client(app, token).await {
        Ok(client) => client,
        Err(error) => return Answered::Other(format!("failed to {error}")),
    };
    match in_time(client.account()).await {
        None => Answered::Unreachable("no answer in time".to_owned()),
        Some(Ok(_)) => Answered::Good,
        Some(Err(error)) => heard(&error),
    }
}

fn heard(error: &AdeError) -> Answered {
    match error {
        AdeError::TokenRejected { words } | AdeError::SignatureInvalid { words } => {
            Answered::Rejected(words.clone())
        }
        AdeError::TermsNotSigned { .. } => Answered::TermsNotAccepted,
        AdeError::TimestampRefused { words } => Answered::WrongTime(words.clone()),
        AdeError::TooManyRequests { words, .. } | AdeError::Unavailable { words, .. } => {
            Answered::Later(words.clone())
        }
        AdeError::Transport(error) => Answered::Unreachable(format!("failed to {error}")),
        other => Answered::Other(format!("failed to {other}")),
    }
}

/// What time it is at a tenant's Apple.
async fn time_at_apple(app: &App, tenant: &Tenant) -> Option<ClockSource> {
    let trust = ade::trust(&tenant.apple).ok()?;
    let url = format!("{}/", tenant.apple.ade_url);
    let seen = in_time(look(&Look { url, at: None, trust, patience: STEP })).await?.ok()?;
    let ours = app.now();
    let theirs = jiff::fmt::rfc2822::parse(&seen.date?).ok()?.timestamp().as_second();
    Some(ClockSource { host: host(&tenant.apple.ade_url), theirs: Time::from_unix(theirs), ours })
}

/// Host and port of a base URL.
fn host(url: &str) -> String {
    url.split("://").nth(1).unwrap_or(url).trim_end_matches('/').to_owned()
}

async fn of_alerts(app: &App, tenant: &TenantId) -> Finding {
    const CHECK: &str = "tenant.alerts";
    let alerts = match alert::alerts(app, &Actor::system(tenant.clone())).await {
        Ok(alerts) => alerts,
        Err(error) => return unread(&error.to_string()),
    };
    let standing: Vec<_> = alerts.iter().filter(|alert| alert.severity > Severity::Notice).collect();
    let Some(first) = standing.first() else { return Finding::ok(CHECK, "none stands") };
    let more = match standing.len().saturating_sub(1) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let advice = format!("{} (muster alerts)", first.action.trim_end_matches('.'));
    Finding::warning(CHECK, format!("{}{more}", first.title), advice)
}
