//! Certificates: those that the server shows, and the one it pushes with.

use std::time::Duration;

use super::{Finding, span};
use crate::push::{IssuedPushCertificate, RENEWAL_GRACE};
use crate::time::DAY;
use crate::{Limits, Time};

/// A certificate that is shown to others is renewed by its operator's tools at least so long before.
const RENEWED_BEFORE: Duration = DAY.saturating_mul(14);

/// A certificate that a listener shows and that is believed.
#[derive(Debug, Clone, Copy)]
pub struct ServerCertificate {
    /// `notAfter`.
    pub not_after: Time,
    /// Whether the server makes a new one by itself at each start and each day.
    pub own: bool,
}

/// How long it lasts.
pub fn server_certificate(
    check: &'static str,
    reached: &str,
    certificate: ServerCertificate,
    now: Time,
) -> Finding {
    let left = certificate.not_after.since(now);
    let found = format!("{reached}; the certificate is good for {}", span(left));
    if certificate.own || left >= RENEWED_BEFORE {
        return Finding::ok(check, found);
    }
    let advice =
        "renew the certificate files, then `systemctl reload muster`: after that day no client connects";
    Finding::warning(check, found, advice)
}

/// A tenant's push certificate.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    /// The one in use.
    pub certificate: Option<&'a IssuedPushCertificate>,
    /// `UID` of its subject, as it says itself.
    pub topic: Option<&'a str>,
    /// Whether its private key is there and belongs to it; none: secrets could not be read.
    pub key_fits: Option<bool>,
    /// Whether devices come or will: there is a token, or one is enrolled.
    pub needed: bool,
}

/// Whether devices can be woken with it (L28 to L30).
pub fn push(facts: Push<'_>, limits: &Limits, now: Time) -> Finding {
    const CHECK: &str = "tenant.pushCertificate";
    let renew = "renew it at identity.apple.com/pushcert with the same Apple account, never a new one (its topic must stay): muster push-certificate request, sign, upload";
    let Some(certificate) = facts.certificate else {
        let (found, advice) = (
            "there is no push certificate, so no device can be woken and none enrols",
            "muster push-certificate request, take the request to Apple's portal, muster push-certificate upload",
        );
        return match facts.needed {
            true => Finding::problem(CHECK, found, advice),
            false => Finding::warning(CHECK, found, advice),
        };
    };
    let topic = &certificate.topic;
    if facts.topic != Some(topic) || !topic.starts_with("com.apple.mgmt.") {
        let shown = facts.topic.unwrap_or("none");
        let found = format!("the certificate is for the topic {shown}, and devices listen to {topic}");
        return Finding::problem(CHECK, found, renew);
    }
    if facts.key_fits == Some(false) {
        let advice = "restore the copy of the database that has the key; if there is none, request anew and renew at Apple";
        return Finding::problem(CHECK, format!("the private key of {topic} is not in the database"), advice);
    }
    let ends = certificate.not_after;
    let found = |words: String| format!("{words} ({topic})");
    if ends <= now {
        let over = now.since(ends);
        let words = found(format!("it ended {} ago, so no device can be woken", span(over)));
        let advice = match over < RENEWAL_GRACE {
            true => {
                format!("{renew}. Apple still renews it for {}", span(RENEWAL_GRACE.saturating_sub(over)))
            }
            false => {
                "ask Apple to renew it all the same; with a new topic every device must be wiped".to_owned()
            }
        };
        return Finding::problem(CHECK, words, advice);
    }
    let words = found(format!("good for {}", span(ends.since(now))));
    match ends.since(now) < limits.push_certificate_warning {
        true => Finding::warning(CHECK, words, renew),
        false => Finding::ok(CHECK, words),
    }
}

/// What Apple's push service said to the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushAnswer {
    /// It takes the certificate.
    Taken,
    /// It refuses the certificate, in its words.
    Refused(String),
    /// It is busy or down, in its words.
    Later(String),
    /// It was not reached, and why.
    Unreachable(String),
}

/// Whether Apple's push service takes the certificate.
pub fn push_service(host: &str, answer: &PushAnswer) -> Finding {
    const CHECK: &str = "tenant.pushService";
    match answer {
        PushAnswer::Taken => Finding::ok(CHECK, format!("{host} takes the push certificate")),
        PushAnswer::Refused(words) => Finding::problem(
            CHECK,
            format!("{host} refuses the push certificate: {words}"),
            "see that it was not revoked or replaced at identity.apple.com/pushcert, and that the clock here is right; then renew it there and upload it",
        ),
        PushAnswer::Later(words) => Finding::warning(
            CHECK,
            format!("{host} is busy: {words}"),
            "nothing: devices are woken again by themselves; see Apple's system status page if it lasts",
        ),
        PushAnswer::Unreachable(words) => Finding::problem(
            CHECK,
            format!("{host} cannot be reached: {words}"),
            "let this machine connect to Apple on port 443 (17.0.0.0/8), directly and without a proxy that reads TLS",
        ),
    }
}
