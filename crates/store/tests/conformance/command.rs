//! The queue of commands and what ended of it.

use domain::command::{CommandOutcome, CommandState};
use store::{StoreError, command};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{self, at, id};

on_both_engines!(
    commands_leave_the_queue_in_order,
    a_command_ends_once,
    cancelling_moves_the_whole_queue_to_history,
    expired_commands_are_found_across_tenants,
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
