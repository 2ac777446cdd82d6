//! The check-in messages, one type each.

use crate::error::printable;
use crate::guard::Fields;
use crate::{Error, Redacted};

/// The longest text of a device that is read, in bytes: a device's name has at most 255 characters.
const MAX_TEXT: usize = 1024;
/// The longest push token, in bytes. They have 32 today; Apple says not to rely on it.
const MAX_PUSH_TOKEN: usize = 512;
/// The longest unlock or bootstrap token, in bytes. Unlock tokens have about 4,000.
const MAX_DEVICE_TOKEN: usize = 64 << 10;
/// The largest status report of declarative management, in bytes.
const MAX_DECLARATIVE_DATA: usize = 2 << 20;

/// A check-in message, by its `MessageType`.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckIn {
    /// Enrolment begins, also anew after a wipe.
    Authenticate(Box<Authenticate>),
    /// The push token; the first one after [`CheckIn::Authenticate`] completes enrolment.
    TokenUpdate(TokenUpdate),
    /// The enrolment profile was removed.
    CheckOut {
        /// `Topic`.
        topic: Option<String>,
    },
    /// A network or mobile user of a Mac logs in.
    UserAuthenticate(UserAuthenticate),
    /// The device deposits its bootstrap token.
    SetBootstrapToken(SetBootstrapToken),
    /// The device wants its bootstrap token back.
    GetBootstrapToken,
    /// The device wants a token for one of Apple's services.
    GetToken(GetToken),
    /// One of the requests of declarative management.
    DeclarativeManagement(DeclarativeManagement),
    /// The device asks how to return to service (iOS and visionOS 26).
    ReturnToService,
    /// A message that we do not know, by its type.
    Other(String),
}

impl CheckIn {
    pub(super) fn read(fields: Fields<'_>) -> Result<Self, Error> {
        let name = fields.text("MessageType", MAX_TEXT)?;
        Ok(match name.as_str() {
            "Authenticate" => Self::Authenticate(Box::new(Authenticate::read(fields)?)),
            "TokenUpdate" => Self::TokenUpdate(TokenUpdate::read(fields)?),
            "CheckOut" => Self::CheckOut { topic: fields.opt_text("Topic", MAX_TEXT)? },
            "UserAuthenticate" => Self::UserAuthenticate(UserAuthenticate {
                digest_response: fields.opt_text("DigestResponse", MAX_TEXT)?.map(Redacted),
            }),
            "SetBootstrapToken" => Self::SetBootstrapToken(SetBootstrapToken {
                bootstrap_token: fields.opt_data("BootstrapToken", MAX_DEVICE_TOKEN)?.map(Redacted),
                awaiting_configuration: fields.flag("AwaitingConfiguration"),
            }),
            "GetBootstrapToken" => Self::GetBootstrapToken,
            "GetToken" => Self::GetToken(GetToken::read(fields)?),
            "DeclarativeManagement" => Self::DeclarativeManagement(DeclarativeManagement {
                endpoint: fields.text("Endpoint", MAX_TEXT)?,
                data: fields.opt_data("Data", MAX_DECLARATIVE_DATA)?,
            }),
            "ReturnToService" => Self::ReturnToService,
            other => Self::Other(printable(other)),
        })
    }

    /// Apple's word for the message.
    pub fn message_type(&self) -> &str {
        match self {
            Self::Authenticate(_) => "Authenticate",
            Self::TokenUpdate(_) => "TokenUpdate",
            Self::CheckOut { .. } => "CheckOut",
            Self::UserAuthenticate(_) => "UserAuthenticate",
            Self::SetBootstrapToken(_) => "SetBootstrapToken",
            Self::GetBootstrapToken => "GetBootstrapToken",
            Self::GetToken(_) => "GetToken",
            Self::DeclarativeManagement(_) => "DeclarativeManagement",
            Self::ReturnToService => "ReturnToService",
            Self::Other(name) => name,
        }
    }
}

/// `Authenticate`. Everything but the topic may be absent, whatever Apple's documents say: devices differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Authenticate {
    /// `Topic`.
    pub topic: String,
    /// `SerialNumber`.
    pub serial_number: Option<String>,
    /// `DeviceName`.
    pub device_name: Option<String>,
    /// `Model`, such as `MK2K3LL`.
    pub model: Option<String>,
    /// `ModelName`, such as `iPad`.
    pub model_name: Option<String>,
    /// `ProductName`, such as `iPad13,18`.
    pub product_name: Option<String>,
    /// `OSVersion`.
    pub os_version: Option<String>,
    /// `BuildVersion`.
    pub build_version: Option<String>,
    /// `IMEI`.
    pub imei: Option<String>,
    /// `MEID`.
    pub meid: Option<String>,
}

impl Authenticate {
    fn read(fields: Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            topic: fields.text("Topic", MAX_TEXT)?,
            serial_number: fields.opt_text("SerialNumber", MAX_TEXT)?,
            device_name: fields.opt_text("DeviceName", MAX_TEXT)?,
            model: fields.opt_text("Model", MAX_TEXT)?,
            model_name: fields.opt_text("ModelName", MAX_TEXT)?,
            product_name: fields.opt_text("ProductName", MAX_TEXT)?,
            os_version: fields.opt_text("OSVersion", MAX_TEXT)?,
            build_version: fields.opt_text("BuildVersion", MAX_TEXT)?,
            imei: fields.opt_text("IMEI", MAX_TEXT)?,
            meid: fields.opt_text("MEID", MAX_TEXT)?,
        })
    }
}

/// `TokenUpdate`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenUpdate {
    /// `Topic`.
    pub topic: String,
    /// `Token`, where APNs finds the device.
    pub token: Redacted<Vec<u8>>,
    /// `PushMagic`, which a push must carry.
    pub push_magic: Redacted<String>,
    /// `UnlockToken`, which clears the passcode. May be absent later on: then the old one stays.
    pub unlock_token: Option<Redacted<Vec<u8>>>,
    /// `AwaitingConfiguration`: Setup Assistant is held until it is released.
    pub awaiting_configuration: bool,
    /// `NotOnConsole`: the Mac's user is not at its screen.
    pub not_on_console: bool,
}

impl TokenUpdate {
    fn read(fields: Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            topic: fields.text("Topic", MAX_TEXT)?,
            token: fields.data("Token", MAX_PUSH_TOKEN)?.into(),
            push_magic: fields.text("PushMagic", MAX_TEXT)?.into(),
            unlock_token: fields.opt_data("UnlockToken", MAX_DEVICE_TOKEN)?.map(Redacted),
            awaiting_configuration: fields.flag("AwaitingConfiguration"),
            not_on_console: fields.flag("NotOnConsole"),
        })
    }
}

/// `UserAuthenticate`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserAuthenticate {
    /// `DigestResponse`, with the second message.
    pub digest_response: Option<Redacted<String>>,
}

/// `SetBootstrapToken`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SetBootstrapToken {
    /// `BootstrapToken`; `None` means that the deposited one is to be deleted.
    pub bootstrap_token: Option<Redacted<Vec<u8>>>,
    /// `AwaitingConfiguration`.
    pub awaiting_configuration: bool,
}

/// `GetToken`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetToken {
    /// `TokenServiceType`: `com.apple.maid` or `com.apple.watch.pairing`.
    pub service_type: String,
    /// `TokenParameters.SecurityToken`.
    pub security_token: Option<Redacted<String>>,
    /// `TokenParameters.PhoneUDID`.
    pub phone_udid: Option<String>,
    /// `TokenParameters.WatchUDID`.
    pub watch_udid: Option<String>,
}

impl GetToken {
    fn read(fields: Fields<'_>) -> Result<Self, Error> {
        let mut token = Self { service_type: fields.text("TokenServiceType", MAX_TEXT)?, ..Self::default() };
        if let Some(parameters) = fields.dictionary("TokenParameters").map(Fields) {
            token.security_token = parameters.opt_text("SecurityToken", MAX_TEXT)?.map(Redacted);
            token.phone_udid = parameters.opt_text("PhoneUDID", MAX_TEXT)?;
            token.watch_udid = parameters.opt_text("WatchUDID", MAX_TEXT)?;
        }
        Ok(token)
    }
}

/// `DeclarativeManagement`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeclarativeManagement {
    /// `Endpoint`: `tokens`, `declaration-items`, `status` or `declaration/<kind>/<identifier>`.
    pub endpoint: String,
    /// `Data`: JSON, with `status`.
    pub data: Option<Vec<u8>>,
}
