//! Programs that act for a person: they are let in by a code that the person types elsewhere (RFC 8628), and stay in by
//! refresh tokens (RFC 6749 section 6).

use std::time::Duration;

use domain::device_code::{Answer, DeviceCode, INTERVAL, LIFE, Polled};
use domain::refresh_token::{RefreshToken, Used};
use domain::session::Stage;
use domain::user::User;
use domain::{TenantId, Time};
use store::Tx;
use store::application::Application;
use zeroize::Zeroizing;

use super::Gate;
use super::session::{Browser, Visit};
use crate::token::Grant;
use crate::user::code_hash;
use crate::user::throttle::{Attempt, Factor};
use crate::{AccessToken, AuthError, Caller, Role, Who};

/// Letters of a code that a person types: no vowels, so that no words come of them (RFC 8628 section 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Letters of it: 20 to the 8th are 25 milliards.
const USER_CODE_LEN: usize = 8;
/// Codes of a tenant that wait at a time.
const CODES_MAX: u64 = 1_000;
/// Longest scope kept, in bytes.
const SCOPE_LEN_MAX: usize = 1_000;
/// `scope` of a program that wants to stay in.
const OFFLINE: &str = "offline_access";

/// Why a program gets no token now (RFC 8628 section 3.5, RFC 6749 section 5.2). Reads on from "failed to".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Nobody has answered yet.
    #[error("get an answer yet: the person has not typed the code")]
    Pending,
    /// It asks too often.
    #[error("answer so often: wait five seconds longer between questions")]
    SlowDown,
    /// The code's time is over.
    #[error("use the code: its quarter of an hour is over; begin again")]
    Expired,
    /// The person said no.
    #[error("let the program in: the person declined")]
    Denied,
    /// Not a code or a token of this program, or used up.
    #[error("accept the code or the refresh token: it is not this program's, or was used, or is over")]
    Invalid,
    /// Not a program that people may let in.
    #[error("find a public application of this tenant with this client id")]
    Client,
}

/// What a program tells the person, and asks with.
pub struct Authorization {
    /// The tenant it is for.
    pub tenant: TenantId,
    /// What the program holds.
    pub device_code: Zeroizing<String>,
    /// What the person types, as `BCDF-GHJK`.
    pub user_code: Zeroizing<String>,
    /// `expires_in`
    pub life: Duration,
    /// `interval`
    pub interval: Duration,
}

/// What a program gets.
#[derive(Debug)]
pub struct Tokens {
    /// `access_token`
    pub access: AccessToken,
    /// `refresh_token`, if it asked for `offline_access`.
    pub refresh: Option<Zeroizing<String>>,
    /// `scope`
    pub scope: String,
}

impl Gate {
    /// Begins: a program asks to be let in.
    ///
    /// # Errors
    /// [`AuthError::Grant`] for a program that may not, [`AuthError::Throttled`], [`AuthError::Busy`].
    pub async fn begin_device_code(
        &self,
        tenant: &str,
        client_id: &str,
        scope: &str,
        source: &str,
    ) -> Result<Authorization, AuthError> {
        let now = self.now();
        if let Some(until) = self.0.asking.wait(source, "", now) {
            return Err(AuthError::Throttled { until });
        }
        // Each is counted: what is asked for costs a row, and strangers know the ids of public programs.
        self.0.asking.wrong(source, "", now);
        let application = self.public(tenant, client_id).await?;
        let (device_code, user_code) = (pki::random::secret()?, user_code()?);
        let row = DeviceCode {
            tenant: application.tenant.clone(),
            hash: code_hash(&device_code),
            version: 1,
            user_code_hash: code_hash(&plain(&user_code)),
            application: application.id,
            scope: scope.chars().take(SCOPE_LEN_MAX).collect(),
            answer: Answer::Pending,
            created_at: now,
            polled_at: None,
            interval: i64::try_from(INTERVAL.as_secs()).unwrap_or(5),
        };
        let stored = self.0.store.transact(move |tx| {
            let row = row.clone();
            Box::pin(async move {
                if store::device_code::count_since(tx, &row.tenant, now.minus(LIFE)).await? >= CODES_MAX {
                    return Err(AuthError::Busy);
                }
                Ok(store::device_code::insert(tx, &row).await?)
            })
        });
        stored.await?;
        let (tenant, life, interval) = (application.tenant, LIFE, INTERVAL);
        Ok(Authorization { tenant, device_code, user_code, life, interval })
    }

    /// The name of the program that waits for an answer under a code that was typed; none: there is no such code.
    ///
    /// # Errors
    /// [`AuthError::Throttled`] after several wrong ones; [`AuthError::Session`] for who is not signed in.
    pub async fn waiting_program(
        &self,
        visit: &Visit,
        typed: &str,
        browser: Browser<'_>,
    ) -> Result<Option<String>, AuthError> {
        let (user, now) = (&visit.user, self.now());
        if visit.session.stage != Stage::Full {
            return Err(AuthError::Session);
        }
        let account = format!("{}/device/{}", user.tenant, user.id);
        let counted = Attempt { factor: Factor::Code, source: browser.source, account: &account };
        self.must_wait(counted, Some(user), now).await?;
        let (tenant, hash) = (user.tenant.clone(), code_hash(&plain(typed)));
        let found = self.0.store.read(move |tx| {
            let (tenant, hash) = (tenant.clone(), hash.clone());
            Box::pin(async move {
                let code = store::device_code::by_user_code(tx, &tenant, &hash).await?;
                let open = code.filter(|c| c.answer == Answer::Pending && now < c.expires_at());
                let Some(code) = open else { return Ok(None) };
                let program = store::application::get(tx, &code.application).await?;
                Ok::<_, AuthError>(program.map(|program| program.name))
            })
        });
        let found = found.await?;
        if found.is_none() {
            self.0.pauses.wrong(counted, now);
        }
        Ok(found)
    }

    /// A person lets the program in, or not; whether they still could.
    ///
    /// # Errors
    /// As [`Gate::waiting_program`].
    pub async fn answer_program(
        &self,
        visit: &Visit,
        typed: &str,
        approve: bool,
        browser: Browser<'_>,
    ) -> Result<bool, AuthError> {
        if self.waiting_program(visit, typed, browser).await?.is_none() {
            return Ok(false);
        }
        let (user, now, hash) = (visit.user.clone(), self.now(), code_hash(&plain(typed)));
        let answered = self.0.store.transact(move |tx| {
            let (user, hash) = (user.clone(), hash.clone());
            Box::pin(async move {
                let found = store::device_code::by_user_code(tx, &user.tenant, &hash).await?;
                let Some(mut code) = found else { return Ok(false) };
                let answer = if approve { Answer::Approved(user.id) } else { Answer::Denied };
                let decided = code.decide(answer, now);
                if decided {
                    store::device_code::update(tx, &code).await?;
                }
                Ok::<_, AuthError>(decided)
            })
        });
        answered.await
    }

    /// The program asks whether the person has answered.
    ///
    /// # Errors
    /// [`AuthError::Grant`] until there are tokens.
    pub async fn poll_device_code(
        &self,
        tenant: &str,
        client_id: &str,
        device_code: &str,
    ) -> Result<Tokens, AuthError> {
        let (application, now) = (self.public(tenant, client_id).await?, self.now());
        let (asking, hash) = (application.clone(), code_hash(device_code));
        let polled = self.0.store.transact(move |tx| {
            let (asking, hash) = (asking.clone(), hash.clone());
            Box::pin(async move { poll(tx, &asking, &hash, now).await })
        });
        let (code, user) = match polled.await? {
            Ok(found) => found,
            Err(refusal) => return Err(AuthError::Grant(refusal)),
        };
        let family = uuid::Uuid::new_v4().hyphenated().to_string();
        self.grant(&application, &user, &code.scope, &family, now, now).await
    }

    /// Another token for a program that a person let in before; the refresh token is replaced.
    ///
    /// # Errors
    /// [`AuthError::Grant`].
    pub async fn refresh(
        &self,
        tenant: &str,
        client_id: &str,
        refresh_token: &str,
    ) -> Result<Tokens, AuthError> {
        let (application, now) = (self.public(tenant, client_id).await?, self.now());
        let (asking, hash) = (application.clone(), code_hash(refresh_token));
        let used = self.0.store.transact(move |tx| {
            let (asking, hash) = (asking.clone(), hash.clone());
            Box::pin(async move { use_refresh(tx, &asking, &hash, now).await })
        });
        let Some((old, user)) = used.await? else { return Err(AuthError::Grant(GrantError::Invalid)) };
        self.grant(&application, &user, &old.scope, &old.family, old.family_at, now).await
    }

    /// Tokens of a program for a person.
    async fn grant(
        &self,
        application: &Application,
        user: &User,
        scope: &str,
        family: &str,
        family_at: Time,
        now: Time,
    ) -> Result<Tokens, AuthError> {
        let roles = granted(scope, user);
        let who = Who::User {
            id: user.id.clone(),
            name: user.user_principal_name.clone(),
            application: Some(application.id.clone()),
        };
        let words = roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" ");
        let caller = Caller { tenant: user.tenant.clone(), who, roles };
        let grant = Grant { caller: &caller, proof: 0, credential: None, scope: Some(words.clone()) };
        let access = self.0.issuer.issue(&grant, &*self.0.keys.signing(now).await?, now)?;
        let wants_to_stay = scope.split(' ').any(|word| word == OFFLINE);
        let refresh = match wants_to_stay {
            false => None,
            true => Some(self.keep(application, user, scope, family, family_at, now).await?),
        };
        Ok(Tokens { access, refresh, scope: words })
    }

    async fn keep(
        &self,
        application: &Application,
        user: &User,
        scope: &str,
        family: &str,
        family_at: Time,
        now: Time,
    ) -> Result<Zeroizing<String>, AuthError> {
        let token = pki::random::secret()?;
        let row = RefreshToken {
            tenant: user.tenant.clone(),
            hash: code_hash(&token),
            family: family.to_owned(),
            application: application.id.clone(),
            user: user.id.clone(),
            scope: scope.to_owned(),
            family_at,
            created_at: now,
            used_at: None,
        };
        let stored = self.0.store.transact(move |tx| {
            let row = row.clone();
            Box::pin(async move { Ok::<_, AuthError>(store::refresh_token::insert(tx, &row).await?) })
        });
        stored.await?;
        Ok(token)
    }

    /// The public application of that id, if it belongs to the tenant asked, or any may ask.
    async fn public(&self, tenant: &str, client_id: &str) -> Result<Application, AuthError> {
        let found = self.application(client_id).await?.map(|(application, _)| application);
        let fits = |application: &Application| {
            let own = application.tenant.as_str().eq_ignore_ascii_case(tenant);
            application.is_public && (own || is_shared(tenant))
        };
        found.filter(fits).ok_or(AuthError::Grant(GrantError::Client))
    }
}

/// Whether a tenant of a URL stands for that of whoever signs in, as in Microsoft Entra.
#[must_use]
pub fn is_shared(tenant: &str) -> bool {
    ["common", "organizations"].iter().any(|name| tenant.eq_ignore_ascii_case(name))
}

/// What a person has of what a program asks for. `.default` asks for all of it.
fn granted(scope: &str, user: &User) -> Vec<Role> {
    let own: Vec<Role> = user.roles.iter().filter_map(|role| Role::from_graph(role)).collect();
    let words = scope.split(' ').map(|word| word.rsplit('/').next().unwrap_or(word));
    let mut asked: Vec<Role> = Vec::new();
    for word in words {
        match word.eq_ignore_ascii_case(".default") {
            true => return own,
            false => asked.extend(Role::from_graph(word)),
        }
    }
    asked.retain(|role| own.iter().any(|has| has.covers(*role)));
    asked
}

async fn poll(
    tx: &mut Tx<'_>,
    application: &Application,
    hash: &str,
    now: Time,
) -> Result<Result<(DeviceCode, User), GrantError>, AuthError> {
    let tenant = &application.tenant;
    let found = store::device_code::get(tx, tenant, hash).await?;
    let Some(mut code) = found.filter(|code| code.application == application.id) else {
        return Ok(Err(GrantError::Invalid));
    };
    let polled = code.poll(now);
    match polled {
        Polled::Pending | Polled::SlowDown => store::device_code::update(tx, &code).await?,
        Polled::Expired | Polled::Denied | Polled::Approved(_) => {
            store::device_code::delete(tx, tenant, hash).await?;
        }
    }
    let user = match polled {
        Polled::Pending => return Ok(Err(GrantError::Pending)),
        Polled::SlowDown => return Ok(Err(GrantError::SlowDown)),
        Polled::Expired => return Ok(Err(GrantError::Expired)),
        Polled::Denied => return Ok(Err(GrantError::Denied)),
        Polled::Approved(id) => store::user::get(tx, tenant, &id).await?,
    };
    let user = user.filter(|user| user.account_enabled);
    Ok(user.map(|user| (code, user)).ok_or(GrantError::Invalid))
}

/// Uses a refresh token. One that comes again ends its family.
async fn use_refresh(
    tx: &mut Tx<'_>,
    application: &Application,
    hash: &str,
    now: Time,
) -> Result<Option<(RefreshToken, User)>, AuthError> {
    let tenant = &application.tenant;
    let found = store::refresh_token::get(tx, tenant, hash).await?;
    let Some(token) = found.filter(|token| token.application == application.id) else { return Ok(None) };
    let user = store::user::get(tx, tenant, &token.user).await?.filter(|user| user.account_enabled);
    let Some(user) = user else { return Ok(None) };
    match token.used(user.sessions_valid_from, now) {
        Used::Good if store::refresh_token::mark_used(tx, tenant, hash, now).await? => {
            Ok(Some((token, user)))
        }
        Used::Over => Ok(None),
        Used::Good | Used::Reused => {
            store::refresh_token::delete_family(tx, tenant, &token.family).await?;
            tracing::warn!(
                tenant = tenant.as_str(),
                user = user.id.as_str(),
                "a refresh token came twice: somebody has a copy, and all of its sign-in were ended"
            );
            Ok(None)
        }
    }
}

fn user_code() -> Result<Zeroizing<String>, pki::Error> {
    /// The largest multiple of 20 in a byte: above it, some letters would come more often.
    const FAIR: u8 = 240;
    let mut text = Zeroizing::new(String::with_capacity(USER_CODE_LEN + 1));
    while text.len() < USER_CODE_LEN + 1 {
        let [byte] = pki::random::bytes::<1>()?;
        let letter = LETTERS.get(usize::from(byte % 20)).filter(|_| byte < FAIR);
        text.extend(letter.map(|letter| char::from(*letter)));
        if text.len() == USER_CODE_LEN / 2 {
            text.push('-');
        }
    }
    Ok(text)
}

/// A code however it was typed.
fn plain(code: &str) -> String {
    let letters = code.chars().filter(char::is_ascii_alphabetic).take(2 * USER_CODE_LEN);
    letters.map(|letter| letter.to_ascii_uppercase()).collect()
}
