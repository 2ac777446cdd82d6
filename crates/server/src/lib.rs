//! The routers: the API that people's programs call ([`graph`]) and what devices talk to ([`device`]), with the edge
//! around both: request ids, limits, time-outs, logs, metrics, health.
//!
//! It opens nothing itself. The program binds the listeners, makes the [`App`] (whose settings name their public
//! URLs) and hands both over:
//!
//! ```text
//!  net::Listener ─┐                       ┌─ graph   /beta, /v1.0          ─┐
//!  net::Listener ─┼─ Server::start ─ edge ┼─ sign_in /{tenant}/oauth2/…     ├─ app
//!  app::App      ─┘                       ├─ device  /t/{tenant}/…          ─┘
//!                                         └─ health  /healthz, /readyz, /metrics
//! ```

pub mod device;
mod edge;
mod error;
mod graph;
mod health;
mod metrics;
mod sign_in;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ::app::App;
use ::app::application::{self, ProviderSettings};
use axum::Router;
use axum::middleware::from_fn_with_state;
use net::forwarded::Network;
use net::{CancellationToken, Listener, Shares};
use tokio::task::JoinHandle;

use crate::edge::{Edge, Side};
pub use crate::error::ServerError;
use crate::health::{Health, Leaving};

/// What a server is started with.
pub struct ServerConfig {
    /// What answers.
    pub app: App,
    /// For the API: TLS, or plain behind a proxy that ends TLS.
    pub api: Listener,
    /// For devices: TLS that asks for certificates. None: the API's listener serves devices too, by a host name of
    /// their own.
    pub device: Option<Listener>,
    /// For health and metrics alone, where orchestrators and Prometheus come and nobody else. None: the API's listener
    /// tells the metrics, and whoever fills its connections shuts out all of them.
    pub health: Option<Listener>,
    /// Bounds.
    pub limits: ServerLimits,
    /// From where `/metrics` is answered, besides this computer itself.
    pub metrics_from: Vec<Network>,
}

/// For a request for health or metrics.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(10);

/// Bounds of the edge.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// API requests at a time; more are answered 503. Each may hold a body of some megabytes.
    pub api_requests: usize,
    /// Device requests at a time; more are answered 503, and devices try again by themselves.
    pub device_requests: usize,
    /// For one API request, body and answer. Asking Apple takes up to a minute.
    pub api_timeout: Duration,
    /// Percent of the requests of a side, and of the large messages of devices, that one address may have at a time: a
    /// body that never ends would hold a place, and a few connections of HTTP/2 have hundreds of them.
    pub address_share: usize,
    /// Proxies and balancers that stand for many clients, for whom no such share holds.
    pub uncounted: Vec<Network>,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            api_requests: 512,
            device_requests: 4_096,
            api_timeout: Duration::from_secs(90),
            address_share: net::Limits::default().address_share,
            uncounted: Vec::new(),
        }
    }
}

impl ServerLimits {
    /// What each address may have of `all`.
    pub(crate) fn shares(&self, all: usize) -> Shares {
        Shares::percent(self.address_share, all, self.uncounted.clone())
    }
}

/// A server.
pub struct Server;

/// A server that runs. Dropping it does not stop it; [`Running::stop`] does.
#[derive(Debug)]
pub struct Running {
    /// Where the API listens.
    pub api_addr: SocketAddr,
    /// Where devices are answered.
    pub device_addr: SocketAddr,
    /// Where health and metrics are told alone.
    pub health_addr: Option<SocketAddr>,
    leaving: Leaving,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<net::listen::Stopped>>,
    /// Told of until everything else has ended.
    health: Option<(CancellationToken, JoinHandle<net::listen::Stopped>)>,
}

impl Server {
    /// Begins to answer.
    ///
    /// # Errors
    /// The key that signs bearer tokens can neither be read nor made.
    pub async fn start(config: ServerConfig) -> Result<Running, ServerError> {
        Self::start_with_provider(config, None).await
    }

    /// As [`Server::start`], where people of one tenant may sign in at the organisation's own identity provider.
    ///
    /// # Errors
    /// As there, and settings of the provider that cannot be.
    pub async fn start_with_provider(
        config: ServerConfig,
        provider: Option<ProviderSettings>,
    ) -> Result<Running, ServerError> {
        let ServerConfig { app, api, device, health: health_listener, limits, metrics_from } = config;
        let gate = application::gate(&app).map_err(|error| ServerError::Gate(error.to_string()))?;
        let provider = provider.map(|settings| application::provider(&app, settings)).transpose();
        let provider = provider.map_err(|error| ServerError::Provider(error.to_string()))?.map(Arc::new);
        let stop = CancellationToken::new();
        metrics::keep_up(stop.clone());
        // Routes of devices have a time-out of their own, which is shorter.
        let edge = |side, places| {
            Edge::new(&app, side, limits.api_timeout).with_places(places, limits.shares(places))
        };
        let for_api = edge(Side::Api, limits.api_requests);
        let for_device = edge(Side::Device, limits.device_requests);
        let places = [&for_api, &for_device].into_iter().filter_map(Edge::places).collect();
        let devices =
            device::bounded(app.clone(), &limits).layer(from_fn_with_state(for_device, edge::around));
        let people = graph::router(graph::Api { app: app.clone(), gate: gate.clone() })
            .merge(sign_in::router(app.clone(), gate, provider))
            .merge(graph::openapi::router())
            .layer(from_fn_with_state(for_api, edge::around));
        let health = Health::watch(&app, metrics_from, places, stop.clone());
        let leaving = health.leaving.clone();
        let around = |side, routes: Router| {
            routes.layer(from_fn_with_state(Edge::new(&app, side, HEALTH_TIMEOUT), edge::around))
        };
        let numbers = health::numbers(health.clone());
        let mut people = people.merge(around(Side::Api, health::router(health.clone())));
        let health_addr = health_listener.as_ref().map(Listener::local_addr);
        let health = match health_listener {
            None => {
                people = people.merge(around(Side::Api, numbers));
                None
            }
            Some(listener) => {
                let routes = around(Side::Health, health::router(health).merge(numbers));
                let stop = CancellationToken::new();
                Some((stop.clone(), tokio::spawn(listener.serve(routes, stop))))
            }
        };
        let (api_addr, tasks) = (api.local_addr(), Vec::new());
        let stopper = stop.clone();
        let mut running =
            Running { api_addr, device_addr: api_addr, health_addr, leaving, stop: stopper, tasks, health };
        match device {
            None => people = people.merge(devices),
            Some(listener) => {
                running.device_addr = listener.local_addr();
                let devices = devices.merge(around(Side::Device, health::alive()));
                running.tasks.push(tokio::spawn(listener.serve(devices, stop.clone())));
            }
        }
        running.tasks.push(tokio::spawn(api.serve(people, stop)));
        Ok(running)
    }
}

impl Running {
    /// Cancel it to stop the server; [`Running::stopped`] then ends.
    pub fn stopper(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Says by `/readyz` that nobody shall be sent here any more, and serves on.
    pub fn announce_stop(&self) {
        self.leaving.announce();
    }

    /// Takes no more connections, lets requests under way finish, and answers how many had to be cut.
    pub async fn stop(self) -> usize {
        self.announce_stop();
        self.stop.cancel();
        self.stopped().await
    }

    /// Waits until the server was stopped; answers how many connections had to be cut.
    pub async fn stopped(self) -> usize {
        let mut cut = 0;
        for task in self.tasks {
            match task.await {
                Ok(stopped) => cut += stopped.cut,
                Err(error) => tracing::error!("failed to end a listener well: {error}"),
            }
        }
        if let Some((stop, task)) = self.health {
            stop.cancel();
            if let Err(error) = task.await {
                tracing::error!("failed to end the listener of health well: {error}");
            }
        }
        cut
    }
}
