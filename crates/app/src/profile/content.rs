//! What Apple is sent for a profile, and the secret URL in it.

use domain::profile::{EncodeContext, Profile};
use domain::secret::SecretKind;
use domain::token::Token;
use domain::{ProfileId, TokenId};
use store::Tx;
use zeroize::Zeroizing;

use crate::scope::Scope;
use crate::{Actor, App, AppError, Result};

/// What Apple is sent, and its hash.
pub(crate) struct Content {
    pub(crate) apple: mdm::ade::Profile,
    pub(crate) hash: String,
}

/// What Apple would be sent for a profile now. The server's key is in the hash: what one virtual server knows, another
/// does not.
pub(crate) async fn of(scope: &Scope, tx: &mut Tx<'_>, token: &Token, profile: &Profile) -> Result<Content> {
    let url = url(scope, tx, &profile.id).await?;
    let context = EncodeContext {
        url: url.to_string(),
        web_url: None,
        anchor_certs: scope.app.settings.device_anchors.clone(),
        org_magic: token.id.to_string(),
    };
    let apple = profile.encode(context);
    let json =
        serde_json::to_vec(&apple).map_err(|_| AppError::internal("a profile cannot be written as JSON"))?;
    let json = Zeroizing::new(json);
    let server = token.server.as_ref().map_or("", |server| server.server_key());
    let mut hashed = Zeroizing::new(Vec::with_capacity(json.len() + server.len() + 1));
    hashed.extend_from_slice(server.as_bytes());
    hashed.push(0);
    hashed.extend_from_slice(&json);
    Ok(Content { apple, hash: pki::digest::sha256_hex(&hashed) })
}

/// The enrolment URL of a profile, with its secret.
async fn url(scope: &Scope, tx: &mut Tx<'_>, id: &ProfileId) -> Result<Zeroizing<String>> {
    let secret = store::secret::get(tx, &scope.tenant, SecretKind::EnrollmentUrl, id.as_str()).await?;
    let secret =
        secret.ok_or_else(|| AppError::not_found(format!("the enrolment URL of the profile {id}")))?;
    let secret =
        std::str::from_utf8(&secret).map_err(|_| AppError::internal("an enrolment URL cannot be read"))?;
    Ok(Zeroizing::new(format!("{}/t/{}/enroll/{secret}", scope.app.settings.device_url, scope.tenant)))
}

/// The enrolment URL of a profile (`configurationEndpointUrl`). Whoever has it may ask to enrol a device that is
/// assigned here, so that it is for administrators only.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Refused`] for devices.
pub async fn enrollment_url(
    app: &App,
    actor: &Actor,
    token: &TokenId,
    id: &ProfileId,
) -> Result<Zeroizing<String>> {
    actor.must_administer()?;
    let args = (Scope::of(app, actor), token.clone(), id.clone());
    app.look(args, |tx, (scope, token, id)| {
        Box::pin(async move {
            super::load(&scope, tx, &token, &id).await?;
            url(&scope, tx, &id).await
        })
    })
    .await
}

/// `exportMobileConfig()`: a configuration profile for Apple Configurator's direct enrolment. It must be made for one
/// device with a challenge of its own, so that a file for any device cannot be given out.
///
/// # Errors
/// [`AppError::Refused`], with what to use instead; [`AppError::NotFound`].
pub async fn export_mobile_config(
    app: &App,
    actor: &Actor,
    token: &TokenId,
    id: &ProfileId,
) -> Result<Vec<u8>> {
    super::get(app, actor, token, id).await?;
    Err(AppError::refused(
        "an enrolment profile here is good for one device and some minutes; let Apple Configurator enrol by the \
         profile's configurationEndpointUrl instead",
    ))
}
