//! Enrolment. Both variants end in the same check; a page for signing in would stand before the second.

use ::app::{App, enrollment};
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;

use super::answer;

/// Apple's header for MachineInfo in the web view.
const DEVICE_INFO: &str = "x-apple-aspen-deviceinfo";

/// `POST`: the body is signed MachineInfo.
pub(super) async fn by_body(
    State(app): State<App>,
    Path((tenant, secret)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    enroll(&app, &tenant, &secret, &body).await
}

/// `GET`: the header is the same in base64, standard or URL-safe.
pub(super) async fn by_header(
    State(app): State<App>,
    Path((tenant, secret)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let mut values = headers.get_all(DEVICE_INFO).iter();
    // Two headers are somebody's trick; none is a browser.
    let signed = match (values.next(), values.next()) {
        (Some(value), None) => decode(value.as_bytes()),
        _ => None,
    };
    enroll(&app, &tenant, &secret, &signed.unwrap_or_default()).await
}

fn decode(base64: &[u8]) -> Option<Vec<u8>> {
    let plain = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let standard: Vec<u8> = base64.iter().map(plain).collect();
    pki::pem::base64_lenient(&standard).ok().map(|der| der.to_vec())
}

async fn enroll(app: &App, tenant: &str, secret: &str, signed: &[u8]) -> Response {
    let tenant = match answer::tenant(tenant) {
        Ok(tenant) => tenant,
        Err(status) => return answer::bare(status),
    };
    match enrollment::enroll(app, &tenant, secret, signed).await {
        Ok(profile) => answer::of(::mdm::profile::CONTENT_TYPE, profile),
        Err(error) => answer::not_enrolled(error, app.now()),
    }
}
