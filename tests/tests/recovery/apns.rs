//! Faults of the push service: a command that waits for a device reaches it all the same.

use std::net::TcpStream;
use std::time::Duration;

use muster_tests::api::nothing;
use muster_tests::{Engine, until};
use practice::apple::catalogue::Family;
use practice::apple::{Span, What};
use practice::device::{Stage, VirtualDevice};
use serde_json::json;

use crate::course::{Course, DAY, HOUR, MINUTE, answer, fault, later, word};
use crate::page::{self, Row, length};

/// Steps of the clock while a device is waited for: short at first, for pushes come again ever more rarely.
const STEPS: [(usize, Duration); 3] = [(130, MINUTE), (30, HOUR), (10, DAY)];

/// For how long a fault stands; once without.
type Lasts = Option<Duration>;

fn cases() -> Vec<(&'static str, What, Lasts)> {
    let a_while = Some(50 * MINUTE);
    vec![
        ("410 `Unregistered`, though the device is there", word("Unregistered"), None),
        ("400 `BadDeviceToken`, though it is good", word("BadDeviceToken"), None),
        ("400 `DeviceTokenNotForTopic`", word("DeviceTokenNotForTopic"), None),
        ("403 `BadCertificate`", word("BadCertificate"), a_while),
        ("429 `TooManyRequests`", word("TooManyRequests"), None),
        ("429, `Retry-After` of half an hour", later(429, "1800"), None),
        ("500 `InternalServerError`", word("InternalServerError"), a_while),
        ("503, `Retry-After` of half an hour", later(503, "1800"), None),
        ("503 `ServiceUnavailable`", answer(503, "ServiceUnavailable"), a_while),
        ("an answer that is cut off", What::CutOff, None),
        ("GOAWAY after the push", What::GoAway, None),
        ("nobody listens at the push service's address", What::NoConnection, a_while),
    ]
}

/// A device at its home screen.
pub(crate) async fn at_home(course: &Course) -> VirtualDevice {
    let stack = &course.stack;
    let serial = stack.ready_with(&course.program, Family::IPad, 1, json!({})).await.remove(0);
    let device = stack.practice.fleet().device(&serial).unwrap();
    device.unbox().unwrap();
    let screen = tokio::time::timeout(MINUTE, device.settled()).await.unwrap();
    assert_eq!(screen.stage, Stage::Home, "{screen:?}");
    device
}

/// Asks for the device's facts, and returns its id.
pub(crate) async fn ask(course: &Course, device: &VirtualDevice) -> String {
    let path = "deviceManagement/managedDevices";
    let row = async || {
        let rows =
            course.stack.api.rows(&format!("{path}?$filter=serialNumber eq '{}'", device.serial())).await;
        rows.into_iter().next()
    };
    let id = until("the managed device", row).await["id"].as_str().unwrap().to_owned();
    let asked = course.stack.api.post(&format!("{path}/{id}/syncDevice"), nothing()).await;
    assert_eq!(asked.status, 204, "{}", asked.body);
    id
}

/// How many commands still wait for a device.
async fn waiting(course: &Course, id: &str) -> usize {
    let commands = course.stack.api.rows(&format!("muster/managedDevices/{id}/commands")).await;
    commands.iter().filter(|command| command["state"] == "pending").count()
}

/// Pushes that Apple has taken so far.
fn taken(course: &Course) -> u64 {
    let world = course.stack.practice.world();
    let faults = world.faults();
    let refused = faults.planned().iter().filter(|planned| planned.fault.what != What::GoAway);
    world.calls("POST /3/device") - refused.map(|planned| planned.hits).sum::<u64>()
}

/// Whether somebody listens at the push service's address.
fn is_open(course: &Course) -> bool {
    let port = course.stack.practice.apns_url.rsplit(':').next().unwrap().parse().unwrap();
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

async fn take(name: &str, what: What, lasts: Lasts) -> Row {
    let mut course = Course::begin(Engine::Sqlite).await;
    let device = at_home(&course).await;
    course.settle().await;
    course.stack.clock.advance(10 * MINUTE);
    course.settle().await;
    let (start, before) = (course.now(), taken(&course));
    let span = match lasts {
        Some(lasts) => Span::seconds(i64::try_from(lasts.as_secs()).unwrap(), start),
        None => Span::times(1),
    };
    let shut = what == What::NoConnection;
    course.plan(fault("push", what, span));
    until("the door as it was planned", async || (is_open(&course) != shut).then_some(())).await;
    let id = ask(&course, &device).await;
    course.settle().await;
    course.listen().await;
    let mut steps = STEPS.into_iter().flat_map(|(times, step)| std::iter::repeat_n(step, times));
    while taken(&course) == before {
        course.stack.clock.advance(steps.next().unwrap_or_else(|| panic!("{name}: nobody wakes the device")));
        let open = course.doors_open();
        until("the door as it was planned", async || (is_open(&course) == open).then_some(())).await;
        course.settle().await;
        course.listen().await;
    }
    let now = course.now();
    until("the device's answer", async || (waiting(&course, &id).await == 0).then_some(())).await;
    let planned = course.stack.practice.world().faults().planned()[0].clone();
    let end = planned.fault.span.until.or(planned.last_hit).unwrap_or(start);
    // What went wrong with pushes is over with the first that is taken.
    course.settle().await;
    course.nothing_goes_on().await;
    assert_eq!(course.stack.api.rows("muster/alerts").await, Vec::<serde_json::Value>::new());
    course.stack.stop_server().await;
    Row {
        fault: format!(
            "{name}, {}",
            lasts.map_or("once".to_owned(), |lasts| format!("for {}", length(lasts)))
        ),
        said: course.said().replace(device.serial(), "SERIAL"),
        recovered: Duration::from_micros(u64::try_from(now.0 - end.0).unwrap_or(0)),
    }
}

/// Shows: N9
#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_the_push_service_is_recovered_from() {
    let mut rows = Vec::new();
    for (name, what, lasts) in cases() {
        rows.push(Box::pin(take(name, what, lasts)).await);
    }
    page::holds("push", &rows);
}
