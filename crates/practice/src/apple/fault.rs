//! The words with which the ADE service says no (apple.md 1.3, 1.4, 1.8).

/// A refusal of the ADE service: Apple's word and the HTTP status it comes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} ({})", self.word(), self.status())]
pub enum AdeFault {
    /// The cursor is not one of this server's.
    InvalidCursor,
    /// The cursor is older than seven days.
    ExpiredCursor,
    /// The fetch has already given every device.
    ExhaustedCursor,
    /// Sync without a cursor.
    CursorRequired,
    /// The body is not the JSON it should be.
    MalformedRequestBody,
    /// No serial numbers.
    DeviceIdRequired,
    /// No profile UUID.
    ProfileUuidRequired,
    /// Reading a profile that does not exist: 400, says Apple's page.
    ProfileNotFound,
    /// Assigning a profile that does not exist: 404.
    AssignedProfileNotFound,
    /// `profile_name` is missing.
    ConfigNameRequired,
    /// `profile_name` is empty or too long.
    ConfigNameInvalid,
    /// `url` is missing.
    ConfigUrlRequired,
    /// `url` or `configuration_web_url` is no https URL, or too long.
    ConfigUrlInvalid,
    /// Flags that contradict each other.
    FlagsInvalid,
    /// `language` or `region` is no ISO code.
    LocaleInvalid,
    /// `department` is empty or too long.
    DepartmentInvalid,
    /// `support_phone_number` is empty or too long.
    SupportPhoneInvalid,
    /// `support_email_address` is empty or too long.
    SupportEmailInvalid,
    /// `org_magic` is empty or too long.
    MagicInvalid,
    /// The organisation has not accepted Apple's newest terms.
    TermsNotSigned,
    /// The token may not make this call.
    AccessDenied,
    /// The session is unknown or over.
    Unauthorized,
    /// No `User-Agent`.
    UserAgentMissing,
    /// A `User-Agent` Apple does not like.
    UserAgentInvalid,
    /// No `mdm_service_discovery_url`.
    DiscoveryUrlRequired,
    /// A `mdm_service_discovery_url` that is no https URL.
    DiscoveryUrlNotValid,
    /// The organisation has no such service.
    OrgNotSupported,
    /// Nothing there.
    NotFound,
    /// Replacement details of an unknown device.
    DeviceNotFound,
    /// AppleSeed for IT is switched off in the organisation.
    AppleSeedTurnedOff,
}

impl AdeFault {
    /// Every one.
    pub const ALL: &[Self] = &[
        Self::InvalidCursor,
        Self::ExpiredCursor,
        Self::ExhaustedCursor,
        Self::CursorRequired,
        Self::MalformedRequestBody,
        Self::DeviceIdRequired,
        Self::ProfileUuidRequired,
        Self::ProfileNotFound,
        Self::AssignedProfileNotFound,
        Self::ConfigNameRequired,
        Self::ConfigNameInvalid,
        Self::ConfigUrlRequired,
        Self::ConfigUrlInvalid,
        Self::FlagsInvalid,
        Self::LocaleInvalid,
        Self::DepartmentInvalid,
        Self::SupportPhoneInvalid,
        Self::SupportEmailInvalid,
        Self::MagicInvalid,
        Self::TermsNotSigned,
        Self::AccessDenied,
        Self::Unauthorized,
        Self::UserAgentMissing,
        Self::UserAgentInvalid,
        Self::DiscoveryUrlRequired,
        Self::DiscoveryUrlNotValid,
        Self::OrgNotSupported,
        Self::NotFound,
        Self::DeviceNotFound,
        Self::AppleSeedTurnedOff,
    ];

    /// Apple's word, the whole body of the answer.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InvalidCursor => "INVALID_CURSOR",
            Self::ExpiredCursor => "EXPIRED_CURSOR",
            Self::ExhaustedCursor => "EXHAUSTED_CURSOR",
            Self::CursorRequired => "CURSOR_REQUIRED",
            Self::MalformedRequestBody => "MALFORMED_REQUEST_BODY",
            Self::DeviceIdRequired => "DEVICE_ID_REQUIRED",
            Self::ProfileUuidRequired => "PROFILE_UUID_REQUIRED",
            Self::ProfileNotFound | Self::AssignedProfileNotFound | Self::NotFound => "NOT_FOUND",
            Self::ConfigNameRequired => "CONFIG_NAME_REQUIRED",
            Self::ConfigNameInvalid => "CONFIG_NAME_INVALID",
            Self::ConfigUrlRequired => "CONFIG_URL_REQUIRED",
            Self::ConfigUrlInvalid => "CONFIG_URL_INVALID",
            Self::FlagsInvalid => "FLAGS_INVALID",
            Self::LocaleInvalid => "LOCALE_INVALID",
            Self::DepartmentInvalid => "DEPARTMENT_INVALID",
            Self::SupportPhoneInvalid => "SUPPORT_PHONE_INVALID",
            Self::SupportEmailInvalid => "SUPPORT_EMAIL_INVALID",
            Self::MagicInvalid => "MAGIC_INVALID",
            Self::TermsNotSigned => "T_C_NOT_SIGNED",
            Self::AccessDenied => "ACCESS_DENIED",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::UserAgentMissing => "USER_AGENT_MISSING",
            Self::UserAgentInvalid => "USER_AGENT_INVALID",
            Self::DiscoveryUrlRequired => "MDM_SERVICE_DISCOVERY_URL_REQUIRED",
            Self::DiscoveryUrlNotValid => "MDM_SERVICE_DISCOVERY_URL_NOT_VALID",
            Self::OrgNotSupported => "ORG_NOT_SUPPORTED",
            Self::DeviceNotFound => "DEVICE_NOT_FOUND",
            Self::AppleSeedTurnedOff => "APPLE_SEED_FOR_IT_TURNED_OFF",
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Unauthorized => 401,
            Self::TermsNotSigned | Self::AccessDenied | Self::AppleSeedTurnedOff => 403,
            Self::AssignedProfileNotFound | Self::NotFound | Self::DeviceNotFound => 404,
            _ => 400,
        }
    }
}

/// What is wrong with a request for a session, in the words of the OAuth Problem Reporting extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OAuthProblem {
    /// A parameter is missing.
    ParameterAbsent,
    /// A parameter is none.
    ParameterRejected,
    /// Not `HMAC-SHA1`.
    SignatureMethodRejected,
    /// Not version 1.0.
    VersionRejected,
    /// No MDM server has that key.
    ConsumerKeyUnknown,
    /// The token was replaced, revoked or is over.
    TokenRejected,
    /// The clocks differ.
    TimestampRefused,
    /// The secrets are others.
    SignatureInvalid,
    /// The nonce came before.
    NonceUsed,
}

impl OAuthProblem {
    /// Every one.
    pub const ALL: &[Self] = &[
        Self::ParameterAbsent,
        Self::ParameterRejected,
        Self::SignatureMethodRejected,
        Self::VersionRejected,
        Self::ConsumerKeyUnknown,
        Self::TokenRejected,
        Self::TimestampRefused,
        Self::SignatureInvalid,
        Self::NonceUsed,
    ];

    /// The status and the body: 400 for what is malformed, 401 for what is refused.
    pub const fn answer(self) -> (u16, &'static str) {
        match self {
            Self::ParameterAbsent => (400, "oauth_problem=parameter_absent"),
            Self::ParameterRejected => (400, "oauth_problem=parameter_rejected"),
            Self::SignatureMethodRejected => (400, "oauth_problem=signature_method_rejected"),
            Self::VersionRejected => (400, "oauth_problem=version_rejected"),
            Self::ConsumerKeyUnknown => (401, "oauth_problem=consumer_key_unknown"),
            Self::TokenRejected => (401, "oauth_problem=token_rejected"),
            Self::TimestampRefused => (401, "oauth_problem=timestamp_refused"),
            Self::SignatureInvalid => (401, "oauth_problem=signature_invalid"),
            Self::NonceUsed => (401, "oauth_problem=nonce_used"),
        }
    }
}
