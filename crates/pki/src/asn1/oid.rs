//! Object identifiers by the names their standards give them.

use const_oid::ObjectIdentifier as Oid;

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $dotted:literal;)*) => {
        $($(#[$doc])* pub(crate) const $name: Oid = Oid::new_unwrap($dotted);)*
    };
}

oids! {
    // Keys (RFC 8017, RFC 5480).
    RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
    EC_PUBLIC_KEY = "1.2.840.10045.2.1";
    P256 = "1.2.840.10045.3.1.7";
    P384 = "1.3.132.0.34";

    // Signatures.
    SHA1_WITH_RSA = "1.2.840.113549.1.1.5";
    SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
    SHA384_WITH_RSA = "1.2.840.113549.1.1.12";
    SHA512_WITH_RSA = "1.2.840.113549.1.1.13";
    // The OIW name for the same algorithm as SHA1_WITH_RSA, still seen from old devices.
    SHA1_WITH_RSA_OIW = "1.3.14.3.2.29";
    ECDSA_WITH_SHA1 = "1.2.840.10045.4.1";
    ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
    ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3";
    ECDSA_WITH_SHA512 = "1.2.840.10045.4.3.4";

    // Digests.
    SHA1 = "1.3.14.3.2.26";
    SHA256 = "2.16.840.1.101.3.4.2.1";
    SHA384 = "2.16.840.1.101.3.4.2.2";
    SHA512 = "2.16.840.1.101.3.4.2.3";

    // Content encryption.
    DES_CBC = "1.3.14.3.2.7";
    DES_EDE3_CBC = "1.2.840.113549.3.7";
    AES_128_CBC = "2.16.840.1.101.3.4.1.2";
    AES_192_CBC = "2.16.840.1.101.3.4.1.22";
    AES_256_CBC = "2.16.840.1.101.3.4.1.42";

    // CMS (RFC 5652) and PKCS #9 attributes.
    DATA = "1.2.840.113549.1.7.1";
    SIGNED_DATA = "1.2.840.113549.1.7.2";
    ENVELOPED_DATA = "1.2.840.113549.1.7.3";
    CONTENT_TYPE = "1.2.840.113549.1.9.3";
    MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
    SIGNING_TIME = "1.2.840.113549.1.9.5";
    CHALLENGE_PASSWORD = "1.2.840.113549.1.9.7";

    // SCEP (RFC 8894 section 3.2.1).
    SCEP_MESSAGE_TYPE = "2.16.840.1.113733.1.9.2";
    SCEP_PKI_STATUS = "2.16.840.1.113733.1.9.3";
    SCEP_FAIL_INFO = "2.16.840.1.113733.1.9.4";
    SCEP_SENDER_NONCE = "2.16.840.1.113733.1.9.5";
    SCEP_RECIPIENT_NONCE = "2.16.840.1.113733.1.9.6";
    SCEP_TRANSACTION_ID = "2.16.840.1.113733.1.9.7";

    // Names (X.520, RFC 4519).
    COMMON_NAME = "2.5.4.3";
    COUNTRY = "2.5.4.6";
    LOCALITY = "2.5.4.7";
    STATE = "2.5.4.8";
    ORGANIZATION = "2.5.4.10";
    ORGANIZATIONAL_UNIT = "2.5.4.11";
    USER_ID = "0.9.2342.19200300.100.1.1";

    // Certificate extensions and key purposes (RFC 5280).
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    KEY_USAGE = "2.5.29.15";
    SUBJECT_ALT_NAME = "2.5.29.17";
    BASIC_CONSTRAINTS = "2.5.29.19";
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    EXTENDED_KEY_USAGE = "2.5.29.37";
    SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
}

/// The dotted form for an error text, or a placeholder if the bytes are no identifier.
pub(crate) fn dotted(content: &[u8]) -> String {
    // The placeholder keeps hostile bytes out of logs.
    Oid::from_bytes(content).map_or_else(|_| "(malformed)".to_owned(), |oid| oid.to_string())
}
