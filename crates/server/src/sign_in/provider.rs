//! Signing in at the organisation's own identity provider: there and back.

use ::app::application::{AuthError, Returned};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue, REFERRER_POLICY};

use super::form::field;
use super::page::{Next, message, with_cookies};
use super::people::{Said, begun};
use super::visit::Visitor;
use super::{Door, cookie};

/// What the browser keeps between the two: a random value, and where it goes on.
const FLOW: &str = "__Host-muster-provider";

/// Sends the browser to the provider.
pub(super) async fn begin(State(door): State<Door>, visitor: Visitor, Query(said): Said) -> Response {
    let Some(provider) = door.provider(&visitor) else { return no_provider() };
    let next = Next::of(field(&said, "next"));
    match provider.begin().await {
        Err(error) => failed(&visitor, provider.name(), &error),
        Ok(begun) => {
            let kept = format!("{}.{}", begun.keep.as_str(), next.as_str());
            let mut response = Redirect::to(&begun.location).into_response();
            let headers = response.headers_mut();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            with_cookies(response, [cookie::set(FLOW, &kept)])
        }
    }
}

/// The browser comes back.
pub(super) async fn callback(State(door): State<Door>, visitor: Visitor, Query(said): Said) -> Response {
    let Some(provider) = door.provider(&visitor) else { return no_provider() };
    let kept = cookie::read(&visitor.headers, FLOW).and_then(|kept| kept.split_once('.'));
    let done = [cookie::unset(FLOW)];
    // Each value once, or it is not what the provider has sent.
    if super::form::doubled(&said).is_some() {
        return with_cookies(failed(&visitor, provider.name(), &broken()), done);
    }
    let (Some((kept, next)), Some(state), Some(code)) = (kept, field(&said, "state"), field(&said, "code"))
    else {
        return with_cookies(failed(&visitor, provider.name(), &broken()), done);
    };
    let returned = Returned { kept, state, code, issuer: field(&said, "iss") };
    match door.gate.sign_in_by_provider(provider, returned, visitor.browser()).await {
        Ok(session) => {
            let response = begun(&door, &visitor, &session, Next::of(Some(next))).await;
            with_cookies(response, done)
        }
        Err(error) => with_cookies(failed(&visitor, provider.name(), &error), done),
    }
}

fn broken() -> AuthError {
    AuthError::Provider("it let nobody in, or the sign-in was begun in another browser; begin again".into())
}

fn no_provider() -> Response {
    let words = "People of this tenant do not sign in at an identity provider.";
    message(StatusCode::NOT_FOUND, "Not found", words, None)
}

fn failed(visitor: &Visitor, name: &str, error: &AuthError) -> Response {
    let words = match error {
        AuthError::Provider(words) => {
            tracing::warn!(request_id = %visitor.ids.request, "failed to {error}");
            format!("{name} did not sign you in: {words}.")
        }
        AuthError::NotSignedIn => {
            format!(
                "You are signed in at {name}, but no account here is yours. Whoever runs this server can add one."
            )
        }
        error => return visitor.trouble(error),
    };
    let back = (format!("/{}/sign-in", visitor.tenant()), "Back to sign-in");
    message(StatusCode::FORBIDDEN, "You are not signed in", &words, Some(back))
}
