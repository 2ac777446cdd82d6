//! `[server]`: what listeners take, how long they wait, and how they stop.

use std::net::SocketAddr;
use std::time::Duration;

use net::ListenConfig;
use net::forwarded::Network;
use server::ServerLimits;
use toml::Table;

use super::bound::{Field, HOUR, Limit, MINUTE, Section, bounds};
use crate::error::CliError;

/// Connections of the listener of health: an orchestrator, some Prometheus, an operator with a browser.
const HEALTH_CONNECTIONS: usize = 64;
/// There nobody is far away: a head that takes longer keeps others out.
const HEALTH_HEAD: Duration = Duration::from_secs(5);
/// Nor does anybody ask twice on a connection.
const HEALTH_IDLE: Duration = Duration::from_secs(5);

/// Bounds of the listeners and of a stop. The defaults are those of [`net::Limits`] and [`ServerLimits`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) connections: usize,
    pub(crate) address_share: usize,
    pub(crate) api_requests: usize,
    pub(crate) device_requests: usize,
    pub(crate) api_request: Duration,
    pub(crate) handshake: Duration,
    pub(crate) head: Duration,
    pub(crate) idle: Duration,
    pub(crate) answer: Duration,
    pub(crate) stop_announce: Duration,
    pub(crate) stop_finish: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        let (listener, server) = (net::Limits::default(), ServerLimits::default());
        Self {
            connections: listener.connections,
            address_share: listener.address_share,
            api_requests: server.api_requests,
            device_requests: server.device_requests,
            api_request: server.api_timeout,
            handshake: listener.handshake,
            head: listener.header,
            idle: listener.idle,
            answer: listener.answer,
            stop_announce: Duration::ZERO,
            stop_finish: listener.drain,
        }
    }
}

bounds! {
    BOUNDS of Bounds;
    connections 10, 1_000_000, "Connections of each listener; more wait in the operating system", "30 kB each, with TLS";
    address_share 1, 100, "Percent of connections, of requests and of large messages at a time that one address may have", "a school behind one address needs fewer";
    api_requests 1, 100_000, "API requests at a time; more are answered 503 with Retry-After", "each may hold some megabytes";
    device_requests 1, 100_000, "Device requests at a time; more are answered 503 with Retry-After", "devices come back by themselves";
    api_request 10, HOUR, "For one API request, body and answer", "asking Apple takes up to a minute";
    handshake 1, 5 * MINUTE, "For a TLS handshake", "Setup Assistant on a poor network";
    head 1, 5 * MINUTE, "For the head of a request to arrive", "nobody sends one so slowly who means well";
    idle 10, HOUR, "A connection at rest is closed after", "longer than a minute, in which a device sends results";
    answer 1, HOUR, "For the other side to take the next piece of an answer, some 16 kB", "who takes none holds it in memory";
    stop_announce 0, 10 * MINUTE, "At a stop, /readyz says 503 for so long before connections are refused", "load balancers look every few seconds";
    stop_finish 1, HOUR, "At a stop, requests under way may finish for so long, and then the work for as long again", "then they are cut";
}

static SECTION: Section<Bounds> = Section {
    name: "server",
    about: "# Listeners: what each takes, how long it waits, and how it stops.",
    limits: BOUNDS,
};

impl Bounds {
    /// For a listener.
    pub(crate) fn listening(&self, config: ListenConfig) -> ListenConfig {
        let limits = net::Limits {
            connections: self.connections,
            address_share: self.address_share,
            handshake: self.handshake,
            header: self.head,
            idle: self.idle,
            answer: self.answer,
            drain: self.stop_finish,
            ..config.limits
        };
        ListenConfig { limits, ..config }
    }

    /// The listener of health and metrics: small, since what it tells is, and quick to be free again.
    pub(crate) fn health(bind: SocketAddr) -> ListenConfig {
        let config = ListenConfig::plain(bind);
        let limits = net::Limits {
            connections: HEALTH_CONNECTIONS,
            header: HEALTH_HEAD,
            idle: HEALTH_IDLE,
            drain: HEALTH_IDLE,
            ..config.limits
        };
        ListenConfig { limits, ..config }
    }

    /// For the edge, with the proxies and balancers that stand for many clients.
    pub(crate) fn edge(&self, uncounted: Vec<Network>) -> ServerLimits {
        ServerLimits {
            api_requests: self.api_requests,
            device_requests: self.device_requests,
            api_timeout: self.api_request,
            address_share: self.address_share,
            uncounted,
        }
    }
}

/// The defaults, and over them what the file says.
pub(super) fn read(table: &Table) -> Result<Bounds, CliError> {
    SECTION.read(table)
}

/// Those that are not as they come: the name, what it is, and the default.
pub(crate) fn changed(bounds: &Bounds) -> Vec<(&'static str, String, String)> {
    SECTION.changed(bounds)
}

/// The table of the example file.
pub(super) fn example() -> String {
    SECTION.example()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every setting of listeners stands in the operator's guide with its default and its reason.
    #[test]
    fn the_guide_tells_every_bound_of_a_listener_with_its_default() {
        let guide = include_str!("../../../../docs/operations.md");
        let mut defaults = Bounds::default();
        for bound in BOUNDS {
            let shown = bound.shown(&mut defaults);
            let row = format!("| `{}` | {shown} |", bound.name);
            assert!(guide.contains(&row), "docs/operations.md has no row {row}");
        }
    }

    #[test]
    fn a_bound_that_cannot_be_is_refused_under_the_name_of_its_table() {
        let refused = read(&"api_requests = 0".parse().unwrap()).unwrap_err().to_string();
        assert!(
            refused.contains("[server]: api_requests = 0") && refused.contains("from 1 to 100000"),
            "{refused}"
        );
        let bounds = read(&"stop_announce = '5s'".parse().unwrap()).unwrap();
        assert_eq!(changed(&bounds), [("stop_announce", "5s".to_owned(), "0s".to_owned())]);
    }
}
