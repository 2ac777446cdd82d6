//! One call: session, headers, replay, limits.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use mdm::ade::{AppleError, ErrorToken, Session as SessionAnswer};
use net::client::{from_reqwest, read_body};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::session::Pass;
use super::{AdeError, Client, sign};

/// Longest answer read, bytes. A page of 1,000 devices takes about 1 MB; this leaves room for longer descriptions.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;

const SESSION: &str = "x-adm-auth-session";
const PROTOCOL: &str = "x-server-protocol-version";
const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF8");

/// What to ask. The body is kept in memory, so that it can be sent again after a sign-in.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) query: Option<(&'static str, String)>,
    pub(super) body: Option<Bytes>,
}

impl Call {
    pub(super) fn get(path: &'static str) -> Call {
        Call { method: Method::GET, path, query: None, body: None }
    }

    pub(super) fn with_json(
        method: Method,
        path: &'static str,
        body: &impl Serialize,
    ) -> Result<Call, AdeError> {
        let body = serde_json::to_vec(body)
            .map_err(|e| AdeError::Protocol { words: format!("our own request: {e}") })?;
        Ok(Call { method, path, query: None, body: Some(body.into()) })
    }

    pub(super) fn asking(self, key: &'static str, value: &str) -> Call {
        Call { query: Some((key, value.to_owned())), ..self }
    }
}

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// Whether a new session may help: 401, or 403 that says FORBIDDEN. Any other 403 is about something else.
    fn refuses_session(&self) -> bool {
        match self.status {
            StatusCode::UNAUTHORIZED => true,
            StatusCode::FORBIDDEN => self.apple().token == ErrorToken::Forbidden,
            _ => false,
        }
    }

    fn apple(&self) -> AppleError {
        AppleError::from_body(self.status.as_u16(), &self.body)
    }
}

impl Client {
    /// Calls and reads the JSON of the answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, AdeError> {
        let body = self.tell(call).await?;
        serde_json::from_slice(&body)
            .map_err(|e| AdeError::Protocol { words: crate::printable(&e.to_string()) })
    }

    /// Calls and returns the body of a good answer. A refused session is renewed once, and the call sent once more.
    pub(super) async fn tell(&self, call: Call) -> Result<Bytes, AdeError> {
        let pass = self.pass(None).await?;
        let mut answer = self.attempt(&call, &pass).await?;
        if answer.refuses_session() {
            tracing::debug!(path = call.path, status = %answer.status, "the session was refused");
            let fresh = self.pass(Some(&pass)).await?;
            answer = self.attempt(&call, &fresh).await?;
        }
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        Err(self.refusal(&answer))
    }

    async fn pass(&self, refused: Option<&Pass>) -> Result<Pass, AdeError> {
        let shared = |words| AdeError::Unauthorized { words };
        self.0.session.pass(refused, Box::pin(self.sign_in()), shared).await
    }

    async fn attempt(&self, call: &Call, pass: &Pass) -> Result<Answer, AdeError> {
        let mut headers = HeaderMap::new();
        headers.insert(SESSION, pass.token.clone());
        let answer = self.send(call, headers).await?;
        // A token that comes with a refusal of the session would only hide that we must sign in.
        if let Some(token) = answer.headers.get(SESSION).filter(|token| !token.is_empty())
            && !answer.refuses_session()
        {
            self.0.session.rotate(pass, sensitive(token.clone())).await;
        }
        Ok(answer)
    }

    /// `GET /session`, signed with the token's secrets.
    async fn sign_in(&self) -> Result<HeaderValue, AdeError> {
        let call = Call::get("/session");
        let service = &self.0.service.0;
        let signed =
            sign::authorization(&self.0.credentials, self.url(&call).as_str(), service.clock.now_unix())?;
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, signed);
        let answer = self.send(&call, headers).await?;
        if !answer.status.is_success() {
            return Err(self.refusal(&answer));
        }
        // Not serde's words: they might quote the token.
        let unreadable = || AdeError::Protocol { words: "the session has no token".to_owned() };
        let session: SessionAnswer = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
        let token = HeaderValue::from_str(&session.auth_session_token).map_err(|_| unreadable())?;
        if token.is_empty() {
            return Err(unreadable());
        }
        Ok(sensitive(token))
    }

    fn url(&self, call: &Call) -> reqwest::Url {
        let mut url = self.0.service.0.base.clone();
        url.set_path(call.path);
        if let Some((key, value)) = &call.query {
            url.query_pairs_mut().append_pair(key, value);
        }
        url
    }

    /// One request, if the last minute did not have too many in vain.
    async fn send(&self, call: &Call, headers: HeaderMap) -> Result<Answer, AdeError> {
        let clock = &self.0.service.0.clock;
        self.0.pace.check(clock.now_micros())?;
        let answer = self.request(call, headers).await;
        let status = answer.as_ref().map_or("none", |answer| class(answer.status));
        metrics::counter!("muster_apple_calls_total", "call" => call.path, "status" => status).increment(1);
        if !answer.as_ref().is_ok_and(|answer| answer.status.is_success()) {
            self.0.pace.in_vain(clock.now_micros());
        }
        answer
    }

    async fn request(&self, call: &Call, mut headers: HeaderMap) -> Result<Answer, AdeError> {
        let service = &self.0.service.0;
        headers.insert(PROTOCOL, HeaderValue::from(u16::from(service.protocol_version)));
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert(header::ACCEPT, JSON);
        let mut request = service.http.request(call.method.clone(), self.url(call)).headers(headers);
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let response = request.send().await.map_err(|e| AdeError::Transport(from_reqwest(&e)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response, LONGEST_ANSWER).await.map_err(AdeError::Transport)?;
        tracing::debug!(method = %call.method, path = call.path, %status, bytes = body.len(), "Apple answered");
        Ok(Answer { status, headers, body })
    }

    fn refusal(&self, answer: &Answer) -> AdeError {
        let now = self.0.service.0.clock.now_unix();
        AdeError::from_answer(answer.apple(), &answer.headers, now)
    }
}

/// A status as it is counted: its first digit says enough.
fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200..300 => "2xx",
        300..400 => "3xx",
        429 => "429",
        400..500 => "4xx",
        _ => "5xx",
    }
}

fn sensitive(mut token: HeaderValue) -> HeaderValue {
    token.set_sensitive(true);
    token
}
