//! Configuration profiles as a device reads them (apple.md 3.2): plain or signed, with or without management in them.

use mdm::guard::{Dictionary, Fields, Value, parse_dictionary};

use super::fault::DeviceFault;

/// The longest profile read, in bytes. Enrolment profiles have some kilobytes; a profile with a wallpaper may have a
/// megabyte.
pub(super) const PROFILE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The longest text in a profile, in bytes.
const TEXT_BYTES_MAX: usize = 8_192;

/// The longest certificate in a profile, in bytes.
const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;

/// The most payloads read.
const PAYLOADS_MAX: usize = 200;

type Result<T> = std::result::Result<T, DeviceFault>;

fn invalid(words: impl Into<String>) -> DeviceFault {
    DeviceFault::Profile(words.into())
}

/// One payload's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PayloadHead {
    pub(super) kind: String,
    pub(super) identifier: String,
    pub(super) uuid: String,
}

/// Any profile.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Profile {
    pub(super) identifier: String,
    pub(super) uuid: String,
    pub(super) display_name: Option<String>,
    pub(super) organization: Option<String>,
    pub(super) removal_disallowed: bool,
    pub(super) payloads: Vec<PayloadHead>,
    /// Certificates to trust (DER).
    pub(super) roots: Vec<Vec<u8>>,
    /// Management, when the profile enrols the device.
    pub(super) enrolment: Option<Enrolling>,
    /// Who signed it (DER).
    pub(super) signer: Option<Vec<u8>>,
}

/// What a profile that enrols says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Enrolling {
    pub(super) mdm: MdmPayload,
    pub(super) scep: ScepPayload,
}

/// `com.apple.mdm`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MdmPayload {
    pub(super) topic: String,
    pub(super) server_url: String,
    pub(super) check_in_url: String,
    pub(super) access_rights: u16,
    pub(super) sign_message: bool,
    pub(super) check_out_when_removed: bool,
    pub(super) per_user_connections: bool,
}

/// `com.apple.security.scep`
#[derive(Clone, PartialEq)]
pub(super) struct ScepPayload {
    pub(super) url: String,
    pub(super) name: Option<String>,
    pub(super) subject: Vec<(String, String)>,
    pub(super) challenge: Option<String>,
    pub(super) fingerprint: Option<Vec<u8>>,
    pub(super) retries: u32,
    pub(super) retry_delay_s: u32,
}

impl std::fmt::Debug for ScepPayload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScepPayload").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Profile {
    /// Reads a profile: an XML property list, or one inside a signed message whose signature must hold.
    pub(super) fn read(body: &[u8]) -> Result<Self> {
        if body.len() > PROFILE_BYTES_MAX {
            return Err(invalid("it is too large"));
        }
        let (plist, signer) = if is_text(body) {
            (parse_dictionary(body, PROFILE_BYTES_MAX), None)
        } else {
            let signed = pki::cms::verify_signed(body, None)
                .map_err(|_| invalid("it is neither a property list nor properly signed"))?;
            let signer = Some(signed.signer_cert_der().to_vec());
            (parse_dictionary(&signed.content, PROFILE_BYTES_MAX), signer)
        };
        let plist = plist.map_err(|error| invalid(format!("its property list is damaged ({error})")))?;
        Self::from_plist(&plist, signer)
    }

    fn from_plist(plist: &Dictionary, signer: Option<Vec<u8>>) -> Result<Self> {
        let fields = Fields(plist);
        if fields.peek("PayloadType") != Some("Configuration") {
            return Err(invalid("PayloadType is not Configuration"));
        }
        if fields.opt_int("PayloadVersion") != Some(1) {
            return Err(invalid("PayloadVersion is not 1"));
        }
        if fields.items("PayloadContent").len() > PAYLOADS_MAX {
            return Err(invalid("it has too many payloads"));
        }
        let payloads = fields.dictionaries("PayloadContent").map(head).collect::<Result<Vec<_>>>()?;
        let mut uuids: Vec<_> = payloads.iter().map(|payload| &payload.uuid).collect();
        uuids.sort();
        if uuids.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(invalid("two payloads have the same PayloadUUID"));
        }
        Ok(Self {
            identifier: text(fields, "PayloadIdentifier")?,
            uuid: text(fields, "PayloadUUID")?,
            display_name: opt_text(fields, "PayloadDisplayName")?,
            organization: opt_text(fields, "PayloadOrganization")?,
            removal_disallowed: fields.flag("PayloadRemovalDisallowed"),
            roots: roots(fields)?,
            enrolment: enrolling(fields)?,
            payloads,
            signer,
        })
    }
}

/// Whether the bytes begin as a property list in XML does. Signed messages begin with a SEQUENCE.
fn is_text(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|first| matches!(first, b'<' | 0xEF))
}

fn text(fields: Fields<'_>, key: &'static str) -> Result<String> {
    opt_text(fields, key)?.ok_or_else(|| invalid(format!("{key} is missing")))
}

fn opt_text(fields: Fields<'_>, key: &'static str) -> Result<Option<String>> {
    fields.opt_text(key, TEXT_BYTES_MAX).map_err(|_| invalid(format!("{key} is no text, or too long")))
}

fn head(payload: Fields<'_>) -> Result<PayloadHead> {
    if payload.opt_int("PayloadVersion") != Some(1) {
        return Err(invalid("a payload's PayloadVersion is not 1"));
    }
    Ok(PayloadHead {
        kind: text(payload, "PayloadType")?,
        identifier: text(payload, "PayloadIdentifier")?,
        uuid: text(payload, "PayloadUUID")?,
    })
}

fn of_kind<'a>(profile: Fields<'a>, kinds: &'static [&str]) -> impl Iterator<Item = Fields<'a>> {
    let payloads = profile.dictionaries("PayloadContent");
    payloads.filter(|payload| payload.peek("PayloadType").is_some_and(|kind| kinds.contains(&kind)))
}

fn roots(profile: Fields<'_>) -> Result<Vec<Vec<u8>>> {
    const KINDS: &[&str] = &["com.apple.security.root", "com.apple.security.pkcs1", "com.apple.security.pem"];
    of_kind(profile, KINDS)
        .map(|payload| {
            let bytes = payload
                .data("PayloadContent", CERTIFICATE_BYTES_MAX)
                .map_err(|_| invalid("a certificate payload has no certificate"))?;
            let certificate = pki::x509::Certificate::from_pem_or_der(&bytes);
            let certificate = certificate.map_err(|_| invalid("a certificate cannot be read"))?;
            Ok(certificate.der().to_vec())
        })
        .collect()
}

fn enrolling(profile: Fields<'_>) -> Result<Option<Enrolling>> {
    let mut found = of_kind(profile, &["com.apple.mdm"]);
    let Some(payload) = found.next() else { return Ok(None) };
    if found.next().is_some() {
        return Err(invalid("it has two com.apple.mdm payloads"));
    }
    let identity = text(payload, "IdentityCertificateUUID")?;
    let mut payloads = profile.dictionaries("PayloadContent");
    let identity = payloads.find(|payload| payload.peek("PayloadUUID") == Some(identity.as_str()));
    let identity = identity.ok_or_else(|| invalid("IdentityCertificateUUID names no payload"))?;
    if identity.peek("PayloadType") != Some("com.apple.security.scep") {
        return Err(invalid("its identity is not by SCEP, which is all that practice devices can"));
    }
    Ok(Some(Enrolling { mdm: mdm(payload)?, scep: scep(identity)? }))
}

fn mdm(payload: Fields<'_>) -> Result<MdmPayload> {
    let topic = text(payload, "Topic")?;
    if !topic.starts_with("com.apple.mgmt.") {
        return Err(invalid("Topic does not begin with com.apple.mgmt."));
    }
    let server_url = https(text(payload, "ServerURL")?)?;
    let check_in_url = opt_text(payload, "CheckInURL")?.map(https).transpose()?;
    let capabilities = payload.items("ServerCapabilities").iter().filter_map(Value::as_string);
    Ok(MdmPayload {
        topic,
        check_in_url: check_in_url.unwrap_or_else(|| server_url.clone()),
        server_url,
        access_rights: rights(payload.opt_int("AccessRights"))?,
        sign_message: payload.flag("SignMessage"),
        check_out_when_removed: payload.flag("CheckOutWhenRemoved"),
        per_user_connections: capabilities
            .into_iter()
            .any(|capability| capability == "com.apple.mdm.per-user-connections"),
    })
}

/// Rights are a sum of bits: never none; 2 needs 1, and 128 needs 64.
fn rights(number: Option<i64>) -> Result<u16> {
    let bits = number.and_then(|number| u16::try_from(number).ok()).filter(|bits| (1..=8191).contains(bits));
    let bits = bits.ok_or_else(|| invalid("AccessRights is missing or no sum of rights"))?;
    let needs = |right: u16, other: u16| bits & right == 0 || bits & other != 0;
    if needs(2, 1) && needs(128, 64) {
        Ok(bits)
    } else {
        Err(invalid("AccessRights has a right without the one it needs"))
    }
}

fn https(url: String) -> Result<String> {
    let fine = reqwest::Url::parse(&url).is_ok_and(|url| url.scheme() == "https" && url.has_host());
    if fine { Ok(url) } else { Err(invalid("an address is not https")) }
}

fn scep(payload: Fields<'_>) -> Result<ScepPayload> {
    let content = payload.dictionary("PayloadContent").map(Fields);
    let content = content.ok_or_else(|| invalid("the SCEP payload has no PayloadContent"))?;
    let small = |key, default| content.opt_int(key).and_then(|n| u32::try_from(n).ok()).unwrap_or(default);
    let fingerprint = content.opt_data("CAFingerprint", 64);
    Ok(ScepPayload {
        url: text(content, "URL")?,
        name: opt_text(content, "Name")?,
        subject: content.items("Subject").iter().filter_map(pair).collect(),
        challenge: opt_text(content, "Challenge")?,
        fingerprint: fingerprint.map_err(|_| invalid("CAFingerprint is no data"))?,
        retries: small("Retries", 3).min(20),
        retry_delay_s: small("RetryDelay", 10).min(3_600),
    })
}

/// The first pair of one set of a distinguished name: `[["CN", "…"]]`.
fn pair(set: &Value) -> Option<(String, String)> {
    let pair = set.as_array()?.first()?.as_array()?;
    let text = |place| pair.get(place).and_then(Value::as_string).map(str::to_owned);
    Some((text(0)?, text(1)?))
}

#[cfg(test)]
mod tests;
