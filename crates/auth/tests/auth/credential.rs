//! Several secrets of one application.

use std::time::Duration;

use domain::Time;
use muster_auth::{
    AuthError, Proof, STANDING_LIFE, SignIn, add_secret, create_public, credentials, delete_credential,
};

use crate::{START, tenant, world};

#[tokio::test]
async fn secrets_take_over_from_one_another_and_end_when_they_say() {
    let world = world().await;
    let (default, id, now) = (tenant("default"), world.admin.client_id.clone(), Time::from_unix(START));
    let end = Some(now.plus(Duration::from_secs(100)));
    let second = add_secret(&world.store, &default, &id, " night job ", end, now).await.unwrap();
    let with_second = SignIn { proof: Proof::Secret(&second.secret), ..world.attempt() };
    assert!(world.gate.sign_in(world.attempt()).await.is_ok());
    let token = world.gate.sign_in(with_second).await.unwrap().text;
    let known = credentials(&world.store, &default, &id).await.unwrap();
    assert_eq!(
        known.iter().map(|c| c.display_name.as_str()).collect::<Vec<_>>(),
        ["first secret", "night job"]
    );
    assert_eq!(known[1].hint, second.secret[..3]);
    assert!(!format!("{second:?} {known:?}").contains(second.secret.as_str()));
    world.clock.advance(Duration::from_secs(99));
    assert!(world.gate.identify(&token).await.is_ok());
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.gate.sign_in(with_second).await.unwrap_err(), AuthError::Refused);
    world.clock.advance(STANDING_LIFE);
    assert!(world.gate.identify(&token).await.is_err(), "nor does its token outlive it for long");
    assert!(world.gate.sign_in(world.attempt()).await.is_ok());
}

/// Refuses: F
#[tokio::test]
async fn a_token_ends_soon_after_the_secret_that_it_was_given_for() {
    let world = world().await;
    let (default, id, now) = (tenant("default"), world.admin.client_id.clone(), Time::from_unix(START));
    let second = add_secret(&world.store, &default, &id, "leaked", None, now).await.unwrap();
    let with_second = SignIn { proof: Proof::Secret(&second.secret), ..world.attempt() };
    let (leaked, kept) = (world.gate.sign_in(with_second).await.unwrap().text, world.token().await);
    assert!(world.gate.identify(&leaked).await.is_ok());
    assert!(delete_credential(&world.store, &default, &id, &second.id).await.unwrap());
    world.clock.advance(STANDING_LIFE);
    assert!(world.gate.identify(&leaked).await.is_err());
    assert!(world.gate.identify(&kept).await.is_ok(), "the other secret's go on");
    assert_eq!(world.gate.sign_in(with_second).await.unwrap_err(), AuthError::Refused);
}

#[tokio::test]
async fn credentials_that_cannot_be_are_refused() {
    let world = world().await;
    let (default, id, now) = (tenant("default"), world.admin.client_id.clone(), Time::from_unix(START));
    let add = |id: String, tenant, name: &'static str, end| {
        let store = world.store.clone();
        async move { add_secret(&store, &tenant, &id, name, end, now).await.map(drop) }
    };
    assert_eq!(add(id.clone(), tenant("other"), "x", None).await, Err(AuthError::NoApplication));
    assert_eq!(add("nobody".into(), default.clone(), "x", None).await, Err(AuthError::NoApplication));
    assert_eq!(add(id.clone(), default.clone(), " ", None).await, Err(AuthError::Name));
    let over = add(id.clone(), default.clone(), "x", Some(now)).await;
    assert!(matches!(over, Err(AuthError::Credential(_))));
    let public = create_public(&world.store, &default, "desktop", now).await.unwrap();
    assert!(matches!(add(public, default.clone(), "x", None).await, Err(AuthError::Credential(_))));
    for _ in 1..20 {
        add(id.clone(), default.clone(), "x", None).await.unwrap();
    }
    assert!(matches!(add(id.clone(), default.clone(), "x", None).await, Err(AuthError::Credential(_))));
}
