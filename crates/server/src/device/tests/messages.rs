use std::time::Duration;

use ::app::managed_device::{Action, Wipe, act};
use domain::device::EnrollmentState;
use domain::managed_device::Stage;
use domain::profile::ProfileSettings;
use http::StatusCode;
use mdm::guard::Value;
use net::PeerCertificates;

use super::pretend::{House, Pad, SERIAL, UDID, key, xml};

async fn enrolled() -> (House, Pad) {
    let house = House::ready(ProfileSettings::default()).await;
    let mut pad = Pad::new();
    pad.enrol(&house, false).await;
    pad.obey(&house).await;
    (house, pad)
}

#[tokio::test]
async fn a_device_enrols_and_its_serial_says_so() {
    let (house, _) = enrolled().await;
    let device = house.managed().await;
    assert_eq!((device.stage, device.profile_name.as_str()), (Stage::Enrolled, "Classroom"));
    let row = house.serial_row().await;
    assert_eq!(row.enrollment.state, EnrollmentState::Enrolled);
    assert_eq!(row.enrollment.managed_device, Some(device.id));
}

/// Shows: N20
#[tokio::test]
async fn a_device_keeps_the_profile_that_it_enrolled_with_and_waits_for_another_one_that_is_wanted() {
    let (house, mut pad) = enrolled().await;
    let row = house.serial_row().await;
    assert_eq!(row.wanted_profile, Some(house.managed().await.profile), "whatever the default becomes");
    house.change_row(|row| assert!(row.want(Some("other".parse().unwrap()), domain::Time::EPOCH))).await;
    pad.enrol(&house, false).await;
    let row = house.serial_row().await;
    assert_eq!(row.enrollment.state, EnrollmentState::PendingReset);
    assert_eq!(row.enrollment.last_contact, Some(house.now()));
    pad.say(&house, &[("MessageType", "CheckOut".into()), ("Topic", "t".into())]).await;
    let row = house.serial_row().await;
    assert_eq!((row.enrollment.state, row.enrollment.profile), (EnrollmentState::NotContacted, None));
    assert_eq!(row.wanted_profile.unwrap().as_str(), "other");
}

/// Refuses: E
#[tokio::test]
async fn the_tls_certificate_proves_as_well_as_the_signature_and_both_must_agree() {
    let (house, pad) = enrolled().await;
    let body = xml(&[("UDID", UDID.into()), ("Status", "Idle".into())]);
    let own = PeerCertificates::new(vec![pad.identity.clone().unwrap().der().to_vec()]).unwrap();
    let other = PeerCertificates::new(vec![house.ca().await.der().to_vec()]).unwrap();
    let put = |peer: Option<PeerCertificates>, signature: Option<String>| {
        let mut request = http::Request::put("/t/default/connect");
        if let Some(signature) = signature {
            request = request.header("Mdm-Signature", signature);
        }
        let mut request = request.body(axum::body::Body::from(body.clone())).unwrap();
        request.extensions_mut().extend(
            peer.map(|peer| {
                let mut extensions = http::Extensions::new();
                extensions.insert(peer);
                extensions
            })
            .unwrap_or_default(),
        );
        house.send(request)
    };
    assert_eq!(put(Some(own.clone()), None).await.status, StatusCode::OK);
    assert_eq!(put(Some(own), Some(pad.signature(&body))).await.status, StatusCode::OK);
    assert_eq!(put(Some(other.clone()), Some(pad.signature(&body))).await.status, StatusCode::FORBIDDEN);
    assert_eq!(put(Some(other), None).await.status, StatusCode::FORBIDDEN);
}

/// Refuses: D, E
/// No proof is not trust.
#[tokio::test]
async fn a_message_without_proof_is_refused() {
    let (house, pad) = enrolled().await;
    let body = xml(&[("UDID", UDID.into()), ("Status", "Idle".into())]);
    let put = |signatures: Vec<String>| {
        let mut request = http::Request::put("/t/default/mdm");
        for signature in signatures {
            request = request.header("Mdm-Signature", signature);
        }
        house.send(request.body(axum::body::Body::from(body.clone())).unwrap())
    };
    let good = pad.signature(&body);
    let of_other_bytes = pad.signature(b"other bytes");
    for signatures in
        [vec![], vec![String::new()], vec!["%%".into()], vec![good.clone(), good], vec![of_other_bytes]]
    {
        assert_eq!(put(signatures).await.status, StatusCode::FORBIDDEN);
    }
}

/// Refuses: S
/// Device B holds a good identity and says that it is device A.
#[tokio::test]
async fn a_device_that_authenticates_as_another_is_refused() {
    let (house, pad) = enrolled().await;
    let mut other = Pad::other();
    other.get_identity(&house).await;
    let as_the_first = Pad { serial: SERIAL, udid: UDID, key: key(1), identity: other.identity.clone() };
    assert_eq!(as_the_first.authenticate(&house).await.status, StatusCode::FORBIDDEN);
    let with_its_own_udid =
        Pad { serial: SERIAL, key: key(1), identity: other.identity.clone(), ..Pad::other() };
    assert_eq!(with_its_own_udid.authenticate(&house).await.status, StatusCode::FORBIDDEN);
    assert_eq!(as_the_first.token_update(&house, false).await.status, StatusCode::FORBIDDEN);
    assert_eq!(as_the_first.idle(&house).await.status, StatusCode::FORBIDDEN);
    assert_eq!(pad.idle(&house).await.status, StatusCode::OK);
}

/// Refuses: D, T
/// Nothing is bound afterwards; who has no identity of ours stays out.
#[tokio::test]
async fn an_identity_that_was_not_issued_for_an_enrolment_is_refused() {
    let (house, _) = enrolled().await;
    let policy = pki::x509::IssuePolicy::new(
        pki::x509::Name::of(UDID),
        pki::x509::Validity::days(house.clock.now_unix(), 9),
        pki::x509::Usage::ClientIdentity,
    );
    let strange = super::pretend::authority("Another CA", 1).issue(&policy, key(1).public_key()).unwrap();
    let pad = Pad { key: key(1), identity: Some(strange), ..Pad::new() };
    assert_eq!(pad.authenticate(&house).await.status, StatusCode::FORBIDDEN);
    assert_eq!(pad.idle(&house).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn commands_are_handed_out_one_by_one_and_a_lost_answer_is_asked_for_again() {
    let (house, pad) = enrolled().await;
    let id = house.managed().await.id;
    act(&house.app, &house.actor(), &id, Action::SyncDevice).await.unwrap();
    act(&house.app, &house.actor(), &id, Action::RebootNow).await.unwrap();
    let first = pad.idle(&house).await;
    assert_eq!(first.request_type().as_deref(), Some("DeviceInformation"));
    assert_eq!(pad.idle(&house).await.body, first.body, "sent again, for its answer was lost");
    let second = pad.answer(&house, &first, "Acknowledged").await;
    assert_eq!(second.request_type().as_deref(), Some("RestartDevice"));
    let again = pad.answer(&house, &first, "Acknowledged").await;
    assert_eq!(again.body, second.body, "an answer given twice changes nothing");
    assert!(pad.answer(&house, &second, "Acknowledged").await.body.is_empty());
    assert!(pad.idle(&house).await.body.is_empty());
}

#[tokio::test]
async fn not_now_is_asked_again_on_the_next_connection_and_not_on_this() {
    let (house, pad) = enrolled().await;
    let id = house.managed().await.id;
    act(&house.app, &house.actor(), &id, Action::SyncDevice).await.unwrap();
    act(&house.app, &house.actor(), &id, Action::RebootNow).await.unwrap();
    let first = pad.idle(&house).await;
    let second = pad.answer(&house, &first, "NotNow").await;
    assert_eq!(second.request_type().as_deref(), Some("RestartDevice"), "others may go on");
    assert!(pad.answer(&house, &second, "Acknowledged").await.body.is_empty());
    assert_eq!(pad.idle(&house).await.body, first.body);
}

#[tokio::test]
async fn a_refused_command_is_in_history_with_the_devices_words() {
    let (house, pad) = enrolled().await;
    let id = house.managed().await.id;
    act(&house.app, &house.actor(), &id, Action::RebootNow).await.unwrap();
    let command = pad.idle(&house).await;
    let mut link = mdm::guard::Dictionary::new();
    link.insert("ErrorCode".into(), 12021.into());
    link.insert("ErrorDomain".into(), "MCMDMErrorDomain".into());
    link.insert("USEnglishDescription".into(), "Unknown command".into());
    let chain = vec![("ErrorChain", Value::Array(vec![Value::Dictionary(link)]))];
    assert!(pad.answer_with(&house, &command, "Error", chain).await.body.is_empty());
    let history = ::app::command::history(&house.app, &house.actor(), &id).await.unwrap();
    let words = format!("{:?}", history[0].outcome);
    assert!(words.contains("Unknown command") && words.contains("12021"), "{words}");
}

/// An idle check-in writes nothing by itself: when the device was seen is written by the loop.
#[tokio::test]
async fn when_a_device_was_seen_is_written_in_batches() {
    let (house, pad) = enrolled().await;
    ::app::loops::last_seen::turn(house.app.clone()).await.unwrap();
    let (version, before) = (house.managed().await.version, house.now());
    house.pass(Duration::from_secs(60));
    assert!(pad.idle(&house).await.body.is_empty());
    assert_eq!(house.managed().await.last_seen, Some(before));
    ::app::loops::last_seen::turn(house.app.clone()).await.unwrap();
    let device = house.managed().await;
    assert_eq!((device.last_seen, device.version), (Some(house.now()), version));
}

#[tokio::test]
async fn a_device_that_checks_out_waits_for_nothing_and_may_enrol_anew() {
    let (house, mut pad) = enrolled().await;
    let id = house.managed().await.id;
    act(&house.app, &house.actor(), &id, Action::RebootNow).await.unwrap();
    let out = [("MessageType", "CheckOut".into()), ("Topic", "t".into())];
    assert_eq!(pad.say(&house, &out).await.status, StatusCode::OK);
    assert_eq!(house.managed().await.stage, Stage::CheckedOut);
    assert_eq!(::app::command::pending(&house.app, &house.actor(), &id).await.unwrap(), 0);
    assert!(pad.idle(&house).await.body.is_empty());
    let refused = act(&house.app, &house.actor(), &id, Action::RebootNow).await;
    assert!(matches!(refused, Err(::app::AppError::Conflict { .. })));
    pad.enrol(&house, false).await;
    let device = house.managed().await;
    assert_eq!((device.stage, device.enrolment, device.id), (Stage::Enrolled, 2, id));
}

/// A device that was erased by its user says nothing; it enrols anew, and what waited for its former life is over.
#[tokio::test]
async fn a_new_enrolment_inherits_neither_commands_nor_secrets() {
    let (house, mut pad) = enrolled().await;
    let id = house.managed().await.id;
    let boot =
        [("MessageType", "SetBootstrapToken".into()), ("BootstrapToken", Value::Data(b"boot".to_vec()))];
    pad.say(&house, &boot).await;
    act(&house.app, &house.actor(), &id, Action::RebootNow).await.unwrap();
    let reboot = pad.idle(&house).await;
    pad.get_identity(&house).await;
    assert_eq!(pad.authenticate(&house).await.status, StatusCode::OK);
    assert!(pad.idle(&house).await.body.is_empty(), "nothing is sent before its token");
    assert_eq!(pad.token_update(&house, false).await.status, StatusCode::OK);
    assert!(!pad.obey(&house).await.contains(&"RestartDevice".to_owned()));
    pad.answer(&house, &reboot, "Acknowledged").await;
    let history = ::app::command::history(&house.app, &house.actor(), &id).await.unwrap();
    let reboot = history.iter().find(|finished| finished.request_type == "RestartDevice").unwrap();
    assert_eq!(reboot.outcome, domain::command::CommandOutcome::Cancelled);
    assert!(pad.say(&house, &[("MessageType", "GetBootstrapToken".into())]).await.plist().is_empty());
}

/// Shows: R4
#[tokio::test]
async fn a_wiped_device_is_erased_when_it_says_so_and_enrols_anew() {
    let (house, mut pad) = enrolled().await;
    let id = house.managed().await.id;
    act(&house.app, &house.actor(), &id, Action::Wipe(Wipe::default())).await.unwrap();
    let erase = pad.idle(&house).await;
    assert_eq!(erase.request_type().as_deref(), Some("EraseDevice"));
    assert_eq!(house.managed().await.stage, Stage::Enrolled);
    pad.answer(&house, &erase, "Acknowledged").await;
    assert_eq!(house.managed().await.stage, Stage::Erased);
    assert_eq!(house.serial_row().await.enrollment.state, EnrollmentState::NotContacted);
    pad.enrol(&house, true).await;
    assert_eq!(house.managed().await.stage, Stage::AwaitingConfiguration);
}

#[tokio::test]
async fn the_bootstrap_token_comes_back_and_the_unlock_token_clears_the_passcode() {
    let (house, pad) = enrolled().await;
    let get = [("MessageType", "GetBootstrapToken".into())];
    assert!(pad.say(&house, &get).await.plist().is_empty());
    let set =
        [("MessageType", "SetBootstrapToken".into()), ("BootstrapToken", Value::Data(b"boot".to_vec()))];
    assert_eq!(pad.say(&house, &set).await.status, StatusCode::OK);
    assert_eq!(pad.say(&house, &get).await.plist()["BootstrapToken"].as_data(), Some(&b"boot"[..]));
    assert_eq!(pad.say(&house, &[("MessageType", "SetBootstrapToken".into())]).await.status, StatusCode::OK);
    assert!(pad.say(&house, &get).await.plist().is_empty());
    let id = house.managed().await.id;
    act(&house.app, &house.actor(), &id, Action::ResetPasscode).await.unwrap();
    let clear = pad.idle(&house).await.plist();
    assert_eq!(clear["Command"].as_dictionary().unwrap()["UnlockToken"].as_data(), Some(&b"unlock"[..]));
}

#[tokio::test]
async fn messages_that_we_do_not_serve_have_their_answers() {
    let (house, pad) = enrolled().await;
    let status = async |said: &[(&str, Value)]| pad.say(&house, said).await.status;
    let service = ("TokenServiceType", Value::from("com.example"));
    assert_eq!(status(&[("MessageType", "GetToken".into()), service]).await, StatusCode::BAD_REQUEST);
    let endpoint = ("Endpoint", Value::from("tokens"));
    assert_eq!(
        status(&[("MessageType", "DeclarativeManagement".into()), endpoint]).await,
        StatusCode::NOT_FOUND
    );
    let user = ("UserID", Value::from("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"));
    let name = ("UserShortName", Value::from("ann@school.test"));
    let asks = [("MessageType", "UserAuthenticate".into()), user.clone(), name.clone()];
    assert_eq!(status(&asks).await, StatusCode::GONE);
    assert_eq!(status(&[("Status", "Idle".into()), user, name]).await, StatusCode::OK);
    assert_eq!(status(&[("MessageType", "Unheard".into())]).await, StatusCode::BAD_REQUEST);
}
