//! What belongs to one tenant is invisible to another with the same ids, and out of its reach.

use std::time::Duration;

use domain::command::{CommandOutcome, CommandState};
use domain::invitation::Invitation;
use domain::profile::DefineRefusal;
use domain::secret::SecretKind;
use domain::user::methods::Methods;
use domain::{DeviceId, ManagedDeviceId, ProfileId, RunId, Serial, TenantId, Time, TokenId};
use store::application::credential::{self, Credential, CredentialKind};
use store::application::{self, Application};
use store::{
    PageQuery, StoreError, Tx, command, device, device_code, identity, invitation, lease, managed_device,
    profile, push, refresh_token, secret, session, setup, signing_key, sync, tenant, token, user,
};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{self, at, id};
use crate::sign_in;

on_both_engines!(
    another_tenant_sees_nothing,
    another_tenant_changes_nothing,
    the_same_ids_live_in_two_tenants,
    look_ups_without_a_tenant_name_the_tenant,
);

type Done = Result<(), StoreError>;

struct Ids {
    token: TokenId,
    profile: ProfileId,
    device: DeviceId,
    managed: ManagedDeviceId,
    serial: Serial,
    run: RunId,
}

fn ids() -> Ids {
    Ids {
        token: id("token-1"),
        profile: id("profile-1"),
        device: id("id-C01"),
        managed: id("m-C01"),
        serial: id("C01"),
        run: id("run-1"),
    }
}

fn refusal() -> DefineRefusal {
    DefineRefusal { content_hash: "h".into(), words: "CONFIG_NAME_INVALID".into(), at: at(1) }
}

fn application_of(tenant: &TenantId) -> Application {
    Application {
        tenant: tenant.clone(),
        id: format!("app-of-{tenant}"),
        name: "script".into(),
        created_at: at(1),
        roles: vec!["Reader".into()],
        is_public: false,
    }
}

fn credential_of(tenant: &TenantId) -> Credential {
    Credential {
        tenant: tenant.clone(),
        application: format!("app-of-{tenant}"),
        id: "secret-1".into(),
        kind: CredentialKind::Secret,
        display_name: "laptop".into(),
        hint: "abc".into(),
        value: "hash".into(),
        starts_at: at(1),
        ends_at: Some(at(9)),
    }
}

/// One of everything, with the same ids in every tenant.
async fn fill(tx: &mut Tx<'_>, tenant: &TenantId) -> Done {
    tenant::insert(tx, &sample::tenant(tenant.as_str())).await?;
    let mut token = sample::token(tenant, "token-1");
    token.default_profiles.insert(domain::Platform::Ios, id("profile-1"));
    token::insert(tx, &token).await?;
    sync::insert_state(tx, &sample::sync_state(tenant, &token.id)).await?;
    sync::run_insert(tx, &sample::sync_run(tenant, &token.id, "run-1", 1)).await?;
    let profile = sample::profile(tenant, &token.id, "profile-1");
    profile::insert(tx, &profile).await?;
    profile::defined_insert(tx, &sample::defined(&profile, "UUID-1", "hash", 1)).await?;
    profile::refusal_set(tx, tenant, &profile.id, &refusal()).await?;
    profile::set_url_secret(tx, tenant, &token.id, &profile.id, &format!("url-{tenant}")).await?;
    let mut throttled = sample::device(tenant, &token.id, "C01");
    throttled.assignment.outcome = Some(domain::device::Outcome::Throttled);
    throttled.assignment.retry_at = at(50);
    throttled.wanted_profile = Some(profile.id.clone());
    device::upsert_many(tx, &[throttled]).await?;
    let mut managed = sample::managed(tenant, "C01");
    managed.rival = Some(domain::managed_device::RivalUdid { udid: "other".into(), at: at(1) });
    managed_device::insert(tx, &managed).await?;
    command::enqueue(tx, &sample::command(&managed, "command-1", 1)).await?;
    let ended = sample::command(&managed, "command-0", 0);
    command::enqueue(tx, &ended).await?;
    command::finish(tx, &ended.end(CommandOutcome::Acknowledged, at(2))).await?;
    setup::replace(tx, &sample::plan(&managed)).await?;
    push::certificate_upsert(tx, &sample::push_certificate(tenant)).await?;
    push::wake_request(tx, tenant, &managed.id, at(5)).await?;
    identity::challenge_insert(tx, &sample::challenge(&managed, &format!("challenge-{tenant}"))).await?;
    identity::ca_insert(tx, tenant, tenant.as_str().as_bytes()).await?;
    identity::issued_insert(tx, tenant, &managed.id, "fp", "01", at(9), b"der").await?;
    secret::put(tx, tenant, SecretKind::CaKey, "ca", tenant.as_str().as_bytes()).await?;
    application::insert(tx, &application_of(tenant)).await?;
    credential::insert(tx, &credential_of(tenant)).await?;
    signing_key::insert(tx, tenant, &id("key-1"), at(1)).await?;
    fill_people(tx, tenant).await
}

/// A person, and all that lets them in.
async fn fill_people(tx: &mut Tx<'_>, tenant: &TenantId) -> Done {
    let ada = sign_in::person(tenant, "ada");
    user::insert(tx, &ada).await?;
    user::methods_insert(tx, &Methods::none(tenant.clone(), ada.id.clone())).await?;
    session::insert(tx, &sign_in::session_of(&ada, &format!("session-{tenant}"), 1)).await?;
    let link = Invitation { tenant: tenant.clone(), hash: "link".into(), user: None, created_at: at(1) };
    invitation::replace(tx, &link).await?;
    device_code::insert(tx, &sign_in::code_of(tenant, "code")).await?;
    refresh_token::insert(tx, &sign_in::refresh_of(&ada, "refresh", "family")).await
}

/// Every function that reads for a tenant, asked on behalf of one that has nothing.
async fn sees_nothing(tx: &mut Tx<'_>, stranger: &TenantId) -> Done {
    let Ids { token, profile, device, managed, serial, run } = ids();
    let all = PageQuery { limit: 10, count: true, ..PageQuery::default() };
    assert!(tenant::get(tx, stranger).await?.is_none());
    assert!(token::get(tx, stranger, &token).await?.is_none());
    assert!(token::list(tx, stranger).await?.is_empty());
    assert_eq!(token::count(tx, stranger).await?, 0);
    assert_eq!(token::contents(tx, stranger, &token).await?, token::TokenContents::default());
    assert!(token::find_by_consumer_key(tx, stranger, "CK_token-1").await?.is_none());
    assert!(token::find_by_server_uuid(tx, stranger, "SERVER-token-1").await?.is_none());
    assert_eq!(token::page(tx, stranger, &all).await?.total, Some(0));
    assert!(sync::state(tx, stranger, &token).await?.is_none());
    assert!(sync::run_get(tx, stranger, &token, &run).await?.is_none());
    assert!(sync::runs(tx, stranger, &token, 10).await?.is_empty());
    assert!(profile::get(tx, stranger, &token, &profile).await?.is_none());
    assert!(profile::list(tx, stranger, &token).await?.is_empty());
    assert_eq!(profile::count(tx, stranger, &token).await?, 0);
    assert_eq!(profile::page(tx, stranger, &token, &all).await?.total, Some(0));
    assert!(profile::defined_current(tx, stranger, &token, &profile, "hash").await?.is_none());
    assert!(profile::defined_by_uuid(tx, stranger, "UUID-1").await?.is_none());
    assert!(profile::wanted_undefined(tx, stranger, &token).await?.is_empty());
    assert!(profile::refusal_get(tx, stranger, &profile).await?.is_none());
    assert!(device::get(tx, stranger, &token, &device).await?.is_none());
    assert!(device::find_serial(tx, stranger, &serial).await?.is_empty());
    assert!(device::by_serials(tx, stranger, &token, std::slice::from_ref(&serial)).await?.is_empty());
    assert_eq!(device::page(tx, stranger, None, &all).await?.total, Some(0));
    assert_eq!(device::page(tx, stranger, Some(&token), &all).await?.total, Some(0));
    assert_eq!(device::count(tx, stranger, &token).await?, 0);
    assert_eq!(device::count_wanting(tx, stranger, &token, &profile).await?, 0);
    assert_eq!(device::count_throttled(tx, stranger, &token, at(0)).await?, 0);
    assert!(device::assignment_gap(tx, stranger, &token, Time::NEVER, 10).await?.is_empty());
    assert_eq!(device::next_assignment_due(tx, stranger, &token).await?, None);
    sees_no_management(tx, stranger, &managed, &serial, &all).await
}

async fn sees_no_management(
    tx: &mut Tx<'_>,
    stranger: &TenantId,
    managed: &ManagedDeviceId,
    serial: &Serial,
    all: &PageQuery,
) -> Done {
    assert!(managed_device::get(tx, stranger, managed).await?.is_none());
    assert!(managed_device::by_serial(tx, stranger, serial).await?.is_none());
    assert!(managed_device::by_udid(tx, stranger, "UDID-C01").await?.is_none());
    assert_eq!(managed_device::page(tx, stranger, all).await?.total, Some(0));
    assert!(managed_device::count_by_stage(tx, stranger).await?.is_empty());
    assert!(managed_device::rivals(tx, stranger, 10).await?.is_empty());
    assert!(command::next_for(tx, stranger, managed).await?.is_none());
    assert!(command::get(tx, stranger, managed, &id("command-1")).await?.is_none());
    assert!(command::pending(tx, stranger, managed).await?.is_empty());
    assert_eq!(command::pending_count(tx, stranger, managed).await?, 0);
    assert_eq!(command::last_seq(tx, stranger, managed).await?, None);
    assert!(command::history(tx, stranger, managed, 10).await?.is_empty());
    assert!(managed_device::expiring_identities(tx, stranger, Time::NEVER, 10).await?.is_empty());
    assert!(setup::get(tx, stranger, managed).await?.is_none());
    assert!(setup::active(tx, stranger, None, 10).await?.is_empty());
    assert!(setup::released_at_deadline(tx, stranger, 10).await?.is_empty());
    assert!(setup::stuck(tx, stranger, Time::NEVER, 10).await?.is_empty());
    assert!(push::certificate_get(tx, stranger).await?.is_none());
    assert!(identity::ca_get(tx, stranger).await?.is_none());
    assert!(identity::issued_get(tx, stranger, "fp").await?.is_none());
    assert!(secret::get(tx, stranger, SecretKind::CaKey, "ca").await?.is_none());
    assert!(application::list(tx, stranger).await?.is_empty());
    assert!(credential::list(tx, stranger, "app-of-owner").await?.is_empty());
    assert!(signing_key::list(tx, stranger).await?.is_empty());
    let ada = id("id-ada");
    assert!(user::get(tx, stranger, &ada).await?.is_none());
    assert!(user::by_name(tx, stranger, "ada@schule.example").await?.is_none());
    assert!(user::list(tx, stranger).await?.is_empty());
    assert_eq!(user::count(tx, stranger).await?, 0);
    assert!(user::methods(tx, stranger, &ada).await?.is_none());
    assert!(session::list(tx, stranger, &ada).await?.is_empty());
    assert!(invitation::get(tx, stranger, "link").await?.is_none());
    assert!(device_code::get(tx, stranger, "code").await?.is_none());
    assert!(device_code::by_user_code(tx, stranger, "user-code").await?.is_none());
    assert_eq!(device_code::count_since(tx, stranger, at(0)).await?, 0);
    assert!(refresh_token::get(tx, stranger, "refresh").await?.is_none());
    Ok(())
}

/// Every function that writes for a tenant, on behalf of one that has nothing.
async fn changes_nothing(tx: &mut Tx<'_>, stranger: &TenantId) -> Done {
    let Ids { token, profile, managed, serial, .. } = ids();
    let conflict = Err(StoreError::Conflict);
    let mut own = sample::token(stranger, "token-1");
    own.deleted_at = Some(at(1));
    assert_eq!(token::update(tx, &own).await, conflict);
    assert_eq!(tenant::update(tx, &sample::tenant(stranger.as_str())).await, conflict);
    assert_eq!(sync::update_state(tx, &sample::sync_state(stranger, &token)).await, conflict);
    assert_eq!(sync::run_update(tx, &sample::sync_run(stranger, &token, "run-1", 9)).await, conflict);
    let row = sample::profile(stranger, &token, "profile-1");
    assert_eq!(profile::update(tx, &row).await, conflict);
    assert_eq!(profile::content_set(tx, &row, "x").await, conflict);
    assert_eq!(profile::content_forget(tx, stranger).await?, 0);
    assert!(!profile::delete(tx, stranger, &token, &profile).await?);
    assert!(!profile::defined_forget(tx, stranger, "UUID-1").await?);
    profile::refusal_clear(tx, stranger, &profile).await?;
    let mut row = sample::device(stranger, &token, "C01");
    row.version = 1;
    assert_eq!(device::update(tx, &row).await, conflict);
    assert_eq!(device::mark_gone_unseen(tx, stranger, &token, 99, at(1)).await?, 0);
    assert_eq!(device::delete_all(tx, stranger, &token).await?, 0);
    let results =
        [(serial, domain::device::Assignment::default(), Some(domain::device::AppleRecord::default()))];
    device::set_assignment_results(tx, stranger, &token, &results).await?;
    let device = sample::managed(stranger, "C01");
    assert_eq!(managed_device::update(tx, &device).await, conflict);
    managed_device::touch_last_seen(tx, &[(stranger.clone(), managed.clone(), at(99))]).await?;
    assert!(!managed_device::delete(tx, stranger, &managed).await?);
    let one = id("command-1");
    assert!(!command::set_state(tx, stranger, &managed, &one, CommandState::NotNow, None).await?);
    assert_eq!(command::reset_not_now(tx, stranger, &managed).await?, 0);
    let ended = sample::command(&device, "command-1", 1).end(CommandOutcome::Expired, at(3));
    assert!(!command::finish(tx, &ended).await?);
    assert_eq!(command::cancel_all(tx, stranger, &managed, at(4)).await?, 0);
    assert_eq!(setup::update(tx, &sample::plan(&device)).await, conflict);
    push::wake_settle(tx, stranger, &managed, Time::NEVER, 9).await?;
    push::mark_unreachable(tx, stranger, &managed, &device.push.clone().unwrap(), "gone", Time::NEVER)
        .await?;
    let settled = push::Settled {
        tenant: stranger.clone(),
        device: managed.clone(),
        claimed_until: at(1),
        next_due: Time::NEVER,
        attempts: 9,
    };
    assert_eq!(push::wakes_settle(tx, &[settled]).await?, 0);
    assert_eq!(identity::issued_prune(tx, stranger, &managed, Time::NEVER).await?, 0);
    assert!(!identity::challenge_use(tx, stranger, "challenge-owner", "tx", b"der", at(1)).await?);
    assert!(!secret::delete(tx, stranger, SecretKind::CaKey, "ca").await?);
    assert!(!application::delete(tx, stranger, "app-of-owner").await?);
    assert!(!credential::delete(tx, stranger, "app-of-owner", "secret-1").await?);
    assert!(!signing_key::delete(tx, stranger, &id("key-1")).await?);
    let ada = sign_in::person(stranger, "ada");
    assert_eq!(user::update(tx, &ada).await, conflict);
    assert_eq!(user::methods_update(tx, &Methods::none(stranger.clone(), ada.id.clone())).await, conflict);
    assert!(!user::delete(tx, stranger, &ada.id).await?);
    session::seen(tx, stranger, "session-owner", at(99)).await?;
    assert!(!session::delete(tx, stranger, "session-owner").await?);
    assert_eq!(session::delete_others(tx, stranger, &ada.id, "").await?, 0);
    assert!(!invitation::delete(tx, stranger, "link").await?);
    assert_eq!(device_code::update(tx, &sign_in::code_of(stranger, "code")).await, conflict);
    assert!(!device_code::delete(tx, stranger, "code").await?);
    assert!(!refresh_token::mark_used(tx, stranger, "refresh", at(99)).await?);
    assert_eq!(refresh_token::delete_family(tx, stranger, "family").await?, 0);
    assert_eq!(refresh_token::delete_of(tx, stranger, &ada.id).await?, 0);
    Ok(())
}

/// Everything that the owner has, as text, to be compared before and after.
async fn picture(tx: &mut Tx<'_>, owner: &TenantId) -> Result<String, StoreError> {
    let Ids { token, profile, device, managed, run, .. } = ids();
    let parts = [
        format!("{:?}", tenant::get(tx, owner).await?),
        format!("{:?}", token::get(tx, owner, &token).await?),
        format!("{:?}", token::contents(tx, owner, &token).await?),
        format!("{:?}", sync::state(tx, owner, &token).await?),
        format!("{:?}", sync::run_get(tx, owner, &token, &run).await?),
        format!("{:?}", profile::get(tx, owner, &token, &profile).await?),
        format!("{:?}", profile::refusal_get(tx, owner, &profile).await?),
        format!("{:?}", profile::defined_by_uuid(tx, owner, "UUID-1").await?),
        format!("{:?}", profile::by_url_secret(tx, &format!("url-{owner}")).await?),
        format!("{:?}", device::get(tx, owner, &token, &device).await?),
        format!("{:?}", managed_device::get(tx, owner, &managed).await?),
        format!("{:?}", command::pending(tx, owner, &managed).await?),
        format!("{:?}", command::history(tx, owner, &managed, 10).await?),
        format!("{:?}", setup::get(tx, owner, &managed).await?),
        format!("{:?}", push::certificate_get(tx, owner).await?),
        format!("{:?}", identity::challenge_get(tx, &format!("challenge-{owner}")).await?),
        format!("{:?}", identity::ca_get(tx, owner).await?),
        format!("{:?}", secret::get(tx, owner, SecretKind::CaKey, "ca").await?.map(|s| s.to_vec())),
        format!("{:?}", application::list(tx, owner).await?),
        format!("{:?}", credential::list(tx, owner, &format!("app-of-{owner}")).await?),
        format!("{:?}", signing_key::list(tx, owner).await?),
        format!("{:?}", user::list(tx, owner).await?),
        format!("{:?}", user::methods(tx, owner, &id("id-ada")).await?),
        format!("{:?}", session::list(tx, owner, &id("id-ada")).await?),
        format!("{:?}", invitation::get(tx, owner, "link").await?),
        format!("{:?}", device_code::get(tx, owner, "code").await?),
        format!("{:?}", refresh_token::get(tx, owner, "refresh").await?),
    ];
    assert!(parts.iter().all(|part| part != "None" && part != "[]"), "a picture with everything in it");
    Ok(parts.join("\n"))
}

async fn another_tenant_sees_nothing(bench: Bench) {
    let (owner, stranger): (TenantId, TenantId) = (id("owner"), id("stranger"));
    let outcome: Done = tx!(bench.store, [owner, stranger], |tx| {
        fill(tx, &owner).await?;
        sees_nothing(tx, &stranger).await
    });
    outcome.unwrap();
}

async fn another_tenant_changes_nothing(bench: Bench) {
    let (owner, stranger): (TenantId, TenantId) = (id("owner"), id("stranger"));
    let outcome: Done = tx!(bench.store, [owner, stranger], |tx| {
        fill(tx, &owner).await?;
        let before = picture(tx, &owner).await?;
        changes_nothing(tx, &stranger).await?;
        assert_eq!(picture(tx, &owner).await?, before);
        Ok(())
    });
    outcome.unwrap();
}

async fn the_same_ids_live_in_two_tenants(bench: Bench) {
    let (one, two): (TenantId, TenantId) = (id("one"), id("two"));
    let outcome: Done = tx!(bench.store, [one, two], |tx| {
        fill(tx, &one).await?;
        let before = picture(tx, &one).await?;
        fill(tx, &two).await?;
        assert_eq!(picture(tx, &one).await?, before);
        picture(tx, &two).await?;
        // What one of them loses, the other keeps.
        let Ids { token, profile, managed, .. } = ids();
        assert!(managed_device::delete(tx, &two, &managed).await?);
        assert!(profile::delete(tx, &two, &token, &profile).await?);
        assert_eq!(device::mark_gone_unseen(tx, &two, &token, 99, at(1)).await?, 1);
        assert_eq!(picture(tx, &one).await?, before);
        Ok(())
    });
    outcome.unwrap();
}

async fn look_ups_without_a_tenant_name_the_tenant(bench: Bench) {
    let (one, two): (TenantId, TenantId) = (id("one"), id("two"));
    let outcome: Done = tx!(bench.store, [one, two], |tx| {
        fill(tx, &one).await?;
        fill(tx, &two).await?;
        for owner in [&one, &two] {
            let door = profile::by_url_secret(tx, &format!("url-{owner}")).await?;
            assert_eq!(door.unwrap().0, *owner);
            let challenge = identity::challenge_get(tx, &format!("challenge-{owner}")).await?;
            assert_eq!(challenge.unwrap().tenant, *owner);
            let device = managed_device::by_certificate(tx, &format!("fp-{owner}-C01")).await?;
            assert_eq!(device.unwrap().tenant, *owner);
            assert_eq!(application::get(tx, &format!("app-of-{owner}")).await?.unwrap().tenant, *owner);
        }
        let same = Application { tenant: two.clone(), ..application_of(&one) };
        let outcome = application::insert(tx, &same).await;
        assert!(matches!(outcome, Err(StoreError::Duplicate { .. })), "a client id is one tenant's");
        assert!(lease::try_acquire(tx, "l", "h", at(1), Duration::from_secs(1)).await?);
        Ok(())
    });
    outcome.unwrap();
}
