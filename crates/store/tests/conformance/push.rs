//! Wakes: who is to be woken, and by whom.

use domain::{TenantId, Time};
use store::{StoreError, command, managed_device, push};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{self, at, id};

on_both_engines!(
    a_wake_is_claimed_once_until_its_lease_ends,
    a_device_that_cannot_be_reached_is_not_woken_before_its_time,
    a_claim_that_was_overtaken_settles_nothing,
    two_nodes_share_out_the_wakes,
);

type Done = Result<(), StoreError>;

async fn a_wake_is_claimed_once_until_its_lease_ends(bench: Bench) {
    let device = sample::managed(&id("t"), "C01");
    let outcome: Done = tx!(bench.store, [device], |tx| {
        let (tenant, owner) = (&device.tenant, &device.id);
        managed_device::insert(tx, &device).await?;
        assert_eq!(push::next_wake_due(tx).await?, None);
        push::wake_request(tx, tenant, owner, at(10)).await?;
        push::wake_request(tx, tenant, owner, at(20)).await?;
        assert_eq!(push::next_wake_due(tx).await?, Some(at(10)), "the earlier of two requests");
        push::wake_request(tx, tenant, owner, at(5)).await?;
        assert!(push::wakes_due(tx, at(4), 10).await?.is_empty());
        let claimed = push::wakes_due(tx, at(5), 10).await?;
        assert_eq!(claimed.len(), 1);
        assert_eq!(claimed[0].target, device.push.clone().unwrap());
        assert!(push::wakes_due(tx, at(6), 10).await?.is_empty(), "claimed");
        let ended = at(5).plus(push::WAKE_LEASE);
        assert_eq!(push::wakes_due(tx, ended, 10).await?.len(), 1, "whoever claimed it has died");
        push::wake_settle(tx, tenant, owner, at(500), 3).await?;
        assert_eq!(push::wakes_due(tx, at(500), 10).await?[0].attempts, 3);
        push::wake_settle(tx, tenant, owner, Time::NEVER, 0).await?;
        assert_eq!(push::next_wake_due(tx).await?, None);
        push::wake_request(tx, tenant, owner, at(600)).await?;
        assert_eq!(push::next_wake_due(tx).await?, Some(at(600)), "asked for again");
        Ok(())
    });
    outcome.unwrap();
}

/// Shows: L30
async fn a_device_that_cannot_be_reached_is_not_woken_before_its_time(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        let reachable = sample::managed(&tenant, "C01");
        let mut silent = sample::managed(&tenant, "C02");
        silent.push = None;
        for device in [&reachable, &silent] {
            managed_device::insert(tx, device).await?;
            push::wake_request(tx, &tenant, &device.id, at(1)).await?;
        }
        push::wake_request(tx, &tenant, &id("unknown"), at(1)).await?;
        let due = push::wakes_due(tx, at(1), 10).await?;
        assert_eq!(due.iter().map(|wake| &wake.device).collect::<Vec<_>>(), [&reachable.id]);
        let old = domain::managed_device::PushTarget { received_at: at(0), ..due[0].target.clone() };
        push::mark_unreachable(tx, &tenant, &reachable.id, &old, "410", at(9_000_000)).await?;
        let found = managed_device::get(tx, &tenant, &reachable.id).await?.unwrap();
        assert_eq!(found.push.unwrap().unreachable, None, "the device has sent another token since");
        assert_eq!(push::next_wake_due(tx).await?, Some(at(1).plus(push::WAKE_LEASE)), "and is woken by it");
        push::mark_unreachable(tx, &tenant, &reachable.id, &due[0].target, "410", at(9_000_000)).await?;
        let found = managed_device::get(tx, &tenant, &reachable.id).await?.unwrap();
        assert_eq!(found.push.unwrap().unreachable.as_deref(), Some("410"));
        assert!(push::wakes_due(tx, at(8_999_999), 10).await?.is_empty());
        let again = push::wakes_due(tx, at(9_000_000), 10).await?;
        assert_eq!(again.len(), 1, "its token is tried again when that is due");
        push::mark_reachable(tx, &tenant, &reachable.id, &again[0].target).await?;
        let found = managed_device::get(tx, &tenant, &reachable.id).await?.unwrap();
        assert_eq!(found.push.unwrap().unreachable, None);
        Ok(())
    });
    outcome.unwrap();
}

/// Lessons 55: what was asked for while a push was under way is not put off by how the push ended.
async fn a_claim_that_was_overtaken_settles_nothing(bench: Bench) {
    let device = sample::managed(&id("t"), "C01");
    let outcome: Done = tx!(bench.store, [device], |tx| {
        let (tenant, owner) = (&device.tenant, &device.id);
        managed_device::insert(tx, &device).await?;
        push::wake_request(tx, tenant, owner, at(1)).await?;
        let claimed = at(1).plus(push::WAKE_LEASE);
        assert_eq!(push::wakes_due(tx, at(1), 10).await?.len(), 1);
        push::wake_request(tx, tenant, owner, at(3)).await?;
        let settled = |claimed_until, next_due, attempts| {
            let (tenant, device) = (tenant.clone(), owner.clone());
            [push::Settled { tenant, device, claimed_until, next_due, attempts }]
        };
        assert_eq!(push::wakes_settle(tx, &settled(claimed, at(90_000), 12)).await?, 0);
        let again = push::wakes_due(tx, at(3), 10).await?;
        assert_eq!(again.iter().map(|wake| wake.attempts).collect::<Vec<_>>(), [0]);
        let claimed = at(3).plus(push::WAKE_LEASE);
        command::enqueue(tx, &sample::command(&device, "1", 1)).await?;
        assert_eq!(push::wakes_settle(tx, &settled(claimed, at(500), 1)).await?, 1);
        assert_eq!(push::next_wake_due(tx).await?, Some(at(500)));
        command::cancel_all(tx, tenant, owner, at(9)).await?;
        assert_eq!(push::wakes_due(tx, at(500), 10).await?.len(), 1);
        let claimed = at(500).plus(push::WAKE_LEASE);
        assert_eq!(push::wakes_settle(tx, &settled(claimed, at(900), 2)).await?, 1);
        assert_eq!(push::next_wake_due(tx).await?, None, "nothing waits any more");
        Ok(())
    });
    outcome.unwrap();
}

async fn two_nodes_share_out_the_wakes(bench: Bench) {
    let tenant: TenantId = id("t");
    let filled: Done = tx!(bench.store, [tenant], |tx| {
        for serial in sample::serials(60) {
            let device = sample::managed(&tenant, serial.as_str());
            managed_device::insert(tx, &device).await?;
            push::wake_request(tx, &tenant, &device.id, at(1)).await?;
        }
        Ok(())
    });
    filled.unwrap();
    let nodes = (0..4).map(|_| {
        let store = bench.store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let some: Result<Vec<_>, StoreError> =
                    tx!(store, [], |tx| push::wakes_due(tx, at(2), 7).await);
                let some = some.unwrap();
                if some.is_empty() {
                    return mine;
                }
                mine.extend(some.into_iter().map(|wake| wake.device));
            }
        })
    });
    let mut woken = Vec::new();
    for node in nodes.collect::<Vec<_>>() {
        woken.extend(node.await.unwrap());
    }
    let all = woken.len();
    woken.sort();
    woken.dedup();
    assert_eq!((all, woken.len()), (60, 60), "each once");
}
