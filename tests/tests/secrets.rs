//! No secret is found where none belongs: not in the database, not in what the server logs, not in its refusals.
//!
//! In a process of its own, since it listens to everything that is logged in it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects by failing"
)]

#[path = "secrets/people.rs"]
mod people;

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use mdm::guard::Value;
use muster_tests::handmade::Served;
use muster_tests::{Engine, Program, Stack};
use practice::apple::catalogue::Family;
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

/// Where a secret is found, in any form that a program may write it in.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        secret.to_vec(),
        STANDARD.encode(secret).into_bytes(),
        STANDARD_NO_PAD.encode(secret).into_bytes(),
        URL_SAFE_NO_PAD.encode(secret).into_bytes(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
    ];
    // `{:?}` of bytes.
    let list = format!("{secret:?}");
    forms.push(list.trim_matches(['[', ']']).as_bytes().to_vec());
    forms.dedup();
    forms
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The beginnings of private keys: PEM's words, and what PKCS#8 says before an RSA key and before one of P-256.
const KEY_SIGNS: [(&str, &[u8]); 4] = [
    ("a private key in PEM", b"PRIVATE KEY-----"),
    (
        "an RSA key in PKCS#8",
        &[
            0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
            0x05, 0x00, 0x04, 0x82,
        ],
    ),
    (
        "an EC key in PKCS#8",
        &[0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
    ),
    // The same RSA key in base64, which PEM without its lines would be.
    ("an RSA key in base64", b"ADANBgkqhkiG9w0BAQEFAASC"),
];

/// What was secret in a run, each under the name it is missed by.
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    fn add(&mut self, what: &str, secret: impl AsRef<[u8]>) {
        assert!(secret.as_ref().len() >= 6, "{what} is too short to be looked for");
        self.0.push((what.to_owned(), secret.as_ref().to_vec()));
    }

    fn must_not_be_in(&self, place: &str, text: &[u8]) {
        for (what, secret) in &self.0 {
            for form in forms(secret) {
                assert!(!holds(text, &form), "{place} holds {what} as {}", String::from_utf8_lossy(&form));
            }
        }
        for (what, sign) in KEY_SIGNS {
            assert!(!holds(text, sign), "{place} holds {what}");
        }
    }
}

/// The four parts of a token file; two of them name what the other two open.
fn add_token(secrets: &mut Secrets, stack: &Stack, program: &Program) {
    let model = stack.practice.world().model();
    let server = model.server(program.server).unwrap();
    let access = server.access.as_ref().unwrap();
    secrets.add("the consumer secret", &server.consumer_secret);
    secrets.add("the access token", &access.token);
    secrets.add("the access secret", &access.secret);
}

/// A life in which every kind of secret comes up; also refusals, whose words are written in haste. The serial of its
/// device, and what was answered where something was refused.
async fn live(stack: &Stack, secrets: &mut Secrets) -> (String, Vec<u8>) {
    secrets.add("the client secret", stack.api.application().client_secret.as_bytes());
    let program = stack.program().await;
    add_token(secrets, stack, &program);
    program.default_profile(json!({})).await;
    let serials = stack.ready(&program, Family::IPad, 1).await;
    let mut device = stack.handmade(&serials[0]);
    let cloud = device.activate(stack).unwrap();
    let url = cloud.profile.url.clone().unwrap();
    secrets.add("the secret of the enrolment URL", url.rsplit('/').next().unwrap());
    device.enrol(stack).await;
    secrets.add("the SCEP challenge", &device.served.as_ref().unwrap().challenge);
    secrets.add("the unlock token", format!("unlock-token-of-{}", device.serial));
    secrets.add("the bypass code", device.bypass_code.as_ref().unwrap());
    device.finish(stack).await;
    let token = Value::Data(b"a bootstrap token".to_vec());
    let said = [("MessageType", "SetBootstrapToken".into()), ("BootstrapToken", token)];
    assert_eq!(device.say(stack, &said).await.status, 200);
    secrets.add("the bootstrap token", b"a bootstrap token");

    // What goes wrong is logged, too.
    let signed = device.signed(&device.machine_info(), Default::default());
    let again = Served::read(&device.ask(stack, &cloud, &signed).await);
    secrets.add("a challenge that was never used", &again.challenge);
    let mut answers = device.ask(stack, &cloud, b"nonsense").await.body;
    let mut other = stack.handmade(&serials[0]);
    other.serial = "C0NOBODYS1".to_owned();
    let lie = other.signed(&other.machine_info(), Default::default());
    let refused = other.ask(stack, &cloud, &lie).await;
    assert_eq!(refused.status, 403);
    answers.extend(refused.body);
    answers.extend(device.send(stack, b"nonsense".to_vec(), None).await.body);
    let refused = program.upload(b"nonsense", false).await;
    let words = refused.refused(400);
    answers.extend(words.into_bytes());
    let lost = stack.http.get(format!("{url}-and-more")).send().await.unwrap();
    answers.extend(lost.bytes().await.unwrap());
    for path in [format!("{}/nowhere", program.path()), "muster/nowhere?$filter=secret eq 'x'".to_owned()] {
        answers.extend(stack.api.get(&path).await.body.to_string().into_bytes());
    }
    add_token(secrets, stack, &program);
    assert_eq!(stack.upload(&program).await.status, 204);
    add_token(secrets, stack, &program);
    stack.sync(&program).await;
    sign_in(stack, secrets).await;
    people::live(stack, secrets).await;
    look(stack, secrets).await;
    (serials[0].clone(), answers)
}

/// Signing in, well and badly.
async fn sign_in(stack: &Stack, secrets: &mut Secrets) {
    secrets.add("the bearer token", stack.api.present_bearer().await.unwrap());
    secrets.add("the seal key", stack.seal_key());
    let wrong = "a-secret-that-is-nobodys";
    secrets.add("a wrong client secret", wrong);
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "https://graph.microsoft.com/.default"),
        ("client_id", &stack.api.application().client_id),
        ("client_secret", wrong),
    ];
    let body = form.map(|(name, value)| format!("{name}={}", value.replace([':', '/'], "%2F"))).join("&");
    let url = format!("{}/default/oauth2/v2.0/token", stack.api_url);
    let request = stack.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
    assert!(!request.send().await.unwrap().status().is_success());
    let forged = stack.http.get(format!("{}/beta/muster/alerts", stack.api_url)).bearer_auth(wrong);
    assert_eq!(forged.send().await.unwrap().status().as_u16(), 401);
}

/// What an operator sees: health, numbers, and everything that `muster doctor` tells, of a healthy server and of one
/// whose key is another's.
async fn look(stack: &Stack, secrets: &Secrets) {
    let mut told = String::new();
    for path in ["healthz", "readyz", "metrics"] {
        let seen = stack.http.get(format!("{}/{path}", stack.api_url)).send().await.unwrap();
        told.push_str(&seen.text().await.unwrap());
    }
    let well = app::doctor::examine(&stack.subject(), &stack.clock).await;
    let key = app::open::seal_key().unwrap();
    let broken = app::doctor::Subject { seal_key: Ok(key), ..stack.subject() };
    let ill = app::doctor::examine(&broken, &stack.clock).await;
    for finding in well.iter().chain(&ill) {
        told.push_str(&format!("{finding:?}\n"));
    }
    for words in ["muster_devices", "takes the push certificate", "is not the key that sealed"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    secrets.must_not_be_in("what the operator sees", told.as_bytes());
}

/// Refuses: U
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_found_in_a_database_an_answer_or_the_log() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    for engine in Engine::here() {
        let mut stack = Stack::on(engine).await;
        let mut secrets = Secrets(Vec::new());
        let (serial, answers) = live(&stack, &mut secrets).await;
        stack.stop_server().await;
        secrets.must_not_be_in("an answer", &answers);

        let whole = stack.dump().await;
        assert!(holds(&whole, serial.as_bytes()), "the search finds what is there");
        secrets.must_not_be_in("the database", &whole);

        let log = log.0.lock().unwrap().clone();
        for told in [&serial, "a device has enrolled"] {
            assert!(holds(&log, told.as_bytes()), "the log tells: {told}");
        }
        secrets.must_not_be_in("the log", &log_of_ours(&log));
    }
}

/// The server's own lines at every level, and the libraries' at the levels that operators read. Practice is Apple.
fn log_of_ours(log: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(log);
    let chatter = |line: &&str| line.contains(" TRACE ") || line.contains(" DEBUG ");
    let apple = |line: &&str| line.contains(" muster_practice");
    let ours = text.lines().filter(|line| !apple(line) && (line.contains(" muster_") || !chatter(line)));
    ours.collect::<Vec<_>>().join("\n").into_bytes()
}

#[test]
fn the_search_knows_a_key_when_it_sees_one() {
    let secrets = Secrets(vec![("a word".to_owned(), b"very secret".to_vec())]);
    let key = pki::key::SigningKey::from(muster_tests::handmade::key(0));
    let der = key.to_pkcs8().to_vec();
    let bad = [
        b"xx very secret xx".to_vec(),
        STANDARD.encode(b"very secret").into_bytes(),
        format!("{:?}", b"very secret").into_bytes(),
        key.to_pem().as_bytes().to_vec(),
        STANDARD.encode(&der).into_bytes(),
        der,
    ];
    for text in bad {
        let found = std::panic::catch_unwind(|| secrets.must_not_be_in("here", &text));
        assert!(found.is_err(), "{}", String::from_utf8_lossy(&text));
    }
    secrets.must_not_be_in("here", b"nothing to see");
}
