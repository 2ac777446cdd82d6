//! A school's worth of devices at once.

use muster_practice::apple::catalogue::Family;
use muster_practice::device::Stage;

use crate::rehearsal::{Rehearsal, rehearsal, settled};

const DEVICES: usize = 500;

/// Memory of this process in bytes, where the system tells.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = status.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4_096)
}

/// Takes as many devices through Setup Assistant at once.
async fn enrol(rehearsal: &Rehearsal) {
    let serials = rehearsal.buy(Family::IPad, DEVICES);
    rehearsal.assign(rehearsal.profile(), &serials);
    let fleet = rehearsal.practice.fleet();
    let devices: Vec<_> = serials.iter().map(|serial| fleet.device(serial).unwrap()).collect();
    for device in &devices {
        rehearsal.stub.release(device);
        device.unbox().unwrap();
    }
    for device in &devices {
        let screen = settled(device).await;
        assert_eq!(screen.stage, Stage::Home, "{screen:?}");
    }
    rehearsal.stub.wait_for(|heard| heard.count("TokenUpdate") == 2 * DEVICES).await;
    rehearsal.stub.forget();
}

/// The second five hundred find connections and buffers that the first left behind, so what they add is their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_devices_enrol_and_then_wait_in_little_memory() {
    let rehearsal = rehearsal().await;
    enrol(&rehearsal).await;
    let before = resident();
    enrol(&rehearsal).await;
    let screens = rehearsal.practice.fleet().screens();
    assert_eq!(screens.iter().filter(|screen| screen.enrolled && screen.powered).count(), 2 * DEVICES);
    if let Some((before, after)) = before.zip(resident()) {
        println!("{} bytes a device, the server's share among them", after.saturating_sub(before) / DEVICES);
    }
}
