//! Devices whose every word is an attack on whoever keeps it: through every job, on both databases.

use std::fmt::Write as _;
use std::time::Duration;

use mdm::guard::{Dictionary, Value};
use muster_tests::handmade::Handmade;
use muster_tests::{Engine, Stack};
use practice::apple::catalogue::Family;
use serde_json::json;

use crate::enrolling::managed;

/// What devices say of themselves, each of one device.
const TEXTS: [&str; 6] = [
    "'; drop table managed_device; --",
    "' or '1'='1",
    "\\'; select pg_sleep(60); --",
    "\" or \"\"=\"",
    "$1 ?1 :a {rows} %s %_",
    "<script>alert(1)</script>\u{202e}",
];

/// Texts of `DeviceInformation`.
const ASKED: [&str; 16] = [
    "DeviceName",
    "OSVersion",
    "BuildVersion",
    "SupplementalOSVersionExtra",
    "ModelName",
    "Model",
    "ModelNumber",
    "ProductName",
    "WiFiMAC",
    "BluetoothMAC",
    "EthernetMAC",
    "EASDeviceIdentifier",
    "TimeZone",
    "SoftwareUpdateDeviceID",
    "SerialNumber",
    "UDID",
];

/// A device that says `text` wherever it may say a text.
struct Liar<'s> {
    stack: &'s Stack,
    device: Handmade,
    text: &'static str,
}

impl<'s> Liar<'s> {
    /// From its box to its first `TokenUpdate`. Its UDID ends in the text, too.
    async fn enrol(stack: &'s Stack, serial: &str, text: &'static str) -> Self {
        let mut device = stack.handmade(serial);
        device.udid = format!("{serial}{text}");
        device.os_version = text.to_owned();
        device.name = text.to_owned();
        device.magic = text.to_owned();
        device.bypass_code = Some(text.to_owned());
        device.enrol(stack).await;
        let mut said = device.authenticate_says();
        said.retain(|(key, _)| !["BuildVersion", "ProductName", "ModelName"].contains(key));
        let more = ["BuildVersion", "ProductName", "ModelName", "Model", "IMEI", "MEID"];
        said.extend(more.map(|key| (key, Value::from(text))));
        assert_eq!(device.say(stack, &said).await.status, 200);
        device.token_update(stack).await;
        Self { stack, device, text }
    }

    /// Everything that a device may answer with, in this text.
    fn answers(&self) -> Vec<(&'static str, Value)> {
        let text = || Value::from(self.text);
        let dictionary = |keys: &[&str]| -> Value {
            Value::Dictionary(keys.iter().map(|key| ((*key).to_owned(), text())).collect::<Dictionary>())
        };
        let error = dictionary(&["ErrorDomain", "ErrorCode", "LocalizedDescription", "USEnglishDescription"]);
        let app = dictionary(&["Identifier", "Name", "Version", "ShortVersion"]);
        vec![
            ("QueryResponses", dictionary(&ASKED)),
            ("ErrorChain", Value::Array(vec![error])),
            ("ActivationLockBypassCode", text()),
            ("InstalledApplicationList", Value::Array(vec![app])),
            ("ProfileList", Value::Array(vec![dictionary(&["PayloadIdentifier"])])),
            ("SecurityInfo", dictionary(&["BootstrapTokenAllowedForAuthentication", "PasscodePresent"])),
            ("RequestType", text()),
        ]
    }

    /// Answers every command with lies; the request types.
    async fn lie(&mut self, status: &str) -> Vec<String> {
        let mut asked = Vec::new();
        let mut heard = self.device.idle(self.stack).await;
        while let Some(kind) = heard.request_type() {
            let (id, _) = heard.command().unwrap();
            heard = self.device.answer(self.stack, &id, status, self.answers()).await;
            if kind == "DeviceConfigured" && status == "Acknowledged" {
                self.device.awaiting = false;
                self.device.token_update(self.stack).await;
            }
            asked.push(kind);
            assert!(asked.len() < 50, "{asked:?}");
        }
        asked
    }
}

/// For a URL: every character that is not plainly itself.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut url, byte| {
        let _ = write!(url, "%{byte:02X}");
        url
    })
}

/// Every list finds the device by its text, sorts by it, and finds nobody else.
async fn is_found(stack: &Stack, serial: &str, text: &str) {
    let literal = text.replace('\'', "''");
    for filter in [
        format!("deviceName eq '{literal}'"),
        format!("contains(osVersion,'{literal}')"),
        format!("startswith(model,'{literal}')"),
        format!("imei eq '{literal}'"),
    ] {
        let path = "deviceManagement/managedDevices?$orderby=deviceName,osVersion desc&$filter=";
        let rows = stack.api.rows(&format!("{path}{}", encoded(&filter))).await;
        let serials: Vec<_> = rows.iter().map(|row| row["serialNumber"].as_str().unwrap()).collect();
        assert!(serials.contains(&serial), "{filter}: {serials:?}");
    }
    assert_eq!(managed(stack, serial).await["deviceName"], text);
}

/// Refuses: H
#[tokio::test(flavor = "multi_thread")]
async fn what_devices_say_stays_a_text_through_every_job_on_every_database() {
    for engine in Engine::here() {
        let stack = Stack::on(engine).await;
        let program = stack.program().await;
        program.default_profile(json!({})).await;
        let serials = stack.ready(&program, Family::IPad, TEXTS.len()).await;
        let mut liars = Vec::new();
        for (serial, text) in serials.iter().zip(TEXTS) {
            let mut liar = Liar::enrol(&stack, serial, text).await;
            assert!(!liar.lie("Acknowledged").await.is_empty());
            liars.push(liar);
        }
        for (serial, text) in serials.iter().zip(TEXTS) {
            is_found(&stack, serial, text).await;
        }
        // Loops that look at devices by what they said: setups, inventory, pushes, syncs.
        stack.pass(Duration::from_secs(26 * 3600)).await;
        stack.sync(&program).await;
        for liar in &mut liars {
            let id = managed(&stack, &liar.device.serial).await["id"].as_str().unwrap().to_owned();
            let path = format!("deviceManagement/managedDevices/{id}");
            assert_eq!(stack.api.post(&format!("{path}/syncDevice"), json!({})).await.status, 204);
            liar.lie("Error").await;
            liar.lie("Acknowledged").await;
            assert_eq!(stack.api.post(&format!("{path}/wipe"), json!({})).await.status, 204);
            assert!(liar.lie("Acknowledged").await.contains(&"EraseDevice".to_owned()));
        }
        let rows = stack.api.rows("deviceManagement/managedDevices").await;
        assert_eq!(rows.len(), TEXTS.len(), "{rows:?}");
        assert_eq!(stack.api.rows("muster/tokens").await.len(), 1);
    }
}
