//! The HTTP/2 side: who pushes is known by the certificate of the connection.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use net::PeerCertificates;
use pki::x509::{Certificate, verify_current_issued_by};
use serde::Serialize;

use super::registry::{Delivery, Registry};
use super::rules::{ID, PAYLOAD_BYTES_MAX, Refusal, check};
use crate::apple::authority::Authorities;
use crate::apple::moment::Moment;
use crate::apple::world::World;
use crate::apple::{PlannedAnswer, What};

/// The push service.
#[derive(Debug)]
pub(crate) struct Apns {
    pub(crate) world: Arc<World>,
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) registry: Arc<Registry>,
}

/// One handler for every path and method: Apple answers each with a reason of its own.
pub(crate) fn router(apns: Arc<Apns>) -> Router {
    Router::new().fallback(handle).with_state(apns)
}

#[derive(Serialize)]
struct Reason<'a> {
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<i64>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        refuse(self.0, self.1, None)
    }
}

fn refuse(status: u16, reason: &str, timestamp: Option<i64>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(Reason { reason, timestamp })).into_response()
}

/// A planned answer names the reason in its body, as a bare word.
fn planned(answer: &PlannedAnswer, now: Moment) -> Response {
    let gone_since = (answer.status == 410).then(|| now.millis());
    let mut response = refuse(answer.status, &answer.body, gone_since);
    let value = answer.retry_after.as_deref().and_then(|text| text.parse().ok());
    if let Some(value) = value {
        response.headers_mut().insert("retry-after", value);
    }
    response
}

/// An answer that ends before its first byte: of all answers of this service, only the status has a meaning.
fn broken() -> Response {
    let ended = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut off, as planned");
    let body = futures_util::stream::iter([Err::<axum::body::Bytes, _>(ended)]);
    Response::new(Body::from_stream(body))
}

async fn handle(State(apns): State<Arc<Apns>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    // Counted as one endpoint: a path for each device would count devices.
    let came = apns.world.now();
    match apns.world.called("POST", "/3/device") {
        Some(What::Answer(answer)) => return planned(&answer, apns.world.now()),
        Some(What::Slow { seconds }) => apns.world.wait(came, seconds).await,
        Some(What::GoAway) => apns.world.go_away().notify_one(),
        Some(What::CutOff) => return broken(),
        _ => {}
    }
    if head.version != Version::HTTP_2 {
        return StatusCode::HTTP_VERSION_NOT_SUPPORTED.into_response();
    }
    if head.method != Method::POST {
        return Refusal(405, "MethodNotAllowed").into_response();
    }
    let certified = match apns.topic(head.extensions.get()) {
        Ok(topic) => topic,
        Err(refusal) => return refusal.into_response(),
    };
    let Ok(payload) = read(body).await else { return Refusal(413, "PayloadTooLarge").into_response() };
    match check(head.uri.path(), &head.headers, &payload, &certified) {
        Err(refusal) => refusal.into_response(),
        Ok(accepted) => {
            let delivery =
                apns.registry.push(accepted.token, &accepted.topic, accepted.push, apns.world.now());
            answer(delivery, accepted.id)
        }
    }
}

/// Reads the payload; one byte more than allowed is an error.
async fn read(body: Body) -> Result<axum::body::Bytes, axum::Error> {
    axum::body::to_bytes(body, PAYLOAD_BYTES_MAX).await
}

fn answer(delivery: Delivery, id: String) -> Response {
    match delivery {
        Delivery::Accepted => ([(ID, id)], ()).into_response(),
        Delivery::Unknown => Refusal(400, "BadDeviceToken").into_response(),
        Delivery::OtherTopic => Refusal(400, "DeviceTokenNotForTopic").into_response(),
        Delivery::Unregistered(since) => refuse(410, "Unregistered", Some(since.millis())),
        Delivery::TooMany => Refusal(429, "TooManyRequests").into_response(),
    }
}

impl Apns {
    /// The topic of the client's certificate, if the practice push authority issued it and it is current.
    fn topic(&self, presented: Option<&PeerCertificates>) -> Result<String, Refusal> {
        let presented = presented.ok_or(Refusal(403, "MissingProviderToken"))?;
        let bad = |_| Refusal(403, "BadCertificate");
        let certificate = Certificate::from_der(presented.leaf()).map_err(bad)?;
        let authority = self.authorities.push().certificate();
        verify_current_issued_by(&certificate, &[], authority, self.world.now().seconds()).map_err(bad)?;
        Ok(certificate.user_id().unwrap_or_default())
    }
}
