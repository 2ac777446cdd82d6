//! Every route that the server's own document has, called as a client would, answers what the document says.

use std::time::Duration;

use muster_tests::Engine;
use practice::apple::catalogue::Family;
use serde_json::{Value, json};

use crate::house::House;
use crate::schema::differences;

/// Serials that the walk uses up.
const SERIALS: usize = 12;
const HALF_HOUR: Duration = Duration::from_secs(30 * 60);

/// One call of the walk.
struct Call<'a> {
    verb: &'a str,
    path: &'a str,
    operation: &'a Value,
}

/// Every operation, those that take something away last.
fn calls(document: &Value) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (verb, operation) in operations.as_object().unwrap() {
            calls.push(Call { verb, path, operation });
        }
    }
    let rank = |call: &Call<'_>| match call.verb {
        "get" => 0,
        "patch" => 1,
        "post" if ["/wipe", "/retire"].iter().any(|end| call.path.ends_with(end)) => 3,
        "post" => 2,
        _ => 4,
    };
    calls.sort_by_key(rank);
    calls
}

impl House {
    /// The path with ids of what is there, and where something is used up by it, of what is there for it.
    async fn walk_path(&mut self, call: &Call<'_>) -> String {
        let mut ids = self.ids.clone();
        let name = call.path.rsplit('/').next().unwrap();
        match (call.verb, name) {
            ("delete", "{token}") => {
                ids.insert("token".into(), self.stack.draft(&self.stack.api, "Short-lived").await);
            }
            ("delete", "{profile}") => {
                let name = json!({ "displayName": format!("Short-lived {}", self.serials.len()) });
                ids.insert("profile".into(), self.program.profile("depMacOSEnrollmentProfile", name).await);
            }
            ("delete", "{device}") => {
                let serial = self.take_serial();
                ids.insert("device".into(), self.device_id(&serial).await);
            }
            // The versions come one after the other, and a device that was wiped is there no more.
            ("post", "wipe") if call.path.starts_with("/v1.0") => {
                ids.insert("managedDevice".into(), ids["otherManagedDevice"].clone());
            }
            ("post", "release") => {
                ids.insert("managedDevice".into(), ids["waiting"].clone());
            }
            _ => {}
        }
        let mut path = call.path.to_owned();
        for (name, id) in &ids {
            path = path.replace(&format!("{{{name}}}"), id);
        }
        assert!(!path.contains('{'), "no id for {path}");
        path
    }

    /// A body: the document's own example, or what only a living server can give.
    async fn walk_body(&mut self, call: &Call<'_>) -> Option<Value> {
        let content = call.operation.pointer("/requestBody/content/application~1json")?;
        let name = call.path.rsplit('/').next().unwrap();
        let profile = self.ids["profile"].clone();
        Some(match (call.verb, name) {
            ("post", "uploadDepToken") => {
                let file = String::from_utf8(self.stack.download(&self.program)).unwrap();
                json!({ "depToken": file })
            }
            ("post", "releaseAppleDevices") => {
                json!({ "deviceSerialNumbers": [self.take_serial()], "confirm": true })
            }
            ("post", "updateDeviceProfileAssignment") => json!({ "deviceIds": [self.serials[0]] }),
            ("post", "assign") => json!({ "serialNumbers": [self.serials[0]], "profileId": profile }),
            ("post", "unassign" | "markConverted" | "deviceConversions") => {
                json!({ "serialNumbers": [self.serials[0]] })
            }
            ("post", "importedAppleDeviceIdentities") => {
                self.stack.rest().await;
                let at_apple = self.stack.buy(&self.program, Family::IPhone, 1).remove(0);
                json!({ "serialNumber": at_apple, "description": "By hand" })
            }
            ("patch", "applePushNotificationCertificate") => {
                json!({ "certificate": self.renewed_push_certificate().await })
            }
            _ => content.get("example").cloned().unwrap_or_else(|| json!({})),
        })
    }

    async fn walk(&mut self, document: &Value, call: &Call<'_>, prefer: Option<&str>) -> Vec<String> {
        let path = self.walk_path(call).await;
        let body = self.walk_body(call).await;
        if path.ends_with("/sync") || path.ends_with("syncWithAppleDeviceEnrollmentProgram") {
            self.stack.pass(HALF_HOUR).await;
            self.stack.rest().await;
        }
        let reply = self.send(&call.verb.to_uppercase(), &path, prefer, body.as_ref()).await;
        let place = format!("{} {path} {body:?}", call.verb);
        let Some(described) = call.operation["responses"].get(reply.status.to_string()) else {
            return vec![format!("{place}: {} is not described: {}", reply.status, reply.text)];
        };
        if path.ends_with("/depOnboardingSettings") && call.verb == "post" {
            let id = reply.json()["id"].as_str().unwrap().to_owned();
            assert_eq!(
                self.stack.api.delete(&format!("deviceManagement/depOnboardingSettings/{id}")).await.status,
                204
            );
        }
        let reference =
            described.get("$ref").and_then(|place| document.pointer(place.as_str()?.strip_prefix('#')?));
        let described = reference.unwrap_or(described);
        let Some((kind, content)) =
            described.get("content").and_then(|content| content.as_object()?.iter().next())
        else {
            return if reply.text.is_empty() {
                Vec::new()
            } else {
                vec![format!("{place}: a body that is not described")]
            };
        };
        if reply.content_type.split(';').next() != Some(kind.as_str()) {
            return vec![format!("{place}: {} and not {kind}", reply.content_type)];
        }
        let value = if kind == "text/plain" { Value::String(reply.text.clone()) } else { reply.json() };
        let found = differences(document, &content["schema"], &value);
        found.into_iter().map(|words| format!("{place}: {words}")).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_what_its_document_says_on_every_database() {
    for engine in Engine::here() {
        let mut house = House::build(engine, SERIALS).await;
        let document = house.document().await;
        let calls = calls(&document);
        assert!(calls.len() > 140, "{}", calls.len());
        let mut wrong = Vec::new();
        for call in &calls {
            wrong.extend(house.walk(&document, call, None).await);
            if call.operation["responses"].get("204").is_some()
                && call.operation["responses"].get("200").is_some()
            {
                wrong.extend(house.walk(&document, call, Some("return=representation")).await);
            }
        }
        assert!(wrong.is_empty(), "{} on {engine:?}:\n{}", wrong.len(), wrong.join("\n"));
    }
}
