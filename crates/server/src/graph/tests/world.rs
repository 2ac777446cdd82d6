//! What the tests share.

use std::net::{Ipv4Addr, SocketAddr};

use app::application::{self, Role};
use app::open::{Limits, Place, open, seal_key};
use app::{Actor, App, Settings};
use domain::device::{
    AppleRecord, Assignment, Device, DiscoverySource, Enrollment, EnrollmentState, Presence, ProfileStatus,
};
use domain::managed_device::{DeviceInfo, ManagedDevice, PinnedCertificate, PushTarget, Stage};
use domain::token::{Account, ServerToken};
use domain::{ManagedDeviceId, Platform, ProfileId, Serial, TenantId, Time, TokenId};
use http::{Method, StatusCode};
use net::{Clock, ListenConfig, Listener, Points, TrustAnchors};
use serde_json::{Value, json};

use crate::{Running, Server, ServerConfig, ServerLimits};

pub(super) const START: i64 = 1_800_000_000;
pub(super) const D: &str = "/beta/deviceManagement/depOnboardingSettings";

pub(super) struct World {
    pub(super) app: App,
    pub(super) clock: Clock,
    pub(super) tenant: TenantId,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) token: String,
    pub(super) base: String,
    pub(super) http: reqwest::Client,
    pub(super) running: Running,
    folder: tempfile::TempDir,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: http::HeaderMap,
    pub(super) text: String,
    pub(super) body: Value,
}

impl Reply {
    pub(super) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    pub(super) fn rows(&self) -> &Vec<Value> {
        self.body["value"].as_array().unwrap()
    }

    pub(super) fn column(&self, name: &str) -> Vec<String> {
        self.rows().iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
    }

    pub(super) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_else(|| panic!("no envelope: {}", self.text))
    }

    pub(super) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap()
    }
}

pub(super) async fn world() -> World {
    with_limits(ServerLimits::default()).await
}

pub(super) async fn with_limits(limits: ServerLimits) -> World {
    let folder = tempfile::tempdir().unwrap();
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = Listener::bind(ListenConfig::plain(bind)).await.unwrap();
    let base = format!("http://{}", listener.local_addr());
    let place = Place {
        database_url: format!("sqlite:{}", folder.path().join("api.db").display()),
        seal_key: seal_key().unwrap(),
        older_seal_keys: Vec::new(),
    };
    let clock = Clock::manual(START * 1_000_000);
    let settings = Settings {
        api_url: base.clone(),
        device_url: "https://devices.example".into(),
        device_anchors: Vec::new(),
    };
    let opened =
        open(&place, clock.clone(), Points::default(), Limits::default(), settings, None).await.unwrap();
    let first = opened.first.unwrap();
    let config = ServerConfig {
        app: opened.app.clone(),
        api: listener,
        device: None,
        health: None,
        limits,
        metrics_from: Vec::new(),
    };
    let running = Server::start(config).await.unwrap();
    let nobody = TrustAnchors::from_der(Vec::<Vec<u8>>::new()).unwrap();
    let http = net::client::build(&net::client::ClientOptions::new(nobody, "test")).unwrap();
    let mut world = World {
        app: opened.app,
        clock,
        tenant: first.tenant.clone(),
        client_id: first.client_id.clone(),
        client_secret: first.client_secret.to_string(),
        token: String::new(),
        base,
        http,
        running,
        folder,
    };
    world.token = world.sign_in(&first.tenant, &first.client_id, &first.client_secret).await;
    world
}

impl World {
    /// Where the database is.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(super) async fn sign_in(&self, tenant: &TenantId, id: &str, secret: &str) -> String {
        let body =
            format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=x%2F.default");
        let path = format!("/{tenant}/oauth2/v2.0/token");
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let reply = self.send(Method::POST, &path, &form, body).await.expect(200);
        reply.body["access_token"].as_str().unwrap().to_owned()
    }

    /// A token of an application with these roles alone.
    pub(super) async fn token_with(&self, roles: &[Role]) -> String {
        let actor = Actor::system(self.tenant.clone());
        let made = application::create(&self.app, &actor, "some", roles).await.unwrap();
        self.sign_in(&self.tenant, &made.client_id, &made.client_secret).await
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Reply {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut request = self.http.request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply { status, headers, text, body }
    }

    pub(super) async fn call(&self, method: Method, path: &str, body: String) -> Reply {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.send(method, path, &headers, body).await
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, String::new()).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, body.to_string()).await
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PATCH, path, body.to_string()).await
    }

    pub(super) async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, String::new()).await
    }

    /// A token with consent, and with `valid`, as if its file had been accepted.
    pub(super) async fn new_token(&self, name: &str, valid: bool) -> String {
        let body = json!({ "tokenName": name, "dataSharingConsentGranted": true });
        let made = self.post(D, body).await.expect(201);
        let id = made.body["id"].as_str().unwrap().to_owned();
        if valid {
            self.accept(&id).await;
        }
        id
    }

    async fn accept(&self, id: &str) {
        let (tenant, id): (TenantId, TokenId) = (self.tenant.clone(), id.parse().unwrap());
        self.app
            .store
            .transact(move |tx| {
                let (tenant, id) = (tenant.clone(), id.clone());
                Box::pin(async move {
                    let mut token = store::token::get(tx, &tenant, &id).await?.unwrap();
                    let now = Time::from_unix(START);
                    token.server = Some(ServerToken {
                        consumer_key: format!("CK_{id}"),
                        expires_at: Time::from_unix(START + 200 * 86_400),
                        uploaded_at: now,
                        key: "k".parse().unwrap(),
                        account: Some(Account {
                            server_name: "Muster".into(),
                            server_uuid: id.to_string(),
                            ..Account::default()
                        }),
                    });
                    store::token::update(tx, &token).await?;
                    let state = domain::sync::SyncState::first(tenant, id, now);
                    store::sync::insert_state(tx, &state).await
                })
            })
            .await
            .unwrap();
    }

    /// Ends the run of a token's sync, as if Apple had no more.
    pub(super) async fn finish_run(&self, id: &str) {
        let (tenant, id): (TenantId, TokenId) = (self.tenant.clone(), id.parse().unwrap());
        self.app
            .store
            .transact(move |tx| {
                let (tenant, id) = (tenant.clone(), id.clone());
                Box::pin(async move {
                    let mut run = store::sync::runs(tx, &tenant, &id, 1).await?.remove(0);
                    run.state = domain::sync::RunState::Succeeded;
                    store::sync::run_update(tx, &run).await
                })
            })
            .await
            .unwrap();
    }

    /// An iOS profile.
    pub(super) async fn new_profile(&self, token: &str, name: &str) -> String {
        let body = json!({
            "@odata.type": "#microsoft.graph.depIOSEnrollmentProfile",
            "displayName": name,
            "supervisedModeEnabled": true,
        });
        let made = self.post(&format!("{D}/{token}/enrollmentProfiles"), body).await.expect(201);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// Serials under a token, as if a sync had brought them.
    pub(super) async fn devices(&self, token: &str, serials: &[&str], change: impl Fn(usize, &mut Device)) {
        let mut devices = Vec::new();
        for (index, serial) in serials.iter().enumerate() {
            let mut device = self.device(token, serial);
            change(index, &mut device);
            devices.push(device);
        }
        self.app
            .store
            .transact(move |tx| {
                let devices = devices.clone();
                Box::pin(async move { store::device::upsert_many(tx, &devices).await })
            })
            .await
            .unwrap();
    }

    fn device(&self, token: &str, serial: &str) -> Device {
        Device {
            tenant: self.tenant.clone(),
            token: token.parse().unwrap(),
            id: self.app.new_id(),
            version: 0,
            serial: serial.parse().unwrap(),
            apple: AppleRecord {
                model: "iPad (10th generation)".into(),
                family: "iPad".into(),
                profile_status: ProfileStatus::Empty,
                ..AppleRecord::default()
            },
            presence: Presence::Present,
            deleted_at: None,
            seen_pass: 1,
            source: DiscoverySource::DeviceEnrollmentProgram,
            description: None,
            wanted_profile: None,
            wanted_at: None,
            assignment: Assignment::default(),
            enrollment: Enrollment { state: EnrollmentState::NotContacted, ..Enrollment::default() },
            converted_at: None,
            created_at: Time::from_unix(START),
        }
    }

    /// An enrolled device.
    pub(super) async fn enrolled(&self, token: &str, profile: &str, serial: &str) -> ManagedDeviceId {
        let id: ManagedDeviceId = self.app.new_id();
        let device = self.managed(token, profile, serial, id.clone());
        self.app
            .store
            .transact(move |tx| {
                let device = device.clone();
                Box::pin(async move { store::managed_device::insert(tx, &device).await })
            })
            .await
            .unwrap();
        id
    }

    fn managed(&self, token: &str, profile: &str, serial: &str, id: ManagedDeviceId) -> ManagedDevice {
        let now = Time::from_unix(START);
        let profile: ProfileId = profile.split('_').next_back().unwrap().parse().unwrap();
        ManagedDevice {
            tenant: self.tenant.clone(),
            id,
            version: 0,
            serial: serial.parse::<Serial>().unwrap(),
            udid: format!("UDID-{serial}"),
            device: self.app.new_id(),
            token: token.parse().unwrap(),
            profile,
            profile_name: "Office".into(),
            platform: Platform::Ios,
            stage: Stage::Enrolled,
            enrolment: 1,
            certificate: Some(PinnedCertificate {
                fingerprint: format!("{:0>64}", serial.to_lowercase()),
                not_after: Time::from_unix(START + 365 * 86_400),
            }),
            next_certificate: None,
            pending: None,
            rival: None,
            info: DeviceInfo {
                device_name: Some(format!("Ipad-{serial}")),
                os_version: Some("17.5".into()),
                product_name: Some("iPad13,18".into()),
                model_name: Some("iPad".into()),
                is_supervised: Some(true),
                total_storage_bytes: Some(64_000_000_000),
                ..DeviceInfo::default()
            },
            push: Some(PushTarget {
                topic: "com.apple.mgmt.External.1".into(),
                token: vec![1; 32],
                magic: "m".into(),
                received_at: now,
                unreachable: None,
            }),
            awaiting_configuration: false,
            name_override: None,
            served_at: now,
            enrolled_at: Some(now),
            last_seen: Some(now),
        }
    }
}

/// Percent-encodes a query's value.
pub(super) fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
