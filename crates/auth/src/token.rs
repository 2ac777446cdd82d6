//! Bearer tokens: made and checked by this server alone.

use std::fmt;
use std::time::Duration;

use domain::{TenantId, Time};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{AuthError, Role};

/// How long a token is good for, as in Microsoft Entra.
pub const TOKEN_LIFE: Duration = Duration::from_secs(60 * 60);
/// Longest bearer token looked at, in bytes. Ours have some 700.
const TOKEN_LEN_MAX: usize = 8 * 1024;
/// The only algorithm accepted.
const ALGORITHM: Algorithm = Algorithm::HS256;
/// Clocks of one server agree with themselves: a token from the future is not ours.
const SKEW: Duration = Duration::from_secs(60);

/// A bearer token that was just made.
#[derive(Clone)]
pub struct AccessToken {
    /// `access_token`.
    pub text: Zeroizing<String>,
    /// `expires_in`.
    pub life: Duration,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("life", &self.life).finish_non_exhaustive()
    }
}

/// Who a bearer token was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The one tenant it reaches.
    pub tenant: TenantId,
    /// Client id.
    pub application: String,
    /// The application's name.
    pub name: String,
    /// What it may do.
    pub roles: Vec<Role>,
}

impl Caller {
    /// Whether it may do what `needed` allows.
    pub fn may(&self, needed: Role) -> bool {
        self.roles.iter().any(|role| role.covers(needed))
    }
}

/// The claims of an application token, named as in Microsoft Entra's.
#[derive(Serialize, Deserialize)]
struct Claims {
    aud: String,
    iss: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    tid: String,
    sub: String,
    appid: String,
    app_displayname: String,
    roles: Vec<String>,
    ver: String,
}

/// Signs and checks tokens.
pub(crate) struct Issuer {
    sign: EncodingKey,
    check: DecodingKey,
    validation: Validation,
    base: String,
}

impl Issuer {
    /// An issuer at `base`, the API's public URL, which is also the audience.
    pub(crate) fn new(key: &[u8], base: &str) -> Self {
        let mut validation = Validation::new(ALGORITHM);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss"]);
        validation.set_audience(&[base]);
        // Both times are checked by the server's own clock below, which tests can turn.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            sign: EncodingKey::from_secret(key),
            check: DecodingKey::from_secret(key),
            validation,
            base: base.to_owned(),
        }
    }

    fn name_for(&self, tenant: &str) -> String {
        format!("{}/{tenant}/v2.0", self.base)
    }

    pub(crate) fn issue(&self, caller: &Caller, now: Time) -> Result<AccessToken, AuthError> {
        let claims = Claims {
            aud: self.base.clone(),
            iss: self.name_for(caller.tenant.as_str()),
            iat: now.unix(),
            nbf: now.unix(),
            exp: now.plus(TOKEN_LIFE).unix(),
            tid: caller.tenant.to_string(),
            sub: caller.application.clone(),
            appid: caller.application.clone(),
            app_displayname: caller.name.clone(),
            roles: caller.roles.iter().map(|role| role.as_str().to_owned()).collect(),
            ver: "2.0".into(),
        };
        let text = encode(&Header::new(ALGORITHM), &claims, &self.sign)
            .map_err(|e| AuthError::Crypto(e.to_string()))?;
        Ok(AccessToken { text: Zeroizing::new(text), life: TOKEN_LIFE })
    }

    pub(crate) fn check(&self, text: &str, now: Time) -> Result<Caller, AuthError> {
        if text.len() > TOKEN_LEN_MAX {
            return Err(AuthError::Token("it is too long"));
        }
        let claims: Claims = decode(text, &self.check, &self.validation)
            .map_err(|_| AuthError::Token("it was not made by this server for this API"))?
            .claims;
        if claims.exp <= now.unix() {
            return Err(AuthError::Token("it has expired; ask for another"));
        }
        if claims.nbf > now.plus(SKEW).unix() {
            return Err(AuthError::Token("it is not valid yet"));
        }
        if claims.iss != self.name_for(&claims.tid) {
            return Err(AuthError::Token("its issuer is another tenant's"));
        }
        let tenant = TenantId::try_from(claims.tid).map_err(|_| AuthError::Token("it names no tenant"))?;
        let roles = claims.roles.iter().filter_map(|role| Role::from_graph(role)).collect();
        Ok(Caller { tenant, application: claims.appid, name: claims.app_displayname, roles })
    }
}
