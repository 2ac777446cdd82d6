//! A client of practice Apple's portal, its push certificate portal and its fleet.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::api::{answer, http_client, innermost, percent};
use crate::error::CliError;
use crate::practice_file::PracticeFile;

/// A caller of one practice Apple.
pub(crate) struct Portal {
    http: reqwest::Client,
    practice: PracticeFile,
}

impl Portal {
    /// A caller of the practice Apple behind a practice.json.
    pub(crate) fn open(path: &Path) -> Result<Self, CliError> {
        if !path.exists() {
            let words =
                format!("there is no {}: start `muster practice serve`, or say --practice", path.display());
            return Err(CliError::Words(words));
        }
        Self::new(PracticeFile::read(path)?)
    }

    /// A caller of that practice Apple.
    pub(crate) fn new(practice: PracticeFile) -> Result<Self, CliError> {
        Ok(Self { http: http_client(Some(&practice.ca_pem))?, practice })
    }

    /// GET `/portal/{path}`.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, CliError> {
        self.call(reqwest::Method::GET, path, None).await
    }

    /// POST `/portal/{path}`.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.call(reqwest::Method::POST, path, Some(body)).await
    }

    /// PUT `/portal/{path}`.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.call(reqwest::Method::PUT, path, Some(body)).await
    }

    /// DELETE `/portal/{path}`.
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, CliError> {
        self.call(reqwest::Method::DELETE, path, None).await
    }

    /// The token file of a server: its name, and its content.
    pub(crate) async fn token(
        &self,
        org: &str,
        server: &str,
        by: &str,
    ) -> Result<(String, String), CliError> {
        let url = format!("{}/orgs/{org}/servers/{server}/token", self.practice.portal_url);
        let request = self.http.post(url).json(&serde_json::json!({ "by": by }));
        let response = request.send().await.map_err(|e| self.unreachable(&e))?;
        let disposition = response.headers().get("content-disposition").and_then(|v| v.to_str().ok());
        let name = disposition.and_then(|d| d.split('"').nth(1)).unwrap_or("token.p7m").to_owned();
        Ok((name, text(answer(response).await?)))
    }

    /// A push certificate, PEM, for a signing request; with `renew` the one of that topic anew.
    pub(crate) async fn push_certificate(
        &self,
        request: String,
        account: &str,
        renew: Option<&str>,
    ) -> Result<String, CliError> {
        let renew = renew.map(|topic| format!("&renew={}", percent(topic))).unwrap_or_default();
        let url = format!("{}?appleAccount={}{renew}", self.practice.pushcert_url, percent(account));
        let response = self.http.post(url).body(request).send().await.map_err(|e| self.unreachable(&e))?;
        Ok(text(answer(response).await?))
    }

    /// The organisation of that name or id; the only one when none is named.
    pub(crate) async fn org(&self, named: Option<&str>) -> Result<Value, CliError> {
        let orgs = self.get("orgs").await?;
        find(orgs.as_array().map_or(&[], Vec::as_slice), named, "organisation", "muster practice org list")
    }

    /// The id of that organisation's MDM server of that name or id.
    pub(crate) async fn server(&self, org: &Value, named: &str) -> Result<String, CliError> {
        let servers = org.get("servers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        find(servers, Some(named), "MDM server", "muster practice server list").map(|server| id(&server))
    }

    async fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, CliError> {
        let mut request = self.http.request(method, format!("{}/{path}", self.practice.portal_url));
        if let Some(body) = body {
            request = request.json(body).timeout(Duration::from_secs(60));
        }
        answer(request.send().await.map_err(|e| self.unreachable(&e))?).await
    }

    fn unreachable(&self, error: &reqwest::Error) -> CliError {
        let next = "Is `muster practice serve` still running? It makes new certificates and a new practice.json at each start.";
        CliError::Unreachable { url: self.practice.portal_url.clone(), words: innermost(error), next }
    }
}

/// The `id` of a thing of the portal.
pub(crate) fn id(thing: &Value) -> String {
    thing.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn text(body: Value) -> String {
    match body {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn find(things: &[Value], named: Option<&str>, what: &str, list: &str) -> Result<Value, CliError> {
    let is = |thing: &Value, name: &str| {
        ["id", "name"]
            .iter()
            .any(|p| thing.get(p).and_then(Value::as_str).is_some_and(|t| t.eq_ignore_ascii_case(name)))
    };
    let mut found = things.iter().filter(|thing| named.is_none_or(|name| is(thing, name)));
    match (found.next(), found.next(), named) {
        (Some(one), None, _) => Ok(one.clone()),
        (None, _, Some(name)) => {
            Err(CliError::Words(format!("no {what} is called {name:?}: `{list}` shows them")))
        }
        (None, _, None) => Err(CliError::Words(format!("there is no {what} yet"))),
        (Some(_), Some(_), _) => {
            Err(CliError::Words(format!("there are several: say which {what} (`{list}`)")))
        }
    }
}
