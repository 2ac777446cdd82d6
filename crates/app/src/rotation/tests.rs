use std::time::Duration;

use net::{Clock, Points};

use super::Rotation;
use crate::loops::node;
use crate::open::{Limits, Place, open, seal_key};
use crate::{App, AppError, Settings};

/// 2026-01-01T00:00:00Z
const NOW: i64 = 1_767_225_600;

/// A database, and the keys that there ever were, the oldest first.
struct House {
    folder: tempfile::TempDir,
    clock: Clock,
    keys: Vec<String>,
}

impl House {
    fn new(keys: usize) -> Self {
        let keys = (0..keys).map(|_| seal_key().unwrap().to_string()).collect();
        Self { folder: tempfile::tempdir().unwrap(), clock: Clock::manual(NOW * 1_000_000), keys }
    }

    /// Seals with the first of these keys; the others open.
    fn place(&self, keys: &[usize]) -> Place {
        let database_url = format!("sqlite:{}", self.folder.path().join("muster.db").display());
        let mut keys = keys.iter().map(|n| self.keys[*n].clone().into());
        Place { database_url, seal_key: keys.next().unwrap(), older_seal_keys: keys.collect() }
    }

    async fn serve(&self, keys: &[usize]) -> Result<App, AppError> {
        let settings = Settings {
            api_url: "https://api.example".into(),
            device_url: "https://devices.example".into(),
            device_anchors: Vec::new(),
        };
        let (place, clock) = (self.place(keys), self.clock.clone());
        Ok(open(&place, clock, Points::default(), Limits::default(), settings, None).await?.app)
    }

    async fn rotate(&self, keys: &[usize]) -> Result<Rotation, AppError> {
        Rotation::begin(&self.place(keys), &self.clock).await
    }
}

#[track_caller]
fn refused<T>(outcome: Result<T, AppError>, word: &str) {
    match outcome {
        Err(AppError::Conflict { words }) if words.contains(word) => {}
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was not refused"),
    }
}

#[tokio::test]
async fn a_server_keeps_a_rotation_away_also_while_two_of_its_signs_of_life_fail_to_come() {
    let house = House::new(2);
    let server = house.serve(&[0]).await.unwrap();
    node::turn(server.clone()).await.unwrap();
    for _ in 0..8 {
        refused(house.rotate(&[1, 0]).await, "a server works on this database");
        house.clock.advance(Duration::from_secs(10));
    }
    node::turn(server.clone()).await.unwrap();
    assert_eq!(server.why_unfit(), None, "a rotation that did not begin stops no server");

    node::leave(&server).await.unwrap();
    house.rotate(&[1, 0]).await.unwrap().end().await.unwrap();
}

#[tokio::test]
async fn no_server_starts_while_the_key_is_changed_but_one_that_seals_with_the_new_key() {
    let house = House::new(2);
    let server = house.serve(&[0]).await.unwrap();
    node::leave(&server).await.unwrap();
    let rotation = house.rotate(&[1, 0]).await.unwrap();
    refused(house.serve(&[0]).await, "is being changed");
    refused(house.serve(&[0, 1]).await, "is being changed");
    let with_both = house.serve(&[1, 0]).await.unwrap();
    node::turn(with_both.clone()).await.unwrap();
    assert_eq!(with_both.why_unfit(), None);
    assert!(rotation.reseal().await.unwrap() > 0);
    rotation.end().await.unwrap();
    let old = house.serve(&[0]).await.err().unwrap();
    assert!(matches!(old, AppError::Store(store::StoreError::Sealed(_))), "{old}");
    house.serve(&[1]).await.unwrap();
}

/// It stood still for so long that it was taken for dead.
#[tokio::test]
async fn a_server_stops_when_the_key_is_or_was_changed_under_it() {
    let house = House::new(2);
    let [early, late] = [house.serve(&[0]).await.unwrap(), house.serve(&[0]).await.unwrap()];
    house.clock.advance(node::LEASE);
    let rotation = house.rotate(&[1, 0]).await.unwrap();
    assert!(rotation.reseal().await.unwrap() > 0);
    node::turn(early.clone()).await.unwrap();
    assert!(early.why_unfit().unwrap().contains("is being changed"));
    rotation.end().await.unwrap();
    node::turn(late.clone()).await.unwrap();
    assert!(late.why_unfit().unwrap().contains("a key that this server does not have"));
    assert_eq!(late.unfit().await, late.why_unfit().unwrap());
}

#[tokio::test]
async fn a_rotation_that_was_killed_is_gone_on_with_at_once_by_who_has_its_key_and_later_by_others() {
    let house = House::new(4);
    node::leave(&house.serve(&[0]).await.unwrap()).await.unwrap();
    drop(house.rotate(&[1, 0]).await.unwrap());
    refused(house.rotate(&[2, 0]).await, "is being changed already");
    let with_its_key = house.rotate(&[2, 1, 0]).await.unwrap();
    assert!(with_its_key.reseal().await.unwrap() > 0);
    drop(with_its_key);
    house.clock.advance(node::LEASE);
    let later = house.rotate(&[3, 2]).await.unwrap();
    assert!(later.reseal().await.unwrap() > 0);
    later.end().await.unwrap();
}
