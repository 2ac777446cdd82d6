//! What an administrator does: a push certificate, a token and its MDM server at Apple, devices, profiles.

use std::time::Duration;

use practice::apple::assign::SERIALS_PER_CALL_MAX;
use practice::apple::catalogue::{Family, product};
use practice::apple::org::{OrgCard, OrgId, OrgKind, ServerId};
use practice::apple::shop::{Order, Selection};
use serde_json::{Value, json};

use crate::api::{Api, Reply, nothing};
use crate::stack::Stack;
use crate::until;

/// Who clicks in Apple's portal.
pub const ADMIN: &str = "ann@example.com";
const TOKENS: &str = "deviceManagement/depOnboardingSettings";
const PUSH: &str = "deviceManagement/applePushNotificationCertificate";

/// A token here, and its MDM server at Apple.
#[derive(Clone)]
pub struct Program {
    /// The token's id.
    pub token: String,
    /// The organisation at Apple.
    pub org: OrgId,
    /// The MDM server at Apple.
    pub server: ServerId,
    /// Whose API it is under.
    pub api: Api,
}

impl Stack {
    /// Gets a push certificate, by the API and practice Apple's portal.
    ///
    /// # Panics
    /// When that fails.
    pub async fn push_certificate(&self, api: &Api) {
        let pem = self.push_portal(api, None).await;
        let body = json!({ "appleIdentifier": ADMIN, "certificate": pem });
        let _ = api.patch(PUSH, body).await.good();
    }

    /// Renews the push certificate: the same topic, for another year.
    ///
    /// # Panics
    /// When that fails.
    pub async fn renew_push_certificate(&self, api: &Api) {
        let before = api.get(PUSH).await.good();
        let pem = self.push_portal(api, before["topicIdentifier"].as_str()).await;
        let body = json!({ "appleIdentifier": ADMIN, "certificate": pem });
        let _ = api.patch(PUSH, body).await.good();
    }

    /// What Apple's portal gives for a request; with `renew`, again for that topic.
    ///
    /// # Panics
    /// When that fails.
    pub async fn push_portal(&self, api: &Api, renew: Option<&str>) -> String {
        let path = format!("{PUSH}/downloadApplePushNotificationCertificateSigningRequest()");
        let request = api.get(&path).await.good();
        let request = request["value"].as_str().unwrap();
        self.practice.push_certificate(request.as_bytes(), ADMIN, renew).unwrap()
    }

    /// A ready stack's usual program: a push certificate, and a synced token without devices.
    pub async fn program(&self) -> Program {
        self.push_certificate(&self.api).await;
        self.token(&self.api, OrgKind::Business, "Works").await
    }

    /// A token from consent to its first sync, with an organisation and an MDM server of its own at Apple.
    ///
    /// # Panics
    /// When that fails.
    pub async fn token(&self, api: &Api, kind: OrgKind, name: &str) -> Program {
        let program = self.token_at_apple(api, kind, name).await;
        let _ = self.upload(&program).await.good();
        program.runs(1).await;
        program
    }

    /// A token whose MDM server has devices before it is uploaded.
    ///
    /// # Panics
    /// When that fails.
    pub async fn program_with_devices(&self, count: usize) -> Program {
        let program = self.token_at_apple(&self.api, OrgKind::Business, "Works").await;
        self.buy(&program, Family::IPhone, count);
        let _ = self.upload(&program).await.good();
        program
    }

    /// A token with a key, and an MDM server at Apple that has the key's certificate; nothing is uploaded yet.
    ///
    /// # Panics
    /// When that fails.
    pub async fn token_at_apple(&self, api: &Api, kind: OrgKind, name: &str) -> Program {
        let token = self.draft(api, name).await;
        let public_key = public_key(api, &token).await;
        let mut model = self.practice.world().model();
        let card = OrgCard { name: name.to_owned(), email: ADMIN.to_owned(), ..OrgCard::default() };
        let org = model.add_org(kind, card).unwrap();
        let server = model.add_server(org, &format!("MDM of {name}"), public_key).unwrap();
        Program { token, org, server, api: api.clone() }
    }

    /// A token with consent and nothing else.
    ///
    /// # Panics
    /// When that fails.
    pub async fn draft(&self, api: &Api, name: &str) -> String {
        let draft = json!({ "tokenName": name, "appleIdentifier": ADMIN, "dataSharingConsentGranted": true });
        let made = api.post(TOKENS, draft).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// Downloads the token file at Apple and uploads it here.
    ///
    /// # Panics
    /// When Apple gives none.
    pub async fn upload(&self, program: &Program) -> Reply {
        let file = self.download(program);
        program.upload(&file, false).await
    }

    /// Downloads the token file at Apple. A person takes a moment for it, and no two uploads are at the same time.
    ///
    /// # Panics
    /// When Apple gives none.
    pub fn download(&self, program: &Program) -> Vec<u8> {
        self.clock.advance(Duration::from_secs(1));
        self.practice.download_token(program.server, ADMIN).unwrap()
    }

    /// Buys devices of a family and puts them on the program's MDM server.
    ///
    /// # Panics
    /// When Apple does not sell them.
    pub fn buy(&self, program: &Program, family: Family, count: usize) -> Vec<String> {
        let order = Order {
            product: product(family, None).unwrap(),
            count,
            number: "PO-1".to_owned(),
            serials: Vec::new(),
        };
        let now = self.practice.world().now();
        let serials = self.practice.world().model().buy(program.org, &order, ADMIN, now).unwrap();
        self.hand_over(program, &serials, Some(program.server));
        serials
    }

    /// Puts devices of the program's organisation on an MDM server at Apple, or on none.
    ///
    /// # Panics
    /// When the server is another organisation's.
    pub fn hand_over(&self, program: &Program, serials: &[String], server: Option<ServerId>) {
        let (world, now) = (self.practice.world(), self.practice.world().now());
        let selection = Selection::Serials(serials.to_vec());
        world.model().assign_devices(program.org, &selection, server, ADMIN, now).unwrap();
    }

    /// Has Apple tell the server what changed: lets the time between two syncs pass and asks for one.
    ///
    /// # Panics
    /// When the run fails.
    pub async fn sync(&self, program: &Program) -> Value {
        let before = program.ended().await.len();
        self.pass(Duration::from_secs(15 * 60)).await;
        let _ = program.act("syncWithAppleDeviceEnrollmentProgram", nothing()).await.good();
        let run = program.runs(before + 1).await;
        assert_eq!(run["state"], "succeeded", "{run}");
        run
    }

    /// As [`Self::ready`], with a default profile of iPhones and iPads.
    pub async fn ready_with(
        &self,
        program: &Program,
        family: Family,
        count: usize,
        settings: Value,
    ) -> Vec<String> {
        program.default_profile(settings).await;
        self.ready(program, family, count).await
    }

    /// Buys devices, makes them known here, and waits until each has its profile at Apple.
    ///
    /// # Panics
    /// When that fails.
    pub async fn ready(&self, program: &Program, family: Family, count: usize) -> Vec<String> {
        let serials = self.buy(program, family, count);
        self.sync(program).await;
        for some in serials.chunks(SERIALS_PER_CALL_MAX) {
            for serial in some {
                program.until_ready(serial).await;
            }
        }
        serials
    }
}

async fn public_key(api: &Api, token: &str) -> Vec<u8> {
    let _ = api.post(&format!("{TOKENS}/{token}/generateEncryptionPublicKey"), nothing()).await.good();
    let pem = api.get(&format!("{TOKENS}/{token}/getEncryptionPublicKey()")).await.good();
    let pem = pem["value"].as_str().unwrap().to_owned();
    pki::x509::Certificate::from_pem(&pem).unwrap().der().to_vec()
}

impl Program {
    /// The token's path in the API.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{TOKENS}/{}", self.token)
    }

    /// Its story.
    pub async fn story(&self) -> Value {
        self.api.get(&format!("muster/tokens/{}", self.token)).await.good()
    }

    /// POST of one of its actions.
    pub async fn act(&self, action: &str, body: Value) -> Reply {
        self.api.post(&format!("{}/{action}", self.path()), body).await
    }

    /// Uploads a token file.
    ///
    /// # Panics
    /// When the file is no text.
    pub async fn upload(&self, file: &[u8], confirm_other_server: bool) -> Reply {
        let file = std::str::from_utf8(file).unwrap();
        let body = json!({ "appleId": ADMIN, "depToken": file, "confirmOtherServer": confirm_other_server });
        self.act("uploadDepToken", body).await
    }

    /// Asks for a sync.
    pub async fn ask_sync(&self, kind: &str) -> Reply {
        self.api.post(&format!("muster/tokens/{}/sync", self.token), json!({ "kind": kind })).await
    }

    /// Its sync runs that have ended, newest first.
    pub async fn ended(&self) -> Vec<Value> {
        let runs = self.api.rows(&format!("muster/tokens/{}/syncRuns", self.token)).await;
        runs.into_iter().filter(|run| run["state"] != "running").collect()
    }

    /// Waits until so many of its runs have ended, and returns the newest.
    pub async fn runs(&self, count: usize) -> Value {
        let look = async || Some(self.ended().await).filter(|runs| runs.len() >= count);
        until(&format!("sync run {count}"), look).await[0].clone()
    }

    /// Makes a profile of a type such as `depIOSEnrollmentProfile`, and returns its id. What `settings` do not say is
    /// as an administrator usually has it.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn profile(&self, kind: &str, settings: Value) -> String {
        let mut body = json!({
            "@odata.type": format!("#microsoft.graph.{kind}"),
            "displayName": "Standard",
            "supervisedModeEnabled": true,
            "profileRemovalDisabled": true,
            "isMandatory": true,
            "supportDepartment": "IT",
            "supportPhoneNumber": "+1 555 0100",
        });
        let held = if kind == "depIOSEnrollmentProfile" {
            "awaitDeviceConfiguredConfirmation"
        } else {
            "waitForDeviceConfiguredConfirmation"
        };
        body[held] = json!(true);
        for (name, value) in settings.as_object().unwrap() {
            body[name] = value.clone();
        }
        let made = self.act("enrollmentProfiles", body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// Makes a profile its platform's default.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn set_default(&self, profile: &str) {
        let path = format!("enrollmentProfiles/{profile}/setDefaultProfile");
        assert_eq!(self.act(&path, nothing()).await.status, 204);
    }

    /// An iPhone and iPad profile, made the default.
    pub async fn default_profile(&self, settings: Value) -> String {
        let profile = self.profile("depIOSEnrollmentProfile", settings).await;
        self.set_default(&profile).await;
        profile
    }

    /// Chooses a profile for serials.
    pub async fn assign(&self, profile: &str, serials: &[String]) -> Reply {
        let path = format!("enrollmentProfiles/{profile}/updateDeviceProfileAssignment");
        self.act(&path, json!({ "deviceIds": serials })).await
    }

    /// A serial's story under this token; `None`: not known.
    pub async fn device(&self, serial: &str) -> Option<Value> {
        let reply = self.api.get(&format!("muster/devices/{serial}")).await;
        if reply.status == 404 {
            return None;
        }
        let rows = reply.good();
        rows["value"].as_array().unwrap().iter().find(|row| row["tokenId"] == self.token.as_str()).cloned()
    }

    /// Waits until a serial's story satisfies `is`.
    pub async fn until_device(&self, what: &str, serial: &str, is: impl Fn(&Value) -> bool) -> Value {
        until(&format!("{serial} {what}"), async || self.device(serial).await.filter(&is)).await
    }

    /// Waits until a device can be switched on.
    pub async fn until_ready(&self, serial: &str) -> Value {
        self.until_device("ready", serial, |row| row["ready"] == true).await
    }
}

/// The codes of a story's reasons.
///
/// # Panics
/// When it has none.
#[must_use]
pub fn reasons(story: &Value) -> Vec<&str> {
    story["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}
