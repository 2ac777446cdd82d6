//! Who comes to a page: the session of the browser, the form it sent, and what is told to somebody for whom something does
//! not work.

use ::app::application::{AuthError, Browser, Visit};
use axum::extract::{Extension, Form, FromRequestParts, Path};
use axum::response::Response;
use domain::TenantId;
use domain::session::Stage;
use http::StatusCode;
use http::header::{HeaderMap, USER_AGENT};
use http::request::Parts;
use net::PeerAddr;

use super::form::{Fields, field};
use super::page::{Next, go, message};
use super::{Door, cookie, origin, source};
use crate::edge::RequestIds;

/// Somebody at a page: the tenant of its path, and the browser.
pub(super) struct Visitor {
    pub(super) tenant: TenantId,
    pub(super) headers: HeaderMap,
    pub(super) ids: RequestIds,
    source: String,
}

impl FromRequestParts<Door> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Response> {
        let path = Path::<String>::from_request_parts(parts, door).await.ok();
        let tenant = path.and_then(|Path(tenant)| tenant.parse().ok());
        let nothing = || message(StatusCode::NOT_FOUND, "Not found", "There is no such page.", None);
        let tenant = tenant.ok_or_else(nothing)?;
        let peer = Extension::<PeerAddr>::from_request_parts(parts, door).await.ok();
        let ids = parts.extensions.get::<RequestIds>().cloned().unwrap_or_default();
        let source = source(peer.map(|Extension(peer)| peer));
        Ok(Self { tenant, headers: parts.headers.clone(), ids, source })
    }
}

impl Visitor {
    pub(super) fn tenant(&self) -> &str {
        self.tenant.as_str()
    }

    pub(super) fn browser(&self) -> Browser<'_> {
        let agent = self.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Browser { source: &self.source, agent }
    }

    /// What the browser holds of its session.
    pub(super) fn session(&self) -> Option<&str> {
        cookie::read(&self.headers, cookie::SESSION)
    }

    /// What binds forms to the browser: the session's cookie, or that of a visitor.
    pub(super) fn bond(&self) -> Option<&str> {
        self.session().or_else(|| cookie::read(&self.headers, cookie::VISITOR))
    }

    /// The token of this browser's forms; empty when there is nothing to bind them to.
    pub(super) fn form_token(&self) -> String {
        self.bond().map(origin::token).unwrap_or_default()
    }

    /// Whether a form is of one of our own pages in this browser.
    pub(super) fn sent(&self, door: &Door, fields: &Fields) -> bool {
        let api_url = &door.app.settings.api_url;
        origin::is_own_form(&self.headers, api_url, self.bond(), field(fields, "token"))
    }

    /// The session of this browser and this tenant, as far as its owner has come.
    pub(super) async fn visit(&self, door: &Door) -> Result<Option<Visit>, AuthError> {
        let Some(token) = self.session() else { return Ok(None) };
        let visit = door.gate.visit(token).await?;
        Ok(visit.filter(|visit| visit.user.tenant == self.tenant))
    }

    /// The same for pages of who has come so far. Everybody else is sent to where they go on.
    pub(super) async fn at(&self, door: &Door, stages: &[Stage], next: Next) -> Result<Visit, Response> {
        let visit = self.visit(door).await.map_err(|error| self.trouble(&error))?;
        match visit {
            Some(visit) if stages.contains(&visit.session.stage) => Ok(visit),
            visit => Err(go(&self.way_on(visit.map(|visit| visit.session.stage), next))),
        }
    }

    /// Where somebody goes on who has come so far.
    pub(super) fn way_on(&self, stage: Option<Stage>, next: Next) -> String {
        let (tenant, next) = (self.tenant(), next.as_str());
        match stage {
            None => format!("/{tenant}/sign-in?next={next}"),
            Some(Stage::Password) => format!("/{tenant}/sign-in/code?next={next}"),
            Some(Stage::Enrol) => format!("/{tenant}/account/second-factor?next={next}"),
            Some(Stage::Full) => format!("/{tenant}/{next}"),
        }
    }

    /// A form that is none of ours.
    pub(super) fn not_ours(&self) -> Response {
        let back = (format!("/{}/sign-in", self.tenant()), "Back to sign-in");
        message(StatusCode::FORBIDDEN, "Please try again", origin::NOT_OURS, Some(back))
    }

    /// Our own trouble.
    pub(super) fn trouble(&self, error: &AuthError) -> Response {
        tracing::error!(request_id = %self.ids.request, "failed to {error}");
        let words = format!(
            "Something went wrong in the server. Its log tells more under this id: {}",
            self.ids.request
        );
        message(StatusCode::INTERNAL_SERVER_ERROR, "This did not work", &words, None)
    }

    /// What people are told, and with which status; our own trouble is none of theirs.
    pub(super) fn told(&self, door: &Door, error: &AuthError) -> Result<(StatusCode, String), Box<Response>> {
        let status = match error {
            AuthError::Throttled { until } => {
                let seconds = until.since(door.app.now()).as_secs().max(1);
                let words = format!("Too many attempts. Please wait {seconds} seconds before the next one.");
                return Ok((StatusCode::TOO_MANY_REQUESTS, words));
            }
            AuthError::NotSignedIn => StatusCode::UNAUTHORIZED,
            AuthError::Busy => StatusCode::SERVICE_UNAVAILABLE,
            AuthError::Session | AuthError::Link => StatusCode::FORBIDDEN,
            AuthError::Taken | AuthError::User(_) | AuthError::Password(_) => StatusCode::BAD_REQUEST,
            _ => return Err(Box::new(self.trouble(error))),
        };
        Ok((status, format!("Failed to {error}.")))
    }
}

/// The fields of a form of ours.
pub(super) fn fields(form: Result<Form<Fields>, axum::extract::rejection::FormRejection>) -> Fields {
    form.map(|Form(fields)| fields).unwrap_or_default()
}
