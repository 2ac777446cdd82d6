//! Whether the database answers: asked in the background, so that whoever asks for readiness makes no work and is told
//! at once, and a single slow answer sends nobody away.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use net::CancellationToken;
use tokio::time::Instant;

/// Between two questions. A server is known to be well again so long after it is.
const EVERY: Duration = Duration::from_secs(2);
/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(2);
/// The database must have been silent for so long before the server says that it is not ready. Longer than a disk that
/// is busy for a moment, and than a balancer takes to send everybody elsewhere and back, which would cost more than the
/// moment; shorter than the half minute for which a device waits for an answer.
const SILENCE: Duration = Duration::from_secs(10);

/// How it stands. A clone is a handle to the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Readiness(Arc<Mutex<Standing>>);

/// A question that is never answered, because its task hangs or is gone, counts like one that is answered badly.
#[derive(Debug, Default)]
struct Standing {
    /// When the first question was asked since the last good answer.
    unanswered_since: Option<Instant>,
    /// Whether the log was told of that.
    told: bool,
    /// Whether the log was told that it is too long.
    told_not_ready: bool,
}

impl Standing {
    fn ask(&mut self, now: Instant) {
        self.unanswered_since.get_or_insert(now);
    }

    /// For how long there has been no good answer, once that is too long.
    fn silence(&self, now: Instant) -> Option<Duration> {
        let silence = now.saturating_duration_since(self.unanswered_since?);
        (silence >= SILENCE).then_some(silence)
    }
}

impl Readiness {
    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the server is not ready, if it is not. It looks at memory alone.
    pub(super) fn why_not(&self) -> Option<String> {
        let silence = self.standing().silence(Instant::now())?;
        let seconds = silence.as_secs();
        Some(format!("the database has not answered well for {seconds} s; the log says how"))
    }

    /// Asks again and again until `stop`; `ask` answers what is wrong, if anything is.
    pub(super) fn keep_asking<F, Asked>(&self, ask: F, stop: CancellationToken)
    where
        F: Fn() -> Asked + Send + 'static,
        Asked: Future<Output = Result<(), String>> + Send,
    {
        let readiness = self.clone();
        tokio::spawn(async move {
            let asking = async move {
                loop {
                    readiness.standing().ask(Instant::now());
                    let answer = tokio::time::timeout(PATIENCE, ask()).await;
                    let answer =
                        answer.unwrap_or_else(|_| Err(format!("hear its answer within {PATIENCE:?}")));
                    readiness.heard(answer, Instant::now());
                    tokio::time::sleep(EVERY).await;
                }
            };
            stop.run_until_cancelled(asking).await;
        });
    }

    /// Takes an answer. The log is told of the first and of what comes of it, not of each.
    fn heard(&self, answer: Result<(), String>, now: Instant) {
        let mut standing = self.standing();
        match answer {
            Ok(()) => {
                let before = std::mem::take(&mut *standing);
                if before.told {
                    tracing::info!("the database answers again");
                }
            }
            Err(words) => {
                if !std::mem::replace(&mut standing.told, true) {
                    tracing::warn!("the database does not answer: failed to {words}");
                }
                if standing.silence(now).is_some() && !std::mem::replace(&mut standing.told_not_ready, true) {
                    tracing::error!(
                        "not ready: the database has not answered for {SILENCE:?}: failed to {words}"
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn failed() -> Result<(), String> {
        Err("reach it".to_owned())
    }

    /// Takes a question and its answer, and tells whether the server is ready then.
    fn ready_after(readiness: &Readiness, asked: Instant, answer: Result<(), String>, at: Instant) -> bool {
        readiness.standing().ask(asked);
        readiness.heard(answer, at);
        readiness.standing().silence(at).is_none()
    }

    #[test]
    fn a_slow_answer_or_a_few_leave_the_server_ready_and_a_long_silence_does_not() {
        let (readiness, begun) = (Readiness::default(), Instant::now());
        for slow in [SECOND * 2, SILENCE - SECOND] {
            assert!(ready_after(&readiness, begun, failed(), begun + slow), "{slow:?}");
        }
        assert!(!ready_after(&readiness, begun + SECOND, failed(), begun + SILENCE));
    }

    #[test]
    fn the_first_good_answer_makes_it_ready_again_and_the_silence_is_counted_anew() {
        let (readiness, begun) = (Readiness::default(), Instant::now());
        let later = begun + SILENCE * 3;
        assert!(!ready_after(&readiness, begun, failed(), later));
        assert!(ready_after(&readiness, later, Ok(()), later));
        assert!(ready_after(&readiness, later + SECOND, failed(), later + SECOND * 3));
        assert!(!ready_after(&readiness, later + SECOND * 5, failed(), later + SECOND + SILENCE));
    }

    #[test]
    fn a_question_that_nobody_answers_is_a_silence_too() {
        let (readiness, begun) = (Readiness::default(), Instant::now());
        readiness.standing().ask(begun);
        assert_eq!(readiness.standing().silence(begun + SILENCE - SECOND), None);
        assert_eq!(readiness.standing().silence(begun + SILENCE), Some(SILENCE));
    }

    #[test]
    fn between_questions_time_may_stand_still_for_hours() {
        let (readiness, begun) = (Readiness::default(), Instant::now());
        assert!(ready_after(&readiness, begun, Ok(()), begun + SECOND));
        assert_eq!(readiness.standing().silence(begun + SILENCE * 1_000), None);
    }

    #[tokio::test]
    async fn questions_are_asked_without_anybody_who_asks_for_readiness() {
        let (asked, mut answers) = tokio::sync::mpsc::unbounded_channel();
        let ask = move || {
            let asked = asked.clone();
            async move {
                let _ = asked.send(());
                failed()
            }
        };
        let (readiness, stop) = (Readiness::default(), CancellationToken::new());
        readiness.keep_asking(ask, stop.clone());
        answers.recv().await.unwrap();
        assert_eq!(readiness.why_not(), None, "one bad answer");
        stop.cancel();
        while answers.recv().await.is_some() {}
    }
}
