use super::{START, world};
use crate::apple::org::{Revocation, TOKEN_LIFE_S};
use crate::apple::token::TokenStanding;

/// Shows: R24
#[test]
fn renewing_a_token_kills_the_one_in_use_at_once_and_keeps_the_consumer_key() {
    let mut world = world();
    let old = world.model.issue_token(world.a, "it@example.com", START).unwrap();
    assert_eq!(
        world.model.standing(&old.consumer_key, &old.access_token, START),
        TokenStanding::Good(world.a)
    );
    let new = world.model.issue_token(world.a, "it@example.com", START).unwrap();
    assert_eq!(new.consumer_key, old.consumer_key);
    assert_eq!(world.model.standing(&old.consumer_key, &old.access_token, START), TokenStanding::Rejected);
    assert_eq!(
        world.model.standing(&new.consumer_key, &new.access_token, START),
        TokenStanding::Good(world.a)
    );
}

/// Shows: R24
#[test]
fn a_new_password_or_a_leaver_kills_only_the_tokens_they_made() {
    let mut world = world();
    let hers = world.model.issue_token(world.a, "ann@example.com", START).unwrap();
    let his = world.model.issue_token(world.b, "bob@example.com", START).unwrap();
    let hit = world.model.lose_person(world.org, "ann@example.com", Revocation::CreatorLeft);
    assert_eq!(hit, [world.a]);
    assert_eq!(world.model.standing(&hers.consumer_key, &hers.access_token, START), TokenStanding::Rejected);
    assert_eq!(
        world.model.standing(&his.consumer_key, &his.access_token, START),
        TokenStanding::Good(world.b)
    );
}

#[test]
fn a_token_lives_a_year() {
    let mut world = world();
    let file = world.model.issue_token(world.a, "it@example.com", START).unwrap();
    assert_eq!(file.access_token_expiry, "2027-05-09T02:30:00Z");
    let end = START.plus_seconds(TOKEN_LIFE_S);
    let standing = |now| world.model.standing(&file.consumer_key, &file.access_token, now);
    assert_eq!(standing(end.plus_seconds(-1)), TokenStanding::Good(world.a));
    assert_eq!(standing(end), TokenStanding::Rejected);
}

#[test]
fn a_consumer_key_nobody_has_is_unknown() {
    let mut world = world();
    let file = world.model.issue_token(world.a, "it@example.com", START).unwrap();
    assert_eq!(world.model.standing("CK_other", &file.access_token, START), TokenStanding::UnknownConsumer);
}

#[test]
fn no_secret_shows_in_debug() {
    let mut world = world();
    let file = world.model.issue_token(world.a, "it@example.com", START).unwrap();
    let shown = format!("{file:?} {:?}", world.model.server(world.a));
    for secret in [&file.consumer_secret, &file.access_secret, &file.access_token] {
        assert!(!shown.contains(secret.as_str()));
    }
}
