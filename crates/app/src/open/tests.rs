use std::time::Duration;

use super::{Limits, Opened, Place, PracticeApple, Works, anchors, open_keeping, seal_key};
use crate::loops::drive;
use crate::operator::{add_tenant, credentials, tenants};
use crate::server_certificate::ServerAuthority;
use crate::{App, AppError, Settings, Work};
use net::{CancellationToken, Clock, Points};

/// 2026-01-01T00:00:00Z in seconds.
const NOW: i64 = 1_767_225_600;

struct Home {
    folder: tempfile::TempDir,
    key: String,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), key: seal_key().unwrap().to_string() }
    }

    fn place(&self) -> Place {
        let database_url = format!("sqlite:{}", self.folder.path().join("muster.db").display());
        Place { database_url, seal_key: self.key.clone().into(), older_seal_keys: Vec::new() }
    }

    async fn open(&self, practice: Option<&PracticeApple>) -> Result<Opened, AppError> {
        self.open_keeping(practice, || Ok(())).await
    }

    async fn open_keeping(
        &self,
        practice: Option<&PracticeApple>,
        keep: impl FnOnce() -> Result<(), AppError>,
    ) -> Result<Opened, AppError> {
        let settings = Settings {
            api_url: "https://api.example".into(),
            device_url: "https://devices.example".into(),
            device_anchors: Vec::new(),
        };
        let clock = Clock::manual(NOW * 1_000_000);
        let (place, limits) = (self.place(), Limits::default());
        open_keeping(&place, clock, Points::default(), limits, settings, practice, |_| keep()).await
    }
}

fn practice(port: u16) -> PracticeApple {
    let ca_pem = ServerAuthority::create(NOW).unwrap().certificate_pem;
    PracticeApple {
        ade_url: format!("https://localhost:{port}"),
        apns_url: format!("https://localhost:{}", port + 1),
        device_ca_pem: ca_pem.clone(),
        ca_pem,
    }
}

#[tokio::test]
async fn the_first_start_makes_the_default_tenant_and_credentials_that_no_later_start_tells_again() {
    let home = Home::new();
    let first = home.open(None).await.unwrap();
    assert_eq!(first.first.as_ref().unwrap().tenant.as_str(), "default");
    first.app.store.close().await;
    let second = home.open(None).await.unwrap();
    assert!(second.first.is_none());
    let tenants = tenants(&second.app.store).await.unwrap();
    assert_eq!(tenants.len(), 1);
    assert!(!tenants[0].apple.practice);
}

#[tokio::test]
async fn a_practice_tenant_follows_practice_apple_and_a_real_one_never_becomes_practice() {
    let home = Home::new();
    home.open(Some(&practice(4_000))).await.unwrap().app.store.close().await;
    let moved = home.open(Some(&practice(5_000))).await.unwrap();
    let tenant = tenants(&moved.app.store).await.unwrap().remove(0);
    assert!(tenant.apple.practice && tenant.apple.ade_url.ends_with("5000"));
    moved.app.store.close().await;
    // Without practice.json it stays what it is.
    let again = home.open(None).await.unwrap();
    assert!(tenants(&again.app.store).await.unwrap()[0].apple.practice);

    let real = Home::new();
    real.open(None).await.unwrap().app.store.close().await;
    let refused = real.open(Some(&practice(4_000))).await.err();
    assert!(matches!(refused, Some(AppError::Conflict { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_wrong_seal_key_or_one_that_is_none_opens_nothing() {
    let mut home = Home::new();
    home.open(None).await.unwrap().app.store.close().await;
    home.key = seal_key().unwrap().to_string();
    assert!(matches!(home.open(None).await.err(), Some(AppError::Store(_))));
    home.key = "not a key".into();
    assert!(matches!(home.open(None).await.err(), Some(AppError::Invalid { .. })));
}

#[tokio::test]
async fn a_tenant_is_added_once_and_only_under_a_name_that_can_stand_in_a_url() {
    let home = Home::new();
    let opened = home.open(None).await.unwrap();
    let (store, clock) = (&opened.app.store, &opened.app.clock);
    add_tenant(store, "school", "Riverside School", None, clock).await.unwrap();
    for (id, name) in
        [("school", "Again"), ("SCHOOL", "Again"), ("a/b", "Slash"), ("", "Nothing"), ("new", "")]
    {
        assert!(add_tenant(store, id, name, None, clock).await.is_err(), "{id:?} {name:?}");
    }
    assert_eq!(tenants(store).await.unwrap().len(), 2);
    assert!(credentials(store, "school", clock).await.is_ok());
    assert!(matches!(credentials(store, "none", clock).await, Err(AppError::NotFound { .. })));
}

#[test]
fn the_servers_own_authority_issues_certificates_for_hosts_and_addresses() {
    let authority = ServerAuthority::create(NOW).unwrap();
    let issued = authority.issue(&["mdm.example".into(), "127.0.0.1".into()], NOW).unwrap();
    let certificate = pki::x509::Certificate::from_pem(&issued.chain_pem).unwrap();
    let root = pki::x509::Certificate::from_pem(&authority.certificate_pem).unwrap();
    assert!(certificate.verify_signature(root.public_key()).is_ok());
    assert!(certificate.is_valid_at(NOW) && !certificate.is_ca());
    // Apple's systems refuse server certificates that live longer.
    assert!(certificate.not_after() - certificate.not_before() <= 398 * 86_400);
    assert!(net::Identity::from_pem(issued.chain_pem.as_bytes(), issued.key_pem.as_bytes()).is_ok());
    assert!(authority.issue(&[], NOW).is_err());
}

#[test]
fn anchors_are_the_der_of_each_certificate_of_a_pem_text() {
    let one = ServerAuthority::create(NOW).unwrap().certificate_pem;
    let two = ServerAuthority::create(NOW).unwrap().certificate_pem;
    let found = anchors(&format!("{one}\n{two}")).unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|der| der.starts_with("MII") && !der.contains('\n')));
    assert!(anchors("no certificate").is_err());
}

/// A program that ends between the two would leave an application whose secret nobody has.
#[tokio::test]
async fn the_first_credentials_are_kept_before_their_application_is_stored() {
    let home = Home::new();
    let full = home.open_keeping(None, || Err(AppError::internal("the disk is full"))).await.err();
    assert_eq!(full.unwrap().to_string(), AppError::internal("the disk is full").to_string());
    assert!(home.open(None).await.unwrap().first.is_some(), "what could not be kept was not stored");
    assert!(
        home.open_keeping(None, || Err(AppError::internal("asked twice"))).await.unwrap().first.is_none()
    );
}

/// Neither a turn that never ends nor one that holds its thread keeps a server from stopping, and it is told by name.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_in_its_time_and_names_the_loops_that_did_not() {
    let home = Home::new();
    let app = home.open(None).await.unwrap().app;
    let stop = CancellationToken::new();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Arc::new(std::sync::Mutex::new(held));
    let never = |_: App| std::future::pending();
    let blocked = move |_: App| {
        let held = std::sync::Arc::clone(&held);
        async move {
            let _ = held.lock().unwrap().recv();
            Ok(domain::Time::NEVER)
        }
    };
    let well = |app: App| async move { Ok(app.now().plus(Duration::from_secs(1))) };
    let tasks = vec![
        (Work::Sync, tokio::spawn(drive(app.clone(), Work::Sync, stop.clone(), never))),
        (Work::Setup, tokio::spawn(drive(app.clone(), Work::Setup, stop.clone(), well))),
        (Work::Push, tokio::spawn(drive(app.clone(), Work::Push, stop.clone(), blocked))),
    ];
    while !app.status(Work::Push).busy || !app.status(Work::Sync).busy {
        tokio::task::yield_now().await;
    }
    let works = Works { app, stop, tasks };
    let stopped = tokio::time::timeout(Duration::from_secs(60), works.stop(Duration::from_secs(2)));
    assert_eq!(stopped.await.unwrap()[..2], ["sync", "push"]);
    drop(release);
}
