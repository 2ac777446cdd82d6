//! `/deviceManagement/applePushNotificationCertificate`: the MDM push certificate (L28 to L30).

use app::push_certificate::{self, Upload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::push::PushCertificate;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::call::Call;
use super::entity::PUSH_CERTIFICATE;
use super::error::ApiError;

/// Graph has one for a tenant; its id is of no use to anybody.
const ID: &str = "applePushNotificationCertificate";

fn row(certificate: &PushCertificate) -> Value {
    let current = certificate.current.as_ref();
    let refusal = certificate.last_refusal.as_ref();
    let known = [
        ("id", json!(ID)),
        ("appleIdentifier", json!(certificate.apple_id)),
        ("certificate", json!(current.map(|current| &current.pem))),
        ("certificateSerialNumber", json!(current.map(|current| &current.serial))),
        ("certificateUploadFailureReason", json!(refusal)),
        ("certificateUploadStatus", json!(if refusal.is_some() { "failed" } else { "succeeded" })),
        ("expirationDateTime", json!(current.map(|current| current.not_after.rfc3339()))),
        ("lastModifiedDateTime", json!(certificate.modified_at.rfc3339())),
        ("topicIdentifier", json!(current.map(|current| &current.topic))),
    ];
    let known: Map<String, Value> = known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    PUSH_CERTIFICATE.complete(known)
}

/// 404 when there is none: an open request is not a certificate.
pub(crate) async fn get(call: Call) -> Result<Answer, ApiError> {
    let found = call.done(push_certificate::get(&call.app, &call.actor).await)?;
    let found = found.filter(|(certificate, _)| certificate.current.is_some());
    let (certificate, _) = found.ok_or_else(|| {
        ApiError::not_found("Failed to find a push certificate: download the request, have it signed at identity.apple.com/pushcert and upload the certificate.")
    })?;
    call.entity(&PUSH_CERTIFICATE, row(&certificate), &[])
}

pub(crate) async fn update(call: Call) -> Result<Answer, ApiError> {
    let body = call.properties(&PUSH_CERTIFICATE)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let pem = text("certificate").map(pem).ok_or_else(|| {
        ApiError::bad_value(
            "certificate",
            "Failed to read 'certificate': it is missing; send the file from Apple's portal.",
        )
    })?;
    let upload =
        Upload { pem, apple_id: text("appleIdentifier").map(str::to_owned), force: call.confirmed() };
    let certificate = call.done(push_certificate::upload(&call.app, &call.actor, upload).await)?;
    call.entity(&PUSH_CERTIFICATE, row(&certificate), &[])
}

/// The file as PEM: as it is, or from base64, which Graph's clients send.
fn pem(text: &str) -> String {
    if text.contains("-----BEGIN") {
        return text.to_owned();
    }
    let packed: String = text.split_whitespace().collect();
    let Ok(bytes) = STANDARD.decode(packed) else { return text.to_owned() };
    match String::from_utf8(bytes) {
        Ok(inner) if inner.contains("-----BEGIN") => inner,
        Ok(inner) => pki::pem::encode("CERTIFICATE", inner.as_bytes()),
        Err(der) => pki::pem::encode("CERTIFICATE", der.as_bytes()),
    }
}

pub(crate) async fn request(call: Call) -> Result<Answer, ApiError> {
    let pem = call.done(push_certificate::request(&call.app, &call.actor).await)?;
    Ok(call.value(pem))
}
