//! What devices talk to: enrolment, SCEP, and management (apple.md 3). A host name or port of its own, so that people's
//! browsers are never asked for a certificate.
//!
//! | route | who | answer |
//! |---|---|---|
//! | `POST /t/{tenant}/enroll/{secret}` | Setup Assistant, MachineInfo in the body | the enrolment profile |
//! | `GET /t/{tenant}/enroll/{secret}` | its web view, MachineInfo in a header | the same |
//! | `GET`, `POST /t/{tenant}/scep` | a device without identity | SCEP |
//! | `PUT`, `POST /t/{tenant}/mdm`, `…/checkin`, `…/connect` | an enrolled device | nothing, or a command |
//!
//! Two rules hold for every answer. It is never 401: a device takes that as the order to remove its enrolment
//! (apple.md 3.3). And it is never kept by a cache. The secret stands in the path, so logs name the route
//! (`MatchedPath`), never the path.

mod answer;
mod body;
mod enroll;
mod mdm;
mod scep;

use std::time::Duration;

use ::app::App;
use axum::extract::DefaultBodyLimit;
use axum::middleware::map_response;
use axum::routing::{get, post, put};
use axum::{Extension, Router};
use http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::ServerLimits;

/// An answer takes longer than this only when the database stands still; the device asks again by itself.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The routes of devices, within the usual bounds.
pub fn router(app: App) -> Router {
    bounded(app, &ServerLimits::default())
}

/// The same within these.
pub(crate) fn bounded(app: App, limits: &ServerLimits) -> Router {
    let enroll = post(enroll::by_body).get(enroll::by_header);
    let enroll = enroll.layer(DefaultBodyLimit::max(::app::enrollment::MACHINE_INFO_MAX));
    let scep = get(scep::get).post(scep::post).layer(DefaultBodyLimit::max(::app::scep::MESSAGE_MAX));
    let places = body::Places::new(limits);
    let message = || put(mdm::message).post(mdm::message).layer(Extension(places.clone()));
    Router::new()
        .route("/t/{tenant}/enroll/{secret}", enroll)
        .route("/t/{tenant}/scep", scep)
        .route("/t/{tenant}/mdm", message())
        .route("/t/{tenant}/checkin", message())
        .route("/t/{tenant}/connect", message())
        .layer(CatchPanicLayer::custom(answer::after_panic))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT))
        .layer(map_response(answer::sealed))
        .with_state(app)
}

#[cfg(test)]
mod tests;
