use domain::alert::AlertKind;
use domain::token::{Health, Prerequisite, ServerChange};
use muster_app::token::{self, NewToken, TokenChange, TokenUpload};
use muster_app::{AppError, profile};
use practice::apple::PlannedAnswer;
use practice::apple::catalogue::Family;
use practice::apple::org::Revocation;

use crate::bench::{BY, Bench, DAY, MINUTE, administrator};
use crate::engine::{Engine, on_both_engines};

on_both_engines! {
    /// Shows: R24
    a_renewal_keeps_cursor_key_and_profiles,
}

/// Shows: R6
#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_made_before_an_administrator_agreed() {
    let bench = Bench::start().await;
    let new = NewToken { name: "Headquarters".into(), ..NewToken::default() };
    let id = token::create(&bench.app, &bench.actor, new).await.unwrap().id;
    let refused = token::generate_key(&bench.app, &bench.actor, &id).await.unwrap_err();
    assert!(matches!(refused, AppError::Refused { .. }), "{refused}");
    let change = token::TokenChange { consent: Some(true), ..token::TokenChange::default() };
    token::update(&bench.app, &bench.actor, &id, change).await.unwrap();
    let key = token::generate_key(&bench.app, &bench.actor, &id).await.unwrap();
    assert_eq!(token::public_key(&bench.app, &bench.actor, &id).await.unwrap(), key);
}

/// Shows: R5
#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_made_before_there_is_a_push_certificate() {
    let bench = Bench::start().await;
    let new = NewToken { name: "Headquarters".into(), consent: true, ..NewToken::default() };
    let id = token::create(&bench.app, &bench.actor, new).await.unwrap().id;
    let server = bench.server_for(&id, "Headquarters").await;
    let refused = bench.upload(&id, server, false).await.unwrap_err();
    assert!(refused.to_string().contains("R5"), "{refused}");
    bench.add_push_certificate().await;
    bench.upload(&id, server, false).await.unwrap();
    bench.buy(server, Family::IPad, 1);
    let undone = |list: [domain::token::ChecklistItem; 5]| {
        list.into_iter().filter(|item| !item.done).map(|item| item.item).collect::<Vec<_>>()
    };
    let list = token::checklist(&bench.app, &bench.actor, Some(&id)).await.unwrap();
    assert_eq!(undone(list), [Prerequisite::Devices]);
    bench.sync().await;
    assert_eq!(undone(token::checklist(&bench.app, &bench.actor, None).await.unwrap()), []);
}

/// Shows: R18, R19, R21, R23
#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_connects_a_server_and_a_sync_follows() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let token = token::get(&bench.app, &bench.actor, &connected.token).await.unwrap();
    let account = token.server.as_ref().unwrap().account.clone().unwrap();
    assert_eq!(
        (account.server_name.as_str(), account.org_name.as_deref()),
        ("Headquarters", Some("Example Ltd"))
    );
    assert_eq!(token.apple_id.as_deref(), Some(BY));
    let bought = bench.buy(connected.server, Family::IPhone, 3);
    bench.sync().await;
    assert_eq!(bench.shown(&connected.token).await.len(), bought.len());
}

/// Shows: R20
#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_the_server_at_apple_is_a_label_and_binds_nothing() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let change = TokenChange { name: Some("Berlin".into()), ..TokenChange::default() };
    let token = token::update(&bench.app, &bench.actor, &connected.token, change).await.unwrap();
    assert_eq!(token.name, "Berlin");
    assert_eq!(token.server.unwrap().account.unwrap().server_name, "Headquarters");
    bench.buy(connected.server, Family::IPhone, 1);
    bench.sync().await;
    assert_eq!(bench.shown(&connected.token).await.len(), 1);
}

/// Shows: R19
#[tokio::test(flavor = "multi_thread")]
async fn a_file_for_a_key_that_was_left_behind_is_refused_with_the_keys_that_are_held() {
    let bench = Bench::start().await;
    bench.add_push_certificate().await;
    let new = NewToken { name: "Headquarters".into(), consent: true, ..NewToken::default() };
    let id = token::create(&bench.app, &bench.actor, new).await.unwrap().id;
    let server = bench.server_for(&id, "Headquarters").await;
    let newer = token::generate_key(&bench.app, &bench.actor, &id).await.unwrap();
    let refused = bench.upload(&id, server, false).await.unwrap_err().to_string();
    assert!(refused.contains(&newer.fingerprint[..16]), "{refused}");
    for file in [&b""[..], b"not a token", &[0x30, 0x80, 0, 0]] {
        let upload = TokenUpload { file: file.to_vec(), apple_id: None, confirm_other_server: false };
        let refused = token::upload(&bench.app, &bench.actor, &id, upload).await.unwrap_err();
        assert!(matches!(refused, AppError::Invalid { .. }), "{refused}");
    }
}

async fn a_renewal_keeps_cursor_key_and_profiles(engine: Engine) {
    let bench = Bench::on(engine, domain::Limits::default()).await;
    let connected = bench.connect("Headquarters").await;
    let id = &connected.token;
    bench.buy(connected.server, Family::IPad, 2);
    let profile = bench.profile(id, domain::Platform::Ios, "Sales").await;
    profile::set_default(&bench.app, &bench.actor, id, &profile).await.unwrap();
    bench.sync().await;
    bench.assign().await;
    let before = token::detail(&bench.app, &bench.actor, id).await.unwrap();
    let defined = bench.calls("POST /profile");
    let renewed = bench.upload(id, connected.server, false).await.unwrap();
    assert_eq!(renewed.change, ServerChange::Same);
    assert_eq!(renewed.token.key, before.token.key);
    let after = token::detail(&bench.app, &bench.actor, id).await.unwrap();
    assert_eq!(after.sync.unwrap().cursor, before.sync.unwrap().cursor);
    bench.sync().await;
    bench.assign().await;
    assert_eq!(bench.last_run(id).await.kind, domain::sync::SyncKind::Delta);
    assert_eq!(bench.calls("POST /profile"), defined, "nothing is defined anew");
}

/// Shows: R24
#[tokio::test(flavor = "multi_thread")]
async fn another_server_needs_confirmation_and_then_everything_begins_anew() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let id = &connected.token;
    let old = bench.buy(connected.server, Family::IPad, 2);
    let profile = bench.profile(id, domain::Platform::Ios, "Sales").await;
    profile::set_default(&bench.app, &bench.actor, id, &profile).await.unwrap();
    bench.sync().await;
    bench.assign().await;
    let other = bench.server_for(id, "Branch").await;
    let new = bench.buy(other, Family::IPad, 1);
    let refused = bench.upload(id, other, false).await.unwrap_err();
    assert!(
        matches!(&refused, AppError::NeedsConfirmation { words } if words.contains("Branch")),
        "{refused}"
    );
    assert_eq!(bench.upload(id, other, true).await.unwrap().change, ServerChange::Other);
    bench.sync().await;
    assert_eq!(bench.shown(id).await, new);
    assert!(!new.contains(&old[0]));
    bench.assign().await;
    assert_eq!(bench.profile_at_apple(other, &new[0]).as_deref(), Some("Sales"));
}

/// Shows: R24
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_apple_took_back_is_refused_while_it_is_in_hand() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let old = bench.practice.download_token(connected.server, BY).unwrap();
    bench.practice.download_token(connected.server, BY).unwrap();
    let upload = TokenUpload { file: old, apple_id: None, confirm_other_server: false };
    let refused = token::upload(&bench.app, &bench.actor, &connected.token, upload).await.unwrap_err();
    assert!(matches!(&refused, AppError::Invalid { target, .. } if target == "depToken"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_has_one_token() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let new = NewToken { name: "Twin".into(), consent: true, ..NewToken::default() };
    let twin = token::create(&bench.app, &bench.actor, new).await.unwrap().id;
    let key = token::generate_key(&bench.app, &bench.actor, &twin).await.unwrap();
    let certificate = pki::x509::Certificate::from_pem(&key.certificate_pem).unwrap();
    bench.practice.world().model().server_mut(connected.server).unwrap().certificate =
        certificate.der().to_vec();
    let refused = bench.upload(&twin, connected.server, false).await.unwrap_err();
    assert!(matches!(&refused, AppError::Conflict { words } if words.contains("Headquarters")), "{refused}");
}

/// Shows: R24, R27
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_alarms_after_several_rejections_and_a_renewal_ends_that() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    bench.sync().await;
    bench.practice.world().model().revoke_token(connected.server, Revocation::CreatorLeft).unwrap();
    let mut health = Vec::new();
    for _ in 0..5 {
        bench.clock.advance(13 * 60 * MINUTE);
        bench.sync().await;
        health.push(token::detail(&bench.app, &bench.actor, &connected.token).await.unwrap().health.health);
    }
    assert_eq!(health[0], Health::Valid, "one rejection is no alarm");
    assert_eq!(health[4], Health::Rejected);
    assert!(bench.alerts().await.contains(&AlertKind::TokenRejected));
    bench.upload(&connected.token, connected.server, false).await.unwrap();
    bench.sync().await;
    let detail = token::detail(&bench.app, &bench.actor, &connected.token).await.unwrap();
    assert_eq!(detail.health.health, Health::Valid);
    assert_eq!(bench.alerts().await, []);
}

/// Lessons 26.
/// Shows: N48
#[tokio::test(flavor = "multi_thread")]
async fn terms_that_wait_are_named_with_the_organisation_and_heal_by_themselves() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    bench.practice.world().model().org_mut(bench.org).unwrap().terms_pending = true;
    bench.sync().await;
    let detail = token::detail(&bench.app, &bench.actor, &connected.token).await.unwrap();
    assert_eq!(detail.health.health, Health::TermsNotAccepted);
    assert!(detail.health.words.contains("Example Ltd"), "{}", detail.health.words);
    assert_eq!(
        detail.sync.unwrap().last_error.unwrap().code,
        domain::sync::SyncProblem::TermsNotAccepted.code()
    );
    assert!(bench.alerts().await.contains(&AlertKind::TermsNotAccepted));
    bench.practice.world().model().org_mut(bench.org).unwrap().terms_pending = false;
    bench.clock.advance(61 * MINUTE);
    bench.sync().await;
    assert_eq!(bench.alerts().await, []);
}

/// Shows: R24
#[tokio::test(flavor = "multi_thread")]
async fn terms_that_stop_an_assignment_are_told_of_and_looked_at_again_within_the_hour() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let serials = bench.buy(connected.server, Family::IPad, 1);
    bench.sync().await;
    bench.practice.world().model().org_mut(bench.org).unwrap().terms_pending = true;
    let profile = bench.profile(&connected.token, domain::Platform::Ios, "Office").await;
    profile::set_default(&bench.app, &bench.actor, &connected.token, &profile).await.unwrap();
    bench.assign().await;
    assert!(bench.alerts().await.contains(&AlertKind::TermsNotAccepted));
    bench.practice.world().model().org_mut(bench.org).unwrap().terms_pending = false;
    bench.clock.advance(61 * MINUTE);
    bench.sync().await;
    assert_eq!(bench.alerts().await, []);
    bench.assign().await;
    let device = bench.device(&serials[0]).await;
    assert_eq!(device.apple.profile_status, domain::device::ProfileStatus::Assigned);
}

/// Shows: R18
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_while_apple_is_away_and_the_server_is_learnt_later() {
    let bench = Bench::start().await;
    bench.practice.world().faults().plan("GET /account", 1, PlannedAnswer::new(503, "away"));
    let connected = bench.connect("Headquarters").await;
    let token = token::get(&bench.app, &bench.actor, &connected.token).await.unwrap();
    assert_eq!(token.server.unwrap().account, None);
    bench.sync().await;
    let token = token::get(&bench.app, &bench.actor, &connected.token).await.unwrap();
    assert_eq!(token.server.unwrap().account.unwrap().server_name, "Headquarters");
}

/// Shows: R25, R26
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_deleted_for_good_once_nothing_is_assigned_to_it() {
    let mut bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let id = &connected.token;
    let serials = bench.buy(connected.server, Family::IPad, 2);
    bench.profile(id, domain::Platform::Ios, "Sales").await;
    bench.sync().await;
    let refused = token::delete(&bench.app, &bench.actor, id, true).await.unwrap_err();
    assert!(matches!(&refused, AppError::Conflict { words } if words.contains("2 devices")), "{refused}");
    bench.place(&serials, None);
    bench.clock.advance(12 * 60 * MINUTE);
    bench.sync().await;
    let refused = token::delete(&bench.app, &bench.actor, id, false).await.unwrap_err();
    assert!(matches!(refused, AppError::NeedsConfirmation { .. }), "{refused}");
    token::delete(&bench.app, &bench.actor, id, true).await.unwrap();
    let again = token::delete(&bench.app, &bench.actor, id, true).await.unwrap_err();
    assert!(matches!(again, AppError::NotFound { .. }), "{again}");
    bench.restart().await;
    bench.clock.advance(8 * DAY);
    bench.sync().await;
    bench.assign().await;
    assert!(token::get(&bench.app, &bench.actor, id).await.is_err());
    assert_eq!(bench.alerts().await, []);
}

/// Shows: R16
#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_counted_and_limited() {
    let bench = Bench::with_limits(domain::Limits { tokens: 1, ..domain::Limits::default() }).await;
    let new = |name: &str| NewToken { name: name.into(), ..NewToken::default() };
    token::create(&bench.app, &bench.actor, new("One")).await.unwrap();
    let refused = token::create(&bench.app, &bench.actor, new("Two")).await.unwrap_err();
    assert!(matches!(refused, AppError::Conflict { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_and_a_device_reach_nothing() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let id = &connected.token;
    let stranger = administrator("other");
    let not_found = |error: &AppError| matches!(error, AppError::NotFound { .. });
    assert!(not_found(&token::get(&bench.app, &stranger, id).await.unwrap_err()));
    assert!(not_found(&token::delete(&bench.app, &stranger, id, true).await.unwrap_err()));
    assert!(not_found(&token::generate_key(&bench.app, &stranger, id).await.unwrap_err()));
    assert!(not_found(&muster_app::sync::request(&bench.app, &stranger, id, false).await.unwrap_err()));
    let device = muster_app::Actor { kind: muster_app::ActorKind::Device, ..bench.actor.clone() };
    let refused = token::delete(&bench.app, &device, id, true).await.unwrap_err();
    assert!(matches!(refused, AppError::Refused { .. }), "{refused}");
}

/// Shows: R12
#[tokio::test(flavor = "multi_thread")]
async fn the_organisation_is_called_what_apple_calls_it_until_an_administrator_names_it() {
    let bench = Bench::start().await;
    let organization = async || muster_app::tenant::get(&bench.app, &bench.actor).await.unwrap().organization;
    assert_eq!(organization().await.name, domain::tenant::NAME_AT_FIRST);
    bench.connect("Headquarters").await;
    let learnt = organization().await;
    assert_eq!((learnt.name.as_str(), learnt.email.as_deref()), ("Example Ltd", Some(crate::bench::BY)));
    let named = domain::tenant::Organization { name: "Ours".into(), ..learnt };
    muster_app::tenant::update(&bench.app, &bench.actor, named.clone()).await.unwrap();
    bench.connect("Branch").await;
    assert_eq!(organization().await, named);
}

/// Shows: R12
#[tokio::test(flavor = "multi_thread")]
async fn the_organisation_is_named_by_the_first_sync_if_apple_was_away_at_the_upload() {
    let bench = Bench::start().await;
    bench.practice.world().faults().plan("GET /account", 1, PlannedAnswer::new(503, "away"));
    bench.connect("Headquarters").await;
    let name = async || muster_app::tenant::get(&bench.app, &bench.actor).await.unwrap().organization.name;
    assert_eq!(name().await, domain::tenant::NAME_AT_FIRST);
    bench.clock.advance(crate::bench::HOUR);
    bench.sync().await;
    assert_eq!(name().await, "Example Ltd");
}
