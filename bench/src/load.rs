//! Many devices at once: each connection goes through its script, and every answer is checked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Barrier;

use crate::Result;
use crate::server::{Server, Spent};
use crate::wire::{Answer, Connection};

/// What one connection sends, and what it expects.
pub(crate) trait Script: Send + 'static {
    /// The next request; none: the script is over.
    fn next(&mut self) -> Option<Bytes>;

    /// Checks the answer to it. Anything but the right one ends the whole run.
    fn check(&mut self, answer: &Answer) -> Result<()>;
}

/// How long a load lasts.
#[derive(Clone, Copy)]
pub(crate) enum Length {
    /// For a time, after a warm-up that is not counted.
    Timed(Duration),
    /// Until every script is over.
    Scripts,
}

/// Not counted: caches fill, statements are prepared.
const WARM_UP: Duration = Duration::from_secs(1);

/// What a load came to.
pub(crate) struct Load {
    /// Requests answered within the measured time.
    pub(crate) requests: u64,
    /// The measured time.
    pub(crate) took: Duration,
    /// Requests of each connection, with those that are not counted.
    pub(crate) asked: Vec<usize>,
    /// How long each request took, sorted.
    pub(crate) latencies: Vec<Duration>,
    /// What it cost the server.
    pub(crate) spent: Spent,
}

/// Runs a script on each connection, all at once.
pub(crate) async fn run(
    server: &Server,
    connections: Vec<(Connection, Box<dyn Script>)>,
    length: Length,
) -> Result<Load> {
    let start = Arc::new(Barrier::new(connections.len() + 1));
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|(connection, script)| tokio::spawn(drive(connection, script, length, Arc::clone(&start))))
        .collect();
    start.wait().await;
    let warm_up = if let Length::Timed(_) = length { WARM_UP } else { Duration::ZERO };
    tokio::time::sleep(warm_up).await;
    let (begun, before) = (Instant::now(), server.spent()?);
    if let Length::Timed(time) = length {
        tokio::time::sleep(time).await;
    }
    let mut after = server.spent()?;
    let mut took = begun.elapsed();
    let (mut latencies, mut asked) = (Vec::new(), Vec::new());
    for task in tasks {
        let ended = task.await??;
        asked.push(ended.len());
        latencies.extend(ended.into_iter().filter(|(at, _)| match length {
            Length::Timed(time) => *at >= begun && *at < begun + time,
            Length::Scripts => true,
        }));
    }
    if let Length::Scripts = length {
        took = begun.elapsed();
        after = server.spent()?;
    }
    let mut latencies: Vec<Duration> = latencies.into_iter().map(|(_, took)| took).collect();
    latencies.sort_unstable();
    let requests = latencies.len() as u64;
    Ok(Load { requests, took, asked, latencies, spent: after.since(before) })
}

/// When each request was answered, and how long it took.
async fn drive(
    mut connection: Connection,
    mut script: Box<dyn Script>,
    length: Length,
    start: Arc<Barrier>,
) -> Result<Vec<(Instant, Duration)>> {
    let mut answered = Vec::with_capacity(64 * 1024);
    start.wait().await;
    let begun = Instant::now();
    let mut asked = begun;
    while let Some(request) = script.next() {
        let answer = connection.ask(&request).await?;
        script.check(&answer)?;
        let now = Instant::now();
        answered.push((now, now - asked));
        asked = now;
        if let Length::Timed(time) = length
            && now - begun > WARM_UP + time
        {
            break;
        }
    }
    Ok(answered)
}

impl Load {
    /// The latency that so many of a hundred requests do not exceed.
    pub(crate) fn percentile(&self, of_hundred: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * of_hundred / 100).copied().unwrap_or_default()
    }
}
