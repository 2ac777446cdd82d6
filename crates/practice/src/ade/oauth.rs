//! `GET /session`: OAuth 1.0a with HMAC-SHA1, really checked (apple.md 1.2, 1.3).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use pki::oauth1::{Authorization, Credentials, parse_header};
use serde::Serialize;

use super::Ade;
use super::answer::{Json, words};
use crate::apple::model::Model;
use crate::apple::moment::Moment;
use crate::apple::org::ServerId;
use crate::apple::token::TokenStanding;
use crate::apple::world::lock;
use crate::apple::{AdeFault, OAuthProblem};

/// How far a client's clock may be off, in seconds.
const SKEW_S_MAX: u64 = 300;

impl IntoResponse for OAuthProblem {
    fn into_response(self) -> Response {
        let (status, text) = self.answer();
        words(status, text)
    }
}

#[derive(Serialize)]
struct SessionAnswer {
    auth_session_token: String,
}

/// `GET /session`
pub(super) async fn open(State(ade): State<Arc<Ade>>, uri: Uri, headers: HeaderMap) -> Response {
    match check(&ade, &uri, &headers) {
        Err(problem) => problem.into_response(),
        Ok(Signed { terms_pending: true, .. }) => AdeFault::TermsNotSigned.into_response(),
        Ok(signed) => {
            let token = lock(&ade.sessions).open(signed.server, &signed.access_token, ade.world.now());
            Json(SessionAnswer { auth_session_token: token }).into_response()
        }
    }
}

/// A request that was signed with a token that is good.
struct Signed {
    server: ServerId,
    access_token: String,
    terms_pending: bool,
}

fn check(ade: &Ade, uri: &Uri, headers: &HeaderMap) -> Result<Signed, OAuthProblem> {
    let now = ade.world.judged_now();
    let value = headers.get(header::AUTHORIZATION).ok_or(OAuthProblem::ParameterAbsent)?;
    let value = value.to_str().map_err(|_| OAuthProblem::ParameterRejected)?;
    let authorization = parse_header(value).map_err(|_| OAuthProblem::ParameterRejected)?;
    if authorization.get("oauth_signature_method") != Some("HMAC-SHA1") {
        return Err(OAuthProblem::SignatureMethodRejected);
    }
    if authorization.get("oauth_version").is_some_and(|version| version != "1.0") {
        return Err(OAuthProblem::VersionRejected);
    }
    let timestamp = authorization.timestamp().ok_or(OAuthProblem::ParameterRejected)?;
    let url = signed_url(ade.scheme, uri, headers).ok_or(OAuthProblem::ParameterRejected)?;
    let signed = check_token(&ade.world.model(), &authorization, &url, timestamp, now)?;
    let (consumer_key, nonce) = (authorization.consumer_key(), authorization.nonce());
    if !lock(&ade.nonces).take(consumer_key, timestamp, nonce, now) {
        return Err(OAuthProblem::NonceUsed);
    }
    Ok(signed)
}

fn check_token(
    model: &Model,
    authorization: &Authorization,
    url: &str,
    timestamp: i64,
    now: Moment,
) -> Result<Signed, OAuthProblem> {
    let (consumer_key, access_token) = (authorization.consumer_key(), authorization.access_token());
    let id = match model.standing(consumer_key, access_token, now) {
        TokenStanding::UnknownConsumer => return Err(OAuthProblem::ConsumerKeyUnknown),
        TokenStanding::Rejected => return Err(OAuthProblem::TokenRejected),
        TokenStanding::Good(id) => id,
    };
    if timestamp.abs_diff(now.seconds()) > SKEW_S_MAX {
        return Err(OAuthProblem::TimestampRefused);
    }
    let server = model.server(id).ok_or(OAuthProblem::ConsumerKeyUnknown)?;
    let access = server.access.as_ref().ok_or(OAuthProblem::TokenRejected)?;
    let credentials = Credentials {
        consumer_key: &server.consumer_key,
        consumer_secret: &server.consumer_secret,
        access_token: &access.token,
        access_secret: &access.secret,
    };
    authorization.verify("GET", url, &credentials).map_err(|_| OAuthProblem::SignatureInvalid)?;
    Ok(Signed {
        server: id,
        access_token: access.token.clone(),
        terms_pending: model.org(server.org).is_some_and(|org| org.terms_pending),
    })
}

/// The URL the client signed: it knows us by the host it asked for.
fn signed_url(scheme: &str, uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let host = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers.get(header::HOST)?.to_str().ok()?,
    };
    Some(format!("{scheme}://{host}{}", uri.path_and_query()?))
}
