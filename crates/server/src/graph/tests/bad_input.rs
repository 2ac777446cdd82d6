//! What no well-meaning client sends: each is refused in Graph's envelope, with where it is wrong.

use http::Method;
use serde_json::{Value, json};

use super::world::{D, encoded, world};

const ROTATION: &str = "depProfileAdminAccountPasswordRotationSetting";

/// Refuses: A
#[tokio::test]
async fn a_query_that_is_wrong_is_refused_with_what_is_wrong_in_it() {
    let world = world().await;
    world.new_token("Office", true).await;
    let deep = format!("{}id eq 'x'{}", "(".repeat(40), ")".repeat(40));
    let many = vec!["id eq 'x'"; 300].join(" or ");
    for (option, value, names) in [
        ("$filter", "tokenName eq", "$filter"),
        ("$filter", "tokenName eq 'x", "$filter"),
        ("$filter", "nothing eq 'x'", "nothing"),
        ("$filter", "tokenName eq 5", "tokenName"),
        ("$filter", "syncedDeviceCount gt 'many'", "syncedDeviceCount"),
        ("$filter", "tokenExpirationDateTime gt 'soon'", "tokenExpirationDateTime"),
        ("$filter", "isof('microsoft.graph.nothing')", "microsoft.graph.nothing"),
        ("$filter", "enrollmentProfiles/any(p:p/id eq 'x')", "enrollmentProfiles"),
        ("$filter", deep.as_str(), "32"),
        ("$filter", many.as_str(), "200"),
        ("$orderby", "nothing desc", "nothing"),
        ("$orderby", "tokenName sideways", "sideways"),
        ("$select", "id,nothing", "nothing"),
        ("$expand", "nothing", "nothing"),
        ("$top", "-1", "$top"),
        ("$top", "many", "$top"),
        ("$skip", "2000000", "at most 1000000"),
        ("$count", "perhaps", "$count"),
        ("$skiptoken", "made-up", "skip token"),
    ] {
        let reply = world.get(&format!("{D}?{option}={}", encoded(value))).await;
        assert_eq!(reply.status.as_u16(), 400, "{option}={value}: {}", reply.text);
        assert_eq!(reply.code(), "BadRequest");
        let words = reply.message().to_ascii_lowercase();
        assert!(words.contains(&names.to_ascii_lowercase()), "{option}={value}: {}", reply.message());
    }
}

/// Refuses: A
#[tokio::test]
async fn a_body_that_is_wrong_is_refused_with_its_place() {
    let world = world().await;
    let deep = format!("{}1{}", "{\"a\":".repeat(60), "}".repeat(60));
    for (body, names) in [
        ("{", "line 1"),
        ("{\"tokenName\": \"x\",}", "line 1"),
        ("{\"tokenName\": \"x\"}\n]", "line 2"),
        ("[1]", "JSON object"),
        ("{\"tokenName\": \"x\", \"tokenName\": \"y\"}", "twice"),
        ("{\"tokenName\": \"x\", \"TOKENNAME\": \"y\"}", "twice"),
        ("{\"tokenName\": 5}", "tokenName"),
        ("{\"dataSharingConsentGranted\": \"yes\"}", "dataSharingConsentGranted"),
        ("{\"roleScopeTagIds\": [\"0\", 1]}", "roleScopeTagIds[1]"),
        (deep.as_str(), "32"),
    ] {
        let reply = world.call(Method::POST, D, body.to_owned()).await;
        assert_eq!(reply.status.as_u16(), 400, "{body}: {}", reply.text);
        assert!(reply.message().contains(names), "{body}: {}", reply.message());
    }
    assert!(world.get(D).await.rows().is_empty(), "nothing was made");
}

#[tokio::test]
async fn a_wrong_type_deep_inside_a_body_is_refused_with_its_whole_place() {
    let world = world().await;
    let token = world.new_token("Office", true).await;
    let made = |more: Value| {
        let mut body =
            json!({ "@odata.type": "#microsoft.graph.depMacOSEnrollmentProfile", "displayName": "Macs" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let wrong = made(json!({ ROTATION: { "autoRotationPeriodInDays": "ten" } }));
    let reply = world.post(&format!("{D}/{token}/enrollmentProfiles"), wrong).await.expect(400);
    assert_eq!(reply.body["error"]["target"], format!("{ROTATION}.autoRotationPeriodInDays"));
    let wide = made(json!({ ROTATION: { "autoRotationPeriodInDays": 3_000_000_000_u64 } }));
    let reply = world.post(&format!("{D}/{token}/enrollmentProfiles"), wide).await.expect(400);
    assert!(reply.message().contains("32 bits"), "{}", reply.text);
    let rows =
        json!({ "importedAppleDeviceIdentities": [{ "serialNumber": "AAAA1111" }, { "serialNumber": [] }] });
    let path = format!("{D}/{token}/importedAppleDeviceIdentities/importAppleDeviceIdentityList");
    let reply = world.post(&path, rows).await.expect(400);
    assert_eq!(reply.body["error"]["target"], "importedAppleDeviceIdentities[1].serialNumber");
}
