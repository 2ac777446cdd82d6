//! An administrator whose server dies now and then: calls that may come to nothing.

use reqwest::Method;
use serde_json::Value;
use tokio::sync::Mutex;

/// What became of a call.
#[derive(Debug)]
pub(super) enum Called {
    /// It was answered so.
    Answered(u16, Value),
    /// The connection was refused or cut: what was asked for may have been done or not.
    Cut,
}

/// Signs in, and calls paths under `/beta`.
pub(super) struct Admin {
    http: reqwest::Client,
    base: String,
    form: String,
    tenant: String,
    bearer: Mutex<Option<String>>,
}

impl Admin {
    pub(super) fn new(http: reqwest::Client, base: &str, login: &Value) -> Admin {
        let text = |key: &str| login[key].as_str().unwrap().to_owned();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
            text("client_id"),
            text("client_secret"),
        );
        Admin { http, base: base.to_owned(), form, tenant: text("tenant"), bearer: Mutex::default() }
    }

    pub(super) async fn get(&self, path: &str) -> Called {
        self.call(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Called {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> Called {
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// Every row of a collection; `None` when the server went away or refused.
    pub(super) async fn rows(&self, path: &str) -> Option<Vec<Value>> {
        let mut rows = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let Called::Answered(200, page) = self.get(&path).await else { return None };
            rows.extend(page["value"].as_array()?.iter().cloned());
            next = page["@odata.nextLink"].as_str().map(str::to_owned);
        }
        Some(rows)
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Called {
        let url =
            if path.starts_with("http") { path.to_owned() } else { format!("{}/beta/{path}", self.base) };
        // A bearer token lives for an hour, and here that is half a minute.
        for anew in [false, true] {
            let Some(bearer) = self.bearer(anew).await else { return Called::Cut };
            let mut request = self.http.request(method.clone(), &url).bearer_auth(bearer);
            if let Some(body) = &body {
                request = request.json(body);
            }
            match answer(request).await {
                Some((401, _)) if !anew => {}
                Some((status, body)) => return Called::Answered(status, body),
                None => return Called::Cut,
            }
        }
        Called::Cut
    }

    async fn bearer(&self, anew: bool) -> Option<String> {
        let mut kept = self.bearer.lock().await;
        if anew {
            *kept = None;
        }
        if kept.is_none() {
            let url = format!("{}/{}/oauth2/v2.0/token", self.base, self.tenant);
            let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded");
            let (_, body) = answer(request.body(self.form.clone())).await?;
            *kept = body["access_token"].as_str().map(str::to_owned);
        }
        kept.clone()
    }
}

/// Status and body; `None` when the connection was refused or cut.
async fn answer(request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    let text = response.text().await.ok()?;
    Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}
