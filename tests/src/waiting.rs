//! Waiting for a state.

use std::future::Future;
use std::time::{Duration, Instant};

/// The longest that anything here takes on a slow and busy computer. Real time: what is waited for is work, and work does not
/// follow a clock that stands.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks until there is something to see, and returns it.
///
/// # Panics
/// When it has not come after a minute; `what` says what was waited for.
pub async fn until<T, Look, Seen>(what: &str, mut look: Look) -> T
where
    Look: FnMut() -> Seen,
    Seen: Future<Output = Option<T>>,
{
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}
