//! A person's secrets come up: link, password, key and codes of a phone, recovery codes, sessions, and what a program gets.

use std::time::Duration;

use muster_tests::Stack;
use serde_json::Value;

use super::Secrets;

const NAME: &str = "ada@analytical.example";
const PASSWORD: &str = "seven lilac otters";

/// What was answered, and which session it set.
struct Answer {
    status: u16,
    text: String,
    session: Option<String>,
    visitor: Option<String>,
}

/// A browser that remembers what it was given last.
struct Browser<'s> {
    stack: &'s Stack,
    cookies: String,
}

impl Browser<'_> {
    async fn send(&mut self, path: &str, fields: Option<&[(&str, &str)]>) -> Answer {
        let url = format!("{}{path}", self.stack.api_url);
        let mut request = match fields {
            None => self.stack.http.get(url),
            Some(fields) => {
                let plain = |text: &str| text.replace('&', "%26").replace('+', "%2B").replace(' ', "+");
                let pairs = fields.iter().map(|(name, value)| format!("{name}={}", plain(value)));
                let body = pairs.collect::<Vec<_>>().join("&");
                let request = self.stack.http.post(url).header("origin", &self.stack.api_url).body(body);
                request.header("content-type", "application/x-www-form-urlencoded")
            }
        };
        if !self.cookies.is_empty() {
            request = request.header("cookie", &self.cookies);
        }
        let response = request.send().await.unwrap();
        let lines = response.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
        let set =
            lines.filter(|line| !line.contains("Max-Age=0")).map(|line| line.split(';').next().unwrap());
        let set: Vec<String> = set.map(str::to_owned).collect();
        if !set.is_empty() {
            self.cookies = set.join("; ");
        }
        let value = |name: &str| set.iter().find_map(|pair| Some(pair.strip_prefix(name)?.to_owned()));
        let (session, visitor) = (value("__Host-muster-session="), value("__Host-muster-visitor="));
        Answer { status: response.status().as_u16(), text: response.text().await.unwrap(), session, visitor }
    }

    /// Fills in the first form of a page.
    async fn fill(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let shown = self.send(page, None).await;
        let token = between(&shown.text, "name=\"token\" value=\"", "\"").to_owned();
        let mut all = vec![("token", token.as_str())];
        all.extend(fields);
        self.send(path, Some(&all)).await
    }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap().0
}

/// The bytes of a key, as an authenticator app reads them.
fn key_of(shown: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0);
    for symbol in shown.bytes().filter(|byte| *byte != b' ') {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == symbol).unwrap();
        (held, bits) = (held << 5 | u32::try_from(value).unwrap(), bits + 5);
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    bytes
}

fn code_at(key: &[u8], unix: i64) -> String {
    let mac = pki::digest::hmac_sha1(key, &(unix / 30).to_be_bytes());
    let at = usize::from(mac[19] & 15);
    let number = u32::from_be_bytes(mac[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Sets up an account, signs in well and badly, and lets a program in.
pub(super) async fn live(stack: &Stack, secrets: &mut Secrets) {
    let link = app::user::first_link(&stack.app, "default", |_| Ok(())).await.unwrap().unwrap();
    secrets.add("the code of a setup link", link.code.as_str());
    secrets.add("a password", PASSWORD);
    let mut browser = Browser { stack, cookies: String::new() };
    let page = format!("/default/set-up?code={}", link.code.as_str());
    let fields = [
        ("code", link.code.as_str()),
        ("name", NAME),
        ("display_name", "Ada"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let done = browser.fill(&page, "/default/set-up", &fields).await;
    assert_eq!(done.status, 303, "{}", done.text);
    secrets.add("a session halfway in", done.session.unwrap());
    let shown = browser.send("/default/account/second-factor", None).await.text;
    let typed = between(&shown, "class=\"key\"><code>", "<").replace(' ', "");
    let key = key_of(&typed);
    secrets.add("the key of a phone", &key);
    secrets.add("the key of a phone as it is typed", &typed);
    secrets.add("the picture of a key", between(&shown, "svg+xml;base64,", "\""));
    let now = || stack.clock.now_micros() / 1_000_000;
    let form = "/default/account/second-factor";
    let done = browser.fill(form, form, &[("code", &code_at(&key, now()))]).await;
    assert_eq!(done.status, 200, "{}", done.text);
    secrets.add("a session", done.session.unwrap());
    for code in done.text.split("<li><code>").skip(1) {
        secrets.add("a recovery code", code.split('<').next().unwrap());
    }
    stack.clock.advance(Duration::from_secs(60));
    badly(stack, secrets).await;
    program(stack, secrets, &mut browser).await;
}

/// What goes wrong is logged, too.
async fn badly(stack: &Stack, secrets: &mut Secrets) {
    let wrong = "a password that is nobodys";
    secrets.add("a wrong password", wrong);
    let mut stranger = Browser { stack, cookies: String::new() };
    let visitor = stranger.send("/default/sign-in", None).await.visitor.unwrap();
    secrets.add("what binds a form to a browser", visitor);
    let fields = [("name", NAME), ("password", wrong)];
    assert_eq!(stranger.fill("/default/sign-in", "/default/sign-in", &fields).await.status, 401);
    let code = "a-code-that-is-of-no-link";
    secrets.add("a wrong code of a link", code);
    assert_eq!(stranger.send(&format!("/default/set-up?code={code}"), None).await.status, 403);
    let fields = [("token", "x"), ("password", wrong)];
    assert_eq!(stranger.send("/default/sign-in", Some(&fields)).await.status, 403);
}

/// A program is let in.
async fn program(stack: &Stack, secrets: &mut Secrets, browser: &mut Browser<'_>) {
    let store = &stack.app.store;
    let id = app::operator::add_public_application(store, "default", "shell", &stack.clock).await.unwrap();
    let mut asking = Browser { stack, cookies: String::new() };
    let fields = [("client_id", id.as_str()), ("scope", ".default offline_access")];
    let begun = asking.send("/default/oauth2/v2.0/devicecode", Some(&fields)).await.text;
    let begun: Value = serde_json::from_str(&begun).unwrap();
    let (held, typed) = (begun["device_code"].as_str().unwrap(), begun["user_code"].as_str().unwrap());
    secrets.add("a device code", held);
    secrets.add("a user code", typed);
    browser.fill("/default/device", "/default/device", &[("code", typed)]).await;
    let fields = [("code", typed), ("answer", "yes")];
    let done = browser.fill("/default/device", "/default/device/answer", &fields).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let fields = [("grant_type", "device_code"), ("client_id", id.as_str()), ("device_code", held)];
    let tokens = asking.send("/default/oauth2/v2.0/token", Some(&fields)).await.text;
    let tokens: Value = serde_json::from_str(&tokens).unwrap();
    for name in ["access_token", "refresh_token"] {
        secrets.add(name, tokens[name].as_str().unwrap());
    }
}
