//! Signing in at an OpenID provider that others wrote: `oidc-provider` of npm, run by Node.js.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use app::application::ProviderSettings;
use app::open::{Limits, Place};
use muster_tests::tool::{Folder, Tool};
use net::{Clock, ListenConfig, Listener, Points, TrustAnchors};
use reqwest::{Client, Url};
use server::{Server, ServerConfig, ServerLimits};

const SECRET: &str = "a secret & of = two";

/// Where npm puts what the lock file names, made anew only when that has changed.
fn packages() -> Option<PathBuf> {
    let npm = Tool::find("npm")?;
    Tool::find("node")?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("openid");
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/openid");
    std::fs::create_dir_all(&target).unwrap();
    // One at a time: another test may be about to do the same.
    let lock = std::fs::File::create(target.join("lock")).unwrap();
    lock.lock().unwrap();
    let wanted = std::fs::read(source.join("package-lock.json")).unwrap();
    let done = target.join("installed.json");
    if std::fs::read(&done).ok().as_ref() != Some(&wanted) {
        for name in ["package.json", "package-lock.json"] {
            std::fs::copy(source.join(name), target.join(name)).unwrap();
        }
        let prefix = target.display().to_string();
        let said = npm.run(&["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", &prefix], b"");
        assert!(said.ok, "{}", said.words);
        std::fs::write(&done, wanted).unwrap();
    }
    std::fs::copy(source.join("provider.mjs"), target.join("provider.mjs")).unwrap();
    Some(target)
}

/// The provider; it ends with the test.
struct Stranger {
    child: Child,
    issuer: String,
    /// Held open: what it says later must have somewhere to go.
    _said: BufReader<ChildStdout>,
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(packages: &Path, redirect_uri: &str) -> Stranger {
    let mut child = Command::new("node")
        .current_dir(packages)
        .args(["provider.mjs", "muster", SECRET, redirect_uri])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut issuer = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    // It may have a word of its own to say first.
    while !issuer.starts_with("http://") {
        issuer.clear();
        assert_ne!(lines.read_line(&mut issuer).unwrap(), 0, "the provider ended");
    }
    Stranger { child, issuer: issuer.trim().to_owned(), _said: lines }
}

/// A server whose people sign in at the provider.
struct World {
    base: String,
    app: app::App,
    http: Client,
    _running: server::Running,
    _stranger: Stranger,
    _folder: Folder,
}

async fn world() -> Option<World> {
    let packages = packages()?;
    let folder = Folder::new();
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = Listener::bind(ListenConfig::plain(bind)).await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().port());
    let stranger = start(&packages, &format!("{base}/default/sign-in/provider/callback"));
    let place = Place {
        database_url: format!("sqlite:{}", folder.root().join("muster.db").display()),
        seal_key: app::open::seal_key().unwrap(),
        older_seal_keys: Vec::new(),
    };
    let settings = app::Settings {
        api_url: base.clone(),
        device_url: "https://devices.example".into(),
        device_anchors: Vec::new(),
    };
    // The provider looks at the computer's clock.
    let opened =
        app::open::open(&place, Clock::system(), Points::default(), Limits::default(), settings, None);
    let app = opened.await.unwrap().app;
    let nobody = TrustAnchors::from_der(Vec::<Vec<u8>>::new()).unwrap();
    let provider = ProviderSettings {
        name: "Stranger".into(),
        tenant: "default".parse().unwrap(),
        issuer: stranger.issuer.clone(),
        client_id: "muster".into(),
        client_secret: SECRET.to_owned().into(),
        claim: "email".into(),
        allowed_domains: vec!["example.com".into()],
        private_addresses: true,
        anchors: nobody.clone(),
    };
    let config = ServerConfig {
        app: app.clone(),
        api: listener,
        device: None,
        health: None,
        limits: ServerLimits::default(),
        metrics_from: Vec::new(),
    };
    let running = Server::start_with_provider(config, Some(provider)).await.unwrap();
    let http = net::client::build(&net::client::ClientOptions::new(nobody, "Browser/1.0")).unwrap();
    Some(World { base, app, http, _running: running, _stranger: stranger, _folder: folder })
}

/// A browser: cookies of the server and of the provider.
struct Browser<'w> {
    world: &'w World,
    cookies: BTreeMap<(u16, String), String>,
}

struct Page {
    status: u16,
    location: Option<Url>,
    text: String,
}

impl World {
    fn browser(&self) -> Browser<'_> {
        Browser { world: self, cookies: BTreeMap::new() }
    }

    async fn add(&self, name: &str) {
        app::user::add(&self.app.store, "default", name, "Somebody", &self.app.clock).await.unwrap();
    }
}

impl Browser<'_> {
    async fn get(&mut self, url: &Url) -> Page {
        let port = url.port_or_known_default().unwrap();
        let known = self.cookies.iter().filter(|((of, _), _)| *of == port);
        let line = known.map(|((_, name), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut request = self.world.http.get(url.clone());
        if !line.is_empty() {
            request = request.header("cookie", line);
        }
        let response = request.send().await.unwrap();
        for line in response.headers().get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert((port, name.to_owned()), value.to_owned());
        }
        let location = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        let location = location.map(|to| url.join(&to).unwrap());
        Page { status: response.status().as_u16(), location, text: response.text().await.unwrap() }
    }

    async fn at(&mut self, path: &str) -> Page {
        let url = Url::parse(&format!("{}{path}", self.world.base)).unwrap();
        self.get(&url).await
    }

    /// To the provider and up to where it sends the browser back to, as the person of that name.
    async fn there(&mut self, who: &str) -> Url {
        let begun = self.at("/default/sign-in/provider?next=account").await;
        let mut url = begun.location.unwrap();
        assert!(url.query().unwrap().contains("code_challenge_method=S256"));
        url.query_pairs_mut().append_pair("login_hint", who);
        for _ in 0..5 {
            let page = self.get(&url).await;
            url = page.location.unwrap_or_else(|| panic!("{}: {}", page.status, page.text));
            if url.path() == "/default/sign-in/provider/callback" {
                return url;
            }
        }
        panic!("the provider does not send the browser back");
    }

    async fn sign_in(&mut self, who: &str) -> Page {
        let back = self.there(who).await;
        self.get(&back).await
    }
}

#[tokio::test]
async fn a_person_signs_in_at_a_strangers_provider() {
    let Some(world) = world().await else { return };
    world.add("ada@example.com").await;
    let mut browser = world.browser();
    let page = browser.at("/default/sign-in").await;
    assert!(page.text.contains("Sign in with Stranger"), "{}", page.text);
    let page = browser.sign_in("ada").await;
    assert_eq!((page.status, page.location.unwrap().path()), (303, "/default/account"), "{}", page.text);
    let page = browser.at("/default/account").await;
    assert!(page.text.contains("ada@example.com"), "{}", page.text);
}

/// Refuses: O
#[tokio::test]
async fn who_has_no_account_or_an_address_that_nobody_vouches_for_is_not_let_in() {
    let Some(world) = world().await else { return };
    world.add("unverified@example.com").await;
    world.add("off@example.com").await;
    app::user::set_enabled(&world.app.store, "default", "off@example.com", false, &world.app.clock)
        .await
        .unwrap();
    for who in ["nobody", "unverified", "off"] {
        let mut browser = world.browser();
        assert_eq!(browser.sign_in(who).await.status, 403, "{who}");
        assert_eq!(browser.at("/default/account").await.status, 303, "{who}");
    }
}

/// Refuses: F
#[tokio::test]
async fn what_the_provider_sends_back_is_good_in_the_same_browser_and_once() {
    let Some(world) = world().await else { return };
    world.add("ada@example.com").await;
    let mut victim = world.browser();
    let back = victim.there("ada").await;
    let mut thief = world.browser();
    assert_eq!(thief.get(&back).await.status, 403, "another browser has begun nothing");
    let own = thief.there("ada").await;
    let state = own.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let mut mixed = back.clone();
    let pairs: Vec<_> = back.query_pairs().into_owned().collect();
    mixed
        .query_pairs_mut()
        .clear()
        .extend_pairs(pairs.iter().map(|(name, value)| (name, if name == "state" { &state } else { value })));
    assert_eq!(thief.get(&mixed).await.status, 403, "the code was made for another challenge");
    let mut browser = world.browser();
    let back = browser.there("ada").await;
    assert_eq!(browser.get(&back).await.status, 303);
    assert_eq!(browser.get(&back).await.status, 403, "a second time");
    for (name, value) in [("state", "x"), ("iss", "https://evil.example"), ("code", "x")] {
        let mut browser = world.browser();
        let back = browser.there("ada").await;
        let pairs: Vec<_> = back.query_pairs().into_owned().collect();
        let mut changed = back.clone();
        let changes = pairs.iter().map(|(n, v)| (n.as_str(), if n == name { value } else { v.as_str() }));
        changed.query_pairs_mut().clear().extend_pairs(changes);
        assert_eq!(browser.get(&changed).await.status, 403, "{name}");
        assert_eq!(browser.at("/default/account").await.status, 303, "{name}");
    }
}
