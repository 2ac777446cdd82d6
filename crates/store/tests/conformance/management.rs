//! The queue, setup, wakes, challenges and last-seen.

use domain::command::{CommandOutcome, CommandState, Purpose};
use domain::managed_device::{PendingEnrollment, PinnedCertificate, Stage};
use domain::setup::{ReleaseReason, SetupState};
use domain::{Platform, TenantId, Time};
use store::{StoreError, command, identity, managed_device, push, setup, sync, tenant};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{self, at, id};

on_both_engines!(
    commands_leave_the_queue_in_order,
    a_command_ends_once,
    cancelling_moves_the_whole_queue_to_history,
    expired_commands_are_found_across_tenants,
    due_plans_are_the_active_ones_longest_due_first,
    a_new_enrolment_replaces_the_plan,
    a_wake_is_claimed_once_until_its_lease_ends,
    a_device_that_cannot_be_reached_is_not_woken_before_its_time,
    a_claim_that_was_overtaken_settles_nothing,
    two_nodes_share_out_the_wakes,
    a_challenge_is_used_once_and_in_time,
    of_many_transactions_one_uses_a_challenge,
    a_device_is_found_by_each_of_its_certificates,
    last_seen_only_goes_forward_and_is_kept_by_updates,
    expiring_identities_are_those_under_management_without_a_new_one,
    devices_that_never_answer_keep_no_other_from_a_new_identity,
    identities_that_ended_are_forgotten,
    due_tokens_come_longest_due_first,
    runs_come_newest_first_and_are_pruned,
);

type Done = Result<(), StoreError>;

async fn commands_leave_the_queue_in_order(bench: Bench) {
    let device = sample::managed(&id("t"), "C01");
    let outcome: Done = tx!(bench.store, [device], |tx| {
        let (tenant, owner) = (&device.tenant, &device.id);
        for (name, seq) in [("b", 2), ("a", 1), ("c", 3)] {
            command::enqueue(tx, &sample::command(&device, name, seq)).await?;
        }
        assert_eq!(command::last_seq(tx, tenant, owner).await?, Some(3));
        let next = command::next_for(tx, tenant, owner).await?.unwrap();
        assert_eq!(next, sample::command(&device, "a", 1));
        // Handed out and not answered: handed out again.
        assert!(command::set_state(tx, tenant, owner, &next.id, CommandState::Sent, Some(at(9))).await?);
        let again = command::next_for(tx, tenant, owner).await?.unwrap();
        assert_eq!((again.id, again.state, again.sent_at), (id("a"), CommandState::Sent, Some(at(9))));
        // NotNow: skipped until the device connects anew.
        assert!(command::set_state(tx, tenant, owner, &id("a"), CommandState::NotNow, None).await?);
        assert_eq!(command::next_for(tx, tenant, owner).await?.unwrap().id, id("b"));
        assert_eq!(command::get(tx, tenant, owner, &id("a")).await?.unwrap().sent_at, Some(at(9)));
        assert_eq!(command::reset_not_now(tx, tenant, owner).await?, 1);
        assert_eq!(command::next_for(tx, tenant, owner).await?.unwrap().id, id("a"));
        let order: Vec<_> =
            command::pending(tx, tenant, owner).await?.into_iter().map(|c| c.id.to_string()).collect();
        assert_eq!(order, ["a", "b", "c"]);
        Ok(())
    });
    outcome.unwrap();
}

async fn a_command_ends_once(bench: Bench) {
    let device = sample::managed(&id("t"), "C01");
    let outcome: Done = tx!(bench.store, [device], |tx| {
        let queued = sample::command(&device, "a", 1);
        command::enqueue(tx, &queued).await?;
        let ended = queued.clone().end(CommandOutcome::Error { words: "busy".into() }, at(5));
        assert!(command::finish(tx, &ended).await?);
        assert!(!command::finish(tx, &ended).await?, "an answer given twice");
        assert_eq!(command::pending_count(tx, &device.tenant, &device.id).await?, 0);
        assert_eq!(command::history(tx, &device.tenant, &device.id, 10).await?, [ended]);
        Ok(())
    });
    outcome.unwrap();
}

async fn cancelling_moves_the_whole_queue_to_history(bench: Bench) {
    let device = sample::managed(&id("t"), "C01");
    let outcome: Done = tx!(bench.store, [device], |tx| {
        for n in 1..=3 {
            command::enqueue(tx, &sample::command(&device, &format!("c{n}"), n)).await?;
        }
        assert_eq!(command::cancel_all(tx, &device.tenant, &device.id, at(7)).await?, 3);
        assert_eq!(command::pending_count(tx, &device.tenant, &device.id).await?, 0);
        let history = command::history(tx, &device.tenant, &device.id, 2).await?;
        let expected =
            |n| sample::command(&device, &format!("c{n}"), n).end(CommandOutcome::Cancelled, at(7));
        assert_eq!(history, [expected(3), expected(2)], "newest first, no more than asked for");
        assert_eq!(command::history_prune(tx, at(7), 10).await?, 0, "not old enough");
        assert_eq!(command::history_prune(tx, at(8), 2).await?, 2, "no more than asked for");
        assert_eq!(command::history_prune(tx, at(8), 2).await?, 1);
        Ok(())
    });
    outcome.unwrap();
}

async fn expired_commands_are_found_across_tenants(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        for (tenant, expires) in [("t", 20), ("u", 10), ("v", 30)] {
            let device = sample::managed(&id(tenant), "C01");
            let mut row = sample::command(&device, "a", 1);
            row.expires_at = at(expires);
            command::enqueue(tx, &row).await?;
        }
        let expired = command::expired(tx, at(20), 10).await?;
        let tenants: Vec<_> = expired.iter().map(|row| row.tenant.as_str()).collect();
        assert_eq!(tenants, ["u", "t"]);
        assert_eq!(command::expired(tx, at(20), 1).await?.len(), 1);
        Ok(())
    });
    outcome.unwrap();
}

async fn due_plans_are_the_active_ones_longest_due_first(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        let because = ReleaseReason::Deadline;
        let states = [
            ("RUN1", SetupState::Running { holds: true }, 20),
            ("RUN2", SetupState::Running { holds: false }, 10),
            ("RLSG", SetupState::Releasing { command: None, since: at(1), because, attempts: 1 }, 15),
            ("DONE", SetupState::Finished { at: at(1) }, 5),
            ("RLSD", SetupState::Released { at: at(1), because }, 5),
            ("GONE", SetupState::Abandoned { at: at(1) }, 5),
            ("LATE", SetupState::Running { holds: true }, 99),
        ];
        for (serial, state, due) in states {
            let mut plan = sample::plan(&sample::managed(&tenant, serial));
            (plan.state, plan.due_at) = (state, at(due));
            setup::replace(tx, &plan).await?;
        }
        let names = |plans: Vec<domain::setup::SetupPlan>| {
            plans.into_iter().map(|plan| plan.device.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(setup::due(tx, at(20), 10).await?), ["m-RUN2", "m-RLSG", "m-RUN1"]);
        assert_eq!(names(setup::due(tx, at(20), 1).await?), ["m-RUN2"]);
        assert_eq!(setup::next_due(tx).await?, Some(at(10)));
        assert_eq!(names(setup::active(tx, &tenant, None, 2).await?), ["m-LATE", "m-RLSG"]);
        assert_eq!(names(setup::active(tx, &tenant, Some(&id("m-RLSG")), 9).await?), ["m-RUN1", "m-RUN2"]);
        assert_eq!(names(setup::released_at_deadline(tx, &tenant, 10).await?), ["m-RLSD"]);
        assert_eq!(names(setup::stuck(tx, &tenant, Time::NEVER, 10).await?), ["m-RLSG"]);
        Ok(())
    });
    outcome.unwrap();
}

async fn a_new_enrolment_replaces_the_plan(bench: Bench) {
    let device = sample::managed(&id("t"), "C01");
    let outcome: Done = tx!(bench.store, [device], |tx| {
        let mut plan = sample::plan(&device);
        setup::replace(tx, &plan).await?;
        setup::update(tx, &plan).await?;
        plan.enrolment = 2;
        setup::replace(tx, &plan).await?;
        assert_eq!(setup::get(tx, &device.tenant, &device.id).await?, Some(plan));
        Ok(())
    });
    outcome.unwrap();
}

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

/// Shows: N29
async fn a_challenge_is_used_once_and_in_time(bench: Bench) {
    let device = sample::managed(&id("t"), "C01");
    let outcome: Done = tx!(bench.store, [device], |tx| {
        let tenant = &device.tenant;
        for hash in ["used", "late"] {
            identity::challenge_insert(tx, &sample::challenge(&device, hash)).await?;
        }
        assert!(
            !identity::challenge_use(tx, tenant, "late", "tx-1", b"der", at(900)).await?,
            "its time is over"
        );
        assert!(identity::challenge_use(tx, tenant, "used", "tx-1", b"der", at(899)).await?);
        assert!(!identity::challenge_use(tx, tenant, "used", "tx-1", b"other", at(899)).await?);
        assert!(!identity::challenge_use(tx, tenant, "unknown", "tx-1", b"der", at(1)).await?);
        let used = identity::challenge_get(tx, "used").await?.unwrap();
        assert_eq!((used.used, used.certificate), (Some((at(899), "tx-1".into())), Some(b"der".to_vec())));
        assert_eq!(identity::challenge_get(tx, "late").await?, Some(sample::challenge(&device, "late")));
        assert_eq!(identity::challenges_expire(tx, at(899), 10).await?, 0);
        assert_eq!(identity::challenges_expire(tx, at(900), 1).await?, 1, "no more than asked for");
        assert_eq!(identity::challenges_expire(tx, at(900), 10).await?, 1);
        assert_eq!(identity::challenge_get(tx, "used").await?, None);
        Ok(())
    });
    outcome.unwrap();
}

async fn of_many_transactions_one_uses_a_challenge(bench: Bench) {
    let device = sample::managed(&id("t"), "C01");
    let added: Done = tx!(bench.store, [device], |tx| {
        identity::challenge_insert(tx, &sample::challenge(&device, "once")).await
    });
    added.unwrap();
    let jobs = (0..16).map(|n| {
        let (store, tenant) = (bench.store.clone(), device.tenant.clone());
        tokio::spawn(async move {
            let outcome: Result<bool, StoreError> = tx!(store, [tenant], |tx| {
                identity::challenge_use(tx, &tenant, "once", &format!("tx-{n}"), b"der", at(1)).await
            });
            outcome.unwrap()
        })
    });
    let mut used = 0;
    for job in jobs.collect::<Vec<_>>() {
        used += u32::from(job.await.unwrap());
    }
    assert_eq!(used, 1);
}

async fn a_device_is_found_by_each_of_its_certificates(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let mut device = sample::managed(&id("t"), "C01");
        let pin = |name: &str| PinnedCertificate { fingerprint: name.into(), not_after: at(1) };
        device.certificate = Some(pin("current"));
        device.next_certificate = Some(pin("next"));
        device.pending = Some(PendingEnrollment {
            enrolment: 2,
            udid: "UDID-2".into(),
            device: id("id-C01"),
            token: id("token-1"),
            profile: id("profile-1"),
            profile_name: "Classroom".into(),
            platform: Platform::Ios,
            served_at: at(2),
            certificate: Some(pin("pending")),
        });
        managed_device::insert(tx, &device).await?;
        for name in ["current", "next", "pending"] {
            assert_eq!(managed_device::by_certificate(tx, name).await?.as_ref(), Some(&device), "{name}");
        }
        assert_eq!(managed_device::by_certificate(tx, "").await?, None);
        Ok(())
    });
    outcome.unwrap();
}

async fn last_seen_only_goes_forward_and_is_kept_by_updates(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let mut device = sample::managed(&id("t"), "C01");
        managed_device::insert(tx, &device).await?;
        let key = (device.tenant.clone(), device.id.clone());
        for (seen, kept) in [(10, 10), (5, 10), (30, 30)] {
            // Twice in one flush, and one that is not there.
            let flush = [
                (key.0.clone(), key.1.clone(), at(seen)),
                (key.0.clone(), key.1.clone(), at(seen - 1)),
                (key.0.clone(), id("unknown"), at(seen)),
            ];
            managed_device::touch_last_seen(tx, &flush).await?;
            let found = managed_device::get(tx, &key.0, &key.1).await?.unwrap();
            assert_eq!((found.last_seen, found.version), (Some(at(kept)), 1));
        }
        device.last_seen = None;
        device.stage = Stage::CheckedOut;
        managed_device::update(tx, &device).await?;
        let found = managed_device::get(tx, &key.0, &key.1).await?.unwrap();
        assert_eq!((found.last_seen, found.stage), (Some(at(30)), Stage::CheckedOut));
        managed_device::touch_last_seen(tx, &[]).await
    });
    outcome.unwrap();
}

async fn expiring_identities_are_those_under_management_without_a_new_one(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        for (serial, not_after, stage, renewed) in [
            ("SOON", 10, Stage::Enrolled, None),
            ("SOONER", 5, Stage::AwaitingConfiguration, None),
            ("LATER", 100, Stage::Enrolled, None),
            ("LEFT", 5, Stage::CheckedOut, None),
            ("RENEWED", 5, Stage::Enrolled, Some(500)),
            ("RENEWEDLONGAGO", 6, Stage::Enrolled, Some(7)),
        ] {
            let mut device = sample::managed(&tenant, serial);
            let pin = |at_seconds| PinnedCertificate {
                fingerprint: format!("{serial}{at_seconds}"),
                not_after: at(at_seconds),
            };
            device.certificate = Some(pin(not_after));
            device.next_certificate = renewed.map(pin);
            device.stage = stage;
            managed_device::insert(tx, &device).await?;
        }
        let found = managed_device::expiring_identities(tx, &tenant, at(50), 10).await?;
        let serials: Vec<_> = found.iter().map(|device| device.serial.as_str()).collect();
        assert_eq!(serials, ["SOONER", "RENEWEDLONGAGO", "SOON"]);
        assert_eq!(managed_device::count_by_stage(tx, &tenant).await?.len(), 3);
        Ok(())
    });
    outcome.unwrap();
}

/// Lessons 60, 61.
async fn devices_that_never_answer_keep_no_other_from_a_new_identity(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        for (serial, not_after) in [("OFFERED", 1), ("DEAF", 2), ("BUSY", 3), ("NEXT", 4), ("LATER", 100)] {
            let mut device = sample::managed(&tenant, serial);
            let fingerprint = format!("fp-{serial}");
            device.certificate = Some(PinnedCertificate { fingerprint, not_after: at(not_after) });
            device.push = device.push.filter(|_| serial != "DEAF");
            managed_device::insert(tx, &device).await?;
            let mut command = sample::command(&device, "a", 1);
            match serial {
                "OFFERED" => command.purpose = Purpose::IdentityRenewal,
                "BUSY" => {}
                _ => continue,
            }
            command::enqueue(tx, &command).await?;
        }
        let found = managed_device::identities_to_renew(tx, at(50), 2).await?;
        let serials: Vec<_> = found.iter().map(|device| device.serial.as_str()).collect();
        assert_eq!(serials, ["BUSY", "NEXT"]);
        Ok(())
    });
    outcome.unwrap();
}

async fn identities_that_ended_are_forgotten(bench: Bench) {
    let device = sample::managed(&id("t"), "C01");
    let outcome: Done = tx!(bench.store, [device], |tx| {
        let (tenant, owner) = (&device.tenant, &device.id);
        for (fingerprint, not_after) in [("old", 10), ("new", 20)] {
            identity::issued_insert(tx, tenant, owner, fingerprint, "01", at(not_after), b"der").await?;
        }
        assert_eq!(identity::issued_prune(tx, tenant, &id("another"), at(15)).await?, 0);
        assert_eq!(identity::issued_prune(tx, tenant, owner, at(15)).await?, 1);
        assert!(identity::issued_get(tx, tenant, "old").await?.is_none());
        assert!(identity::issued_get(tx, tenant, "new").await?.is_some());
        Ok(())
    });
    outcome.unwrap();
}

/// Shows: R57
async fn due_tokens_come_longest_due_first(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        for (tenant, due) in [("t", 30), ("u", 10), ("v", 20), ("w", 99)] {
            tenant::insert(tx, &sample::tenant(tenant)).await?;
            let token = sample::token(&id(tenant), "token-1");
            store::token::insert(tx, &token).await?;
            let mut state = sample::sync_state(&token.tenant, &token.id);
            state.next_due = at(due);
            sync::insert_state(tx, &state).await?;
        }
        let due = sync::due(tx, at(30), 10).await?;
        assert_eq!(due.iter().map(|(tenant, _)| tenant.as_str()).collect::<Vec<_>>(), ["u", "v", "t"]);
        assert_eq!(sync::next_due(tx).await?, Some(at(10)));
        assert_eq!(store::token::all_live(tx).await?.len(), 4);
        Ok(())
    });
    outcome.unwrap();
}

async fn runs_come_newest_first_and_are_pruned(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        for n in 0..5 {
            let mut run = sample::sync_run(&tenant, &id("token-1"), &format!("run-{n}"), n * 100);
            sync::run_insert(tx, &run).await?;
            run.pages = 99;
            sync::run_update(tx, &run).await?;
        }
        let runs = sync::runs(tx, &tenant, &id("token-1"), 2).await?;
        assert_eq!(
            runs.iter().map(|run| (run.id.as_str(), run.pages)).collect::<Vec<_>>(),
            [("run-4", 99), ("run-3", 99)]
        );
        assert_eq!(sync::runs_prune(tx, at(150), 1).await?, 1, "no more than asked for");
        assert_eq!(sync::runs_prune(tx, at(150), 10).await?, 1);
        assert_eq!(sync::runs(tx, &tenant, &id("token-1"), 10).await?.len(), 3);
        Ok(())
    });
    outcome.unwrap();
}
