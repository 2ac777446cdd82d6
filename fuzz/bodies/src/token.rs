//! The server token file from Apple's portal.

use pki::cms::{Cipher, encrypt_streamed};
use pki::smime::ServerToken;

use crate::keys::{RECIPIENT, RSA};

/// The file as an administrator uploads it.
pub(crate) fn token_file(input: &[u8]) {
    if let Ok(token) = ServerToken::read(input, &RSA) {
        bounded(&token);
    }
}

/// What is inside, behind the encryption. A token that can be read can be written and reads back the same.
pub(crate) fn token_text(input: &[u8]) {
    let file = encrypt_streamed(&RECIPIENT, input, Cipher::Aes128).expect("encryption");
    let Ok(token) = ServerToken::read(&file, &RSA) else { return };
    bounded(&token);
    let written = token.write(&RECIPIENT).expect("a file");
    assert!(ServerToken::read(written.as_bytes(), &RSA) == Ok(token), "it reads back differently");
}

fn bounded(token: &ServerToken) {
    let texts = [
        token.consumer_key.as_str(),
        &token.consumer_secret,
        &token.access_token,
        &token.access_secret,
        &token.access_token_expiry,
    ];
    texts.into_iter().for_each(|text| assert!(!text.is_empty() && text.len() <= 1024));
    let shown = format!("{token:?}");
    for secret in [&token.consumer_secret, &token.access_token, &token.access_secret] {
        let hidden = secret.len() < 12 || !shown.contains(secret.as_str());
        let public = token.consumer_key.contains(secret.as_str())
            || token.access_token_expiry.contains(secret.as_str());
        assert!(hidden || public, "a secret is in the debug text");
    }
}
