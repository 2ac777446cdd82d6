//! The life of a token: consent, keys, upload, renewal, deletion (R6, R18 to R26).

use std::collections::BTreeMap;

use crate::{KeyId, TenantId, Time, TokenId};

use super::{Account, Consent, KeyPair, ServerToken, Standing, Token};

/// Longest name of a token, in characters; Apple's own limit for a server's name is shorter.
pub const NAME_LEN_MAX: usize = 255;
/// Longest Apple ID, in characters: the longest e-mail address of RFC 5321.
pub const APPLE_ID_LEN_MAX: usize = 254;
/// Scope tags a token.
pub const SCOPE_TAGS_MAX: usize = 100;
/// The scope tag that every object has that was given none (L13).
pub const DEFAULT_SCOPE_TAG: &str = "0";

/// What an uploaded `.p7m` turned out to be. Its secrets stay outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// `consumer_key`.
    pub consumer_key: String,
    /// `access_token_expiry`.
    pub expires_at: Time,
    /// The key pair that opened it.
    pub opened_by: KeyId,
    /// What `/account` answered to its credentials; none: Apple could not be reached.
    pub account: Option<Account>,
    /// The Apple ID that the administrator entered (R21).
    pub apple_id: Option<String>,
}

/// What accepting a file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The token with it.
    pub token: Token,
    /// Whether it is the server of before.
    pub change: ServerChange,
    /// The key pair that opened it, so that an answer can say which one a file was made for (R19).
    pub key: KeyPair,
    /// A key pair that is no longer needed: Apple has the public half of another one now.
    pub retired_key: Option<KeyId>,
}

/// Which virtual server a file stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerChange {
    /// The token's first file.
    First,
    /// The server of before: cursor, devices and profiles at Apple stay valid (R24).
    Same,
    /// Another server, with confirmation: everything is read and defined anew.
    Other,
}

/// What is under a token. Tombstones of deleted devices do not count (intune.md 7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contents {
    /// Devices that Apple assigns to it.
    pub devices: u64,
    /// Of those, the devices that its default profiles hold for.
    pub default_profile_devices: u64,
    /// Enrollment profiles.
    pub profiles: u64,
}

/// Why a token stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// R6.
    #[error("an administrator must agree to send user and device information to Apple first (R6)")]
    NoConsent,
    /// R19.
    #[error(
        "there is no public key yet: generate one, upload it at Apple and download the token made for it (R19)"
    )]
    NoKey,
    /// R19.
    #[error("the file was made for a key pair that this token does not hold; {held} (R19)")]
    UnknownKey {
        /// Which it holds.
        held: String,
    },
    /// The date in the file has passed.
    #[error("the token in the file ran out at {0}; download a new one at Apple (R24)")]
    Expired(String),
    /// An older file of the same server: Apple took it back when it made the newer one.
    #[error("the file is older than the token in use; Apple took it back when it made the newer one (R24)")]
    Older,
    /// R24; lessons 24.
    #[error(
        "the file is of another server: {found}, and this token is of {held}. A renewal keeps the server. With \
         confirmation, its devices are read anew and every profile is defined again at the other server (R24)"
    )]
    OtherServer {
        /// The server of the file.
        found: String,
        /// The server of the token.
        held: String,
    },
    /// R25.
    #[error(
        "{devices} devices are assigned to it ({default} of them to its default profile): unassign or release them at \
         Apple or delete them here first (R25)"
    )]
    HasDevices {
        /// How many.
        devices: u64,
        /// How many of them the default profile holds for.
        default: u64,
    },
    /// R25 and intune.md 7.
    #[error("{0} enrollment profiles go with it; ask again with confirmation (R25)")]
    HasProfiles(u64),
    /// A text that is empty or too long.
    #[error("{what} takes 1 to {most} characters")]
    Text {
        /// Which.
        what: &'static str,
        /// How many at most.
        most: usize,
    },
}

impl Token {
    /// A draft: without consent, keys or server.
    pub fn draft(tenant: TenantId, id: TokenId, name: &str, now: Time) -> Result<Self, TokenRefusal> {
        let mut token = Self {
            tenant,
            id,
            version: 1,
            name: String::new(),
            apple_id: None,
            consent: None,
            scope_tags: vec![DEFAULT_SCOPE_TAG.to_owned()],
            share_with_school_data_sync: false,
            key: None,
            pending_key: None,
            server: None,
            standing: Standing::Good,
            default_profiles: BTreeMap::new(),
            created_at: now,
            modified_at: now,
            deleted_at: None,
        };
        token.rename(name)?;
        Ok(token)
    }

    /// Gives it another name.
    pub fn rename(&mut self, name: &str) -> Result<(), TokenRefusal> {
        self.name = text(name, "tokenName", NAME_LEN_MAX)?;
        Ok(())
    }

    /// Notes the Apple ID; an empty one takes it away (R21).
    pub fn note_apple_id(&mut self, apple_id: &str) -> Result<(), TokenRefusal> {
        self.apple_id = match apple_id.trim() {
            "" => None,
            id => Some(text(id, "appleIdentifier", APPLE_ID_LEN_MAX)?),
        };
        Ok(())
    }

    /// Replaces the scope tags; none is Default (R22, L13).
    pub fn tag(&mut self, mut tags: Vec<String>) {
        tags.retain(|tag| !tag.trim().is_empty());
        tags.sort_unstable();
        tags.dedup();
        tags.truncate(SCOPE_TAGS_MAX);
        if tags.is_empty() {
            tags.push(DEFAULT_SCOPE_TAG.to_owned());
        }
        self.scope_tags = tags;
    }

    /// Records consent. The first one stands: it is evidence (R6).
    pub fn agree(&mut self, by: &str, now: Time) {
        self.consent.get_or_insert_with(|| Consent { at: now, by: by.to_owned() });
    }

    /// Whether a public key may be made and downloaded (R6).
    pub fn may_give_key(&self) -> Result<(), TokenRefusal> {
        self.consent.as_ref().map(|_| ()).ok_or(TokenRefusal::NoConsent)
    }

    /// Holds a new key pair ready. The one in use stays until a token for the new one has arrived (R19, lessons 25).
    ///
    /// Answers the pair that it replaces, whose private half is to be forgotten.
    pub fn stage_key(&mut self, key: KeyPair) -> Result<Option<KeyId>, TokenRefusal> {
        self.may_give_key()?;
        Ok(self.pending_key.replace(key).map(|old| old.id))
    }

    /// The key pair to upload at Apple: the newest.
    pub fn key_to_give(&self) -> Result<&KeyPair, TokenRefusal> {
        self.may_give_key()?;
        self.pending_key.as_ref().or(self.key.as_ref()).ok_or(TokenRefusal::NoKey)
    }

    /// The key pairs that a file may have been made for, the one in use first.
    pub fn keys(&self) -> impl Iterator<Item = &KeyPair> {
        self.key.iter().chain(self.pending_key.iter())
    }

    /// Why no key of ours opened a file.
    pub fn unknown_key(&self) -> TokenRefusal {
        let print = |key: &KeyPair| key.fingerprint.chars().take(16).collect::<String>();
        let held = match (&self.key, &self.pending_key) {
            (None, None) => return TokenRefusal::NoKey,
            (Some(used), None) => {
                format!("upload the one in use ({}…) at Apple and download again", print(used))
            }
            (None, Some(new)) => format!("upload the newest ({}…) at Apple and download again", print(new)),
            (Some(used), Some(new)) => {
                format!("it holds one in use ({}…) and a newer one that waits ({}…)", print(used), print(new))
            }
        };
        TokenRefusal::UnknownKey { held }
    }

    /// Takes an uploaded file over (R18, R21, R24). `confirmed`: another server is meant.
    pub fn accept(&self, upload: Upload, confirmed: bool, now: Time) -> Result<Accepted, TokenRefusal> {
        self.may_give_key()?;
        let key =
            self.keys().find(|key| key.id == upload.opened_by).ok_or_else(|| self.unknown_key())?.clone();
        if upload.expires_at <= now {
            return Err(TokenRefusal::Expired(upload.expires_at.rfc3339()));
        }
        let change = self.server_change(&upload);
        match (change, &self.server) {
            (ServerChange::Other, Some(held)) if !confirmed => {
                return Err(TokenRefusal::OtherServer { found: named(&upload), held: held.named() });
            }
            (ServerChange::Same, Some(held)) if upload.expires_at < held.expires_at => {
                return Err(TokenRefusal::Older);
            }
            _ => {}
        }
        let mut token = self.clone();
        if let Some(apple_id) = &upload.apple_id {
            token.note_apple_id(apple_id)?;
        }
        let retired_key = token.put_in_use(&key);
        let known =
            self.server.as_ref().filter(|_| change == ServerChange::Same).and_then(|s| s.account.clone());
        token.server = Some(ServerToken {
            consumer_key: upload.consumer_key,
            expires_at: upload.expires_at,
            uploaded_at: now,
            key: key.id.clone(),
            account: upload.account.or(known),
        });
        token.standing = Standing::Good;
        token.modified_at = now;
        Ok(Accepted { token, change, key, retired_key })
    }

    /// Moves a pending pair into use; answers the pair that it displaces.
    fn put_in_use(&mut self, key: &KeyPair) -> Option<KeyId> {
        if self.key.as_ref().is_some_and(|used| used.id == key.id) {
            return None;
        }
        self.pending_key = None;
        self.key.replace(key.clone()).map(|old| old.id)
    }

    /// The server's stable id decides where both sides know it; the consumer key where one does not (lessons 29).
    fn server_change(&self, upload: &Upload) -> ServerChange {
        let Some(held) = &self.server else { return ServerChange::First };
        let same = match (held.server_uuid(), upload.account.as_ref().and_then(Account::uuid)) {
            (Some(held), Some(found)) => held == found,
            _ => held.consumer_key == upload.consumer_key,
        };
        if same { ServerChange::Same } else { ServerChange::Other }
    }

    /// Deletes for good: the row stays as a tombstone so that nothing brings it back (R25, R26).
    pub fn delete(&self, contents: Contents, confirmed: bool, now: Time) -> Result<Token, TokenRefusal> {
        if contents.devices > 0 {
            let Contents { devices, default_profile_devices: default, .. } = contents;
            return Err(TokenRefusal::HasDevices { devices, default });
        }
        if contents.profiles > 0 && !confirmed {
            return Err(TokenRefusal::HasProfiles(contents.profiles));
        }
        let mut token = self.clone();
        token.key = None;
        token.pending_key = None;
        token.default_profiles.clear();
        token.deleted_at = Some(now);
        token.modified_at = now;
        Ok(token)
    }
}

impl Account {
    /// `server_uuid`, if Apple told it.
    pub fn uuid(&self) -> Option<&str> {
        Some(self.server_uuid.as_str()).filter(|uuid| !uuid.is_empty())
    }
}

impl ServerToken {
    /// The server's stable id, if Apple told it.
    pub fn server_uuid(&self) -> Option<&str> {
        self.account.as_ref().and_then(Account::uuid)
    }

    /// What names the server to Apple: its id, or the consumer key while that is not known. Never a secret.
    pub fn server_key(&self) -> &str {
        self.server_uuid().unwrap_or(&self.consumer_key)
    }

    fn named(&self) -> String {
        name_of(self.account.as_ref(), &self.consumer_key)
    }
}

fn named(upload: &Upload) -> String {
    name_of(upload.account.as_ref(), &upload.consumer_key)
}

fn name_of(account: Option<&Account>, consumer_key: &str) -> String {
    match account {
        Some(account) if !account.server_name.is_empty() => {
            format!(
                "\u{201c}{}\u{201d} of {}",
                account.server_name,
                account.org_name.as_deref().unwrap_or("its organisation")
            )
        }
        _ => format!("the server with the consumer key {consumer_key}"),
    }
}

fn text(value: &str, what: &'static str, most: usize) -> Result<String, TokenRefusal> {
    let value = value.trim();
    match value.chars().count() {
        n if (1..=most).contains(&n) && !value.chars().any(char::is_control) => Ok(value.to_owned()),
        _ => Err(TokenRefusal::Text { what, most }),
    }
}
