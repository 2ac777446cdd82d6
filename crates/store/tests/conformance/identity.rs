//! Challenges, and identities that were issued.

use store::{StoreError, identity};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{self, at, id};

on_both_engines!(
    a_challenge_is_used_once_and_in_time,
    of_many_transactions_one_uses_a_challenge,
    identities_that_ended_are_forgotten,
);

type Done = Result<(), StoreError>;

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
