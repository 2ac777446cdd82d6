//! The one door: signs applications and people in, and knows their tokens and sessions again.

pub(crate) mod account;
pub(crate) mod device_code;
mod provider;
pub(crate) mod session;

use std::sync::Arc;

use domain::{Limits, Time};
use net::Clock;
use store::application::Application;
use store::application::credential::Credential;
use store::{Store, StoreError};

use crate::key::Keys;
use crate::standing::Standings;
use crate::throttle::{FREE_SECRETS, Throttle};
use crate::token::{Grant, Issuer, NOT_OURS};
use crate::user::password::Hasher;
use crate::user::throttle::Pauses;
use crate::{AccessToken, AuthError, Caller, Role, Who, application, assertion, jwks};

/// Longest client id or secret looked at, in bytes; ours have 36 and 43.
const CREDENTIAL_LEN_MAX: usize = 256;

/// Programs of one place that may ask to be let in by a person before they have to wait: a class of them.
const FREE_ASKING: u32 = 40;

/// A handle to the door. Clones are the same door.
#[derive(Clone)]
pub struct Gate(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) issuer: Issuer,
    pub(crate) keys: Keys,
    standings: Standings,
    /// Pauses of applications.
    throttle: Throttle,
    /// Pauses of programs that ask to be let in by a person.
    pub(crate) asking: Throttle,
    /// Pauses of people.
    pub(crate) pauses: Pauses,
    pub(crate) hasher: Hasher,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gate")
    }
}

/// One attempt of an application to sign in.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// The tenant of the URL.
    pub tenant: &'a str,
    /// `client_id`.
    pub client_id: &'a str,
    /// What it proves itself with.
    pub proof: Proof<'a>,
    /// Where the caller is: its address, to count wrong proofs by.
    pub source: &'a str,
}

/// What an application proves itself with.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    /// `client_secret`.
    Secret(&'a str),
    /// `client_assertion`, of the type [`crate::ASSERTION_TYPE`].
    Assertion(&'a str),
}

/// The application and the credential that it proved itself with.
struct Proven {
    application: Application,
    credential: String,
    /// `appidacr`.
    acr: u8,
}

impl Gate {
    /// Opens the door of the API at `api_url`. The key that signs tokens is made when it is first needed, and sealed.
    ///
    /// # Errors
    /// [`AuthError::Crypto`], which does not happen.
    pub fn open(store: Store, clock: Clock, api_url: &str, limits: &Limits) -> Result<Self, AuthError> {
        Ok(Self(Arc::new(Inner {
            issuer: Issuer::new(api_url.trim_end_matches('/')),
            keys: Keys::new(store.clone())?,
            standings: Standings::default(),
            throttle: Throttle::new(FREE_SECRETS),
            asking: Throttle::new(FREE_ASKING),
            pauses: Pauses::default(),
            hasher: Hasher::default(),
            limits: limits.clone(),
            store,
            clock,
        })))
    }

    pub(crate) fn now(&self) -> Time {
        Time::from_micros(self.0.clock.now_micros())
    }

    /// A bearer token for an application's id and secret, or its assertion.
    ///
    /// # Errors
    /// [`AuthError::Refused`] whatever is wrong of tenant, id and proof; [`AuthError::Throttled`] after several.
    pub async fn sign_in(&self, attempt: SignIn<'_>) -> Result<AccessToken, AuthError> {
        let SignIn { client_id, source, .. } = attempt;
        let (throttle, now) = (&self.0.throttle, self.now());
        if let Some(until) = throttle.wait(source, client_id, now) {
            return Err(AuthError::Throttled { until });
        }
        let Some(proven) = self.prove(attempt, now).await? else {
            throttle.wrong(source, client_id, now);
            return Err(AuthError::Refused);
        };
        throttle.right(source, client_id);
        let Proven { application, credential, acr } = proven;
        let caller = caller(application);
        let grant = Grant { caller: &caller, proof: acr, credential: Some(credential), scope: None };
        self.0.issuer.issue(&grant, &*self.0.keys.signing(now).await?, now)
    }

    async fn prove(&self, attempt: SignIn<'_>, now: Time) -> Result<Option<Proven>, AuthError> {
        let SignIn { tenant, client_id, proof, .. } = attempt;
        let found = self.application(client_id).await?;
        let found = found.filter(|(known, _)| known.tenant.as_str().eq_ignore_ascii_case(tenant));
        let (application, credentials) = found.unzip();
        let credentials = credentials.unwrap_or_default();
        let credential = match proof {
            Proof::Secret(secret) if secret.len() > CREDENTIAL_LEN_MAX => None,
            Proof::Secret(secret) => {
                application::secret_among(&credentials, secret, now).map(|id| (id.to_owned(), 1))
            }
            Proof::Assertion(text) => {
                self.asserted(text, client_id, tenant, &credentials, now).await?.map(|id| (id, 2))
            }
        };
        Ok(application.zip(credential).map(|(application, (credential, acr))| Proven {
            application,
            credential,
            acr,
        }))
    }

    /// The credential that an assertion was made with, if it holds and was not used before.
    async fn asserted(
        &self,
        text: &str,
        client_id: &str,
        tenant: &str,
        credentials: &[Credential],
        now: Time,
    ) -> Result<Option<String>, AuthError> {
        // Entra's own documents have the endpoint; its older libraries said the v1 path.
        let base = format!("{}/{tenant}", self.0.issuer.base());
        let audiences = ["oauth2/v2.0/token", "oauth2/token", "v2.0"].map(|path| format!("{base}/{path}"));
        let held = match assertion::check(text, client_id, &audiences, credentials, now) {
            Ok(held) => held,
            Err(words) => {
                // The caller hears the same for everything, so that it learns nothing of applications.
                tracing::info!("refused a client assertion: {words}");
                return Ok(None);
            }
        };
        let Some(owner) = credentials.first().map(|known| (known.tenant.clone(), known.application.clone()))
        else {
            return Ok(None);
        };
        let (id_hash, expires_at) = (held.id_hash, held.expires_at);
        let first = self.0.store.transact(move |tx| {
            let ((tenant, application), id_hash) = (owner.clone(), id_hash.clone());
            Box::pin(async move {
                let used = store::application::credential::assertion_use;
                Ok::<_, AuthError>(used(tx, &tenant, &application, &id_hash, expires_at).await?)
            })
        });
        if !first.await? {
            tracing::warn!("refused a client assertion: it was used before");
            return Ok(None);
        }
        Ok(Some(held.credential))
    }

    /// Who sends this bearer token.
    ///
    /// # Errors
    /// [`AuthError::Token`] if it was not made here, for this API and tenant, or is over, or whom it was made for is not
    /// welcome any more.
    pub async fn identify(&self, bearer: &str) -> Result<Caller, AuthError> {
        let Inner { store, issuer, keys, standings, .. } = &*self.0;
        let now = self.now();
        let key = keys.find(&Issuer::key_id(bearer)?, now).await?.ok_or(NOT_OURS)?;
        let checked = issuer.check(bearer, &key, now)?;
        match standings.good_since(store, &checked.subject, now).await? {
            Some(since) if since <= checked.issued_at => Ok(checked.caller),
            _ => Err(AuthError::Token("whom it was made for was deleted, or may sign in no more")),
        }
    }

    /// The keys that tokens are checked with, as a JWK Set (RFC 7517).
    ///
    /// # Errors
    /// The store's, or no randomness for the first key.
    pub async fn jwks(&self) -> Result<serde_json::Value, AuthError> {
        let keys = self.0.keys.all(self.now()).await?;
        Ok(jwks::set(keys.iter().map(Arc::as_ref)))
    }

    /// The application of that id and its credentials.
    pub(crate) async fn application(
        &self,
        id: &str,
    ) -> Result<Option<(Application, Vec<Credential>)>, AuthError> {
        if id.len() > CREDENTIAL_LEN_MAX {
            return Ok(None);
        }
        let id = id.to_owned();
        let found = self.0.store.read(move |tx| {
            let id = id.clone();
            Box::pin(async move {
                let Some(found) = store::application::get(tx, &id).await? else { return Ok(None) };
                let credentials = store::application::credential::list(tx, &found.tenant, &id).await?;
                Ok(Some((found, credentials)))
            })
        });
        match found.await {
            // An id that the database cannot hold is nobody's.
            Err(StoreError::Unstorable { .. }) => Ok(None),
            other => Ok(other?),
        }
    }
}

fn caller(application: Application) -> Caller {
    let roles = application.roles.iter().filter_map(|role| Role::from_graph(role)).collect();
    let who = Who::Application { id: application.id, name: application.name };
    Caller { tenant: application.tenant, who, roles }
}
