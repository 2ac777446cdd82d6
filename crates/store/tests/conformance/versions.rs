//! Whoever writes back what somebody else has changed is told so, and what is stored reads back as it was.

use domain::device::{Outcome, Presence};
use domain::setup::{ReleaseReason, SetupState};
use domain::{Platform, TenantId, TokenId};
use store::{StoreError, Tx, device, managed_device, profile, push, setup, sync, tenant, token};

use crate::bench::{Bench, on_both_engines, read, tx};
use crate::sample::{self, at, id};

on_both_engines!(
    everything_reads_back_as_it_was_written,
    a_stale_update_is_a_conflict_and_changes_nothing,
    an_update_of_what_is_not_there_is_a_conflict,
    adding_what_exists_is_a_duplicate,
    an_upsert_adds_or_asks_for_the_version,
    an_upsert_of_a_serial_that_was_added_meanwhile_is_a_conflict,
    a_serial_twice_in_one_upsert_is_a_conflict,
    a_tombstone_is_never_returned_and_never_comes_back,
    a_page_of_a_thousand_serials_is_one_write,
);

type Done = Result<(), StoreError>;

/// Shows: R18, R19, R24
async fn everything_reads_back_as_it_was_written(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| round_trip_of_tokens(tx).await);
    outcome.unwrap();
    let outcome: Done = tx!(bench.store, [], |tx| round_trip_of_devices(tx).await);
    outcome.unwrap();
}

async fn round_trip_of_tokens(tx: &mut Tx<'_>) -> Done {
    let tenant = sample::tenant("t");
    tenant::insert(tx, &tenant).await?;
    assert_eq!(tenant::get(tx, &tenant.id).await?.as_ref(), Some(&tenant));

    let mut full = sample::token(&tenant.id, "token-1");
    full.default_profiles =
        Platform::ALL.into_iter().map(|p| (p, id(&format!("default-{}", p.as_str())))).collect();
    let mut draft = sample::token(&tenant.id, "token-2");
    (draft.key, draft.pending_key, draft.server, draft.consent, draft.apple_id) =
        (None, None, None, None, None);
    draft.standing = domain::token::Standing::default();
    for row in [&full, &draft] {
        token::insert(tx, row).await?;
        assert_eq!(token::get(tx, &tenant.id, &row.id).await?.as_ref(), Some(row));
    }
    assert_eq!(token::find_by_consumer_key(tx, &tenant.id, "CK_token-1").await?.as_ref(), Some(&full));
    assert_eq!(token::find_by_server_uuid(tx, &tenant.id, "SERVER-token-1").await?.as_ref(), Some(&full));

    let state = sample::sync_state(&tenant.id, &full.id);
    sync::insert_state(tx, &state).await?;
    assert_eq!(sync::state(tx, &tenant.id, &full.id).await?, Some(state));
    let run = sample::sync_run(&tenant.id, &full.id, "run-1", 5);
    sync::run_insert(tx, &run).await?;
    assert_eq!(sync::run_get(tx, &tenant.id, &full.id, &run.id).await?, Some(run));

    let row = sample::profile(&tenant.id, &full.id, "profile-1");
    profile::insert(tx, &row).await?;
    assert_eq!(profile::get(tx, &tenant.id, &full.id, &row.id).await?, Some(row));
    Ok(())
}

async fn round_trip_of_devices(tx: &mut Tx<'_>) -> Done {
    let (tenant, token): (TenantId, TokenId) = (id("t"), id("token-1"));
    let mut plain = sample::device(&tenant, &token, "PLAIN");
    let mut full = sample::device(&tenant, &token, "FULL");
    full.presence = Presence::Gone { at: at(70) };
    full.deleted_at = Some(at(71));
    full.wanted_profile = Some(id("profile-1"));
    full.wanted_at = Some(at(72));
    full.assignment.outcome = Some(Outcome::Other("NEW_WORD".into()));
    full.assignment.attempted_at = Some(at(73));
    full.assignment.failures = 4;
    full.assignment.retry_at = at(74);
    full.assignment.profile_uuid = Some("UUID".into());
    full.enrollment.managed_device = Some(id("m-FULL"));
    full.enrollment.enrolled_at = Some(at(75));
    full.converted_at = Some(at(76));
    full.apple.profile_status = domain::device::ProfileStatus::Other("new".into());
    device::upsert_many(tx, &[plain.clone(), full.clone()]).await?;
    for row in [&mut plain, &mut full] {
        row.version += 1;
        assert_eq!(device::get(tx, &tenant, &token, &row.id).await?.as_ref(), Some(&*row));
        assert_eq!(device::find_serial(tx, &tenant, &row.serial).await?, std::slice::from_ref(&*row));
    }
    // By what differs: everything, nothing, and everything back.
    let likened = |version| domain::device::Device {
        id: plain.id.clone(),
        serial: plain.serial.clone(),
        version,
        ..full.clone()
    };
    for (before, after) in [
        (plain.clone(), likened(plain.version)),
        (likened(plain.version + 1), likened(plain.version + 1)),
        (likened(plain.version + 2), domain::device::Device { version: plain.version + 2, ..plain.clone() }),
    ] {
        device::update_from(tx, &before, &after).await?;
        let stored = domain::device::Device { version: after.version + 1, ..after };
        assert_eq!(device::get(tx, &tenant, &token, &stored.id).await?, Some(stored));
    }

    let mut device = sample::managed(&tenant, "C01");
    device.next_certificate = device.certificate.clone();
    managed_device::insert(tx, &device).await?;
    assert_eq!(managed_device::get(tx, &tenant, &device.id).await?.as_ref(), Some(&device));
    let before = device.clone();
    device.next_certificate = None;
    device.info.device_name = Some("Lobby".into());
    device.last_seen = None;
    managed_device::update_from(tx, &before, &device).await?;
    (device.version, device.last_seen) = (before.version + 1, before.last_seen);
    assert_eq!(
        managed_device::get(tx, &tenant, &device.id).await?.as_ref(),
        Some(&device),
        "but for last_seen"
    );
    let mut plan = sample::plan(&device);
    setup::replace(tx, &plan).await?;
    assert_eq!(setup::get(tx, &tenant, &device.id).await?.as_ref(), Some(&plan));
    plan.state = SetupState::Released { at: at(99), because: ReleaseReason::Deadline };
    setup::update(tx, &plan).await?;
    plan.version += 1;
    assert_eq!(setup::get(tx, &tenant, &device.id).await?, Some(plan));
    let mut certificate = sample::push_certificate(&tenant);
    push::certificate_upsert(tx, &certificate).await?;
    certificate.version += 1;
    assert_eq!(push::certificate_get(tx, &tenant).await?, Some(certificate));
    Ok(())
}

/// Every aggregate with a version, stored at the version in its sample.
async fn store_one_of_each(tx: &mut Tx<'_>) -> Done {
    let tenant = sample::tenant("t");
    let token = sample::token(&tenant.id, "token-1");
    tenant::insert(tx, &tenant).await?;
    token::insert(tx, &token).await?;
    sync::insert_state(tx, &sample::sync_state(&tenant.id, &token.id)).await?;
    profile::insert(tx, &sample::profile(&tenant.id, &token.id, "profile-1")).await?;
    device::upsert_many(tx, &[sample::device(&tenant.id, &token.id, "C01")]).await?;
    let device = sample::managed(&tenant.id, "C01");
    managed_device::insert(tx, &device).await?;
    setup::replace(tx, &sample::plan(&device)).await?;
    push::certificate_upsert(tx, &sample::push_certificate(&tenant.id)).await
}

/// Writes one aggregate back, told by its number, with the version that it was read with and `behind` less.
async fn write_back(tx: &mut Tx<'_>, which: usize, behind: i64) -> Done {
    let mut tenant = sample::tenant("t");
    let mut token = sample::token(&tenant.id, "token-1");
    let mut state = sample::sync_state(&tenant.id, &token.id);
    let mut profile = sample::profile(&tenant.id, &token.id, "profile-1");
    let mut row = sample::device(&tenant.id, &token.id, "C01");
    row.version = 1;
    let mut device = sample::managed(&tenant.id, "C01");
    let mut plan = sample::plan(&device);
    let mut certificate = sample::push_certificate(&tenant.id);
    certificate.version = 1;
    for version in [
        &mut tenant.version,
        &mut token.version,
        &mut state.version,
        &mut profile.version,
        &mut row.version,
        &mut device.version,
        &mut plan.version,
        &mut certificate.version,
    ] {
        *version -= behind;
    }
    match which {
        0 => tenant::update(tx, &tenant).await,
        1 => token::update(tx, &token).await,
        2 => sync::update_state(tx, &state).await,
        3 => profile::update(tx, &profile).await,
        4 => device::update(tx, &row).await,
        5 => managed_device::update(tx, &device).await,
        6 => setup::update(tx, &plan).await,
        7 => push::certificate_upsert(tx, &certificate).await,
        8 => profile::content_set(tx, &profile, "hash").await,
        10 => device::update_from(tx, &row, &row).await,
        11 => managed_device::update_from(tx, &device, &device).await,
        _ => device::upsert_many(tx, &[row]).await,
    }
}

/// How many aggregates [`write_back`] knows.
const AGGREGATES: usize = 10;
/// Aggregates 4 and 5 again, by what differs.
const BY_DIFFERENCE: [usize; 2] = [10, 11];

async fn a_stale_update_is_a_conflict_and_changes_nothing(bench: Bench) {
    let stored: Done = tx!(bench.store, [], |tx| store_one_of_each(tx).await);
    stored.unwrap();
    for which in (0..AGGREGATES).chain(BY_DIFFERENCE) {
        let stale: Done = tx!(bench.store, [], |tx| write_back(tx, which, 1).await);
        assert_eq!(stale, Err(StoreError::Conflict), "aggregate {which}");
    }
    // Aggregate 9 is 4 by another function: its version has moved on once 4 was written.
    for which in 0..AGGREGATES - 1 {
        let fresh: Done = tx!(bench.store, [], |tx| write_back(tx, which, 0).await);
        // 8 sets the content of the profile whose version 3 has moved.
        let expected = if which == 8 { Err(StoreError::Conflict) } else { Ok(()) };
        assert_eq!(fresh, expected, "aggregate {which}");
        if which != 8 {
            let again: Done = tx!(bench.store, [], |tx| write_back(tx, which, 0).await);
            assert_eq!(again, Err(StoreError::Conflict), "aggregate {which} a second time");
        }
    }
}

async fn an_update_of_what_is_not_there_is_a_conflict(bench: Bench) {
    for which in (0..AGGREGATES).chain(BY_DIFFERENCE).filter(|which| ![7, 9].contains(which)) {
        let outcome: Done = tx!(bench.store, [], |tx| write_back(tx, which, 0).await);
        assert_eq!(outcome, Err(StoreError::Conflict), "aggregate {which}");
    }
}

async fn adding_what_exists_is_a_duplicate(bench: Bench) {
    let stored: Done = tx!(bench.store, [], |tx| store_one_of_each(tx).await);
    stored.unwrap();
    let (tenant, token): (TenantId, TokenId) = (id("t"), id("token-1"));
    for which in 0..6 {
        let outcome: Done = tx!(bench.store, [tenant, token], |tx| match which {
            0 => tenant::insert(tx, &sample::tenant("t")).await,
            1 => token::insert(tx, &sample::token(&tenant, "token-1")).await,
            2 => sync::insert_state(tx, &sample::sync_state(&tenant, &token)).await,
            3 => profile::insert(tx, &sample::profile(&tenant, &token, "profile-1")).await,
            4 => managed_device::insert(tx, &sample::managed(&tenant, "C01")).await,
            _ => {
                // The same serial under another id is the same device.
                let mut device = sample::managed(&tenant, "C01");
                device.id = id("another");
                managed_device::insert(tx, &device).await
            }
        });
        assert!(matches!(outcome, Err(StoreError::Duplicate { .. })), "{which}: {outcome:?}");
    }
}

async fn an_upsert_adds_or_asks_for_the_version(bench: Bench) {
    let (tenant, token): (TenantId, TokenId) = (id("t"), id("token-1"));
    let rows: Vec<_> =
        ["C01", "C02", "C03"].iter().map(|serial| sample::device(&tenant, &token, serial)).collect();
    let added: Done = tx!(bench.store, [rows], |tx| device::upsert_many(tx, &rows).await);
    added.unwrap();
    let mut next = rows.clone();
    next[0].version = 1;
    next[0].apple.model = "iPhone".into();
    next[1].version = 1;
    next[2].version = 5; // stale
    let stale: Done = tx!(bench.store, [next], |tx| device::upsert_many(tx, &next).await);
    assert_eq!(stale, Err(StoreError::Conflict));
    let serials = sample::serials(0);
    let serials: Vec<_> = serials.into_iter().chain(rows.iter().map(|row| row.serial.clone())).collect();
    let found: Result<_, StoreError> =
        read!(bench.store, [tenant, token, serials], |tx| device::by_serials(tx, &tenant, &token, &serials)
            .await);
    assert!(
        found.unwrap().iter().all(|row| row.version == 1 && row.apple.model.starts_with("iPad")),
        "none was kept"
    );
    next[2].version = 1;
    let written: Done = tx!(bench.store, [next], |tx| device::upsert_many(tx, &next).await);
    written.unwrap();
}

async fn an_upsert_of_a_serial_that_was_added_meanwhile_is_a_conflict(bench: Bench) {
    let row = sample::device(&id("t"), &id("token-1"), "C01");
    let first: Done = tx!(bench.store, [row], |tx| device::upsert_many(tx, &[row]).await);
    first.unwrap();
    let second: Done = tx!(bench.store, [row], |tx| device::upsert_many(tx, &[row]).await);
    assert_eq!(second, Err(StoreError::Conflict));
}

async fn a_serial_twice_in_one_upsert_is_a_conflict(bench: Bench) {
    let row = sample::device(&id("t"), &id("token-1"), "C01");
    let outcome: Done = tx!(bench.store, [row], |tx| device::upsert_many(tx, &[row.clone(), row]).await);
    assert_eq!(outcome, Err(StoreError::Conflict));
}

/// Shows: R26
async fn a_tombstone_is_never_returned_and_never_comes_back(bench: Bench) {
    let tenant: TenantId = id("t");
    let mut row = sample::token(&tenant, "token-1");
    let state = sample::sync_state(&tenant, &row.id);
    let stored: Done = tx!(bench.store, [row, state], |tx| {
        token::insert(tx, &row).await?;
        sync::insert_state(tx, &state).await
    });
    stored.unwrap();
    row.deleted_at = Some(at(80));
    let outcome: Done = tx!(bench.store, [row, tenant], |tx| {
        token::update(tx, &row).await?;
        assert_eq!(token::get(tx, &tenant, &row.id).await?, None);
        assert_eq!(token::list(tx, &tenant).await?, []);
        assert_eq!(token::count(tx, &tenant).await?, 0);
        assert_eq!(token::find_by_consumer_key(tx, &tenant, "CK_token-1").await?, None);
        assert_eq!(token::find_by_server_uuid(tx, &tenant, "SERVER-token-1").await?, None);
        assert_eq!(token::all_live(tx).await?, []);
        assert_eq!(sync::due(tx, at(1_000_000), 10).await?, []);
        assert_eq!(sync::next_due(tx).await?, None);
        Ok(())
    });
    outcome.unwrap();
    let again: Done = tx!(bench.store, [row], |tx| token::insert(tx, &row).await);
    assert!(matches!(again, Err(StoreError::Duplicate { .. })), "{again:?}");
}

/// Shows: R17
async fn a_page_of_a_thousand_serials_is_one_write(bench: Bench) {
    let (tenant, token): (TenantId, TokenId) = (id("t"), id("token-1"));
    let serials = sample::serials(1_000);
    let rows: Vec<_> =
        serials.iter().map(|serial| sample::device(&tenant, &token, serial.as_str())).collect();
    let added: Done = tx!(bench.store, [rows], |tx| device::upsert_many(tx, &rows).await);
    added.unwrap();
    let found: Result<_, StoreError> =
        read!(bench.store, [tenant, token, serials], |tx| device::by_serials(tx, &tenant, &token, &serials)
            .await);
    let found = found.unwrap();
    assert_eq!(found.len(), 1_000);
    let gone: Result<u64, StoreError> =
        tx!(bench.store, [tenant, token], |tx| device::mark_gone_unseen(tx, &tenant, &token, 2, at(90))
            .await);
    assert_eq!(gone, Ok(1_000));
    let written: Done = tx!(bench.store, [found], |tx| device::upsert_many(tx, &found).await);
    assert_eq!(written, Err(StoreError::Conflict), "marking as gone moves the version");
}
