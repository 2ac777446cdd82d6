//! The routes, each with what Apple's documents say of the request.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mdm::guard::{Fields, parse_dictionary};
use net::PeerCertificates;
use pki::scep::{Asked, FailInfo, PkiMessage, ca_caps, ca_cert};
use pki::x509::{IssuePolicy, Name, Usage};

use super::{ALWAYS, CHALLENGE, Inner, LIMIT, Message, TOPIC};

pub(super) fn router(inner: Arc<Inner>) -> Router {
    Router::new()
        .route("/enroll", post(enroll))
        .route("/web", get(web))
        .route("/web/signed-in", get(signed_in))
        .fallback(circle)
        .route("/scep", get(scep_get).post(scep_post))
        .route("/checkin", put(check_in))
        .route("/connect", put(connect))
        .layer(axum::extract::DefaultBodyLimit::max(LIMIT))
        .with_state(inner)
}

fn profile_answer(inner: &Inner) -> Response {
    ([("content-type", "application/x-apple-aspen-config")], inner.profile()).into_response()
}

async fn enroll(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    assert_eq!(headers["content-type"], "application/pkcs7-signature");
    if let Err(what) = inner.machine_info(&body, "MachineInfo") {
        return (StatusCode::BAD_REQUEST, what).into_response();
    }
    if let Some(planned) = inner.planned("enroll") {
        return planned;
    }
    let basic = inner.knobs.lock().unwrap().basic;
    if let Some((user, password)) = basic {
        let wanted = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        if headers.get("authorization").is_none_or(|value| *value != *wanted) {
            return (StatusCode::UNAUTHORIZED, [("www-authenticate", "Basic realm=\"MDM\"")]).into_response();
        }
    }
    profile_answer(&inner)
}

/// The first page wants MachineInfo in its header, sets a cookie, and leads on.
async fn web(State(inner): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    let blob = headers.get("x-apple-aspen-deviceinfo").and_then(|value| STANDARD.decode(value).ok());
    if let Err(what) = inner.machine_info(&blob.unwrap_or_default(), "MachineInfo by web") {
        return (StatusCode::BAD_REQUEST, what).into_response();
    }
    if let Some(planned) = inner.planned("web") {
        return planned;
    }
    let headers = [("location", "/web/signed-in"), ("set-cookie", "session=s1; Secure; HttpOnly")];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Every other page leads on.
async fn circle(State(inner): State<Arc<Inner>>) -> Response {
    let to = inner.knobs.lock().unwrap().circle;
    (StatusCode::FOUND, [("location", to.expect("a page that nobody made"))]).into_response()
}

async fn signed_in(State(inner): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    assert!(!headers.contains_key("x-apple-aspen-deviceinfo"), "only the first page gets it");
    assert_eq!(headers["cookie"], "session=s1");
    profile_answer(&inner)
}

async fn scep_get(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let query: HashMap<String, String> =
        axum::extract::Query::try_from_uri(request.uri()).map(|query| query.0).unwrap();
    match query["operation"].as_str() {
        "GetCACaps" if inner.knobs.lock().unwrap().no_caps => StatusCode::NOT_FOUND.into_response(),
        "GetCACaps" => ca_caps().into_response(),
        "GetCACert" => {
            ([("content-type", "application/x-x509-ca-cert")], ca_cert(&inner.scep_ca)).into_response()
        }
        "PKIOperation" => {
            assert!(inner.knobs.lock().unwrap().no_caps, "POST is offered");
            operate(&inner, &pki::scep::message_from_query(&query["message"]).unwrap())
        }
        other => panic!("{other}"),
    }
}

async fn scep_post(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    assert_eq!(request.uri().query(), Some("operation=PKIOperation"));
    let body = axum::body::to_bytes(request.into_body(), LIMIT).await.unwrap();
    operate(&inner, &body)
}

fn operate(inner: &Inner, message: &[u8]) -> Response {
    let now = inner.clock.now_unix();
    let message = PkiMessage::read(message, &inner.scep_ca).unwrap();
    let ca = &inner.scep_ca;
    let mut knobs = inner.knobs.lock().unwrap();
    let answer = if knobs.scep_refuses || message.challenge_password() != Some(CHALLENGE) {
        message.failure(ca, FailInfo::BadRequest, now)
    } else if knobs.scep_pending > 0 {
        knobs.scep_pending -= 1;
        message.pending(ca, now)
    } else {
        let asked = message.asked.as_ref().unwrap();
        assert_eq!(asked.asked, Asked::WithChallenge);
        assert_eq!(asked.request.subject().common_name().as_deref(), Some("device"));
        let policy = IssuePolicy::new(Name::of("device"), ALWAYS, Usage::ClientIdentity);
        let issued = ca.issue(&policy, asked.request.public_key()).unwrap();
        message.success(ca, &issued, now)
    };
    ([("content-type", "application/x-pki-message")], answer.unwrap()).into_response()
}

/// What a handler gets of a message.
async fn read(inner: &Inner, request: Request, media: &str) -> Result<Message, Response> {
    let peer = request.extensions().get::<PeerCertificates>().cloned();
    let headers = request.headers().clone();
    assert_eq!(headers["content-type"], media);
    let body = axum::body::to_bytes(request.into_body(), LIMIT).await.unwrap();
    let sender = inner.sender(&headers, peer.as_ref(), &body);
    let Some((certificate, signature)) = sender else {
        return Err(StatusCode::FORBIDDEN.into_response());
    };
    let plist = parse_dictionary(&body, LIMIT).unwrap();
    assert!(Fields(&plist).peek("UDID").is_some());
    Ok(Message { kind: String::new(), plist, certificate, body: body.to_vec(), signature })
}

async fn check_in(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let mut message = match read(&inner, request, "application/x-apple-aspen-mdm-checkin").await {
        Ok(message) => message,
        Err(answer) => return answer,
    };
    let fields = Fields(&message.plist);
    let kind = fields.text("MessageType", 100).unwrap();
    assert_eq!(fields.peek("Topic"), Some(TOPIC));
    let wanted: &[&str] = match kind.as_str() {
        "Authenticate" => &["OSVersion", "BuildVersion", "ProductName", "SerialNumber"],
        "TokenUpdate" => &["PushMagic"],
        "CheckOut" => &[],
        other => panic!("{other}"),
    };
    assert!(wanted.iter().all(|key| fields.peek(key).is_some()), "{kind} {:?}", message.plist);
    message.kind.clone_from(&kind);
    if let Some(planned) = inner.planned(if kind == "Authenticate" { "Authenticate" } else { "TokenUpdate" })
    {
        return planned;
    }
    let (udid, plist) = (message.udid().to_owned(), message.plist.clone());
    inner.hear(message);
    let greeted = {
        let mut queues = inner.queues.lock().unwrap();
        let place = queues.greeted.iter().position(|known| *known == udid && kind == "TokenUpdate");
        place.map(|place| queues.greeted.swap_remove(place))
    };
    if greeted.is_some() {
        inner.push(&plist);
    }
    StatusCode::OK.into_response()
}

async fn connect(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let mut message = match read(&inner, request, "application/x-apple-aspen-mdm; charset=UTF-8").await {
        Ok(message) => message,
        Err(answer) => return answer,
    };
    let status = Fields(&message.plist).text("Status", 100).unwrap();
    let answered = message.text("CommandUUID").map(str::to_owned);
    assert_eq!(answered.is_some(), status != "Idle", "only Idle is about no command");
    if matches!(status.as_str(), "Error" | "CommandFormatError") {
        let chain = Fields(&message.plist).items("ErrorChain").to_vec();
        assert!(chain[0].as_dictionary().is_some_and(|entry| entry.contains_key("ErrorCode")));
    }
    let planned = (status != "Idle").then(|| inner.planned("result")).flatten();
    if let Some(planned) = planned.or_else(|| inner.planned("connect")) {
        return planned;
    }
    message.kind.clone_from(&status);
    let udid = message.udid().to_owned();
    inner.hear(message);
    inner.next_command(&udid, &status, answered.as_deref())
}
