//! How a server stops: what is under way gets its answer, what was in memory is stored, and nothing is held.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use crate::support::{Beside, House, program, until};

/// A server whose API is plain, so that a request can be held half way by hand; and where it listens.
fn plain(folder: &std::path::Path, settings: &str) -> (Beside, String) {
    let text = format!("[api]\ntls = false\nurl = 'https://api.example'\n{settings}");
    std::fs::write(folder.join("muster.toml"), text).unwrap();
    let mut command = program();
    command.current_dir(folder).args(["serve", "--config", "muster.toml", "--api-listen", "127.0.0.1:0"]);
    command.args(["--device-listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0"]);
    let mut server = Beside::start(command, "First start");
    let line = server.said.iter().find(|line| line.trim_start().starts_with("API")).unwrap();
    let address = line.split(" on ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    server.heard("Next:");
    (server, address)
}

/// A sign-in whose body is still to be sent: the connection and the body.
fn half_a_sign_in(folder: &std::path::Path, address: &str) -> (TcpStream, String) {
    let login: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("data/bootstrap.json")).unwrap()).unwrap();
    let body = format!(
        "grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_id={}&client_secret={}",
        login["client_id"].as_str().unwrap(),
        login["client_secret"].as_str().unwrap()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "POST /default/oauth2/v2.0/token HTTP/1.1\r\nHost: api.example\r\nExpect: 100-continue\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The server says so once the request is being handled.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    (stream, body)
}

/// One GET on a connection of its own: the whole answer.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_request_under_way_at_sigterm_gets_its_answer_and_newcomers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, address) = plain(folder.path(), "");
    let (mut held, body) = half_a_sign_in(folder.path(), &address);
    server.signal("TERM");
    server.heard("requests under way are finished");
    // The listener goes a moment after the word.
    until("a closed door", || TcpStream::connect(&address).is_err());
    held.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    held.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("access_token"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    assert!(server.ended());
}

#[test]
fn load_balancers_are_told_before_connections_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, address) = plain(folder.path(), "[server]\nstop_announce = '10m'\n");
    assert!(get(&address, "/readyz").starts_with("HTTP/1.1 200"));
    server.signal("TERM");
    server.heard("/readyz says so");
    let told = get(&address, "/readyz");
    assert!(told.starts_with("HTTP/1.1 503") && told.contains("the server is stopping"), "{told}");
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200"));
    // Told again, it waits no longer.
    server.signal("TERM");
    assert!(!server.ended());
}

#[test]
fn the_listener_of_health_tells_of_a_stop_until_everything_else_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, address) = plain(folder.path(), "");
    let health = server.said.iter().find(|line| line.trim_start().starts_with("health")).unwrap();
    let health = health.split("http://").nth(1).unwrap().split(": ").next().unwrap().to_owned();
    assert!(get(&health, "/metrics").starts_with("HTTP/1.1 200"));
    assert!(!get(&address, "/metrics").starts_with("HTTP/1.1 200"));
    let (held, _) = half_a_sign_in(folder.path(), &address);
    server.signal("TERM");
    server.heard("requests under way are finished");
    until("a closed door", || TcpStream::connect(&address).is_err());
    assert!(get(&health, "/healthz").starts_with("HTTP/1.1 200"));
    assert!(get(&health, "/readyz").contains("the server is stopping"));
    drop(held);
    assert!(server.ended());
    assert!(TcpStream::connect(&health).is_err());
}

#[test]
fn a_signal_ends_a_server_at_once_that_still_waits_for_its_database() {
    let folder = tempfile::tempdir().unwrap();
    // A database that takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    silent.set_nonblocking(true).unwrap();
    let mut command = program();
    let url = format!("postgres://muster:secret@{}/muster", silent.local_addr().unwrap());
    command.current_dir(folder.path()).args(["serve", "--database-url", &url]);
    command.args(["--api-listen", "127.0.0.1:0", "--device-listen", "127.0.0.1:0"]);
    let mut server = Beside::begin(command, Stdio::null());
    let mut connection = None;
    until("the server at its database", || {
        connection = silent.accept().ok();
        connection.is_some()
    });
    server.signal("TERM");
    server.heard("Stopped before it ran.");
    assert!(server.ended());
}

#[test]
fn a_second_signal_ends_the_server_at_once_whatever_is_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, address) = plain(folder.path(), "[server]\nstop_finish = '1h'\n");
    let (held, _) = half_a_sign_in(folder.path(), &address);
    server.signal("TERM");
    server.heard("requests under way are finished");
    server.signal("INT");
    assert!(!server.ended(), "it says by its code that something was cut");
    drop(held);
}

#[test]
fn a_full_house_refuses_with_503_and_a_time_and_answers_those_inside() {
    let folder = tempfile::tempdir().unwrap();
    let (server, address) = plain(folder.path(), "[server]\napi_requests = 1\n");
    let (mut held, body) = half_a_sign_in(folder.path(), &address);
    let refused = get(&address, "/beta/deviceManagement/depOnboardingSettings").to_ascii_lowercase();
    assert!(refused.starts_with("http/1.1 503") && refused.contains("retry-after: 1"), "{refused}");
    assert!(refused.contains("\"code\":\"serviceunavailable\""), "{refused}");
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200"));
    assert!(get(&address, "/readyz").starts_with("HTTP/1.1 200"));
    held.write_all(body.as_bytes()).unwrap();
    let mut answer = [0; 12];
    held.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    drop(held);
    assert!(server.terminate());
}

#[test]
fn what_was_in_memory_is_stored_and_nothing_is_held_after_a_stop() {
    let mut house = House::new();
    crate::admin::connect(&house);
    let bought = crate::support::serials(&house.json(&["practice", "buy", "iPad", "--server", "Muster"]));
    crate::admin::upload(&house);
    house.good(&[
        "profiles",
        "create",
        "Head office",
        "Desks",
        "--platform",
        "ios",
        "--supervised",
        "--default",
    ]);
    house.good(&["devices", "ready", "--wait"]);
    house.good(&["practice", "device", "boot", &bought[0], "--watch"]);
    let before = house.json(&["managed-devices", "show", &bought[0]])["lastSyncDateTime"].clone();
    assert!(house.server.take().unwrap().terminate());
    let database = rusqlite::Connection::open(house.path("data/muster.db")).unwrap();
    let held: i64 = database.query_row("select count(*) from lease", [], |row| row.get(0)).unwrap();
    assert_eq!(held, 0, "no lease is held");
    assert!(
        !house.path("data/muster.db-wal").exists() || {
            std::fs::metadata(house.path("data/muster.db-wal")).unwrap().len() == 0
        }
    );
    let sql = "select last_seen from managed_device";
    let stored: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
    let before: jiff::Timestamp = before.as_str().unwrap().parse().unwrap();
    assert!(stored >= before.as_microsecond(), "{stored} {before}");
}
