//! The one door: signs applications in and knows their tokens again.

use std::sync::Arc;

use domain::secret::SecretKind;
use domain::tenant::DEFAULT_TENANT;
use domain::{TenantId, Time};
use net::Clock;
use store::application::Application;
use store::{Store, StoreError};
use zeroize::Zeroizing;

use crate::application::is_secret_of;
use crate::throttle::Throttle;
use crate::token::Issuer;
use crate::{AccessToken, AuthError, Caller, Role};

/// Owner of the signing key among the secrets.
const SIGNING: &str = "signing";
/// Longest client id or secret looked at, in bytes; ours have 36 and 43.
const CREDENTIAL_LEN_MAX: usize = 256;

/// A handle to the door. Clones are the same door.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    issuer: Issuer,
    throttle: Throttle,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gate")
    }
}

/// One attempt to sign in by client credentials.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// The tenant of the URL.
    pub tenant: &'a str,
    /// `client_id`.
    pub client_id: &'a str,
    /// `client_secret`.
    pub client_secret: &'a str,
    /// Where the caller is: its address, to count wrong secrets by.
    pub source: &'a str,
}

impl Gate {
    /// Opens the door of the API at `api_url`. The key that signs tokens is made when it is missing, and sealed.
    ///
    /// # Errors
    /// The store's, or no randomness.
    pub async fn open(store: Store, clock: Clock, api_url: &str) -> Result<Self, AuthError> {
        let owner = TenantId::try_from(DEFAULT_TENANT.to_owned())
            .map_err(|_| AuthError::Crypto("no owner".into()))?;
        let fresh = Zeroizing::new(pki::random::bytes::<32>()?);
        let key: Zeroizing<Vec<u8>> = store
            .transact(move |tx| {
                let (owner, fresh) = (owner.clone(), fresh.clone());
                Box::pin(async move {
                    if let Some(key) = store::secret::get(tx, &owner, SecretKind::SigningKey, SIGNING).await?
                    {
                        return Ok(key);
                    }
                    store::secret::put(tx, &owner, SecretKind::SigningKey, SIGNING, fresh.as_slice()).await?;
                    Ok::<_, AuthError>(Zeroizing::new(fresh.to_vec()))
                })
            })
            .await?;
        let issuer = Issuer::new(&key, api_url.trim_end_matches('/'));
        Ok(Self(Arc::new(Inner { store, clock, issuer, throttle: Throttle::default() })))
    }

    /// A bearer token for an application's id and secret.
    ///
    /// # Errors
    /// [`AuthError::Refused`] whatever is wrong of tenant, id and secret; [`AuthError::Throttled`] after several.
    pub async fn sign_in(&self, attempt: SignIn<'_>) -> Result<AccessToken, AuthError> {
        let SignIn { tenant, client_id, client_secret, source } = attempt;
        let Inner { clock, issuer, throttle, .. } = &*self.0;
        let now = Time::from_micros(clock.now_micros());
        if let Some(until) = throttle.wait(source, client_id, now) {
            return Err(AuthError::Throttled { until });
        }
        let fits = client_id.len() <= CREDENTIAL_LEN_MAX && client_secret.len() <= CREDENTIAL_LEN_MAX;
        let found = if fits { self.application(client_id).await? } else { None };
        let found = found.filter(|application| application.tenant.as_str().eq_ignore_ascii_case(tenant));
        if !is_secret_of(found.as_ref(), client_secret) {
            throttle.wrong(source, client_id, now);
            return Err(AuthError::Refused);
        }
        throttle.right(source, client_id);
        let application = found.ok_or(AuthError::Refused)?;
        issuer.issue(&caller(application), now)
    }

    /// Who sends this bearer token.
    ///
    /// # Errors
    /// [`AuthError::Token`] if it was not made here, for this API and tenant, or is over.
    pub fn identify(&self, bearer: &str) -> Result<Caller, AuthError> {
        self.0.issuer.check(bearer, Time::from_micros(self.0.clock.now_micros()))
    }

    async fn application(&self, id: &str) -> Result<Option<Application>, AuthError> {
        let id = id.to_owned();
        let found = self.0.store.read(move |tx| {
            let id = id.clone();
            Box::pin(async move { store::application::get(tx, &id).await })
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
    Caller { tenant: application.tenant, application: application.id, name: application.name, roles }
}
