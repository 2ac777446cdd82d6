//! What people do with their own account: set it up by a link, enrol a second factor, choose another password.

use domain::invitation::Invitation;
use domain::secret::SecretKind;
use domain::session::Stage;
use domain::user::{User, password};
use domain::{TenantId, Time};
use store::Tx;
use zeroize::Zeroizing;

use super::Gate;
use super::session::{Browser, NewSession, Visit, begin, session};
use crate::user::throttle::{Attempt, Factor};
use crate::user::{code_hash, insert, methods_of, person, recovery, totp};
use crate::{AuthError, NewUser, Role};

/// A link that is good, and whose account it sets up; nobody's: the first administrator's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// Who is known already.
    pub user: Option<User>,
}

/// What somebody fills in to set up an account.
#[derive(Clone, Copy)]
pub struct SetUp<'a> {
    /// Whose tenant.
    pub tenant: &'a TenantId,
    /// The secret of the link.
    pub code: &'a str,
    /// `userPrincipalName`, of the first administrator.
    pub name: &'a str,
    /// `displayName`, of the first administrator.
    pub display_name: &'a str,
    /// The password chosen.
    pub password: &'a str,
    /// With what, and from where.
    pub browser: Browser<'a>,
}

/// A second factor that is being enrolled.
pub struct Enrolment {
    /// What an authenticator app reads from the picture.
    pub uri: Zeroizing<String>,
    /// The key, as people type it.
    pub key: Zeroizing<String>,
}

/// A second factor that was enrolled.
pub struct Enrolled {
    /// The session from now on.
    pub session: NewSession,
    /// Shown once, and nowhere else.
    pub recovery: Vec<Zeroizing<String>>,
}

impl Gate {
    /// Whose account a link sets up; none: it was used, or replaced, or is over.
    ///
    /// # Errors
    /// The store's.
    pub async fn invited(&self, tenant: &TenantId, code: &str) -> Result<Option<Invited>, AuthError> {
        let (tenant, hash, now) = (tenant.clone(), code_hash(code), self.now());
        let found = self.0.store.read(move |tx| {
            let (tenant, hash) = (tenant.clone(), hash.clone());
            Box::pin(async move { good_link(tx, &tenant, &hash, now).await })
        });
        Ok(found.await?.map(|(_, user)| Invited { user }))
    }

    /// Sets up an account by a link, up to the second factor.
    ///
    /// # Errors
    /// [`AuthError::Link`]; [`AuthError::User`], [`AuthError::Taken`] or [`AuthError::Password`] for what was filled in.
    pub async fn set_up(&self, form: SetUp<'_>) -> Result<NewSession, AuthError> {
        let now = self.now();
        let invited = self.invited(form.tenant, form.code).await?.ok_or(AuthError::Link)?;
        let roles = Role::ALL.to_vec();
        let user = match invited.user {
            Some(user) => user,
            None => {
                let (user_principal_name, display_name) = (form.name.into(), form.display_name.into());
                person(form.tenant, &NewUser { user_principal_name, display_name, roles }, now)?
            }
        };
        password::check(form.password, &user.user_principal_name, &user.display_name)?;
        let kept = self.0.hasher.hash(form.password).await?;
        let (token, made) = session(&user, Stage::Enrol, form.browser, now)?;
        let hash = code_hash(form.code);
        let done = self.0.store.transact(move |tx| {
            let (user, kept, made, hash) = (user.clone(), kept.clone(), made.clone(), hash.clone());
            Box::pin(async move {
                let known = good_link(tx, &user.tenant, &hash, now).await?.ok_or(AuthError::Link)?;
                store::invitation::delete(tx, &user.tenant, &hash).await?;
                if known.1.is_none() {
                    insert(tx, &user).await?;
                }
                choose(tx, &user, &kept, now).await?;
                begin(tx, &made).await
            })
        });
        done.await?;
        Ok(NewSession { token, stage: Stage::Enrol })
    }

    /// Begins to enrol a second factor, for somebody who has none. Asked again it answers the same key.
    ///
    /// # Errors
    /// [`AuthError::Session`] for who has one, or is not that far.
    pub async fn enrol(&self, visit: &Visit) -> Result<Enrolment, AuthError> {
        let Visit { session, user, .. } = visit;
        let fresh = totp::key()?;
        let (tenant, id, stage) = (user.tenant.clone(), user.id.clone(), session.stage);
        let key = self.0.store.transact(move |tx| {
            let (tenant, id, fresh) = (tenant.clone(), id.clone(), fresh.clone());
            Box::pin(async move {
                let pending = SecretKind::NewTotpKey;
                if let Some(key) = store::secret::get(tx, &tenant, pending, id.as_str()).await? {
                    return Ok(key);
                }
                if stage != Stage::Enrol {
                    return Err(AuthError::Session);
                }
                store::secret::put(tx, &tenant, pending, id.as_str(), &fresh).await?;
                Ok(fresh)
            })
        });
        let key = key.await?;
        Ok(Enrolment { uri: totp::uri(&key, &user.user_principal_name), key: totp::base32(&key) })
    }

    /// Begins to enrol another second factor, in place of the one that is asked for until then.
    ///
    /// # Errors
    /// [`AuthError::NotSignedIn`] if the password is wrong, [`AuthError::Throttled`], [`AuthError::Session`].
    pub async fn enrol_another(
        &self,
        visit: &Visit,
        password: &str,
        browser: Browser<'_>,
    ) -> Result<(), AuthError> {
        self.must_know(visit, password, browser).await?;
        let (fresh, tenant, id) = (totp::key()?, visit.user.tenant.clone(), visit.user.id.clone());
        let done = self.0.store.transact(move |tx| {
            let (tenant, id, fresh) = (tenant.clone(), id.clone(), fresh.clone());
            Box::pin(async move {
                let put = store::secret::put;
                Ok::<_, AuthError>(put(tx, &tenant, SecretKind::NewTotpKey, id.as_str(), &fresh).await?)
            })
        });
        done.await
    }

    /// Ends the enrolment of a second factor: its first code proves that the phone has the key. Every other session of the
    /// same person ends, and this one is another from then on.
    ///
    /// # Errors
    /// [`AuthError::NotSignedIn`] for a wrong code, [`AuthError::Throttled`]; [`AuthError::Session`] when nothing was begun.
    pub async fn enrolled(
        &self,
        visit: &Visit,
        code: &str,
        browser: Browser<'_>,
    ) -> Result<Enrolled, AuthError> {
        let (now, user) = (self.now(), visit.user.clone());
        if visit.session.stage == Stage::Password {
            return Err(AuthError::Session);
        }
        let account = format!("{}/enrol/{}", user.tenant, user.id);
        let counted = Attempt { factor: Factor::Code, source: browser.source, account: &account };
        self.must_wait(counted, Some(&user), now).await?;
        let codes = recovery::codes()?;
        let hashes: Vec<String> = codes.iter().map(|code| recovery::hash(code)).collect();
        let (token, made) = session(&user, Stage::Full, browser, now)?;
        let code = Zeroizing::new(code.to_owned());
        let proved = self.0.store.transact(move |tx| {
            let (user, made, code, hashes) = (user.clone(), made.clone(), code.clone(), hashes.clone());
            Box::pin(async move {
                let proved = prove(tx, &user, &code, hashes, now).await?;
                if proved {
                    revoke(tx, &user, now).await?;
                    begin(tx, &made).await?;
                }
                Ok::<_, AuthError>(proved)
            })
        });
        if !proved.await? {
            self.0.pauses.wrong(counted, now);
            return Err(AuthError::NotSignedIn);
        }
        self.0.pauses.right(counted);
        Ok(Enrolled { session: NewSession { token, stage: Stage::Full }, recovery: codes })
    }

    /// Chooses another password. Every session of the same person ends, and this one is another from then on.
    ///
    /// # Errors
    /// [`AuthError::NotSignedIn`] if the old one is wrong, [`AuthError::Throttled`], [`AuthError::Password`] for the new one.
    pub async fn change_password(
        &self,
        visit: &Visit,
        old: &str,
        new: &str,
        browser: Browser<'_>,
    ) -> Result<NewSession, AuthError> {
        let user = visit.user.clone();
        self.must_know(visit, old, browser).await?;
        password::check(new, &user.user_principal_name, &user.display_name)?;
        let (kept, now) = (self.0.hasher.hash(new).await?, self.now());
        let (token, made) = session(&user, Stage::Full, browser, now)?;
        let done = self.0.store.transact(move |tx| {
            let (user, kept, made) = (user.clone(), kept.clone(), made.clone());
            Box::pin(async move {
                choose(tx, &user, &kept, now).await?;
                revoke(tx, &user, now).await?;
                begin(tx, &made).await
            })
        });
        done.await?;
        Ok(NewSession { token, stage: Stage::Full })
    }

    /// Makes other recovery codes in place of those that are left.
    ///
    /// # Errors
    /// [`AuthError::NotSignedIn`] if the password is wrong, [`AuthError::Throttled`].
    pub async fn other_recovery_codes(
        &self,
        visit: &Visit,
        password: &str,
        browser: Browser<'_>,
    ) -> Result<Vec<Zeroizing<String>>, AuthError> {
        self.must_know(visit, password, browser).await?;
        let codes = recovery::codes()?;
        let hashes: Vec<String> = codes.iter().map(|code| recovery::hash(code)).collect();
        let user = visit.user.clone();
        let done = self.0.store.transact(move |tx| {
            let (user, hashes) = (user.clone(), hashes.clone());
            Box::pin(async move {
                let mut methods = methods_of(tx, &user).await?;
                methods.recovery = hashes;
                Ok::<_, AuthError>(store::user::methods_update(tx, &methods).await?)
            })
        });
        done.await?;
        Ok(codes)
    }

    /// Refuses whoever sits at an open browser and does not know its owner's password.
    async fn must_know(&self, visit: &Visit, password: &str, browser: Browser<'_>) -> Result<(), AuthError> {
        let (now, user) = (self.now(), &visit.user);
        if visit.session.stage != Stage::Full {
            return Err(AuthError::Session);
        }
        let account = format!("{}/{}", user.tenant, domain::user::fold(&user.user_principal_name));
        let counted = Attempt { factor: Factor::Password, source: browser.source, account: &account };
        self.must_wait(counted, Some(user), now).await?;
        let (tenant, id) = (user.tenant.clone(), user.id.clone());
        let kept = self.0.store.read(move |tx| {
            let (tenant, id) = (tenant.clone(), id.clone());
            Box::pin(async move {
                let get = store::secret::get;
                Ok::<_, AuthError>(get(tx, &tenant, SecretKind::UserPassword, id.as_str()).await?)
            })
        });
        let kept = kept.await?;
        match self.0.hasher.is_right(password, kept.as_ref().map(|kept| kept.as_slice())).await? {
            true => Ok(()),
            false => {
                self.0.pauses.wrong(counted, now);
                Err(AuthError::NotSignedIn)
            }
        }
    }
}

/// A link that is good, and whose account it is for.
async fn good_link(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    hash: &str,
    now: Time,
) -> Result<Option<(Invitation, Option<User>)>, AuthError> {
    let Some(link) = store::invitation::get(tx, tenant, hash).await? else { return Ok(None) };
    let has_administrator = store::user::count(tx, tenant).await? > 0;
    if !link.is_good(has_administrator, now) {
        return Ok(None);
    }
    let Some(id) = &link.user else { return Ok(Some((link, None))) };
    let user = store::user::get(tx, tenant, id).await?.filter(|user| user.account_enabled);
    Ok(user.map(|user| (link, Some(user))))
}

/// Keeps the hash of a password that was chosen.
async fn choose(tx: &mut Tx<'_>, user: &User, kept: &[u8], now: Time) -> Result<(), AuthError> {
    let mut methods = methods_of(tx, user).await?;
    methods.password_at = Some(now);
    store::user::methods_update(tx, &methods).await?;
    Ok(store::secret::put(tx, &user.tenant, SecretKind::UserPassword, user.id.as_str(), kept).await?)
}

/// Ends every session and token of a person.
async fn revoke(tx: &mut Tx<'_>, user: &User, now: Time) -> Result<(), AuthError> {
    let found = store::user::get(tx, &user.tenant, &user.id).await?;
    let mut user = found.ok_or(AuthError::NoUser)?;
    user.revoke_sessions(now);
    store::user::update(tx, &user).await?;
    store::session::delete_others(tx, &user.tenant, &user.id, "").await?;
    Ok(())
}

/// Takes the new key for the one that is asked for, if this is a code of it.
async fn prove(
    tx: &mut Tx<'_>,
    user: &User,
    code: &str,
    recovery: Vec<String>,
    now: Time,
) -> Result<bool, AuthError> {
    let (tenant, id) = (&user.tenant, user.id.as_str());
    let key = store::secret::get(tx, tenant, SecretKind::NewTotpKey, id).await?.ok_or(AuthError::Session)?;
    let Some(step) = totp::step_of(&key, code, now) else { return Ok(false) };
    let mut methods = methods_of(tx, user).await?;
    methods.enrol(step, recovery, now);
    store::user::methods_update(tx, &methods).await?;
    store::secret::put(tx, tenant, SecretKind::TotpKey, id, &key).await?;
    store::secret::delete(tx, tenant, SecretKind::NewTotpKey, id).await?;
    Ok(true)
}
