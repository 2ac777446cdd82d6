//! Access tokens: made and checked by this server, in the shape of Microsoft Entra's.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{TenantId, Time};
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

use crate::key::Key;
use crate::standing::Subject;
use crate::{AuthError, Caller, Role, Who};

/// How long a token is good for, as in Microsoft Entra.
pub const TOKEN_LIFE: Duration = Duration::from_secs(60 * 60);
/// Longest bearer token looked at, in bytes. Ours have some 1,200.
const TOKEN_LEN_MAX: usize = 8 * 1024;
/// The only algorithm accepted.
const ALGORITHM: Algorithm = Algorithm::RS256;
/// How far the clocks of several servers may be apart.
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

/// The claims of a token, named as in Microsoft Entra's.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    aud: String,
    iss: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
    tid: String,
    sub: String,
    oid: String,
    /// `app` or `user`.
    idtyp: String,
    appid: String,
    /// How the application proved itself: 0 not at all, 1 by a secret, 2 by a certificate.
    appidacr: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_displayname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scp: Option<String>,
    roles: Vec<String>,
    ver: String,
    /// Ours: `iat` in microseconds, of a person's token: whose sessions were ended a moment before gets a new one at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iat_us: Option<i64>,
    /// Ours: which credential of the application it was given for, so that it ends with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
}

/// For whom a token is made.
pub(crate) struct Grant<'a> {
    pub(crate) caller: &'a Caller,
    /// `appidacr`.
    pub(crate) proof: u8,
    /// The application's credential.
    pub(crate) credential: Option<String>,
    /// `scp`, of a person's token.
    pub(crate) scope: Option<String>,
}

/// A token that holds.
pub(crate) struct Checked {
    pub(crate) caller: Caller,
    /// Who must still be welcome.
    pub(crate) subject: Subject,
    /// `iat`.
    pub(crate) issued_at: Time,
}

/// Makes and checks tokens of the API at `base`, its public URL, which is also their audience.
pub(crate) struct Issuer {
    base: String,
    validation: Validation,
}

impl Issuer {
    pub(crate) fn new(base: &str) -> Self {
        let mut validation = Validation::new(ALGORITHM);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss"]);
        validation.set_audience(&[base]);
        // Both times are checked by the server's own clock below, which tests can turn.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self { base: base.to_owned(), validation }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    fn name_for(&self, tenant: &str) -> String {
        format!("{}/{tenant}/v2.0", self.base)
    }

    pub(crate) fn issue(&self, grant: &Grant<'_>, key: &Key, now: Time) -> Result<AccessToken, AuthError> {
        let caller = grant.caller;
        let (idtyp, appid, app_displayname, upn) = match &caller.who {
            Who::Application { id, name } => ("app", id.clone(), Some(name.clone()), None),
            Who::User { name, application, .. } => {
                ("user", application.clone().unwrap_or_default(), None, Some(name.clone()))
            }
        };
        let claims = Claims {
            aud: self.base.clone(),
            iss: self.name_for(caller.tenant.as_str()),
            iat: now.unix(),
            nbf: now.unix(),
            exp: now.plus(TOKEN_LIFE).unix(),
            jti: uuid::Uuid::new_v4().hyphenated().to_string(),
            tid: caller.tenant.to_string(),
            sub: caller.id().to_owned(),
            oid: caller.id().to_owned(),
            idtyp: idtyp.into(),
            appid,
            appidacr: grant.proof.to_string(),
            app_displayname,
            scp: grant.scope.clone(),
            roles: match grant.scope {
                Some(_) => Vec::new(),
                None => caller.roles.iter().map(|role| role.as_str().to_owned()).collect(),
            },
            ver: "2.0".into(),
            iat_us: upn.as_ref().map(|_| now.micros()),
            upn,
            credential: grant.credential.clone(),
        };
        Ok(AccessToken { text: signed(key, &claims)?, life: TOKEN_LIFE })
    }

    /// The name of the key that a token says it was signed with.
    ///
    /// # Errors
    /// [`AuthError::Token`] if it is too long, or is none, or names another algorithm than ours.
    pub(crate) fn key_id(text: &str) -> Result<String, AuthError> {
        if text.len() > TOKEN_LEN_MAX {
            return Err(AuthError::Token("it is too long"));
        }
        let header = decode_header(text).ok().filter(|header| header.alg == ALGORITHM);
        header.and_then(|header| header.kid).ok_or(NOT_OURS)
    }

    pub(crate) fn check(&self, text: &str, key: &Key, now: Time) -> Result<Checked, AuthError> {
        let claims = decode::<Claims>(text, &key.check, &self.validation).map_err(|_| NOT_OURS)?.claims;
        if claims.exp <= now.unix() {
            return Err(AuthError::Token("it has expired; ask for another"));
        }
        if claims.nbf.max(claims.iat) > now.plus(SKEW).unix() {
            return Err(AuthError::Token("it is not valid yet"));
        }
        if claims.iss != self.name_for(&claims.tid) {
            return Err(AuthError::Token("its issuer is another tenant's"));
        }
        checked(claims).ok_or(NOT_OURS)
    }
}

/// For every token that this server's key did not sign for this API, whatever else is wrong of it.
pub(crate) const NOT_OURS: AuthError = AuthError::Token("it was not made by this server for this API");

fn checked(claims: Claims) -> Option<Checked> {
    let tenant = TenantId::try_from(claims.tid).ok()?;
    // What a program may do for a person is in `scp`, as in Entra's tokens.
    let words = claims.roles.iter().map(String::as_str);
    let words = words.chain(claims.scp.iter().flat_map(|scope| scope.split(' ')));
    let roles = words.filter_map(Role::from_graph).collect();
    let (who, subject) = match claims.idtyp.as_str() {
        "app" => {
            let subject = Subject::Credential {
                tenant: tenant.clone(),
                application: claims.appid.clone(),
                credential: claims.credential?,
            };
            (Who::Application { id: claims.appid, name: claims.app_displayname? }, subject)
        }
        "user" => {
            let id: domain::UserId = claims.oid.parse().ok()?;
            let application = Some(claims.appid).filter(|id| !id.is_empty());
            let subject =
                Subject::User { tenant: tenant.clone(), id: id.clone(), application: application.clone() };
            (Who::User { id, name: claims.upn?, application }, subject)
        }
        _ => return None,
    };
    let issued_at = claims.iat_us.map_or(Time::from_unix(claims.iat), Time::from_micros);
    Some(Checked { caller: Caller { tenant, who, roles }, subject, issued_at })
}

/// A JWS of the claims (RFC 7515 section 3.1). By `pki`'s key, which is kept parsed: parsing it costs more than signing.
fn signed(key: &Key, claims: &Claims) -> Result<Zeroizing<String>, AuthError> {
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": key.id.as_str() });
    let claims = serde_json::to_vec(claims).map_err(|e| AuthError::Crypto(e.to_string()))?;
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims),);
    let signature = key.private.sign_sha256(message.as_bytes())?;
    Ok(Zeroizing::new(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))))
}
