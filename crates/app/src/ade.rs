//! Reaching Apple's enrolment service with a token's credentials, and what its answers say of the token.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use apple::ade::{AdeConfig, Client, Credentials, CursorProblem, Service};
use apple::{AdeError, Registry};
use domain::secret::SecretKind;
use domain::sync::SyncProblem;
use domain::tenant::{AppleSide, Tenant};
use domain::token::{Account, Heard, Standing, Token};
use domain::{TenantId, Time, TokenId};
use net::TrustAnchors;
use pki::smime::ServerToken;
use serde::{Deserialize, Serialize};
use store::Tx;
use zeroize::{Zeroize, Zeroizing};

use crate::{App, AppError, Result};

/// Clients and pauses, by token. A renewed token is another key, so that its old session is not used again.
#[derive(Default)]
pub(crate) struct AdeClients {
    services: Registry<(String, Vec<String>), Service>,
    clients: Registry<(TenantId, TokenId, Time), Client>,
    pauses: Mutex<HashMap<(TenantId, TokenId), Time>>,
    assigned_once: AtomicBool,
}

impl AdeClients {
    /// Whether the assign loop makes its first turn in this process; true once.
    pub(crate) fn is_first_turn(&self) -> bool {
        !self.assigned_once.swap(true, Ordering::Relaxed)
    }
}

/// Credentials as they are sealed.
#[derive(Serialize, Deserialize)]
struct Stored {
    consumer_key: String,
    consumer_secret: String,
    access_token: String,
    access_secret: String,
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.consumer_secret.zeroize();
        self.access_token.zeroize();
        self.access_secret.zeroize();
    }
}

/// The credentials of a token file as they are sealed.
pub(crate) fn seal_form(file: &ServerToken) -> Result<Zeroizing<Vec<u8>>> {
    let stored = Stored {
        consumer_key: file.consumer_key.clone(),
        consumer_secret: file.consumer_secret.to_string(),
        access_token: file.access_token.to_string(),
        access_secret: file.access_secret.to_string(),
    };
    serde_json::to_vec(&stored)
        .map(Zeroizing::new)
        .map_err(|_| AppError::internal("credentials cannot be written"))
}

fn credentials(sealed: &[u8]) -> Result<Credentials> {
    let stored: Stored = serde_json::from_slice(sealed)
        .map_err(|_| AppError::internal("stored credentials cannot be read"))?;
    Ok(Credentials {
        consumer_key: stored.consumer_key.clone(),
        consumer_secret: Zeroizing::new(stored.consumer_secret.clone()),
        access_token: Zeroizing::new(stored.access_token.clone()),
        access_secret: Zeroizing::new(stored.access_secret.clone()),
    })
}

/// The service of a tenant's Apple.
pub(crate) fn service(app: &App, side: &AppleSide) -> Result<Service> {
    app.ade.services.get_or_make((side.ade_url.clone(), side.tls_anchors.clone()), || {
        let timeout = app.limits.apple_answer;
        let config =
            AdeConfig { timeout, ..AdeConfig::new(side.ade_url.clone(), trust(side)?, app.clock.clone()) };
        Service::new(&config).map_err(|error| AppError::internal(format!("failed to {error}")))
    })
}

/// The authorities that a tenant's Apple is believed by: for ADE and APNs alike.
pub(crate) fn trust(side: &AppleSide) -> Result<TrustAnchors> {
    let unusable = |error: net::NetError| AppError::internal(format!("failed to {error}"));
    if side.tls_anchors.is_empty() {
        return TrustAnchors::system().map_err(unusable);
    }
    let der = |base64: &String| pki::pem::base64_lenient(base64.as_bytes()).map(|der| der.to_vec());
    let ders = side.tls_anchors.iter().map(der).collect::<pki::Result<Vec<_>>>()?;
    TrustAnchors::from_der(ders).map_err(unusable)
}

/// A token's client: one a token, so that all work shares its session.
///
/// # Errors
/// [`AppError::Conflict`] for a draft, otherwise ours.
pub(crate) async fn client(app: &App, token: &Token) -> Result<Client> {
    let Some(server) = &token.server else {
        return Err(AppError::conflict("no token file has been uploaded yet (R18)"));
    };
    let key = (token.tenant.clone(), token.id.clone(), server.uploaded_at);
    if let Some(client) = app.ade.clients.get(&key) {
        return Ok(client);
    }
    let names = (token.tenant.clone(), token.id.clone());
    let (tenant, sealed) = app.look(names, |tx, (tenant, token)| Box::pin(load(tx, tenant, token))).await?;
    let service = service(app, &tenant.apple)?;
    let credentials = credentials(&sealed)?;
    app.ade.clients.get_or_make(key, || Ok(service.client(credentials)))
}

async fn load(tx: &mut Tx<'_>, tenant: TenantId, token: TokenId) -> Result<(Tenant, Zeroizing<Vec<u8>>)> {
    let row = store::tenant::get(tx, &tenant).await?;
    let row = row.ok_or_else(|| AppError::not_found(format!("the tenant {tenant}")))?;
    let sealed = store::secret::get(tx, &tenant, SecretKind::TokenCredentials, token.as_str()).await?;
    let sealed =
        sealed.ok_or_else(|| AppError::not_found(format!("the credentials of the token {token}")))?;
    Ok((row, sealed))
}

/// Forgets the client of a token that was renewed or deleted.
pub(crate) fn forget(app: &App, token: &Token) {
    if let Some(server) = &token.server {
        app.ade.clients.forget(&(token.tenant.clone(), token.id.clone(), server.uploaded_at));
    }
    resume(app, token);
}

/// Leaves a token alone until `until`: Apple was busy or away.
pub(crate) fn pause(app: &App, token: &Token, until: Time) {
    let mut pauses = app.ade.pauses.lock().unwrap_or_else(PoisonError::into_inner);
    pauses.insert((token.tenant.clone(), token.id.clone()), until);
}

/// Ends a pause.
pub(crate) fn resume(app: &App, token: &Token) {
    let mut pauses = app.ade.pauses.lock().unwrap_or_else(PoisonError::into_inner);
    pauses.remove(&(token.tenant.clone(), token.id.clone()));
}

/// Until when a token is left alone, if it is at `now`.
pub(crate) fn paused(app: &App, tenant: &TenantId, token: &TokenId, now: Time) -> Option<Time> {
    let mut pauses = app.ade.pauses.lock().unwrap_or_else(PoisonError::into_inner);
    let until = pauses.get(&(tenant.clone(), token.clone())).copied()?;
    if until > now {
        return Some(until);
    }
    pauses.remove(&(tenant.clone(), token.clone()));
    None
}

/// What an error says of the token itself; none: nothing.
pub(crate) fn heard(error: &AdeError) -> Option<Heard> {
    match error {
        AdeError::TokenRejected { words } | AdeError::SignatureInvalid { words } => {
            Some(Heard::Rejected(words.clone()))
        }
        AdeError::TermsNotSigned { .. } => Some(Heard::TermsNotSigned),
        AdeError::AccessDenied { words } => Some(Heard::Refused(words.clone())),
        _ => None,
    }
}

/// The problem that an error is, for `lastSyncErrorCode`.
pub(crate) fn problem(error: &AdeError) -> SyncProblem {
    match error {
        AdeError::TokenRejected { .. } | AdeError::SignatureInvalid { .. } => SyncProblem::TokenRejected,
        AdeError::TermsNotSigned { .. } => SyncProblem::TermsNotAccepted,
        AdeError::AccessDenied { .. } => SyncProblem::AccessDenied,
        AdeError::Cursor { problem: CursorProblem::Required, .. } => SyncProblem::CursorRequired,
        AdeError::Cursor { problem: CursorProblem::Expired, .. } => SyncProblem::ExpiredCursor,
        AdeError::Cursor { problem: CursorProblem::Invalid, .. } => SyncProblem::InvalidCursor,
        AdeError::Cursor { problem: CursorProblem::Exhausted, .. } => SyncProblem::ExhaustedCursor,
        AdeError::TimestampRefused { .. } => SyncProblem::ClocksDiffer,
        AdeError::TooManyRequests { .. } | AdeError::Unavailable { .. } | AdeError::Waiting { .. } => {
            SyncProblem::Busy
        }
        AdeError::Transport(_) => SyncProblem::Unreachable,
        AdeError::Setup(_) | AdeError::Sign { .. } | AdeError::Devices { .. } => SyncProblem::Internal,
        _ => SyncProblem::Unexpected,
    }
}

/// An error in words for whoever asked.
pub(crate) fn told(error: &AdeError) -> AppError {
    AppError::Apple { words: words(error) }
}

/// An error in words for an administrator.
pub(crate) fn words(error: &AdeError) -> String {
    match error {
        AdeError::TermsNotSigned { words } => {
            format!(
                "the organisation has not accepted Apple's new terms ({words}); an administrator of it must do so at Apple"
            )
        }
        AdeError::TokenRejected { words } | AdeError::SignatureInvalid { words } => {
            format!(
                "Apple rejects the token ({words}); download a new one of the same server and renew it here (R24)"
            )
        }
        AdeError::TimestampRefused { words } => {
            format!(
                "Apple judges the time in our signature wrong ({words}); set this machine's clock, by NTP"
            )
        }
        other => format!("failed to {other}"),
    }
}

/// `/account` in our words.
pub(crate) fn account(detail: mdm::ade::AccountDetail) -> Account {
    let admin_id = detail.apple_account().map(str::to_owned);
    Account {
        server_name: detail.server_name.unwrap_or_default(),
        server_uuid: detail.server_uuid.unwrap_or_default(),
        admin_id,
        org_name: detail.org_name,
        org_email: detail.org_email,
        org_phone: detail.org_phone,
        org_address: detail.org_address,
        org_id: detail.org_id,
        org_type: detail.org_type,
    }
}

/// Keeps what a call said of the token. Answers the token as it is now, if it is still there.
pub(crate) async fn keep_standing(app: &App, token: &Token, heard: Heard) -> Result<Option<Token>> {
    if heard == Heard::Good && token.standing == Standing::Good {
        return Ok(Some(token.clone()));
    }
    let args = (token.clone(), heard, app.now());
    app.commit(args, |tx, (asked, heard, now)| {
        Box::pin(async move {
            let found = store::token::get(tx, &asked.tenant, &asked.id).await?;
            let Some(mut token) = found else { return Ok(None) };
            // A call that left with the credentials of before a renewal says nothing of those after it.
            let uploaded = |token: &Token| token.server.as_ref().map(|server| server.uploaded_at);
            if uploaded(&token) != uploaded(&asked) {
                return Ok(Some(token));
            }
            let standing = token.standing.after(heard, now);
            if standing != token.standing {
                token.standing = standing;
                store::token::update(tx, &token).await?;
                token.version += 1;
            }
            Ok(Some(token))
        })
    })
    .await
}

/// How long to leave a token alone after an error.
pub(crate) fn wait_after(error: &AdeError, app: &App) -> Duration {
    error.retry_after().unwrap_or_default().max(problem(error).wait(&app.limits))
}
