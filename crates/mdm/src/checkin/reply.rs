//! What a server answers to the check-in messages that want more than a status.

use crate::Error;
use crate::command::{Keys, ReturnToService};
use crate::guard::{Dictionary, Value, write_xml};

/// To `GetBootstrapToken`: the deposited token, or an empty dictionary if there is none.
///
/// # Errors
/// None in practice; see [`write_xml`].
pub fn bootstrap_token(token: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    plist(Keys::default().maybe("BootstrapToken", token.map(|t| Value::Data(t.to_vec()))))
}

/// To `GetToken`: the token's bytes, for `com.apple.maid` the text of a JWT.
///
/// # Errors
/// None in practice; see [`write_xml`].
pub fn token(data: &[u8]) -> Result<Vec<u8>, Error> {
    plist(Keys::default().with("TokenData", Value::Data(data.to_vec())))
}

/// To the first `UserAuthenticate` of a user whose password is not checked.
///
/// # Errors
/// None in practice; see [`write_xml`].
pub fn no_digest_challenge() -> Result<Vec<u8>, Error> {
    plist(Keys::default().with("DigestChallenge", ""))
}

/// To `ReturnToService`.
///
/// # Errors
/// None in practice; see [`write_xml`].
pub fn return_to_service(plan: &ReturnToService) -> Result<Vec<u8>, Error> {
    plist(Keys::default().with("ReturnToService", plan.dictionary()))
}

fn plist(keys: Keys) -> Result<Vec<u8>, Error> {
    let dictionary: Dictionary = keys.done();
    write_xml(&Value::Dictionary(dictionary))
}
