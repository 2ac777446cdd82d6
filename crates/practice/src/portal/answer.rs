//! How the portal answers, and how it finds what a path names.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::apple::PortalFault;
use crate::apple::model::Model;
use crate::apple::org::{OrgId, ServerId};
use crate::error::Error;

/// Who does it, when nobody is named.
pub(super) const SOMEBODY: &str = "admin@example.com";

/// Body of calls that only say who.
#[derive(Debug, Default, Deserialize)]
pub(super) struct By {
    pub(super) by: Option<String>,
}

impl By {
    pub(super) fn name(&self) -> &str {
        self.by.as_deref().unwrap_or(SOMEBODY)
    }
}

/// A refusal of the portal.
#[derive(Debug)]
pub(super) struct Refused(Error);

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

#[derive(Serialize)]
struct Words {
    error: String,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            Error::Portal(
                PortalFault::NoSuchOrg
                | PortalFault::NoSuchServer
                | PortalFault::NoSuchDevice(_)
                | PortalFault::NoSuchFault(_),
            ) => StatusCode::NOT_FOUND,
            Error::Portal(PortalFault::NotProvisional(_) | PortalFault::Provisional(_)) => {
                StatusCode::CONFLICT
            }
            _ => StatusCode::BAD_REQUEST,
        };
        (status, Json(Words { error: format!("failed to {}", self.0) })).into_response()
    }
}

/// The organisation a path names.
pub(super) fn org(model: &Model, uuid: &str) -> Result<OrgId, PortalFault> {
    model.find_org(uuid).ok_or(PortalFault::NoSuchOrg)
}

/// The organisation's MDM server a path or body names.
pub(super) fn server(model: &Model, org: OrgId, uuid: &str) -> Result<ServerId, PortalFault> {
    let id = model.find_server(uuid).ok_or(PortalFault::NoSuchServer)?;
    model.server(id).filter(|server| server.org == org).map(|_| id).ok_or(PortalFault::NoSuchServer)
}
