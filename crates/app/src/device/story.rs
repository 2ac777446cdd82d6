//! The story of a serial: what is wanted, what Apple and the device say, and whether it may be unboxed.

use std::collections::HashMap;

use domain::device::{Device, Readiness, ReadinessContext, WantedProfile, readiness, wanted_profile};
use domain::managed_device::{ManagedDevice, Stage};
use domain::profile::{DefineRefusal, Profile};
use domain::token::Token;
use domain::{ManagedDeviceId, ProfileId, Serial, TokenId};
use store::{Page, PageQuery, Tx};

use crate::profile::content;
use crate::scope::Scope;
use crate::{Actor, App, AppError, Result};

/// A serial under one token, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// The row.
    pub device: Device,
    /// The token's name.
    pub token_name: String,
    /// The profile that is wanted for it, with its name.
    pub wanted: Option<(ProfileId, String)>,
    /// The profile it was set up with, with its name then.
    pub enrolled: Option<(ProfileId, String)>,
    /// Its managed device.
    pub managed_device: Option<ManagedDeviceId>,
    /// Where its enrolment is.
    pub stage: Option<Stage>,
    /// Whether it may be unboxed, and why or why not.
    pub readiness: Readiness,
}

/// The story of a serial under every token that has it, deleted rows too: that is a reason as well.
///
/// # Errors
/// [`AppError::NotFound`], with words that say what to check, when no token has it; [`AppError::Invalid`].
pub async fn stories(app: &App, actor: &Actor, serial: &str) -> Result<Vec<Story>> {
    let serial: Serial =
        serial.parse().map_err(|_| AppError::invalid("serialNumber", "takes letters and digits"))?;
    let args = (Scope::of(app, actor), serial);
    app.look(args, |tx, (scope, serial)| {
        Box::pin(async move {
            let rows = store::device::find_serial(tx, &scope.tenant, &serial).await?;
            let mut teller = Teller::new(&scope, tx).await?;
            let mut stories = Vec::new();
            for row in rows {
                // Another's serial is one that no token here has.
                if scope.sees_under(tx, &row.token).await? {
                    stories.extend(teller.tell(&scope, tx, row).await?);
                }
            }
            if stories.is_empty() {
                let what = format!(
                    "the serial {serial}: no token here has it. Check its spelling, assign it to a server of this \
                     organisation at Apple, and sync"
                );
                return Err(AppError::not_found(what));
            }
            Ok(stories)
        })
    })
    .await
}

/// One page of stories.
///
/// # Errors
/// [`AppError::NotFound`] for the token, [`AppError::Store`] for a filter or an order that cannot be answered.
pub async fn story_page(
    app: &App,
    actor: &Actor,
    token: Option<&TokenId>,
    query: PageQuery,
) -> Result<Page<Story>> {
    let args = (Scope::of(app, actor), token.cloned(), query);
    app.look(args, |tx, (scope, token, query)| {
        Box::pin(async move {
            let query = super::within(&scope, tx, token.as_ref(), query).await?;
            let page = store::device::page(tx, &scope.tenant, token.as_ref(), &query).await?;
            let mut teller = Teller::new(&scope, tx).await?;
            let mut items = Vec::with_capacity(page.items.len());
            for row in page.items {
                items.extend(teller.tell(&scope, tx, row).await?);
            }
            Ok(Page { items, next: page.next, total: page.total })
        })
    })
    .await
}

/// What stories share, read once: tokens, profiles and what Apple knows of them.
struct Teller {
    push_certificate: bool,
    tokens: HashMap<TokenId, Option<Token>>,
    profiles: HashMap<(TokenId, ProfileId), Option<Known>>,
}

#[derive(Clone)]
struct Known {
    profile: Profile,
    uuid: Option<String>,
    refusal: Option<DefineRefusal>,
}

impl Teller {
    async fn new(scope: &Scope, tx: &mut Tx<'_>) -> Result<Self> {
        let push_certificate = crate::tenant::has_push_certificate(tx, &scope.tenant, scope.now).await?;
        Ok(Self { push_certificate, tokens: HashMap::new(), profiles: HashMap::new() })
    }

    /// None: its token was deleted.
    async fn tell(&mut self, scope: &Scope, tx: &mut Tx<'_>, device: Device) -> Result<Option<Story>> {
        let Some(token) = self.token(scope, tx, &device.token).await? else { return Ok(None) };
        let wanted = match wanted_profile(&device, &token.default_profiles) {
            Some(id) => self.known(scope, tx, &token, id).await?,
            None => None,
        };
        let held = match (&wanted, &device.apple.profile_uuid) {
            (None, Some(uuid)) => self.held(scope, tx, &token, uuid).await?,
            _ => None,
        };
        let managed = store::managed_device::by_serial(tx, &scope.tenant, &device.serial).await?;
        let managed = managed.filter(|managed| managed.token == device.token);
        let health = token.health(scope.now, &scope.app.limits);
        let context = ReadinessContext {
            token_name: &token.name,
            token: &health,
            wanted: wanted.as_ref().map(|known| WantedProfile {
                id: &known.profile.id,
                name: &known.profile.settings.display_name,
                uuid: known.uuid.as_deref(),
                refusal: known.refusal.as_ref(),
            }),
            held: held.as_ref().map(|known| known.profile.settings.display_name.as_str()),
            enrolled_profile_name: managed.as_ref().map(|managed| managed.profile_name.as_str()),
            stage: managed.as_ref().map(|managed| managed.stage),
            push_certificate: self.push_certificate,
            now: scope.now,
        };
        let readiness = readiness(&device, &context, &scope.app.limits);
        let wanted = wanted.map(|known| (known.profile.id, known.profile.settings.display_name));
        Ok(Some(story(device, token.name, wanted, managed.as_ref(), readiness)))
    }

    /// Our profile behind a UUID at Apple, if it still exists under the token.
    async fn held(
        &mut self,
        scope: &Scope,
        tx: &mut Tx<'_>,
        token: &Token,
        uuid: &str,
    ) -> Result<Option<Known>> {
        let defined = store::profile::defined_by_uuid(tx, &scope.tenant, uuid).await?;
        match defined.filter(|defined| defined.token == token.id) {
            Some(defined) => self.known(scope, tx, token, &defined.profile).await,
            None => Ok(None),
        }
    }

    async fn token(&mut self, scope: &Scope, tx: &mut Tx<'_>, id: &TokenId) -> Result<Option<Token>> {
        if let Some(known) = self.tokens.get(id) {
            return Ok(known.clone());
        }
        let token = store::token::get(tx, &scope.tenant, id).await?;
        self.tokens.insert(id.clone(), token.clone());
        Ok(token)
    }

    async fn known(
        &mut self,
        scope: &Scope,
        tx: &mut Tx<'_>,
        token: &Token,
        id: &ProfileId,
    ) -> Result<Option<Known>> {
        let key = (token.id.clone(), id.clone());
        if let Some(known) = self.profiles.get(&key) {
            return Ok(known.clone());
        }
        let known = match store::profile::get(tx, &scope.tenant, &token.id, id).await? {
            None => None,
            Some(profile) => Some(at_apple(scope, tx, token, profile).await?),
        };
        self.profiles.insert(key, known.clone());
        Ok(known)
    }
}

/// What Apple knows of a profile's present content.
async fn at_apple(scope: &Scope, tx: &mut Tx<'_>, token: &Token, profile: Profile) -> Result<Known> {
    let hash = content::of(scope, tx, token, &profile).await?.hash;
    let defined = store::profile::defined_current(tx, &scope.tenant, &token.id, &profile.id, &hash).await?;
    let refusal = store::profile::refusal_get(tx, &scope.tenant, &profile.id).await?;
    Ok(Known {
        uuid: defined.map(|defined| defined.profile_uuid),
        refusal: refusal.filter(|refusal| refusal.content_hash == hash),
        profile,
    })
}

fn story(
    device: Device,
    token_name: String,
    wanted: Option<(ProfileId, String)>,
    managed: Option<&ManagedDevice>,
    readiness: Readiness,
) -> Story {
    let enrolled = device.enrollment.profile.clone().zip(managed.map(|m| m.profile_name.clone()));
    Story {
        device,
        token_name,
        wanted,
        enrolled,
        managed_device: managed.map(|managed| managed.id.clone()),
        stage: managed.map(|managed| managed.stage),
        readiness,
    }
}
