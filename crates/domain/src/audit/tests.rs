use proptest::prelude::*;
use serde_json::json;

use super::*;

fn event(previous: &Chain, name: &str) -> AuditEvent {
    let mut event = AuditEvent {
        tenant: TenantId::try_from("default".to_owned()).unwrap(),
        sequence: previous.sequence + 1,
        id: AuditEventId::from(7),
        at: Time::from_unix(1_800_000_000),
        category: "Enrollment".into(),
        activity: "Patch EnrollmentProfile".into(),
        operation: OperationType::Patch,
        outcome: Outcome::Success,
        words: None,
        actor: Actor {
            actor_type: ActorType::Application,
            application_id: Some("app".into()),
            application_name: Some("Script".into()),
            user_id: None,
            user_name: None,
            ip_address: Some("192.0.2.1".into()),
        },
        resources: vec![Resource {
            resource_type: "EnrollmentProfile".into(),
            id: "p".into(),
            name: name.into(),
            modified: Vec::new(),
            scope_tags: vec!["0".into()],
        }],
        correlation_id: None,
        previous: previous.hash.clone(),
        hash: String::new(),
    };
    event.hash = hash(&event);
    event
}

/// Not one to rely on; that it tells two texts apart is enough here.
fn hash(event: &AuditEvent) -> String {
    let bytes = event.signed().unwrap();
    let sum = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{sum:016x}")
}

fn log(names: &[String]) -> Vec<AuditEvent> {
    let mut chain = Chain::start();
    let mut next = |name: &String| {
        let event = event(&chain, name);
        chain.follow(&event, &event.hash).unwrap();
        event
    };
    names.iter().map(&mut next).collect()
}

fn read(log: &[AuditEvent], last: &Chain) -> Result<(), Tampered> {
    let mut chain = Chain::start();
    for event in log {
        chain.follow(event, &hash(event))?;
    }
    chain.end(last)
}

fn last_of(log: &[AuditEvent]) -> Chain {
    log.last().map_or_else(Chain::start, |event| Chain { sequence: event.sequence, hash: event.hash.clone() })
}

proptest! {
    #[test]
    fn a_log_that_nobody_touched_is_whole(names in proptest::collection::vec("[a-z]{0,8}", 0..8)) {
        let log = log(&names);
        prop_assert_eq!(read(&log, &last_of(&log)), Ok(()));
    }

    #[test]
    fn an_event_that_was_changed_taken_out_or_moved_is_found(
        names in proptest::collection::vec("[a-z]{1,8}", 2..8),
        place in 0_usize..8,
        how in 0..4,
    ) {
        let mut log = log(&names);
        let last = last_of(&log);
        let place = place % log.len();
        match how {
            0 => log[place].resources[0].name.push('!'),
            1 => drop(log.remove(place)),
            2 => log.truncate(place),
            _ => {
                let other = (place + 1) % log.len();
                log.swap(place, other);
            }
        }
        prop_assert!(read(&log, &last).is_err());
    }
}

#[test]
fn texts_that_run_into_each_other_have_different_hashes() {
    let mut one = event(&Chain::start(), "x");
    (one.category, one.activity) = ("ab".into(), "c".into());
    let mut other = one.clone();
    (other.category, other.activity) = ("a".into(), "bc".into());
    assert_ne!(one.signed().unwrap(), other.signed().unwrap());
}

#[test]
fn only_what_differs_is_told() {
    let object = |value: serde_json::Value| value.as_object().unwrap().clone();
    let before = object(json!({ "displayName": "A", "isMandatory": true, "gone": 1, "same": [1] }));
    let after = object(json!({ "displayName": "B", "isMandatory": true, "new": null, "same": [1] }));
    let told: Vec<_> =
        modified(Some(&before), Some(&after)).into_iter().map(|one| (one.name, one.old, one.new)).collect();
    assert_eq!(
        told,
        [
            ("displayName".to_owned(), Some("A".to_owned()), Some("B".to_owned())),
            ("gone".to_owned(), Some("1".to_owned()), None),
        ]
    );
    assert_eq!(modified(None, Some(&after)).len(), 3);
    assert_eq!(modified(Some(&before), Some(&before)), []);
}

#[test]
fn a_long_value_is_cut_and_says_so() {
    let object = serde_json::json!({ "notes": "x".repeat(5_000) }).as_object().unwrap().clone();
    let told = modified(None, Some(&object)).remove(0).new.unwrap();
    assert!(told.ends_with("(cut)") && told.chars().count() < 2_100);
}
