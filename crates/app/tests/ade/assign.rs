use domain::Platform;
use domain::alert::AlertKind;
use domain::device::{Outcome, ProfileStatus};
use muster_app::{AppError, profile};
use practice::apple::PlannedAnswer;
use practice::apple::assign::SerialResult;
use practice::apple::catalogue::Family;

use crate::bench::{Bench, Connected, DAY, HOUR, MINUTE};
use crate::engine::{Engine, on_both_engines};

on_both_engines! {
    /// Shows: R29, R59, R15
    the_default_profile_reaches_every_device_in_calls_of_a_thousand,
}

const ASSIGN: &str = "PUT /profile/devices";
const DEFINE: &str = "POST /profile";

/// A server with iPads, a default profile, all synced and assigned.
async fn ready(count: usize) -> (Bench, Connected, Vec<String>, domain::ProfileId) {
    ready_on(Engine::Sqlite, count).await
}

async fn ready_on(engine: Engine, count: usize) -> (Bench, Connected, Vec<String>, domain::ProfileId) {
    let bench = Bench::on(engine, domain::Limits::default()).await;
    let connected = bench.connect("Headquarters").await;
    let serials = bench.buy(connected.server, Family::IPad, count);
    let sales = bench.profile(&connected.token, Platform::Ios, "Sales").await;
    profile::set_default(&bench.app, &bench.actor, &connected.token, &sales).await.unwrap();
    bench.sync().await;
    bench.assign().await;
    (bench, connected, serials, sales)
}

async fn the_default_profile_reaches_every_device_in_calls_of_a_thousand(engine: Engine) {
    let (bench, connected, serials, _) = ready_on(engine, 2_300).await;
    assert_eq!(bench.calls(ASSIGN), 3);
    assert_eq!(bench.profile_at_apple(connected.server, &serials[2_299]).as_deref(), Some("Sales"));
    assert_eq!(bench.readiness(&serials[0]).await, (true, vec!["ready"]));
    bench.assign().await;
    bench.clock.advance(12 * HOUR);
    bench.sync().await;
    bench.assign().await;
    assert_eq!(bench.calls(ASSIGN), 3, "what is right is never assigned again");
}

/// Lessons 13.
///
/// Shows: R59
#[tokio::test(flavor = "multi_thread")]
async fn a_default_holds_also_for_devices_that_were_there_before_it() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let pads = bench.buy(connected.server, Family::IPad, 1);
    let macs = bench.buy(connected.server, Family::Mac, 1);
    bench.sync().await;
    bench.assign().await;
    assert_eq!(bench.readiness(&pads[0]).await, (false, vec!["unassigned"]));
    let sales = bench.profile(&connected.token, Platform::Ios, "Sales").await;
    profile::set_default(&bench.app, &bench.actor, &connected.token, &sales).await.unwrap();
    bench.assign().await;
    assert!(bench.readiness(&pads[0]).await.0);
    assert_eq!(
        bench.readiness(&macs[0]).await,
        (false, vec!["unassigned"]),
        "the default is for its platform"
    );
}

/// Shows: R58
#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_profile_goes_before_the_default_and_back() {
    let (bench, connected, serials, _) = ready(2).await;
    let kiosk = bench.profile(&connected.token, Platform::Ios, "Kiosk").await;
    let lines = profile::assign(
        &bench.app,
        &bench.actor,
        &connected.token,
        &kiosk,
        &[serials[0].to_lowercase(), "NOSUCHSERIAL".into()],
    )
    .await
    .unwrap();
    assert_eq!(lines.iter().filter(|line| line.ok).count(), 1, "{lines:?}");
    bench.assign().await;
    assert_eq!(bench.profile_at_apple(connected.server, &serials[0]).as_deref(), Some("Kiosk"));
    assert_eq!(bench.profile_at_apple(connected.server, &serials[1]).as_deref(), Some("Sales"));
    profile::unassign(&bench.app, &bench.actor, &serials[..1]).await.unwrap();
    bench.assign().await;
    assert_eq!(bench.profile_at_apple(connected.server, &serials[0]).as_deref(), Some("Sales"));
}

/// Shows: R58
#[tokio::test(flavor = "multi_thread")]
async fn unassigning_without_a_default_takes_the_profile_away_at_apple() {
    let (bench, connected, serials, sales) = ready(1).await;
    profile::clear_default(&bench.app, &bench.actor, &connected.token, Platform::Ios).await.unwrap();
    profile::assign_across(&bench.app, &bench.actor, &sales, &serials).await.unwrap();
    let lines = profile::unassign(&bench.app, &bench.actor, &serials).await.unwrap();
    assert!(lines[0].ok && lines[0].words.contains("Apple has taken"), "{lines:?}");
    assert_eq!(bench.profile_at_apple(connected.server, &serials[0]), None);
    assert_eq!(bench.device(&serials[0]).await.apple.profile_status, ProfileStatus::Empty);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_of_another_token_or_platform_is_refused_in_its_line() {
    let (bench, _, serials, _) = ready(1).await;
    let other = bench.connect("Branch").await;
    let theirs = bench.profile(&other.token, Platform::Ios, "Theirs").await;
    let lines = profile::assign_across(&bench.app, &bench.actor, &theirs, &serials).await.unwrap();
    assert!(!lines[0].ok && lines[0].words.contains("Headquarters"), "{lines:?}");
    let macs = bench.profile(&bench.device(&serials[0]).await.token, Platform::MacOs, "Macs").await;
    let lines = profile::assign_across(&bench.app, &bench.actor, &macs, &serials).await.unwrap();
    assert!(!lines[0].ok && lines[0].words.contains("macOS"), "{lines:?}");
}

/// Lessons 20.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_profile_is_defined_anew_and_given_to_its_devices() {
    let (bench, connected, serials, sales) = ready(2).await;
    bench.rename_profile(&connected.token, &sales, "Sales 2").await;
    assert_eq!(bench.readiness(&serials[0]).await, (false, vec!["profilePending"]));
    bench.assign().await;
    assert_eq!(bench.profile_at_apple(connected.server, &serials[0]).as_deref(), Some("Sales 2"));
    assert_eq!(bench.calls(DEFINE), 2);
    bench.rename_profile(&connected.token, &sales, "Sales").await;
    bench.clock.advance(6 * MINUTE);
    bench.assign().await;
    assert_eq!(bench.profile_at_apple(connected.server, &serials[0]).as_deref(), Some("Sales"));
    assert_eq!(bench.calls(DEFINE), 2, "Apple still has the first one");
}

/// Lessons 4: put on the same server again at Apple, a device loses its profile.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_lost_its_profile_at_apple_gets_it_again() {
    let (bench, connected, serials, _) = ready(2).await;
    bench.clock.advance(HOUR);
    bench.place(&serials[..1], Some(connected.server));
    assert_eq!(bench.profile_at_apple(connected.server, &serials[0]), None);
    bench.clock.advance(12 * HOUR);
    bench.sync().await;
    bench.assign().await;
    assert_eq!(bench.profile_at_apple(connected.server, &serials[0]).as_deref(), Some("Sales"));
    assert_eq!(bench.calls(ASSIGN), 2);
}

/// Lessons 14.
#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_device_is_left_alone_until_apple_allows_it() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let serials = bench.buy(connected.server, Family::IPad, 2);
    let sales = bench.profile(&connected.token, Platform::Ios, "Sales").await;
    profile::set_default(&bench.app, &bench.actor, &connected.token, &sales).await.unwrap();
    bench.sync().await;
    bench.practice.world().faults().refuse(SerialResult::Throttled, [serials[0].clone()]);
    bench.assign().await;
    let device = bench.device(&serials[0]).await;
    assert_eq!(device.assignment.outcome, Some(Outcome::Throttled));
    assert!(device.assignment.retry_at.since(bench.app.now()) >= 23 * HOUR);
    assert_eq!(bench.readiness(&serials[0]).await, (false, vec!["throttled"]));
    assert_eq!(bench.alerts().await, [AlertKind::DevicesThrottled]);
    assert!(bench.readiness(&serials[1]).await.0, "the others are not held up");
    bench.practice.world().faults().clear();
    bench.clock.advance(HOUR);
    bench.assign().await;
    assert_eq!(bench.calls(ASSIGN), 1);
    bench.clock.advance(DAY);
    bench.assign().await;
    assert!(bench.readiness(&serials[0]).await.0);
    assert_eq!(bench.alerts().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_assignment_is_tried_again_with_growing_waits() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let serials = bench.buy(connected.server, Family::IPad, 1);
    let sales = bench.profile(&connected.token, Platform::Ios, "Sales").await;
    profile::set_default(&bench.app, &bench.actor, &connected.token, &sales).await.unwrap();
    bench.sync().await;
    bench.practice.world().faults().refuse(SerialResult::Failed, [serials[0].clone()]);
    let mut waits = Vec::new();
    for _ in 0..3 {
        bench.assign().await;
        let wait = bench.device(&serials[0]).await.assignment.retry_at.since(bench.app.now());
        waits.push(wait);
        bench.clock.advance(wait);
    }
    assert_eq!(waits, [5 * MINUTE, 10 * MINUTE, 20 * MINUTE]);
    assert_eq!(bench.readiness(&serials[0]).await, (false, vec!["assignmentFailed"]));
    bench.practice.world().faults().clear();
    bench.assign().await;
    assert!(bench.readiness(&serials[0]).await.0);
}

/// Lessons 19.
#[tokio::test(flavor = "multi_thread")]
async fn one_profile_that_apple_refuses_holds_up_no_other() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let pads = bench.buy(connected.server, Family::IPad, 1);
    let macs = bench.buy(connected.server, Family::Mac, 1);
    for (platform, name) in [(Platform::Ios, "Sales"), (Platform::MacOs, "Macs")] {
        let id = bench.profile(&connected.token, platform, name).await;
        profile::set_default(&bench.app, &bench.actor, &connected.token, &id).await.unwrap();
    }
    bench.sync().await;
    bench.practice.world().faults().plan(DEFINE, 1, PlannedAnswer::new(400, "CONFIG_NAME_INVALID"));
    bench.assign().await;
    let mut ready = [bench.readiness(&pads[0]).await, bench.readiness(&macs[0]).await];
    ready.sort();
    assert_eq!(ready, [(false, vec!["profileRefused"]), (true, vec!["ready"])]);
    assert_eq!(bench.alerts().await, [AlertKind::ProfileRefused]);
    let calls = bench.calls(DEFINE);
    bench.assign().await;
    assert_eq!(bench.calls(DEFINE), calls, "what was refused is not sent again unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_apple_no_longer_knows_is_defined_again() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let serials = bench.buy(connected.server, Family::IPad, 1);
    let sales = bench.profile(&connected.token, Platform::Ios, "Sales").await;
    profile::set_default(&bench.app, &bench.actor, &connected.token, &sales).await.unwrap();
    bench.sync().await;
    bench.practice.world().faults().plan(ASSIGN, 1, PlannedAnswer::new(404, "NOT_FOUND"));
    bench.assign().await;
    assert!(!bench.readiness(&serials[0]).await.0);
    bench.assign().await;
    assert_eq!(bench.calls(DEFINE), 1, "not at once: no storm");
    bench.clock.advance(16 * MINUTE);
    bench.assign().await;
    assert!(bench.calls(DEFINE) > 1);
    assert!(bench.readiness(&serials[0]).await.0);
}

/// Lessons 2: what was done at Apple and not written down is neither lost nor done twice to a device.
#[tokio::test(flavor = "multi_thread")]
async fn assignments_survive_a_restart_at_any_step() {
    let (mut bench, connected, serials, sales) = ready(3).await;
    bench.rename_profile(&connected.token, &sales, "Sales 2").await;
    bench.restart().await;
    bench.assign().await;
    assert_eq!(bench.profile_at_apple(connected.server, &serials[2]).as_deref(), Some("Sales 2"));
    bench.restart().await;
    bench.assign().await;
    assert_eq!((bench.calls(DEFINE), bench.calls(ASSIGN)), (2, 2));
}

/// Shows: R4
#[tokio::test(flavor = "multi_thread")]
async fn a_profile_taken_away_after_activation_needs_a_wipe_and_says_so() {
    let (bench, connected, serials, _) = ready(1).await;
    let now = bench.practice.world().now();
    bench.practice.world().model().activate(&serials[0], now);
    profile::clear_default(&bench.app, &bench.actor, &connected.token, Platform::Ios).await.unwrap();
    bench.clock.advance(12 * HOUR);
    bench.sync().await;
    assert_eq!(bench.device(&serials[0]).await.apple.profile_status, ProfileStatus::Pushed);
    profile::unassign(&bench.app, &bench.actor, &serials).await.unwrap();
    bench.clock.advance(12 * HOUR);
    bench.sync().await;
    let (ready, reasons) = bench.readiness(&serials[0]).await;
    assert!(!ready && reasons.contains(&"needsWipe"), "{reasons:?}");
}

/// Shows: R14, R54
#[tokio::test(flavor = "multi_thread")]
async fn profiles_are_counted_validated_and_deleted() {
    let bench =
        Bench::with_limits(domain::Limits { profiles_per_token: 1, ..domain::Limits::default() }).await;
    let connected = bench.connect("Headquarters").await;
    let id = &connected.token;
    let bad = domain::profile::ProfileSettings {
        display_name: "Bad".into(),
        profile_removal_disabled: true,
        ..domain::profile::ProfileSettings::default()
    };
    let refused = profile::create(&bench.app, &bench.actor, id, Platform::Ios, bad).await.unwrap_err();
    assert!(
        matches!(&refused, AppError::Invalid { target, .. } if target == "profileRemovalDisabled"),
        "{refused}"
    );
    let sales = bench.profile(id, Platform::Ios, "Sales").await;
    let another = domain::profile::ProfileSettings {
        display_name: "Another".into(),
        ..domain::profile::ProfileSettings::default()
    };
    let refused = profile::create(&bench.app, &bench.actor, id, Platform::Ios, another).await.unwrap_err();
    assert!(matches!(refused, AppError::Conflict { .. }), "{refused}");
    let serials = bench.buy(connected.server, Family::IPad, 1);
    bench.sync().await;
    profile::assign(&bench.app, &bench.actor, id, &sales, &serials).await.unwrap();
    let refused = profile::delete(&bench.app, &bench.actor, id, &sales, false).await.unwrap_err();
    assert!(matches!(refused, AppError::NeedsConfirmation { .. }), "{refused}");
    profile::delete(&bench.app, &bench.actor, id, &sales, true).await.unwrap();
    assert_eq!(bench.device(&serials[0]).await.wanted_profile, None);
}

/// Shows: R48
#[tokio::test(flavor = "multi_thread")]
async fn a_host_certificate_is_read_once_and_kept_by_its_thumbprint() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let pem = pki::x509::Certificate::from_der(&bench.practice.ca_cert_der).unwrap().to_pem();
    let host = |certificate: &str, thumbprint: &str| domain::profile::ManagementCertificate {
        certificate: certificate.into(),
        thumbprint: thumbprint.into(),
    };
    let settings = |host| domain::profile::ProfileSettings {
        display_name: "Hosts".into(),
        itunes_pairing_mode: domain::profile::PairingMode::RequiresCertificate,
        management_certificates: vec![host],
        ..domain::profile::ProfileSettings::default()
    };
    let create =
        |host| profile::create(&bench.app, &bench.actor, &connected.token, Platform::Ios, settings(host));
    let refused = create(host("QUJD", "")).await.unwrap_err();
    assert!(
        matches!(&refused, AppError::Invalid { target, .. } if target == "managementCertificates"),
        "{refused}"
    );
    let made = create(host(&pem, "")).await.unwrap().profile;
    let kept = made.settings.management_certificates[0].clone();
    assert!(kept.thumbprint.len() == 40 && !kept.certificate.contains('-'));
    let thumbprint = kept.thumbprint.to_lowercase();
    let edit: profile::Edit = std::sync::Arc::new(move |settings| {
        settings.management_certificates[0].certificate.clear();
        settings.management_certificates[0].thumbprint.clone_from(&thumbprint);
        Ok(())
    });
    let changed = profile::update(&bench.app, &bench.actor, &connected.token, &made.id, edit).await.unwrap();
    assert_eq!(changed.profile.settings.management_certificates, [kept]);
}
