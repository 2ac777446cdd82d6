//! `importedAppleDeviceIdentities`.

use domain::device::{DiscoverySource, EnrollmentState};
use serde_json::json;

use super::world::{D, encoded, world};

#[tokio::test]
async fn serials_are_found_by_every_filter_that_clients_send() {
    let world = world().await;
    let id = world.new_token("Office", true).await;
    let profile = world.new_profile(&id, "Office").await;
    let bare = profile.split('_').next_back().unwrap().to_owned();
    let wanted = bare.clone();
    world
        .devices(&id, &["AAAA1111", "BBBB2222", "CCCC3333"], move |index, device| match index {
            0 => device.wanted_profile = Some(wanted.parse().unwrap()),
            1 => device.enrollment.state = EnrollmentState::Enrolled,
            _ => device.source = DiscoverySource::AdminImport,
        })
        .await;
    let path = format!("{D}/{id}/importedAppleDeviceIdentities");
    for (filter, found) in [
        ("serialNumber eq 'aaaa1111'".to_owned(), vec!["AAAA1111"]),
        ("startswith(serialNumber,'B')".to_owned(), vec!["BBBB2222"]),
        ("enrollmentState eq 'Enrolled'".to_owned(), vec!["BBBB2222"]),
        ("enrollmentState ne 'enrolled' and platform eq 'IOS'".to_owned(), vec!["AAAA1111", "CCCC3333"]),
        ("discoverySource eq 'AdminImport'".to_owned(), vec!["CCCC3333"]),
        (format!("requestedEnrollmentProfileId eq '{bare}'"), vec!["AAAA1111"]),
        (format!("requestedEnrollmentProfileId eq '{profile}'"), vec!["AAAA1111"]),
        (format!("requestedEnrollmentProfileId eq 'ECV2_{profile}'"), vec!["AAAA1111"]),
        (format!("requestedEnrollmentProfileId in ('{profile}')"), vec!["AAAA1111"]),
        ("requestedEnrollmentProfileId eq null".to_owned(), vec!["BBBB2222", "CCCC3333"]),
        ("serialNumber in ('AAAA1111','CCCC3333','X')".to_owned(), vec!["AAAA1111", "CCCC3333"]),
        ("isDeleted eq false and contains(serialNumber,'22')".to_owned(), vec!["BBBB2222"]),
        (
            "createdDateTime gt 2020-01-01T00:00:00Z and not (serialNumber eq 'AAAA1111')".to_owned(),
            vec!["BBBB2222", "CCCC3333"],
        ),
        ("serialNumber eq 'O''Brien'".to_owned(), vec![]),
    ] {
        let reply = world
            .get(&format!("{path}?$filter={}&$orderby=serialNumber&$count=true", encoded(&filter)))
            .await;
        let reply = reply.expect(200);
        assert_eq!(reply.column("serialNumber"), found, "{filter}");
        assert_eq!(reply.body["@odata.count"], found.len());
        let count = world.get(&format!("{path}/$count?$filter={}", encoded(&filter))).await.expect(200);
        assert_eq!(count.text, found.len().to_string(), "{filter}");
    }
    let all =
        world.get("/beta/deviceManagement/importedAppleDeviceIdentities?$search=bbbb").await.expect(200);
    assert_eq!(all.column("serialNumber"), ["BBBB2222"]);
}

#[tokio::test]
async fn a_filter_by_what_does_not_exist_or_is_not_offered_is_400_and_names_it() {
    let world = world().await;
    let path = "/beta/deviceManagement/importedAppleDeviceIdentities";
    for (query, word) in [
        ("$filter=secret%20eq%20'x'", "secret"),
        ("$filter=tenant_id%20eq%20'x'", "tenant_id"),
        ("$orderby=secret", "secret"),
        ("$select=secret", "secret"),
        ("$filter=serialNumber%20eq", "$filter"),
        ("$filter=serialNumber%20eq%205", "serialNumber"),
        ("$top=x", "$top"),
        ("$top=1&top=2", "$top"),
        ("$apply=x", "$apply"),
        ("$skip=99999999", "nextLink"),
        ("$skiptoken=abc", "skip token"),
        ("$expand=x", "x"),
    ] {
        let reply = world.get(&format!("{path}?{query}")).await.expect(400);
        assert!(reply.message().contains(word), "{query}: {}", reply.text);
    }
}

#[tokio::test]
async fn a_list_of_serials_is_imported_row_by_row_and_told_row_by_row() {
    let world = world().await;
    let id = world.new_token("Office", true).await;
    world.devices(&id, &["AAAA1111"], |_, _| {}).await;
    let path = format!("{D}/{id}/importedAppleDeviceIdentities");
    let body = json!({
        "overwriteImportedDeviceIdentities": false,
        "importedAppleDeviceIdentities": [
            { "@odata.type": "microsoft.graph.importedAppleDeviceIdentity", "id": "", "serialNumber": "NEWS0001", "description": "Stock", "platform": "ios" },
            { "serialNumber": "AAAA1111" },
            { "serialNumber": "not a serial!" },
        ],
    });
    let reply = world.post(&format!("{path}/importAppleDeviceIdentityList"), body).await.expect(200);
    let told: Vec<_> = reply
        .rows()
        .iter()
        .map(|row| (row["serialNumber"].as_str().unwrap(), row["status"].as_bool().unwrap()))
        .collect();
    assert_eq!(told, [("NEWS0001", true), ("AAAA1111", false), ("not a serial!", false)]);
    assert_eq!(reply.rows()[0]["@odata.type"], "#microsoft.graph.importedAppleDeviceIdentityResult");
    let reply = world.post(&path, json!({ "serialNumber": "NEWS0002" })).await.expect(201);
    let one = format!("{path}/{}", reply.body["id"].as_str().unwrap());
    world.post(&path, json!({ "serialNumber": "NEWS0002" })).await.expect(409);
    world.post(&path, json!({ "serialNumber": "" })).await.expect(400);
    world
        .post(
            &format!("{path}/importAppleDeviceIdentityList"),
            json!({ "importedAppleDeviceIdentities": "x" }),
        )
        .await
        .expect(400);
    let reply = world
        .patch(&one, json!({ "description": "Shelf 3", "enrollmentState": "blocked" }))
        .await
        .expect(200);
    assert_eq!(
        (&reply.body["description"], &reply.body["enrollmentState"]),
        (&json!("Shelf 3"), &json!("blocked"))
    );
    world.delete(&one).await.expect(204);
    world.get(&one).await.expect(404);
}
