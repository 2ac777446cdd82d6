//! Samples of everything that the store holds.

use std::collections::BTreeMap;

use domain::command::{Command, CommandState, Purpose};
use domain::device::{AppleRecord, Assignment, Device, DiscoverySource, Enrollment, Presence};
use domain::identity::Challenge;
use domain::managed_device::{DeviceInfo, ManagedDevice, PinnedCertificate, PushTarget, Stage};
use domain::profile::{DefinedProfile, Profile, ProfileSettings};
use domain::push::PushCertificate;
use domain::setup::{SetupPlan, SetupState, Step, StepKind, StepState};
use domain::sync::{Counts, Cursor, Phase, RunState, SyncKind, SyncRun, SyncState, Trigger};
use domain::tenant::{AppleSide, Organization, Tenant};
use domain::token::{Account, Consent, KeyPair, ServerToken, Standing, Token};
use domain::{Platform, Serial, TenantId, Time, TokenId};

/// Reads an id or a serial.
pub(crate) fn id<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().unwrap()
}

pub(crate) fn at(seconds: i64) -> Time {
    Time::from_unix(1_800_000_000 + seconds)
}

pub(crate) fn tenant(name: &str) -> Tenant {
    Tenant {
        id: id(name),
        organization: Organization { name: "Größe & Söhne".into(), ..Organization::default() },
        apple: AppleSide::real(),
        created_at: at(0),
        version: 1,
    }
}

pub(crate) fn token(tenant: &TenantId, name: &str) -> Token {
    let key = KeyPair {
        id: id("key-1"),
        certificate_pem: "-----BEGIN CERTIFICATE-----".into(),
        fingerprint: "ab".repeat(32),
        created_at: at(1),
    };
    Token {
        tenant: tenant.clone(),
        id: id(name),
        version: 1,
        name: format!("Token {name}"),
        apple_id: Some("admin@example.com".into()),
        consent: Some(Consent { at: at(1), by: "admin".into() }),
        scope_tags: vec!["0".into()],
        share_with_school_data_sync: false,
        key: Some(key.clone()),
        pending_key: Some(KeyPair { id: id("key-2"), ..key }),
        server: Some(ServerToken {
            consumer_key: format!("CK_{name}"),
            expires_at: at(86_400 * 365),
            uploaded_at: at(2),
            key: id("key-1"),
            account: Some(Account {
                server_name: "Muster".into(),
                server_uuid: format!("SERVER-{name}"),
                ..Account::default()
            }),
        }),
        standing: Standing::TermsNotAccepted { since: at(3) },
        default_profiles: BTreeMap::new(),
        created_at: at(1),
        modified_at: at(2),
        deleted_at: None,
    }
}

pub(crate) fn sync_state(tenant: &TenantId, token: &TokenId) -> SyncState {
    SyncState {
        tenant: tenant.clone(),
        token: token.clone(),
        version: 1,
        cursor: Some(Cursor {
            value: "c".repeat(1_000),
            phase: Phase::Sync,
            stored_at: at(5),
            incomplete: true,
        }),
        pass: 3,
        pass_open: true,
        needs_full: None,
        last_full_at: Some(at(4)),
        last_manual_at: None,
        last_triggered_at: Some(at(5)),
        last_success_at: Some(at(6)),
        last_error: Some(domain::sync::SyncError { code: 7, words: "no".into(), at: at(4) }),
        next_due: at(100),
        run: Some(id("run-1")),
    }
}

pub(crate) fn sync_run(tenant: &TenantId, token: &TokenId, name: &str, started: i64) -> SyncRun {
    SyncRun {
        tenant: tenant.clone(),
        token: token.clone(),
        id: id(name),
        kind: SyncKind::Full,
        trigger: Trigger::Manual,
        phase: Phase::Fetch,
        state: RunState::Failed { code: 3, words: "429".into() },
        started_at: at(started),
        deadline: at(started + 900),
        finished_at: Some(at(started + 10)),
        pages: 12,
        counts: Counts { seen: 12_000, new: 3, changed: 2, gone: 1, ..Counts::default() },
    }
}

pub(crate) fn device(tenant: &TenantId, token: &TokenId, serial: &str) -> Device {
    let apple = AppleRecord {
        model: "iPad (9th generation)".into(),
        family: "iPad".into(),
        os: "iOS".into(),
        op_date: Some(at(9)),
        ..AppleRecord::default()
    };
    Device {
        tenant: tenant.clone(),
        token: token.clone(),
        id: id(&format!("id-{serial}")),
        version: 0,
        serial: id(serial),
        apple,
        presence: Presence::Present,
        deleted_at: None,
        seen_pass: 1,
        source: DiscoverySource::DeviceEnrollmentProgram,
        description: Some("für Übung".into()),
        wanted_profile: None,
        wanted_at: None,
        assignment: Assignment::default(),
        enrollment: Enrollment::default(),
        converted_at: None,
        created_at: at(10),
    }
}

pub(crate) fn profile(tenant: &TenantId, token: &TokenId, name: &str) -> Profile {
    Profile {
        tenant: tenant.clone(),
        token: token.clone(),
        id: id(name),
        version: 1,
        platform: Platform::Ios,
        settings: ProfileSettings {
            display_name: format!("Profile {name}"),
            supervised_mode_enabled: true,
            enabled_skip_keys: vec!["AppleID".into(), "Siri".into()],
            ..ProfileSettings::default()
        },
        created_at: at(20),
        modified_at: at(21),
    }
}

pub(crate) fn defined(profile: &Profile, uuid: &str, hash: &str, seconds: i64) -> DefinedProfile {
    DefinedProfile {
        tenant: profile.tenant.clone(),
        token: profile.token.clone(),
        profile: profile.id.clone(),
        profile_uuid: uuid.into(),
        content_hash: hash.into(),
        defined_at: at(seconds),
    }
}

pub(crate) fn managed(tenant: &TenantId, serial: &str) -> ManagedDevice {
    ManagedDevice {
        tenant: tenant.clone(),
        id: id(&format!("m-{serial}")),
        version: 1,
        serial: id(serial),
        udid: format!("UDID-{serial}"),
        device: id(&format!("id-{serial}")),
        token: id("token-1"),
        profile: id("profile-1"),
        profile_name: "Classroom".into(),
        platform: Platform::Ios,
        stage: Stage::Enrolled,
        enrolment: 1,
        certificate: Some(PinnedCertificate {
            fingerprint: format!("fp-{tenant}-{serial}"),
            not_after: at(1_000),
        }),
        next_certificate: None,
        pending: None,
        rival: None,
        info: DeviceInfo {
            device_name: Some("Straße 7".into()),
            os_version: Some("26.1".into()),
            product_name: Some("iPad12,1".into()),
            is_supervised: Some(true),
            total_storage_bytes: Some(64_000_000_000),
            ..DeviceInfo::default()
        },
        push: Some(PushTarget {
            topic: "com.apple.mgmt.External.1".into(),
            token: vec![1, 2, 255],
            magic: "MAGIC".into(),
            received_at: at(30),
            unreachable: None,
        }),
        awaiting_configuration: false,
        name_override: None,
        served_at: at(29),
        enrolled_at: Some(at(30)),
        last_seen: None,
    }
}

pub(crate) fn command(device: &ManagedDevice, name: &str, seq: i64) -> Command {
    Command {
        tenant: device.tenant.clone(),
        device: device.id.clone(),
        enrolment: device.enrolment,
        id: id(name),
        request_type: "DeviceInformation".into(),
        body: format!("<plist>{name}</plist>").into_bytes(),
        purpose: Purpose::Action("syncDevice".into()),
        state: CommandState::Queued,
        seq,
        queued_at: at(seq),
        sent_at: None,
        expires_at: at(10_000),
    }
}

pub(crate) fn plan(device: &ManagedDevice) -> SetupPlan {
    SetupPlan {
        tenant: device.tenant.clone(),
        device: device.id.clone(),
        enrolment: device.enrolment,
        version: 0,
        started_at: at(40),
        deadline: at(40 + 1_800),
        steps: vec![
            Step { kind: StepKind::Name, state: StepState::Done { at: at(41) }, limit_seconds: 300 },
            Step { kind: StepKind::SecurityInfo, state: StepState::Waiting, limit_seconds: 300 },
        ],
        state: SetupState::Running { holds: true },
        due_at: at(50),
    }
}

pub(crate) fn push_certificate(tenant: &TenantId) -> PushCertificate {
    PushCertificate {
        tenant: tenant.clone(),
        version: 0,
        current: None,
        pending_key: Some(id("push-key")),
        apple_id: Some("push@example.com".into()),
        modified_at: at(60),
        last_refusal: None,
    }
}

pub(crate) fn challenge(device: &ManagedDevice, hash: &str) -> Challenge {
    Challenge {
        hash: hash.into(),
        tenant: device.tenant.clone(),
        device: device.id.clone(),
        enrolment: 1,
        expires_at: at(900),
        used: None,
        certificate: None,
    }
}

pub(crate) fn serials(count: usize) -> Vec<Serial> {
    (0..count).map(|n| id(&format!("SER{n:05}"))).collect()
}
