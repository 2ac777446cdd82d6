//! How a device talks to the server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mdm::guard::{Dictionary, Value};
use pki::cms::{Cipher, Signer};
use pki::scep::{Client, Outcome};
use pki::x509::{Certificate, Name};
use practice::apple::activation::CloudConfiguration;

use super::message::{Served, read, xml};
use super::{Handmade, key};
use crate::stack::Stack;

/// More commands in a row than any test queues: a server that never stops asking is one that must fail.
const COMMANDS_MAX: usize = 100;

/// What a server answered a device.
#[derive(Debug)]
pub struct Heard {
    /// The status.
    pub status: u16,
    /// The content type.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Heard {
    /// Reads an answer. What no device may ever hear fails here, for every test.
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Heard {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        assert_ne!(status, 401, "a device takes that as the order to leave management");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        Heard { status, content_type, body: response.bytes().await.unwrap().to_vec() }
    }

    /// The command in it, and its id.
    ///
    /// # Panics
    /// When the answer is a refusal.
    #[must_use]
    #[track_caller]
    pub fn command(&self) -> Option<(String, Dictionary)> {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        if self.body.is_empty() {
            return None;
        }
        let whole = read(&self.body);
        let id = whole["CommandUUID"].as_string().unwrap().to_owned();
        Some((id, whole["Command"].as_dictionary().unwrap().clone()))
    }

    /// The request type of the command in it.
    ///
    /// # Panics
    /// As [`Self::command`].
    #[must_use]
    #[track_caller]
    pub fn request_type(&self) -> Option<String> {
        Some(request_type(&self.command()?.1))
    }
}

fn request_type(command: &Dictionary) -> String {
    command["RequestType"].as_string().unwrap().to_owned()
}

impl Handmade {
    /// Sends signed MachineInfo to where Apple said.
    ///
    /// # Panics
    /// When Apple said nothing.
    pub async fn ask(&self, stack: &Stack, cloud: &CloudConfiguration, signed: &[u8]) -> Heard {
        let url = cloud.profile.url.as_ref().unwrap();
        Heard::of(stack.http.post(url).body(signed.to_vec())).await
    }

    /// Sends signed MachineInfo as a web view does, in a header.
    ///
    /// # Panics
    /// When Apple said nothing.
    pub async fn ask_in_header(&self, stack: &Stack, cloud: &CloudConfiguration, signed: &[u8]) -> Heard {
        let url = cloud.profile.url.as_ref().unwrap();
        Heard::of(stack.http.get(url).header("x-apple-aspen-deviceinfo", STANDARD.encode(signed))).await
    }

    /// Trades a challenge for an identity; `false`: refused.
    ///
    /// # Panics
    /// When the server's answer is none of SCEP.
    pub async fn try_identity(&mut self, stack: &Stack, served: &Served) -> bool {
        let http = &stack.http;
        let authority = Heard::of(http.get(format!("{}?operation=GetCACert", served.scep_url))).await;
        let authority = Certificate::from_der(&authority.body).unwrap();
        let subject = Name::empty().organization("Works").and_common_name(&self.udid);
        let (challenge, now) = (Some(served.challenge.as_str()), stack.clock.now_unix());
        let client = Client::enrol(&self.key, &authority, &subject, challenge, Cipher::Aes256, now).unwrap();
        let url = format!("{}?operation=PKIOperation", served.scep_url);
        let heard = Heard::of(http.post(url).body(client.message().to_vec())).await;
        match client.read_reply(&heard.body).unwrap() {
            Outcome::Issued(issued) => self.identity = Some(issued),
            _ => return false,
        }
        true
    }

    /// As [`Self::try_identity`], when it must be given one.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn get_identity(&mut self, stack: &Stack, served: &Served) {
        assert!(self.try_identity(stack, served).await, "SCEP refused {}", self.serial);
    }

    /// The `Mdm-Signature` of a body.
    ///
    /// # Panics
    /// When it has no identity.
    #[must_use]
    pub fn signature(&self, body: &[u8]) -> String {
        let signer = Signer::new(self.key.clone().into(), self.identity.clone().unwrap()).unwrap();
        STANDARD.encode(signer.sign_detached(body).unwrap())
    }

    /// Sends a body with whatever signature.
    ///
    /// # Panics
    /// When it was never given a profile.
    pub async fn send(&self, stack: &Stack, body: Vec<u8>, signature: Option<&str>) -> Heard {
        let request = stack.http.put(&self.served.as_ref().unwrap().server_url).body(body);
        let request = match signature {
            Some(signature) => request.header("mdm-signature", signature),
            None => request,
        };
        Heard::of(request).await
    }

    /// Says something as itself.
    pub async fn say(&self, stack: &Stack, pairs: &[(&str, Value)]) -> Heard {
        let mut all = vec![("UDID", Value::from(self.udid.as_str()))];
        all.extend(pairs.iter().cloned());
        self.say_as(stack, &all).await
    }

    /// Says something under whatever name, signed by its own identity.
    pub async fn say_as(&self, stack: &Stack, pairs: &[(&str, Value)]) -> Heard {
        let body = xml(pairs);
        let signature = self.signature(&body);
        self.send(stack, body, Some(&signature)).await
    }

    /// `Authenticate`.
    pub async fn authenticate(&self, stack: &Stack) -> Heard {
        self.say(stack, &self.authenticate_says()).await
    }

    /// `TokenUpdate`, with a token of the push service.
    pub async fn token_update(&mut self, stack: &Stack) -> Heard {
        if self.push.is_none() {
            self.push = Some(stack.practice.registry().register(&self.topic()));
        }
        self.say(stack, &self.token_update_says()).await
    }

    /// `CheckOut`.
    pub async fn check_out(&self, stack: &Stack) -> Heard {
        self.say(stack, &[("MessageType", "CheckOut".into()), ("Topic", self.topic().into())]).await
    }

    /// Asks for a command.
    pub async fn idle(&self, stack: &Stack) -> Heard {
        self.say(stack, &[("Status", "Idle".into())]).await
    }

    /// Answers a command; the answer to that is the next.
    pub async fn answer(&self, stack: &Stack, id: &str, status: &str, more: Vec<(&str, Value)>) -> Heard {
        let mut said = vec![("Status", Value::from(status)), ("CommandUUID", id.into())];
        said.extend(more);
        self.say(stack, &said).await
    }

    /// Connects and answers every command by its moods, and does what each says. Returns the request types.
    ///
    /// # Panics
    /// When the server refuses an answer, or never stops asking.
    pub async fn obey(&mut self, stack: &Stack) -> Vec<String> {
        let mut asked = Vec::new();
        let mut heard = self.idle(stack).await;
        while let Some((id, command)) = heard.command() {
            let kind = request_type(&command);
            let status = self.moods.get(&kind).copied().unwrap_or("Acknowledged");
            let more = match status {
                "Acknowledged" => {
                    self.carry_out(stack, &kind, &command).await;
                    self.information(&kind)
                }
                _ => Vec::new(),
            };
            heard = self.answer(stack, &id, status, more).await;
            if kind == "EraseDevice" && status == "Acknowledged" {
                self.erase(stack);
                asked.push(kind);
                return asked;
            }
            if kind == "DeviceConfigured" && status == "Acknowledged" {
                self.token_update(stack).await;
            }
            asked.push(kind);
            assert!(asked.len() < COMMANDS_MAX, "{asked:?}");
        }
        asked
    }

    async fn carry_out(&mut self, stack: &Stack, kind: &str, command: &Dictionary) {
        match kind {
            "DeviceConfigured" => self.awaiting = false,
            "Settings" => {
                for item in command["Settings"].as_array().unwrap() {
                    let item = item.as_dictionary().unwrap();
                    if let Some(name) = item.get("DeviceName").and_then(Value::as_string) {
                        self.name = name.to_owned();
                    }
                }
            }
            "InstallProfile" => {
                let served = Served::of(command["Payload"].as_data().unwrap());
                // Apple's devices answer with the old identity, and use the new one from the next connection on.
                let before = (self.key.clone(), self.identity.clone());
                self.key = key(self.serial.len() + 3);
                self.get_identity(stack, &served).await;
                self.renewed = Some((self.key.clone(), self.identity.clone()));
                (self.key, self.identity) = before;
            }
            _ => {}
        }
    }
}
