//! What can go wrong, in words that read on from "failed to".

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a key, certificate or message was not accepted or could not be made.
///
/// The texts read on from "failed to" and never contain a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not the ASN.1 structure that they should be.
    #[error("read ASN.1: {0}")]
    Asn1(&'static str),
    /// The input exceeds one of this crate's bounds.
    #[error("read the message: {0}")]
    TooLarge(&'static str),
    /// A PEM or base64 armour is damaged or of the wrong kind.
    #[error("read PEM: {0}")]
    Pem(&'static str),
    /// A key cannot be used: damaged, too weak, or of a kind that is not supported.
    #[error("use the key: {0}")]
    Key(&'static str),
    /// An algorithm that this crate does not accept in this place. Carries its dotted identifier.
    #[error("use algorithm {0}: not supported here")]
    Algorithm(String),
    /// A signature, or a rule about signed messages, does not hold.
    #[error("verify the signature: {0}")]
    Signature(&'static str),
    /// A certificate does not lead to the pinned anchor, or is not valid for this use.
    #[error("trust the certificate: {0}")]
    Chain(&'static str),
    /// The message was not encrypted to this key, or is damaged. The two are deliberately not told apart.
    #[error("decrypt the message")]
    Decrypt,
    /// The library refused an operation that should always work.
    #[error("compute: {0}")]
    Crypto(&'static str),
    /// A sealed secret names a key that we do not hold.
    #[error("open the sealed secret: sealed with an unknown key")]
    UnknownSealKey,
    /// A sealed secret was changed, or belongs to another place.
    #[error("open the sealed secret: it was changed or belongs elsewhere")]
    Seal,
    /// A server token file (`.p7m`) cannot be used.
    #[error("read the server token: {0}")]
    ServerToken(&'static str),
    /// A SCEP message breaks the protocol.
    #[error("read the SCEP message: {0}")]
    Scep(&'static str),
    /// An OAuth 1.0a header is malformed or not signed with the expected secrets.
    #[error("check the OAuth signature: {0}")]
    OAuth(&'static str),
}
