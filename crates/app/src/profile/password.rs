//! The password of the administrator's account that a profile makes on Macs (`adminAccountPassword`, N34).

use domain::secret::SecretKind;
use domain::{Platform, ProfileId, TokenId};
use zeroize::Zeroizing;

use super::load;
use crate::scope::Scope;
use crate::{Actor, App, AppError, Result};

/// The setting's name in Graph.
const SETTING: &str = "adminAccountPassword";
/// Longest password, in bytes; macOS takes no more.
const PASSWORD_LEN_MAX: usize = 255;

/// Whether such a password can be set, for who has more to do before it is.
///
/// # Errors
/// [`AppError::Invalid`] for one that is empty, too long or holds control characters.
pub fn check_admin_password(password: &str) -> Result<()> {
    let fits = !password.is_empty() && password.len() <= PASSWORD_LEN_MAX;
    if fits && !password.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(AppError::invalid(SETTING, "takes 1 to 255 bytes without control characters (N34)"))
    }
}

/// Sets the password that the accounts of Macs get which enrol from now on, or with none has one made for each device
/// again. It is sealed, and never given out.
///
/// # Errors
/// [`AppError::NotFound`] for the profile; [`AppError::Invalid`] for a profile of another platform, or a password that
/// is empty, too long or holds control characters.
pub async fn set_admin_password(
    app: &App,
    actor: &Actor,
    token: &TokenId,
    id: &ProfileId,
    password: Option<Zeroizing<String>>,
) -> Result<()> {
    actor.must_administer()?;
    if let Some(password) = &password {
        check_admin_password(password)?;
    }
    let args = (Scope::of(app, actor), token.clone(), id.clone(), password);
    app.commit(args, |tx, (scope, token, id, password)| {
        Box::pin(async move {
            let profile = load(&scope, tx, &token, &id).await?;
            if profile.platform != Platform::MacOs {
                return Err(AppError::invalid(SETTING, "is a setting of macOS profiles (N34)"));
            }
            let (kind, owner) = (SecretKind::AdminPassword, profile.id.as_str());
            match password {
                Some(password) => {
                    store::secret::put(tx, &scope.tenant, kind, owner, password.as_bytes()).await?;
                }
                None => drop(store::secret::delete(tx, &scope.tenant, kind, owner).await?),
            }
            Ok(())
        })
    })
    .await?;
    tracing::info!(tenant = %actor.tenant, profile = %id, actor = %actor.name, "changed the password of the administrator's account");
    Ok(())
}
