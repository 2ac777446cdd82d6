//! `managedDevices`.

use http::Method;
use serde_json::{Value, json};

use super::world::{encoded, world};

const M: &str = "/beta/deviceManagement/managedDevices";

#[tokio::test]
async fn a_list_leaves_out_what_only_one_device_shows_and_only_when_asked_for() {
    let world = world().await;
    let token = world.new_token("Office", true).await;
    let profile = world.new_profile(&token, "Office").await;
    let id = world.enrolled(&token, &profile, "AAAA1111").await;
    let list = world.get(&format!("{M}?$select=id,udid,serialNumber,hardwareInformation")).await.expect(200);
    assert_eq!(
        list.rows()[0],
        json!({ "id": id.as_str(), "udid": null, "serialNumber": "AAAA1111", "hardwareInformation": null })
    );
    let plain = world.get(&format!("{M}/{id}")).await.expect(200);
    assert_eq!(plain.body["udid"], Value::Null);
    assert_eq!(plain.body["operatingSystem"], "iPadOS");
    assert_eq!(plain.body["managementState"], "managed");
    assert_eq!(plain.body["enrollmentProfileName"], "Office");
    assert_eq!(plain.body["easActivationDateTime"], "0001-01-01T00:00:00Z");
    let asked = world
        .get(&format!("{M}('{id}')?$select=udid,hardwareInformation/serialNumber,activationLockBypassCode"))
        .await
        .expect(200);
    assert_eq!(asked.body["udid"], "UDID-AAAA1111");
    assert_eq!(asked.body["activationLockBypassCode"], Value::Null);
    let v1 = world.get(&format!("/v1.0/deviceManagement/managedDevices/{id}")).await.expect(200);
    assert!(v1.body.get("deviceType").is_none() && v1.body.get("serialNumber").is_some());
}

#[tokio::test]
async fn filters_by_what_every_device_has_alike_are_answered_and_not_ignored() {
    let world = world().await;
    let token = world.new_token("Office", true).await;
    let profile = world.new_profile(&token, "Office").await;
    world.enrolled(&token, &profile, "AAAA1111").await;
    world.enrolled(&token, &profile, "BBBB2222").await;
    for (filter, found) in [
        ("managementAgent eq 'MDM' and serialNumber eq 'AAAA1111'", 1),
        ("managementAgent eq 'eas'", 0),
        ("managementAgent eq 'mdm' and managementAgent eq 'easmdm'", 0),
        ("manufacturer eq 'apple' or serialNumber eq 'x'", 2),
        ("not (complianceState eq 'unknown')", 0),
        ("userPrincipalName eq null and operatingSystem eq 'ipados'", 2),
        (
            "contains(deviceName,'aaaa') and managedDeviceOwnerType eq microsoft.graph.managedDeviceOwnerType'company'",
            1,
        ),
        ("enrollmentProfileName eq 'office' and isSupervised eq true", 2),
        ("lastSyncDateTime lt 2020-01-01T00:00:00Z", 0),
    ] {
        let reply = world.get(&format!("{M}?$filter={}", encoded(filter))).await.expect(200);
        assert_eq!(reply.rows().len(), found, "{filter}");
    }
}

#[tokio::test]
async fn actions_become_commands_and_a_device_that_is_not_there_is_404() {
    let world = world().await;
    let token = world.new_token("Office", true).await;
    let profile = world.new_profile(&token, "Office").await;
    let id = world.enrolled(&token, &profile, "AAAA1111").await;
    for action in ["syncDevice", "rebootNow", "remoteLock", "shutDown", "wipe"] {
        let reply = world.call(Method::POST, &format!("{M}/{id}/{action}"), String::new()).await;
        assert_eq!(reply.status.as_u16(), 204, "{action}: {}", reply.text);
        world.call(Method::POST, &format!("{M}/nobody/{action}"), "{}".into()).await.expect(404);
    }
    let commands = world.get(&format!("/beta/muster/managedDevices/{id}/commands")).await.expect(200);
    let asked = commands.column("requestType");
    assert_eq!(asked, ["DeviceInformation", "RestartDevice", "DeviceLock", "ShutDownDevice", "EraseDevice"]);
    assert_eq!(commands.column("state"), ["queued"; 5]);
    let reply =
        world.post(&format!("{M}/{id}/wipe"), json!({ "obliterationBehavior": "perhaps" })).await.expect(400);
    assert_eq!(reply.body["error"]["target"], "obliterationBehavior");
    world.post(&format!("{M}/{id}/resetPasscode"), json!({})).await.expect(409);
    world.post(&format!("{M}/{id}/enableLostMode"), json!({})).await.expect(501);
}

/// Shows: L63
#[tokio::test]
async fn a_device_is_renamed_by_a_body_with_or_without_quotes_around_its_key() {
    let world = world().await;
    let token = world.new_token("Office", true).await;
    let profile = world.new_profile(&token, "Office").await;
    let id = world.enrolled(&token, &profile, "AAAA1111").await;
    world
        .call(Method::POST, &format!("{M}/{id}/setDeviceName"), "{ deviceName:\"Lobby\" }".into())
        .await
        .expect(204);
    assert_eq!(world.get(&format!("{M}/{id}")).await.body["managedDeviceName"], "Lobby");
    world.post(&format!("{M}/{id}/setDeviceName"), json!({})).await.expect(400);
    let reply = world
        .patch(&format!("{M}/{id}"), json!({ "managedDeviceName": "Desk", "notes": "x" }))
        .await
        .expect(200);
    assert_eq!(reply.body["managedDeviceName"], "Desk");
}

/// Shows: R22, L13, L14
#[tokio::test]
async fn a_device_has_the_scope_tags_of_its_token_whenever_those_change() {
    let world = world().await;
    let token = world.new_token("Office", true).await;
    let profile = world.new_profile(&token, "Office").await;
    let id = world.enrolled(&token, &profile, "AAAA1111").await;
    let tags = async || world.get(&format!("{M}/{id}")).await.expect(200).body["roleScopeTagIds"].clone();
    assert_eq!(tags().await, json!(["0"]), "without another tag it carries Default");
    let administrator = app::Actor::system(domain::tenant::DEFAULT_TENANT.parse().unwrap());
    for name in ["North", "South"] {
        app::scope_tag::create(&world.app, &administrator, name, "").await.unwrap();
    }
    let path = format!("/beta/deviceManagement/depOnboardingSettings/{token}");
    world.patch(&path, json!({ "roleScopeTagIds": ["1", "2"] })).await.expect(200);
    assert_eq!(tags().await, json!(["1", "2"]));
    let list = world.get(&format!("{M}?$select=roleScopeTagIds")).await.expect(200);
    assert_eq!(list.rows()[0]["roleScopeTagIds"], json!(["1", "2"]));
}
