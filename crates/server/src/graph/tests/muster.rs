//! `/beta/muster/`.

use serde_json::json;

use super::world::{D, encoded, world};

/// Shows: R5
#[tokio::test]
async fn the_checklist_says_what_is_to_be_done() {
    let world = world().await;
    let list = world.get("/beta/muster/checklist").await.expect(200);
    assert_eq!(list.column("item"), ["mdmAuthority", "pushCertificate", "consent", "token", "devices"]);
    let done: Vec<_> = list.rows().iter().map(|row| row["done"].as_bool().unwrap()).collect();
    assert_eq!(done, [true, false, false, false, false]);
    let id = world.new_token("Office", true).await;
    let one =
        world.get(&format!("/beta/muster/tokens/{id}/checklist?$filter=done%20eq%20false")).await.expect(200);
    assert_eq!(one.column("item"), ["pushCertificate", "devices"]);
}

#[tokio::test]
async fn the_tenant_is_shown_and_renamed() {
    let world = world().await;
    let tenant = world.get("/beta/muster/tenant").await.expect(200);
    assert_eq!((&tenant.body["id"], &tenant.body["practice"]), (&json!("default"), &json!(false)));
    assert_eq!(tenant.body["apiUrl"], world.base.as_str());
    let body = json!({ "organizationName": "Example AG", "organizationPhone": "+41", "practice": true });
    let changed = world.patch("/beta/muster/tenant", body).await.expect(200);
    assert_eq!(
        (&changed.body["organizationName"], &changed.body["practice"]),
        (&json!("Example AG"), &json!(false))
    );
    world.patch("/beta/muster/tenant", json!({ "organizationName": "" })).await.expect(400);
}

/// Shows: R19, R57
#[tokio::test]
async fn a_token_tells_its_health_its_keys_and_when_it_may_sync() {
    let world = world().await;
    let id = world.new_token("Office", true).await;
    world.post(&format!("{D}/{id}/generateEncryptionPublicKey"), json!(null)).await.expect(200);
    let one = world.get(&format!("/beta/muster/tokens/{id}")).await.expect(200);
    assert_eq!((&one.body["health"], &one.body["deviceCount"]), (&json!("valid"), &json!(0)));
    assert_eq!(one.body["server"]["name"], "Muster");
    assert_eq!(one.body["keys"][0]["state"], "pending");
    assert_eq!(world.get(&format!("/beta/muster/tokens/{id}/keys")).await.expect(200).rows().len(), 1);
    let run =
        world.post(&format!("/beta/muster/tokens/{id}/sync"), json!({ "kind": "full" })).await.expect(202);
    let run = run.body["id"].as_str().unwrap().to_owned();
    let told = world.get(&format!("/beta/muster/tokens/{id}/syncRuns/{run}")).await.expect(200);
    assert_eq!((&told.body["state"], &told.body["trigger"]), (&json!("running"), &json!("manual")));
    assert_eq!(
        world.get(&format!("/beta/muster/tokens/{id}/syncRuns?$top=1")).await.expect(200).column("id"),
        [run]
    );
    world.post(&format!("/beta/muster/tokens/{id}/sync"), json!({ "kind": "half" })).await.expect(400);
    let draft = world.new_token("Draft", false).await;
    let list =
        world.get(&format!("/beta/muster/tokens?$filter={}", encoded("health eq 'draft'"))).await.expect(200);
    assert_eq!(list.column("id"), [draft]);
}

/// Shows: R44, R58
#[tokio::test]
async fn a_serial_tells_its_story_and_is_assigned_across_tokens() {
    let world = world().await;
    let (a, b) = (world.new_token("A", true).await, world.new_token("B", true).await);
    let profile = world.new_profile(&b, "Office").await;
    world.devices(&a, &["AAAA1111"], |_, _| {}).await;
    world.devices(&b, &["BBBB2222"], |_, _| {}).await;
    let body = json!({ "serialNumbers": ["BBBB2222", "AAAA1111"], "profileId": profile });
    let reply = world.post("/beta/muster/devices/assign", body).await.expect(200);
    let mut told: Vec<_> = reply
        .rows()
        .iter()
        .map(|row| (row["serialNumber"].as_str().unwrap(), row["ok"].as_bool().unwrap()))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [("AAAA1111", false), ("BBBB2222", true)]);
    let bare = profile.split('_').next_back().unwrap();
    let body = json!({ "serialNumbers": ["BBBB2222"], "profileId": bare });
    world.post("/beta/muster/devices/assign", body).await.expect(200);
    let story = world.get("/beta/muster/devices/bbbb2222").await.expect(200);
    let row = &story.rows()[0];
    assert_eq!(row["requestedProfileId"], profile.as_str());
    assert_eq!(
        (&row["tokenName"], &row["ready"], &row["presence"]),
        (&json!("B"), &json!(false), &json!("present"))
    );
    assert!(!row["reasons"].as_array().unwrap().is_empty());
    let reply = world.get("/beta/muster/devices/XXXX9999").await.expect(404);
    assert!(reply.message().contains("Check its spelling"), "{}", reply.text);
    let list = world
        .get(&format!(
            "/beta/muster/devices?$orderby=serialNumber&$filter={}",
            encoded("appleProfileStatus eq 'empty'")
        ))
        .await;
    assert_eq!(list.expect(200).column("serialNumber"), ["AAAA1111", "BBBB2222"]);
    assert_eq!(world.get("/beta/muster/devices/$count").await.expect(200).text, "2");
    let body =
        json!({ "serialNumbers": ["AAAA1111", "XXXX9999"], "convertedDateTime": "2027-01-01T00:00:00Z" });
    let marked = world.post("/beta/muster/devices/markConverted", body).await.expect(200);
    assert_eq!(marked.rows()[1]["ok"], false);
    let story = world.get("/beta/muster/devices/AAAA1111").await.expect(200);
    assert_eq!(story.rows()[0]["convertedDateTime"], "2027-01-01T00:00:00Z");
    world
        .post("/beta/muster/devices/assign", json!({ "serialNumbers": "x", "profileId": profile }))
        .await
        .expect(400);
}

#[tokio::test]
async fn alerts_setups_and_releases_answer_before_there_is_anything() {
    let world = world().await;
    let token = world.new_token("Office", true).await;
    let profile = world.new_profile(&token, "Office").await;
    let id = world.enrolled(&token, &profile, "AAAA1111").await;
    assert!(world.get("/beta/muster/setups").await.expect(200).rows().is_empty());
    world.get(&format!("/beta/muster/setups/{id}")).await.expect(404);
    world.post(&format!("/beta/muster/managedDevices/{id}/release"), json!({})).await.expect(409);
    let alerts = world.get("/beta/muster/alerts").await.expect(200);
    assert_eq!(alerts.column("kind"), ["pushCertificate"]);
    assert!(!alerts.rows()[0]["action"].as_str().unwrap().is_empty());
}

/// Shows: R4, R52, R53
#[tokio::test]
async fn a_profile_is_warned_about_where_it_does_not_do_what_one_may_expect() {
    let world = world().await;
    let token = world.new_token("Office", true).await;
    let profile = world.new_profile(&token, "Office").await;
    let path = format!("/beta/muster/profiles/{profile}/warnings");
    assert!(world.get(&path).await.expect(200).rows().is_empty());

    world.enrolled(&token, &profile, "AAAA1111").await;
    let body = json!({
        "@odata.type": "#microsoft.graph.depIOSEnrollmentProfile",
        "enabledSkipKeys": ["Passcode", "NoSuchScreen"],
    });
    world.patch(&format!("{D}/{token}/enrollmentProfiles/{profile}"), body).await;
    let told = world.get(&path).await.expect(200);
    for setting in ["id", "passCodeDisabled", "enabledSkipKeys"] {
        assert!(told.column("setting").iter().any(|given| given == setting), "{setting}: {}", told.text);
    }
    for row in told.rows() {
        assert!(!row["words"].as_str().unwrap().is_empty() && row["requirement"].is_string(), "{row}");
    }
}

#[tokio::test]
async fn warnings_are_told_of_a_profile_under_its_own_token_alone() {
    let world = world().await;
    let (a, b) = (world.new_token("A", true).await, world.new_token("B", true).await);
    let profile = world.new_profile(&b, "Office").await;
    let bare = profile.split('_').next_back().unwrap();
    for id in [bare.to_owned(), format!("{a}_{bare}"), format!("{b}_{a}")] {
        let reply = world.get(&format!("/beta/muster/profiles/{id}/warnings")).await.expect(404);
        assert!(!reply.message().is_empty(), "{id}");
    }
    world.get(&format!("/v1.0/muster/profiles/{profile}/warnings")).await.expect(400);
}
