//! Names of things. Each is text, so that it reads the same in a URL, a log and either database.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest id accepted from outside, in bytes; a UUID has 36.
pub const ID_LEN_MAX: usize = 64;

/// An id that is empty, too long, or has a character other than `A-Z a-z 0-9 -`.
///
/// The underscore is left out because Graph joins `{tokenId}_{profileId}` with it (intune.md 4.3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the id {0:?}: it takes 1 to {ID_LEN_MAX} letters, digits and hyphens")]
pub struct IdError(pub String);

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                let fits = (1..=ID_LEN_MAX).contains(&text.len());
                if fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                    Ok(Self(text))
                } else {
                    Err(IdError(text.chars().take(ID_LEN_MAX).collect()))
                }
            }
        }

        /// From a UUID's 128 bits, in its usual form.
        impl From<u128> for $name {
            fn from(uuid: u128) -> Self {
                let hex = |shift: u32, mask: u128| (uuid >> shift) & mask;
                Self(format!(
                    "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                    hex(96, 0xffff_ffff),
                    hex(80, 0xffff),
                    hex(64, 0xffff),
                    hex(48, 0xffff),
                    hex(0, 0xffff_ffff_ffff),
                ))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

id! {
    /// An organisation on this server.
    TenantId;
    /// An enrollment program token (`depOnboardingSetting`).
    TokenId;
    /// An enrollment profile; Graph shows it as `{tokenId}_{profileId}`.
    ProfileId;
    /// A serial that Apple says is ours under one token (`importedAppleDeviceIdentity`).
    DeviceId;
    /// An enrolled device (`managedDevice`).
    ManagedDeviceId;
    /// One run of a device sync.
    RunId;
    /// An MDM command (`CommandUUID`).
    CommandId;
    /// A group of people or devices (`group`).
    GroupId;
    /// One event of the audit log (`auditEvent`).
    AuditEventId;
    /// A set of operations with a name (`roleDefinition`).
    RoleDefinitionId;
    /// Who has a role, and for which objects (`roleAssignment`).
    RoleAssignmentId;
    /// A key pair made by this server.
    KeyId;
    /// A person who signs in (`user`).
    UserId;
    /// An Apple serial number, upper case.
    SerialText;
}

/// An Apple serial number: letters and digits, held in upper case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Serial(SerialText);

impl Serial {
    /// The text, upper case.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Serial {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        text.trim().to_ascii_uppercase().parse().map(Self)
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
