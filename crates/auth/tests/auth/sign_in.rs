//! Client credentials.

use std::time::Duration;

use domain::{Limits, Time};
use muster_auth::{AuthError, Gate, Proof, Role, STANDING_LIFE, SignIn};

use crate::{API, START, tenant, world};

#[tokio::test]
async fn an_application_gets_a_token_that_names_it_and_its_tenant() {
    let world = world().await;
    let caller = world.gate.identify(&world.token().await).await.unwrap();
    assert_eq!(caller.tenant, tenant("default"));
    assert_eq!(caller.id(), world.admin.client_id);
    assert!(Role::ALL.iter().all(|role| caller.may(*role)));
}

#[tokio::test]
async fn nothing_but_the_secret_of_that_tenants_application_signs_in() {
    let world = world().await;
    let right = world.attempt();
    let id = world.admin.client_id.clone();
    let hash = pki::digest::sha256_hex(world.admin.client_secret.as_bytes());
    let long = "x".repeat(100_000);
    let wrong = [
        SignIn { proof: Proof::Secret(""), ..right },
        SignIn { proof: Proof::Secret("wrong"), ..right },
        SignIn { proof: Proof::Secret(&hash), ..right },
        SignIn { proof: Proof::Secret(&id), ..right },
        SignIn { proof: Proof::Secret(&long), ..right },
        SignIn { client_id: "", ..right },
        SignIn { client_id: "nobody", ..right },
        SignIn { client_id: "a\0b", ..right },
        SignIn { client_id: &long, ..right },
        SignIn { tenant: "other", ..right },
        SignIn { tenant: "", ..right },
    ];
    for (index, attempt) in wrong.into_iter().enumerate() {
        let source = format!("192.0.2.{index}");
        let refused = world.gate.sign_in(SignIn { source: &source, ..attempt }).await.unwrap_err();
        assert_eq!(refused, AuthError::Refused, "attempt {index}");
    }
    assert!(world.gate.sign_in(right).await.is_ok());
}

#[tokio::test]
async fn wrong_secrets_bring_a_pause_in_which_even_the_right_one_waits() {
    let world = world().await;
    let wrong = SignIn { proof: Proof::Secret("wrong"), ..world.attempt() };
    for _ in 0..5 {
        assert_eq!(world.gate.sign_in(wrong).await.unwrap_err(), AuthError::Refused);
    }
    let until = Time::from_unix(START + 1);
    assert_eq!(world.gate.sign_in(world.attempt()).await.unwrap_err(), AuthError::Throttled { until });
    world.clock.advance(Duration::from_secs(1));
    assert!(world.gate.sign_in(world.attempt()).await.is_ok());
}

#[tokio::test]
async fn the_bootstrap_secret_is_made_once_and_shown_once() {
    let world = world().await;
    let again =
        muster_auth::bootstrap(&world.store, &tenant("default"), Time::from_unix(START)).await.unwrap();
    assert!(again.is_none());
    let shown = format!("{:?}", world.admin);
    assert!(!shown.contains(world.admin.client_secret.as_str()), "{shown}");
    let kept = muster_auth::list(&world.store, &tenant("default")).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert!(!format!("{kept:?}").contains(world.admin.client_secret.as_str()));
}

#[tokio::test]
async fn a_token_outlives_a_restart_and_ends_soon_after_its_application() {
    let world = world().await;
    let token = world.token().await;
    let again = Gate::open(world.store.clone(), world.clock.clone(), API, &Limits::default()).unwrap();
    assert!(again.identify(&token).await.is_ok());
    assert!(muster_auth::delete(&world.store, &tenant("default"), &world.admin.client_id).await.unwrap());
    assert_eq!(world.gate.sign_in(world.attempt()).await.unwrap_err(), AuthError::Refused);
    world.clock.advance(STANDING_LIFE);
    assert!(matches!(again.identify(&token).await, Err(AuthError::Token(_))));
}

#[tokio::test]
async fn an_application_has_the_roles_it_was_made_with_and_no_other() {
    let world = world().await;
    let now = Time::from_unix(START);
    let roles = [Role::ManagedDevicesReadWrite];
    let made = muster_auth::create(&world.store, &tenant("default"), "help desk", &roles, now).await.unwrap();
    let attempt =
        SignIn { client_id: &made.client_id, proof: Proof::Secret(&made.client_secret), ..world.attempt() };
    let token = world.gate.sign_in(attempt).await.unwrap().text;
    let caller = world.gate.identify(&token).await.unwrap();
    let may: Vec<_> = Role::ALL.into_iter().filter(|role| caller.may(*role)).collect();
    assert_eq!(may, [Role::ManagedDevicesRead, Role::ManagedDevicesReadWrite]);
    assert_eq!(
        muster_auth::create(&world.store, &tenant("default"), "  ", &roles, now).await.unwrap_err(),
        AuthError::Name
    );
}
