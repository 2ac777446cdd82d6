//! What a device says, and what it reads in an enrolment profile.

use mdm::guard::{Dictionary, Value, parse_dictionary, write_xml};

use super::{Handmade, Heard};

/// The longest body that is read here.
const BODY_MAX: usize = 1 << 20;

/// An XML property list.
///
/// # Panics
/// When a value cannot be written.
#[must_use]
pub fn xml(pairs: &[(&str, Value)]) -> Vec<u8> {
    write_xml(&Value::Dictionary(dictionary(pairs))).unwrap()
}

pub(super) fn dictionary(pairs: &[(&str, Value)]) -> Dictionary {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

pub(super) fn read(body: &[u8]) -> Dictionary {
    parse_dictionary(body, BODY_MAX).unwrap()
}

/// What counts in an enrolment profile.
#[derive(Clone, Debug)]
pub struct Served {
    /// Where to answer.
    pub server_url: String,
    /// The push topic.
    pub topic: String,
    /// Where to get an identity.
    pub scep_url: String,
    /// The one-time secret for it.
    pub challenge: String,
    /// The whole, as it came.
    pub signed: Vec<u8>,
}

impl Served {
    /// Reads an answer that must be a profile, signed.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    #[track_caller]
    pub fn read(heard: &Heard) -> Served {
        assert_eq!(heard.status, 200, "{}", String::from_utf8_lossy(&heard.body));
        Served::of(&heard.body)
    }

    /// Reads a signed profile.
    pub(super) fn of(signed: &[u8]) -> Served {
        let profile = read(&pki::cms::verify_signed(signed, None).unwrap().content);
        let payload = |kind: &str| {
            let payloads = profile["PayloadContent"].as_array().unwrap();
            let mut payloads = payloads.iter().filter_map(Value::as_dictionary);
            payloads.find(|payload| payload["PayloadType"].as_string() == Some(kind)).unwrap().clone()
        };
        let management = payload("com.apple.mdm");
        let scep = payload("com.apple.security.scep")["PayloadContent"].as_dictionary().unwrap().clone();
        let text = |of: &Dictionary, key: &str| of[key].as_string().unwrap().to_owned();
        Served {
            server_url: text(&management, "ServerURL"),
            topic: text(&management, "Topic"),
            scep_url: text(&scep, "URL"),
            challenge: text(&scep, "Challenge"),
            signed: signed.to_vec(),
        }
    }
}

impl Handmade {
    /// MachineInfo.
    #[must_use]
    pub fn machine_info(&self) -> Vec<u8> {
        xml(&[
            ("SERIAL", self.serial.as_str().into()),
            ("UDID", self.udid.as_str().into()),
            ("PRODUCT", self.product.product_type.into()),
            ("VERSION", "22B83".into()),
            ("OS_VERSION", self.os_version.as_str().into()),
            ("LANGUAGE", "en".into()),
        ])
    }

    /// What an `Authenticate` says beside the UDID.
    #[must_use]
    pub fn authenticate_says(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("MessageType", "Authenticate".into()),
            ("Topic", self.topic().into()),
            ("SerialNumber", self.serial.as_str().into()),
            ("DeviceName", self.name.as_str().into()),
            ("OSVersion", self.os_version.as_str().into()),
            ("BuildVersion", "22B83".into()),
            ("ProductName", self.product.product_type.into()),
            ("ModelName", self.product.family.word().into()),
        ]
    }

    pub(super) fn topic(&self) -> String {
        self.served.as_ref().map(|served| served.topic.clone()).unwrap_or_default()
    }

    pub(super) fn token_update_says(&self) -> Vec<(&'static str, Value)> {
        let mut said = vec![
            ("MessageType", "TokenUpdate".into()),
            ("Topic", self.topic().into()),
            ("Token", Value::Data(self.push.map(|token| token.0.to_vec()).unwrap_or_default())),
            ("PushMagic", self.magic.as_str().into()),
            ("UnlockToken", Value::Data(format!("unlock-token-of-{}", self.serial).into_bytes())),
        ];
        if self.awaiting {
            said.push(("AwaitingConfiguration", true.into()));
        }
        said
    }

    /// What it adds to an `Acknowledged` of that request type, by the queries in the command.
    pub(super) fn information(&self, request_type: &str) -> Vec<(&'static str, Value)> {
        match request_type {
            "DeviceInformation" => {
                let answers = [
                    ("DeviceName", self.name.as_str().into()),
                    ("OSVersion", self.os_version.as_str().into()),
                    ("BuildVersion", "22B83".into()),
                    ("ModelName", self.product.family.word().into()),
                    ("ProductName", self.product.product_type.into()),
                    ("SerialNumber", self.serial.as_str().into()),
                    ("UDID", self.udid.as_str().into()),
                    ("IsSupervised", self.supervised.into()),
                    ("WiFiMAC", "02:00:00:00:00:01".into()),
                    ("AwaitingConfiguration", self.awaiting.into()),
                ];
                vec![("QueryResponses", Value::Dictionary(dictionary(&answers)))]
            }
            "SecurityInfo" => {
                let answers = [("PasscodePresent", false.into()), ("PasscodeCompliant", true.into())];
                vec![("SecurityInfo", Value::Dictionary(dictionary(&answers)))]
            }
            "ActivationLockBypassCode" => self
                .bypass_code
                .iter()
                .map(|code| ("ActivationLockBypassCode", code.as_str().into()))
                .collect(),
            _ => Vec::new(),
        }
    }
}
