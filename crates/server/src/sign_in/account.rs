//! One's own account: sessions, password, second factor.

use ::app::application::{AuthError, Visit};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::session::Stage;
use http::StatusCode;
use qrcode::QrCode;
use qrcode::render::svg;

use super::form::{Fields, field};
use super::page::{AccountPage, EnrolPage, Next, RecoveryPage, SessionRow, go, show, with_cookies};
use super::people::Said;
use super::visit::{Visitor, fields};
use super::{Door, cookie};

/// Width and height of the picture of a key, in pixels.
const PICTURE: u32 = 240;

/// The page of one's account.
pub(super) async fn account_page(State(door): State<Door>, visitor: Visitor, Query(said): Said) -> Response {
    let notice = match field(&said, "done") {
        Some("password") => Some("Your password was changed, and every other session ended."),
        Some("sessions") => Some("Every other session of yours has ended."),
        _ => None,
    };
    match visitor.at(&door, &[Stage::Full], Next::Account).await {
        Ok(visit) => account(&door, &visitor, &visit, StatusCode::OK, None, notice).await,
        Err(elsewhere) => elsewhere,
    }
}

async fn account(
    door: &Door,
    visitor: &Visitor,
    visit: &Visit,
    status: StatusCode,
    problem: Option<String>,
    notice: Option<&str>,
) -> Response {
    let Visit { session, user, methods } = visit;
    let sessions = match door.gate.sessions(user).await {
        Ok(sessions) => sessions,
        Err(error) => return visitor.trouble(&error),
    };
    let shown = |at: domain::Time| {
        let text = domain::Time::from_unix(at.unix()).rfc3339();
        text.replace('T', " ").replace('Z', " UTC")
    };
    let row = |one: domain::session::Session| SessionRow {
        since: shown(one.created_at),
        current: one.hash == session.hash,
        source: one.source,
        agent: browser_name(&one.agent),
    };
    let page = AccountPage {
        tenant: visitor.tenant(),
        token: visitor.form_token(),
        name: &user.user_principal_name,
        display_name: &user.display_name,
        sessions: sessions.into_iter().map(row).collect(),
        local: methods.password_at.is_some(),
        factor_since: methods.totp_at.map(shown).unwrap_or_default(),
        recovery_left: methods.recovery.len(),
        problem,
        notice,
    };
    show(status, &page)
}

/// A browser as people call it. What calls itself otherwise is shown as it is.
fn browser_name(agent: &str) -> String {
    let known = |names: &[(&str, &'static str)]| {
        names.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name)
    };
    // Each says that it is also those after it.
    let browser = known(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = known(&[
        ("Windows", "Windows"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Macintosh", "Mac"),
        ("Android", "Android"),
        ("Linux", "Linux"),
    ]);
    match browser.zip(system) {
        Some((browser, system)) => format!("{browser} on {system}"),
        None => agent.to_owned(),
    }
}

/// Who sent a form of one's account, if it was one of ours and they are signed in.
async fn sender(door: &Door, visitor: &Visitor, given: &Fields) -> Result<Visit, Response> {
    if !visitor.sent(door, given) {
        return Err(visitor.not_ours());
    }
    visitor.at(door, &[Stage::Full], Next::Account).await
}

/// What did not work, on the page of the account.
async fn again(door: &Door, visitor: &Visitor, visit: &Visit, error: AuthError) -> Response {
    let (status, words) = match error {
        AuthError::NotSignedIn => (StatusCode::UNAUTHORIZED, "That is not your password.".to_owned()),
        error => match visitor.told(door, &error) {
            Ok(told) => told,
            Err(trouble) => return *trouble,
        },
    };
    account(door, visitor, visit, status, Some(words), None).await
}

/// Ends every other session.
pub(super) async fn end_others(
    State(door): State<Door>,
    visitor: Visitor,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let visit = match sender(&door, &visitor, &fields(form)).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    match door.gate.sign_out_others(&visit).await {
        Ok(_) => go(&format!("/{}/account?done=sessions", visitor.tenant())),
        Err(error) => visitor.trouble(&error),
    }
}

/// Another password.
pub(super) async fn password(
    State(door): State<Door>,
    visitor: Visitor,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let given = fields(form);
    let visit = match sender(&door, &visitor, &given).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let of = |name| field(&given, name).unwrap_or_default();
    if of("password") != of("again") {
        let words = Some("The two new passwords are not the same.".to_owned());
        return account(&door, &visitor, &visit, StatusCode::BAD_REQUEST, words, None).await;
    }
    match door.gate.change_password(&visit, of("old"), of("password"), visitor.browser()).await {
        Err(error) => again(&door, &visitor, &visit, error).await,
        Ok(session) => {
            let response = go(&format!("/{}/account?done=password", visitor.tenant()));
            with_cookies(response, [cookie::set(cookie::SESSION, &session.token)])
        }
    }
}

/// Another phone, or other recovery codes.
pub(super) async fn methods(
    State(door): State<Door>,
    visitor: Visitor,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let given = fields(form);
    let visit = match sender(&door, &visitor, &given).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let password = field(&given, "password").unwrap_or_default();
    if field(&given, "what") == Some("codes") {
        return match door.gate.other_recovery_codes(&visit, password, visitor.browser()).await {
            Err(error) => again(&door, &visitor, &visit, error).await,
            Ok(codes) => {
                let (tenant, next) = (visitor.tenant(), Next::Account.as_str());
                show(StatusCode::OK, &RecoveryPage { tenant, next, steps: false, codes: &codes })
            }
        };
    }
    match door.gate.enrol_another(&visit, password, visitor.browser()).await {
        Err(error) => again(&door, &visitor, &visit, error).await,
        Ok(()) => go(&format!("/{}/account/second-factor", visitor.tenant())),
    }
}

/// The page on which a second factor is enrolled.
pub(super) async fn enrol_page(State(door): State<Door>, visitor: Visitor, Query(said): Said) -> Response {
    enrol(&door, &visitor, StatusCode::OK, Next::of(field(&said, "next")), None).await
}

async fn enrol(
    door: &Door,
    visitor: &Visitor,
    status: StatusCode,
    next: Next,
    problem: Option<String>,
) -> Response {
    let visit = match visitor.at(door, &[Stage::Enrol, Stage::Full], next).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let enrolment = match door.gate.enrol(&visit).await {
        Ok(enrolment) => enrolment,
        Err(AuthError::Session) => return go(&visitor.way_on(Some(visit.session.stage), Next::Account)),
        Err(error) => return visitor.trouble(&error),
    };
    let picture = match QrCode::new(enrolment.uri.as_bytes()) {
        Ok(code) => code.render::<svg::Color<'_>>().min_dimensions(PICTURE, PICTURE).build(),
        Err(error) => return visitor.trouble(&AuthError::Crypto(error.to_string())),
    };
    let groups = enrolment.key.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>();
    let page = EnrolPage {
        tenant: visitor.tenant(),
        token: visitor.form_token(),
        next: next.as_str(),
        steps: visit.session.stage == Stage::Enrol,
        picture: STANDARD.encode(picture),
        key: groups.join(" "),
        name: &visit.user.user_principal_name,
        problem,
    };
    show(status, &page)
}

/// The first code of a new second factor was sent.
pub(super) async fn enrolled(
    State(door): State<Door>,
    visitor: Visitor,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let given = fields(form);
    if !visitor.sent(&door, &given) {
        return visitor.not_ours();
    }
    let next = Next::of(field(&given, "next"));
    let visit = match visitor.at(&door, &[Stage::Enrol, Stage::Full], next).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let code = field(&given, "code").unwrap_or_default();
    let enrolled = match door.gate.enrolled(&visit, code, visitor.browser()).await {
        Ok(enrolled) => enrolled,
        Err(AuthError::NotSignedIn) => {
            let words = "That is not the code that the app shows now. Is the clock of your phone right?";
            return enrol(&door, &visitor, StatusCode::UNAUTHORIZED, next, Some(words.to_owned())).await;
        }
        Err(error) => match visitor.told(&door, &error) {
            Ok((status, words)) => return enrol(&door, &visitor, status, next, Some(words)).await,
            Err(trouble) => return *trouble,
        },
    };
    let steps = visit.session.stage == Stage::Enrol;
    let (tenant, next, codes) = (visitor.tenant(), next.as_str(), enrolled.recovery.as_slice());
    let page = show(StatusCode::OK, &RecoveryPage { tenant, next, steps, codes });
    with_cookies(page, [cookie::set(cookie::SESSION, &enrolled.session.token)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_what_people_call_it() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 \
                 Safari/537.36 Edg/126.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 \
                 Safari/605.1.15",
                "Safari on Mac",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Linux"),
            ("curl/8.5.0", "curl/8.5.0"),
        ] {
            assert_eq!(browser_name(agent), name);
        }
    }
}
