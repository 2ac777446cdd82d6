//! A server, and a browser as far as forms and cookies go.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use ::app::open::{Limits, Place, open, seal_key};
use ::app::{App, Settings};
use domain::Time;
use http::{Method, StatusCode};
use net::{Clock, ListenConfig, Listener, Points, TrustAnchors};

use crate::{Running, Server, ServerConfig, ServerLimits};

pub(super) const START: i64 = 1_800_000_000;
pub(super) const NAME: &str = "ada@analytical.example";
pub(super) const PASSWORD: &str = "seven lilac otters";

pub(super) struct World {
    pub(super) app: App,
    pub(super) clock: Clock,
    pub(super) base: String,
    _running: Running,
    _folder: tempfile::TempDir,
}

pub(super) async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = Listener::bind(ListenConfig::plain(bind)).await.unwrap();
    let base = format!("http://{}", listener.local_addr());
    let place = Place {
        database_url: format!("sqlite:{}", folder.path().join("api.db").display()),
        seal_key: seal_key().unwrap(),
        older_seal_keys: Vec::new(),
    };
    let clock = Clock::manual(START * 1_000_000);
    let settings = Settings {
        api_url: base.clone(),
        device_url: "https://devices.example".into(),
        device_anchors: Vec::new(),
    };
    let opened =
        open(&place, clock.clone(), Points::default(), Limits::default(), settings, None).await.unwrap();
    let config = ServerConfig {
        app: opened.app.clone(),
        api: listener,
        device: None,
        health: None,
        limits: ServerLimits::default(),
        metrics_from: Vec::new(),
    };
    let running = Server::start(config).await.unwrap();
    World { app: opened.app, clock, base, _running: running, _folder: folder }
}

impl World {
    /// The code in the link for the first administrator.
    pub(super) async fn first_code(&self) -> String {
        let link = ::app::user::first_link(&self.app, "default", |_| Ok(())).await.unwrap().unwrap();
        link.code.to_string()
    }

    /// A browser in which the first administrator was just made, and the key of their phone.
    pub(super) async fn administrator(&self) -> (Browser<'_>, Phone) {
        let browser = self.browser();
        let code = self.first_code().await;
        let page = browser.get(&format!("/default/set-up?code={code}")).await.expect(200);
        let filled =
            [("name", NAME), ("display_name", "Ada Lovelace"), ("password", PASSWORD), ("again", PASSWORD)];
        browser.submit(&page, &filled).await.expect(303);
        let page = browser.get("/default/account/second-factor").await.expect(200);
        let phone = Phone::of(&page);
        browser.submit(&page, &[("code", &phone.code(&self.clock))]).await.expect(200);
        // Sessions from before this moment are over; what comes next is later.
        self.clock.advance(Duration::from_secs(60));
        (browser, phone)
    }

    pub(super) fn browser(&self) -> Browser<'_> {
        let nobody = TrustAnchors::from_der(Vec::<Vec<u8>>::new()).unwrap();
        let http = net::client::build(&net::client::ClientOptions::new(nobody, "Browser/1.0")).unwrap();
        Browser { world: self, http, cookies: Mutex::default() }
    }
}

/// An authenticator app.
pub(super) struct Phone(Vec<u8>);

impl Phone {
    /// Types the key that a page shows.
    pub(super) fn of(page: &Page) -> Self {
        let key = page.text.split("class=\"key\"><code>").nth(1).unwrap().split('<').next().unwrap();
        let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0);
        for symbol in key.bytes().filter(|b| *b != b' ') {
            let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|s| *s == symbol).unwrap();
            (held, bits) = (held << 5 | u32::try_from(value).unwrap(), bits + 5);
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
            }
        }
        Self(bytes)
    }

    /// The code that it shows now (RFC 6238), written here once more so that one misreading does not hide another.
    pub(super) fn code(&self, clock: &Clock) -> String {
        let step = Time::from_micros(clock.now_micros()).unix() / 30;
        let mac = pki::digest::hmac_sha1(&self.0, &step.to_be_bytes());
        let at = usize::from(mac[19] & 15);
        let number = u32::from_be_bytes(mac[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

/// A browser.
pub(super) struct Browser<'w> {
    world: &'w World,
    http: reqwest::Client,
    pub(super) cookies: Mutex<BTreeMap<String, String>>,
}

/// What it shows.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: http::HeaderMap,
    pub(super) text: String,
}

impl Page {
    pub(super) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    pub(super) fn location(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }

    /// Where the last form with a button of its own goes, and what it hides.
    fn form(&self, index: usize) -> (String, Vec<(String, String)>) {
        let form =
            self.text.split("<form ").nth(index + 1).unwrap_or_else(|| panic!("no form: {}", self.text));
        let form = form.split("</form>").next().unwrap();
        let attribute = |text: &str, name: &str| {
            Some(text.split(&format!("{name}=\"")).nth(1)?.split('"').next()?.to_owned())
        };
        let hidden = form.split("<input type=\"hidden\" ").skip(1);
        let hidden =
            hidden.map(|input| (attribute(input, "name").unwrap(), attribute(input, "value").unwrap()));
        (attribute(form, "action").unwrap(), hidden.collect())
    }

    pub(super) fn token(&self) -> String {
        self.form(0).1.into_iter().find(|(name, _)| name == "token").unwrap().1
    }
}

impl Browser<'_> {
    pub(super) async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, &[("sec-fetch-site", "same-origin")], String::new()).await
    }

    /// Sends the first form of a page, filled in.
    pub(super) async fn submit(&self, page: &Page, filled: &[(&str, &str)]) -> Page {
        self.submit_nth(page, 0, filled).await
    }

    pub(super) async fn submit_nth(&self, page: &Page, index: usize, filled: &[(&str, &str)]) -> Page {
        let (action, mut fields) = page.form(index);
        fields.extend(filled.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.post(&action, &fields).await
    }

    /// Sends a form as a page of the server would.
    pub(super) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let origin = self.world.base.clone();
        let headers = [("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
        self.post_from(path, fields, &headers).await
    }

    /// Sends a form as the page says that sent it.
    pub(super) async fn post_from(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Page {
        let body: Vec<String> = fields.iter().map(|(n, v)| format!("{n}={}", encoded(v))).collect();
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.send(Method::POST, path, &all, body.join("&")).await
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Page {
        let mut request = self.http.request(method, format!("{}{path}", self.world.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for line in headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            match line.contains("Max-Age=0") {
                true => cookies.remove(name),
                false => cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        Page { status, headers, text: response.text().await.unwrap() }
    }

    pub(super) fn session(&self) -> Option<String> {
        self.cookies.lock().unwrap().get(super::super::cookie::SESSION).cloned()
    }

    pub(super) fn keep(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Signs in up to the second factor.
    pub(super) async fn password(&self, name: &str, password: &str) -> Page {
        let page = self.get("/default/sign-in").await.expect(200);
        self.submit(&page, &[("name", name), ("password", password)]).await
    }

    /// Types a code on the page of the second factor.
    pub(super) async fn code(&self, code: &str) -> Page {
        let page = self.get("/default/sign-in/code").await.expect(200);
        self.submit(&page, &[("code", code)]).await
    }

    /// Calls the API with the session.
    pub(super) async fn call(&self, headers: &[(&str, &str)]) -> Page {
        self.send(Method::GET, "/beta/muster/tenant", headers, String::new()).await
    }
}

fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
