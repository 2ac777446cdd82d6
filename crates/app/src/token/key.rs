//! The key pair whose public half goes to Apple (R19).

use domain::secret::SecretKind;
use domain::token::KeyPair;
use domain::{KeyId, TokenId};
use pki::key::{RsaKey, SigningKey};
use pki::x509::{IssuePolicy, Name, Usage, Validity, self_signed};
use zeroize::Zeroizing;

use super::{load, refused, save};
use crate::scope::Scope;
use crate::{Actor, App, AppError, Result};

/// Life of the certificate around the public key. Apple looks at the key only; the token's life is Apple's to say.
const DAYS: i64 = 10 * 365;

/// A new key pair, to be uploaded at Apple. The pair in use stays in use until a token for the new one has arrived; a
/// pair that was waiting is forgotten, as the wizard left behind (R19).
///
/// # Errors
/// [`AppError::Refused`] without consent (R6), [`AppError::NotFound`].
pub async fn generate_key(app: &App, actor: &Actor, id: &TokenId) -> Result<KeyPair> {
    actor.must_administer()?;
    super::get(app, actor, id).await?.may_give_key().map_err(|refusal| refused(&refusal))?;
    let now = app.now();
    let name = format!("Muster {id}");
    let made = tokio::task::spawn_blocking(move || make(&name, now.unix()));
    let (private, certificate_pem, fingerprint) =
        made.await.map_err(|error| AppError::internal(error.to_string()))??;
    let key = KeyPair { id: app.new_id::<KeyId>(), certificate_pem, fingerprint, created_at: now };
    let args = (Scope::of(app, actor), id.clone(), key, private);
    let key = app
        .commit(args, |tx, (scope, id, key, private)| {
            Box::pin(async move {
                let mut token = load(tx, &scope, &id).await?;
                let left_behind = token.stage_key(key.clone()).map_err(|refusal| refused(&refusal))?;
                store::secret::put(tx, &scope.tenant, SecretKind::TokenKey, key.id.as_str(), &private)
                    .await?;
                if let Some(old) = left_behind {
                    store::secret::delete(tx, &scope.tenant, SecretKind::TokenKey, old.as_str()).await?;
                }
                save(tx, &mut token, scope.now).await?;
                Ok(key)
            })
        })
        .await?;
    tracing::info!(tenant = %actor.tenant, token = %id, actor = %actor.name, key = %key.id, "made a token key pair");
    Ok(key)
}

fn make(name: &str, now: i64) -> pki::Result<(Zeroizing<Vec<u8>>, String, String)> {
    let key = RsaKey::generate()?;
    let private = key.to_pkcs8();
    let policy = IssuePolicy::new(Name::of(name), Validity::days(now, DAYS), Usage::ServerToken);
    let certificate = self_signed(&SigningKey::from(key), &policy)?;
    Ok((private, certificate.to_pem(), certificate.sha256_fingerprint()))
}

/// The public key to upload at Apple: the newest.
///
/// # Errors
/// [`AppError::Refused`] without consent (R6), [`AppError::Conflict`] if none was made yet.
pub async fn public_key(app: &App, actor: &Actor, id: &TokenId) -> Result<KeyPair> {
    let token = super::get(app, actor, id).await?;
    token.key_to_give().cloned().map_err(|refusal| refused(&refusal))
}
