//! Whether an id token holds (OpenID Connect Core 1.0 section 3.1.3.7), and which account it is of.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Provider, ProviderSettings, trouble};
use crate::AuthError;

/// What is accepted: signatures with a key that the provider alone has.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256];
/// Longest id token looked at, in bytes.
const LEN_MAX: usize = 64 << 10;
/// How far the clock of the provider may be from ours, in seconds.
const SKEW: i64 = 120;

/// What an id token says.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    exp: i64,
    #[serde(default)]
    nbf: i64,
    iat: i64,
    /// One or several.
    aud: Value,
    #[serde(default)]
    azp: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Provider {
    /// What an id token says, if it holds and belongs to this sign-in.
    pub(super) async fn verified(&self, token: &str, nonce: &str) -> Result<Claims, AuthError> {
        if token.len() > LEN_MAX {
            return Err(trouble("its id_token is too long"));
        }
        let header = decode_header(token).map_err(|_| trouble("its id_token is not a signed JWT"))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(trouble("its id_token is signed by an algorithm that is not accepted"));
        }
        let keys = self.keys(header.kid.as_deref()).await?;
        let key = key_of(&keys, header.kid.as_deref(), header.alg);
        let key = key.ok_or_else(|| trouble("its id_token names a key that it does not publish"))?;
        verify(token, &key, header.alg, &self.settings, nonce, self.now().unix()).map_err(trouble)
    }
}

/// The one key that may have signed.
fn key_of(keys: &JwkSet, kid: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
    let fits = |key: &&Jwk| {
        let kind = match &key.algorithm {
            AlgorithmParameters::RSA(_) => matches!(algorithm, Algorithm::RS256 | Algorithm::PS256),
            AlgorithmParameters::EllipticCurve(_) => algorithm == Algorithm::ES256,
            _ => false,
        };
        let usage = key.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
        kind && usage && kid.is_none_or(|kid| key.common.key_id.as_deref() == Some(kid))
    };
    let mut found = keys.keys.iter().filter(fits);
    let key = found.next()?;
    // Without a name there must be no choice.
    if found.next().is_some() { None } else { DecodingKey::from_jwk(key).ok() }
}

fn verify(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
    settings: &ProviderSettings,
    nonce: &str,
    now: i64,
) -> Result<Claims, &'static str> {
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    validation.set_audience(&[&settings.client_id]);
    validation.set_issuer(&[&settings.issuer]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = decode::<Claims>(token, key, &validation)
        .map_err(|_| "the signature, the issuer or the audience of its id_token is wrong")?
        .claims;
    if claims.exp <= now - SKEW {
        return Err("its id_token has expired");
    }
    if claims.nbf.max(claims.iat) > now + SKEW {
        return Err("its id_token is not valid yet");
    }
    let others = claims.aud.as_array().is_some_and(|all| all.len() > 1);
    let authorized = match &claims.azp {
        Some(azp) => *azp == settings.client_id,
        None => !others,
    };
    if !authorized {
        return Err("its id_token was made for another program");
    }
    let given = claims.nonce.as_deref().unwrap_or_default();
    if !pki::digest::constant_time_eq(given.as_bytes(), nonce.as_bytes()) {
        return Err("its id_token belongs to another sign-in");
    }
    if claims.sub.is_empty() {
        return Err("its id_token names nobody");
    }
    Ok(claims)
}

impl Claims {
    /// The name of the account that the person has here.
    pub(super) fn name(&self, settings: &ProviderSettings) -> Result<String, String> {
        let claim = settings.claim.as_str();
        let value = self.rest.get(claim).and_then(Value::as_str).filter(|value| !value.is_empty());
        let Some(value) = value else { return Err(format!("its id_token has no claim {claim}")) };
        // Whoever may write any address into their profile there must not become somebody else here.
        let verified = self.rest.get("email_verified");
        let is_verified = verified == Some(&Value::Bool(true)) || verified == Some(&Value::from("true"));
        if claim == "email" && !is_verified {
            return Err("it does not vouch for the e-mail address (email_verified)".into());
        }
        let domain = value.rsplit_once('@').map_or("", |(_, domain)| domain);
        let allowed = &settings.allowed_domains;
        if !allowed.is_empty() && !allowed.iter().any(|known| known.eq_ignore_ascii_case(domain)) {
            return Err("the person's domain is not one that the settings allow".into());
        }
        Ok(value.to_owned())
    }
}

#[cfg(test)]
mod tests;
