//! What Apple refuses before it looks for the device, in Apple's words.

use axum::http::{HeaderMap, HeaderName};
use serde::Deserialize;

use super::registry::{DeviceToken, Push};
use crate::apple::moment::Moment;

/// The largest payload of an MDM push, in bytes.
pub(super) const PAYLOAD_BYTES_MAX: usize = 4_096;

/// The prefix of every MDM topic.
const MDM_TOPIC_PREFIX: &str = "com.apple.mgmt.";

const TOPIC: HeaderName = HeaderName::from_static("apns-topic");
const PUSH_TYPE: HeaderName = HeaderName::from_static("apns-push-type");
const PRIORITY: HeaderName = HeaderName::from_static("apns-priority");
const EXPIRATION: HeaderName = HeaderName::from_static("apns-expiration");
pub(super) const ID: HeaderName = HeaderName::from_static("apns-id");

/// A refusal: the status and Apple's reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) u16, pub(super) &'static str);

/// A request that broke no rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) token: DeviceToken,
    pub(super) topic: String,
    pub(super) push: Push,
    pub(super) id: String,
}

#[derive(Deserialize)]
struct Payload {
    mdm: String,
}

/// Holds a request to Apple's rules. `certified` is the topic of the client's certificate.
pub(super) fn check(
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
    certified: &str,
) -> Result<Accepted, Refusal> {
    let token = path.strip_prefix("/3/device/").ok_or(Refusal(404, "BadPath"))?;
    if token.is_empty() {
        return Err(Refusal(400, "MissingDeviceToken"));
    }
    let token = DeviceToken::from_hex(token).ok_or(Refusal(400, "BadDeviceToken"))?;
    for name in [&TOPIC, &PUSH_TYPE, &PRIORITY, &EXPIRATION, &ID] {
        if headers.get_all(name).iter().nth(1).is_some() {
            return Err(Refusal(400, "DuplicateHeaders"));
        }
    }
    if text(headers, &PUSH_TYPE) != Some("mdm") {
        return Err(Refusal(400, "InvalidPushType"));
    }
    let topic = check_topic(text(headers, &TOPIC), certified)?;
    if !matches!(text(headers, &PRIORITY), None | Some("10" | "5" | "1")) {
        return Err(Refusal(400, "BadPriority"));
    }
    let expires = check_expiration(text(headers, &EXPIRATION))?;
    let id = check_id(text(headers, &ID))?;
    let magic = check_payload(body)?;
    Ok(Accepted { token, topic, push: Push { magic, expires }, id })
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

/// A certificate with one topic makes the header optional; a certificate without makes it missing.
fn check_topic(given: Option<&str>, certified: &str) -> Result<String, Refusal> {
    let topic = given.unwrap_or(certified);
    match topic {
        "" => Err(Refusal(400, "MissingTopic")),
        topic if !topic.starts_with(MDM_TOPIC_PREFIX) => Err(Refusal(400, "BadTopic")),
        topic if topic != certified => Err(Refusal(400, "TopicDisallowed")),
        topic => Ok(topic.to_owned()),
    }
}

fn check_expiration(given: Option<&str>) -> Result<Option<Moment>, Refusal> {
    let Some(given) = given else { return Ok(None) };
    let seconds: i64 = given.parse().map_err(|_| Refusal(400, "BadExpirationDate"))?;
    if seconds < 0 {
        return Err(Refusal(400, "BadExpirationDate"));
    }
    Ok(Some(Moment::from_seconds(seconds)))
}

fn check_id(given: Option<&str>) -> Result<String, Refusal> {
    let Some(given) = given else { return Ok(uuid::Uuid::new_v4().to_string().to_uppercase()) };
    match uuid::Uuid::try_parse(given) {
        Ok(_) if given.len() == 36 => Ok(given.to_owned()),
        _ => Err(Refusal(400, "BadMessageId")),
    }
}

/// The payload is `{"mdm": "<PushMagic>"}`. Apple would carry anything; a practice push without magic is a mistake.
fn check_payload(body: &[u8]) -> Result<String, Refusal> {
    if body.len() > PAYLOAD_BYTES_MAX {
        return Err(Refusal(413, "PayloadTooLarge"));
    }
    let payload: Payload = serde_json::from_slice(body).map_err(|_| Refusal(400, "PayloadEmpty"))?;
    Ok(payload.mdm)
}

#[cfg(test)]
mod tests;
