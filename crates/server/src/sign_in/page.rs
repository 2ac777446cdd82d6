//! The pages: templates filled in, with headers by which a browser lets nothing else into them.

use askama::Template;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// Nothing but our own style and the picture of a key: no script, no frame, no form to elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";
/// Of the page alone to itself: the link of an invitation has a secret in it.
const REFERRER: &str = "same-origin";

/// Where somebody goes on after signing in. Names of our own pages, never a URL that a link brought along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Next {
    #[default]
    Account,
    Device,
}

impl Next {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Next::Account => "account",
            Next::Device => "device",
        }
    }

    /// What a form or a link says; anything else is the usual page.
    pub(super) fn of(word: Option<&str>) -> Self {
        if word == Some("device") { Next::Device } else { Next::Account }
    }
}

#[derive(Template)]
#[template(path = "sign_in/sign_in.html")]
pub(super) struct SignInPage<'a> {
    pub(super) tenant: &'a str,
    pub(super) token: String,
    pub(super) next: &'static str,
    pub(super) name: &'a str,
    pub(super) problem: Option<String>,
    pub(super) notice: Option<&'a str>,
    pub(super) provider: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_in/code.html")]
pub(super) struct CodePage<'a> {
    pub(super) tenant: &'a str,
    pub(super) token: String,
    pub(super) next: &'static str,
    pub(super) name: &'a str,
    pub(super) problem: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_in/set_up.html")]
pub(super) struct SetUpPage<'a> {
    pub(super) tenant: &'a str,
    pub(super) token: String,
    pub(super) code: &'a str,
    pub(super) first: bool,
    pub(super) name: &'a str,
    pub(super) display_name: &'a str,
    pub(super) problem: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_in/enrol.html")]
pub(super) struct EnrolPage<'a> {
    pub(super) tenant: &'a str,
    pub(super) token: String,
    pub(super) next: &'static str,
    pub(super) steps: bool,
    pub(super) picture: String,
    pub(super) key: String,
    pub(super) name: &'a str,
    pub(super) problem: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_in/recovery.html")]
pub(super) struct RecoveryPage<'a> {
    pub(super) tenant: &'a str,
    pub(super) next: &'static str,
    pub(super) steps: bool,
    pub(super) codes: &'a [zeroize::Zeroizing<String>],
}

/// A session as its owner sees it.
pub(super) struct SessionRow {
    pub(super) since: String,
    pub(super) source: String,
    pub(super) agent: String,
    pub(super) current: bool,
}

#[derive(Template)]
#[template(path = "sign_in/account.html")]
pub(super) struct AccountPage<'a> {
    pub(super) tenant: &'a str,
    pub(super) token: String,
    pub(super) name: &'a str,
    pub(super) display_name: &'a str,
    pub(super) sessions: Vec<SessionRow>,
    pub(super) local: bool,
    pub(super) factor_since: String,
    pub(super) recovery_left: usize,
    pub(super) problem: Option<String>,
    pub(super) notice: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "sign_in/device.html")]
pub(super) struct DevicePage<'a> {
    pub(super) tenant: &'a str,
    pub(super) token: String,
    pub(super) name: &'a str,
    pub(super) program: Option<String>,
    pub(super) code: &'a str,
    pub(super) problem: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_in/message.html")]
pub(super) struct MessagePage<'a> {
    pub(super) heading: &'a str,
    pub(super) words: &'a str,
    pub(super) link: Option<(String, &'a str)>,
}

/// A page.
pub(super) fn show(status: StatusCode, page: &impl Template) -> Response {
    let mut response = match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!("failed to fill in a page: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    guard(response.headers_mut());
    response
}

/// A page with nothing but words.
pub(super) fn message(
    status: StatusCode,
    heading: &str,
    words: &str,
    link: Option<(String, &str)>,
) -> Response {
    show(status, &MessagePage { heading, words, link })
}

/// Another page of ours, by its path.
pub(super) fn go(path: &str) -> Response {
    let mut response = Redirect::to(path).into_response();
    guard(response.headers_mut());
    response
}

/// The same with cookies.
pub(super) fn with_cookies(
    mut response: Response,
    cookies: impl IntoIterator<Item = Option<HeaderValue>>,
) -> Response {
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn guard(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, REFERRER),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The style of every page.
pub(super) async fn style() -> Response {
    let text = include_str!("../../templates/sign_in/style.css");
    let mut response = text.into_response();
    guard(response.headers_mut());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
