//! Devices that misbehave: each gets home, is managed, and nothing waits for it.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use muster_tests::{Engine, until};
use practice::apple::Moment;
use practice::apple::catalogue::Family;
use practice::device::{Quirk, Rule, Stage, VirtualDevice};
use serde_json::json;

use crate::course::{Course, MINUTE, since};
use crate::page::{self, Row};

/// What devices put off they ask for again after so long.
const STEP: Duration = Duration::from_secs(30);
/// Steps in which a device must be home: four hours.
const STEPS_MAX: usize = 480;

/// What goes wrong with a device on its way home.
enum Trouble {
    /// It misbehaves until the rule is used up.
    Rule(Rule),
    /// It misbehaves for so long.
    For(Duration, Rule),
    /// Its clock is wrong.
    Clock(i64),
    /// Its power goes with a command, and comes back after so long.
    PowerCut(Duration),
}

fn error() -> Quirk {
    Quirk::Error { code: 12_021, domain: "MCMDMErrorDomain".into(), words: "Not possible".into() }
}

fn cases() -> Vec<(&'static str, Trouble)> {
    let always = |quirk| Rule::any(u32::MAX, quirk);
    let release = |times, quirk| Rule::new("DeviceConfigured", times, quirk);
    vec![
        ("`NotNow` to every command, for 20 min", Trouble::For(20 * MINUTE, always(Quirk::NotNow))),
        (
            "`NotNow` to its release, for 2 hours",
            Trouble::For(120 * MINUTE, release(u32::MAX, Quirk::NotNow)),
        ),
        ("`Error` to its first three commands", Trouble::Rule(Rule::any(3, error()))),
        ("`Error` to its release, three times", Trouble::Rule(release(3, error()))),
        ("`CommandFormatError` to its first three commands", Trouble::Rule(Rule::any(3, Quirk::FormatError))),
        ("its first three answers are lost with their connections", Trouble::Rule(Rule::any(3, Quirk::Lost))),
        ("its release's answer is lost", Trouble::Rule(release(1, Quirk::Lost))),
        ("every answer comes twice", Trouble::Rule(Rule::any(20, Quirk::Twice))),
        ("its power goes in the middle, for 10 min", Trouble::PowerCut(10 * MINUTE)),
        ("it is wiped in the middle of setup", Trouble::Rule(Rule::any(1, Quirk::Wiped))),
        ("its clock is a year behind", Trouble::Clock(-365 * 86_400)),
        ("its clock is a day ahead", Trouble::Clock(86_400)),
    ]
}

/// Whether it is at home, managed, and nothing waits for it.
async fn is_home(course: &Course, device: &VirtualDevice) -> bool {
    if device.screen().stage != Stage::Home {
        return false;
    }
    let path = format!("deviceManagement/managedDevices?$filter=serialNumber eq '{}'", device.serial());
    let rows = course.stack.api.rows(&path).await;
    rows.first().is_some_and(|row| row["managementState"] == "managed")
}

async fn is_quiet(course: &Course, device: &VirtualDevice) {
    let path = format!("deviceManagement/managedDevices?$filter=serialNumber eq '{}'", device.serial());
    let quiet = async || {
        let rows = course.stack.api.rows(&path).await;
        let id = rows.first()?["id"].as_str()?.to_owned();
        let commands = course.stack.api.rows(&format!("muster/managedDevices/{id}/commands")).await;
        commands.iter().all(|command| command["state"] != "pending").then_some(())
    };
    until("a device for which nothing waits", quiet).await;
}

async fn take(name: &str, trouble: Trouble) -> Row {
    let mut course = Course::begin(Engine::Sqlite).await;
    let serial = course.stack.ready_with(&course.program, Family::IPad, 1, json!({})).await.remove(0);
    let device = course.stack.practice.fleet().device(&serial).unwrap();
    let lasts = match &trouble {
        Trouble::For(lasts, rule) => {
            device.script(rule.clone());
            *lasts
        }
        Trouble::Rule(rule) => {
            device.script(rule.clone());
            Duration::ZERO
        }
        Trouble::PowerCut(lasts) => {
            device.script(Rule::any(1, Quirk::PowerCut));
            *lasts
        }
        Trouble::Clock(seconds) => {
            device.set_clock(*seconds);
            Duration::ZERO
        }
    };
    let start = course.now();
    device.unbox().unwrap();
    // Time stands still while it enrols: its challenge would run out.
    let enrolled = |screen: &practice::device::Screen| screen.enrolled || screen.stage.is_settled();
    let there = tokio::time::timeout(MINUTE, device.wait_for(enrolled)).await;
    there.unwrap_or_else(|_| panic!("{name}: {:?}", device.screen()));
    let end = start.plus_seconds(i64::try_from(lasts.as_secs()).unwrap());
    let recovered = home(&mut course, &device, (name, end)).await;
    is_quiet(&course, &device).await;
    let said = course.said().replace(&serial, "SERIAL");
    let row = Row { fault: name.to_owned(), said, recovered };
    course.stack.stop_server().await;
    row
}

/// Lets time pass until the device is home; it behaves again, and has power again, at `end`.
async fn home(course: &mut Course, device: &VirtualDevice, (name, end): (&str, Moment)) -> Duration {
    for _ in 0..STEPS_MAX {
        // Work of the moment is done before time goes on: the device speaks, and is answered.
        let (still, before) = (Cell::new(0), RefCell::new(None));
        let quiet = async || {
            let now = Some((device.screen().stage, course.stack.practice.world().calls("POST /3/device")));
            let same = before.replace(now.clone()) == now;
            still.set(if same { still.get() + 1 } else { 0 });
            (still.get() > 3).then_some(())
        };
        until("a device that does nothing more now", quiet).await;
        course.settle().await;
        course.listen().await;
        if is_home(course, device).await {
            return since(course, end);
        }
        course.stack.clock.advance(STEP);
        if course.now() >= end {
            device.behave();
            if !device.screen().powered {
                device.power_on();
                device.check_in().unwrap();
            }
        }
    }
    panic!("{name}: never home: {:?}", device.screen())
}

/// Shows: N9
#[tokio::test(flavor = "multi_thread")]
async fn every_device_that_misbehaves_gets_home() {
    let mut rows = Vec::new();
    for (name, trouble) in cases() {
        rows.push(Box::pin(take(name, trouble)).await);
    }
    rows.push(Box::pin(restored()).await);
    page::devices(&rows);
}

/// A backup that is restored brings management back with a new push token: commands reach it by that one.
async fn restored() -> Row {
    let mut course = Course::begin(Engine::Sqlite).await;
    let device = crate::apns::at_home(&course).await;
    course.settle().await;
    let start = course.now();
    device.restore_backup().await.unwrap();
    crate::apns::ask(&course, &device).await;
    let recovered = since(&course, start);
    is_quiet(&course, &device).await;
    course.listen().await;
    let row = Row { fault: "a backup of it is restored onto it".to_owned(), said: course.said(), recovered };
    course.stack.stop_server().await;
    row
}
