//! OAuth 1.0a signatures (RFC 5849) with HMAC-SHA1, by which Apple's ADE service opens sessions.
//!
//! Both ends: our client signs, practice Apple verifies. SHA-1 is Apple's choice; in HMAC it still holds.

use crate::digest::constant_time_eq;
use crate::{Error, Result};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;

/// Longest `Authorization` header read, in bytes.
const MAX_HEADER: usize = 8 * 1024;
/// Most parameters read from one header.
const MAX_PARAMETERS: usize = 32;
const METHOD: &str = "HMAC-SHA1";
/// The realm that Apple's documentation shows. It is not signed.
const REALM: &str = "ADM";

/// The four values of a server token that sign.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// `consumer_key`.
    pub consumer_key: &'a str,
    /// `consumer_secret`.
    pub consumer_secret: &'a str,
    /// `access_token`.
    pub access_token: &'a str,
    /// `access_secret`.
    pub access_secret: &'a str,
}

impl std::fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("consumer_key", &self.consumer_key).finish_non_exhaustive()
    }
}

impl<'a> From<&'a crate::smime::ServerToken> for Credentials<'a> {
    fn from(token: &'a crate::smime::ServerToken) -> Self {
        Self {
            consumer_key: &token.consumer_key,
            consumer_secret: &token.consumer_secret,
            access_token: &token.access_token,
            access_secret: &token.access_secret,
        }
    }
}

/// The value of the `Authorization` header for one request. `unix` is the time in seconds since 1970, `nonce` is
/// unique among requests of the same second.
///
/// # Errors
/// [`Error::OAuth`] if `url` is not an absolute http(s) URL.
pub fn authorization_header(
    credentials: &Credentials<'_>,
    method: &str,
    url: &str,
    unix: i64,
    nonce: &str,
) -> Result<String> {
    let unix = unix.to_string();
    let mut parameters = vec![
        ("oauth_consumer_key", credentials.consumer_key),
        ("oauth_token", credentials.access_token),
        ("oauth_signature_method", METHOD),
        ("oauth_timestamp", unix.as_str()),
        ("oauth_nonce", nonce),
        ("oauth_version", "1.0"),
    ];
    let base = signature_base(method, url, &parameters)?;
    let signature = STANDARD.encode(sign(&base, credentials.consumer_secret, credentials.access_secret));
    parameters.insert(3, ("oauth_signature", &signature));
    let mut header = format!("OAuth realm=\"{REALM}\"");
    for (name, value) in parameters {
        // Writing to a String cannot fail.
        let _ = write!(header, ", {name}=\"{}\"", percent_encode(value));
    }
    Ok(header)
}

/// A parsed `Authorization: OAuth ...` header. Nothing is verified yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    parameters: Vec<(String, String)>,
}

impl std::fmt::Debug for Authorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authorization").field("consumer_key", &self.consumer_key()).finish_non_exhaustive()
    }
}

/// Reads the value of an `Authorization` header. Order, white space and the realm do not matter.
///
/// # Errors
/// [`Error::OAuth`] if it is another scheme, malformed, repeats a parameter, or lacks one that is needed.
pub fn parse_header(value: &str) -> Result<Authorization> {
    const BAD: Error = Error::OAuth("the header is malformed");
    if value.len() > MAX_HEADER {
        return Err(BAD);
    }
    let (scheme, rest) = value.trim().split_once(char::is_whitespace).ok_or(BAD)?;
    if !scheme.eq_ignore_ascii_case("OAuth") {
        return Err(Error::OAuth("the header is of another scheme"));
    }
    let mut parameters: Vec<(String, String)> = Vec::new();
    for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, quoted) = part.split_once('=').ok_or(BAD)?;
        let value = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or(BAD)?;
        let name = percent_decode(name.trim()).ok_or(BAD)?;
        let repeated = parameters.iter().any(|(known, _)| *known == name);
        if repeated || parameters.len() >= MAX_PARAMETERS {
            return Err(Error::OAuth("a parameter is repeated, or there are too many"));
        }
        parameters.push((name, percent_decode(value).ok_or(BAD)?));
    }
    let authorization = Authorization { parameters };
    let needed = ["oauth_consumer_key", "oauth_token", "oauth_signature", "oauth_timestamp", "oauth_nonce"];
    if needed.iter().any(|name| authorization.get(name).is_none()) {
        return Err(Error::OAuth("a parameter is missing"));
    }
    Ok(authorization)
}

impl Authorization {
    /// A parameter, decoded.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `oauth_consumer_key`: which secrets to verify with.
    #[must_use]
    pub fn consumer_key(&self) -> &str {
        self.get("oauth_consumer_key").unwrap_or_default()
    }

    /// `oauth_token`.
    #[must_use]
    pub fn access_token(&self) -> &str {
        self.get("oauth_token").unwrap_or_default()
    }

    /// `oauth_nonce`.
    #[must_use]
    pub fn nonce(&self) -> &str {
        self.get("oauth_nonce").unwrap_or_default()
    }

    /// `oauth_timestamp`, in seconds since 1970; `None` if it is not a number.
    #[must_use]
    pub fn timestamp(&self) -> Option<i64> {
        self.get("oauth_timestamp")?.parse().ok()
    }

    /// Verifies the signature over a request. Whether time and nonce are fresh is the caller's to decide.
    ///
    /// # Errors
    /// [`Error::OAuth`] if it is signed with other secrets, about another request, or with another method.
    pub fn verify(&self, method: &str, url: &str, credentials: &Credentials<'_>) -> Result<()> {
        if self.get("oauth_signature_method") != Some(METHOD)
            || self.get("oauth_version").is_some_and(|version| version != "1.0")
        {
            return Err(Error::OAuth("another method or version is used"));
        }
        let ours = self.consumer_key() == credentials.consumer_key
            && constant_time_eq(self.access_token().as_bytes(), credentials.access_token.as_bytes());
        let signed: Vec<(&str, &str)> = self
            .parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| *name != "oauth_signature" && *name != "realm")
            .collect();
        let base = signature_base(method, url, &signed)?;
        let expected = STANDARD.encode(sign(&base, credentials.consumer_secret, credentials.access_secret));
        let given = self.get("oauth_signature").unwrap_or_default();
        if constant_time_eq(given.as_bytes(), expected.as_bytes()) && ours {
            Ok(())
        } else {
            Err(Error::OAuth("it does not belong to this token and request"))
        }
    }
}

fn sign(base: &str, consumer_secret: &str, access_secret: &str) -> hmac::Tag {
    let key = zeroize::Zeroizing::new(format!(
        "{}&{}",
        percent_encode(consumer_secret),
        percent_encode(access_secret)
    ));
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    hmac::sign(&key, base.as_bytes())
}

/// The signature base string (RFC 5849 section 3.4.1).
fn signature_base(method: &str, url: &str, parameters: &[(&str, &str)]) -> Result<String> {
    let (base_url, query) = base_url(url)?;
    let mut pairs: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| (percent_encode(name), percent_encode(value))).collect();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text: &str| percent_decode(&text.replace('+', " "));
        let (Some(name), Some(value)) = (decode(name), decode(value)) else {
            return Err(Error::OAuth("the URL's query is malformed"));
        };
        pairs.push((percent_encode(&name), percent_encode(&value)));
    }
    pairs.sort_unstable();
    let normalized: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Ok(format!(
        "{}&{}&{}",
        method.to_ascii_uppercase(),
        percent_encode(&base_url),
        percent_encode(&normalized.join("&"))
    ))
}

/// Scheme and host in lower case, no default port, no query (section 3.4.1.2); and the query.
fn base_url(url: &str) -> Result<(String, &str)> {
    let bad = Error::OAuth("the URL is not absolute");
    let (scheme, rest) = url.split_once("://").ok_or(bad.clone())?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return Err(bad),
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (before_query, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = before_query.split_at(before_query.find('/').unwrap_or(before_query.len()));
    let authority = authority.to_ascii_lowercase();
    let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
    if authority.is_empty() {
        return Err(bad);
    }
    let path = if path.is_empty() { "/" } else { path };
    Ok((format!("{scheme}://{authority}{path}"), query))
}

/// Everything but the unreserved characters as `%XX` (section 3.6).
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>()?;
        out.extend(hex::decode(digits).ok()?);
        rest = after;
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests;
