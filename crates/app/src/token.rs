//! Enrollment program tokens (R5, R6, R16, R18 to R27).

mod delete;
mod key;
mod release;
mod scope_tags;
mod upload;

use domain::access::{of_new, retag};
use domain::sync::{NextTimes, SyncState, next_times};
use domain::token::{
    ChecklistItem, Contents, PrerequisiteFacts, Token, TokenHealth, TokenRefusal, checklist as items,
};
use domain::{Time, TokenId};
use store::{Page, PageQuery, Tx};

use crate::scope::Scope;
use crate::{Actor, App, AppError, Result};

pub use delete::delete;
pub(crate) use delete::drop_profile;
pub use key::{generate_key, public_key};
pub(crate) use release::read_serials;
pub use release::{Released, release_devices};
pub use scope_tags::scope_tags;
pub use upload::{TokenUpload, Uploaded, upload};

/// A token with what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenDetail {
    /// The token.
    pub token: Token,
    /// Its health now.
    pub health: TokenHealth,
    /// Where its sync stands; none: a draft.
    pub sync: Option<SyncState>,
    /// When the next syncs are allowed.
    pub next: Option<NextTimes>,
    /// Devices, present and not deleted.
    pub devices: u64,
    /// Profiles.
    pub profiles: u64,
}

/// What a new token is made with.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// `tokenName`.
    pub name: String,
    /// `appleIdentifier`.
    pub apple_id: Option<String>,
    /// `dataSharingConsentGranted` (R6).
    pub consent: bool,
    /// `roleScopeTagIds`; empty: Default.
    pub scope_tags: Vec<String>,
    /// `shareTokenWithSchoolDataSyncService`.
    pub share_with_school_data_sync: bool,
}

/// What a change of a token may hold; none: as before.
#[derive(Debug, Clone, Default)]
pub struct TokenChange {
    /// `tokenName`.
    pub name: Option<String>,
    /// `appleIdentifier`; empty: none.
    pub apple_id: Option<String>,
    /// `dataSharingConsentGranted`; false changes nothing, as consent is evidence (R6).
    pub consent: Option<bool>,
    /// `roleScopeTagIds`.
    pub scope_tags: Option<Vec<String>>,
    /// `shareTokenWithSchoolDataSyncService`.
    pub share_with_school_data_sync: Option<bool>,
}

/// Reads a token inside a transaction, if it exists for whom this is done.
pub(crate) async fn load(tx: &mut Tx<'_>, scope: &Scope, id: &TokenId) -> Result<Token> {
    let token = store::token::get(tx, &scope.tenant, id).await?.filter(|token| scope.sees(token));
    token.ok_or_else(|| AppError::not_found(format!("the enrollment program token {id}")))
}

/// A refusal of the rules as an answer.
pub(crate) fn refused(refusal: &TokenRefusal) -> AppError {
    let words = refusal.to_string();
    match refusal {
        TokenRefusal::NoConsent => AppError::refused(words),
        TokenRefusal::NoKey | TokenRefusal::HasDevices { .. } => AppError::conflict(words),
        TokenRefusal::OtherServer { .. } | TokenRefusal::HasProfiles(_) => {
            AppError::NeedsConfirmation { words }
        }
        TokenRefusal::UnknownKey { .. } | TokenRefusal::Expired(_) | TokenRefusal::Older => {
            AppError::invalid("depToken", words)
        }
        TokenRefusal::Text { what, .. } => AppError::invalid(*what, words),
    }
}

/// One token.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn get(app: &App, actor: &Actor, id: &TokenId) -> Result<Token> {
    let args = (Scope::of(app, actor), id.clone());
    app.look(args, |tx, (scope, id)| Box::pin(async move { load(tx, &scope, &id).await })).await
}

/// One token with what belongs to it.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn detail(app: &App, actor: &Actor, id: &TokenId) -> Result<TokenDetail> {
    let args = (Scope::of(app, actor), id.clone());
    app.look(args, |tx, (scope, id)| {
        Box::pin(async move {
            let token = load(tx, &scope, &id).await?;
            detail_of(&scope, tx, token).await
        })
    })
    .await
}

async fn detail_of(scope: &Scope, tx: &mut Tx<'_>, token: Token) -> Result<TokenDetail> {
    let sync = store::sync::state(tx, &scope.tenant, &token.id).await?;
    Ok(TokenDetail {
        health: token.health(scope.now, &scope.app.limits),
        next: sync.as_ref().map(|sync| next_times(sync, &scope.app.limits)),
        devices: store::device::count(tx, &scope.tenant, &token.id).await?,
        profiles: store::profile::count(tx, &scope.tenant, &token.id).await?,
        sync,
        token,
    })
}

/// One page of tokens with what belongs to each.
///
/// # Errors
/// [`AppError::Store`] for a filter or an order that cannot be answered.
pub async fn list(app: &App, actor: &Actor, query: PageQuery) -> Result<Page<TokenDetail>> {
    let args = (Scope::of(app, actor), query);
    app.look(args, |tx, (scope, query)| {
        Box::pin(async move {
            let query = scope.narrowed(tx, "id", query).await?;
            let page = store::token::page(tx, &scope.tenant, &query).await?;
            let mut items = Vec::with_capacity(page.items.len());
            for token in page.items {
                items.push(detail_of(&scope, tx, token).await?);
            }
            Ok(Page { items, next: page.next, total: page.total })
        })
    })
    .await
}

/// Starts a token: a draft that waits for its key and file.
///
/// # Errors
/// [`AppError::Invalid`] for texts, [`AppError::Conflict`] when there are too many (R16).
pub async fn create(app: &App, actor: &Actor, new: NewToken) -> Result<Token> {
    actor.must_administer()?;
    let now = app.now();
    let mut token = Token::draft(actor.tenant.clone(), app.new_id(), &new.name, now)
        .map_err(|refusal| refused(&refusal))?;
    token.note_apple_id(new.apple_id.as_deref().unwrap_or_default()).map_err(|refusal| refused(&refusal))?;
    let asked = Some(new.scope_tags.as_slice()).filter(|tags| !tags.is_empty());
    token.tag(of_new(&actor.rights.sight, asked)?);
    token.share_with_school_data_sync = new.share_with_school_data_sync;
    if new.consent {
        token.agree(&actor.name, now);
    }
    let most = u64::try_from(app.limits.tokens).unwrap_or(u64::MAX);
    app.commit((token, most), |tx, (token, most)| {
        Box::pin(async move {
            if store::token::count(tx, &token.tenant).await? >= most {
                return Err(AppError::conflict(format!(
                    "there are {most} tokens; more are not supported (R16)"
                )));
            }
            store::token::insert(tx, &token).await?;
            Ok(token)
        })
    })
    .await
}

/// Changes a token's texts, tags and switches.
///
/// # Errors
/// [`AppError::Invalid`], [`AppError::NotFound`].
pub async fn update(app: &App, actor: &Actor, id: &TokenId, change: TokenChange) -> Result<Token> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), actor.name.clone(), id.clone(), change);
    app.commit(args, |tx, (scope, by, id, change)| {
        Box::pin(async move {
            let mut token = load(tx, &scope, &id).await?;
            if let Some(tags) = &change.scope_tags {
                token.tag(retag(&scope.sight, &token.scope_tags, tags)?);
            }
            apply(&mut token, &change, &by, scope.now).map_err(|refusal| refused(&refusal))?;
            save(tx, &mut token, scope.now).await?;
            Ok(token)
        })
    })
    .await
}

fn apply(token: &mut Token, change: &TokenChange, by: &str, now: Time) -> Result<(), TokenRefusal> {
    if let Some(name) = &change.name {
        token.rename(name)?;
    }
    if let Some(apple_id) = &change.apple_id {
        token.note_apple_id(apple_id)?;
    }
    if let Some(share) = change.share_with_school_data_sync {
        token.share_with_school_data_sync = share;
    }
    if change.consent == Some(true) {
        token.agree(by, now);
    }
    Ok(())
}

/// Writes a token back as changed now.
pub(crate) async fn save(tx: &mut Tx<'_>, token: &mut Token, now: Time) -> Result<()> {
    token.modified_at = now;
    store::token::update(tx, token).await?;
    token.version += 1;
    Ok(())
}

/// What must be so before a token is made, and what is (R5). With a token, its own consent counts.
///
/// # Errors
/// The store's.
pub async fn checklist(app: &App, actor: &Actor, id: Option<&TokenId>) -> Result<[ChecklistItem; 5]> {
    let args = (Scope::of(app, actor), id.cloned());
    app.look(args, |tx, (scope, id)| {
        Box::pin(async move {
            let one = match id {
                Some(id) => Some(load(tx, &scope, &id).await?),
                None => None,
            };
            Ok(items(facts(&scope, tx, one.as_ref()).await?))
        })
    })
    .await
}

async fn facts(scope: &Scope, tx: &mut Tx<'_>, token: Option<&Token>) -> Result<PrerequisiteFacts> {
    let all = match token {
        Some(token) => vec![token.clone()],
        None => scope.tokens(tx).await?,
    };
    let tenant = store::tenant::get(tx, &scope.tenant).await?;
    let mut devices = false;
    for token in all.iter().filter(|token| token.server.is_some()) {
        devices = devices || store::device::count(tx, &scope.tenant, &token.id).await? > 0;
    }
    Ok(PrerequisiteFacts {
        consent: all.iter().any(|token| token.consent.is_some()),
        mdm_authority: tenant.is_some_and(|tenant| tenant.organization.check().is_ok()),
        push_certificate: crate::tenant::has_push_certificate(tx, &scope.tenant, scope.now).await?,
        token: all.iter().any(|token| token.server.is_some()),
        devices,
    })
}

async fn contents(tx: &mut Tx<'_>, token: &Token) -> Result<Contents> {
    let found = store::token::contents(tx, &token.tenant, &token.id).await?;
    Ok(Contents {
        // What Apple assigns to it: released devices are not assigned any more.
        devices: store::device::count(tx, &token.tenant, &token.id).await?,
        default_profile_devices: found.default_profile_devices,
        profiles: found.profiles,
    })
}
