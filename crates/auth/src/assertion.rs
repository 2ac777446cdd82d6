//! Client assertions: an application proves by a signature that it has the key of a registered certificate (RFC 7523
//! section 2.2, as Microsoft Entra's clients make them).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Time;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use pki::key::KeyKind;
use pki::x509::Certificate;
use serde::Deserialize;
use store::application::credential::{Credential, CredentialKind};

/// `client_assertion_type`.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Longest assertion looked at, in bytes; those with a chain in `x5c` have some 6,000.
const LEN_MAX: usize = 16 * 1024;
/// How far in the future one may end: Entra's libraries say ten minutes.
const LIFE_MAX: Duration = Duration::from_secs(15 * 60);
/// How far the clock of the application may be from ours.
const SKEW: Duration = Duration::from_secs(5 * 60);
/// Longest `jti`, in bytes.
const JTI_LEN_MAX: usize = 256;
/// Smallest RSA key, in bits.
const RSA_BITS_MIN: usize = 2_048;

/// An assertion that holds.
#[derive(Debug)]
pub(crate) struct Assertion {
    /// The credential it was made with.
    pub(crate) credential: String,
    /// Hash of `jti`, which must not have been used before.
    pub(crate) id_hash: String,
    /// Until when its `jti` must be remembered.
    pub(crate) expires_at: Time,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: i64,
    #[serde(default)]
    nbf: i64,
    #[serde(default)]
    iat: i64,
    jti: String,
}

/// Checks an assertion of the application `client_id` for one of these audiences against its certificates. What is wrong
/// of it is for the log, and not for the caller.
pub(crate) fn check(
    text: &str,
    client_id: &str,
    audiences: &[String],
    credentials: &[Credential],
    now: Time,
) -> Result<Assertion, &'static str> {
    if text.len() > LEN_MAX {
        return Err("it is too long");
    }
    let header = decode_header(text).map_err(|_| "it is not a signed JWT")?;
    let mut good = credentials.iter().filter(|c| c.kind == CredentialKind::Certificate && c.is_good_at(now));
    let certificate_of = |credential: &Credential| Certificate::from_pem(&credential.value).ok();
    let found = good.find_map(|credential| {
        certificate_of(credential).filter(|c| names(&header, credential, c)).map(|c| (credential, c))
    });
    let (credential, certificate) = found.ok_or("it names no certificate of this application")?;
    if !certificate.is_valid_at(now.unix()) {
        return Err("the certificate is not valid now");
    }
    let key = key_for(header.alg, &certificate)?;
    let mut validation = Validation::new(header.alg);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    validation.set_audience(audiences);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = decode::<Claims>(text, &key, &validation)
        .map_err(|_| "its signature, its audience or its form is wrong")?
        .claims;
    in_time(&claims, now)?;
    if claims.iss != client_id || claims.sub != client_id {
        return Err("its issuer and subject are not the application");
    }
    if claims.jti.is_empty() || claims.jti.len() > JTI_LEN_MAX {
        return Err("its jti is empty or too long");
    }
    Ok(Assertion {
        credential: credential.id.clone(),
        id_hash: pki::digest::sha256_hex(claims.jti.as_bytes()),
        expires_at: Time::from_unix(claims.exp),
    })
}

fn in_time(claims: &Claims, now: Time) -> Result<(), &'static str> {
    if claims.exp <= now.unix() {
        return Err("it has expired");
    }
    if claims.exp > now.plus(LIFE_MAX).plus(SKEW).unix() {
        return Err("it lives too long");
    }
    if claims.nbf.max(claims.iat) > now.plus(SKEW).unix() {
        return Err("it is not valid yet");
    }
    Ok(())
}

/// Whether the header names this certificate: by each of `x5t`, `x5t#S256` and `kid` that it has, and by one at least.
fn names(header: &Header, credential: &Credential, certificate: &Certificate) -> bool {
    let (sha1, sha256) = (pki::digest::sha1(certificate.der()), certificate.sha256());
    // By the standard there is no padding; Microsoft's library for Python leaves it on.
    let is = |given: &str, print: &[u8]| given.trim_end_matches('=') == URL_SAFE_NO_PAD.encode(print);
    let is_hex = |given: &str, print: &[u8]| given.eq_ignore_ascii_case(&hex::encode(print));
    let x5t = header.x5t.as_ref().map(|given| is(given, &sha1));
    let x5t_s256 = header.x5t_s256.as_ref().map(|given| is(given, &sha256));
    let kid = header.kid.as_ref().map(|given| {
        let printed = is_hex(given, &sha1) || is_hex(given, &sha256);
        *given == credential.id || printed || is(given, &sha1) || is(given, &sha256)
    });
    let given = [x5t, x5t_s256, kid];
    given.iter().any(Option::is_some) && given.iter().flatten().all(|fits| *fits)
}

/// The certificate's key, if it signs by this algorithm.
fn key_for(algorithm: Algorithm, certificate: &Certificate) -> Result<DecodingKey, &'static str> {
    let key = certificate.public_key();
    match (key.kind(), algorithm) {
        (KeyKind::Rsa, Algorithm::RS256 | Algorithm::PS256) if key.bits() >= RSA_BITS_MIN => {
            Ok(DecodingKey::from_rsa_der(key.key_bits()))
        }
        (KeyKind::P256, Algorithm::ES256) => Ok(DecodingKey::from_ec_der(key.key_bits())),
        _ => Err("its algorithm is not one that the certificate's key signs by: RS256, PS256 or ES256"),
    }
}
