//! The audit log is whole, in order, and nobody's but its tenant's.

use domain::TenantId;
use domain::audit::{Actor, ActorType, AuditEvent, Chain, Modified, OperationType, Outcome, Resource};
use store::{PageQuery, StoreError, Tx, audit_event};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{at, id};

on_both_engines!(
    events_read_back_in_order_as_they_were_written,
    who_appends_to_a_log_that_has_grown_is_told_so,
    two_who_append_at_once_both_succeed_when_the_second_looks_again,
    what_retention_takes_leaves_a_log_that_begins_there,
    another_tenants_log_is_not_seen,
);

type Done = Result<(), StoreError>;

fn events(tenant: &TenantId, before: &Chain, count: i64) -> Vec<AuditEvent> {
    let mut previous = before.clone();
    let next = |n: i64| {
        let sequence = previous.sequence + 1;
        let event = AuditEvent {
            tenant: tenant.clone(),
            sequence,
            id: id(&format!("event-{sequence}")),
            at: at(sequence),
            category: "Enrollment".into(),
            activity: format!("Patch Größe {n}"),
            operation: OperationType::Patch,
            outcome: if n % 2 == 0 { Outcome::Success } else { Outcome::Failure },
            words: (n % 2 == 1).then(|| "it was refused".to_owned()),
            actor: Actor {
                actor_type: ActorType::ItPro,
                application_id: None,
                application_name: Some("Portal".into()),
                user_id: Some("u".into()),
                user_name: Some("ada@example.com".into()),
                ip_address: Some("192.0.2.7".into()),
            },
            resources: vec![Resource {
                resource_type: "EnrollmentProfile".into(),
                id: "p".into(),
                name: "Büro".into(),
                modified: vec![Modified { name: "displayName".into(), old: None, new: Some("Büro".into()) }],
                scope_tags: vec!["0".into()],
            }],
            correlation_id: Some("r".into()),
            previous: previous.hash.clone(),
            hash: format!("{sequence:064x}"),
        };
        previous = Chain { sequence, hash: event.hash.clone() };
        event
    };
    (0..count).map(next).collect()
}

async fn append(tx: &mut Tx<'_>, tenant: &TenantId, count: i64) -> Result<Vec<AuditEvent>, StoreError> {
    let before = audit_event::last(tx, tenant).await?;
    let events = events(tenant, &before, count);
    audit_event::append(tx, &before, &events).await?;
    Ok(events)
}

async fn events_read_back_in_order_as_they_were_written(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        assert_eq!(audit_event::last(tx, &tenant).await?, Chain::start());
        let mut written = append(tx, &tenant, 2).await?;
        written.extend(append(tx, &tenant, 1).await?);
        let last = audit_event::last(tx, &tenant).await?;
        audit_event::append(tx, &last, &[]).await?;
        assert_eq!(audit_event::after(tx, &tenant, 0, 10).await?, written);
        assert_eq!(audit_event::after(tx, &tenant, 1, 1).await?, written[1..2]);
        assert_eq!(audit_event::get(tx, &tenant, &written[1].id).await?.as_ref(), Some(&written[1]));
        let query = PageQuery { limit: 2, count: true, ..PageQuery::default() };
        let page = audit_event::page(tx, &tenant, &query).await?;
        assert_eq!((page.items.len(), page.total), (2, Some(3)));
        Ok(())
    });
    outcome.unwrap();
}

async fn who_appends_to_a_log_that_has_grown_is_told_so(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Result<Vec<AuditEvent>, StoreError> =
        tx!(bench.store, [tenant], |tx| append(tx, &tenant, 1).await);
    let first = outcome.unwrap().remove(0);
    for old in [Chain::start(), Chain { sequence: 1, hash: "another".into() }] {
        let refused = tx!(bench.store, [tenant, old], |tx| {
            audit_event::append(tx, &old, &events(&tenant, &old, 1)).await
        });
        assert_eq!(refused, Err(StoreError::Conflict));
    }
    let kept: Result<Vec<AuditEvent>, StoreError> =
        tx!(bench.store, [tenant], |tx| audit_event::after(tx, &tenant, 0, 10).await);
    assert_eq!(kept.unwrap(), [first]);
}

async fn two_who_append_at_once_both_succeed_when_the_second_looks_again(bench: Bench) {
    let tenant: TenantId = id("t");
    let one_more = async || {
        loop {
            let outcome: Result<Vec<AuditEvent>, StoreError> =
                tx!(bench.store, [tenant], |tx| append(tx, &tenant, 1).await);
            match outcome {
                Err(StoreError::Conflict) => {}
                other => return other.unwrap(),
            }
        }
    };
    tokio::join!(one_more(), one_more(), one_more(), one_more());
    let kept: Result<Vec<AuditEvent>, StoreError> =
        tx!(bench.store, [tenant], |tx| audit_event::after(tx, &tenant, 0, 10).await);
    let places: Vec<i64> = kept.unwrap().iter().map(|event| event.sequence).collect();
    assert_eq!(places, [1, 2, 3, 4]);
}

async fn what_retention_takes_leaves_a_log_that_begins_there(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        let written = append(tx, &tenant, 6).await?;
        assert_eq!(audit_event::prune(tx, &tenant, at(1), 10).await?, 0, "none is old enough");
        assert_eq!(audit_event::prune(tx, &tenant, at(4), 2).await?, 2, "at most so many");
        assert_eq!(audit_event::prune(tx, &tenant, at(4), 2).await?, 1);
        assert_eq!(audit_event::after(tx, &tenant, 0, 10).await?, written[3..]);
        let first = audit_event::first(tx, &tenant).await?;
        assert_eq!(first, Chain { sequence: 3, hash: written[2].hash.clone() });
        assert_eq!(written[3].previous, first.hash);
        assert_eq!(audit_event::last(tx, &tenant).await?.sequence, 6);
        Ok(())
    });
    outcome.unwrap();
}

async fn another_tenants_log_is_not_seen(bench: Bench) {
    let (ours, theirs): (TenantId, TenantId) = (id("ours"), id("theirs"));
    let outcome: Done = tx!(bench.store, [ours, theirs], |tx| {
        let written = append(tx, &ours, 2).await?;
        assert_eq!(audit_event::after(tx, &theirs, 0, 10).await?, []);
        assert_eq!(audit_event::get(tx, &theirs, &written[0].id).await?, None);
        assert_eq!(audit_event::last(tx, &theirs).await?, Chain::start());
        assert_eq!(audit_event::prune(tx, &theirs, at(100), 10).await?, 0);
        assert_eq!(audit_event::after(tx, &ours, 0, 10).await?.len(), 2);
        Ok(())
    });
    outcome.unwrap();
}
