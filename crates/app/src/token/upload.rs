//! Taking a token file over: the first one, a renewal, or another server (R18, R21, R23, R24).

use apple::AdeError;
use apple::ade::Credentials;
use domain::secret::SecretKind;
use domain::sync::SyncState;
use domain::tenant::Tenant;
use domain::token::{Accepted, Account, Heard, KeyPair, ServerChange, Token, Upload, first_unmet};
use domain::{KeyId, Time, TokenId};
use pki::key::RsaKey;
use pki::smime::ServerToken;
use store::Tx;
use zeroize::Zeroizing;

use super::{facts, load, refused};
use crate::loops::Work;
use crate::scope::Scope;
use crate::{Actor, App, AppError, Result, ade};

/// What an administrator uploads.
#[derive(Clone)]
pub struct TokenUpload {
    /// The contents of the `.p7m`, as Apple gave it.
    pub file: Vec<u8>,
    /// The Apple ID it was made with (R21); none or empty: as before.
    pub apple_id: Option<String>,
    /// Another server than before is meant.
    pub confirm_other_server: bool,
}

impl std::fmt::Debug for TokenUpload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenUpload").field("apple_id", &self.apple_id).finish_non_exhaustive()
    }
}

/// What an upload came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Uploaded {
    /// The token now.
    pub token: Token,
    /// Whether it is the server of before.
    pub change: ServerChange,
    /// The key pair that the file was made for (R19).
    pub key: KeyPair,
    /// What Apple said to it that does not stand in the way; none: all is well.
    pub words: Option<String>,
}

/// A file that one of our keys opened.
#[derive(Clone)]
struct Opened {
    file: ServerToken,
    key: KeyId,
    expires_at: Time,
}

/// What Apple said to the credentials of a file.
#[derive(Clone, Default)]
struct Asked {
    account: Option<Account>,
    heard: Option<Heard>,
    words: Option<String>,
}

/// Takes a token file over. Apple is asked first, so that a file which it took back is refused while it is in hand; if
/// Apple does not answer, the file is taken all the same and the first sync will tell.
///
/// # Errors
/// [`AppError::Invalid`] for a file that cannot be used, [`AppError::NeedsConfirmation`] for another server,
/// [`AppError::Conflict`] for unmet prerequisites (R5) or a server that another token has.
pub async fn upload(app: &App, actor: &Actor, id: &TokenId, upload: TokenUpload) -> Result<Uploaded> {
    actor.must_administer()?;
    let scope = Scope::of(app, actor);
    let args = (scope.clone(), id.clone());
    let (token, tenant, keys) = app.look(args, |tx, (scope, id)| Box::pin(prepare(scope, tx, id))).await?;
    let opened = open(&token, &keys, &upload.file)?;
    let asked = ask(app, &tenant, &opened.file).await?;
    let apple_id = upload.apple_id.filter(|id| !id.trim().is_empty());
    let args = (scope, id.clone(), opened, asked.clone(), apple_id, upload.confirm_other_server);
    let accepted = app
        .commit(args, |tx, (scope, id, opened, asked, apple_id, confirmed)| {
            Box::pin(async move { take(&scope, tx, &id, opened, asked, apple_id, confirmed).await })
        })
        .await?;
    ade::forget(app, &token);
    app.wake(Work::Sync);
    app.wake(Work::Assign);
    let Accepted { token, change, key, .. } = accepted;
    tracing::info!(tenant = %actor.tenant, token = %id, actor = %actor.name, ?change, key = %key.id, "took a token file over");
    Ok(Uploaded { token, change, key, words: asked.words })
}

type Keys = Vec<(KeyId, Zeroizing<Vec<u8>>)>;

/// The token with its private keys, and whether it may be made at all (R5). A renewal is not held up.
async fn prepare(scope: Scope, tx: &mut Tx<'_>, id: TokenId) -> Result<(Token, Tenant, Keys)> {
    let token = load(tx, &scope, &id).await?;
    token.may_give_key().map_err(|refusal| refused(&refusal))?;
    if token.server.is_none() {
        let facts = facts(&scope, tx, Some(&token)).await?;
        if let Some(unmet) = first_unmet(facts) {
            return Err(AppError::conflict(format!("before a token can be made: {} (R5)", unmet.words)));
        }
    }
    let tenant = store::tenant::get(tx, &scope.tenant).await?;
    let tenant = tenant.ok_or_else(|| AppError::not_found(format!("the tenant {}", scope.tenant)))?;
    let mut keys = Vec::new();
    for key in token.keys() {
        if let Some(private) =
            store::secret::get(tx, &scope.tenant, SecretKind::TokenKey, key.id.as_str()).await?
        {
            keys.push((key.id.clone(), private));
        }
    }
    Ok((token, tenant, keys))
}

/// Opens the file with whichever of our keys it was made for.
fn open(token: &Token, keys: &Keys, file: &[u8]) -> Result<Opened> {
    let mut last = None;
    for (id, private) in keys {
        match ServerToken::read(file, &RsaKey::from_pkcs8(private)?) {
            Ok(file) => {
                let expires_at = mdm::ade::parse_time(&file.access_token_expiry).map(Time::from_micros);
                let expires_at = expires_at.ok_or_else(|| {
                    AppError::invalid("depToken", "the file does not say until when it is valid")
                })?;
                return Ok(Opened { file, key: id.clone(), expires_at });
            }
            Err(error) => last = Some(error),
        }
    }
    let unknown = token.unknown_key();
    match last {
        None => Err(refused(&unknown)),
        Some(error) => Err(AppError::invalid("depToken", format!("failed to {error}; {unknown}"))),
    }
}

/// Asks Apple whom the credentials stand for.
async fn ask(app: &App, tenant: &Tenant, file: &ServerToken) -> Result<Asked> {
    let client = ade::service(app, &tenant.apple)?.client(Credentials::from(file));
    match client.account().await {
        Ok(detail) => Ok(Asked { account: Some(ade::account(detail)), ..Asked::default() }),
        Err(error @ (AdeError::TokenRejected { .. } | AdeError::SignatureInvalid { .. })) => {
            let words = format!("failed to {error}; Apple took this file back, download a new one (R24)");
            Err(AppError::invalid("depToken", words))
        }
        Err(error) => {
            let words = match ade::told(&error) {
                AppError::Apple { words } => words,
                other => other.to_string(),
            };
            Ok(Asked { account: None, heard: ade::heard(&error), words: Some(words) })
        }
    }
}

async fn take(
    scope: &Scope,
    tx: &mut Tx<'_>,
    id: &TokenId,
    opened: Opened,
    asked: Asked,
    apple_id: Option<String>,
    confirmed: bool,
) -> Result<Accepted> {
    let before = load(tx, scope, id).await?;
    no_other_has(scope, tx, id, &opened.file.consumer_key, asked.account.as_ref()).await?;
    if let Some(account) = &asked.account {
        crate::tenant::learn(tx, &scope.tenant, account).await?;
    }
    let upload = Upload {
        consumer_key: opened.file.consumer_key.clone(),
        expires_at: opened.expires_at,
        opened_by: opened.key,
        account: asked.account,
        apple_id,
    };
    let mut accepted = before.accept(upload, confirmed, scope.now).map_err(|refusal| refused(&refusal))?;
    if let Some(heard) = asked.heard {
        accepted.token.standing = accepted.token.standing.after(heard, scope.now);
    }
    store::token::update(tx, &accepted.token).await?;
    accepted.token.version += 1;
    let sealed = ade::seal_form(&opened.file)?;
    store::secret::put(tx, &scope.tenant, SecretKind::TokenCredentials, id.as_str(), &sealed).await?;
    if let Some(old) = &accepted.retired_key {
        store::secret::delete(tx, &scope.tenant, SecretKind::TokenKey, old.as_str()).await?;
    }
    schedule(scope, tx, id, accepted.change).await?;
    Ok(accepted)
}

/// A server has one token here: two would take each other's sessions and assign over each other (lessons 24, 29).
async fn no_other_has(
    scope: &Scope,
    tx: &mut Tx<'_>,
    id: &TokenId,
    consumer_key: &str,
    account: Option<&Account>,
) -> Result<()> {
    let mut other = store::token::find_by_consumer_key(tx, &scope.tenant, consumer_key).await?;
    if other.as_ref().is_none_or(|other| other.id == *id)
        && let Some(uuid) = account.and_then(Account::uuid)
    {
        other = store::token::find_by_server_uuid(tx, &scope.tenant, uuid).await?;
    }
    match other.filter(|other| other.id != *id) {
        None => Ok(()),
        Some(other) if scope.sees(&other) => Err(AppError::conflict(format!(
            "the file is of the server of another token, “{}”: renew that one with it (R24)",
            other.name
        ))),
        Some(_) => Err(AppError::conflict(
            "the file is of the server of another token, which you do not see: ask an administrator who does (R24)",
        )),
    }
}

/// A sync is due at once (R23); a renewal goes on from its cursor, another server begins anew (R24).
async fn schedule(scope: &Scope, tx: &mut Tx<'_>, id: &TokenId, change: ServerChange) -> Result<()> {
    let Some(mut state) = store::sync::state(tx, &scope.tenant, id).await? else {
        let first = SyncState::first(scope.tenant.clone(), id.clone(), scope.now);
        return Ok(store::sync::insert_state(tx, &first).await?);
    };
    if change == ServerChange::Other {
        state.server_changed(scope.now);
        // What was defined at the other server is unknown at this one.
        store::profile::content_forget(tx, &scope.tenant).await?;
    }
    state.next_due = scope.now;
    Ok(store::sync::update_state(tx, &state).await?)
}
