//! Getting an identity certificate by SCEP (RFC 8894), as the payload says.

use std::time::Duration;

use net::Clock;
use pki::cms::Cipher;
use pki::key::{KeyKind, RsaKey};
use pki::scep::{Client, Outcome};
use pki::x509::{Certificate, Name};
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;

use super::fault::DeviceFault;
use super::profile::ScepPayload;
use super::wire::{Answer, send};
use crate::apple::moment::Moment;

/// An identity: the certificate MDM knows the device by, and its key.
#[derive(Clone, Debug)]
pub(super) struct MdmIdentity {
    pub(super) key: RsaKey,
    pub(super) certificate: Certificate,
}

fn fault(words: impl Into<String>) -> DeviceFault {
    DeviceFault::Scep(words.into())
}

/// What a service can do.
#[derive(Clone, Copy, Debug, Default)]
struct Caps {
    aes: bool,
    post: bool,
}

impl Caps {
    fn read(text: &str) -> Self {
        let has = |word: &str| text.lines().any(|line| line.trim().eq_ignore_ascii_case(word));
        let standard = has("SCEPStandard");
        Self { aes: standard || has("AES"), post: standard || has("POSTPKIOperation") }
    }
}

/// Asks for a certificate for `key`, as often as the payload says while the service is not ready. `now` is what the
/// device's own clock shows.
pub(super) async fn identity(
    http: &reqwest::Client,
    payload: &ScepPayload,
    key: RsaKey,
    clock: &Clock,
    now: Moment,
) -> Result<MdmIdentity, DeviceFault> {
    let caps = send(http.get(operation(payload, "GetCACaps", payload.name.as_deref())?)).await?;
    // Without them the device falls back to what every service can: triple DES and GET.
    let caps =
        if caps.is_good() { Caps::read(&String::from_utf8_lossy(&caps.body)) } else { Caps::default() };
    let ca = authority(http, payload).await?;
    let subject = subject(&payload.subject);
    let cipher = if caps.aes { Cipher::Aes128 } else { Cipher::TripleDes };
    let challenge = payload.challenge.as_deref();
    let client = Client::enrol(&key, &ca, &subject, challenge, cipher, now.seconds())?;
    for attempt in 0..=payload.retries {
        if attempt > 0 {
            clock.sleep(Duration::from_secs(payload.retry_delay_s.into())).await;
        }
        let answer = operate(http, payload, caps, client.message()).await?;
        if !answer.is_good() {
            return Err(answer.fault("get an identity certificate"));
        }
        match client.read_reply(&answer.body).map_err(|error| fault(format!("failed to {error}")))? {
            Outcome::Issued(certificate) => return Ok(MdmIdentity { key, certificate }),
            Outcome::Refused(why) => return Err(fault(format!("the service refused it ({why:?})"))),
            Outcome::Pending => {}
        }
    }
    Err(fault("the service was not ready in time"))
}

fn operation(payload: &ScepPayload, name: &str, message: Option<&str>) -> Result<Url, DeviceFault> {
    let mut url = Url::parse(&payload.url).map_err(|_| fault("its address is none"))?;
    url.query_pairs_mut().append_pair("operation", name);
    if let Some(message) = message {
        url.query_pairs_mut().append_pair("message", message);
    }
    Ok(url)
}

/// Fetches the authority's certificate, and holds it to the fingerprint in the profile.
async fn authority(http: &reqwest::Client, payload: &ScepPayload) -> Result<Certificate, DeviceFault> {
    let answer = send(http.get(operation(payload, "GetCACert", payload.name.as_deref())?)).await?;
    if !answer.is_good() {
        return Err(answer.fault("get the certificate authority"));
    }
    let certificates = if answer.media() == "application/x-x509-ca-ra-cert" {
        pki::cms::certificates_in(&answer.body)
    } else {
        Certificate::from_der(&answer.body).map(|certificate| vec![certificate])
    };
    let certificates = certificates.map_err(|_| fault("the authority's certificate cannot be read"))?;
    if let Some(wanted) = &payload.fingerprint
        && !certificates.iter().any(|certificate| matches_fingerprint(certificate, wanted))
    {
        return Err(fault("the authority's certificate is not the one in the profile"));
    }
    // A registration authority signs and decrypts in the authority's place.
    let is_rsa = |certificate: &&Certificate| certificate.public_key().kind() == KeyKind::Rsa;
    let registration = certificates.iter().filter(is_rsa).find(|certificate| !certificate.is_ca());
    let chosen = registration.or_else(|| certificates.iter().find(is_rsa)).cloned();
    chosen.ok_or_else(|| fault("the authority's key is not RSA"))
}

/// SHA-1 or SHA-256, by length. MD5 is not computed here, and so never matches.
fn matches_fingerprint(certificate: &Certificate, wanted: &[u8]) -> bool {
    match wanted.len() {
        20 => pki::digest::sha1(certificate.der()) == *wanted,
        32 => certificate.sha256() == *wanted,
        _ => false,
    }
}

async fn operate(
    http: &reqwest::Client,
    payload: &ScepPayload,
    caps: Caps,
    message: &[u8],
) -> Result<Answer, DeviceFault> {
    use base64::Engine;
    if caps.post {
        let request = http.post(operation(payload, "PKIOperation", None)?);
        return send(request.header(CONTENT_TYPE, "application/x-pki-message").body(message.to_vec())).await;
    }
    let text = base64::engine::general_purpose::STANDARD.encode(message);
    send(http.get(operation(payload, "PKIOperation", Some(&text))?)).await
}

/// The subject to ask for. Attributes that practice does not know are left out; the authority decides anyway.
fn subject(pairs: &[(String, String)]) -> Name {
    pairs.iter().fold(Name::empty(), |name, (kind, value)| match kind.as_str() {
        "CN" | "2.5.4.3" => name.and_common_name(value),
        "O" | "2.5.4.10" => name.organization(value),
        "OU" | "2.5.4.11" => name.organizational_unit(value),
        "C" | "2.5.4.6" => name.country(value),
        "ST" | "2.5.4.8" => name.state(value),
        "L" | "2.5.4.7" => name.locality(value),
        "0.9.2342.19200300.100.1.1" => name.user_id(value),
        _ => name,
    })
}
