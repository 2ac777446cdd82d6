//! The gap between wanted and assigned profiles, and what Apple is known to hold (R29, R58, R59).

use domain::device::{Assignment, Device, Outcome, Presence, ProfileStatus};
use domain::profile::Profile;
use domain::token::Token;
use domain::{Platform, TenantId, Time};
use store::{StoreError, Tx, device, profile, token};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{self, at, id};

on_both_engines!(
    a_gap_is_what_differs_from_the_chosen_profile_or_the_default,
    a_profile_that_is_not_defined_holds_up_no_other,
    a_changed_profile_is_undefined_until_its_content_is_known,
    content_is_not_set_for_a_profile_that_has_changed,
    a_profile_changed_back_finds_its_former_definition,
    wanted_profiles_are_defaults_and_chosen_ones,
    results_are_recorded_with_and_without_a_record,
    the_next_due_time_is_that_of_a_gap,
    contents_of_a_token_count_what_hangs_on_it,
    a_url_secret_leads_to_its_profile_until_it_changes,
    a_deleted_profile_leaves_its_definitions_behind,
    a_complete_pass_marks_the_rest_as_gone,
);

type Done = Result<(), StoreError>;

struct Stage {
    tenant: TenantId,
    token: Token,
    default: Profile,
    chosen: Profile,
}

/// A token with a default profile for iOS and another one, both defined at Apple.
async fn stage(tx: &mut Tx<'_>) -> Result<Stage, StoreError> {
    let tenant: TenantId = id("t");
    let mut token = sample::token(&tenant, "token-1");
    let default = sample::profile(&tenant, &token.id, "default");
    let chosen = sample::profile(&tenant, &token.id, "chosen");
    token.default_profiles.insert(Platform::Ios, default.id.clone());
    token::insert(tx, &token).await?;
    for (row, uuid) in [(&default, "UUID-DEFAULT"), (&chosen, "UUID-CHOSEN")] {
        profile::insert(tx, row).await?;
        profile::defined_insert(tx, &sample::defined(row, uuid, "hash-1", 1)).await?;
        profile::content_set(tx, row, "hash-1").await?;
    }
    Ok(Stage { tenant, token, default, chosen })
}

/// A serial that Apple says has this profile.
fn serial(stage: &Stage, name: &str, uuid: Option<&str>) -> Device {
    let mut row = sample::device(&stage.tenant, &stage.token.id, name);
    row.apple.profile_uuid = uuid.map(str::to_owned);
    row.apple.profile_status = if uuid.is_some() { ProfileStatus::Assigned } else { ProfileStatus::Empty };
    row
}

async fn gaps(
    tx: &mut Tx<'_>,
    stage: &Stage,
    now: Time,
) -> Result<Vec<(String, String, Option<String>)>, StoreError> {
    let gaps = device::assignment_gap(tx, &stage.tenant, &stage.token.id, now, 100).await?;
    Ok(gaps
        .into_iter()
        .map(|gap| (gap.device.serial.to_string(), gap.wanted.to_string(), gap.wanted_uuid))
        .collect())
}

fn named(serials: &[(String, String, Option<String>)]) -> Vec<&str> {
    serials.iter().map(|(serial, ..)| serial.as_str()).collect()
}

/// Shows: R29, R58, R59
async fn a_gap_is_what_differs_from_the_chosen_profile_or_the_default(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let stage = stage(tx).await?;
        let right = serial(&stage, "RIGHT", Some("UUID-DEFAULT"));
        let none = serial(&stage, "NONE", None);
        let other = serial(&stage, "OTHER", Some("UUID-OF-ANOTHER-SERVER"));
        let mut removed = serial(&stage, "REMOVED", Some("UUID-DEFAULT"));
        removed.apple.profile_status = ProfileStatus::Removed;
        let mut chosen = serial(&stage, "CHOSEN", Some("UUID-DEFAULT"));
        chosen.wanted_profile = Some(stage.chosen.id.clone());
        let mut chosen_right = serial(&stage, "CHOSENRIGHT", Some("UUID-CHOSEN"));
        chosen_right.wanted_profile = Some(stage.chosen.id.clone());
        let mut enrolled = serial(&stage, "ENROLLED", Some("UUID-OF-LONG-AGO"));
        enrolled.enrollment.enrolled_at = Some(at(1));
        let mut mac = serial(&stage, "MAC", None);
        mac.apple.family = "Mac".into();
        let mut future = serial(&stage, "FUTURE", None);
        future.apple.family = "Hologram".into();
        let mut gone = serial(&stage, "GONE", None);
        gone.presence = Presence::Gone { at: at(1) };
        let mut deleted = serial(&stage, "DELETED", None);
        deleted.deleted_at = Some(at(1));
        let mut waits = serial(&stage, "WAITS", None);
        waits.assignment.retry_at = at(50);
        let all =
            [right, none, other, removed, chosen, chosen_right, enrolled, mac, future, gone, deleted, waits];
        device::upsert_many(tx, &all).await?;
        let now = gaps(tx, &stage, at(49)).await?;
        assert_eq!(named(&now), ["CHOSEN", "NONE", "OTHER", "REMOVED"]);
        assert_eq!(now[0].1, "chosen");
        assert_eq!(now[0].2.as_deref(), Some("UUID-CHOSEN"));
        assert_eq!((now[1].1.as_str(), now[1].2.as_deref()), ("default", Some("UUID-DEFAULT")));
        assert!(named(&gaps(tx, &stage, at(50)).await?).contains(&"WAITS"));
        let some = device::assignment_gap(tx, &stage.tenant, &stage.token.id, at(50), 2).await?;
        assert_eq!(some.len(), 2);
        Ok(())
    });
    outcome.unwrap();
}

async fn a_profile_that_is_not_defined_holds_up_no_other(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let stage = stage(tx).await?;
        let refused = sample::profile(&stage.tenant, &stage.token.id, "refused");
        profile::insert(tx, &refused).await?;
        let mut waiting = serial(&stage, "AAA", None);
        waiting.wanted_profile = Some(refused.id);
        let mut orphan = serial(&stage, "AAB", None);
        orphan.wanted_profile = Some(id("deleted-long-ago"));
        device::upsert_many(tx, &[waiting, orphan, serial(&stage, "ZZZ", None)]).await?;
        let found = gaps(tx, &stage, at(0)).await?;
        assert_eq!(named(&found), ["ZZZ", "AAA", "AAB"], "those that can be assigned come first");
        assert_eq!((&found[1].2, &found[2].2), (&None, &None));
        Ok(())
    });
    outcome.unwrap();
}

async fn a_changed_profile_is_undefined_until_its_content_is_known(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let mut stage = stage(tx).await?;
        device::upsert_many(tx, &[serial(&stage, "A", Some("UUID-DEFAULT"))]).await?;
        assert!(gaps(tx, &stage, at(0)).await?.is_empty());
        assert!(profile::wanted_undefined(tx, &stage.tenant, &stage.token.id).await?.is_empty());
        stage.default.settings.support_department = Some("IT".into());
        profile::update(tx, &stage.default).await?;
        stage.default.version += 1;
        assert_eq!(
            profile::wanted_undefined(tx, &stage.tenant, &stage.token.id).await?,
            [stage.default.id.clone()]
        );
        assert_eq!(gaps(tx, &stage, at(0)).await?[0].2, None, "never the UUID of an earlier content");
        profile::defined_insert(tx, &sample::defined(&stage.default, "UUID-2", "hash-2", 2)).await?;
        profile::content_set(tx, &stage.default, "hash-2").await?;
        assert_eq!(gaps(tx, &stage, at(0)).await?[0].2.as_deref(), Some("UUID-2"));
        assert!(profile::wanted_undefined(tx, &stage.tenant, &stage.token.id).await?.is_empty());
        // Something that is in every profile has changed.
        assert_eq!(profile::content_forget(tx, &stage.tenant).await?, 2);
        assert_eq!(profile::wanted_undefined(tx, &stage.tenant, &stage.token.id).await?, [stage.default.id]);
        Ok(())
    });
    outcome.unwrap();
}

async fn content_is_not_set_for_a_profile_that_has_changed(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let stage = stage(tx).await?;
        let encoded = stage.default.clone();
        profile::update(tx, &stage.default).await?;
        let late = profile::content_set(tx, &encoded, "hash-of-what-it-was").await;
        assert_eq!(late, Err(StoreError::Conflict));
        Ok(())
    });
    outcome.unwrap();
}

async fn a_profile_changed_back_finds_its_former_definition(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let mut stage = stage(tx).await?;
        device::upsert_many(tx, &[serial(&stage, "A", None)]).await?;
        profile::update(tx, &stage.default).await?;
        stage.default.version += 1;
        profile::defined_insert(tx, &sample::defined(&stage.default, "UUID-2", "hash-2", 2)).await?;
        profile::content_set(tx, &stage.default, "hash-2").await?;
        profile::update(tx, &stage.default).await?;
        stage.default.version += 1;
        let (tenant, token) = (&stage.tenant, &stage.token.id);
        let former = profile::defined_current(tx, tenant, token, &stage.default.id, "hash-1").await?.unwrap();
        assert_eq!(former.profile_uuid, "UUID-DEFAULT");
        profile::content_set(tx, &stage.default, "hash-1").await?;
        assert_eq!(gaps(tx, &stage, at(0)).await?[0].2.as_deref(), Some("UUID-DEFAULT"));
        // Apple has forgotten it: defined anew, the newer of two with one content.
        profile::defined_insert(tx, &sample::defined(&stage.default, "UUID-3", "hash-1", 3)).await?;
        assert_eq!(gaps(tx, &stage, at(0)).await?[0].2.as_deref(), Some("UUID-3"));
        assert!(profile::defined_forget(tx, &stage.tenant, "UUID-3").await?);
        assert_eq!(gaps(tx, &stage, at(0)).await?[0].2.as_deref(), Some("UUID-DEFAULT"));
        Ok(())
    });
    outcome.unwrap();
}

async fn wanted_profiles_are_defaults_and_chosen_ones(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let stage = stage(tx).await?;
        let (tenant, token) = (&stage.tenant, &stage.token.id);
        for name in ["idle", "by-gone", "by-live"] {
            profile::insert(tx, &sample::profile(tenant, token, name)).await?;
        }
        let mut gone = serial(&stage, "GONE", None);
        (gone.wanted_profile, gone.presence) = (Some(id("by-gone")), Presence::Gone { at: at(1) });
        let mut live = serial(&stage, "LIVE", None);
        live.wanted_profile = Some(id("by-live"));
        device::upsert_many(tx, &[gone, live]).await?;
        assert_eq!(profile::wanted_undefined(tx, tenant, token).await?, [id("by-live")]);
        profile::content_forget(tx, tenant).await?;
        assert_eq!(profile::wanted_undefined(tx, tenant, token).await?, [id("by-live"), id("default")]);
        assert_eq!(device::count_wanting(tx, tenant, token, &id("by-live")).await?, 1);
        assert_eq!(device::count_wanting(tx, tenant, token, &id("by-gone")).await?, 0);
        Ok(())
    });
    outcome.unwrap();
}

async fn results_are_recorded_with_and_without_a_record(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let stage = stage(tx).await?;
        let rows = [serial(&stage, "GOOD", None), serial(&stage, "SLOW", None)];
        device::upsert_many(tx, &rows).await?;
        let done = Assignment {
            profile_uuid: Some("UUID-DEFAULT".into()),
            outcome: Some(Outcome::Success),
            attempted_at: Some(at(5)),
            failures: 0,
            retry_at: Time::EPOCH,
        };
        let throttled =
            Assignment { outcome: Some(Outcome::Throttled), failures: 1, retry_at: at(99), ..done.clone() };
        let mut assigned = rows[0].apple.clone();
        assigned.profile_uuid = Some("UUID-DEFAULT".into());
        assigned.profile_status = ProfileStatus::Assigned;
        let results = [
            (id("SLOW"), throttled.clone(), None),
            (id("GOOD"), done.clone(), Some(assigned.clone())),
            (id("UNKNOWN"), done.clone(), None),
        ];
        device::set_assignment_results(tx, &stage.tenant, &stage.token.id, &results).await?;
        let mut found =
            device::by_serials(tx, &stage.tenant, &stage.token.id, &[id("GOOD"), id("SLOW")]).await?;
        found.sort_by(|a, b| a.serial.cmp(&b.serial));
        assert_eq!((&found[0].assignment, &found[0].apple, found[0].version), (&done, &assigned, 2));
        assert_eq!(
            (&found[1].assignment, &found[1].apple, found[1].version),
            (&throttled, &rows[1].apple, 2)
        );
        assert!(gaps(tx, &stage, at(98)).await?.is_empty());
        assert_eq!(device::count_throttled(tx, &stage.tenant, &stage.token.id, at(98)).await?, 1);
        assert_eq!(device::count_throttled(tx, &stage.tenant, &stage.token.id, at(99)).await?, 0);
        device::set_assignment_results(tx, &stage.tenant, &stage.token.id, &[]).await
    });
    outcome.unwrap();
}

async fn the_next_due_time_is_that_of_a_gap(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let stage = stage(tx).await?;
        let (tenant, token) = (&stage.tenant, &stage.token.id);
        assert_eq!(device::next_assignment_due(tx, tenant, token).await?, None);
        let mut right = serial(&stage, "RIGHT", Some("UUID-DEFAULT"));
        right.assignment.retry_at = at(1); // long over, and nothing to do any more
        let mut waits = serial(&stage, "WAITS", None);
        waits.assignment.retry_at = at(70);
        let mut undefined = serial(&stage, "UNDEFINED", None);
        undefined.wanted_profile = Some(id("no-such"));
        device::upsert_many(tx, &[right, waits, undefined]).await?;
        assert_eq!(device::next_assignment_due(tx, tenant, token).await?, Some(at(70)));
        device::upsert_many(tx, &[serial(&stage, "NEW", None)]).await?;
        assert_eq!(device::next_assignment_due(tx, tenant, token).await?, Some(Time::EPOCH));
        Ok(())
    });
    outcome.unwrap();
}

/// Shows: R25
async fn contents_of_a_token_count_what_hangs_on_it(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let stage = stage(tx).await?;
        let mut gone = serial(&stage, "GONE", None);
        gone.presence = Presence::Gone { at: at(1) };
        let mut deleted = serial(&stage, "DELETED", None);
        deleted.deleted_at = Some(at(1));
        let mut chosen = serial(&stage, "CHOSEN", None);
        chosen.wanted_profile = Some(stage.chosen.id.clone());
        let mut mac = serial(&stage, "MAC", None);
        mac.apple.family = "Mac".into();
        device::upsert_many(tx, &[serial(&stage, "LIVE", None), gone, deleted, chosen, mac]).await?;
        let contents = token::contents(tx, &stage.tenant, &stage.token.id).await?;
        assert_eq!(contents, token::TokenContents { devices: 4, profiles: 2, default_profile_devices: 1 });
        assert_eq!(device::count(tx, &stage.tenant, &stage.token.id).await?, 3);
        Ok(())
    });
    outcome.unwrap();
}

async fn a_url_secret_leads_to_its_profile_until_it_changes(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let stage = stage(tx).await?;
        let door = (stage.tenant.clone(), stage.token.id.clone(), stage.default.id.clone());
        profile::set_url_secret(tx, &door.0, &door.1, &door.2, "aa").await?;
        assert_eq!(profile::by_url_secret(tx, "aa").await?.as_ref(), Some(&door));
        profile::set_url_secret(tx, &door.0, &door.1, &door.2, "bb").await?;
        assert_eq!(profile::by_url_secret(tx, "aa").await?, None);
        assert_eq!(profile::by_url_secret(tx, "bb").await?, Some(door));
        Ok(())
    });
    outcome.unwrap();
}

async fn a_deleted_profile_leaves_its_definitions_behind(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let stage = stage(tx).await?;
        let (tenant, token, gone) = (&stage.tenant, &stage.token.id, &stage.chosen.id);
        profile::set_url_secret(tx, tenant, token, gone, "aa").await?;
        let refusal =
            domain::profile::DefineRefusal { content_hash: "h".into(), words: "no".into(), at: at(1) };
        profile::refusal_set(tx, tenant, gone, &refusal).await?;
        assert_eq!(profile::refusal_get(tx, tenant, gone).await?, Some(refusal));
        assert!(profile::delete(tx, tenant, token, gone).await?);
        assert!(!profile::delete(tx, tenant, token, gone).await?);
        assert_eq!(profile::by_url_secret(tx, "aa").await?, None);
        assert_eq!(profile::refusal_get(tx, tenant, gone).await?, None);
        let known = profile::defined_by_uuid(tx, tenant, "UUID-CHOSEN").await?.unwrap();
        assert_eq!(known.profile, *gone);
        assert_eq!(profile::count(tx, tenant, token).await?, 1);
        Ok(())
    });
    outcome.unwrap();
}

/// Shows: R55, R56
async fn a_complete_pass_marks_the_rest_as_gone(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let stage = stage(tx).await?;
        let (tenant, token) = (&stage.tenant, &stage.token.id);
        let mut seen = serial(&stage, "SEEN", None);
        seen.seen_pass = 2;
        let unchanged = serial(&stage, "UNCHANGED", None);
        let unseen = serial(&stage, "UNSEEN", None);
        let mut imported = serial(&stage, "IMPORTED", None);
        imported.source = domain::device::DiscoverySource::AdminImport;
        let mut gone = serial(&stage, "GONE", None);
        gone.presence = Presence::Gone { at: at(1) };
        device::upsert_many(tx, &[seen, unchanged, unseen, imported, gone]).await?;
        device::note_seen(tx, tenant, token, 2, &[id("UNCHANGED"), id("GONE")]).await?;
        device::note_seen(tx, tenant, token, 1, &[id("UNSEEN")]).await?;
        assert_eq!(device::mark_gone_unseen(tx, tenant, token, 2, at(90)).await?, 1);
        assert_eq!(
            device::mark_gone_unseen(tx, tenant, token, 2, at(95)).await?,
            1,
            "what was noted is forgotten"
        );
        let presence = |rows: Vec<Device>| rows[0].presence;
        assert_eq!(
            presence(device::find_serial(tx, tenant, &id("UNSEEN")).await?),
            Presence::Gone { at: at(90) }
        );
        assert_eq!(presence(device::find_serial(tx, tenant, &id("SEEN")).await?), Presence::Present);
        assert_eq!(
            presence(device::find_serial(tx, tenant, &id("UNCHANGED")).await?),
            Presence::Gone { at: at(95) }
        );
        assert_eq!(
            presence(device::find_serial(tx, tenant, &id("GONE")).await?),
            Presence::Gone { at: at(1) }
        );
        assert_eq!(device::prune_gone(tx, at(50), 10).await?, 1);
        assert!(device::find_serial(tx, tenant, &id("GONE")).await?.is_empty());
        assert_eq!(device::delete_all(tx, tenant, &id("token-2")).await?, 0);
        assert_eq!(device::delete_all(tx, tenant, token).await?, 4);
        Ok(())
    });
    outcome.unwrap();
}
