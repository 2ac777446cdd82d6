//! The token file: `<ServerName>_Token_<time>_smime.p7m`.

use pki::smime::ServerToken;
use pki::x509::Certificate;

use crate::apple::moment::Moment;
use crate::apple::token::TokenFile;
use crate::error::Result;

/// The longest server name in a file name.
const NAME_CHARS_MAX: usize = 60;

/// Encrypts a token to the certificate (DER) uploaded for its server, in the shape of Apple's files.
///
/// # Errors
/// The certificate's key is not RSA.
pub fn seal(file: &TokenFile, certificate: &[u8]) -> Result<Vec<u8>> {
    let token = ServerToken {
        consumer_key: file.consumer_key.clone(),
        consumer_secret: file.consumer_secret.clone().into(),
        access_token: file.access_token.clone().into(),
        access_secret: file.access_secret.clone().into(),
        access_token_expiry: file.access_token_expiry.clone(),
    };
    Ok(token.write(&Certificate::from_der(certificate)?)?.into_bytes())
}

/// The name of the file, of letters that every file system knows.
pub fn file_name(server: &str, now: Moment) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = server.chars().take(NAME_CHARS_MAX).map(plain).collect();
    format!("{name}_Token_{}_smime.p7m", now.iso8601().replace(':', "-"))
}
