//! Letting a program in: the endpoint that it begins at (RFC 8628 section 3.1), and the page on which a person answers.

use ::app::application::{AuthError, Visit};
use axum::extract::rejection::FormRejection;
use axum::extract::{Extension, Form, Path, State};
use axum::response::Response;
use domain::session::Stage;
use http::StatusCode;
use net::PeerAddr;
use serde_json::json;

use super::form::{Fields, field};
use super::page::{DevicePage, Next, message, show};
use super::token::{Refusal, no_store, not_signed_in, read, refused};
use super::visit::{Visitor, fields};
use super::{Door, source};
use crate::edge::RequestIds;

/// A program asks to be let in.
pub(super) async fn authorize(
    State(door): State<Door>,
    Path(tenant): Path<String>,
    peer: Option<Extension<PeerAddr>>,
    Extension(ids): Extension<RequestIds>,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let given = match read(form) {
        Ok(given) => given,
        Err(refusal) => return refused(&door, &ids, refusal),
    };
    let Some(client_id) = field(&given, "client_id") else {
        return refused(&door, &ids, Refusal::bad("invalid_request", "client_id has to be given"));
    };
    let (scope, source) = (field(&given, "scope").unwrap_or_default(), source(peer.map(|Extension(p)| p)));
    match door.gate.begin_device_code(&tenant, client_id, scope, &source).await {
        Err(error) => not_signed_in(&door, &ids, error),
        Ok(begun) => {
            let uri = format!("{}/{}/device", door.app.settings.api_url, begun.tenant);
            let code = begun.user_code.as_str();
            no_store(json!({
                "device_code": begun.device_code.as_str(),
                "user_code": code,
                "verification_uri": uri,
                // The name that Entra's first version gives it.
                "verification_url": uri,
                "expires_in": begun.life.as_secs(),
                "interval": begun.interval.as_secs(),
                "message": format!("To sign in, open {uri} in a browser and type the code {code}."),
            }))
        }
    }
}

/// The page on which a code is typed.
pub(super) async fn device_page(State(door): State<Door>, visitor: Visitor) -> Response {
    match visitor.at(&door, &[Stage::Full], Next::Device).await {
        Ok(visit) => ask(&visitor, &visit, StatusCode::OK, None, "", None),
        Err(elsewhere) => elsewhere,
    }
}

fn ask(
    visitor: &Visitor,
    visit: &Visit,
    status: StatusCode,
    program: Option<String>,
    code: &str,
    problem: Option<String>,
) -> Response {
    let page = DevicePage {
        tenant: visitor.tenant(),
        token: visitor.form_token(),
        name: &visit.user.user_principal_name,
        program,
        code,
        problem,
    };
    show(status, &page)
}

const NO_CODE: &str = "No program waits under this code. Codes are good for a quarter of an hour, and once.";

/// A code was typed: says which program it is of, and asks.
pub(super) async fn typed(
    State(door): State<Door>,
    visitor: Visitor,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let given = fields(form);
    if !visitor.sent(&door, &given) {
        return visitor.not_ours();
    }
    let visit = match visitor.at(&door, &[Stage::Full], Next::Device).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let code = field(&given, "code").unwrap_or_default();
    match door.gate.waiting_program(&visit, code, visitor.browser()).await {
        Ok(Some(program)) => ask(&visitor, &visit, StatusCode::OK, Some(program), code, None),
        Ok(None) => ask(&visitor, &visit, StatusCode::NOT_FOUND, None, "", Some(NO_CODE.to_owned())),
        Err(error) => told(&door, &visitor, &visit, &error),
    }
}

fn told(door: &Door, visitor: &Visitor, visit: &Visit, error: &AuthError) -> Response {
    match visitor.told(door, error) {
        Ok((status, words)) => ask(visitor, visit, status, None, "", Some(words)),
        Err(trouble) => *trouble,
    }
}

/// The person has answered.
pub(super) async fn answer(
    State(door): State<Door>,
    visitor: Visitor,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let given = fields(form);
    if !visitor.sent(&door, &given) {
        return visitor.not_ours();
    }
    let visit = match visitor.at(&door, &[Stage::Full], Next::Device).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let (code, yes) = (field(&given, "code").unwrap_or_default(), field(&given, "answer") == Some("yes"));
    match door.gate.answer_program(&visit, code, yes, visitor.browser()).await {
        Err(error) => told(&door, &visitor, &visit, &error),
        Ok(false) => ask(&visitor, &visit, StatusCode::NOT_FOUND, None, "", Some(NO_CODE.to_owned())),
        Ok(true) if yes => message(
            StatusCode::OK,
            "The program is in",
            "Go back to it; it goes on by itself. You may close this page.",
            None,
        ),
        Ok(true) => message(
            StatusCode::OK,
            "The program stays out",
            "It was told so. If you did not start it, somebody has tried to use your account.",
            None,
        ),
    }
}
