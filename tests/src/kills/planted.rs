//! Two bugs that the harness must find, planted around the server and not in it: the product has no switch for them.
//!
//! They are those that make servers of this kind lose devices. Each does no harm while nothing is killed, and each is
//! asleep until a file says that the world is founded.
//!
//! - [`Bug::CursorBeforeRows`]: triggers divert the rows of new devices into a table of their own, from where a thread moves
//!   it a moment after the commit. So the cursor is on disk before its rows.
//! - [`Bug::AnswerBeforeCommit`]: a proxy in the server's own process stands before it, and answers `TokenUpdate` before
//!   it hands it on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use net::client::ClientOptions;
use net::{CancellationToken, Identity, ListenConfig, Listener, ServerIdentity, ServerTls, TrustAnchors};
use serde_json::{Value, json};

use crate::tool::Folder;

/// Between a commit and the moment when its rows are moved, at most.
const LATE: Duration = Duration::from_millis(50);
/// The largest message that is handed on.
const MESSAGE_MAX: usize = 1 << 20;

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A page's cursor is stored before its rows. On SQLite.
    CursorBeforeRows,
    /// A device's message is answered before it is stored.
    AnswerBeforeCommit,
}

impl Bug {
    /// What the server is told in `MORTAL_PLANTED`.
    pub(super) fn told(self, folder: &Path) -> String {
        let word = match self {
            Bug::CursorBeforeRows => "rows",
            Bug::AnswerBeforeCommit => "answers",
        };
        format!("{word} {}", folder.display())
    }
}

/// Wakes the bug: what came before was only to found the world.
pub(super) fn wake(folder: &Folder) {
    folder.put("planted", "");
}

fn is_awake(folder: &Path) -> bool {
    folder.join("planted").exists()
}

/// Plants a bug around the server of this process, if it is told to.
///
/// # Panics
/// When what it is told is not what [`Bug`] says.
pub fn bug(told: Option<&str>) {
    let Some((word, folder)) = told.and_then(|told| told.split_once(' ')) else { return };
    let folder = PathBuf::from(folder);
    match word {
        "rows" => drop(std::thread::spawn(move || move_late_rows(&folder))),
        "answers" => drop(std::thread::spawn(move || answer_early(&folder))),
        other => panic!("no such bug: {other}"),
    }
}

/// Rows that were diverted and not moved when the program ended are what the bug loses: they go first.
fn move_late_rows(folder: &Path) {
    while !is_awake(folder) {
        std::thread::sleep(LATE);
    }
    let connection = rusqlite::Connection::open(folder.join("muster.db")).unwrap();
    connection.busy_timeout(Duration::from_secs(5)).unwrap();
    let columns: String = connection
        .query_row("select group_concat('new.' || name, ', ') from pragma_table_info('device')", [], |row| {
            row.get(0)
        })
        .unwrap();
    let plant = format!(
        "create table if not exists late as select * from device where false;
         create table if not exists moving (yes integer);
         delete from late;
         create trigger if not exists divert after insert on device when not exists (select 1 from moving) begin
             insert into late values ({columns});
             delete from device where tenant_id = new.tenant_id and token_id = new.token_id and serial = new.serial;
         end;"
    );
    connection.execute_batch(&plant).unwrap();
    loop {
        std::thread::sleep(LATE);
        let moved = "begin immediate;
             insert into moving values (1);
             insert or replace into device select * from late;
             delete from late;
             delete from moving;
             commit;";
        connection.execute_batch(moved).unwrap();
    }
}

/// Settings of the devices' side behind the proxy, and what the proxy is to know.
pub(super) fn front(folder: &Folder, public: u16, behind: u16, certificate: &str, key: &str) -> String {
    let front = json!({
        "listen": format!("127.0.0.1:{public}"),
        "behind": format!("http://127.0.0.1:{behind}"),
        "certificate": certificate,
        "key": key,
    });
    folder.put("front.json", front.to_string());
    format!("listen = \"127.0.0.1:{behind}\"\nurl = \"https://localhost:{public}\"\ntls = false\n")
}

#[derive(Clone)]
struct Front {
    http: reqwest::Client,
    behind: String,
    folder: PathBuf,
}

fn answer_early(folder: &Path) {
    let front: Value = serde_json::from_slice(&std::fs::read(folder.join("front.json")).unwrap()).unwrap();
    let text = |key: &str| front[key].as_str().unwrap().to_owned();
    let identity =
        Identity::from_pem_files(Path::new(&text("certificate")), Path::new(&text("key"))).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let tls = ServerTls::new(ServerIdentity::new(identity));
        let listener = Listener::bind(ListenConfig::tls(text("listen").parse().unwrap(), tls)).await.unwrap();
        // What is behind speaks no TLS.
        let options = ClientOptions::new(TrustAnchors::nobody(), "planted/1");
        let http = net::client::build(&options).unwrap();
        let state = Front { http, behind: text("behind"), folder: folder.to_owned() };
        let router = axum::Router::new().fallback(hand_on).with_state(state);
        listener.serve(router, CancellationToken::new()).await;
    });
}

async fn hand_on(
    State(front): State<Front>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let body: Bytes = axum::body::to_bytes(body, MESSAGE_MAX).await.unwrap();
    let early = is_awake(&front.folder) && body.windows(11).any(|part| part == b"TokenUpdate");
    // Over HTTP/2 the target names scheme and host too, which are the front's.
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let mut request = front.http.request(method, format!("{}{target}", front.behind)).body(body);
    for name in [header::CONTENT_TYPE.as_str(), "mdm-signature"] {
        if let Some(value) = headers.get(name) {
            request = request.header(name, value);
        }
    }
    if early {
        tokio::spawn(request.send());
        return Response::new(Body::empty());
    }
    let Ok(answer) = request.send().await else { return status(StatusCode::BAD_GATEWAY) };
    let (code, media) = (answer.status(), answer.headers().get(header::CONTENT_TYPE).cloned());
    let Ok(bytes) = answer.bytes().await else { return status(StatusCode::BAD_GATEWAY) };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = code;
    if let Some(media) = media {
        response.headers_mut().insert(header::CONTENT_TYPE, media);
    }
    response
}

fn status(code: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = code;
    response
}
