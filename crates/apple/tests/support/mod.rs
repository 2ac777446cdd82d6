//! A stub of the enrolment service that answers as it is told and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::HeaderMap;
use muster_apple::ade::{AdeConfig, Client, Credentials, Service};
use net::{CancellationToken, Clock, ListenConfig, Listener, TrustAnchors};
use pki::oauth1;

/// 2023-11-14 22:13:20 UTC.
pub(crate) const NOW: i64 = 1_700_000_000;

/// What the stub was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn session(&self) -> &str {
        self.header("x-adm-auth-session")
    }
}

/// What the stub answers.
#[derive(Clone, Debug)]
pub(crate) struct Say {
    status: u16,
    body: String,
    headers: Vec<(&'static str, String)>,
}

pub(crate) fn say(status: u16, body: &str) -> Say {
    Say { status, body: body.to_owned(), headers: Vec::new() }
}

impl Say {
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Say {
        self.headers.push((name, value.to_owned()));
        self
    }
}

#[derive(Default)]
struct Script {
    /// Answers to come, first first; when they have run out, `always`.
    next: VecDeque<Say>,
    always: Option<Say>,
    /// The answer to every sign-in, instead of a session.
    sign_in: Option<Say>,
    /// The only session that is good, if that matters.
    valid: Option<String>,
    sign_ins: usize,
    asked: Vec<Asked>,
}

/// A running stub. Sign-ins are checked for their signature and get `session-1`, `session-2`, ...
#[derive(Clone)]
pub(crate) struct Stub {
    script: Arc<Mutex<Script>>,
    pub(crate) base: String,
    pub(crate) clock: Clock,
}

impl Stub {
    pub(crate) async fn start() -> Stub {
        let listener = Listener::bind(ListenConfig::plain("127.0.0.1:0".parse().unwrap())).await.unwrap();
        let base = format!("http://{}", listener.local_addr());
        let script = Arc::new(Mutex::new(Script::default()));
        let router = Router::new().fallback(answer).with_state((script.clone(), base.clone()));
        // It ends with the test's runtime.
        tokio::spawn(listener.serve(router, CancellationToken::new()));
        Stub { script, base, clock: Clock::manual(NOW * 1_000_000) }
    }

    pub(crate) fn client(&self) -> Client {
        client_of(&self.base, &self.clock)
    }

    /// Answers the next calls (not sign-ins) in turn.
    pub(crate) fn next(&self, answers: impl IntoIterator<Item = Say>) {
        self.script.lock().unwrap().next.extend(answers);
    }

    /// Answers all calls (not sign-ins) for which no other answer is left.
    pub(crate) fn always(&self, answer: Say) {
        self.script.lock().unwrap().always = Some(answer);
    }

    /// Answers all sign-ins.
    pub(crate) fn sign_in(&self, answer: Say) {
        self.script.lock().unwrap().sign_in = Some(answer);
    }

    /// From now on only the session of the next sign-in is good, until the one after.
    pub(crate) fn end_session(&self) {
        self.script.lock().unwrap().valid = Some("none".to_owned());
    }

    pub(crate) fn sign_ins(&self) -> usize {
        self.script.lock().unwrap().sign_ins
    }

    /// Calls heard so far, without sign-ins.
    pub(crate) fn calls(&self) -> Vec<Asked> {
        let script = self.script.lock().unwrap();
        script.asked.iter().filter(|asked| asked.path != "/session").cloned().collect()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }
}

pub(crate) fn credentials() -> Credentials {
    Credentials {
        consumer_key: "CK_test".to_owned(),
        consumer_secret: "CS_test".to_owned().into(),
        access_token: "AT_test".to_owned().into(),
        access_secret: "AS_test".to_owned().into(),
    }
}

pub(crate) fn client_of(base: &str, clock: &Clock) -> Client {
    let trust = TrustAnchors::from_der::<Vec<u8>>([]).unwrap();
    let config = AdeConfig { timeout: Duration::from_secs(20), ..AdeConfig::new(base, trust, clock.clone()) };
    Service::new(&config).unwrap().client(credentials())
}

async fn answer(State((script, base)): State<(Arc<Mutex<Script>>, String)>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let asked = Asked {
        method: head.method.to_string(),
        path: head.uri.to_string(),
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    let mut script = script.lock().unwrap();
    script.asked.push(asked.clone());
    let said = if asked.path == "/session" {
        session(&mut script, &asked, &base)
    } else if script.valid.as_ref().is_some_and(|valid| valid != asked.session()) {
        say(401, "UNAUTHORIZED")
    } else {
        let next = script.next.pop_front();
        next.or_else(|| script.always.clone()).unwrap_or_else(|| say(200, "{}"))
    };
    let mut response = Response::builder().status(said.status);
    for (name, value) in said.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(said.body)).unwrap()
}

fn session(script: &mut Script, asked: &Asked, base: &str) -> Say {
    script.sign_ins += 1;
    if let Some(said) = &script.sign_in {
        return said.clone();
    }
    let signed = oauth1::parse_header(asked.header("authorization")).unwrap();
    let secrets = oauth1::Credentials {
        consumer_key: "CK_test",
        consumer_secret: "CS_test",
        access_token: "AT_test",
        access_secret: "AS_test",
    };
    if signed.verify("GET", &format!("{base}/session"), &secrets).is_err() || signed.timestamp() != Some(NOW)
    {
        return say(401, "oauth_problem=signature_invalid");
    }
    let token = format!("session-{}", script.sign_ins);
    if script.valid.is_some() {
        script.valid = Some(token.clone());
    }
    say(200, &format!(r#"{{"auth_session_token":"{token}"}}"#))
}
