use std::sync::Arc;

use net::Clock;

use super::{Delivery, DeviceToken, Push, PushRules, Registry};
use crate::apns::PushLine;
use crate::apple::Moment;

const TOPIC: &str = "com.apple.mgmt.External.a";
const NOW: Moment = Moment::from_seconds(1_778_293_800);

fn registry() -> Arc<Registry> {
    Arc::new(Registry::new(PushRules::default()))
}

fn push(magic: &str) -> Push {
    Push { magic: magic.into(), expires: None }
}

fn line(registry: &Arc<Registry>, token: DeviceToken, now: Moment) -> PushLine {
    PushLine::open(Arc::clone(registry), Clock::manual(now.0), token).unwrap()
}

#[test]
fn a_device_that_was_away_gets_only_the_last_push() {
    let registry = registry();
    let token = registry.register(TOPIC);
    for magic in ["one", "two", "three"] {
        assert_eq!(registry.push(token, TOPIC, push(magic), NOW), Delivery::Accepted);
    }
    let line = line(&registry, token, NOW);
    assert_eq!(line.try_next(), Some(push("three")));
    assert_eq!(line.try_next(), None);
}

#[test]
fn a_push_that_expired_while_the_device_was_away_is_not_delivered() {
    let registry = registry();
    let token = registry.register(TOPIC);
    let expires = Some(NOW.plus_seconds(60));
    registry.push(token, TOPIC, Push { magic: "late".into(), expires }, NOW);
    assert_eq!(line(&registry, token, NOW.plus_seconds(60)).try_next(), None);
}

#[test]
fn expiration_zero_is_for_devices_that_listen() {
    let registry = registry();
    let token = registry.register(TOPIC);
    let now_or_never = Push { magic: "now".into(), expires: Some(Moment::from_seconds(0)) };
    registry.push(token, TOPIC, now_or_never.clone(), NOW);
    let line = line(&registry, token, NOW);
    assert_eq!(line.try_next(), None);
    registry.push(token, TOPIC, now_or_never.clone(), NOW);
    assert_eq!(line.try_next(), Some(now_or_never));
}

#[test]
fn tokens_have_a_topic_and_an_end() {
    let registry = registry();
    let token = registry.register(TOPIC);
    assert_eq!(registry.push(DeviceToken([0; 32]), TOPIC, push("x"), NOW), Delivery::Unknown);
    assert_eq!(registry.push(token, "com.apple.mgmt.External.b", push("x"), NOW), Delivery::OtherTopic);
    registry.unregister(token, NOW);
    registry.unregister(token, NOW.plus_seconds(5));
    assert_eq!(registry.push(token, TOPIC, push("x"), NOW), Delivery::Unregistered(NOW));
}

#[test]
fn too_many_pushes_within_a_minute_are_refused_until_the_next() {
    let registry = Registry::new(PushRules { per_device_per_minute: 2 });
    let token = registry.register(TOPIC);
    let start = Moment::from_seconds(NOW.seconds() / 60 * 60);
    let at = |seconds| registry.push(token, TOPIC, push("x"), start.plus_seconds(seconds));
    assert_eq!([at(0), at(1), at(59)], [Delivery::Accepted, Delivery::Accepted, Delivery::TooMany]);
    assert_eq!(at(60), Delivery::Accepted);
}

#[test]
fn a_token_reads_back_from_its_hexadecimal_form() {
    let token = registry().register(TOPIC);
    assert_eq!(DeviceToken::from_hex(&token.hex()), Some(token));
    assert_eq!(DeviceToken::from_hex(&token.hex().to_uppercase()), Some(token));
    for text in ["", "ab", "zz"] {
        assert_eq!(DeviceToken::from_hex(text), None);
    }
}

#[tokio::test]
async fn a_waiting_device_is_woken() {
    let registry = registry();
    let token = registry.register(TOPIC);
    let line = line(&registry, token, NOW);
    let waiting = tokio::spawn(async move { line.next().await });
    registry.push(token, TOPIC, push("wake"), NOW);
    assert_eq!(waiting.await.unwrap(), push("wake"));
}

#[test]
fn a_hundred_thousand_tokens_take_little_memory() {
    assert!(std::mem::size_of::<super::Registration>() <= 160);
}
