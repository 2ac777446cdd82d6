//! Server tokens: what the portal hands out once a year, and what kills it.

use super::model::{Model, PortalFault};
use super::moment::Moment;
use super::org::{AccessToken, OrgId, Revocation, ServerId, TOKEN_LIFE_S};

/// The content of a token file, in Apple's words. Its `Debug` form tells no secret.
#[derive(Clone, serde::Serialize)]
pub struct TokenFile {
    /// Names the MDM server.
    pub consumer_key: String,
    /// Its secret.
    pub consumer_secret: String,
    /// Names this download.
    pub access_token: String,
    /// Its secret.
    pub access_secret: String,
    /// When it ends, ISO 8601.
    pub access_token_expiry: String,
}

impl std::fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenFile").field("expiry", &self.access_token_expiry).finish_non_exhaustive()
    }
}

/// Where a consumer key and an access token lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenStanding {
    /// No server has that consumer key.
    UnknownConsumer,
    /// Not this server's token, or no longer good.
    Rejected,
    /// Good, for that server.
    Good(ServerId),
}

impl Model {
    /// Downloads a token: the one in use dies at once, whether the new one is ever used or not.
    ///
    /// # Errors
    /// [`PortalFault::NoSuchServer`].
    pub fn issue_token(&mut self, id: ServerId, by: &str, now: Moment) -> Result<TokenFile, PortalFault> {
        let server = self.server_mut(id).ok_or(PortalFault::NoSuchServer)?;
        let access = AccessToken {
            token: format!("AT_{}", secret()),
            secret: format!("AS_{}", secret()),
            expires: now.plus_seconds(TOKEN_LIFE_S),
            made_by: by.to_owned(),
            revoked: None,
        };
        let file = TokenFile {
            consumer_key: server.consumer_key.clone(),
            consumer_secret: server.consumer_secret.clone(),
            access_token: access.token.clone(),
            access_secret: access.secret.clone(),
            access_token_expiry: access.expires.iso8601(),
        };
        server.access = Some(access);
        Ok(file)
    }

    /// Kills a server's token.
    ///
    /// # Errors
    /// [`PortalFault::NoSuchServer`].
    pub fn revoke_token(&mut self, id: ServerId, why: Revocation) -> Result<(), PortalFault> {
        let server = self.server_mut(id).ok_or(PortalFault::NoSuchServer)?;
        if let Some(access) = &mut server.access {
            access.revoked = Some(why);
        }
        Ok(())
    }

    /// A person changed the password of their Apple Account or left: every token they made dies.
    ///
    /// Returns the servers that lost their token.
    pub fn lose_person(&mut self, org: OrgId, apple_account: &str, why: Revocation) -> Vec<ServerId> {
        let mut hit = Vec::new();
        for (id, server) in (0..).map(ServerId).zip(&mut self.servers) {
            let access = server.access.as_mut().filter(|access| access.made_by == apple_account);
            if let Some(access) = access.filter(|access| access.revoked.is_none() && server.org == org) {
                access.revoked = Some(why);
                hit.push(id);
            }
        }
        hit
    }

    /// Finds the server whose consumer key that is.
    pub fn consumer(&self, consumer_key: &str) -> Option<ServerId> {
        self.servers().find(|(_, server)| server.consumer_key == consumer_key).map(|(id, _)| id)
    }

    /// Whether a token still opens a session.
    pub fn standing(&self, consumer_key: &str, access_token: &str, now: Moment) -> TokenStanding {
        let Some(id) = self.consumer(consumer_key) else { return TokenStanding::UnknownConsumer };
        let access = self.server(id).and_then(|server| server.access.as_ref());
        let good = access.is_some_and(|access| {
            access.token == access_token && access.revoked.is_none() && now < access.expires
        });
        if good { TokenStanding::Good(id) } else { TokenStanding::Rejected }
    }
}

/// Thirty-two hexadecimal characters of the system's randomness (122 bits of it).
fn secret() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
