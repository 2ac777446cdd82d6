//! Signing in: OAuth 1.0a with the secrets of the server token.

use std::fmt;

use http::HeaderValue;
use pki::smime::ServerToken;
use pki::{oauth1, random};
use zeroize::Zeroizing;

use super::AdeError;

/// The secrets of a server token. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `consumer_key`.
    pub consumer_key: String,
    /// `consumer_secret`.
    pub consumer_secret: Zeroizing<String>,
    /// `access_token`.
    pub access_token: Zeroizing<String>,
    /// `access_secret`.
    pub access_secret: Zeroizing<String>,
}

impl From<&ServerToken> for Credentials {
    fn from(token: &ServerToken) -> Credentials {
        Credentials {
            consumer_key: token.consumer_key.clone(),
            consumer_secret: token.consumer_secret.clone(),
            access_token: token.access_token.clone(),
            access_secret: token.access_secret.clone(),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// The `Authorization` header of a GET of `url` at `now` (seconds since 1970).
pub(super) fn authorization(credentials: &Credentials, url: &str, now: i64) -> Result<HeaderValue, AdeError> {
    let nonce = random::secret().map_err(|e| unsigned(&e))?;
    let secrets = oauth1::Credentials {
        consumer_key: &credentials.consumer_key,
        consumer_secret: &credentials.consumer_secret,
        access_token: &credentials.access_token,
        access_secret: &credentials.access_secret,
    };
    let header = oauth1::authorization_header(&secrets, "GET", url, now, &nonce).map_err(|e| unsigned(&e))?;
    let mut value = HeaderValue::from_str(&header).map_err(|e| unsigned(&e))?;
    value.set_sensitive(true);
    Ok(value)
}

fn unsigned(error: &dyn std::error::Error) -> AdeError {
    AdeError::Sign { words: error.to_string() }
}
