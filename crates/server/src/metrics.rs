//! Numbers for Prometheus. [`METRICS`] names each with its labels; `docs/operations.md` tells the same to operators, and
//! a test holds the two together.
//!
//! Every label has a bounded set of values: routes are templates and never paths, verbs that nobody has heard of are
//! `other`, and of tenants the first [`TENANTS_MAX`] are told one by one.

mod process;
mod requests;

use std::sync::OnceLock;
use std::time::Duration;

use ::app::numbers::{Numbers, gather};
use ::app::{App, Work};
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use net::CancellationToken;

use crate::edge::Places;
pub(crate) use requests::{refused, request};

/// Upper bounds in seconds: a point read takes microseconds, a call to Apple seconds.
const BUCKETS: [f64; 10] = [0.001, 0.005, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 20.0, 60.0];
/// Samples wait in memory until they are folded into histograms.
const FOLD_EVERY: Duration = Duration::from_secs(5);
/// Tenants that have series of their own.
const TENANTS_MAX: usize = 100;
/// For what is asked of the database at a scrape; without it the rest is told all the same.
const PATIENCE: Duration = Duration::from_secs(2);

/// A metric as it is told: its name, its labels.
pub(crate) type Metric = (&'static str, &'static [&'static str]);

/// Every metric.
#[cfg_attr(not(test), expect(dead_code, reason = "the table is what tests hold code and guide to"))]
pub(crate) const METRICS: &[Metric] = &[
    ("muster_build_info", &["version"]),
    ("muster_ready", &[]),
    ("muster_http_requests_total", &["side", "method", "route", "status"]),
    ("muster_http_request_duration_seconds", &["side", "route"]),
    ("muster_http_requests_in_flight", &["side"]),
    ("muster_http_refused_total", &["side"]),
    ("muster_loop_turns_total", &["loop"]),
    ("muster_loop_failing", &["loop"]),
    ("muster_loop_busy", &["loop"]),
    ("muster_pushes", &["outcome"]),
    ("muster_forgotten_total", &["what"]),
    ("muster_apple_calls_total", &["call", "status"]),
    ("muster_store_waiting", &[]),
    ("muster_store_transactions_total", &[]),
    ("muster_store_refused_total", &[]),
    ("muster_store_milliseconds_total", &[]),
    ("muster_database_up", &[]),
    ("muster_database_bytes", &[]),
    ("muster_devices", &["tenant", "state"]),
    ("muster_commands_pending", &["tenant"]),
    ("muster_commands_pending_oldest_seconds", &["tenant"]),
    ("muster_token_expiry_seconds", &["tenant"]),
    ("muster_tokens_unhealthy", &["tenant"]),
    ("muster_push_certificate_expiry_seconds", &["tenant"]),
    ("muster_alerts", &["tenant", "severity"]),
    ("process_resident_memory_bytes", &[]),
    ("process_cpu_seconds_total", &[]),
    ("process_open_fds", &[]),
    ("process_start_time_seconds", &[]),
];

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

/// All numbers as Prometheus reads them.
pub(crate) async fn render(app: &App, places: &[Places], ready: bool) -> Option<String> {
    let handle = handle()?;
    gauge!("muster_ready").set(f64::from(u8::from(ready)));
    gauge!("muster_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    for places in places {
        gauge!("muster_http_requests_in_flight", "side" => places.side.as_str()).set(count(places.taken()));
    }
    for work in Work::ALL {
        let status = app.status(work);
        let name = work.as_str();
        counter!("muster_loop_turns_total", "loop" => name).absolute(status.turns);
        gauge!("muster_loop_failing", "loop" => name).set(f64::from(u8::from(status.last_error.is_some())));
        gauge!("muster_loop_busy", "loop" => name).set(f64::from(u8::from(status.busy)));
    }
    let load = app.load();
    gauge!("muster_store_waiting").set(count(load.waiting));
    counter!("muster_store_transactions_total").absolute(load.ended);
    counter!("muster_store_refused_total").absolute(load.refused);
    counter!("muster_store_milliseconds_total").absolute(load.micros / 1_000);
    let gathered = tokio::time::timeout(PATIENCE, gather(app, TENANTS_MAX)).await;
    let gathered = match gathered {
        Ok(Ok(numbers)) => Some(numbers),
        Ok(Err(error)) => {
            tracing::warn!("metrics without the database's: failed to {error}");
            None
        }
        Err(_) => None,
    };
    gauge!("muster_database_up").set(f64::from(u8::from(gathered.is_some())));
    if let Some(numbers) = gathered {
        tell(&numbers);
    }
    process::tell();
    Some(handle.render())
}

fn tell(numbers: &Numbers) {
    gauge!("muster_database_bytes").set(count(numbers.database_bytes));
    for of in &numbers.tenants {
        let tenant = || of.tenant.as_str().to_owned();
        for (state, devices) in &of.devices {
            gauge!("muster_devices", "tenant" => tenant(), "state" => *state).set(count(*devices));
        }
        gauge!("muster_commands_pending", "tenant" => tenant()).set(count(of.commands_pending));
        gauge!("muster_commands_pending_oldest_seconds", "tenant" => tenant())
            .set(of.oldest_pending.as_secs_f64());
        gauge!("muster_tokens_unhealthy", "tenant" => tenant()).set(count(of.tokens_unhealthy));
        // A series once told is told for good: without a token nothing runs out, and no rule about it may stay on.
        let left = |seconds: Option<i64>| seconds.map_or(f64::NAN, signed);
        gauge!("muster_token_expiry_seconds", "tenant" => tenant()).set(left(of.token_expiry_seconds));
        gauge!("muster_push_certificate_expiry_seconds", "tenant" => tenant())
            .set(left(of.push_certificate_expiry_seconds));
        for (severity, alerts) in of.alerts {
            gauge!("muster_alerts", "tenant" => tenant(), "severity" => severity).set(count(alerts));
        }
    }
}

/// As Prometheus counts: exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
fn count(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
fn signed(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
pub(crate) mod tests;
