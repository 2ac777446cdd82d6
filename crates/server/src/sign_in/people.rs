//! Signing in and out: name and password, then a code.

use ::app::application::{AuthError, NewSession, PersonSignIn};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::response::Response;
use domain::session::Stage;
use http::StatusCode;

use super::form::{Fields, field};
use super::page::{CodePage, Next, SignInPage, go, show, with_cookies};
use super::visit::{Visitor, fields};
use super::{Door, cookie};

/// What links say of a page, as their query.
pub(super) type Said = Query<Vec<(String, String)>>;

/// The page of name and password.
pub(super) async fn sign_in_page(State(door): State<Door>, visitor: Visitor, Query(said): Said) -> Response {
    let next = Next::of(field(&said, "next"));
    match visitor.visit(&door).await {
        Ok(Some(visit)) => go(&visitor.way_on(Some(visit.session.stage), next)),
        Ok(None) => {
            let notice = field(&said, "ended").map(|_| "You are signed out.");
            ask(&door, &visitor, StatusCode::OK, next, "", None, notice)
        }
        Err(error) => visitor.trouble(&error),
    }
}

/// Asks for name and password, and binds the form to the browser.
fn ask(
    door: &Door,
    visitor: &Visitor,
    status: StatusCode,
    next: Next,
    name: &str,
    problem: Option<String>,
    notice: Option<&str>,
) -> Response {
    let Ok((bond, fresh)) = bond(visitor) else { return go(&format!("/{}/sign-in", visitor.tenant())) };
    let page = SignInPage {
        tenant: visitor.tenant(),
        token: super::origin::token(&bond),
        next: next.as_str(),
        name,
        problem,
        notice,
        provider: door.provider_name(visitor),
    };
    // A session that is over would be what the form is bound to.
    let over = visitor.session().and_then(|_| cookie::unset(cookie::SESSION));
    with_cookies(show(status, &page), [fresh, over])
}

/// What a form of a visitor is bound to, and the cookie that the browser gets for it.
pub(super) fn bond(
    visitor: &Visitor,
) -> Result<(zeroize::Zeroizing<String>, Option<http::HeaderValue>), pki::Error> {
    match cookie::read(&visitor.headers, cookie::VISITOR) {
        Some(known) => Ok((known.to_owned().into(), None)),
        None => {
            let fresh = pki::random::secret()?;
            let set = cookie::set(cookie::VISITOR, &fresh);
            Ok((fresh, set))
        }
    }
}

/// Name and password were sent.
pub(super) async fn sign_in(
    State(door): State<Door>,
    visitor: Visitor,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let fields = fields(form);
    if !visitor.sent(&door, &fields) {
        return visitor.not_ours();
    }
    let next = Next::of(field(&fields, "next"));
    let name = field(&fields, "name").unwrap_or_default();
    let attempt = PersonSignIn {
        tenant: &visitor.tenant,
        name,
        password: field(&fields, "password").unwrap_or_default(),
        browser: visitor.browser(),
    };
    match door.gate.sign_in_person(attempt).await {
        Ok(session) => begun(&door, &visitor, &session, next).await,
        Err(error) => match visitor.told(&door, &error) {
            Ok((status, words)) => ask(&door, &visitor, status, next, name, Some(words), None),
            Err(trouble) => *trouble,
        },
    }
}

/// The browser gets a session, in place of any that it had.
pub(super) async fn begun(door: &Door, visitor: &Visitor, session: &NewSession, next: Next) -> Response {
    if let Err(error) = end(door, visitor).await {
        return visitor.trouble(&error);
    }
    let response = go(&visitor.way_on(Some(session.stage), next));
    with_cookies(response, [cookie::set(cookie::SESSION, &session.token), cookie::unset(cookie::VISITOR)])
}

/// Ends the session that the browser has, if any, of whatever tenant.
async fn end(door: &Door, visitor: &Visitor) -> Result<(), AuthError> {
    let Some(token) = visitor.session() else { return Ok(()) };
    match door.gate.visit(token).await? {
        Some(visit) => door.gate.sign_out(&visit.session).await,
        None => Ok(()),
    }
}

/// The page of the second factor.
pub(super) async fn code_page(State(door): State<Door>, visitor: Visitor, Query(said): Said) -> Response {
    ask_code(&door, &visitor, StatusCode::OK, Next::of(field(&said, "next")), None).await
}

async fn ask_code(
    door: &Door,
    visitor: &Visitor,
    status: StatusCode,
    next: Next,
    problem: Option<String>,
) -> Response {
    match visitor.at(door, &[Stage::Password], next).await {
        Err(elsewhere) => elsewhere,
        Ok(visit) => {
            let page = CodePage {
                tenant: visitor.tenant(),
                token: visitor.form_token(),
                next: next.as_str(),
                name: &visit.user.user_principal_name,
                problem,
            };
            show(status, &page)
        }
    }
}

/// A code was sent.
pub(super) async fn code(
    State(door): State<Door>,
    visitor: Visitor,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let fields = fields(form);
    if !visitor.sent(&door, &fields) {
        return visitor.not_ours();
    }
    let next = Next::of(field(&fields, "next"));
    let (token, code) = (visitor.session().unwrap_or_default(), field(&fields, "code").unwrap_or_default());
    match door.gate.second_factor(token, code, visitor.browser()).await {
        Ok(session) => begun(&door, &visitor, &session, next).await,
        Err(AuthError::Session) => go(&visitor.way_on(None, next)),
        Err(error) => match visitor.told(&door, &error) {
            Ok((status, words)) => ask_code(&door, &visitor, status, next, Some(words)).await,
            Err(trouble) => *trouble,
        },
    }
}

/// Signs out.
pub(super) async fn sign_out(
    State(door): State<Door>,
    visitor: Visitor,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    if !visitor.sent(&door, &fields(form)) {
        return visitor.not_ours();
    }
    match end(&door, &visitor).await {
        Err(error) => visitor.trouble(&error),
        Ok(()) => {
            let response = go(&format!("/{}/sign-in?ended=1", visitor.tenant()));
            with_cookies(response, [cookie::unset(cookie::SESSION), cookie::unset(cookie::VISITOR)])
        }
    }
}
