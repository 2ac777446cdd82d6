//! A management server that believes nothing: every message is checked against Apple's documents before it is answered.

mod handlers;

use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mdm::guard::{Dictionary, Fields, Value, parse_dictionary, write_xml};
use muster_practice::Practice;
use muster_practice::apns::{DeviceToken, Push, Registry};
use muster_practice::apple::Moment;
use muster_practice::device::VirtualDevice;
use net::{CancellationToken, Clock, Identity, ListenConfig, Listener, PeerCertificates, ServerTls};
use pki::cms::Signer;
use pki::key::{EcKey, RsaKey, SigningKey};
use pki::x509::{
    Certificate, CertificateAuthority, IssuePolicy, Name, SubjectAltName, Usage, Validity, verify_issued_by,
};
use tokio::sync::watch;

use crate::rehearsal::soon;

pub(crate) const TOPIC: &str = "com.apple.mgmt.External.practice-test";
const CHALLENGE: &str = "one-time-secret";
const ALWAYS: Validity = Validity { not_before: 946_684_800, not_after: 2_493_072_000 };
const LIMIT: usize = 8 << 20;

/// Changes a profile.
type Change = Box<dyn Fn(&mut Dictionary) + Send>;

/// What the server does other than usual.
#[derive(Default)]
pub(crate) struct Knobs {
    /// Sends the profile unsigned.
    pub(crate) plain_profile: bool,
    /// Wants certificates in TLS rather than signatures.
    pub(crate) tls_identity: bool,
    /// Takes rights away from the profile.
    pub(crate) access_rights: Option<u16>,
    /// Leaves SCEP's capabilities out.
    pub(crate) no_caps: bool,
    /// Refuses this many SCEP messages with "pending".
    pub(crate) scep_pending: u32,
    /// Refuses the challenge.
    pub(crate) scep_refuses: bool,
    /// Believes identities of this authority instead of its own.
    pub(crate) identity_ca: Option<Certificate>,
    /// The fingerprint in the profile is another's.
    pub(crate) wrong_fingerprint: bool,
    /// Given instead of the usual answer: of `enroll`, `Authenticate`, `TokenUpdate`, `connect`...
    pub(crate) planned: HashMap<&'static str, VecDeque<Response>>,
    /// Changes the profile before it is sent.
    pub(crate) change: Option<Change>,
    /// Where a web page leads that leads elsewhere.
    pub(crate) circle: Option<&'static str>,
    /// Wants this user name and password.
    pub(crate) basic: Option<(&'static str, &'static str)>,
}

/// One message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// `MachineInfo`, a `MessageType`, or a `Status`.
    pub(crate) kind: String,
    pub(crate) plist: Dictionary,
    /// The certificate that the sender proved to have.
    pub(crate) certificate: Vec<u8>,
    /// As sent.
    pub(crate) body: Vec<u8>,
    pub(crate) signature: Option<Vec<u8>>,
}

impl Message {
    pub(crate) fn udid(&self) -> &str {
        Fields(&self.plist).peek("UDID").unwrap_or("")
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        Fields(&self.plist).peek(key)
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        Fields(&self.plist).opt_flag(key)
    }
}

/// Everything heard, in order.
#[derive(Clone, Default)]
pub(crate) struct Heard(pub(crate) Vec<Message>);

impl Heard {
    pub(crate) fn kinds(&self) -> Vec<&str> {
        self.0.iter().map(|message| message.kind.as_str()).collect()
    }

    pub(crate) fn count(&self, kind: &str) -> usize {
        self.0.iter().filter(|message| message.kind == kind).count()
    }

    pub(crate) fn last(&self, kind: &str) -> &Message {
        self.0.iter().rev().find(|message| message.kind == kind).expect(kind)
    }

    /// The answer to a command.
    pub(crate) fn result(&self, uuid: &str) -> Option<&Message> {
        self.0.iter().rev().find(|message| message.text("CommandUUID") == Some(uuid))
    }

    pub(crate) fn released(&self, udid: &str) -> bool {
        let mut own = self.0.iter().filter(|message| message.udid() == udid && message.kind == "TokenUpdate");
        own.any(|message| message.flag("AwaitingConfiguration") != Some(true))
    }
}

#[derive(Default)]
struct Queues {
    waiting: HashMap<String, VecDeque<(String, Dictionary)>>,
    /// UDIDs whose first `TokenUpdate` is answered with a push.
    greeted: Vec<String>,
    number: u32,
}

pub(crate) struct Inner {
    pub(crate) clock: Clock,
    scep_ca: CertificateAuthority,
    device_ca: Certificate,
    registry: Arc<Registry>,
    base: String,
    tls_ca: Vec<u8>,
    pub(crate) knobs: Mutex<Knobs>,
    queues: Mutex<Queues>,
    heard: watch::Sender<Heard>,
    signer: SigningKey,
}

pub(crate) struct Stub {
    pub(crate) inner: Arc<Inner>,
    pub(crate) tls_ca: Vec<u8>,
    stop: CancellationToken,
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// RSA keys cost a tenth of a second.
static CA_KEY: std::sync::LazyLock<RsaKey> = std::sync::LazyLock::new(|| RsaKey::generate().unwrap());

impl Stub {
    pub(crate) async fn start(practice: &Practice, clock: Clock) -> Stub {
        let ca =
            CertificateAuthority::create(EcKey::generate().unwrap().into(), Name::of("Works TLS"), ALWAYS);
        let ca = ca.unwrap();
        let key = SigningKey::from(EcKey::generate().unwrap());
        let policy = IssuePolicy::new(Name::of("localhost"), ALWAYS, Usage::TlsServer)
            .with_san([SubjectAltName::from("localhost"), SubjectAltName::from("127.0.0.1")]);
        let leaf = ca.issue(&policy, key.public_key()).unwrap();
        let identity = Identity::from_der(vec![leaf.der().to_vec()], &key.to_pkcs8()).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let tls = ServerTls::new(identity).asking_for_certificates();
        let listener = Listener::bind(ListenConfig::tls(address, tls)).await.unwrap();
        let scep_ca =
            CertificateAuthority::create(CA_KEY.clone().into(), Name::of("Works Device CA"), ALWAYS).unwrap();
        let inner = Arc::new(Inner {
            clock,
            scep_ca,
            device_ca: Certificate::from_der(&practice.device_ca_der).unwrap(),
            registry: Arc::clone(practice.registry()),
            base: format!("https://localhost:{}", listener.local_addr().port()),
            tls_ca: ca.certificate().der().to_vec(),
            knobs: Mutex::default(),
            queues: Mutex::default(),
            heard: watch::Sender::new(Heard::default()),
            signer: EcKey::generate().unwrap().into(),
        });
        let stop = CancellationToken::new();
        tokio::spawn(listener.serve(handlers::router(Arc::clone(&inner)), stop.clone()));
        Stub { tls_ca: inner.tls_ca.clone(), inner, stop }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.inner.base)
    }

    pub(crate) fn knobs(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.inner.knobs.lock().unwrap());
    }

    /// Answers the next such request with that.
    pub(crate) fn plan(&self, what: &'static str, answer: impl IntoResponse) {
        self.knobs(|knobs| knobs.planned.entry(what).or_default().push_back(answer.into_response()));
    }

    /// Queues a command, and returns its UUID.
    pub(crate) fn queue(&self, device: &VirtualDevice, request_type: &str, keys: &[(&str, Value)]) -> String {
        let mut command = Dictionary::new();
        command.insert("RequestType".into(), request_type.into());
        command.extend(keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        let mut queues = self.inner.queues.lock().unwrap();
        queues.number += 1;
        let uuid = format!("0001-{}", queues.number);
        queues.waiting.entry(device.udid()).or_default().push_back((uuid.clone(), command));
        uuid
    }

    /// The device is to be released as soon as it waits.
    pub(crate) fn release(&self, device: &VirtualDevice) {
        self.greet(device);
        self.queue(device, "DeviceConfigured", &[]);
    }

    /// The device is to get a push as soon as it waits.
    pub(crate) fn greet(&self, device: &VirtualDevice) {
        self.inner.queues.lock().unwrap().greeted.push(device.udid());
    }

    /// Queues a command, pushes, and waits for the answer.
    pub(crate) async fn command(
        &self,
        device: &VirtualDevice,
        kind: &str,
        keys: &[(&str, Value)],
    ) -> Message {
        let uuid = self.queue(device, kind, keys);
        device.check_in().unwrap();
        self.answer(&uuid).await
    }

    pub(crate) async fn answer(&self, uuid: &str) -> Message {
        let heard = self.wait_for(|heard| heard.result(uuid).is_some()).await;
        heard.result(uuid).unwrap().clone()
    }

    pub(crate) fn heard(&self) -> Heard {
        self.inner.heard.borrow().clone()
    }

    pub(crate) fn forget(&self) {
        self.inner.heard.send_modify(|heard| heard.0.clear());
    }

    /// Waits until what was heard is as described.
    pub(crate) async fn wait_for(&self, seen: impl Fn(&Heard) -> bool) -> Heard {
        let mut heard = self.inner.heard.subscribe();
        soon(heard.wait_for(|heard| seen(heard))).await.unwrap().clone()
    }

    /// Pushes with the token and magic of the device's last message that has some.
    pub(crate) fn push(&self, device: &VirtualDevice) {
        let heard = self.heard();
        let mut own = heard.0.iter().filter(|message| message.udid() == device.udid());
        let last = own.rfind(|message| message.kind == "TokenUpdate").unwrap();
        self.inner.push(&last.plist);
    }

    /// The profile as it would be sent, for an update.
    pub(crate) fn enrolment_profile(&self) -> Vec<u8> {
        self.inner.profile()
    }

    pub(crate) fn scep_ca(&self) -> &Certificate {
        self.inner.scep_ca.certificate()
    }
}

impl Inner {
    fn push(&self, plist: &Dictionary) {
        let fields = Fields(plist);
        let token = fields.data("Token", 64).unwrap();
        let token = DeviceToken(token.try_into().unwrap());
        let magic = fields.text("PushMagic", 100).unwrap();
        let now = Moment(self.clock.now_micros());
        self.registry.push(token, TOPIC, Push { magic, expires: None }, now);
    }

    fn planned(&self, what: &str) -> Option<Response> {
        self.knobs.lock().unwrap().planned.get_mut(what)?.pop_front()
    }

    fn hear(&self, message: Message) {
        self.heard.send_modify(|heard| heard.0.push(message));
    }

    /// The enrolment profile: the server's authority, SCEP, MDM.
    pub(crate) fn profile(&self) -> Vec<u8> {
        let knobs = self.knobs.lock().unwrap();
        let mut fingerprint = self.scep_ca.certificate().sha256().to_vec();
        if knobs.wrong_fingerprint {
            fingerprint[0] ^= 1;
        }
        let scep = dictionary([
            ("URL", format!("{}/scep", self.base).into()),
            ("Challenge", CHALLENGE.into()),
            ("Keysize", 2048.into()),
            ("Key Type", "RSA".into()),
            ("Key Usage", 5.into()),
            ("CAFingerprint", Value::Data(fingerprint)),
            ("RetryDelay", 1.into()),
            ("Subject", subject()),
        ]);
        let mdm = dictionary([
            ("IdentityCertificateUUID", "U2".into()),
            ("Topic", TOPIC.into()),
            ("ServerURL", format!("{}/connect", self.base).into()),
            ("CheckInURL", format!("{}/checkin", self.base).into()),
            ("AccessRights", knobs.access_rights.unwrap_or(8191).into()),
            ("SignMessage", (!knobs.tls_identity).into()),
            ("CheckOutWhenRemoved", true.into()),
        ]);
        let root = dictionary([("PayloadContent", Value::Data(self.tls_ca.clone()))]);
        let scep = dictionary([("PayloadContent", Value::Dictionary(scep))]);
        let payloads = [
            payload("com.apple.security.root", 1, root),
            payload("com.apple.security.scep", 2, scep),
            payload("com.apple.mdm", 3, mdm),
        ];
        let mut profile = payload(
            "Configuration",
            0,
            dictionary([
                ("PayloadDisplayName", "Works Management".into()),
                ("PayloadContent", Value::Array(payloads.map(Value::Dictionary).into())),
            ]),
        );
        if let Some(change) = &knobs.change {
            change(&mut profile);
        }
        let xml = xml(profile);
        if knobs.plain_profile {
            return xml;
        }
        let policy = IssuePolicy::new(Name::of("Works"), ALWAYS, Usage::TlsServer);
        let certificate = pki::x509::self_signed(&self.signer, &policy).unwrap();
        Signer::new(self.signer.clone(), certificate).unwrap().sign_attached(&xml).unwrap()
    }

    /// MachineInfo must be signed by a device of practice Apple's.
    fn machine_info(&self, blob: &[u8], kind: &str) -> Result<(), &'static str> {
        let signed = pki::cms::verify_signed(blob, None).map_err(|_| "the signature")?;
        let embedded = pki::cms::certificates_in(blob).map_err(|_| "the certificates")?;
        verify_issued_by(&signed.signer, &embedded, &self.device_ca).map_err(|_| "the issuer")?;
        let plist = parse_dictionary(&signed.content, LIMIT).map_err(|_| "the property list")?;
        for key in ["UDID", "SERIAL", "PRODUCT", "VERSION"] {
            Fields(&plist).peek(key).ok_or(key)?;
        }
        let certificate = signed.signer_cert_der().to_vec();
        let (body, kind) = (blob.to_vec(), kind.to_owned());
        self.hear(Message { kind, plist, certificate, body, signature: None });
        Ok(())
    }

    /// Who sent a message: by its signature, or by the certificate shown in TLS.
    fn sender(
        &self,
        headers: &HeaderMap,
        peer: Option<&PeerCertificates>,
        body: &[u8],
    ) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        let tls_identity = self.knobs.lock().unwrap().tls_identity;
        let header = headers.get("mdm-signature");
        assert_eq!(header.is_some(), !tls_identity, "a signature when it is asked for, and else none");
        let (der, signature) = match header {
            Some(header) => {
                let signature = STANDARD.decode(header).ok()?;
                let signed = pki::cms::verify_signed(&signature, Some(body)).ok()?;
                (signed.signer_cert_der().to_vec(), Some(signature))
            }
            None => (peer?.leaf().to_vec(), None),
        };
        let certificate = Certificate::from_der(&der).ok()?;
        let other = self.knobs.lock().unwrap().identity_ca.clone();
        verify_issued_by(&certificate, &[], other.as_ref().unwrap_or(self.scep_ca.certificate())).ok()?;
        Some((der, signature))
    }

    fn next_command(&self, udid: &str, status: &str, answered: Option<&str>) -> Response {
        let mut queues = self.queues.lock().unwrap();
        let queue = queues.waiting.entry(udid.to_owned()).or_default();
        if status == "NotNow" {
            return StatusCode::OK.into_response();
        }
        queue.retain(|(uuid, _)| Some(uuid.as_str()) != answered);
        let Some((uuid, command)) = queue.front() else { return StatusCode::OK.into_response() };
        let keys = [("CommandUUID", uuid.as_str().into()), ("Command", Value::Dictionary(command.clone()))];
        ([("content-type", "application/xml")], xml(dictionary(keys))).into_response()
    }
}

pub(crate) fn subject() -> Value {
    let pair = |kind: &str, value: &str| Value::Array(vec![Value::Array(vec![kind.into(), value.into()])]);
    Value::Array(vec![pair("O", "Works"), pair("CN", "device")])
}

pub(crate) fn dictionary<const N: usize>(keys: [(&str, Value); N]) -> Dictionary {
    keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

pub(crate) fn payload(kind: &str, number: u32, mut keys: Dictionary) -> Dictionary {
    keys.insert("PayloadType".into(), kind.into());
    keys.insert("PayloadVersion".into(), 1.into());
    keys.insert("PayloadIdentifier".into(), format!("com.example.works.{number}").into());
    keys.insert("PayloadUUID".into(), format!("U{number}").into());
    keys
}

pub(crate) fn xml(plist: Dictionary) -> Vec<u8> {
    write_xml(&Value::Dictionary(plist)).unwrap()
}
