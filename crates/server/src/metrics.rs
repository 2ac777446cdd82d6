//! Numbers for Prometheus.
//!
//! | name | labels | what |
//! |---|---|---|
//! | `muster_http_requests_total` | `side`, `method`, `route`, `status` | requests answered |
//! | `muster_http_request_duration_seconds` | `side`, `route` | how long that took, a histogram |
//! | `muster_loop_turns_total` | `loop` | turns of a work loop since the start |
//! | `muster_loop_failing` | `loop` | 1 while its last turn failed |
//! | `muster_loop_busy` | `loop` | 1 while a turn is under way |
//!
//! `side` is `api` or `device`; `route` is a template, never a path, so that the number of series is bounded.

use std::sync::OnceLock;
use std::time::Duration;

use ::app::{App, Work};
use http::Method;
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use net::CancellationToken;

use crate::edge::Side;

/// Upper bounds in seconds: a point read takes microseconds, a call to Apple seconds.
const BUCKETS: [f64; 10] = [0.001, 0.005, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 20.0, 60.0];
/// Samples wait in memory until they are folded into histograms.
const FOLD_EVERY: Duration = Duration::from_secs(5);

/// One recorder for the process, however many servers run in it.
fn handle() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).ok()?;
        builder.install_recorder().inspect_err(|error| tracing::warn!("failed to keep metrics: {error}")).ok()
    };
    HANDLE.get_or_init(install).as_ref()
}

/// Folds samples until `stop`, so that they do not pile up when nobody asks for them.
pub(crate) fn keep_up(stop: CancellationToken) {
    let Some(handle) = handle() else { return };
    tokio::spawn(async move {
        let mut every = tokio::time::interval(FOLD_EVERY);
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            handle.run_upkeep();
        }
    });
}

/// Counts one answered request.
pub(crate) fn request(side: Side, method: &Method, route: &str, status: u16, took: Duration) {
    let method = if is_usual(method) { method.as_str().to_owned() } else { "other".to_owned() };
    let (side, route) = (side.as_str(), route.to_owned());
    counter!(
        "muster_http_requests_total",
        "side" => side, "method" => method, "route" => route.clone(), "status" => status.to_string()
    )
    .increment(1);
    histogram!("muster_http_request_duration_seconds", "side" => side, "route" => route).record(took);
}

/// A stranger may send any word as a verb.
fn is_usual(method: &Method) -> bool {
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD].contains(method)
}

/// All numbers as Prometheus reads them.
pub(crate) fn render(app: &App) -> Option<String> {
    let handle = handle()?;
    for work in Work::ALL {
        let status = app.status(work);
        let name = work.as_str();
        counter!("muster_loop_turns_total", "loop" => name).absolute(status.turns);
        gauge!("muster_loop_failing", "loop" => name).set(f64::from(u8::from(status.last_error.is_some())));
        gauge!("muster_loop_busy", "loop" => name).set(f64::from(u8::from(status.busy)));
    }
    Some(handle.render())
}
