//! Names of secrets. Their bytes are sealed in one table of their own and never part of an aggregate.

/// What a secret is. With tenant and owner it names one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SecretKind {
    /// Private key of a token key pair (PKCS#8 DER); owner: [`crate::KeyId`].
    TokenKey,
    /// OAuth credentials of a token (JSON); owner: [`crate::TokenId`].
    TokenCredentials,
    /// Private key of the push certificate (PKCS#8 DER); owner: [`crate::KeyId`].
    PushKey,
    /// Private key of the tenant's device CA (PKCS#8 DER); owner: `ca`.
    CaKey,
    /// The secret in an enrolment URL; owner: [`crate::ProfileId`].
    EnrollmentUrl,
    /// `UnlockToken`; owner: [`crate::ManagedDeviceId`].
    UnlockToken,
    /// Activation Lock bypass code; owner: [`crate::ManagedDeviceId`].
    BypassCode,
    /// Bootstrap token; owner: [`crate::ManagedDeviceId`].
    BootstrapToken,
    /// Local administrator's password; owner: [`crate::ProfileId`] or [`crate::ManagedDeviceId`].
    AdminPassword,
    /// Private key that signs bearer tokens (PKCS#8 DER), of the server as a whole; owner: [`crate::KeyId`].
    SigningKey,
    /// Hash of a person's password, which a stolen database would else let anybody guess at; owner: [`crate::UserId`].
    UserPassword,
    /// Key of the codes that a person's phone makes; owner: [`crate::UserId`].
    TotpKey,
    /// Such a key that is not proved yet; owner: [`crate::UserId`].
    NewTotpKey,
}

impl SecretKind {
    /// Every kind.
    pub const ALL: [SecretKind; 13] = [
        SecretKind::TokenKey,
        SecretKind::TokenCredentials,
        SecretKind::PushKey,
        SecretKind::CaKey,
        SecretKind::EnrollmentUrl,
        SecretKind::UnlockToken,
        SecretKind::BypassCode,
        SecretKind::BootstrapToken,
        SecretKind::AdminPassword,
        SecretKind::SigningKey,
        SecretKind::UserPassword,
        SecretKind::TotpKey,
        SecretKind::NewTotpKey,
    ];

    /// Its word in the table and in the sealed data's context.
    pub const fn as_str(self) -> &'static str {
        match self {
            SecretKind::TokenKey => "token-key",
            SecretKind::TokenCredentials => "token-credentials",
            SecretKind::PushKey => "push-key",
            SecretKind::CaKey => "ca-key",
            SecretKind::EnrollmentUrl => "enrollment-url",
            SecretKind::UnlockToken => "unlock-token",
            SecretKind::BypassCode => "bypass-code",
            SecretKind::BootstrapToken => "bootstrap-token",
            SecretKind::AdminPassword => "admin-password",
            SecretKind::SigningKey => "signing-key",
            SecretKind::UserPassword => "user-password",
            SecretKind::TotpKey => "totp-key",
            SecretKind::NewTotpKey => "new-totp-key",
        }
    }
}
