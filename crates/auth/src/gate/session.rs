//! People at the door: name and password, then a code; and the session that their browser holds from then on.

use domain::secret::SecretKind;
use domain::session::{Session, Stage};
use domain::user::methods::Methods;
use domain::user::{User, fold};
use domain::{TenantId, Time};
use store::Tx;
use zeroize::Zeroizing;

use super::Gate;
use crate::user::throttle::{Attempt, Factor};
use crate::user::{code_hash, recovery, totp};
use crate::{AuthError, Caller, Role, Who};

/// Sessions of a person at a time: the oldest ends for one more.
const SESSIONS_MAX: usize = 20;
/// Bytes kept of what a browser calls itself.
const AGENT_LEN_MAX: usize = 200;
/// Longest name looked at, in bytes.
const NAME_LEN_MAX: usize = 500;

/// One attempt of a person to sign in.
#[derive(Clone, Copy)]
pub struct PersonSignIn<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// `userPrincipalName`, in any case.
    pub name: &'a str,
    /// The password.
    pub password: &'a str,
    /// With what, and from where.
    pub browser: Browser<'a>,
}

/// With what somebody comes, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Browser<'a> {
    /// Its address.
    pub source: &'a str,
    /// Its own words, `User-Agent`.
    pub agent: &'a str,
}

/// A session that was just made.
#[derive(Clone)]
pub struct NewSession {
    /// What the browser holds: 256 random bits as 43 characters.
    pub token: Zeroizing<String>,
    /// How far its owner has come.
    pub stage: Stage,
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSession").field("stage", &self.stage).finish_non_exhaustive()
    }
}

/// A session that is good, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The session.
    pub session: Session,
    /// Whose.
    pub user: User,
    /// What they prove themselves with.
    pub methods: Methods,
}

impl Visit {
    /// Who calls the API with it: nobody who is halfway in.
    #[must_use]
    pub fn caller(&self) -> Option<Caller> {
        let user = &self.user;
        let who =
            Who::User { id: user.id.clone(), name: user.user_principal_name.clone(), application: None };
        let roles = user.roles.iter().filter_map(|role| Role::from_graph(role)).collect();
        let caller = Caller { tenant: user.tenant.clone(), who, roles };
        (self.session.stage == Stage::Full).then_some(caller)
    }
}

/// The token that forms and calls of a session carry, to show that they come from its own pages: a stranger's page can
/// have the browser send the cookie, but knows nothing that is made of it.
#[must_use]
pub fn form_token(cookie: &str) -> String {
    hex::encode(pki::digest::hmac_sha256(cookie.as_bytes(), b"muster form"))
}

/// Whether that is the token.
#[must_use]
pub fn is_form_token(cookie: &str, given: &str) -> bool {
    pki::digest::constant_time_eq(form_token(cookie).as_bytes(), given.as_bytes())
}

impl Gate {
    /// Signs a person in by name and password, up to the second factor.
    ///
    /// # Errors
    /// [`AuthError::NotSignedIn`] whatever is wrong, and after the same time; [`AuthError::Throttled`] after several;
    /// [`AuthError::Busy`].
    pub async fn sign_in_person(&self, attempt: PersonSignIn<'_>) -> Result<NewSession, AuthError> {
        let PersonSignIn { tenant, name, password, browser } = attempt;
        let now = self.now();
        let name = if name.len() > NAME_LEN_MAX { "" } else { name };
        let account = format!("{tenant}/{}", fold(name));
        let counted = Attempt { factor: Factor::Password, source: browser.source, account: &account };
        let (user, kept) = self.person(tenant, name).await?;
        self.must_wait(counted, user.as_ref(), now).await?;
        let right = self.0.hasher.is_right(password, kept.as_ref().map(|kept| kept.as_slice())).await?;
        let Some(user) = user.filter(|user| right && user.account_enabled) else {
            self.0.pauses.wrong(counted, now);
            return Err(AuthError::NotSignedIn);
        };
        self.0.pauses.right(counted);
        let (token, made) = session(&user, Stage::Password, browser, now)?;
        let stage = self.0.store.transact(move |tx| {
            let (user, mut made) = (user.clone(), made.clone());
            Box::pin(async move {
                let methods = store::user::methods(tx, &user.tenant, &user.id).await?;
                let methods = methods.ok_or(AuthError::NotSignedIn)?;
                made.stage = if methods.has_second_factor() { Stage::Password } else { Stage::Enrol };
                begin(tx, &made).await?;
                Ok::<_, AuthError>(made.stage)
            })
        });
        Ok(NewSession { token, stage: stage.await? })
    }

    /// The person of this name and what is kept of their password.
    async fn person(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<(Option<User>, Option<Zeroizing<Vec<u8>>>), AuthError> {
        let (tenant, name) = (tenant.clone(), name.replace('\0', ""));
        let found = self.0.store.read(move |tx| {
            let (tenant, name) = (tenant.clone(), name.clone());
            Box::pin(async move {
                let user = store::user::by_name(tx, &tenant, &name).await?;
                // Asked for nobody too, so that it takes as long.
                let owner = user.as_ref().map_or("nobody", |user| user.id.as_str());
                let kept = store::secret::get(tx, &tenant, SecretKind::UserPassword, owner).await?;
                Ok::<_, AuthError>((user, kept))
            })
        });
        found.await
    }

    /// Refuses while there is a pause. That of strangers does not bind places that the account has a session from.
    pub(crate) async fn must_wait(
        &self,
        attempt: Attempt<'_>,
        user: Option<&User>,
        now: Time,
    ) -> Result<(), AuthError> {
        if let Some(until) = self.0.pauses.wait(attempt, now) {
            return Err(AuthError::Throttled { until });
        }
        let Some(until) = self.0.pauses.wait_of_strangers(attempt, now) else { return Ok(()) };
        let known = match user {
            None => false,
            Some(user) => {
                let sessions = self.sessions(user).await?;
                sessions.iter().any(|one| one.stage == Stage::Full && one.source == attempt.source)
            }
        };
        if known { Ok(()) } else { Err(AuthError::Throttled { until }) }
    }

    /// Signs in whom the password let halfway in, by a code of their phone or a recovery code. The session is another one
    /// from then on.
    ///
    /// # Errors
    /// [`AuthError::NotSignedIn`] for a wrong or used code, [`AuthError::Session`] when the session is over,
    /// [`AuthError::Throttled`].
    pub async fn second_factor(
        &self,
        token: &str,
        code: &str,
        browser: Browser<'_>,
    ) -> Result<NewSession, AuthError> {
        let now = self.now();
        let visit = self.visit(token).await?.filter(|visit| visit.session.stage == Stage::Password);
        let Visit { session: halfway, user, .. } = visit.ok_or(AuthError::Session)?;
        let account = format!("{}/{}", user.tenant, fold(&user.user_principal_name));
        let counted = Attempt { factor: Factor::Code, source: browser.source, account: &account };
        self.must_wait(counted, Some(&user), now).await?;
        let (fresh, made) = session(&user, Stage::Full, browser, now)?;
        let code = Zeroizing::new(code.to_owned());
        let used = self.0.store.transact(move |tx| {
            let (user, halfway, made, code) = (user.clone(), halfway.clone(), made.clone(), code.clone());
            Box::pin(async move {
                if !use_code(tx, &user, &code, now).await? {
                    return Ok(false);
                }
                // It was there a moment ago: of two that come with one halfway session, one goes on.
                if !store::session::delete(tx, &user.tenant, &halfway.hash).await? {
                    return Ok(false);
                }
                // An enrolment that was left open is not for whoever finds this session open later.
                let pending = SecretKind::NewTotpKey;
                store::secret::delete(tx, &user.tenant, pending, user.id.as_str()).await?;
                begin(tx, &made).await?;
                Ok::<_, AuthError>(true)
            })
        });
        if !used.await? {
            self.0.pauses.wrong(counted, now);
            return Err(AuthError::NotSignedIn);
        }
        self.0.pauses.right(counted);
        Ok(NewSession { token: fresh, stage: Stage::Full })
    }

    /// The good session that a browser holds this of.
    ///
    /// # Errors
    /// The store's.
    pub async fn visit(&self, token: &str) -> Result<Option<Visit>, AuthError> {
        let (hash, now) = (code_hash(token), self.now());
        let found = self.0.store.read(move |tx| {
            let hash = hash.clone();
            Box::pin(async move {
                let Some(session) = store::session::get(tx, &hash).await? else { return Ok(None) };
                let user = store::user::get(tx, &session.tenant, &session.user).await?;
                let methods = store::user::methods(tx, &session.tenant, &session.user).await?;
                let both = user.zip(methods);
                Ok::<_, AuthError>(both.map(|(user, methods)| Visit { session, user, methods }))
            })
        });
        let found = found.await?.filter(|visit| {
            let valid_from = visit.user.sessions_valid_from;
            visit.user.account_enabled && visit.session.is_good(&self.0.limits, valid_from, now)
        });
        if let Some(Visit { session, .. }) = found.as_ref().filter(|v| v.session.is_worth_noting(now)) {
            let (tenant, hash) = (session.tenant.clone(), session.hash.clone());
            let noted = self.0.store.transact(move |tx| {
                let (tenant, hash) = (tenant.clone(), hash.clone());
                Box::pin(
                    async move { Ok::<_, AuthError>(store::session::seen(tx, &tenant, &hash, now).await?) },
                )
            });
            noted.await?;
        }
        Ok(found)
    }

    /// The good sessions of a person, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn sessions(&self, user: &User) -> Result<Vec<Session>, AuthError> {
        let (tenant, id, valid_from) = (user.tenant.clone(), user.id.clone(), user.sessions_valid_from);
        let found = self.0.store.read(move |tx| {
            let (tenant, id) = (tenant.clone(), id.clone());
            Box::pin(async move { Ok::<_, AuthError>(store::session::list(tx, &tenant, &id).await?) })
        });
        let (found, now) = (found.await?, self.now());
        Ok(found.into_iter().filter(|one| one.is_good(&self.0.limits, valid_from, now)).collect())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The store's.
    pub async fn sign_out(&self, session: &Session) -> Result<(), AuthError> {
        let (tenant, hash) = (session.tenant.clone(), session.hash.clone());
        let ended = self.0.store.transact(move |tx| {
            let (tenant, hash) = (tenant.clone(), hash.clone());
            Box::pin(async move { Ok::<_, AuthError>(store::session::delete(tx, &tenant, &hash).await?) })
        });
        ended.await.map(drop)
    }

    /// Ends every other session of the same person, and every token that programs have of them; how many sessions.
    ///
    /// # Errors
    /// The store's.
    pub async fn sign_out_others(&self, visit: &Visit) -> Result<u64, AuthError> {
        let session = visit.session.clone();
        let ended = self.0.store.transact(move |tx| {
            let session = session.clone();
            Box::pin(async move {
                let Session { tenant, user, hash, .. } = &session;
                let ended = store::session::delete_others(tx, tenant, user, hash).await?;
                store::refresh_token::delete_of(tx, tenant, user).await?;
                Ok::<_, AuthError>(ended)
            })
        });
        ended.await
    }
}

/// A session of a person, and what the browser holds of it.
pub(crate) fn session(
    user: &User,
    stage: Stage,
    browser: Browser<'_>,
    now: Time,
) -> Result<(Zeroizing<String>, Session), AuthError> {
    let token = pki::random::secret()?;
    let plain = |text: &str| text.chars().filter(|c| !c.is_control()).take(AGENT_LEN_MAX).collect();
    let session = Session {
        tenant: user.tenant.clone(),
        hash: code_hash(&token),
        user: user.id.clone(),
        stage,
        created_at: now,
        seen_at: now,
        source: plain(browser.source),
        agent: plain(browser.agent),
    };
    Ok((token, session))
}

/// Adds a session, and ends the oldest when there are too many.
pub(crate) async fn begin(tx: &mut Tx<'_>, session: &Session) -> Result<(), AuthError> {
    let known = store::session::list(tx, &session.tenant, &session.user).await?;
    for old in known.iter().skip(SESSIONS_MAX - 1) {
        store::session::delete(tx, &session.tenant, &old.hash).await?;
    }
    Ok(store::session::insert(tx, session).await?)
}

/// Uses a code of a person's phone, or a recovery code; whether it was good.
async fn use_code(tx: &mut Tx<'_>, user: &User, code: &str, now: Time) -> Result<bool, AuthError> {
    let (tenant, id) = (&user.tenant, &user.id);
    let methods = store::user::methods(tx, tenant, id).await?;
    let Some(mut methods) = methods.filter(Methods::has_second_factor) else { return Ok(false) };
    let key = store::secret::get(tx, tenant, SecretKind::TotpKey, id.as_str()).await?;
    let step = key.and_then(|key| totp::step_of(&key, code, now));
    let good = match step {
        Some(step) => methods.use_step(step),
        None => methods.use_recovery(&recovery::hash(code)),
    };
    if good {
        store::user::methods_update(tx, &methods).await?;
    }
    Ok(good)
}
