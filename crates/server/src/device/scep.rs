//! SCEP over HTTP (RFC 8894 section 4).

use ::app::{App, AppError, scep};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;

use super::answer;

/// The query of every SCEP request.
#[derive(Deserialize)]
pub(super) struct Asked {
    operation: String,
    message: Option<String>,
}

/// `GetCACaps`, `GetCACert`, and `PKIOperation` of clients that cannot post.
pub(super) async fn get(
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let tenant = match answer::tenant(&tenant) {
        Ok(tenant) => tenant,
        Err(status) => return answer::bare(status),
    };
    let answered = match asked.operation.as_str() {
        "GetCACaps" => return answer::of("text/plain", scep::capabilities().as_bytes().to_vec()),
        "GetCACert" => {
            let certificate = scep::ca_certificate(&app, &tenant).await;
            certificate.map(|der| answer::of("application/x-x509-ca-cert", der))
        }
        "PKIOperation" => match scep::message_from_query(asked.message.as_deref().unwrap_or_default()) {
            Ok(message) => operate(&app, &tenant, &message).await,
            Err(error) => Err(error),
        },
        _ => return answer::bare(StatusCode::BAD_REQUEST),
    };
    answered.unwrap_or_else(|error| answer::not_accepted(error, app.now()))
}

/// `PKIOperation`.
pub(super) async fn post(
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(asked): Query<Asked>,
    body: Bytes,
) -> Response {
    let tenant = match answer::tenant(&tenant) {
        Ok(tenant) => tenant,
        Err(status) => return answer::bare(status),
    };
    if asked.operation != "PKIOperation" {
        return answer::bare(StatusCode::BAD_REQUEST);
    }
    let answered = operate(&app, &tenant, &body).await;
    answered.unwrap_or_else(|error| answer::not_accepted(error, app.now()))
}

async fn operate(app: &App, tenant: &domain::TenantId, message: &[u8]) -> Result<Response, AppError> {
    let reply = scep::operation(app, tenant, message).await?;
    Ok(answer::of("application/x-pki-message", reply))
}
