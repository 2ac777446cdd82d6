//! The server token file (`.p7m`) that Apple Business Manager gives to an administrator.
//!
//! An S/MIME file, encrypted to the public key that was uploaded there, with a small JSON object inside (Apple,
//! "Authenticating with Apple Business Manager"). Reading is lenient about the wrapping, which mail programs and
//! browsers like to change, and strict about the content. Writing is for practice, in exactly Apple's shape.

use crate::cms::{Cipher, decrypt_enveloped, encrypt_streamed};
use crate::key::RsaKey;
use crate::x509::Certificate;
use crate::{Error, Result, pem};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::borrow::Cow;
use zeroize::Zeroizing;

/// Largest token file accepted, in bytes. Apple's have about two thousand.
pub const MAX_FILE: usize = 64 * 1024;
/// Longest single value in a token, in bytes. Apple's have about a hundred.
const MAX_VALUE: usize = 1024;

const NOT_OURS: Error = Error::ServerToken("token was not encrypted to this server's public key");

/// Apple's header lines.
const HEADER: &str = "Content-Type: application/pkcs7-mime; name=\"smime.p7m\"; smime-type=enveloped-data\n\
                      Content-Transfer-Encoding: base64\n\
                      Content-Disposition: attachment; filename=\"smime.p7m\"\n\
                      Content-Description: S/MIME Encrypted Message\n\n";
const INNER_HEADER: &str =
    "Content-Type: text/plain;charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n";

/// What is in a server token: the credentials for one MDM server in Apple Business Manager.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerToken {
    /// Names the MDM server at Apple; another value means another server.
    pub consumer_key: String,
    /// First half of the signing key.
    pub consumer_secret: Zeroizing<String>,
    /// Names this token of the server.
    pub access_token: Zeroizing<String>,
    /// Second half of the signing key.
    pub access_secret: Zeroizing<String>,
    /// When Apple stops accepting it: RFC 3339, as Apple wrote it.
    pub access_token_expiry: String,
}

impl std::fmt::Debug for ServerToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerToken")
            .field("consumer_key", &self.consumer_key)
            .field("access_token_expiry", &self.access_token_expiry)
            .finish_non_exhaustive()
    }
}

/// The JSON object. Borrows, so that secrets are copied once, into memory that is wiped.
#[derive(Deserialize)]
struct Json<'a> {
    #[serde(borrow)]
    consumer_key: Cow<'a, str>,
    #[serde(borrow)]
    consumer_secret: Cow<'a, str>,
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow)]
    access_secret: Cow<'a, str>,
    #[serde(borrow)]
    access_token_expiry: Cow<'a, str>,
}

impl ServerToken {
    /// Reads a token file: MIME as Apple sends it, bare base64, PEM, or the binary message.
    ///
    /// # Errors
    /// [`Error::ServerToken`] with a text that an administrator can act on.
    pub fn read(file: &[u8], key: &RsaKey) -> Result<Self> {
        if file.len() > MAX_FILE {
            return Err(Error::ServerToken("file is larger than any server token"));
        }
        let message = unwrap_armour(file)?;
        let plain = decrypt_enveloped(&message, key).map_err(|error| match error {
            Error::Decrypt => NOT_OURS,
            Error::Algorithm(_) => Error::ServerToken("file is not encrypted in a way that Apple uses"),
            _ => Error::ServerToken("file is not a server token (.p7m), or is damaged"),
        })?;
        // With the wrong key the padding looks right once in 256 times; what comes out is not text then.
        let text = std::str::from_utf8(&plain).map_err(|_| NOT_OURS)?;
        Self::from_inner_text(text)
    }

    /// Reads the decrypted text: perhaps MIME headers, perhaps BEGIN and END lines, and JSON that may be broken across
    /// lines even inside its strings.
    fn from_inner_text(text: &str) -> Result<Self> {
        const BAD: Error = Error::ServerToken("content is not what Apple puts into a server token");
        let json = Zeroizing::new(joined_body(text));
        let fields: Json<'_> = serde_json::from_str(&json).map_err(|_| BAD)?;
        let all = [
            &fields.consumer_key,
            &fields.consumer_secret,
            &fields.access_token,
            &fields.access_secret,
            &fields.access_token_expiry,
        ];
        if all.iter().any(|value| value.is_empty() || value.len() > MAX_VALUE) {
            return Err(BAD);
        }
        Ok(Self {
            consumer_key: fields.consumer_key.into_owned(),
            consumer_secret: Zeroizing::new(fields.consumer_secret.into_owned()),
            access_token: Zeroizing::new(fields.access_token.into_owned()),
            access_secret: Zeroizing::new(fields.access_secret.into_owned()),
            access_token_expiry: fields.access_token_expiry.into_owned(),
        })
    }

    /// Writes a token file to the holder of `recipient`'s key, in exactly the shape that Apple's have. For practice.
    ///
    /// # Errors
    /// [`Error::Key`] if the recipient's key is not RSA.
    pub fn write(&self, recipient: &Certificate) -> Result<String> {
        let json = Zeroizing::new(
            serde_json::json!({
                "consumer_key": self.consumer_key,
                "consumer_secret": *self.consumer_secret,
                "access_token": *self.access_token,
                "access_secret": *self.access_secret,
                "access_token_expiry": self.access_token_expiry,
            })
            .to_string(),
        );
        let inner = Zeroizing::new(format!(
            "{INNER_HEADER}-----BEGIN MESSAGE-----\r\n{}\r\n-----END MESSAGE-----\r\n",
            *json
        ));
        let message = encrypt_streamed(recipient, inner.as_bytes(), Cipher::Aes128)?;
        let mut file = String::from(HEADER);
        pem::wrap(&mut file, &STANDARD.encode(message), 76);
        Ok(file)
    }
}

/// The message in whatever the file wraps it.
fn unwrap_armour(file: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    const BAD: Error = Error::ServerToken("file is not a server token (.p7m), or is damaged");
    // A SEQUENCE: no text begins with the digit zero and a length.
    if file.first() == Some(&0x30) && std::str::from_utf8(file).is_err() {
        return Ok(Zeroizing::new(file.to_vec()));
    }
    let text = std::str::from_utf8(file).map_err(|_| BAD)?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(Error::ServerToken("file is a certificate: upload the token that Apple gave you for it"));
    }
    for label in ["PKCS7", "CMS"] {
        if let Ok(message) = pem::decode(label, text) {
            return Ok(message);
        }
    }
    pem::base64_lenient(after_headers(text).as_bytes()).map_err(|_| BAD)
}

/// What follows the first empty line, or everything if nothing looks like headers.
fn after_headers(text: &str) -> &str {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        offset += line.len();
        if line.trim().is_empty() {
            return text.get(offset..).unwrap_or_default();
        }
    }
    text
}

/// The lines of the JSON, put together as they were before they were broken.
fn joined_body(text: &str) -> String {
    let text = text.trim_start();
    let body = if text.starts_with(['{', '-']) { text } else { after_headers(text) };
    body.lines().filter(|line| !line.starts_with("-----")).collect()
}

#[cfg(test)]
mod tests;
