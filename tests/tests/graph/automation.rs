//! Sequences of real automation, request by request, as scripts, runbooks and command line tools send them
//! (intune.md 4.1, 4.3, 4.5).

use std::time::Duration;

use muster_tests::Engine;
use serde_json::{Value, json};

use crate::house::{House, Reply};

const D: &str = "/beta/deviceManagement/depOnboardingSettings";

impl House {
    async fn get(&self, path: &str) -> Value {
        let reply = self.send("GET", path, None, None).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.json()
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, None, Some(body)).await
    }
}

/// A runbook takes the entry whose `tokenType` is `dep`, and syncs it.
#[tokio::test(flavor = "multi_thread")]
async fn a_script_lists_tokens_with_a_slash_at_the_end_and_syncs_one() {
    for engine in Engine::here() {
        let house = House::build(engine, 1).await;
        let listed = house.get(&format!("{D}/")).await;
        let dep: Vec<&Value> =
            listed["value"].as_array().unwrap().iter().filter(|token| token["tokenType"] == "dep").collect();
        assert_eq!(dep.len(), 1);
        // Scripts turn these into dates without looking.
        for name in ["lastSyncTriggeredDateTime", "lastSuccessfulSyncDateTime", "tokenExpirationDateTime"] {
            assert!(dep[0][name].as_str().unwrap().ends_with('Z'), "{name}");
        }
        assert_eq!(dep[0]["lastSyncErrorCode"], 0);
        let path = format!("{D}/{}/syncWithAppleDeviceEnrollmentProgram", dep[0]["id"].as_str().unwrap());
        house.stack.pass(Duration::from_secs(15 * 60)).await;
        let before = house.program.ended().await.len();
        let reply = house.send("POST", &path, None, None).await;
        assert_eq!((reply.status, reply.text.as_str()), (204, ""), "without a body");
        house.program.runs(before + 1).await;
        assert_eq!(house.post(&path, &json!({})).await.status, 429, "too soon after the last");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_assigns_serials_to_a_profile_and_reads_them_back_by_its_bare_id() {
    for engine in Engine::here() {
        let house = House::build(engine, 3).await;
        let token = format!("{D}/{}", house.program.token);
        let profile = &house.ids["profile"];
        let path = format!("{token}/enrollmentProfiles('{profile}')/updateDeviceProfileAssignment");
        let one = house.post(&path, &json!({ "deviceIds": house.serials[0] })).await;
        assert_eq!(one.status, 400);
        assert!(one.text.contains("Invalid ODataActionParameter 'deviceIds'"), "{}", one.text);
        assert_eq!(house.post(&path, &json!({ "deviceIds": house.serials })).await.status, 204);
        let bare = profile.split('_').next_back().unwrap();
        for id in [bare, profile.as_str()] {
            let filter = format!(
                "discoverySource eq 'DeviceEnrollmentProgram' and requestedEnrollmentProfileId eq '{id}'"
            );
            let listed = house
                .get(&format!("{token}/importedAppleDeviceIdentities?$filter={filter}&$count=true"))
                .await;
            assert_eq!(listed["@odata.count"], 3, "{id}");
        }
    }
}

/// Everything that a portal sends along: an empty id, empty texts, read-only properties, every Boolean.
fn portals_mac_profile() -> Value {
    let mut body = json!({
        "@odata.type": "#microsoft.graph.depMacOSEnrollmentProfile",
        "id": "",
        "displayName": "Macs of the house",
        "description": "",
        "configurationEndpointUrl": "",
        "requiresUserAuthentication": false,
        "enableAuthenticationViaCompanyPortal": false,
        "requireCompanyPortalOnSetupAssistantEnrolledDevices": false,
        "configurationWebUrl": false,
        "supervisedModeEnabled": true,
        "supportDepartment": "IT",
        "supportPhoneNumber": "+1 555 0100",
        "isMandatory": true,
        "profileRemovalDisabled": true,
        "isDefault": false,
        "deviceNameTemplate": "",
        "enabledSkipKeys": ["Location", "Privacy", "Registration", "FileVault", "UnlockWithWatch"],
        "enrollmentTimeAzureAdGroupIds": [],
        "waitForDeviceConfiguredConfirmation": true,
        "primaryAccountUserName": "",
        "primaryAccountFullName": "",
        "adminAccountUserName": "",
        "adminAccountFullName": "",
        "adminAccountPassword": "",
        "requestRequiresNetworkTether": false,
        "somethingThatIntuneAddedLater": true,
    });
    let screens = [
        "restoreBlocked",
        "appleIdDisabled",
        "termsAndConditionsDisabled",
        "touchIdDisabled",
        "applePayDisabled",
        "siriDisabled",
        "diagnosticsDisabled",
        "displayToneSetupDisabled",
        "privacyPaneDisabled",
        "screenTimeScreenDisabled",
        "locationDisabled",
        "registrationDisabled",
        "fileVaultDisabled",
        "iCloudDiagnosticsDisabled",
        "iCloudStorageDisabled",
        "chooseYourLockScreenDisabled",
        "accessibilityScreenDisabled",
        "autoUnlockWithWatchDisabled",
        "passCodeDisabled",
        "zoomDisabled",
    ];
    for screen in screens {
        body[screen] = json!(true);
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_makes_a_profile_for_macs_of_every_property_and_then_the_default() {
    for engine in Engine::here() {
        let house = House::build(engine, 1).await;
        let token = format!("{D}/{}", house.program.token);
        let sent = portals_mac_profile();
        assert!(sent.as_object().unwrap().len() >= 45, "{}", sent.as_object().unwrap().len());
        let made = house.post(&format!("{token}/enrollmentProfiles"), &sent).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let made = made.json();
        let id = made["id"].as_str().unwrap();
        assert!(id.starts_with(&format!("{}_", house.program.token)), "{id}");
        for name in
            ["displayName", "fileVaultDisabled", "zoomDisabled", "supervisedModeEnabled", "isMandatory"]
        {
            assert_eq!(made[name], sent[name], "{name}");
        }
        assert!(made.get("somethingThatIntuneAddedLater").is_none());
        assert_eq!(
            house
                .post(&format!("{token}/enrollmentProfiles/{id}/setDefaultProfile"), &json!({}))
                .await
                .status,
            204
        );
        let read = house.get(&format!("{token}/enrollmentProfiles/{id}")).await;
        assert_eq!(read["isDefault"], true);
        let default = house.get(&format!("{token}/defaultMacOsEnrollmentProfile")).await;
        assert_eq!(default["id"], id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_pages_through_all_devices_by_the_link_to_the_next_page() {
    for engine in Engine::here() {
        let house = House::build(engine, 7).await;
        for list in [
            format!(
                "{D}/{}/importedAppleDeviceIdentities?$top=3&$orderby=serialNumber desc",
                house.program.token
            ),
            "/v1.0/deviceManagement/managedDevices?top=2&select=id,serialNumber".to_owned(),
        ] {
            let (mut next, mut seen, mut pages) = (Some(list.clone()), Vec::new(), 0);
            while let Some(path) = next {
                let page = house.get(&path).await;
                let rows = page["value"].as_array().unwrap();
                seen.extend(rows.iter().map(|row| row["serialNumber"].as_str().unwrap().to_owned()));
                let link = page["@odata.nextLink"].as_str().map(str::to_owned);
                next = link.map(|link| link.strip_prefix(&house.stack.api_url).unwrap().to_owned());
                pages += 1;
            }
            let wanted = if list.starts_with("/v1.0") { (3, 2) } else { (10, 4) };
            assert_eq!((seen.len(), pages), wanted, "rows and pages of {list}");
            let mut once = seen.clone();
            once.sort();
            once.dedup();
            assert_eq!(once.len(), seen.len(), "no row twice");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_compares_the_default_profile_that_it_expands_in_lower_case() {
    for engine in Engine::here() {
        let house = House::build(engine, 1).await;
        let token = format!("{D}/{}", house.program.token);
        let default = house.get(&format!("{token}/defaultIosEnrollmentProfile")).await;
        let path = format!("{token}?$expand=defaultiosenrollmentprofile,defaultmacosenrollmentprofile");
        let expanded = house.get(&path).await;
        assert_eq!(expanded["defaultIosEnrollmentProfile"]["id"], default["id"]);
        assert_eq!(
            expanded["defaultMacOsEnrollmentProfile"]["@odata.type"],
            "#microsoft.graph.depMacOSEnrollmentProfile"
        );
        assert!(expanded.get("defaultTvOSEnrollmentProfile").is_none(), "only what was asked for");
        let listed = house.get(&format!("{D}?$expand=DEFAULTIOSENROLLMENTPROFILE($select=id)")).await;
        let nested = &listed["value"][0]["defaultIosEnrollmentProfile"];
        assert_eq!(nested["id"], default["id"]);
        assert!(nested.get("displayName").is_none());
    }
}

/// As a command line tool that keeps configurations in files does it.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_whole_numbers_as_ids_and_urls_without_a_slash_is_answered_by_texts() {
    for engine in Engine::here() {
        let house = House::build(engine, 1).await;
        let root = "deviceManagement/depOnboardingSettings";
        let requests: Vec<Value> = (1..=20)
            .map(|id| {
                let url = format!("{root}/{}/enrollmentProfiles?$top={id}", house.program.token);
                json!({ "id": id, "method": "GET", "url": url })
            })
            .collect();
        let reply = house.post("/beta/$batch", &json!({ "requests": requests })).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let answered = reply.json();
        let responses = answered["responses"].as_array().unwrap();
        assert_eq!(responses.len(), 20);
        for (index, response) in responses.iter().enumerate() {
            assert_eq!(response["id"], json!((index + 1).to_string()));
            assert_eq!(response["status"], 200);
            assert_eq!(response["body"]["value"].as_array().unwrap().len(), (index + 1).min(5));
        }
    }
}

/// One tool insists on 204, another reads the entity from the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_profile_is_answered_with_204_or_as_a_client_prefers() {
    for engine in Engine::here() {
        let house = House::build(engine, 1).await;
        let path = format!("{D}/{}/enrollmentProfiles/{}", house.program.token, house.ids["profile"]);
        let body =
            json!({ "@odata.type": "#microsoft.graph.depIOSEnrollmentProfile", "description": "Changed" });
        let plain = house.send("PATCH", &path, None, Some(&body)).await;
        assert_eq!((plain.status, plain.text.as_str()), (204, ""));
        let preferred = house.send("PATCH", &path, Some("return=representation"), Some(&body)).await;
        assert_eq!(preferred.status, 200);
        assert_eq!(preferred.json()["description"], "Changed");
        assert_eq!(preferred.json()["id"], house.ids["profile"].as_str());
    }
}
