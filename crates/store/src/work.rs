//! A piece of a caller's work on its way through a writer, which shares commits and so answers only later.

use tokio::sync::oneshot;

use crate::StoreError;

/// The work, what came of it so far, and whom to answer.
pub(crate) struct Work<T, E, F> {
    pub(crate) work: F,
    pub(crate) outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

/// The caller's end.
pub(crate) struct Answer<T, E>(oneshot::Receiver<Result<T, E>>);

impl<T, E: From<StoreError>, F> Work<T, E, F> {
    pub(crate) fn new(work: F) -> (Self, Answer<T, E>) {
        let (reply, answer) = oneshot::channel();
        (Self { work, outcome: None, reply }, Answer(answer))
    }

    /// Answers, once the fate of the batch is known that it was a part of.
    pub(crate) fn answer(self, batch: Result<(), StoreError>) {
        let answer = match (self.outcome, batch) {
            // Even a refusal may rest on what another piece wrote, and is undone now.
            (_, Err(error)) => Err(error.into()),
            (Some(outcome), Ok(())) => outcome,
            (None, Ok(())) => Err(StoreError::Closed.into()),
        };
        // The caller may have gone; what was committed stays committed.
        let _ = self.reply.send(answer);
    }
}

impl<T, E: From<StoreError>> Answer<T, E> {
    /// Waits for it. A writer that has ended answers nobody any more.
    pub(crate) async fn wait(self) -> Result<T, E> {
        self.0.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }
}
