//! The push certificate portal, `identity.apple.com/pushcert` in practice (apple.md 5.1).
//!
//! | call | body | answer |
//! |---|---|---|
//! | `POST /pushcert?appleAccount=` | a CSR in PEM, or a PushCertRequest: base64 of a plist with `PushCertRequestCSR` | the certificate in PEM, with a new topic |
//! | `POST /pushcert?appleAccount=&renew=<topic>` | the same | the certificate in PEM, with the same topic |
//! | `GET /pushcert` | | JSON: topics, accounts, ends |

mod http;
mod request;

use std::sync::Mutex;

use pki::x509::{CertificateRequest, IssuePolicy, Name, Usage, Validity};
use serde::Serialize;

use crate::apple::authority::{Authorities, PUSH_CERTIFICATE_LIFE_S};
use crate::apple::moment::Moment;
use crate::apple::world::lock;
use crate::error::{Error, Result};

pub(crate) use http::router;

/// The most certificates remembered; practice needs a handful.
const CERTIFICATES_MAX: usize = 10_000;

/// Apple says "APSP" and the topic's UUID in the common name.
const COMMON_NAME_PREFIX: &str = "APSP:";

/// The prefix of every topic.
pub const TOPIC_PREFIX: &str = "com.apple.mgmt.External.";

/// A push certificate that was issued.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PushCertificate {
    /// The topic, subject attribute UID.
    pub topic: String,
    /// The Apple Account that asked for it.
    pub apple_account: String,
    /// When the newest certificate of the topic ends.
    pub expires: Moment,
    /// That certificate.
    pub pem: String,
}

/// The push certificate portal.
#[derive(Debug, Default)]
pub struct PushCertPortal {
    issued: Mutex<Vec<PushCertificate>>,
}

impl PushCertPortal {
    /// Issues a certificate for a CSR (PEM) or PushCertRequest, with a new topic or, to renew, with the same.
    ///
    /// # Errors
    /// [`Error::PushCertRequest`] for a body that is neither, [`Error::RenewalRefused`] for a topic that this Apple
    /// Account does not have, [`Error::Pki`] for a key that is too weak.
    pub fn request(
        &self,
        authorities: &Authorities,
        body: &[u8],
        apple_account: &str,
        renew: Option<&str>,
        now: Moment,
    ) -> Result<PushCertificate> {
        let request = request::read(body)?;
        let topic = match renew {
            None => format!("{TOPIC_PREFIX}{}", uuid::Uuid::new_v4()),
            Some(topic) => self.owned(topic, apple_account)?,
        };
        let certificate = PushCertificate {
            pem: issue(authorities, &request, &topic, now)?,
            expires: now.plus_seconds(PUSH_CERTIFICATE_LIFE_S),
            apple_account: apple_account.to_owned(),
            topic,
        };
        let mut issued = lock(&self.issued);
        issued.retain(|old| old.topic != certificate.topic);
        if issued.len() >= CERTIFICATES_MAX {
            issued.remove(0);
        }
        issued.push(certificate.clone());
        Ok(certificate)
    }

    /// What was issued, the newest last.
    pub fn list(&self) -> Vec<PushCertificate> {
        lock(&self.issued).clone()
    }

    fn owned(&self, topic: &str, apple_account: &str) -> Result<String> {
        let issued = lock(&self.issued);
        let found = issued.iter().find(|old| old.topic == topic && old.apple_account == apple_account);
        found
            .map(|old| old.topic.clone())
            .ok_or_else(|| Error::RenewalRefused(topic.chars().take(100).collect()))
    }
}

fn issue(
    authorities: &Authorities,
    request: &CertificateRequest,
    topic: &str,
    now: Moment,
) -> Result<String> {
    let uuid = topic.strip_prefix(TOPIC_PREFIX).unwrap_or(topic);
    let name =
        Name::empty().user_id(topic).and_common_name(&format!("{COMMON_NAME_PREFIX}{uuid}")).country("US");
    let not_after = now.plus_seconds(PUSH_CERTIFICATE_LIFE_S).seconds();
    let validity = Validity { not_before: now.plus_seconds(-3_600).seconds(), not_after };
    let policy = IssuePolicy::new(name, validity, Usage::ClientIdentity);
    Ok(authorities.push().issue(&policy, request.public_key())?.to_pem())
}

#[cfg(test)]
mod tests;
