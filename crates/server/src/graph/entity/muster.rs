//! What Graph has no resource for: under `/beta/muster/`, by the same conventions.

use super::words::{ENROLLMENT_STATE, PLATFORM};
use super::{EntityType, Property, choice, date, flag, int, part, parts, text, texts};

/// A token's health, keys and clocks.
pub(crate) static TOKEN_STORY: EntityType = EntityType::new("muster.token", &[TOKEN]).search(&["tokenName"]);

const TOKEN: &[Property] = &[
    text("tokenName"),
    text("health"),
    text("words"),
    date("since"),
    parts("keys", "[muster.key]", &KEY),
    part("server", "muster.server", &SERVER),
    date("tokenExpirationDateTime"),
    int("deviceCount"),
    int("profileCount"),
    date("nextTimedSyncDateTime"),
    date("nextManualSyncDateTime"),
    date("nextFullSyncDateTime"),
];

/// The virtual server at Apple.
static SERVER: EntityType = EntityType::new("muster.server", &[AT_APPLE]).without_id();

const AT_APPLE: &[Property] =
    &[text("name"), text("uuid"), text("orgName"), text("orgType"), text("adminId")];

/// One run of a sync.
pub(crate) static SYNC_RUN: EntityType = EntityType::new("muster.syncRun", &[RUN]);

const RUN: &[Property] = &[
    text("kind"),
    text("trigger"),
    text("phase"),
    text("state"),
    text("words"),
    date("startedDateTime"),
    date("finishedDateTime"),
    date("deadlineDateTime"),
    int("pages"),
    int("devicesSeen"),
    int("devicesNew"),
    int("devicesChanged"),
    int("devicesGone"),
];

/// A serial under a token, and why it is or is not ready to unbox.
pub(crate) static READINESS: EntityType =
    EntityType::new("muster.deviceReadiness", &[STORY]).search(&["serialNumber", "model"]);

const STORY: &[Property] = &[
    text("tokenId"),
    text("tokenName").unasked(),
    text("serialNumber"),
    text("model"),
    text("deviceFamily"),
    choice("platform", "enum Platform", PLATFORM).or("unknown"),
    text("appleProfileStatus").column("profileStatus"),
    text("requestedProfileId").column("requestedEnrollmentProfileId"),
    text("requestedProfileName").unasked(),
    text("enrolledProfileId").unasked(),
    text("enrolledProfileName").unasked(),
    choice("enrollmentState", "enum EnrollmentState", ENROLLMENT_STATE).or("unknown"),
    text("managedDeviceId").unasked(),
    text("stage").unasked(),
    flag("ready").unasked(),
    parts("reasons", "[muster.reason]", &REASON),
    part("assignment", "muster.assignment", &ASSIGNMENT),
    date("convertedDateTime").unasked(),
    text("presence").unasked(),
];

/// Why a serial is not ready, or what is worth knowing of it.
static REASON: EntityType =
    EntityType::new("muster.reason", &[&[text("code"), text("words"), text("action")]]).without_id();

/// What became of the last attempt to assign.
static ASSIGNMENT: EntityType = EntityType::new(
    "muster.assignment",
    &[&[text("outcome"), date("attemptedDateTime"), date("retryDateTime")]],
)
.without_id();

/// What became of one serial of several.
pub(crate) static ASSIGNED: EntityType =
    EntityType::new("muster.assigned", &[&[text("serialNumber"), flag("ok"), text("words")]]).without_id();

/// What is worth a second look in a profile.
pub(crate) static WARNING: EntityType =
    EntityType::new("muster.warning", &[&[text("setting"), text("words"), text("requirement")]]).without_id();

/// What happens while Setup Assistant waits.
pub(crate) static SETUP: EntityType = EntityType::new("muster.setup", &[PLAN]);

const PLAN: &[Property] = &[
    text("managedDeviceId"),
    text("serialNumber"),
    text("state"),
    text("because"),
    date("startedDateTime"),
    date("deadlineDateTime"),
    parts("steps", "[muster.setupStep]", &STEP),
];

/// A step of a setup.
static STEP: EntityType =
    EntityType::new("muster.setupStep", &[&[text("kind"), text("state"), text("words")]]).without_id();

/// A command, pending or past.
pub(crate) static COMMAND: EntityType = EntityType::new("muster.command", &[ASKED]);

const ASKED: &[Property] =
    &[text("requestType"), text("state"), text("words"), date("queuedDateTime"), date("finishedDateTime")];

/// Something an administrator should know or do.
pub(crate) static ALERT: EntityType = EntityType::new("muster.alert", &[RAISED]);

const RAISED: &[Property] = &[
    text("kind"),
    text("severity"),
    text("subject"),
    text("title"),
    text("words"),
    text("action"),
    date("since"),
];

/// Trouble of a work loop at Apple, over or not.
pub(crate) static TROUBLE: EntityType = EntityType::new("muster.trouble", &[MET]);

const MET: &[Property] = &[
    text("kind"),
    text("subject"),
    text("words"),
    int("times"),
    flag("over"),
    date("since"),
    date("lastDateTime"),
    date("endedDateTime"),
];

/// The organisation.
pub(crate) static TENANT: EntityType = EntityType::new("muster.tenant", &[ORGANISATION]);

const ORGANISATION: &[Property] = &[
    text("organizationName"),
    text("organizationAddress"),
    text("organizationPhone"),
    text("organizationEmail"),
    flag("practice").read_only(),
    text("apiUrl").read_only(),
    text("deviceUrl").read_only(),
    texts("roles").read_only(),
];

/// One thing to be done before devices can enrol.
pub(crate) static CHECKLIST: EntityType = EntityType::new("muster.checklistItem", &[ITEM]);

const ITEM: &[Property] = &[text("item"), flag("done"), flag("blocks"), text("words")];

/// A key pair of a token.
pub(crate) static KEY: EntityType = EntityType::new("muster.key", &[PAIR]);

const PAIR: &[Property] = &[text("fingerprint"), date("createdDateTime"), text("state")];
