//! The OpenAPI 3.1 document: every route with what it takes and answers, made from the routes, the entity table and the
//! tables of parameters. There is nothing in it that these do not say.
//!
//! What is answered is closed: a property that the document does not have is never answered. What is taken is open,
//! since a property that a type does not have is passed over (intune.md 4.3).

mod operation;
mod schema;

use std::sync::LazyLock;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use serde_json::{Map, Value, json};

use super::route::{self, Route};
use schema::Schemas;

/// Where the document is.
const PATH: &str = "/openapi.json";

/// A version of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Beta,
    V1,
}

impl Version {
    const ALL: [Version; 2] = [Version::Beta, Version::V1];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Beta => "beta",
            Self::V1 => "v1.0",
        }
    }

    fn has(self, route: &Route) -> bool {
        self == Self::Beta || !route.beta_only()
    }
}

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(document().to_string()));

/// Serves the document to everybody: it is the product's and has nothing of a tenant in it, and a client generator or a
/// person who looks for the way in has no token yet.
pub(crate) fn router() -> Router {
    Router::new().route(PATH, get(serve))
}

async fn serve() -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "public, max-age=3600"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, DOCUMENT.clone()).into_response()
}

/// The document.
pub(crate) fn document() -> Value {
    let mut schemas = Schemas::default();
    let mut paths: Map<String, Value> = Map::new();
    for version in Version::ALL {
        for route in route::all().filter(|route| version.has(route)) {
            let path = paths.entry(format!("/{}/{}", version.as_str(), route.path()));
            let operations = path.or_insert_with(|| json!({}));
            if let Value::Object(operations) = operations {
                let verb = route.method.as_str().to_ascii_lowercase();
                operations.insert(verb, operation::of(route, version, &mut schemas));
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Muster",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Apple's Automated Device Enrollment, in the shapes of Microsoft Graph.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token of /{tenant}/oauth2/v2.0/token; its application needs the permission \
                                    that the operation names.",
                },
            },
            "schemas": schemas.done(),
            "responses": { "error": operation::error() },
        },
    })
}

#[cfg(test)]
mod tests;
