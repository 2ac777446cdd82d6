//! Starting and stopping practice Apple.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use net::{CancellationToken, Clock, Listener, ServerTls};
use pki::key::PublicKey;
use tokio::task::JoinHandle;

use crate::ade::{Ade, SessionRules};
use crate::apns::{self, Apns, DeviceToken, PushLine, PushRules, Registry};
use crate::apple::authority::Authorities;
use crate::apple::device_identity::DeviceIdentity;
use crate::apple::model::Rules;
use crate::apple::org::ServerId;
use crate::apple::world::{World, lock};
use crate::device::{self, Fleet};
use crate::door::{Door, listener};
use crate::error::Result;
use crate::pushcert::PushCertPortal;
use crate::services::{self, Services};

/// How practice Apple is set up.
#[derive(Clone, Debug)]
pub struct PracticeConfig {
    /// What time it is.
    pub clock: Clock,
    /// Where to listen. Loopback, unless a rehearsal has devices on other machines.
    pub bind: IpAddr,
    /// Names and addresses in the servers' certificates; the first is in the URLs.
    pub hosts: Vec<String>,
    /// Ports of the ADE service, the other services and the push service; 0 takes a free one.
    pub ports: [u16; 3],
    /// Whether the ADE service is spoken to without TLS.
    pub plain_http_ade: bool,
    /// Apple's rules.
    pub rules: Rules,
    /// How long sessions of the ADE service live.
    pub sessions: SessionRules,
    /// What the push service lets through.
    pub push: PushRules,
}

impl Default for PracticeConfig {
    /// On loopback, on free ports, by the computer's clock and Apple's rules.
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            hosts: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            ports: [0; 3],
            plain_http_ade: false,
            rules: Rules::default(),
            sessions: SessionRules::default(),
            push: PushRules::default(),
        }
    }
}

/// Practice Apple, running. Stops when told to, or when dropped.
#[derive(Debug)]
pub struct Practice {
    /// Base URL of the ADE service.
    pub ade_url: String,
    /// Base URL of the portal.
    pub portal_url: String,
    /// Where devices activate.
    pub activation_url: String,
    /// Base URL of the push service.
    pub apns_url: String,
    /// Where push certificates are asked for.
    pub pushcert_url: String,
    /// Where devices outside this process wait for pushes.
    pub push_url: String,
    /// The authority of practice Apple's servers (DER).
    pub ca_cert_der: Vec<u8>,
    /// The authority of device certificates (DER).
    pub device_ca_der: Vec<u8>,
    services: Arc<Services>,
    fleet: Fleet,
    ade: Arc<Door>,
    apns: Arc<Door>,
    stop: CancellationToken,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Practice {
    /// Starts practice Apple.
    ///
    /// # Errors
    /// An address cannot be listened on, or the computer has no randomness.
    pub async fn start(config: PracticeConfig) -> Result<Self> {
        let world = Arc::new(World::new(config.clock.clone(), config.rules));
        let authorities = Arc::new(Authorities::create()?);
        let registry = Arc::new(Registry::new(config.push));
        let services = Arc::new(Services {
            world: Arc::clone(&world),
            authorities: Arc::clone(&authorities),
            registry: Arc::clone(&registry),
            push_certificates: Arc::new(PushCertPortal::default()),
        });
        let tls = ServerTls::new(authorities.server_identity(&config.hosts)?);
        let [ade_port, services_port, apns_port] =
            config.ports.map(|port| SocketAddr::new(config.bind, port));
        let (scheme, ade_tls) =
            if config.plain_http_ade { ("http", None) } else { ("https", Some(tls.clone())) };
        let ade = Ade::new(Arc::clone(&world), scheme, config.sessions);
        let ade = Door::open(ade_port, ade_tls, ade.router()).await?;
        let services_listener = listener(services_port, Some(tls.clone())).await?;
        let apns = Apns { world: Arc::clone(&world), authorities: Arc::clone(&authorities), registry };
        let apns_tls = Some(tls.asking_for_certificates());
        let apns = Door::open(apns_port, apns_tls, apns::router(Arc::new(apns))).await?;

        let host = config.hosts.first().map_or("localhost", String::as_str);
        let services_url = format!("https://{host}:{}", services_listener.local_addr().port());
        let stop = CancellationToken::new();
        let fleet = Fleet::new(Arc::clone(&services));
        let practice = Self {
            ade_url: format!("{scheme}://{host}:{}", ade.address().port()),
            portal_url: format!("{services_url}/portal"),
            activation_url: format!("{services_url}/activation"),
            apns_url: format!("https://{host}:{}", apns.address().port()),
            pushcert_url: format!("{services_url}/pushcert"),
            push_url: format!("{services_url}/push"),
            ca_cert_der: authorities.tls_ca().to_vec(),
            device_ca_der: authorities.device_ca().to_vec(),
            services: Arc::clone(&services),
            fleet: fleet.clone(),
            ade: Arc::clone(&ade),
            apns: Arc::clone(&apns),
            stop: stop.clone(),
            tasks: Mutex::default(),
        };
        practice.tend(ade.keep(Arc::clone(&world), "/session", stop.clone()));
        practice.tend(Arc::clone(&apns).keep(Arc::clone(&world), "/3/device", stop.clone()));
        practice.tend(go_away(apns, world, stop.clone()));
        practice.spawn(services_listener, services::router(services).merge(device::router(fleet)), stop);
        Ok(practice)
    }

    fn tend(&self, work: impl Future<Output = ()> + Send + 'static) {
        lock(&self.tasks).push(tokio::spawn(work));
    }

    fn spawn(&self, listener: Listener, router: Router, stop: CancellationToken) {
        self.tend(async move {
            listener.serve(router, stop).await;
        });
    }

    /// The model, the planned faults and the counts of calls.
    pub fn world(&self) -> &Arc<World> {
        &self.services.world
    }

    /// The device tokens of the push service.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.services.registry
    }

    /// The virtual devices in hand.
    pub const fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// The push certificate portal.
    pub fn push_certificates(&self) -> &PushCertPortal {
        &self.services.push_certificates
    }

    /// Downloads the token file of an MDM server, as `by`; the one in use dies. See [`crate::portal`].
    ///
    /// # Errors
    /// There is no such server, or its certificate's key is not RSA.
    pub fn download_token(&self, server: ServerId, by: &str) -> Result<Vec<u8>> {
        let mut model = self.world().model();
        let missing = crate::apple::PortalFault::NoSuchServer;
        let certificate = model.server(server).ok_or(missing)?.certificate.clone();
        let file = model.issue_token(server, by, self.world().now())?;
        crate::portal::seal(&file, &certificate)
    }

    /// Issues a push certificate (PEM) for a CSR (PEM) or PushCertRequest; see [`PushCertPortal::request`].
    ///
    /// # Errors
    /// As there.
    pub fn push_certificate(
        &self,
        request: &[u8],
        apple_account: &str,
        renew: Option<&str>,
    ) -> Result<String> {
        let services = &self.services;
        let now = services.world.now();
        let made =
            services.push_certificates.request(&services.authorities, request, apple_account, renew, now);
        made.map(|certificate| certificate.pem)
    }

    /// Issues a certificate for a device's key, as activation does.
    ///
    /// # Errors
    /// The key is too weak.
    pub fn issue_device_identity(&self, key: &PublicKey) -> Result<DeviceIdentity> {
        self.services.authorities.issue_device_identity(key, self.services.world.now())
    }

    /// A line to the push service for a device in this process. `None` when nobody registered the token.
    pub fn push_line(&self, token: DeviceToken) -> Option<PushLine> {
        PushLine::open(Arc::clone(self.registry()), self.world().clock().clone(), token)
    }

    /// The push service tells every connection to go away (GOAWAY), and listens again on the same address.
    ///
    /// # Errors
    /// The address was taken meanwhile.
    pub async fn push_go_away(&self) -> Result<()> {
        self.apns.restart().await
    }

    /// Stops, and waits for requests under way.
    pub async fn stop(self) {
        self.fleet.power_off();
        self.stop.cancel();
        let tasks = std::mem::take(&mut *lock(&self.tasks));
        for task in tasks {
            // A task that panicked has told so already.
            let _ = task.await;
        }
        self.ade.stop().await;
        self.apns.stop().await;
    }
}

impl Drop for Practice {
    fn drop(&mut self) {
        self.fleet.power_off();
        self.stop.cancel();
        self.ade.cancel();
        self.apns.cancel();
    }
}

/// Has the push service tell its connections to go away whenever a plan says so.
async fn go_away(apns: Arc<Door>, world: Arc<World>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = world.go_away().notified() => {}
        }
        if let Err(error) = apns.restart().await {
            tracing::warn!(%error, "failed to listen for pushes again");
        }
    }
}
