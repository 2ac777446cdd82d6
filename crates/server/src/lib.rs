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
//!                                         └─ /healthz, /readyz, /metrics
//! ```

pub mod device;
mod edge;
mod error;
mod graph;
mod health;
mod metrics;
mod sign_in;

use std::net::SocketAddr;
use std::time::Duration;

use ::app::App;
use ::app::application;
use axum::Router;
use axum::middleware::from_fn_with_state;
use net::forwarded::Network;
use net::{CancellationToken, Listener};
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
    /// Bounds.
    pub limits: ServerLimits,
    /// From where `/metrics` is answered, besides this computer itself.
    pub metrics_from: Vec<Network>,
}

/// Requests for health and metrics at a time: from load balancers and Prometheus, and never by the places of others.
const HEALTH_REQUESTS: usize = 32;
/// For one of them.
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
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self { api_requests: 512, device_requests: 4_096, api_timeout: Duration::from_secs(90) }
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
    leaving: Leaving,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<net::listen::Stopped>>,
}

impl Server {
    /// Begins to answer.
    ///
    /// # Errors
    /// The key that signs bearer tokens can neither be read nor made.
    pub async fn start(config: ServerConfig) -> Result<Running, ServerError> {
        let ServerConfig { app, api, device, limits, metrics_from } = config;
        let gate = application::gate(&app).await.map_err(|error| ServerError::Gate(error.to_string()))?;
        let stop = CancellationToken::new();
        metrics::keep_up(stop.clone());
        let for_api = Edge::new(&app, Side::Api, limits.api_requests, limits.api_timeout);
        // Routes of devices have a time-out of their own, which is shorter.
        let for_device = Edge::new(&app, Side::Device, limits.device_requests, limits.api_timeout);
        let devices = device::router(app.clone()).layer(from_fn_with_state(for_device.clone(), edge::around));
        let mut people = graph::router(graph::Api { app: app.clone(), gate: gate.clone() })
            .merge(sign_in::router(app.clone(), gate))
            .layer(from_fn_with_state(for_api.clone(), edge::around));
        let leaving = Leaving::default();
        let places = vec![for_api.places(), for_device.places()];
        let health = Health { app: app.clone(), metrics_from, leaving: leaving.clone(), places };
        let around_health =
            |side| from_fn_with_state(Edge::new(&app, side, HEALTH_REQUESTS, HEALTH_TIMEOUT), edge::around);
        people = people.merge(health::router(health).layer(around_health(Side::Api)));
        let api_addr = api.local_addr();
        let (stopper, tasks) = (stop.clone(), Vec::new());
        let mut running = Running { api_addr, device_addr: api_addr, leaving, stop: stopper, tasks };
        match device {
            None => people = people.merge(devices),
            Some(listener) => {
                running.device_addr = listener.local_addr();
                let devices: Router = devices.merge(health::alive().layer(around_health(Side::Device)));
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
        cut
    }
}
