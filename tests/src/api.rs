//! A client of the API.

use std::sync::Arc;

use app::application::NewApplication;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// Signs in by client credentials, and calls paths under `/beta`.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
    who: Arc<NewApplication>,
    bearer: Arc<Mutex<Option<String>>>,
}

/// What the API answered.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body: JSON, or a text as a JSON string.
    pub body: Value,
}

impl Reply {
    /// Reads an answer.
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Reply { status, headers, body }
    }

    /// The body of a good answer.
    ///
    /// # Panics
    /// When it is a bad one.
    #[track_caller]
    #[must_use]
    pub fn good(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    /// Holds a refusal to its status, and returns its words.
    ///
    /// # Panics
    /// When the status is another one.
    #[track_caller]
    #[must_use]
    pub fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        self.body["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// Whole seconds of `Retry-After`.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    #[must_use]
    pub fn retry_after(&self) -> u64 {
        self.headers["retry-after"].to_str().unwrap().parse().unwrap()
    }
}

impl Api {
    pub(crate) fn new(http: reqwest::Client, base: &str, who: NewApplication) -> Api {
        Api { http, base: base.to_owned(), who: Arc::new(who), bearer: Arc::default() }
    }

    /// The same application at another server.
    pub(crate) fn at(&self, base: &str) -> Api {
        Api { base: base.to_owned(), bearer: Arc::default(), ..self.clone() }
    }

    /// The application it signs in as.
    #[must_use]
    pub fn application(&self) -> &NewApplication {
        &self.who
    }

    /// The bearer token that it calls with at present.
    pub async fn present_bearer(&self) -> Option<String> {
        self.bearer.lock().await.clone()
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body)).await
    }

    /// PATCH.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None).await
    }

    /// Every row of a collection.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn rows(&self, path: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page = self.get(&path).await.good();
            rows.extend(page["value"].as_array().unwrap().iter().cloned());
            next = page["@odata.nextLink"].as_str().map(str::to_owned);
        }
        rows
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let url =
            if path.starts_with("http") { path.to_owned() } else { format!("{}/beta/{path}", self.base) };
        // A bearer token lives for an hour, and tests let days pass.
        for anew in [false, true] {
            let mut request = self.http.request(method.clone(), &url).bearer_auth(self.bearer(anew).await);
            if let Some(body) = &body {
                request = request.json(body);
            }
            let reply = Reply::of(request).await;
            if anew || reply.status != 401 {
                return reply;
            }
        }
        unreachable!("the second attempt is the last")
    }

    async fn bearer(&self, anew: bool) -> String {
        let mut kept = self.bearer.lock().await;
        if anew {
            *kept = None;
        }
        if kept.is_none() {
            *kept = Some(self.sign_in().await);
        }
        kept.clone().unwrap()
    }

    async fn sign_in(&self) -> String {
        let url = format!("{}/{}/oauth2/v2.0/token", self.base, self.who.tenant);
        // Ids and secrets are of letters that need no escape.
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
            self.who.client_id, *self.who.client_secret,
        );
        let request =
            self.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
        Reply::of(request).await.good()["access_token"].as_str().unwrap().to_owned()
    }
}

/// A body of nothing, as many actions take.
#[must_use]
pub fn nothing() -> Value {
    json!({})
}
