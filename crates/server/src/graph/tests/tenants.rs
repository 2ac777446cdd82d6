//! Two organisations on one server.

use app::application;
use domain::tenant::{AppleSide, Organization};
use http::Method;

use super::world::{D, world};

#[tokio::test]
async fn a_tenant_sees_and_changes_nothing_of_another() {
    let mut world = world().await;
    let id = world.new_token("Office", true).await;
    let profile = world.new_profile(&id, "Office").await;
    world.devices(&id, &["AAAA1111"], |_, _| {}).await;
    let device = world.enrolled(&id, &profile, "AAAA1111").await;
    let serial = world.get(&format!("{D}/{id}/importedAppleDeviceIdentities")).await.rows()[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let paths = [
        format!("{D}/{id}"),
        format!("{D}/{id}/getEncryptionPublicKey()"),
        format!("{D}/{id}/enrollmentProfiles"),
        format!("{D}/{id}/enrollmentProfiles/{profile}"),
        format!("{D}/{id}/importedAppleDeviceIdentities"),
        format!("{D}/{id}/importedAppleDeviceIdentities/{serial}"),
        format!("/beta/deviceManagement/importedAppleDeviceIdentities/{serial}"),
        format!("/beta/deviceManagement/managedDevices/{device}"),
        format!("/beta/muster/tokens/{id}"),
        format!("/beta/muster/tokens/{id}/syncRuns"),
        format!("/beta/muster/managedDevices/{device}/commands"),
        "/beta/muster/devices/AAAA1111".to_owned(),
    ];
    let other = "other".parse().unwrap();
    let named = Organization { name: "Other".into(), ..Organization::default() };
    app::tenant::create(&world.app, other, named, AppleSide::real()).await.unwrap();
    let other: domain::TenantId = "other".parse().unwrap();
    let theirs = application::bootstrap(&world.app, &other).await.unwrap().unwrap();
    world.token = world.sign_in(&other, &theirs.client_id, &theirs.client_secret).await;
    for path in &paths {
        let reply = world.get(path).await;
        assert_eq!(reply.status.as_u16(), 404, "{path}: {}", reply.text);
    }
    for list in [
        D,
        "/beta/deviceManagement/importedAppleDeviceIdentities",
        "/beta/deviceManagement/managedDevices",
        "/beta/muster/devices",
        "/beta/muster/tokens",
    ] {
        assert!(world.get(list).await.expect(200).rows().is_empty(), "{list}");
    }
    world.delete(&format!("{D}/{id}?confirm=true")).await.expect(404);
    world
        .call(Method::POST, &format!("/beta/deviceManagement/managedDevices/{device}/wipe"), String::new())
        .await
        .expect(404);
    assert_eq!(world.get("/beta/muster/tenant").await.expect(200).body["id"], "other");
}
