//! A client of Muster's API: signs in by client credentials, follows pages, and reads Graph's error envelope.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::error::CliError;
use crate::profile_file::Login;

/// How long a call may take; long work is asked about, not waited for.
const CALL_TIME_MAX: Duration = Duration::from_secs(60);

/// A caller of one server.
pub(crate) struct Api {
    http: reqwest::Client,
    login: Login,
    token: Mutex<Option<String>>,
}

impl Api {
    /// A caller that signs in with its first call.
    pub(crate) fn new(login: Login) -> Result<Self, CliError> {
        let http = http_client(login.ca_pem.as_deref())?;
        Ok(Self { http, login, token: Mutex::default() })
    }

    /// GET `/beta/{path}`.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, CliError> {
        self.call(reqwest::Method::GET, path, None).await
    }

    /// Every item of a collection, page after page.
    pub(crate) async fn all(&self, path: &str) -> Result<Vec<Value>, CliError> {
        let mut items = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let mut page = self.get(&path).await?;
            if let Some(Value::Array(mut rows)) = page.get_mut("value").map(Value::take) {
                items.append(&mut rows);
            }
            next = page.get("@odata.nextLink").and_then(Value::as_str).map(str::to_owned);
        }
        Ok(items)
    }

    /// POST `/beta/{path}`.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.call(reqwest::Method::POST, path, Some(body)).await
    }

    /// PATCH `/beta/{path}`.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.call(reqwest::Method::PATCH, path, Some(body)).await
    }

    /// DELETE `/beta/{path}`.
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, CliError> {
        self.call(reqwest::Method::DELETE, path, None).await
    }

    async fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, CliError> {
        let url = self.url(path)?;
        let send = async |token: String| {
            let mut request = self.http.request(method.clone(), &url).bearer_auth(token);
            if let Some(body) = body {
                request = request.json(body);
            }
            request.send().await.map_err(|e| self.unreachable(&e))
        };
        let response = send(self.bearer(false).await?).await?;
        // A bearer token lives for an hour; a watched sync or a demo may live longer.
        let response = match response.status() {
            reqwest::StatusCode::UNAUTHORIZED => send(self.bearer(true).await?).await?,
            _ => response,
        };
        answer(response).await
    }

    /// A next link is absolute and followed verbatim, but not to another host: it would be handed our bearer token.
    fn url(&self, path: &str) -> Result<String, CliError> {
        if !path.starts_with("http") {
            return Ok(format!("{}/beta/{path}", self.base()));
        }
        if path.strip_prefix(self.base()).is_some_and(|rest| rest.starts_with('/')) {
            return Ok(path.to_owned());
        }
        let words = format!(
            "the server's next page is at {path}, elsewhere than {}: log in at that address",
            self.base()
        );
        Err(CliError::Words(words))
    }

    async fn bearer(&self, anew: bool) -> Result<String, CliError> {
        let mut kept = self.token.lock().await;
        match kept.as_ref().filter(|_| !anew) {
            Some(token) => Ok(token.clone()),
            None => Ok(kept.insert(self.sign_in().await?).clone()),
        }
    }

    async fn sign_in(&self) -> Result<String, CliError> {
        let url = format!("{}/{}/oauth2/v2.0/token", self.base(), self.login.tenant);
        let body = form(&[
            ("grant_type", "client_credentials"),
            ("client_id", &self.login.client_id),
            ("client_secret", &self.login.client_secret),
            ("scope", "https://graph.microsoft.com/.default"),
        ]);
        let request =
            self.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        let reply = answer(request.send().await.map_err(|e| self.unreachable(&e))?).await?;
        let token = reply.get("access_token").and_then(Value::as_str);
        token.map(str::to_owned).ok_or_else(|| CliError::Words("the server gave no access token".into()))
    }

    fn base(&self) -> &str {
        self.login.url.trim_end_matches('/')
    }

    fn unreachable(&self, error: &reqwest::Error) -> CliError {
        let next = "Is `muster serve` running there, and does --ca name the certificate it uses?";
        CliError::Unreachable { url: self.base().to_owned(), words: innermost(error), next }
    }
}

/// An HTTPS client that trusts `ca_pem`, or the system's authorities without one.
pub(crate) fn http_client(ca_pem: Option<&str>) -> Result<reqwest::Client, CliError> {
    let failed = |e: net::NetError| CliError::Failed(format!("set up HTTPS: failed to {e}"));
    let anchors = match ca_pem {
        Some(pem) => net::TrustAnchors::from_pem(pem.as_bytes()).map_err(failed)?,
        None => net::TrustAnchors::system().map_err(failed)?,
    };
    let mut options =
        net::client::ClientOptions::new(anchors, concat!("muster-cli/", env!("CARGO_PKG_VERSION")));
    options.timeout = CALL_TIME_MAX;
    net::client::build(&options).map_err(failed)
}

/// The body of a good answer, or the error of a bad one.
pub(crate) async fn answer(response: reqwest::Response) -> Result<Value, CliError> {
    let status = response.status();
    let request_id = response.headers().get("request-id").and_then(|v| v.to_str().ok()).map(str::to_owned);
    let bytes = response.bytes().await.map_err(|e| CliError::Words(format!("the answer broke off: {e}")))?;
    let body = match bytes.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes))),
    };
    if status.is_success() {
        return Ok(body);
    }
    let text = |name: &str| body.pointer(name).and_then(Value::as_str);
    let words = text("/error/message")
        .or_else(|| text("/error_description"))
        .or_else(|| text("/error"))
        .or_else(|| body.as_str());
    Err(CliError::Refused {
        status: status.as_u16(),
        code: text("/error/code").or_else(|| text("/error")).unwrap_or_default().to_owned(),
        words: words.map_or_else(|| format!("the server answered {status} without a reason"), readable),
        request_id,
    })
}

/// Intune's messages are JSON text themselves (intune.md 4.5); a person wants the sentence in them.
fn readable(words: &str) -> String {
    let inner = serde_json::from_str::<Value>(words).ok();
    let message = inner.as_ref().and_then(|v| v.get("Message")).and_then(Value::as_str);
    message.map_or(words, |m| m.split(" - Operation ID").next().unwrap_or(m)).to_owned()
}

/// The deepest cause says most: "connection refused" rather than "error sending request".
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

/// `application/x-www-form-urlencoded`.
fn form(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(k, v)| format!("{k}={}", percent(v))).collect::<Vec<_>>().join("&")
}

/// Percent-encodes what a URL or form cannot hold as it is.
pub(crate) fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}
