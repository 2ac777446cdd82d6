//! What the provider says of itself (OpenID Connect Discovery 1.0), and its keys. Both are kept for an hour; a token that
//! names a key nobody knows has the keys read again, but not more than once a minute, since strangers choose that name.

use std::time::Duration;

use domain::Time;
use jsonwebtoken::jwk::JwkSet;
use reqwest::Url;
use serde::Deserialize;

use super::{Provider, trouble};
use crate::AuthError;

const KEPT: Duration = Duration::from_secs(60 * 60);
const KEYS_EVERY: Duration = Duration::from_secs(60);
/// A provider that did not answer is not asked again so soon: strangers decide how many sign-ins begin.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Keys of a provider; those that are used have two or three.
const KEYS_MAX: usize = 100;

/// What was found out last.
#[derive(Default)]
pub(super) struct Known {
    metadata: Option<Metadata>,
    /// Why nothing was, and when.
    failed: Option<(AuthError, Time)>,
}

/// What is known of the provider.
pub(super) struct Metadata {
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) takes_basic: bool,
    /// Whether it says in each answer who it is (RFC 9207).
    pub(super) names_itself: bool,
    jwks_uri: Url,
    pub(super) keys: JwkSet,
    read_at: Time,
    keys_at: Time,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Provider {
    /// Something of what is known of the provider.
    pub(super) async fn metadata<T>(&self, of: impl FnOnce(&Metadata) -> T) -> Result<T, AuthError> {
        let (mut known, now) = (self.metadata.lock().await, self.now());
        if let Some(metadata) = known.metadata.as_ref().filter(|known| now.since(known.read_at) < KEPT) {
            return Ok(of(metadata));
        }
        if let Some((error, _)) = known.failed.as_ref().filter(|(_, at)| now.since(*at) < AGAIN_AFTER) {
            return Err(error.clone());
        }
        match self.discover().await {
            Ok(fresh) => {
                known.failed = None;
                Ok(of(known.metadata.insert(fresh)))
            }
            Err(error) => {
                known.failed = Some((error.clone(), self.now()));
                Err(error)
            }
        }
    }

    /// The keys, read again if none has this name.
    pub(super) async fn keys(&self, kid: Option<&str>) -> Result<JwkSet, AuthError> {
        let known =
            self.metadata(|known| (known.keys.clone(), known.jwks_uri.clone(), known.keys_at)).await?;
        let (keys, uri, read_at) = known;
        let is_known = kid.is_none_or(|kid| keys.find(kid).is_some());
        if is_known || self.now().since(read_at) < KEYS_EVERY {
            return Ok(keys);
        }
        let fresh = self.read_keys(&uri).await?;
        if let Some(known) = self.metadata.lock().await.metadata.as_mut() {
            (known.keys, known.keys_at) = (fresh.clone(), self.now());
        }
        Ok(fresh)
    }

    async fn discover(&self) -> Result<Metadata, AuthError> {
        let issuer = &self.settings.issuer;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document = self.get(&self.may_reach(&url)?).await?;
        let document: Document =
            serde_json::from_slice(&document).map_err(|_| trouble("its configuration is not readable"))?;
        if document.issuer != *issuer {
            return Err(trouble(format!(
                "it calls itself {:.200}, and the settings say {issuer}",
                document.issuer
            )));
        }
        let methods = document.token_endpoint_auth_methods_supported;
        let jwks_uri = self.may_reach(&document.jwks_uri)?;
        let keys = self.read_keys(&jwks_uri).await?;
        Ok(Metadata {
            authorization_endpoint: self.may_reach(&document.authorization_endpoint)?,
            token_endpoint: self.may_reach(&document.token_endpoint)?,
            // By the standard, Basic is what a provider takes that says nothing.
            takes_basic: methods.is_none_or(|methods| methods.iter().any(|m| m == "client_secret_basic")),
            names_itself: document.authorization_response_iss_parameter_supported,
            jwks_uri,
            keys,
            read_at: self.now(),
            keys_at: self.now(),
        })
    }

    async fn read_keys(&self, uri: &Url) -> Result<JwkSet, AuthError> {
        let keys: JwkSet = serde_json::from_slice(&self.get(uri).await?)
            .map_err(|_| trouble("its keys are not readable"))?;
        match keys.keys.len() <= KEYS_MAX {
            true => Ok(keys),
            false => Err(trouble("it has more than 100 keys")),
        }
    }
}
