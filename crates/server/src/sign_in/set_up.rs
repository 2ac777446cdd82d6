//! Setting up an account by a link.

use ::app::application::{AuthError, Invited, SetUp};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::response::Response;
use http::StatusCode;

use super::Door;
use super::form::{Fields, field};
use super::page::{Next, SetUpPage, message, show, with_cookies};
use super::people::{Said, begun, bond};
use super::visit::{Visitor, fields};

/// The page that a link leads to.
pub(super) async fn set_up_page(State(door): State<Door>, visitor: Visitor, Query(said): Said) -> Response {
    let code = field(&said, "code").unwrap_or_default();
    match door.gate.invited(&visitor.tenant, code).await {
        Err(error) => visitor.trouble(&error),
        Ok(None) => no_link(),
        Ok(Some(invited)) => ask(&visitor, &invited, StatusCode::OK, code, &Vec::new(), None),
    }
}

fn no_link() -> Response {
    let words = "It was used, or a newer one has replaced it, or its day is over. Whoever runs this server can make \
                 another: while there is no administrator, each start of the server prints one; afterwards the command \
                 muster accounts reset does.";
    message(StatusCode::FORBIDDEN, "This link is good no more", words, None)
}

fn ask(
    visitor: &Visitor,
    invited: &Invited,
    status: StatusCode,
    code: &str,
    given: &Fields,
    problem: Option<String>,
) -> Response {
    let Ok((bond, fresh)) = bond(visitor) else { return no_link() };
    // The form is of who is signed in here now, if anybody is.
    let bond = visitor.session().map_or_else(|| bond.to_string(), str::to_owned);
    let (name, display_name) = match &invited.user {
        Some(user) => (user.user_principal_name.as_str(), user.display_name.as_str()),
        None => (field(given, "name").unwrap_or_default(), field(given, "display_name").unwrap_or_default()),
    };
    let page = SetUpPage {
        tenant: visitor.tenant(),
        token: super::origin::token(&bond),
        code,
        first: invited.user.is_none(),
        name,
        display_name,
        problem,
    };
    with_cookies(show(status, &page), [fresh])
}

/// The form was sent.
pub(super) async fn set_up(
    State(door): State<Door>,
    visitor: Visitor,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let given = fields(form);
    if !visitor.sent(&door, &given) {
        return visitor.not_ours();
    }
    let of = |name| field(&given, name).unwrap_or_default();
    let outcome = match of("password") == of("again") {
        false => Err((StatusCode::BAD_REQUEST, "The two passwords are not the same.".to_owned())),
        true => {
            let form = SetUp {
                tenant: &visitor.tenant,
                code: of("code"),
                name: of("name"),
                display_name: of("display_name"),
                password: of("password"),
                browser: visitor.browser(),
            };
            match door.gate.set_up(form).await {
                Ok(session) => Ok(session),
                Err(AuthError::Link) => return no_link(),
                Err(error) => match visitor.told(&door, &error) {
                    Ok(told) => Err(told),
                    Err(trouble) => return *trouble,
                },
            }
        }
    };
    match outcome {
        Ok(session) => begun(&door, &visitor, &session, Next::Account).await,
        Err((status, words)) => match door.gate.invited(&visitor.tenant, of("code")).await {
            Err(error) => visitor.trouble(&error),
            Ok(None) => no_link(),
            Ok(Some(invited)) => ask(&visitor, &invited, status, of("code"), &given, Some(words)),
        },
    }
}
