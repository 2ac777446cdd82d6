//! Activation: what a device asks Apple before it asks anybody else.
//!
//! Devices speak to Apple in a form Apple does not document. This one is practice's own, in XML property lists:
//!
//! | call | keys sent | answer |
//! |---|---|---|
//! | `POST /activation` | `SerialNumber` | 200 with a [cloud configuration](cloud_configuration); 204 for an unmanaged device; 404 for one that Apple never sold |
//! | `POST /activation/identity` | `SerialNumber`, `DeviceCertRequest` (a CSR, DER) | `DeviceCertificate` and `DeviceCertificateChain` (DER): issuer, root |
//! | `POST /activation/erased` | `SerialNumber` | 204: the next activation takes the profile assigned by then |
//! | `POST /activation/migrated` | `SerialNumber` | 204: the device takes the profile now assigned without being erased; 409 without a deadline |

mod cloud;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use mdm::guard::{Dictionary, Fields, Value, parse_dictionary, write_xml};
use pki::x509::CertificateRequest;

use crate::apple::What;
use crate::apple::activation::Activation;
use crate::apple::serial::SERIAL_CHARS_MAX;
use crate::services::Services;
pub use cloud::cloud_configuration;

/// The longest request: a serial number and a CSR are under 4 kB.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The routes, under `/activation`.
pub(crate) fn router() -> Router<Arc<Services>> {
    Router::new()
        .route("/activation", post(activate))
        .route("/activation/identity", post(identity))
        .route("/activation/erased", post(erased))
        .route("/activation/migrated", post(migrated))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// A bad request, in a few words.
struct Bad(&'static str);

impl IntoResponse for Bad {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.0).into_response()
    }
}

fn read(body: &[u8]) -> Result<(String, Dictionary), Bad> {
    let dictionary = parse_dictionary(body, BODY_BYTES_MAX).map_err(|_| Bad("no property list"))?;
    let serial = Fields(&dictionary).text("SerialNumber", SERIAL_CHARS_MAX);
    let serial = serial.map_err(|_| Bad("no SerialNumber"))?;
    Ok((serial, dictionary))
}

fn plist(dictionary: Dictionary) -> Response {
    match write_xml(&Value::Dictionary(dictionary)) {
        Ok(xml) => ([(header::CONTENT_TYPE, "application/xml")], xml).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn activate(State(services): State<Arc<Services>>, body: Bytes) -> Result<Response, Bad> {
    let (serial, _) = read(&body)?;
    let came = services.world.now();
    match services.world.called("POST", "/activation") {
        Some(What::Answer(answer)) => return Ok(answer.into_response()),
        Some(What::Slow { seconds }) => services.world.wait(came, seconds).await,
        _ => {}
    }
    let now = services.world.now();
    Ok(match services.world.model().activate(&serial, now) {
        Activation::UnknownDevice => StatusCode::NOT_FOUND.into_response(),
        Activation::Unmanaged => StatusCode::NO_CONTENT.into_response(),
        Activation::Managed(cloud) => plist(cloud_configuration(&cloud)),
    })
}

async fn identity(State(services): State<Arc<Services>>, body: Bytes) -> Result<Response, Bad> {
    let (serial, dictionary) = read(&body)?;
    if services.world.model().device(&serial).is_none() {
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    let der = Fields(&dictionary).data("DeviceCertRequest", BODY_BYTES_MAX);
    let der = der.map_err(|_| Bad("no DeviceCertRequest"))?;
    let request = CertificateRequest::from_der(&der).map_err(|_| Bad("DeviceCertRequest is no CSR"))?;
    let issued = services.authorities.issue_device_identity(request.public_key(), services.world.now());
    let identity = issued.map_err(|_| Bad("the key is too weak"))?;
    let mut answer = Dictionary::new();
    answer.insert("DeviceCertificate".into(), Value::Data(identity.certificate));
    let chain = [identity.device_ca, identity.root].map(Value::Data);
    answer.insert("DeviceCertificateChain".into(), Value::Array(chain.into()));
    Ok(plist(answer))
}

async fn erased(State(services): State<Arc<Services>>, body: Bytes) -> Result<StatusCode, Bad> {
    let (serial, _) = read(&body)?;
    let found = services.world.model().erase(&serial);
    Ok(if found { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND })
}

async fn migrated(State(services): State<Arc<Services>>, body: Bytes) -> Result<StatusCode, Bad> {
    let (serial, _) = read(&body)?;
    let now = services.world.now();
    let done = services.world.model().migrate(&serial, now);
    Ok(if done { StatusCode::NO_CONTENT } else { StatusCode::CONFLICT })
}
