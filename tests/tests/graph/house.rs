//! A server with something of everything: a token, profiles, serials, enrolled devices.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_tests::program::ADMIN;
use muster_tests::{Engine, Program, Setting, Stack};
use practice::apple::catalogue::Family;
use reqwest::Method;
use serde_json::{Value, json};

/// What the parameters of paths stand for.
pub(crate) type Ids = BTreeMap<String, String>;

pub(crate) struct House {
    pub(crate) stack: Stack,
    pub(crate) program: Program,
    pub(crate) ids: Ids,
    /// Serials under the token that nobody has used yet.
    pub(crate) serials: Vec<String>,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

/// The id of an enrolled device.
async fn managed(stack: &Stack, serial: &str) -> String {
    let filter = format!("deviceManagement/managedDevices?$filter=serialNumber eq '{serial}'");
    stack.api.rows(&filter).await[0]["id"].as_str().unwrap().to_owned()
}

impl House {
    /// Builds one with so many serials that nobody has used yet.
    pub(crate) async fn build(engine: Engine, spare: usize) -> House {
        let stack = Stack::with(Setting { engine, ..Setting::today() }).await;
        let program = stack.program().await;
        let defaults = [
            "depIOSEnrollmentProfile",
            "depMacOSEnrollmentProfile",
            "depTvOSEnrollmentProfile",
            "depVisionOSEnrollmentProfile",
        ];
        for kind in defaults {
            let name = json!({ "displayName": format!("Standard {kind}") });
            program.set_default(&program.profile(kind, name).await).await;
        }
        let profile = program.profile("depIOSEnrollmentProfile", json!({ "displayName": "Loans" })).await;
        let mut serials = stack.ready(&program, Family::IPad, 3 + spare).await;
        let mut ids = Ids::new();
        for name in ["managedDevice", "otherManagedDevice"] {
            let serial = serials.remove(0);
            let device = stack.practice.fleet().device(&serial).unwrap();
            device.unbox().unwrap();
            tokio::time::timeout(Duration::from_secs(60), device.settled()).await.unwrap();
            ids.insert(name.to_owned(), managed(&stack, &serial).await);
            ids.insert("serial".to_owned(), serial);
        }
        let waiting = stack.enrolling(&serials.remove(0)).await.serial;
        ids.insert("waiting".to_owned(), managed(&stack, &waiting).await);
        ids.insert("token".to_owned(), program.token.clone());
        ids.insert("profile".to_owned(), profile);
        ids.insert("run".to_owned(), program.ended().await[0]["id"].as_str().unwrap().to_owned());
        let mut house = House { stack, program, ids, serials };
        let spare = house.serials[0].clone();
        let device = house.device_id(&spare).await;
        house.ids.insert("spare".to_owned(), spare);
        house.ids.insert("device".to_owned(), device);
        house.ids.insert("expiringBeforeDateTime".to_owned(), "2030-01-01T00:00:00Z".to_owned());
        house
    }

    /// The id of a serial under the token.
    pub(crate) async fn device_id(&self, serial: &str) -> String {
        let path = format!(
            "{}/importedAppleDeviceIdentities?$filter=serialNumber eq '{serial}'",
            self.program.path()
        );
        self.stack.api.rows(&path).await[0]["id"].as_str().unwrap().to_owned()
    }

    /// A serial that nobody has used yet.
    pub(crate) fn take_serial(&mut self) -> String {
        self.serials.pop().unwrap()
    }

    /// A certificate that renews the push certificate.
    pub(crate) async fn renewed_push_certificate(&self) -> String {
        let path = "deviceManagement/applePushNotificationCertificate";
        let present = self.stack.api.get(path).await.good();
        let request = format!("{path}/downloadApplePushNotificationCertificateSigningRequest()");
        let request = self.stack.api.get(&request).await.good()["value"].as_str().unwrap().to_owned();
        let topic = present["topicIdentifier"].as_str();
        self.stack.practice.push_certificate(request.as_bytes(), ADMIN, topic).unwrap()
    }

    /// A bearer token that holds now.
    pub(crate) async fn bearer(&self) -> String {
        let _ = self.stack.api.get("muster/tenant").await.good();
        self.stack.api.present_bearer().await.unwrap()
    }

    /// Sends a request to a path that begins with the version.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        prefer: Option<&str>,
        body: Option<&Value>,
    ) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.stack.http.request(method, format!("{}{path}", self.stack.api_url));
        let mut request = request.bearer_auth(self.bearer().await);
        if let Some(prefer) = prefer {
            request = request.header("prefer", prefer);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let content_type =
            response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        let text = response.text().await.unwrap();
        Reply { status, content_type: content_type.unwrap_or_default(), text }
    }

    /// The server's own description.
    pub(crate) async fn document(&self) -> Value {
        let response =
            self.stack.http.get(format!("{}/openapi.json", self.stack.api_url)).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "without sign-in");
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }
}
