//! Check-in and commands: one handler, since what is in the body tells them apart.

use ::app::App;
use ::app::mdm::{Proof, Reply, message as take};
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use net::PeerCertificates;

use super::answer;
use super::body::Body;

/// The device's signature over the body, base64 (apple.md 3.3).
const SIGNATURE: &str = "mdm-signature";

/// Takes one message.
pub(super) async fn message(
    State(app): State<App>,
    Path(tenant): Path<String>,
    peer: Option<Extension<PeerCertificates>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let tenant = match answer::tenant(&tenant) {
        Ok(tenant) => tenant,
        Err(status) => return answer::bare(status),
    };
    let signature = match signature(&headers) {
        Ok(signature) => signature,
        Err(status) => return answer::bare(status),
    };
    let certificate = peer.map(|Extension(peer)| peer.leaf().to_vec());
    match take(&app, &tenant, &Proof { certificate, signature }, &body.bytes).await {
        Ok(Reply::Empty) => answer::bare(StatusCode::OK),
        Ok(Reply::Plist(plist)) => answer::of("application/xml", plist),
        Ok(Reply::UserNotManaged) => answer::bare(StatusCode::GONE),
        Ok(Reply::NotFound) => answer::bare(StatusCode::NOT_FOUND),
        Err(error) => {
            if !matches!(error, ::app::AppError::Busy) {
                tracing::warn!(tenant = %tenant, "failed to {error}");
            }
            answer::not_accepted(error, app.now())
        }
    }
}

/// The signature, if there is one. A header that is there and cannot be read is not the same as none (lessons, class
/// E), and of two it is anybody's guess which is meant.
fn signature(headers: &HeaderMap) -> Result<Option<Vec<u8>>, StatusCode> {
    let mut values = headers.get_all(SIGNATURE).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) if !value.as_bytes().trim_ascii().is_empty() => {
            let read = pki::pem::base64_lenient(value.as_bytes());
            read.map(|der| Some(der.to_vec())).map_err(|_| StatusCode::FORBIDDEN)
        }
        _ => Err(StatusCode::FORBIDDEN),
    }
}
