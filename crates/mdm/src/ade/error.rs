//! The service's errors: short texts, matched by what they contain.

use std::fmt;

use crate::error::printable;

/// Makes the list of tokens. The first that a body contains is the one, so that longer ones come first.
macro_rules! tokens {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)+) => {
        /// What the service says is wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorToken {
            $($(#[$doc])* $variant,)+
            /// None that we know.
            Unknown,
        }

        impl ErrorToken {
            /// Every known token with Apple's word for it, in the order in which they are looked for.
            pub const ALL: &[(ErrorToken, &'static str)] = &[$((ErrorToken::$variant, $word),)+];
        }
    };
}

tokens! {
    /// The organisation has not accepted Apple's new terms.
    TermsNotSigned = "T_C_NOT_SIGNED",
    /// The token's year is over.
    ExpiredToken = "EXPIRED_TOKEN",
    /// Apple does not know the token any more, or it was revoked.
    TokenRejected = "TOKEN_REJECTED",
    /// The signature does not match the secrets.
    SignatureInvalid = "SIGNATURE_INVALID",
    /// Apple does not know the consumer key.
    ConsumerKeyUnknown = "CONSUMER_KEY_UNKNOWN",
    /// The clocks differ too much.
    TimestampRefused = "TIMESTAMP_REFUSED",
    /// The nonce was used before.
    NonceUsed = "NONCE_USED",
    /// Another OAuth 1.0a problem.
    OauthProblem = "OAUTH_PROBLEM",
    /// Sync without a cursor.
    CursorRequired = "CURSOR_REQUIRED",
    /// The cursor is none of Apple's.
    InvalidCursor = "INVALID_CURSOR",
    /// The cursor is older than seven days.
    ExpiredCursor = "EXPIRED_CURSOR",
    /// The cursor has given all it has.
    ExhaustedCursor = "EXHAUSTED_CURSOR",
    /// The body is not JSON.
    MalformedRequestBody = "MALFORMED_REQUEST_BODY",
    /// No `User-Agent`.
    UserAgentMissing = "USER_AGENT_MISSING",
    /// A bad `User-Agent`.
    UserAgentInvalid = "USER_AGENT_INVALID",
    /// No serial number.
    DeviceIdRequired = "DEVICE_ID_REQUIRED",
    /// The serial number is unknown.
    DeviceNotFound = "DEVICE_NOT_FOUND",
    /// No profile id.
    ProfileUuidRequired = "PROFILE_UUID_REQUIRED",
    /// The profile is unknown.
    ProfileNotFound = "PROFILE_NOT_FOUND",
    /// No profile name.
    ConfigNameRequired = "CONFIG_NAME_REQUIRED",
    /// A bad profile name.
    ConfigNameInvalid = "CONFIG_NAME_INVALID",
    /// No enrolment URL.
    ConfigUrlRequired = "CONFIG_URL_REQUIRED",
    /// A bad enrolment URL.
    ConfigUrlInvalid = "CONFIG_URL_INVALID",
    /// Switches that do not go together.
    FlagsInvalid = "FLAGS_INVALID",
    /// A bad language or region.
    LocaleInvalid = "LOCALE_INVALID",
    /// A bad department.
    DepartmentInvalid = "DEPARTMENT_INVALID",
    /// A bad telephone number.
    SupportPhoneInvalid = "SUPPORT_PHONE_INVALID",
    /// A bad e-mail address.
    SupportEmailInvalid = "SUPPORT_EMAIL_INVALID",
    /// A bad magic.
    MagicInvalid = "MAGIC_INVALID",
    /// No discovery URL.
    DiscoveryUrlRequired = "MDM_SERVICE_DISCOVERY_URL_REQUIRED",
    /// A bad discovery URL.
    DiscoveryUrlNotValid = "MDM_SERVICE_DISCOVERY_URL_NOT_VALID",
    /// The organisation may not.
    OrgNotSupported = "ORG_NOT_SUPPORTED",
    /// Beta programmes are off.
    AppleSeedForItTurnedOff = "APPLE_SEED_FOR_IT_TURNED_OFF",
    /// The token may not make this call.
    AccessDenied = "ACCESS_DENIED",
    /// The session is over.
    Unauthorized = "UNAUTHORIZED",
    /// The session is not valid.
    Forbidden = "FORBIDDEN",
    /// Not there; of `GET /profile` with status 400 or 404.
    NotFound = "NOT_FOUND",
}

impl ErrorToken {
    /// Whether a new session may help.
    pub fn is_session(self) -> bool {
        matches!(self, Self::Unauthorized | Self::Forbidden)
    }

    /// Whether the server token itself was refused: a new session will not help.
    pub fn is_token(self) -> bool {
        matches!(
            self,
            Self::ExpiredToken | Self::TokenRejected | Self::SignatureInvalid | Self::ConsumerKeyUnknown
        )
    }
}

/// An error of the service, with Apple's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppleError {
    /// The HTTP status.
    pub status: u16,
    /// What is wrong.
    pub token: ErrorToken,
    /// Apple's words: printable, at most 200 characters.
    pub words: String,
}

impl AppleError {
    /// Reads the body of an answer that is no success. Bodies are plain texts, sometimes in quotes, so that a token is
    /// looked for anywhere in the first kilobyte, in any case.
    pub fn from_body(status: u16, body: &[u8]) -> Self {
        /// Enough for any token and the HTML around it.
        const LOOK_AT: usize = 1024;
        let body = String::from_utf8_lossy(body.get(..LOOK_AT).unwrap_or(body));
        let upper = body.to_ascii_uppercase();
        let token = ErrorToken::ALL.iter().find(|(_, word)| upper.contains(word)).map(|(token, _)| *token);
        let words = printable(body.trim().trim_matches('"'));
        Self { status, token: token.unwrap_or_else(|| by_status(status)), words }
    }
}

/// What a status says when the body says nothing.
fn by_status(status: u16) -> ErrorToken {
    match status {
        401 => ErrorToken::Unauthorized,
        _ => ErrorToken::Unknown,
    }
}

impl fmt::Display for AppleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.words.is_empty() {
            write!(f, "Apple answered with status {}", self.status)
        } else {
            write!(f, "Apple answered with status {}: {}", self.status, self.words)
        }
    }
}

impl std::error::Error for AppleError {}
