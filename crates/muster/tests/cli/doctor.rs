//! `muster doctor` on a healthy set-up and on broken ones: each is told in words that an operator can act on.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::support::{House, program, serve, text};

/// What doctor says of a folder, and its exit code.
struct Told {
    code: i32,
    json: Value,
}

impl Told {
    fn in_folder(folder: &Path, more: &[&str]) -> Told {
        let mut command = program();
        command.current_dir(folder).args(["doctor", "--json"]).args(more);
        let output = command.output().unwrap();
        let json = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}{}", text(&output.stdout), text(&output.stderr)));
        Told { code: output.status.code().unwrap(), json }
    }

    /// What is found by one check; it must be there.
    fn check(&self, name: &str) -> &Value {
        let checks = self.json["checks"].as_array().unwrap();
        checks
            .iter()
            .find(|check| check["check"] == name)
            .unwrap_or_else(|| panic!("no {name}: {:#}", self.json))
    }

    /// A check must have found a problem, and say it in these words, what to do included.
    fn problem(&self, name: &str, words: &[&str]) {
        let check = self.check(name);
        assert_eq!(check["verdict"], "problem", "{check:#}");
        assert_eq!((self.code, &self.json["verdict"]), (2, &Value::from("problem")), "{:#}", self.json);
        let said = format!("{} → {}", check["found"].as_str().unwrap(), check["advice"].as_str().unwrap());
        for word in words {
            assert!(said.contains(word), "{name} does not say {word:?}: {said}");
        }
    }
}

impl House {
    /// What doctor says of this house, given where the server listens.
    fn doctor(&self, more: &[&str]) -> Told {
        let (api, devices) = self.addresses();
        let listening = ["--api-listen", &api, "--device-listen", &devices];
        Told::in_folder(self.folder.path(), &[&listening, more].concat())
    }

    /// Where the server said that it listens.
    fn addresses(&self) -> (String, String) {
        let said = &self.server.as_ref().unwrap().said;
        let at = |word: &str| {
            let line = said.iter().find(|line| line.trim_start().starts_with(word)).unwrap();
            line.split(" on ").nth(1).unwrap().split(' ').next().unwrap().to_owned()
        };
        (at("API"), at("devices"))
    }
}

/// A house with a push certificate and a token that has synced.
fn furnished() -> House {
    let house = House::new();
    crate::admin::connect(&house);
    crate::admin::upload(&house);
    house
}

#[test]
fn a_healthy_server_is_told_so_for_people_and_for_scripts() {
    let house = furnished();
    let told = house.doctor(&[]);
    assert_eq!((told.code, &told.json["verdict"]), (0, &Value::from("ok")), "{:#}", told.json);
    for check in [
        "settings.file",
        "data.secrets",
        "data.disk",
        "database.reach",
        "database.schema",
        "database.integrity",
        "database.keys",
        "server.ready",
        "addresses.api",
        "addresses.devices",
        "clock.offset",
        "tenant.pushCertificate",
        "tenant.pushService",
        "tenant.token",
        "tenant.alerts",
    ] {
        assert_eq!(told.check(check)["verdict"], "ok", "{:#}", told.json);
    }
    let (api, devices) = house.addresses();
    let said = house.good(&["doctor", "--api-listen", &api, "--device-listen", &devices]);
    for words in ["Tenant default", "push certificate", "“Head office”: valid until", "checks are well"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_server_that_does_not_run_is_a_warning_and_a_port_that_another_program_has_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    assert!(serve(folder.path(), &[]).terminate());
    let free = || TcpListener::bind("127.0.0.1:0").unwrap();
    let (api, devices) = (free(), free());
    let (at, other) = (api.local_addr().unwrap().to_string(), devices.local_addr().unwrap().to_string());
    drop((api, devices));
    let listening = ["--api-listen", &at, "--device-listen", &other];
    let told = Told::in_folder(folder.path(), &listening);
    assert_eq!(told.check("server.ready")["verdict"], "warning");
    assert_eq!(told.code, 1, "{:#}", told.json);

    let another = TcpListener::bind(&at).unwrap();
    let told = Told::in_folder(folder.path(), &listening);
    told.problem("server.listen", &["what listens on", &at, "ss -ltnp", "`listen`"]);
    drop(another);
    let _another = TcpListener::bind(&other).unwrap();
    let told = Told::in_folder(folder.path(), &listening);
    told.problem("server.listen", &["something listens on", &other, "ss -ltnp", "if it is this server"]);
}

#[test]
fn a_server_that_doctor_has_other_settings_of_is_named_no_stranger() {
    let house = House::without_apple(tempfile::tempdir().unwrap(), &[]);
    let (api, devices) = house.addresses();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let other = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let listening = ["--api-listen", &free, "--device-listen", &other];
    let told = Told::in_folder(house.folder.path(), &listening);
    let check = told.check("server.ready");
    let said = format!("{} {}", check["found"], check["advice"]);
    assert_eq!(check["verdict"], "warning", "{check:#}");
    assert!(said.contains("a server works on this database") && said.contains("settings"), "{said}");
    // Another server's data folder, at this one's address.
    let folder = tempfile::tempdir().unwrap();
    assert!(serve(folder.path(), &[]).terminate());
    let told = Told::in_folder(folder.path(), &["--api-listen", &api, "--device-listen", &devices]);
    told.problem("server.listen", &["what listens on", &api, "not of this server's own authority"]);
}

/// A server that starts in that moment would find it taken.
#[test]
fn doctor_leaves_the_lock_of_the_server_alone() {
    let folder = tempfile::tempdir().unwrap();
    assert!(serve(folder.path(), &[]).terminate());
    let lock = folder.path().join("data/serve.lock");
    std::fs::remove_file(&lock).unwrap();
    // Who opens this waits until somebody writes into it.
    assert!(std::process::Command::new("mkfifo").arg(&lock).status().unwrap().success());
    let mut command = program();
    let output = std::process::Stdio::null();
    let mut doctor = command.current_dir(folder.path()).arg("doctor").stdout(output).spawn().unwrap();
    let since = std::time::Instant::now();
    while doctor.try_wait().unwrap().is_none() {
        if since.elapsed() > Duration::from_secs(60) {
            doctor.kill().unwrap();
            panic!("it opens the lock");
        }
        std::thread::yield_now();
    }
}

#[test]
fn settings_that_cannot_be_read_are_told_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("muster.toml"), "[api]\nlisten = 'x'\n").unwrap();
    let told = Told::in_folder(folder.path(), &["--config", "muster.toml"]);
    told.problem("settings.file", &["line 2", "--example-config"]);
}

#[test]
fn what_a_start_would_stumble_over_in_the_settings_is_told_before_it() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path(), "localhost", 0);
    let told = |settings: &str| {
        std::fs::write(folder.path().join("muster.toml"), settings).unwrap();
        let told = Told::in_folder(folder.path(), &["--config", "muster.toml"]);
        let started =
            program().current_dir(folder.path()).args(["serve", "--config", "muster.toml"]).output();
        assert!(!started.unwrap().status.success(), "{settings}: a start fails, too");
        told
    };
    told("metrics_from = ['10.0.0.0/33']").problem("settings.file", &["metrics_from", "10.0.0.0/33"]);
    told("[proxies]\ntrusted = ['proxy']").problem("settings.file", &["[proxies] trusted", "proxy"]);
    let header = "[proxies]\ntrusted = ['10.0.0.1']\ncertificate_header = 'x y'";
    told(header).problem("settings.file", &["certificate_header", "x y"]);

    std::fs::rename(folder.path().join("server.key"), folder.path().join("right.key")).unwrap();
    let pair = "[api]\ncertificate = 'server.pem'\nkey = 'server.key'\n";
    told(pair).problem("settings.files", &["[api] certificate", "server.key"]);
    let other = tempfile::tempdir().unwrap();
    certificate(other.path(), "localhost", 0);
    std::fs::copy(other.path().join("server.key"), folder.path().join("server.key")).unwrap();
    told(pair).problem("settings.files", &["[api] certificate", "server.pem", "server.key"]);
    let anchors = "[devices]\nanchors = 'right.key'\n";
    told(anchors).problem("settings.files", &["[devices] anchors", "right.key"]);
    std::fs::write(folder.path().join("practice.json"), "{}").unwrap();
    told("practice = 'practice.json'").problem("settings.files", &["practice", "muster practice serve"]);

    std::fs::copy(folder.path().join("right.key"), folder.path().join("server.key")).unwrap();
    std::fs::write(folder.path().join("muster.toml"), pair).unwrap();
    let told = Told::in_folder(folder.path(), &["--config", "muster.toml"]);
    assert_eq!(told.check("settings.files")["verdict"], "ok", "{:#}", told.json);
}

#[test]
fn a_key_that_everybody_may_read_and_a_disk_with_too_little_room_are_problems() {
    let folder = tempfile::tempdir().unwrap();
    assert!(serve(folder.path(), &[]).terminate());
    let key = folder.path().join("data/seal.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let told = Told::in_folder(folder.path(), &["--want-free", "900000TB"]);
    told.problem("data.secrets", &["data/seal.key", "everybody", "644", "chmod 600"]);
    told.problem("data.disk", &["left", "make room"]);
}

#[test]
fn a_wrong_seal_key_is_a_problem_with_the_way_to_the_right_one() {
    let mut house = furnished();
    assert!(house.server.take().unwrap().terminate());
    let key = house.path("data/seal.key");
    std::fs::rename(&key, house.path("right.key")).unwrap();
    let other = tempfile::tempdir().unwrap();
    assert!(serve(other.path(), &[]).terminate());
    std::fs::copy(other.path().join("data/seal.key"), &key).unwrap();
    let told = Told::in_folder(house.folder.path(), &[]);
    told.problem("database.keys", &["seal.key is not the key", "--seal-key-file"]);
    // The rest can be looked at all the same.
    assert_eq!(told.check("tenant.token")["verdict"], "ok");
    assert_eq!(told.check("tenant.pushCertificate")["verdict"], "ok");

    std::fs::remove_file(&key).unwrap();
    Told::in_folder(house.folder.path(), &[]).problem("database.keys", &["seal.key", "copy"]);
}

#[test]
fn a_database_that_is_away_is_a_problem_and_its_password_is_not_told() {
    let folder = tempfile::tempdir().unwrap();
    assert!(serve(folder.path(), &[]).terminate());
    // Nobody listens on a port that was just given back.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://muster:hunter2hunter2@127.0.0.1:{port}/muster");
    let told = Told::in_folder(folder.path(), &["--database-url", &url]);
    told.problem("database.reach", &["PostgreSQL runs", "pg_hba.conf"]);
    assert!(!told.json.to_string().contains("hunter2"), "{:#}", told.json);
    let told = Told::in_folder(folder.path(), &["--database-url", "sqlite:nowhere.db"]);
    told.problem("database.reach", &["--config or --data"]);
    assert!(!folder.path().join("nowhere.db").exists(), "it makes nothing");
}

#[test]
fn a_database_of_a_later_program_is_a_problem_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    assert!(serve(folder.path(), &[]).terminate());
    let database = rusqlite::Connection::open(folder.path().join("data/muster.db")).unwrap();
    let later = "insert into migration (number, name, checksum) values (9000, '9000_later', '')";
    database.execute(later, []).unwrap();
    drop(database);
    let told = Told::in_folder(folder.path(), &[]);
    told.problem("database.schema", &["9000_later", "later program", "restore the copy"]);
}

/// An authority of now, and a certificate of it for `host` that was issued so many days ago.
fn certificate(folder: &Path, host: &str, days_ago: u64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let at = i64::try_from(now - days_ago * 24 * 60 * 60).unwrap();
    let authority = app::server_certificate::ServerAuthority::create(at).unwrap();
    let issued = authority.issue(&[host.to_owned()], at).unwrap();
    std::fs::write(folder.join("root.pem"), &authority.certificate_pem).unwrap();
    std::fs::write(folder.join("server.pem"), issued.chain_pem).unwrap();
    std::fs::write(folder.join("server.key"), issued.key_pem.as_bytes()).unwrap();
}

/// What doctor says while a server runs that shows such a certificate to devices.
fn with_certificate(host: &str, days_ago: u64, anchors: bool) -> Told {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path(), host, days_ago);
    let mut settings = "[devices]\ncertificate = 'server.pem'\nkey = 'server.key'\n".to_owned();
    if anchors {
        settings.push_str("anchors = 'root.pem'\n");
    }
    std::fs::write(folder.path().join("muster.toml"), settings).unwrap();
    let house = House::without_apple(folder, &["--config", "muster.toml"]);
    house.doctor(&["--config", "muster.toml"])
}

#[test]
fn a_server_certificate_that_is_over_for_another_name_or_of_nobody_is_a_problem_each_in_its_words() {
    let over = with_certificate("localhost", 500, true);
    over.problem("addresses.devices", &["ended at", "no client connects", "systemctl reload muster"]);
    let other = with_certificate("elsewhere.example", 0, true);
    other.problem("addresses.devices", &["another name", "elsewhere.example"]);
    let unknown = with_certificate("localhost", 0, false);
    unknown.problem("addresses.devices", &["no device believes", "Muster Server CA", "anchors"]);
}

#[test]
fn a_device_url_that_has_no_address_or_where_nobody_answers_is_a_problem() {
    let house = House::new();
    let told = house.doctor(&["--device-url", "https://devices.invalid"]);
    told.problem("addresses.devices", &["devices.invalid", "stands for no address", "name server"]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let told = house.doctor(&["--device-url", &format!("https://localhost:{port}")]);
    told.problem("addresses.devices", &["nobody answers", "firewall"]);
    let elsewhere = std::fs::read_to_string(house.path("practice/practice.json")).unwrap();
    let elsewhere: Value = serde_json::from_str(&elsewhere).unwrap();
    let portal = elsewhere["portalUrl"].as_str().unwrap().split("/portal").next().unwrap();
    let told = house.doctor(&["--device-url", portal]);
    assert_eq!(told.check("addresses.devices")["verdict"], "problem", "{:#}", told.json);
}

#[test]
fn a_push_certificate_that_is_missing_over_or_of_another_topic_is_told_with_the_way_to_renew_it() {
    let house = House::new();
    let told = house.doctor(&[]);
    assert_eq!(told.check("tenant.pushCertificate")["verdict"], "warning", "nothing needs it yet");
    crate::admin::connect(&house);
    crate::admin::upload(&house);
    // As when the certificate of another server was put in place by hand.
    let change = |sql: &str| {
        let database = rusqlite::Connection::open(house.path("data/muster.db")).unwrap();
        assert_eq!(database.execute(sql, []).unwrap(), 1);
    };
    let column = "update push_certificate set issued = json_set(issued, ";
    change(&format!("{column}'$.topic', 'com.apple.mgmt.External.other')"));
    house
        .doctor(&[])
        .problem("tenant.pushCertificate", &["External.other", "devices listen", "never a new one"]);
    change("update push_certificate set issued = null");
    house
        .doctor(&[])
        .problem("tenant.pushCertificate", &["no push certificate", "muster push-certificate request"]);
}

#[test]
fn a_token_that_apple_rejects_or_whose_terms_wait_is_a_problem_that_names_the_token() {
    let house = furnished();
    house.good(&["practice", "terms", "changed"]);
    // Apple says so to a call that needs them.
    house.run(&["sync", "start", "Head office", "--watch"]);
    house
        .doctor(&[])
        .problem("tenant.token", &["Head office", "Linden Works", "terms", "business.apple.com"]);
    house.good(&["practice", "terms", "accepted"]);
    house.good(&["practice", "org", "loses", "admin@example.com", "--password"]);
    let told = house.doctor(&[]);
    told.problem("tenant.token", &["Head office", "rejects", "muster tokens renew"]);
}

#[test]
fn a_clock_that_is_an_hour_off_is_a_problem_even_before_apple_refuses_the_token() {
    let house = House::new();
    crate::admin::connect(&house);
    crate::admin::upload(&house);
    let apple = an_hour_ahead();
    let practice = std::fs::read_to_string(house.path("practice/practice.json")).unwrap();
    let mut practice: Value = serde_json::from_str(&practice).unwrap();
    practice["adeUrl"] = apple.into();
    std::fs::write(house.path("ahead.json"), practice.to_string()).unwrap();
    let mut house = house;
    assert!(house.server.take().unwrap().terminate());
    house.server = Some(serve(house.folder.path(), &["--practice", "ahead.json"]));
    let told = house.doctor(&[]);
    told.problem("clock.offset", &["behind", "timedatectl"]);
    told.problem("tenant.token", &["Head office", "timestamp", "clock"]);
}

/// An Apple whose clock is an hour ahead of ours, and who refuses every signature for it. It ends with the test.
fn an_hour_ahead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4_096];
            if stream.read(&mut request).unwrap_or(0) == 0 {
                continue;
            }
            let ahead = jiff::Timestamp::try_from(SystemTime::now() + Duration::from_secs(3_600)).unwrap();
            let date = ahead.strftime("%a, %d %b %Y %H:%M:%S GMT");
            let body = "oauth_problem=timestamp_refused";
            let answer = format!(
                "HTTP/1.1 401 Unauthorized\r\ndate: {date}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            // Who asked may have gone.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}
