//! Counting requests, thousands a second on one processor: a counter is looked up by a few comparisons, and no text is
//! made for it but once a thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use http::Method;
use metrics::{Counter, Histogram, counter, histogram};

use crate::edge::Side;

/// Verbs that are told; a stranger may send any word as one.
const METHODS: [(&Method, &str); 6] = [
    (&Method::GET, "GET"),
    (&Method::POST, "POST"),
    (&Method::PUT, "PUT"),
    (&Method::PATCH, "PATCH"),
    (&Method::DELETE, "DELETE"),
    (&Method::HEAD, "HEAD"),
];

/// What a request is counted by, but for its route.
type Kind = (Side, &'static str, u16);

/// One series of each metric.
struct Series {
    route: Box<str>,
    requests: Counter,
    duration: Histogram,
}

thread_local! {
    static SERIES: RefCell<HashMap<Kind, Vec<Series>>> = RefCell::default();
}

/// Counts one answered request. `route` is a template, of which there are some sixty.
pub(crate) fn request(side: Side, method: &Method, route: &str, status: u16, took: Duration) {
    let method = METHODS.iter().find(|(usual, _)| *usual == method).map_or("other", |(_, word)| word);
    SERIES.with_borrow_mut(|series| {
        let known = series.entry((side, method, status)).or_default();
        if let Some(series) = known.iter().find(|series| *series.route == *route) {
            return series.count(took);
        }
        let series = Series::new(side, method, route, status);
        series.count(took);
        known.push(series);
    });
}

impl Series {
    fn new(side: Side, method: &'static str, route: &str, status: u16) -> Self {
        let (side, of) = (side.as_str(), || route.to_owned());
        let requests = counter!(
            "muster_http_requests_total",
            "side" => side, "method" => method, "route" => of(), "status" => status.to_string()
        );
        let duration = histogram!("muster_http_request_duration_seconds", "side" => side, "route" => of());
        Self { route: route.into(), requests, duration }
    }

    fn count(&self, took: Duration) {
        self.requests.increment(1);
        self.duration.record(took);
    }
}

/// Counts one request that found no place.
pub(crate) fn refused(side: Side) {
    counter!("muster_http_refused_total", "side" => side.as_str()).increment(1);
}
