//! What a push says to a device (Apple: "Sending notification requests to APNs", push type `mdm`).

/// What every push topic of device management starts with.
pub const TOPIC_PREFIX: &str = "com.apple.mgmt.";

/// The body of a push: `{"mdm":"<PushMagic>"}` and nothing else.
pub fn body(push_magic: &str) -> Vec<u8> {
    serde_json::json!({ "mdm": push_magic }).to_string().into_bytes()
}

/// Whether a topic, the `UID` of a push certificate's subject, is one of device management.
pub fn is_mdm_topic(topic: &str) -> bool {
    topic.strip_prefix(TOPIC_PREFIX).is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    })
}

#[cfg(test)]
mod tests;
