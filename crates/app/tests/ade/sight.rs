//! What stands under a token that an administrator does not see does not exist for them, by whatever way they ask.

use std::collections::BTreeSet;

use domain::access::{Operations, Rights, Sight};
use domain::sync::RunState;
use domain::{Platform, ProfileId};
use muster_app::token::{NewToken, TokenChange};
use muster_app::{Actor, AppError, alert, device, profile, scope_tag, sync, token, trouble};
use practice::apple::catalogue::Family;
use practice::apple::faults::PlannedAnswer;
use store::PageQuery;

use crate::bench::{Bench, Connected};

/// Two tokens, and administrators who see one each.
struct Two {
    bench: Bench,
    ours: Connected,
    theirs: Connected,
    profiles: [ProfileId; 2],
    serials: [Vec<String>; 2],
    berlin: Actor,
}

fn scoped(bench: &Bench, tag: &str) -> Actor {
    let sight = Sight::Tags(BTreeSet::from([tag.to_owned()]));
    let rights = Rights { operations: Operations::ALL, sight, target_groups: None };
    Actor { name: format!("Administrator of {tag}"), rights, ..bench.actor.clone() }
}

async fn two() -> Two {
    let bench = Bench::start().await;
    let (ours, theirs) = (bench.connect("Berlin").await, bench.connect("Paris").await);
    for name in ["Of Berlin", "Of Paris"] {
        scope_tag::create(&bench.app, &bench.actor, name, "").await.unwrap();
    }
    let mut profiles = Vec::new();
    let mut serials = Vec::new();
    for (connected, tag) in [(&ours, "1"), (&theirs, "2")] {
        let change = TokenChange { scope_tags: Some(vec![tag.to_owned()]), ..TokenChange::default() };
        token::update(&bench.app, &bench.actor, &connected.token, change).await.unwrap();
        profiles.push(bench.profile(&connected.token, Platform::Ios, "Sales").await);
        serials.push(bench.buy(connected.server, Family::IPad, 2));
    }
    bench.sync().await;
    let berlin = scoped(&bench, "1");
    Two {
        ours,
        theirs,
        profiles: profiles.try_into().unwrap(),
        serials: serials.try_into().unwrap(),
        berlin,
        bench,
    }
}

fn all() -> PageQuery {
    PageQuery { limit: 100, count: true, ..PageQuery::default() }
}

fn is_missing(outcome: &Result<(), AppError>) -> bool {
    matches!(outcome, Err(AppError::NotFound { .. }))
}

/// Refuses: M
/// Shows: L14
#[tokio::test(flavor = "multi_thread")]
async fn lists_and_counts_hold_what_stands_under_tokens_that_are_seen() {
    let Two { bench, ours, theirs, serials, berlin, .. } = two().await;
    let tokens = token::list(&bench.app, &berlin, all()).await.unwrap();
    let names: Vec<_> = tokens.items.iter().map(|detail| detail.token.name.as_str()).collect();
    assert_eq!((names, tokens.total), (vec!["Berlin"], Some(1)));
    let rows = device::list(&bench.app, &berlin, None, all()).await.unwrap();
    let listed: BTreeSet<_> = rows.items.iter().map(|row| row.serial.to_string()).collect();
    assert_eq!((listed, rows.total), (serials[0].iter().cloned().collect(), Some(2)));
    let stories = device::story_page(&bench.app, &berlin, None, all()).await.unwrap();
    assert_eq!((stories.items.len(), stories.total), (2, Some(2)));
    for outcome in [
        device::list(&bench.app, &berlin, Some(&theirs.token), all()).await.map(drop),
        device::story_page(&bench.app, &berlin, Some(&theirs.token), all()).await.map(drop),
        profile::list(&bench.app, &berlin, &theirs.token, all()).await.map(drop),
        sync::runs(&bench.app, &berlin, &theirs.token, 10).await.map(drop),
        sync::state(&bench.app, &berlin, &theirs.token).await.map(drop),
    ] {
        assert!(is_missing(&outcome));
    }
    assert_eq!(profile::list(&bench.app, &berlin, &ours.token, all()).await.unwrap().items.len(), 1);
}

/// Refuses: M
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_seen_is_not_found_and_not_changed() {
    let Two { bench, theirs, profiles, serials, berlin, .. } = two().await;
    let (app, hidden, theirs_profile) = (&bench.app, &theirs.token, &profiles[1]);
    let id = bench.device(&serials[1][0]).await.id;
    let rename = TokenChange { name: Some("Ours now".into()), ..TokenChange::default() };
    let outcomes = [
        token::get(app, &berlin, hidden).await.map(drop),
        token::detail(app, &berlin, hidden).await.map(drop),
        token::update(app, &berlin, hidden, rename).await.map(drop),
        token::delete(app, &berlin, hidden, true).await,
        token::generate_key(app, &berlin, hidden).await.map(drop),
        token::public_key(app, &berlin, hidden).await.map(drop),
        token::checklist(app, &berlin, Some(hidden)).await.map(drop),
        token::release_devices(app, &berlin, hidden, &serials[1], true).await.map(drop),
        sync::request(app, &berlin, hidden, false).await.map(drop),
        device::get(app, &berlin, hidden, &id).await.map(drop),
        device::describe(app, &berlin, hidden, &id, Some("ours".into())).await.map(drop),
        device::delete(app, &berlin, hidden, &id).await,
        device::block(app, &berlin, hidden, &id, true).await.map(drop),
        device::stories(app, &berlin, &serials[1][0]).await.map(drop),
        profile::get(app, &berlin, hidden, theirs_profile).await.map(drop),
        profile::default_of(app, &berlin, hidden, Platform::Ios).await.map(drop),
        profile::set_default(app, &berlin, hidden, theirs_profile).await,
        profile::clear_default(app, &berlin, hidden, Platform::Ios).await,
        profile::delete(app, &berlin, hidden, theirs_profile, true).await,
        profile::assign(app, &berlin, hidden, theirs_profile, &serials[1]).await.map(drop),
        profile::assign_across(app, &berlin, theirs_profile, &serials[1]).await.map(drop),
        profile::warnings(app, &berlin, hidden, theirs_profile).await.map(drop),
        profile::export_mobile_config(app, &berlin, hidden, theirs_profile).await.map(drop),
    ];
    for (place, outcome) in outcomes.into_iter().enumerate() {
        assert!(is_missing(&outcome), "{place}: {outcome:?}");
    }
    assert_eq!(token::get(app, &bench.actor, hidden).await.unwrap().name, "Paris");
    assert_eq!(bench.device(&serials[1][0]).await.description, None);
}

/// Refuses: M
#[tokio::test(flavor = "multi_thread")]
async fn the_words_about_a_serial_of_another_token_do_not_name_it() {
    let Two { bench, ours, profiles, serials, berlin, .. } = two().await;
    let app = &bench.app;
    let lines = profile::assign(app, &berlin, &ours.token, &profiles[0], &serials[1]).await.unwrap();
    assert!(lines.iter().all(|line| !line.ok && !line.words.contains("Paris")), "{lines:?}");
    let lines = profile::unassign(app, &berlin, &serials[1]).await.unwrap();
    assert!(lines.iter().all(|line| !line.ok && line.words == "no token here has this serial"), "{lines:?}");
    let unknown = device::mark_converted(app, &berlin, &serials[1], Some(app.now())).await.unwrap();
    assert_eq!(unknown.len(), 2);
    assert_eq!(bench.device(&serials[1][0]).await.converted_at, None);
    let found = device::look_up_at_apple(app, &berlin, &serials[1][0]).await.unwrap();
    assert_eq!(found.iter().map(|one| one.token_name.as_str()).collect::<Vec<_>>(), ["Berlin"]);
    let seen = profile::assign(app, &bench.actor, &ours.token, &profiles[0], &serials[1]).await.unwrap();
    assert!(seen[0].words.contains("Paris"), "who sees both is told");
}

/// Refuses: M
#[tokio::test(flavor = "multi_thread")]
async fn alerts_and_troubles_are_those_of_what_is_seen() {
    let Two { bench, ours, theirs, berlin, .. } = two().await;
    bench.practice.world().faults().plan("POST /devices/sync", 2, PlannedAnswer::new(500, "broken"));
    bench.clock.advance(std::time::Duration::from_secs(12 * 60 * 60));
    bench.sync().await;
    for connected in [&ours, &theirs] {
        assert!(matches!(bench.last_run(&connected.token).await.state, RunState::Failed { .. }));
    }
    let subjects = async |actor: &Actor| {
        let alerts = alert::alerts(&bench.app, actor).await.unwrap().into_iter().map(|alert| alert.subject);
        let troubles = trouble::troubles(&bench.app, actor).await.unwrap().into_iter().map(|one| one.subject);
        alerts.chain(troubles).collect::<BTreeSet<_>>()
    };
    let everything = subjects(&bench.actor).await;
    assert!(everything.contains(theirs.token.as_str()) && everything.contains(ours.token.as_str()));
    let seen = subjects(&berlin).await;
    assert!(seen.contains(ours.token.as_str()) && !seen.contains(theirs.token.as_str()));
}

/// Shows: L15, L17
#[tokio::test(flavor = "multi_thread")]
async fn a_scoped_administrators_token_has_their_tags_and_keeps_one_of_them() {
    let Two { bench, ours, berlin, .. } = two().await;
    let new = NewToken { name: "Hamburg".into(), ..NewToken::default() };
    let made = token::create(&bench.app, &berlin, new).await.unwrap();
    assert_eq!(made.scope_tags, ["1"]);
    let tags = |tags: &[&str]| TokenChange {
        scope_tags: Some(tags.iter().map(|tag| (*tag).to_owned()).collect()),
        ..TokenChange::default()
    };
    for refused in [&["2"][..], &["1", "2"], &[]] {
        let outcome = token::update(&bench.app, &berlin, &ours.token, tags(refused)).await;
        assert!(
            matches!(&outcome, Err(AppError::Invalid { target, .. }) if target == "roleScopeTagIds"),
            "{outcome:?}"
        );
    }
    let kept = token::update(&bench.app, &bench.actor, &ours.token, tags(&["1", "2"])).await.unwrap();
    assert_eq!(kept.scope_tags, ["1", "2"], "who sees everything gives any");
}
