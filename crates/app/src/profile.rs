//! Enrollment profiles (R14, R28 to R54).

mod assign;
pub(crate) mod content;
mod password;

use std::sync::Arc;

use domain::profile::{
    ManagementCertificate, Profile, ProfileSettings, Violation, Warning, check, check_change,
};
use domain::secret::SecretKind;
use domain::token::Token;
use domain::{Platform, ProfileId, TokenId};
use query::{CompareOp, Kind, Param, Property, Term, Test};
use store::{Page, PageQuery, Tx};

use crate::loops::Work;
use crate::scope::Scope;
use crate::{Actor, App, AppError, Result};

pub use assign::{Assigned, assign, assign_across, unassign};
pub use content::{enrollment_url, export_mobile_config};
pub use password::{check_admin_password, set_admin_password};

/// What an edit does to the settings. It may run more than once.
pub type Edit = Arc<dyn Fn(&mut ProfileSettings) -> Result<()> + Send + Sync>;

/// A profile with what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileDetail {
    /// The profile.
    pub profile: Profile,
    /// Whether it is the token's default for its platform (`isDefault`).
    pub is_default: bool,
}

/// Reads a profile inside a transaction.
pub(crate) async fn load(scope: &Scope, tx: &mut Tx<'_>, token: &TokenId, id: &ProfileId) -> Result<Profile> {
    let profile = store::profile::get(tx, &scope.tenant, token, id).await?;
    profile.ok_or_else(|| AppError::not_found(format!("the enrollment profile {id}")))
}

fn detail_of(token: &Token, profile: Profile) -> ProfileDetail {
    let is_default = token.default_profiles.get(&profile.platform) == Some(&profile.id);
    ProfileDetail { profile, is_default }
}

/// One profile.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn get(app: &App, actor: &Actor, token: &TokenId, id: &ProfileId) -> Result<ProfileDetail> {
    let args = (Scope::of(app, actor), token.clone(), id.clone());
    app.look(args, |tx, (scope, token, id)| {
        Box::pin(async move {
            let token = crate::token::load(tx, &scope, &token).await?;
            Ok(detail_of(&token, load(&scope, tx, &token.id, &id).await?))
        })
    })
    .await
}

/// One page of a token's profiles.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Store`] for a filter or an order that cannot be answered.
pub async fn list(
    app: &App,
    actor: &Actor,
    token: &TokenId,
    query: PageQuery,
) -> Result<Page<ProfileDetail>> {
    let args = (Scope::of(app, actor), token.clone(), query);
    app.look(args, |tx, (scope, token, query)| {
        Box::pin(async move {
            let token = crate::token::load(tx, &scope, &token).await?;
            let page = store::profile::page(tx, &scope.tenant, &token.id, &query).await?;
            let items = page.items.into_iter().map(|profile| detail_of(&token, profile)).collect();
            Ok(Page { items, next: page.next, total: page.total })
        })
    })
    .await
}

/// The default profile of a token for a platform (R59).
///
/// # Errors
/// [`AppError::NotFound`] for the token.
pub async fn default_of(
    app: &App,
    actor: &Actor,
    token: &TokenId,
    platform: Platform,
) -> Result<Option<ProfileDetail>> {
    let args = (Scope::of(app, actor), token.clone(), platform);
    app.look(args, |tx, (scope, token, platform)| {
        Box::pin(async move {
            let token = crate::token::load(tx, &scope, &token).await?;
            let Some(id) = token.default_profiles.get(&platform) else { return Ok(None) };
            let profile = store::profile::get(tx, &scope.tenant, &token.id, id).await?;
            Ok(profile.map(|profile| detail_of(&token, profile)))
        })
    })
    .await
}

/// Makes a profile. Its enrolment URL gets a secret of its own, which stays for its life: a device that was given an
/// older version of it still enrols.
///
/// # Errors
/// [`AppError::Invalid`] naming the first setting that breaks a rule, with all of them in its words;
/// [`AppError::Conflict`] when there are too many (R14).
pub async fn create(
    app: &App,
    actor: &Actor,
    token: &TokenId,
    platform: Platform,
    settings: ProfileSettings,
) -> Result<ProfileDetail> {
    actor.must_administer()?;
    let mut settings = settings;
    tidy(&mut settings, &[])?;
    valid(&check(platform, &settings))?;
    let now = app.now();
    let profile = Profile {
        tenant: actor.tenant.clone(),
        token: token.clone(),
        id: app.new_id(),
        version: 1,
        platform,
        settings,
        created_at: now,
        modified_at: now,
    };
    let args = (Scope::of(app, actor), profile, pki::random::secret()?);
    let made = app
        .commit(args, |tx, (scope, profile, secret)| {
            Box::pin(async move {
                let token = crate::token::load(tx, &scope, &profile.token).await?;
                let most = u64::try_from(scope.app.limits.profiles_per_token).unwrap_or(u64::MAX);
                if store::profile::count(tx, &scope.tenant, &token.id).await? >= most {
                    let words = format!("the token has {most} profiles; more are not supported (R14)");
                    return Err(AppError::conflict(words));
                }
                store::profile::insert(tx, &profile).await?;
                let (owner, hash) = (profile.id.as_str(), pki::digest::sha256_hex(secret.as_bytes()));
                store::secret::put(tx, &scope.tenant, SecretKind::EnrollmentUrl, owner, secret.as_bytes())
                    .await?;
                store::profile::set_url_secret(tx, &scope.tenant, &token.id, &profile.id, &hash).await?;
                Ok(detail_of(&token, profile))
            })
        })
        .await?;
    tracing::info!(tenant = %actor.tenant, token = %token, profile = %made.profile.id, actor = %actor.name, "made an enrollment profile");
    app.wake(Work::Assign);
    Ok(made)
}

/// Changes a profile: `edit` is given the settings of now. At Apple a changed profile is another one; its devices get
/// it in the background, and those that are set up keep what they have until they are wiped (R4, N19).
///
/// # Errors
/// As [`create`]; [`AppError::Invalid`] for what is fixed when a profile is made (1.12).
pub async fn update(
    app: &App,
    actor: &Actor,
    token: &TokenId,
    id: &ProfileId,
    edit: Edit,
) -> Result<ProfileDetail> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), token.clone(), id.clone(), edit);
    let changed = app
        .commit(args, |tx, (scope, token, id, edit)| {
            Box::pin(async move {
                let token = crate::token::load(tx, &scope, &token).await?;
                let old = load(&scope, tx, &token.id, &id).await?;
                let mut profile = old.clone();
                edit(&mut profile.settings)?;
                tidy(&mut profile.settings, &old.settings.management_certificates)?;
                valid(&check_change(&old, &profile.settings))?;
                if profile.settings != old.settings {
                    profile.modified_at = scope.now;
                    store::profile::update(tx, &profile).await?;
                    store::profile::refusal_clear(tx, &scope.tenant, &profile.id).await?;
                    profile.version += 1;
                }
                Ok(detail_of(&token, profile))
            })
        })
        .await?;
    app.wake(Work::Assign);
    Ok(changed)
}

/// Normalizes settings, and reads host certificates. One that is named by its thumbprint alone is taken from `kept`:
/// certificates are never given out, so that a client can only name them when it sends a profile back (R48).
fn tidy(settings: &mut ProfileSettings, kept: &[ManagementCertificate]) -> Result<()> {
    settings.normalize();
    for host in &mut settings.management_certificates {
        if host.certificate.is_empty() {
            let known =
                kept.iter().find(|known| known.thumbprint.eq_ignore_ascii_case(host.thumbprint.trim()));
            let known =
                known.ok_or_else(|| no_certificate("a thumbprint names no certificate of this profile"))?;
            *host = known.clone();
            continue;
        }
        let bytes = pki::pem::base64_lenient(host.certificate.as_bytes());
        // Clients send base64 of DER, of PEM, or PEM itself.
        let certificate = match &bytes {
            Ok(bytes) => pki::x509::Certificate::from_pem_or_der(bytes),
            Err(_) => pki::x509::Certificate::from_pem(&host.certificate),
        };
        let certificate = certificate.map_err(|error| no_certificate(&format!("failed to {error}")))?;
        host.thumbprint =
            pki::digest::sha1(certificate.der()).iter().map(|byte| format!("{byte:02X}")).collect();
        host.certificate = certificate.to_pem().lines().filter(|line| !line.starts_with("-----")).collect();
    }
    Ok(())
}

fn no_certificate(words: &str) -> AppError {
    AppError::invalid("managementCertificates", format!("{words} (R48)"))
}

fn valid(broken: &[Violation]) -> Result<()> {
    let Some(first) = broken.first() else { return Ok(()) };
    let words = broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Err(AppError::invalid(first.setting, words))
}

/// What is allowed in a profile and worth a second look.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn warnings(app: &App, actor: &Actor, token: &TokenId, id: &ProfileId) -> Result<Vec<Warning>> {
    let found = get(app, actor, token, id).await?.profile;
    let filter = equals("enrollmentProfileName", &found.settings.display_name);
    let query = PageQuery { filter: Some(filter), limit: 1, count: true, ..PageQuery::default() };
    let devices = crate::managed_device::list(app, actor, query).await?.total.unwrap_or_default();
    Ok(domain::profile::warnings(found.platform, &found.settings, devices))
}

/// A filter for one value of one property.
pub(crate) fn equals(property: &'static str, value: &str) -> Test {
    let property = Property {
        scope: 0,
        path: vec![property],
        kind: Kind::String,
        ignore_case: false,
        casts: Vec::new(),
    };
    Test::Compare(Term::Property(property), CompareOp::Eq, Param::Text(value.to_owned()))
}

/// Deletes a profile. If it is a default, its platform has none afterwards.
///
/// # Errors
/// [`AppError::NeedsConfirmation`] while devices are assigned to it: they fall back to the default.
pub async fn delete(
    app: &App,
    actor: &Actor,
    token: &TokenId,
    id: &ProfileId,
    confirmed: bool,
) -> Result<()> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), token.clone(), id.clone(), confirmed);
    app.commit(args, |tx, (scope, token, id, confirmed)| {
        Box::pin(async move {
            let mut token = crate::token::load(tx, &scope, &token).await?;
            let profile = load(&scope, tx, &token.id, &id).await?;
            let devices = store::device::count_wanting(tx, &scope.tenant, &token.id, &id).await?;
            if devices > 0 && !confirmed {
                let words = format!(
                    "{devices} devices are assigned to “{}”; they fall back to the default profile, if there is one",
                    profile.settings.display_name
                );
                return Err(AppError::NeedsConfirmation { words });
            }
            assign::forget_profile(&scope, tx, &token.id, &id).await?;
            if token.default_profiles.get(&profile.platform) == Some(&id) {
                token.default_profiles.remove(&profile.platform);
                crate::token::save(tx, &mut token, scope.now).await?;
            }
            crate::token::drop_profile(&scope, tx, &token.id, &id).await?;
            Ok(())
        })
    })
    .await?;
    tracing::info!(tenant = %actor.tenant, token = %token, profile = %id, actor = %actor.name, "deleted an enrollment profile");
    app.wake(Work::Assign);
    Ok(())
}

/// Makes a profile the default of its token for its platform (R59): every device that never enrolled and was not
/// assigned gets it, whenever it was synced.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn set_default(app: &App, actor: &Actor, token: &TokenId, id: &ProfileId) -> Result<()> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), token.clone(), id.clone());
    app.commit(args, |tx, (scope, token, id)| {
        Box::pin(async move {
            let mut token = crate::token::load(tx, &scope, &token).await?;
            let profile = load(&scope, tx, &token.id, &id).await?;
            token.default_profiles.insert(profile.platform, id);
            crate::token::save(tx, &mut token, scope.now).await
        })
    })
    .await?;
    app.wake(Work::Assign);
    Ok(())
}

/// Takes a platform's default away; what was assigned by it stays assigned.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn clear_default(app: &App, actor: &Actor, token: &TokenId, platform: Platform) -> Result<()> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), token.clone(), platform);
    app.commit(args, |tx, (scope, token, platform)| {
        Box::pin(async move {
            let mut token = crate::token::load(tx, &scope, &token).await?;
            token.default_profiles.remove(&platform);
            crate::token::save(tx, &mut token, scope.now).await
        })
    })
    .await
}
