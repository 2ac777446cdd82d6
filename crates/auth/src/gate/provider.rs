//! People whom the organisation's own identity provider vouches for.

use domain::session::Stage;
use domain::user::methods::External;

use super::Gate;
use super::session::{Browser, NewSession, begin, session};
use crate::AuthError;
use crate::provider::{Provider, Returned, trouble};
use crate::user::methods_of;

impl Gate {
    /// Signs in whoever comes back from the provider, if an account of ours is theirs. From the first time on the account
    /// belongs to that person there, and to nobody who may get their name later.
    ///
    /// # Errors
    /// [`AuthError::Provider`], with what is wrong; [`AuthError::NotSignedIn`] for who has no account here, or a disabled
    /// one.
    pub async fn sign_in_by_provider(
        &self,
        provider: &Provider,
        returned: Returned<'_>,
        browser: Browser<'_>,
    ) -> Result<NewSession, AuthError> {
        let identity = provider.finish(returned).await?;
        let (tenant, now, name) = (provider.tenant().clone(), self.now(), identity.name);
        let external = External { issuer: identity.issuer, subject: identity.subject };
        let found = self.0.store.read(move |tx| {
            let (tenant, name) = (tenant.clone(), name.clone());
            Box::pin(async move { Ok::<_, AuthError>(store::user::by_name(tx, &tenant, &name).await?) })
        });
        let user = found.await?.filter(|user| user.account_enabled).ok_or(AuthError::NotSignedIn)?;
        let (token, made) = session(&user, Stage::Full, browser, now)?;
        let done = self.0.store.transact(move |tx| {
            let (user, external, made) = (user.clone(), external.clone(), made.clone());
            Box::pin(async move {
                let mut methods = methods_of(tx, &user).await?;
                match &methods.external {
                    Some(known) if *known == external => {}
                    Some(_) => return Err(trouble("the account belongs to somebody else there")),
                    None => {
                        methods.external = Some(external);
                        store::user::methods_update(tx, &methods).await?;
                    }
                }
                begin(tx, &made).await
            })
        });
        done.await?;
        Ok(NewSession { token, stage: Stage::Full })
    }
}
