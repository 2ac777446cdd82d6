//! Several servers on one PostgreSQL database do each thing once.

use std::time::Duration;

use muster_tests::{Engine, Program, Setting, Stack, until};
use practice::apple::catalogue::Family;
use practice::apple::model::Rules;
use serde_json::json;

use crate::enrolling::managed;

const HALF_A_DAY: Duration = Duration::from_secs(12 * 60 * 60);

/// Two nodes, one token with a default profile, and devices that both nodes hear of at the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_on_one_database_sync_assign_and_wake_each_device_once() {
    if !Engine::here().contains(&Engine::Postgres) {
        return;
    }
    // Apple throttles the second assignment of a profile to a device.
    let rules = Rules { repeats_per_hour: 1, ..Rules::default() };
    let stack = Stack::with(Setting { engine: Engine::Postgres, rules, ..Setting::default() }).await;
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let other = stack.another_node().await;
    let there = Program { api: other.api.clone(), ..program.clone() };
    let serials = stack.buy(&program, Family::IPad, 8);
    stack.pass(HALF_A_DAY).await;
    for serial in &serials {
        there.until_ready(serial).await;
    }
    let ended = there.ended().await;
    assert_eq!(ended.len(), 2, "the first sync, and the one of noon: {ended:?}");
    for serial in &serials {
        let reasons = there.device(serial).await.unwrap();
        assert_eq!(reasons["assignment"]["outcome"], "success");
    }

    // A device enrols at one node while an administrator looks at the other.
    let mut device = stack.enrolling(&serials[0]).await;
    device.finish(&stack).await;
    let line = stack.practice.push_line(device.push.unwrap()).unwrap();
    while line.try_next().is_some() {}
    let id = managed(&stack, &serials[0]).await["id"].as_str().unwrap().to_owned();
    let path = format!("deviceManagement/managedDevices/{id}/syncDevice");
    assert_eq!(other.api.post(&path, json!({})).await.status, 204);
    until("a push", async || line.try_next()).await;
    assert_eq!(device.obey(&stack).await, ["DeviceInformation"]);
    other.stop().await;
    assert_eq!(device.idle(&stack).await.status, 200, "one node is enough");
}
