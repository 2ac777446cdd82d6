use domain::Platform;
use domain::device::{DiscoverySource, Import, Outcome};
use muster_app::{AppError, device, loops, profile, token};
use practice::apple::catalogue::Family;

use crate::bench::{Bench, DAY, HOUR};
use crate::engine::{Engine, on_both_engines};

on_both_engines! {
    /// Shows: R29, R44
    a_list_from_an_administrator_waits_for_apple_and_is_then_carried_out,
}

async fn a_list_from_an_administrator_waits_for_apple_and_is_then_carried_out(engine: Engine) {
    let bench = Bench::on(engine, domain::Limits::default()).await;
    let connected = bench.connect("Headquarters").await;
    let id = &connected.token;
    bench.profile(id, Platform::Ios, "Sales").await;
    bench.sync().await;
    let serials = bench.buy(connected.server, Family::IPad, 1);
    let csv = format!(
        "serialNumber,description,profile,convertedDateTime\n{},Ada's iPad,Sales,2027-01-10\n",
        serials[0]
    );
    let lines = device::import_csv(&bench.app, &bench.actor, id, &csv, false).await.unwrap();
    assert!(lines[0].ok, "{lines:?}");
    assert_eq!(bench.readiness(&serials[0]).await.1, ["notListed", "provisional"]);
    assert_eq!(bench.device(&serials[0]).await.source, DiscoverySource::AdminImport);
    bench.clock.advance(12 * HOUR);
    bench.sync().await;
    bench.assign().await;
    let device = bench.device(&serials[0]).await;
    assert_eq!(device.description.as_deref(), Some("Ada's iPad"));
    assert_eq!(device.source, DiscoverySource::DeviceEnrollmentProgram);
    assert_eq!(bench.readiness(&serials[0]).await, (true, vec!["provisional", "ready"]));
    assert_eq!(bench.profile_at_apple(connected.server, &serials[0]).as_deref(), Some("Sales"));
    bench.clock.advance(30 * DAY);
    bench.sync().await;
    assert_eq!(bench.readiness(&serials[0]).await.1, ["ready"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_overwrites_only_when_asked_and_names_what_it_refuses() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let serials = bench.buy(connected.server, Family::IPad, 1);
    bench.sync().await;
    let csv = format!("serial,description,profile\n{},note,\nNEW1,,No such profile\nNEW2,,\n", serials[0]);
    let ok = |lines: &[device::Imported]| lines.iter().map(|line| line.ok).collect::<Vec<_>>();
    let lines = device::import_csv(&bench.app, &bench.actor, &connected.token, &csv, false).await.unwrap();
    assert_eq!(ok(&lines), [false, false, true], "{lines:?}");
    let lines = device::import_csv(&bench.app, &bench.actor, &connected.token, &csv, true).await.unwrap();
    assert_eq!(ok(&lines), [true, false, true], "{lines:?}");
    let refused =
        device::import_csv(&bench.app, &bench.actor, &connected.token, "serial\n?", true).await.unwrap_err();
    assert!(matches!(&refused, AppError::Invalid { words, .. } if words.contains("line 2")), "{refused}");
}

/// A known serial that a list has twice once took the place of a new one, and the whole list was refused for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_serial_that_a_list_has_twice_is_refused_in_its_second_line_alone() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let serials = bench.buy(connected.server, Family::IPad, 1);
    bench.sync().await;
    let row = |serial: &str| Import {
        serial: serial.parse().unwrap(),
        description: None,
        profile: None,
        converted_at: None,
    };
    let rows = vec![row(&serials[0]), row(&serials[0]), row("NEW1"), row("NEW1")];
    for (overwrite, ok) in [(false, [false, false, true, false]), (true, [true, false, true, false])] {
        let lines = device::import(&bench.app, &bench.actor, &connected.token, rows.clone(), overwrite);
        let lines = lines.await.unwrap();
        assert_eq!(lines.iter().map(|line| line.ok).collect::<Vec<_>>(), ok, "{lines:?}");
        assert_eq!(lines[1].words, "it is in the list twice");
    }
}

/// Shows: R44
#[tokio::test(flavor = "multi_thread")]
async fn converted_devices_are_marked_with_their_date() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let serials = bench.buy(connected.server, Family::IPhone, 1);
    bench.sync().await;
    let now = bench.app.now();
    let asked = [serials[0].clone(), "UNKNOWN1".into()];
    let unknown = device::mark_converted(&bench.app, &bench.actor, &asked, Some(now)).await.unwrap();
    assert_eq!(unknown.iter().map(ToString::to_string).collect::<Vec<_>>(), ["UNKNOWN1"]);
    assert!(bench.readiness(&serials[0]).await.1.contains(&"provisional"));
}

/// Lessons 1.
#[tokio::test(flavor = "multi_thread")]
async fn a_serial_is_looked_up_at_apple_under_every_token() {
    let bench = Bench::start().await;
    let one = bench.connect("One").await;
    bench.connect("Two").await;
    let serials = bench.buy(one.server, Family::Vision, 1);
    let found = device::look_up_at_apple(&bench.app, &bench.actor, &serials[0]).await.unwrap();
    let here: Vec<_> =
        found.iter().filter(|line| line.record.is_some()).map(|line| line.token_name.as_str()).collect();
    assert_eq!((found.len(), here), (2, vec!["One"]));
    let missing = device::stories(&bench.app, &bench.actor, &serials[0]).await.unwrap_err();
    assert!(matches!(&missing, AppError::NotFound { what } if what.contains("sync")), "{missing}");
}

/// Shows: N26
#[tokio::test(flavor = "multi_thread")]
async fn releasing_devices_needs_confirmation_and_takes_them_from_the_organisation() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let serials = bench.buy(connected.server, Family::IPad, 2);
    bench.sync().await;
    let asked = [serials[0].clone(), "UNKNOWN1".into()];
    let release =
        |confirmed| token::release_devices(&bench.app, &bench.actor, &connected.token, &asked, confirmed);
    let refused = release(false).await.unwrap_err();
    assert!(matches!(refused, AppError::NeedsConfirmation { .. }), "{refused}");
    assert_eq!(bench.shown(&connected.token).await.len(), 2);
    let mut lines = release(true).await.unwrap();
    lines.sort_by_key(|line| line.outcome != Outcome::Success);
    assert_eq!((lines[0].serial.as_str(), &lines[1].outcome), (serials[0].as_str(), &Outcome::NotAccessible));
    assert_eq!(bench.shown(&connected.token).await, serials[1..]);
    bench.clock.advance(31 * DAY);
    loops::retention::turn(bench.app.clone()).await.unwrap();
    assert!(device::stories(&bench.app, &bench.actor, &serials[0]).await.is_err(), "forgotten after 30 days");
}

/// Shows: R5, R24
#[tokio::test(flavor = "multi_thread")]
async fn readiness_tells_of_the_token_and_the_push_certificate_too() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    let serials = bench.buy(connected.server, Family::IPad, 1);
    let sales = bench.profile(&connected.token, Platform::Ios, "Sales").await;
    profile::set_default(&bench.app, &bench.actor, &connected.token, &sales).await.unwrap();
    bench.sync().await;
    bench.assign().await;
    assert_eq!(bench.readiness(&serials[0]).await, (true, vec!["ready"]));
    bench.clock.advance(366 * DAY);
    let (ready, reasons) = bench.readiness(&serials[0]).await;
    assert!(
        !ready && reasons.contains(&"noPushCertificate") && reasons.contains(&"tokenNotValid"),
        "{reasons:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_stories_tells_of_every_device() {
    let bench = Bench::start().await;
    let connected = bench.connect("Headquarters").await;
    bench.buy(connected.server, Family::IPad, 3);
    bench.buy(connected.server, Family::AppleTv, 2);
    bench.sync().await;
    let query = muster_app::PageQuery { limit: 4, count: true, ..muster_app::PageQuery::default() };
    let page = device::story_page(&bench.app, &bench.actor, None, query.clone()).await.unwrap();
    assert_eq!((page.items.len(), page.total), (4, Some(5)));
    let rest = muster_app::PageQuery { after: page.next, ..query };
    let page = device::story_page(&bench.app, &bench.actor, None, rest).await.unwrap();
    assert_eq!((page.items.len(), page.next.is_none()), (1, true));
}
