//! The portal's routes.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::request::UPLOAD_BYTES_MAX;
use crate::services::Services;

/// The Apple Account meant when a rehearsal names none.
const SOMEBODY: &str = "admin@example.com";

/// The routes, under `/pushcert`.
pub(crate) fn router() -> Router<Arc<Services>> {
    Router::new().route("/pushcert", get(list).post(request)).layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX))
}

async fn list(State(services): State<Arc<Services>>) -> Response {
    axum::Json(services.push_certificates.list()).into_response()
}

async fn request(
    State(services): State<Arc<Services>>,
    Query(query): Query<HashMap<String, String>>,
    body: Bytes,
) -> Response {
    let account = query.get("appleAccount").map_or(SOMEBODY, String::as_str);
    let renew = query.get("renew").map(String::as_str);
    let now = services.world.now();
    let made = services.push_certificates.request(&services.authorities, &body, account, renew, now);
    match made {
        Ok(certificate) => {
            let kind = (header::CONTENT_TYPE, "application/x-pem-file".to_owned());
            let topic = (header::HeaderName::from_static("x-topic"), certificate.topic);
            ([kind, topic], certificate.pem).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, format!("failed to {error}")).into_response(),
    }
}
