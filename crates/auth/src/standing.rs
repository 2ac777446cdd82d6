//! Whether whom a token was made for is still welcome. Looked up now and then, not for each request: a token check costs
//! no read of the database, and yet a deleted application's token does not live on for its hour.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::{TenantId, Time, UserId};
use store::{Store, Tx};

use crate::AuthError;

/// How long an answer is believed: so long a token outlives its application or secret, on every server.
pub const STANDING_LIFE: Duration = Duration::from_secs(10);
/// Answers kept; some 200 bytes each. Only tokens that hold are asked for, so strangers cannot fill it.
const ENTRIES_MAX: usize = 10_000;

/// Whom a token was made for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Credential { tenant: TenantId, application: String, credential: String },
    User { tenant: TenantId, id: UserId, application: Option<String> },
}

/// Answers, and when they were read.
#[derive(Debug, Default)]
pub(crate) struct Standings(Mutex<HashMap<Subject, (Option<Time>, Time)>>);

impl Standings {
    /// Since when tokens of this subject are good; none: no token of theirs is.
    pub(crate) async fn good_since(
        &self,
        store: &Store,
        subject: &Subject,
        now: Time,
    ) -> Result<Option<Time>, AuthError> {
        if let Some(known) = self.known(subject, now) {
            return Ok(known);
        }
        let asked = subject.clone();
        let since = store
            .read(move |tx| {
                let subject = asked.clone();
                Box::pin(async move { read(tx, &subject, now).await })
            })
            .await?;
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(subject.clone(), (since, now));
        Ok(since)
    }

    fn known(&self, subject: &Subject, now: Time) -> Option<Option<Time>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, read_at) = entries.get(subject)?;
        (now.since(*read_at) < STANDING_LIFE).then_some(*since)
    }
}

async fn read(tx: &mut Tx<'_>, subject: &Subject, now: Time) -> Result<Option<Time>, AuthError> {
    match subject {
        Subject::Credential { tenant, application, credential } => {
            let found = store::application::credential::list(tx, tenant, application).await?;
            let good = found.iter().any(|known| known.id == *credential && known.is_good_at(now));
            Ok(good.then_some(Time::EPOCH))
        }
        Subject::User { tenant, id, application } => {
            let user = store::user::get(tx, tenant, id).await?.filter(|user| user.account_enabled);
            let there = match application {
                None => true,
                Some(client_id) => store::application::get(tx, client_id).await?.is_some(),
            };
            Ok(user.filter(|_| there).map(|user| user.sessions_valid_from))
        }
    }
}
