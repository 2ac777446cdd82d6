//! The rules (R24, R27, L60; lessons 26 to 31). Nothing is stored: an alert is gone when its cause is.

use crate::profile::{DefineRefusal, Profile};
use crate::push::IssuedPushCertificate;
use crate::sync::SyncState;
use crate::token::{Health, Standing, Token};
use crate::trouble::{Trouble, TroubleKind};
use crate::{Limits, Time};

use super::{Alert, AlertKind, Severity};

/// What the rules look at, for one tenant.
#[derive(Debug, Default)]
pub struct Facts {
    /// Its tokens.
    pub tokens: Vec<TokenFacts>,
    /// Profiles that Apple refused.
    pub profiles: Vec<ProfileFacts>,
    /// Its push certificate.
    pub push: PushFacts,
    /// What the device side found.
    pub devices: Vec<DeviceFact>,
    /// Trouble that work loops meet.
    pub troubles: Vec<Trouble>,
}

/// A token.
#[derive(Debug)]
pub struct TokenFacts {
    /// The token.
    pub token: Token,
    /// Its sync.
    pub sync: Option<SyncState>,
    /// Devices that wait for Apple's throttle.
    pub throttled: u64,
}

/// A refused profile.
#[derive(Debug)]
pub struct ProfileFacts {
    /// The profile.
    pub profile: Profile,
    /// Apple's refusal.
    pub refusal: DefineRefusal,
}

/// The push certificate.
#[derive(Debug, Default)]
pub struct PushFacts {
    /// The one in use.
    pub certificate: Option<IssuedPushCertificate>,
    /// Whether there is a token, so that devices will come.
    pub needed: bool,
}

/// Something about one device that the device side found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceFact {
    /// Which rule.
    pub kind: AlertKind,
    /// The managed device's id.
    pub subject: String,
    /// What people call it: its name or serial.
    pub name: String,
    /// Since when.
    pub since: Time,
    /// The device's own words.
    pub words: Option<String>,
}

/// Every alert, worst first, then oldest first.
pub fn derive(facts: &Facts, now: Time, limits: &Limits) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for token in &facts.tokens {
        alerts.extend(of_token(token, now, limits));
        alerts.extend(of_sync(token, &facts.troubles, now));
        alerts.extend(of_assignment(token, &facts.troubles, now));
        alerts.extend(of_throttle(token, now));
    }
    alerts.extend(facts.profiles.iter().map(of_profile));
    alerts.extend(of_push(&facts.push, now, limits));
    alerts.extend(of_waking(&facts.troubles, now));
    alerts.extend(facts.devices.iter().map(of_device));
    alerts.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then(a.since.cmp(&b.since)).then(a.subject.cmp(&b.subject))
    });
    alerts
}

fn of_token(facts: &TokenFacts, now: Time, limits: &Limits) -> Option<Alert> {
    let token = &facts.token;
    let found = token.health(now, limits);
    let expires = token.server.as_ref().map_or(now, |server| server.expires_at);
    let (kind, severity, title, action, since) = match found.health {
        Health::Draft | Health::Valid => return None,
        Health::Expiring => (
            AlertKind::TokenExpiry,
            Severity::Warning,
            format!("The token “{}” runs out at {}", token.name, expires.rfc3339()),
            "Download a new token of the same server at Apple and renew it here; Apple takes the one in use back at once.",
            expires.minus(limits.token_warning),
        ),
        Health::Expired => (
            AlertKind::TokenExpiry,
            Severity::Error,
            format!("The token “{}” ran out at {}", token.name, expires.rfc3339()),
            "Download a new token of the same server at Apple and renew it here.",
            expires,
        ),
        Health::Rejected => (
            AlertKind::TokenRejected,
            Severity::Error,
            format!("Apple rejects the token “{}”", token.name),
            "Download a new token of the same server at Apple and renew it here: it was replaced, or who made it has \
             left or changed their password.",
            found.since.unwrap_or(now),
        ),
        Health::TermsNotAccepted => (
            AlertKind::TermsNotAccepted,
            Severity::Error,
            format!("{} has not accepted Apple's new terms (token “{}”)", token.organization(), token.name),
            "Sign in at business.apple.com or school.apple.com as an administrator and accept the terms; then sync.",
            found.since.unwrap_or(now),
        ),
    };
    let words = Some(found.words);
    Some(Alert { kind, severity, subject: token.id.to_string(), title, words, action: action.into(), since })
}

fn open<'t>(troubles: &'t [Trouble], kind: TroubleKind, subject: &str, now: Time) -> Option<&'t Trouble> {
    troubles.iter().find(|trouble| trouble.kind == kind && trouble.subject == subject && trouble.is_open(now))
}

fn of_sync(facts: &TokenFacts, troubles: &[Trouble], now: Time) -> Option<Alert> {
    let sync = facts.sync.as_ref()?;
    let error = sync.last_error.as_ref()?;
    let again =
        if sync.next_due <= now { "now".to_owned() } else { format!("at {}", sync.next_due.rfc3339()) };
    Some(Alert {
        kind: AlertKind::SyncFailing,
        severity: Severity::Warning,
        subject: facts.token.id.to_string(),
        title: format!("The device sync of “{}” failed", facts.token.name),
        words: Some(error.words.clone()),
        action: format!("It is tried again {again}; until then the device list may be old."),
        since: open(troubles, TroubleKind::Sync, facts.token.id.as_str(), now)
            .map_or(error.at, |trouble| trouble.since),
    })
}

/// A token that Apple has something against has an alert of its own.
fn of_assignment(facts: &TokenFacts, troubles: &[Trouble], now: Time) -> Option<Alert> {
    let token = Some(&facts.token).filter(|token| token.standing == Standing::Good)?;
    let trouble = open(troubles, TroubleKind::Assignment, token.id.as_str(), now)?;
    Some(Alert {
        kind: AlertKind::AssignmentFailing,
        severity: Severity::Warning,
        subject: token.id.to_string(),
        title: format!("Devices of “{}” cannot be given their profiles at Apple", token.name),
        words: Some(trouble.words.clone()),
        action: "It is tried again by itself; do not unbox devices that are not ready until then.".into(),
        since: trouble.since,
    })
}

fn of_waking(troubles: &[Trouble], now: Time) -> Option<Alert> {
    let is = |trouble: &&Trouble| trouble.kind == TroubleKind::Push && trouble.is_open(now);
    let trouble = troubles.iter().find(is)?;
    Some(Alert {
        kind: AlertKind::PushFailing,
        severity: Severity::Warning,
        subject: trouble.subject.clone(),
        title: "Devices cannot be woken: Apple's push service does not take our pushes".to_owned(),
        words: Some(trouble.words.clone()),
        action: "It is tried again by itself; what waits for devices is kept. If it names the certificate and stays: \
                 renew the push certificate."
            .into(),
        since: trouble.since,
    })
}

fn of_throttle(facts: &TokenFacts, now: Time) -> Option<Alert> {
    (facts.throttled > 0).then(|| Alert {
        kind: AlertKind::DevicesThrottled,
        severity: Severity::Notice,
        subject: facts.token.id.to_string(),
        title: format!("Apple throttles {} devices of “{}”", facts.throttled, facts.token.name),
        words: None,
        action: "Nothing: they are tried again when Apple allows it. Trying earlier makes it longer.".into(),
        since: now,
    })
}

fn of_profile(facts: &ProfileFacts) -> Alert {
    Alert {
        kind: AlertKind::ProfileRefused,
        severity: Severity::Error,
        subject: facts.profile.id.to_string(),
        title: format!("Apple refused the profile “{}”", facts.profile.settings.display_name),
        words: Some(facts.refusal.words.clone()),
        action: "Change the profile and save it; its devices keep what they have until then.".into(),
        since: facts.refusal.at,
    }
}

fn of_push(facts: &PushFacts, now: Time, limits: &Limits) -> Option<Alert> {
    let alert = |severity, subject: &str, title, action: &str, since| Alert {
        kind: AlertKind::PushCertificate,
        severity,
        subject: subject.to_owned(),
        title,
        words: None,
        action: action.to_owned(),
        since,
    };
    let Some(certificate) = &facts.certificate else {
        return facts.needed.then(|| {
            let action = "Download the request, have it signed at identity.apple.com/pushcert and upload the certificate.";
            let title = "There is no push certificate: devices cannot enrol or be reached".to_owned();
            alert(Severity::Error, "pushCertificate", title, action, now)
        });
    };
    let ends = certificate.not_after;
    let renew = "Renew it (do not replace it) at identity.apple.com/pushcert with the Apple Account that made it: with \
                 another topic every device must enrol anew.";
    if ends <= now {
        let title = format!("The push certificate ran out at {}: devices cannot be reached", ends.rfc3339());
        Some(alert(Severity::Error, &certificate.topic, title, renew, ends))
    } else if ends.minus(limits.push_certificate_warning) <= now {
        let title = format!("The push certificate runs out at {}", ends.rfc3339());
        Some(alert(
            Severity::Warning,
            &certificate.topic,
            title,
            renew,
            ends.minus(limits.push_certificate_warning),
        ))
    } else {
        None
    }
}

fn of_device(fact: &DeviceFact) -> Alert {
    let name = &fact.name;
    let (severity, title, action) = match fact.kind {
        AlertKind::ReleasedAtDeadline => (
            Severity::Warning,
            format!("{name} was released from Setup Assistant at its deadline"),
            "Its setup is incomplete: see which step did not end, and sync the device.",
        ),
        AlertKind::StuckInSetup => (
            Severity::Error,
            format!("{name} was told to leave Setup Assistant and has not"),
            "Check that it is switched on and has a network; it is told again until it answers.",
        ),
        AlertKind::IdentityExpiry => (
            Severity::Warning,
            format!("The identity of {name} runs out soon"),
            "It is renewed when the device next connects; switch it on.",
        ),
        AlertKind::DeviceUnreachable => (
            Severity::Notice,
            format!("{name} cannot be woken"),
            "It is tried once a day while something waits for it. Restart the device: it then says where it is.",
        ),
        AlertKind::SerialClaimedTwice => (
            Severity::Error,
            format!("Two devices claim the serial number of {name}"),
            "One of them is not what it says. Find both before you trust either; block the serial if in doubt.",
        ),
        _ => (Severity::Warning, format!("{name} needs attention"), "See the words."),
    };
    Alert {
        kind: fact.kind,
        severity,
        subject: fact.subject.clone(),
        title,
        words: fact.words.clone(),
        action: action.into(),
        since: fact.since,
    }
}
