//! The public parts of the keys that sign tokens, for whoever checks tokens elsewhere (RFC 7517).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::key::Key;

/// A JWK Set.
pub(crate) fn set<'k>(keys: impl Iterator<Item = &'k Key>) -> Value {
    let jwk = |key: &Key| {
        let (modulus, exponent) = key.public().rsa_numbers()?;
        Some(json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": key.id.as_str(),
            "n": URL_SAFE_NO_PAD.encode(modulus),
            "e": URL_SAFE_NO_PAD.encode(exponent),
        }))
    };
    json!({ "keys": keys.filter_map(jwk).collect::<Vec<_>>() })
}
