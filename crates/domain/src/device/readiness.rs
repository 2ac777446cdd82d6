//! Why a device is or is not ready to be unboxed (R4, R11, R13, R29, R44, N18; lessons 1, 12, 16).

use crate::assignment::is_right;
use crate::managed_device::Stage;
use crate::profile::DefineRefusal;
use crate::token::{Health, TokenHealth};
use crate::{Limits, ProfileId, Time};

use super::{Device, EnrollmentState, Outcome, Presence, ProfileStatus};

/// What a device is judged with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadinessContext<'c> {
    /// The token's name.
    pub token_name: &'c str,
    /// The token's health.
    pub token: &'c TokenHealth,
    /// The profile that is wanted for it, see [`super::wanted_profile`].
    pub wanted: Option<WantedProfile<'c>>,
    /// The name of our profile that Apple has for it, while none is wanted: it was wiped after it had enrolled by a
    /// default, say.
    pub held: Option<&'c str>,
    /// The name of the profile that it enrolled with.
    pub enrolled_profile_name: Option<&'c str>,
    /// Where its enrolment is, if it has one.
    pub stage: Option<Stage>,
    /// There is a push certificate that has not run out.
    pub push_certificate: bool,
    /// Now.
    pub now: Time,
}

/// The wanted profile, and what Apple knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedProfile<'c> {
    /// Which.
    pub id: &'c ProfileId,
    /// Its name.
    pub name: &'c str,
    /// Its UUID at Apple for its present content.
    pub uuid: Option<&'c str>,
    /// Apple's refusal of its present content.
    pub refusal: Option<&'c DefineRefusal>,
}

/// Whether it may be set up, and why or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// Whether it would enrol with the wanted profile if it were set up now. Of a device under management too: that it
    /// is managed says nothing of its next set-up.
    pub ready: bool,
    /// Every reason, those that block first.
    pub reasons: Vec<Reason>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// In one word.
    pub code: ReasonCode,
    /// What is so.
    pub words: String,
    /// What to do about it; empty: nothing can be done.
    pub action: String,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $blocks:literal;)+) => {
        /// A reason in one word.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ReasonCode { $($(#[$doc])* $name,)+ }

        impl ReasonCode {
            /// Its word in the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// Whether the device is not ready because of it.
            pub const fn blocks(self) -> bool {
                match self { $(Self::$name => $blocks,)+ }
            }
        }
    };
}

codes! {
    /// Deleted here.
    Deleted = "deleted", true;
    /// Apple lists it no longer.
    Gone = "gone", true;
    /// An administrator listed it and Apple has not.
    NotListed = "notListed", true;
    /// An administrator blocked it.
    Blocked = "blocked", true;
    /// No profile is wanted for it.
    Unassigned = "unassigned", true;
    /// Apple refused the profile.
    ProfileRefused = "profileRefused", true;
    /// The profile is not yet known at Apple.
    ProfilePending = "profilePending", true;
    /// Apple throttles the device.
    Throttled = "throttled", true;
    /// The assignment failed.
    AssignmentFailed = "assignmentFailed", true;
    /// The assignment is under way.
    WaitingForApple = "waitingForApple", true;
    /// It was set up with another profile.
    NeedsWipe = "needsWipe", true;
    /// No push certificate.
    NoPushCertificate = "noPushCertificate", true;
    /// Apple's terms wait.
    TermsNotAccepted = "termsNotAccepted", false;
    /// The token is not valid.
    TokenNotValid = "tokenNotValid", false;
    /// Its user may leave.
    Provisional = "provisional", false;
    /// It must have moved here by a date.
    Migration = "migration", false;
    /// It is managed.
    Enrolled = "enrolled", false;
    /// Nothing stands in the way.
    Ready = "ready", false;
}

impl ReadinessContext<'_> {
    fn is_managed(&self) -> bool {
        self.stage.is_some_and(Stage::is_managed)
    }
}

/// Judges a device. Every reason that holds is told, not the first alone.
pub fn readiness(device: &Device, context: &ReadinessContext<'_>, limits: &Limits) -> Readiness {
    let mut reasons = Vec::new();
    if let Some(reason) = of_presence(device) {
        reasons.push(reason);
    } else {
        reasons.extend(of_profile(device, context));
        reasons.extend(of_wipe(device, context));
        reasons.extend(of_block(device));
    }
    reasons.extend(of_token(context));
    reasons.extend(of_origin(device, context, limits));
    let ready = !reasons.iter().any(|reason| reason.code.blocks());
    if context.is_managed() {
        reasons.push(of_management(context, ready));
    } else if ready {
        let name = context.wanted.as_ref().map(|wanted| wanted.name).or(context.held).unwrap_or("a profile");
        let words = format!("Apple has “{name}” for it: switch it on and it enrols");
        reasons.push(reason(ReasonCode::Ready, words, "switch it on"));
    }
    reasons.sort_by_key(|reason| (!reason.code.blocks(), reason.code));
    Readiness { ready, reasons }
}

fn reason(code: ReasonCode, words: impl Into<String>, action: impl Into<String>) -> Reason {
    Reason { code, words: words.into(), action: action.into() }
}

fn of_presence(device: &Device) -> Option<Reason> {
    if let Some(at) = device.deleted_at {
        return Some(reason(
            ReasonCode::Deleted,
            format!(
                "it was deleted here at {}; a full sync shows it again as long as Apple lists it (R56)",
                at.rfc3339()
            ),
            "unassign it from the server at Apple, or ask for a full sync",
        ));
    }
    match device.presence {
        Presence::Present => None,
        Presence::Gone { .. } if device.apple.family.is_empty() => Some(reason(
            ReasonCode::NotListed,
            "an administrator listed this serial and Apple has not",
            "assign it to this server at Apple, then sync",
        )),
        Presence::Gone { at } => Some(reason(
            ReasonCode::Gone,
            format!(
                "Apple no longer lists it on this server since {}: it was released or moved",
                at.rfc3339()
            ),
            "assign it to this server at Apple, then sync",
        )),
    }
}

fn of_profile(device: &Device, context: &ReadinessContext<'_>) -> Option<Reason> {
    let Some(wanted) = &context.wanted else {
        let set = matches!(device.apple.profile_status, ProfileStatus::Assigned | ProfileStatus::Pushed);
        if set && context.held.is_some() {
            return None;
        }
        return Some(reason(
            ReasonCode::Unassigned,
            format!(
                "no profile is assigned to it, and “{}” has no default for its platform (R29)",
                context.token_name
            ),
            "assign a profile, or set a default profile",
        ));
    };
    if let Some(refusal) = wanted.refusal {
        return Some(reason(
            ReasonCode::ProfileRefused,
            format!("Apple refused the profile “{}”: {}", wanted.name, refusal.words),
            "change the profile and save it",
        ));
    }
    let Some(uuid) = wanted.uuid else {
        let words = format!("the profile “{}” is on its way to Apple", wanted.name);
        return Some(reason(ReasonCode::ProfilePending, words, "wait a moment"));
    };
    if is_right(device, uuid) {
        return None;
    }
    Some(of_assignment(device, wanted.name, context.now))
}

fn of_assignment(device: &Device, profile: &str, now: Time) -> Reason {
    let again = device.assignment.retry_at.rfc3339();
    let failed = |what: &str, action: &str| {
        let words =
            format!("the last assignment of “{profile}” at Apple failed: {what}; tried again at {again}");
        reason(ReasonCode::AssignmentFailed, words, action)
    };
    match &device.assignment.outcome {
        Some(Outcome::Throttled) if device.assignment.retry_at > now => reason(
            ReasonCode::Throttled,
            format!("Apple throttles it: assigned too often; “{profile}” is tried again at {again}"),
            "wait; trying earlier makes it longer",
        ),
        Some(Outcome::NotAccessible) => {
            failed("NOT_ACCESSIBLE, it is not on this server", "assign it to this server at Apple, then sync")
        }
        Some(Outcome::Failed) => failed("FAILED", ""),
        Some(Outcome::Unanswered) => failed("Apple did not mention it in its answer", ""),
        Some(Outcome::Other(word)) => failed(word, ""),
        Some(Outcome::Throttled | Outcome::Success) | None => reason(
            ReasonCode::WaitingForApple,
            format!("“{profile}” is being assigned to it at Apple"),
            "wait a moment; ready once Apple confirms it",
        ),
    }
}

/// A device takes a profile when it is set up, and keeps it until it is wiped (R4, R13).
fn of_wipe(device: &Device, context: &ReadinessContext<'_>) -> Option<Reason> {
    let wanted = context.wanted.as_ref();
    let enrolled = device.enrollment.profile.as_ref().filter(|_| context.is_managed());
    if let (Some(enrolled), Some(wanted)) = (enrolled, wanted)
        && enrolled != wanted.id
    {
        let old = context.enrolled_profile_name.unwrap_or("another profile");
        return Some(reason(
            ReasonCode::NeedsWipe,
            format!(
                "it was set up with “{old}” and keeps it until it is wiped; “{}” waits for that (R4)",
                wanted.name
            ),
            "wipe it",
        ));
    }
    let removed = device.apple.profile_status == ProfileStatus::Removed && enrolled.is_none();
    removed.then(|| {
        reason(
            ReasonCode::NeedsWipe,
            "its profile was taken away after the device had fetched it: it carries the old one until it is wiped (R4)",
            "wipe it",
        )
    })
}

fn of_block(device: &Device) -> Option<Reason> {
    let blocked = device.enrollment.state == EnrollmentState::Blocked;
    blocked.then(|| reason(ReasonCode::Blocked, "an administrator blocked it", "unblock it"))
}

/// A device under management goes on whatever stands in the way of its next set-up.
fn of_management(context: &ReadinessContext<'_>, ready: bool) -> Reason {
    let name = context.enrolled_profile_name.unwrap_or("its profile");
    let words = format!("it is managed with “{name}”");
    let action = if ready {
        "nothing to do"
    } else {
        "nothing to do for it as it is; the other reasons are about its next set-up"
    };
    reason(ReasonCode::Enrolled, words, action)
}

fn of_token(context: &ReadinessContext<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    match context.token.health {
        Health::Valid | Health::Expiring => {}
        Health::TermsNotAccepted => reasons.push(reason(
            ReasonCode::TermsNotAccepted,
            context.token.words.clone(),
            "accept the terms at Apple: until then nothing can be assigned or read",
        )),
        Health::Draft | Health::Rejected | Health::Expired => reasons.push(reason(
            ReasonCode::TokenNotValid,
            format!("“{}”: {}", context.token_name, context.token.words),
            "renew the token: until then what is shown here may be old",
        )),
    }
    if !context.push_certificate {
        reasons.push(reason(
            ReasonCode::NoPushCertificate,
            "there is no valid push certificate: devices are refused (R5)",
            "upload a push certificate",
        ));
    }
    reasons
}

fn of_origin(device: &Device, context: &ReadinessContext<'_>, limits: &Limits) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if let Some(until) = device.provisional_until(limits.provisional).filter(|until| *until > context.now) {
        reasons.push(reason(
            ReasonCode::Provisional,
            format!(
                "it was converted, not bought: its user may leave management until {} (R44)",
                until.rfc3339()
            ),
            "",
        ));
    }
    if let Some(deadline) = device.apple.migration_deadline.filter(|deadline| *deadline > context.now) {
        let words = format!("it moves here from another server by {} (N45)", deadline.rfc3339());
        reasons.push(reason(ReasonCode::Migration, words, ""));
    }
    reasons
}
