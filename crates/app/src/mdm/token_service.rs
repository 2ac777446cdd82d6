//! `GetToken`: tokens for a device that it shows to a service of Apple's (apple.md 3.4).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Time;
use domain::managed_device::{ManagedDevice, Refusal};
use domain::secret::SecretKind;
use domain::token::{Account, ServerToken};
use pki::key::RsaKey;
use serde::Serialize;
use store::Tx;
use zeroize::Zeroizing;

use super::{Reply, managed_caller, refused};
use crate::scope::Scope;
use crate::{AppError, Result};

/// A Managed Apple Account's sign-in asks whether the device is managed by its organisation.
const MAID: &str = "com.apple.maid";

/// Answers `GetToken`. The token stands for the virtual server that the device is assigned to at Apple: it is signed
/// with the private key whose public half Apple was given for that server.
///
/// # Errors
/// [`AppError::Invalid`] for a service that we do not know; [`AppError::Conflict`] while the server is not known.
pub(super) async fn give(scope: &Scope, fingerprint: String, udid: &str, service: &str) -> Result<Reply> {
    let (in_tx, udid) = (scope.clone(), udid.to_owned());
    // Who asks is settled before what is asked.
    let found = scope.app.store.read(move |tx| {
        let (scope, fingerprint, udid) = (in_tx.clone(), fingerprint.clone(), udid.clone());
        Box::pin(async move {
            let (device, _) = managed_caller(&scope, tx, &fingerprint, &udid).await?;
            if !device.stage.is_managed() {
                return Err(refused(Refusal::Ended));
            }
            server_key(&scope, tx, &device).await
        })
    });
    let found = found.await?;
    if service != MAID {
        let service: String = service.chars().take(64).collect();
        let words = format!("there is no token service {service:?} here");
        return Err(AppError::invalid("TokenServiceType", words));
    }
    let (server_uuid, key) = found.ok_or_else(|| {
        AppError::conflict("the virtual server of the device's token is not known; sync the token")
    })?;
    let jti = uuid::Uuid::new_v4().to_string();
    let token = sign(&RsaKey::from_pkcs8(&key)?, &server_uuid, scope.now, jti)?;
    let body = mdm::checkin::reply::token(token.as_bytes());
    Ok(Reply::Plist(body.map_err(|error| AppError::internal(format!("failed to {error}")))?))
}

/// `server_uuid` of the token that the device enrolled through, and the private key of that token.
async fn server_key(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &ManagedDevice,
) -> Result<Option<(String, Zeroizing<Vec<u8>>)>> {
    let token = store::token::get(tx, &scope.tenant, &device.token).await?;
    let Some(ServerToken { key, account, .. }) = token.and_then(|token| token.server) else {
        return Ok(None);
    };
    let uuid = account.as_ref().and_then(Account::uuid).map(str::to_owned);
    let private = store::secret::get(tx, &scope.tenant, SecretKind::TokenKey, key.as_str()).await?;
    Ok(uuid.zip(private))
}

#[derive(Serialize)]
struct Header {
    alg: &'static str,
    typ: &'static str,
}

#[derive(Serialize)]
struct Claims<'c> {
    iss: &'c str,
    iat: i64,
    jti: String,
    service_type: &'static str,
}

/// A JSON Web Token (RFC 7519) with RS256.
fn sign(key: &RsaKey, server_uuid: &str, now: Time, jti: String) -> Result<String> {
    let part = |json: serde_json::Result<Vec<u8>>| match json {
        Ok(json) => Ok(URL_SAFE_NO_PAD.encode(json)),
        Err(_) => Err(AppError::internal("a token cannot be written as JSON")),
    };
    let header = part(serde_json::to_vec(&Header { alg: "RS256", typ: "JWT" }))?;
    let claims = Claims { iss: server_uuid, iat: now.unix(), jti, service_type: MAID };
    let signed = format!("{header}.{}", part(serde_json::to_vec(&claims))?);
    let signature = URL_SAFE_NO_PAD.encode(key.sign_sha256(signed.as_bytes())?);
    Ok(format!("{signed}.{signature}"))
}
