//! Setup Assistant: activation, the organisation's profile, enrolment.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mdm::guard::{Dictionary, Fields, Value, parse_dictionary, write_xml};
use pki::key::{RsaKey, SigningKey};
use reqwest::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};

use super::cloud::CloudConfig;
use super::fault::DeviceFault;
use super::life::Next;
use super::machine_info::{can_update, machine_info, style};
use super::os::Version;
use super::profile::Profile;
use super::screen::Stage;
use super::unit::VirtualDevice;
use super::wire::{Answer, send};
use super::{Result, keys};
use crate::activation::cloud_configuration;
use crate::apple::What;
use crate::apple::activation::Activation;

/// The type of a profile on its way to a device.
const PROFILE_TYPE: &str = "application/x-apple-aspen-config";

/// The most pages a web view goes through by itself.
const PAGES_MAX: usize = 10;

/// The longest wait for a server that says when to come back: an hour, and then the person is gone.
const WAIT_MAX: Duration = Duration::from_secs(3_600);

const DOWNLOAD: &str = "download the configuration";

impl VirtualDevice {
    /// Goes through Setup Assistant, up to where it waits or ends.
    pub(super) async fn set_up(&self) -> Result<Next> {
        self.show_stage(Stage::Activating);
        self.pause().await;
        let Some(cloud) = self.activate().await? else { return Ok(self.arrive_unmanaged()) };
        let os = self.os();
        self.show(|screen| {
            screen.stage = Stage::RemoteManagement;
            screen.show_cloud(&cloud, os);
        });
        self.pause().await;
        let declines = self.memory(|memory| memory.declines) && !cloud.is_mandatory(os);
        if declines {
            return Ok(self.arrive_unmanaged());
        }
        self.patiently(|| self.take_profile(&cloud)).await?;
        let awaits = self.memory(|memory| memory.enrolment.as_ref().is_some_and(|now| now.awaiting));
        if awaits {
            self.show_stage(Stage::AwaitingConfiguration);
            self.pause().await;
        } else {
            self.show_stage(Stage::Home);
        }
        Ok(Next::Wait)
    }

    /// Fetches the profile and installs it. A second attempt fetches it anew, for the challenge in the first may be spent.
    async fn take_profile(&self, cloud: &Arc<CloudConfig>) -> Result<()> {
        self.show_stage(Stage::RemoteManagement);
        let profile = self.download(cloud).await?;
        self.show_stage(Stage::Enrolling);
        self.pause().await;
        self.enrol(profile, cloud).await
    }

    async fn pause(&self) {
        let pace = self.shared.config().pace;
        if !pace.is_zero() {
            self.shared.clock().sleep(pace).await;
        }
    }

    /// Tries as often as a person would press "Try Again".
    async fn patiently<T, F: Future<Output = Result<T>>>(&self, attempt: impl Fn() -> F) -> Result<T> {
        let config = self.shared.config();
        let mut left = config.patience;
        loop {
            match Box::pin(attempt()).await {
                Err(fault) if left > 0 && fault.may_pass() => {
                    left -= 1;
                    self.show_trouble(&fault);
                    let wait = fault.retry_after().map_or(config.retry, Duration::from_secs);
                    self.shared.clock().sleep(wait.min(WAIT_MAX)).await;
                }
                done => return done,
            }
        }
    }

    /// Asks Apple what the device is. `None`: nobody's.
    async fn activate(&self) -> Result<Option<Arc<CloudConfig>>> {
        let world = &self.shared.services.world;
        let came = world.now();
        match world.called("POST", "/activation") {
            Some(What::Answer(answer)) => {
                let words = format!("Apple's server answered {}", answer.status);
                return Err(DeviceFault::Activation(words));
            }
            Some(What::Slow { seconds }) => world.wait(came, seconds).await,
            _ => {}
        }
        let now = world.now();
        let cloud = match world.model().activate(self.serial(), now) {
            Activation::UnknownDevice => return Err(DeviceFault::NoSuchDevice(self.serial().to_owned())),
            Activation::Unmanaged => None,
            Activation::Managed(cloud) => Some(Arc::new(CloudConfig::read(&cloud_configuration(&cloud)))),
        };
        let bypass = pki::escrow::BypassCode::generate()?.to_human().to_string();
        self.memory(|memory| {
            memory.activated = Some(cloud.clone());
            let supervised = cloud.as_ref().is_some_and(|cloud| cloud.supervises(memory.os));
            memory.bypass_code = supervised.then_some(bypass);
        });
        Ok(cloud)
    }

    /// Nobody manages the device: it sets itself up as anybody's.
    fn arrive_unmanaged(&self) -> Next {
        let os = self.os();
        self.show(|screen| {
            screen.stage = Stage::Home;
            screen.panes = super::panes::shown(os, &[]).into();
            screen.notices = Arc::from(["No profile is assigned: ordinary setup.".to_owned()]);
        });
        Next::Rest
    }

    /// The enrolment profile: carried over, from the web page, or by asking with MachineInfo.
    async fn download(&self, cloud: &CloudConfig) -> Result<Profile> {
        if let Some(carried) = self.memory(|memory| memory.carried_profile.clone()) {
            return Profile::read(&carried);
        }
        let http = self.shared.clients.trusting(&cloud.anchors)?;
        let web = cloud.web_url(self.os()).map(str::to_owned);
        let answer = match &web {
            Some(url) => self.browse(&http, url, cloud).await?,
            None => self.ask(&http, cloud).await?,
        };
        if !answer.is_good() {
            return Err(self.refused(&answer));
        }
        if answer.media() != PROFILE_TYPE {
            let words = format!("the server sent {} instead", answer.media());
            return Err(DeviceFault::Profile(words));
        }
        Profile::read(&answer.body)
    }

    /// What an answer means that is no profile (apple.md 3.1). An update that is asked for is installed at once.
    fn refused(&self, answer: &Answer) -> DeviceFault {
        let refusal = Refusal::read(answer);
        match refusal.code.as_deref() {
            Some("com.apple.softwareupdate.required") if can_update(self.os()) => {
                let wanted = refusal.version.as_deref().unwrap_or("");
                DeviceFault::Update(wanted.to_owned())
            }
            Some(_) => DeviceFault::Answered {
                what: "enrol the device",
                status: answer.status,
                retry_after: None,
                words: refusal.message.map(|text| format!(" ({text})")).unwrap_or_default(),
            },
            None if answer.wants_sign_in() => DeviceFault::SignIn,
            None => answer.fault(DOWNLOAD),
        }
    }

    /// POSTs MachineInfo; signs in, or updates and comes back, when asked to.
    async fn ask(&self, http: &reqwest::Client, cloud: &CloudConfig) -> Result<Answer> {
        let url = cloud.url.as_deref().ok_or_else(|| DeviceFault::Address("of the profile".to_owned()))?;
        let mut answer = self.post_machine_info(http, url, cloud, None).await?;
        if answer.wants_sign_in()
            && let Some(credentials) = self.memory(|memory| memory.credentials.clone())
        {
            answer = self.post_machine_info(http, url, cloud, Some(credentials)).await?;
        }
        if answer.status == 403
            && let DeviceFault::Update(wanted) = self.refused(&answer)
            && let Ok(version) = wanted.split_whitespace().next().unwrap_or("").parse::<Version>()
            && version > self.os().version
        {
            self.set_version(version);
            answer = self.post_machine_info(http, url, cloud, None).await?;
        }
        Ok(answer)
    }

    async fn post_machine_info(
        &self,
        http: &reqwest::Client,
        url: &str,
        cloud: &CloudConfig,
        credentials: Option<(String, String)>,
    ) -> Result<Answer> {
        let body = self.signed_machine_info(cloud).await?;
        let mut request = http.post(url).header(CONTENT_TYPE, "application/pkcs7-signature").body(body);
        if let Some((user, password)) = credentials {
            request = request.basic_auth(user, Some(password));
        }
        send(request).await
    }

    /// Opens the web page, as the web view of Setup Assistant does: MachineInfo in a header of the first request only,
    /// redirects and cookies followed, until a profile comes. A page that waits for a person is the end.
    async fn browse(&self, http: &reqwest::Client, url: &str, cloud: &CloudConfig) -> Result<Answer> {
        let blob = STANDARD.encode(self.signed_machine_info(cloud).await?);
        let bad = || DeviceFault::Address("of the web page".to_owned());
        let mut url = reqwest::Url::parse(url).map_err(|_| bad())?;
        let mut cookies: Vec<(String, String)> = Vec::new();
        for page in 0..PAGES_MAX {
            let mut request = http.get(url.clone());
            if page == 0 {
                request = request.header("x-apple-aspen-deviceinfo", &blob);
            }
            let of_host = cookies.iter().filter(|(host, _)| Some(host.as_str()) == url.host_str());
            let sent: Vec<_> = of_host.map(|(_, cookie)| cookie.as_str()).collect();
            if !sent.is_empty() {
                request = request.header(COOKIE, sent.join("; "));
            }
            let answer = send(request).await?;
            let set = answer.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
            let host = url.host_str().unwrap_or("").to_owned();
            cookies.extend(
                set.filter_map(|set| set.split(';').next()).map(|set| (host.clone(), set.to_owned())),
            );
            match answer.location() {
                Some(to) if (300..400).contains(&answer.status) => {
                    url = url.join(to).ok().filter(|url| url.scheme() == "https").ok_or_else(bad)?;
                }
                _ if answer.is_good() && answer.media() == "text/html" => return Err(DeviceFault::WebPage),
                _ => return Ok(answer),
            }
        }
        Err(DeviceFault::Address("of the web page: it leads nowhere".to_owned()))
    }

    /// MachineInfo, signed by a key that practice Apple vouches for.
    async fn signed_machine_info(&self, cloud: &CloudConfig) -> Result<Vec<u8>> {
        let key = SigningKey::from(self.key(0).await?);
        let services = &self.shared.services;
        let os = self.os();
        let now = self.own_now();
        let plist = write_plist(machine_info(self.hardware(), os, cloud))?;
        let style = self.memory(|memory| memory.signing).unwrap_or_else(|| style(os, now.seconds()));
        let identity = services.authorities.issue_device_identity(key.public_key(), services.world.now());
        let signed = identity.and_then(|identity| identity.sign(&key, &plist, style));
        signed.map_err(|error| DeviceFault::Crypto(format!("failed to {error}")))
    }

    /// The device's key of that number; another number, another key.
    pub(super) async fn key(&self, number: usize) -> Result<RsaKey> {
        keys::key(self.hardware().draw("key", keys::POOL_KEYS).wrapping_add(number)).await
    }
}

/// A property list as text.
pub(super) fn write_plist(plist: Dictionary) -> Result<Vec<u8>> {
    write_xml(&Value::Dictionary(plist)).map_err(|error| DeviceFault::Crypto(format!("failed to {error}")))
}

/// Apple's JSON (or property list) for refusing an enrolment.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    pub(super) code: Option<String>,
    message: Option<String>,
    version: Option<String>,
}

impl Refusal {
    /// The longest body looked at, in bytes.
    const BYTES_MAX: usize = 64 * 1024;

    /// Reads the body of a 403; of anything else there is nothing to read.
    pub(super) fn read(answer: &Answer) -> Self {
        if answer.status != 403 || answer.body.len() > Self::BYTES_MAX {
            return Self::default();
        }
        if let Ok(plist) = parse_dictionary(&answer.body, Self::BYTES_MAX) {
            let fields = Fields(&plist);
            let text = |key: &str| fields.peek(key).map(str::to_owned);
            let details = fields.dictionary("details").map(Fields);
            let version = details.and_then(|details| details.peek("OSVersion")).map(str::to_owned);
            return Self { code: text("code"), message: text("message"), version };
        }
        let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |pointer: &str| json.pointer(pointer).and_then(|text| text.as_str()).map(str::to_owned);
        Self { code: text("/code"), message: text("/message"), version: text("/details/OSVersion") }
    }
}
