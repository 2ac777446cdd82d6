//! The middleware every request passes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Ade;
use super::mangle::mangle;
use super::session::Entered;
use crate::apple::org::ServerId;
use crate::apple::token::TokenStanding;
use crate::apple::world::lock;
use crate::apple::{AdeFault, What};

/// Header of the session token, both ways.
pub(super) const SESSION_HEADER: &str = "x-adm-auth-session";

/// Header of the protocol version a client speaks.
const VERSION_HEADER: &str = "x-server-protocol-version";

/// The longest `User-Agent` Apple is known to like is far shorter.
const USER_AGENT_CHARS_MAX: usize = 256;

/// Who calls, and in which version of the protocol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) server: ServerId,
    pub(super) version: u32,
}

/// Lets a request in, or answers it.
pub(super) async fn pass(State(ade): State<Arc<Ade>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let came = ade.world.now();
    let planned = ade.world.called(request.method().as_str(), &path);
    match &planned {
        Some(What::Answer(answer)) => return answer.clone().into_response(),
        Some(What::Slow { seconds }) => ade.world.wait(came, *seconds).await,
        _ => {}
    }
    let honest = answer(&ade, request, next).await;
    match planned {
        Some(what) => mangle(honest, &what).await,
        None => honest,
    }
}

/// The honest answer.
async fn answer(ade: &Ade, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if let Err(fault) = check_user_agent(request.headers()) {
        return fault.into_response();
    }
    if path == "/session" {
        return next.run(request).await;
    }
    let (caller, rotated) = match enter(ade, request.headers()) {
        Ok(entered) => entered,
        Err(fault) => return fault.into_response(),
    };
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    if let Some(value) = rotated.and_then(|token| HeaderValue::from_str(&token).ok()) {
        response.headers_mut().insert(SESSION_HEADER, value);
    }
    response
}

/// `USER_AGENT_MISSING` without one; `USER_AGENT_INVALID` unless it begins with a product name, as RFC 9110 has it.
fn check_user_agent(headers: &HeaderMap) -> Result<(), AdeFault> {
    let value = headers.get(header::USER_AGENT).filter(|value| !value.is_empty());
    let text = value.ok_or(AdeFault::UserAgentMissing)?.to_str().map_err(|_| AdeFault::UserAgentInvalid)?;
    let product = text.split(['/', ' ']).next().unwrap_or_default();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let valid = !product.is_empty() && product.bytes().all(is_token) && text.len() <= USER_AGENT_CHARS_MAX;
    if valid { Ok(()) } else { Err(AdeFault::UserAgentInvalid) }
}

/// The protocol version: 1 when the header is absent or no number.
fn version(headers: &HeaderMap) -> u32 {
    let text = headers.get(VERSION_HEADER).and_then(|value| value.to_str().ok());
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(1)
}

/// Finds the session, holds it to the token it was opened with, and the organisation to Apple's terms.
fn enter(ade: &Ade, headers: &HeaderMap) -> Result<(Caller, Option<String>), AdeFault> {
    let now = ade.world.now();
    let token = headers.get(SESSION_HEADER).and_then(|value| value.to_str().ok());
    let token = token.ok_or(AdeFault::Unauthorized)?;
    let Entered { server, access_token, rotated } =
        lock(&ade.sessions).enter(token, now).ok_or(AdeFault::Unauthorized)?;
    let model = ade.world.model();
    let mdm_server = model.server(server).ok_or(AdeFault::Unauthorized)?;
    if model.standing(&mdm_server.consumer_key, &access_token, now) != TokenStanding::Good(server) {
        return Err(AdeFault::Unauthorized);
    }
    if model.org(mdm_server.org).is_some_and(|org| org.terms_pending) {
        return Err(AdeFault::TermsNotSigned);
    }
    Ok((Caller { server, version: version(headers) }, rotated))
}
