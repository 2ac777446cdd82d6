//! Two servers on one PostgreSQL database, behind one address: one dies, the other is stopped, and no device notices.

pub(crate) mod client;
pub(crate) mod pair;

use std::collections::BTreeSet;
use std::time::Duration;

use muster_tests::{Engine, until};
use practice::device::{Stage, VirtualDevice};

use self::client::{Client, Told};
use self::pair::Pair;

/// Devices in hand, a third of them at each act of the story.
const DEVICES: usize = 60;
/// Longest wait for a wave of devices: what a dead server had begun is taken up by the other after a minute and a half
/// at the latest, and computers are slow at times.
const PATIENCE: Duration = Duration::from_secs(240);

async fn at_home(devices: &[VirtualDevice]) {
    for device in devices {
        let screen = tokio::time::timeout(PATIENCE, device.settled()).await;
        let screen = screen.unwrap_or_else(|_| panic!("goes no further: {:?}", device.screen()));
        assert_eq!(screen.stage, Stage::Home, "{screen:?}");
    }
}

fn unbox(devices: &[VirtualDevice]) {
    for device in devices {
        device.unbox().unwrap();
    }
}

/// Some are at home and the others on their way.
async fn under_way(devices: &[VirtualDevice]) {
    let home = async || {
        let home = devices.iter().filter(|device| device.screen().stage == Stage::Home).count();
        (home >= devices.len() / 4).then_some(())
    };
    until("some devices at home", home).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_dies_and_another_is_stopped_under_load_and_no_device_or_script_notices() {
    if !Engine::here().contains(&Engine::Postgres) {
        return;
    }
    let mut pair = Pair::start().await;
    assert_eq!(pair.bootstraps().len(), 1, "both started first at the same moment, and one made credentials");
    let serials = pair.organisation(DEVICES).await;
    let devices: Vec<_> =
        serials.iter().map(|serial| pair.practice.fleet().device(serial).unwrap()).collect();
    let waves: Vec<_> = devices.chunks(DEVICES / 3).collect();
    let client = Client::new(&pair);
    let scripts = client.keep_asking();

    unbox(waves[0]);
    under_way(waves[0]).await;
    unbox(waves[1]);
    pair.kill(0);
    at_home(waves[0]).await;
    at_home(waves[1]).await;

    pair.serve(0).await;
    unbox(waves[2]);
    under_way(waves[2]).await;
    assert!(pair.stop(1).await, "it ends in order");
    at_home(waves[2]).await;

    let told = scripts.stop().await;
    // A device that is listed already and has not yet sent its token is refused, and rightly so.
    let right = |told: &&Told| matches!(told.1, 200 | 204) || told.2.contains("it must enrol first");
    let wrong: Vec<_> = told.iter().filter(|told| !right(told)).collect();
    assert!(told.len() > DEVICES && wrong.is_empty(), "of {}: {wrong:?}", told.len());
    settled(&client, &serials).await;
    for device in &devices {
        let screen = device.screen();
        assert!(screen.enrolled && device.repeats() == 0, "{} repeats: {screen:?}", device.repeats());
    }
    for answer in pair.answers() {
        assert_eq!(answer["status"], 200, "no device is told anything wrong: {answer}");
    }
    assert_eq!(pair.errors(), Vec::<String>::new());
}

/// Every device is managed once, and nothing waits for it any more.
async fn settled(client: &Client, serials: &[String]) {
    let rows = client.rows("deviceManagement/managedDevices").await;
    let managed = rows.iter().filter(|row| row["managementState"] == "managed");
    let known: BTreeSet<_> = managed.map(|row| row["serialNumber"].as_str().unwrap()).collect();
    assert_eq!(known, serials.iter().map(String::as_str).collect());
    assert_eq!(rows.len(), serials.len(), "each once");
    for row in &rows {
        let path = format!("muster/managedDevices/{}/commands", row["id"].as_str().unwrap());
        let done = async || {
            let commands = client.rows(&path).await;
            commands.iter().all(|command| command["state"] == "acknowledged").then_some(())
        };
        until(&format!("every command of {} acknowledged", row["serialNumber"]), done).await;
    }
    assert_eq!(client.rows("muster/alerts").await, Vec::<serde_json::Value>::new());
}
