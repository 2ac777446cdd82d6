//! Giving devices up at Apple (`releaseAppleDevices`, N26).

use std::collections::BTreeSet;

use domain::device::{Outcome, Presence};
use domain::{Serial, TokenId};
use mdm::ade::MAX_DEVICES_PER_CALL;

use crate::scope::Scope;
use crate::{Actor, App, AppError, Result, ade};

/// Serials of one request; Apple's limit, five times.
const SERIALS_MAX: usize = 5_000;

/// What became of one serial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Which.
    pub serial: Serial,
    /// Apple's answer.
    pub outcome: Outcome,
}

/// Releases devices from the organisation. It cannot be taken back from here: only who sold a device or Apple
/// Configurator can bring it in again.
///
/// # Errors
/// [`AppError::NeedsConfirmation`] without `confirmed`, [`AppError::Invalid`] for serials that are none,
/// [`AppError::Apple`].
pub async fn release_devices(
    app: &App,
    actor: &Actor,
    id: &TokenId,
    serials: &[String],
    confirmed: bool,
) -> Result<Vec<Released>> {
    actor.must_administer()?;
    let wanted = read_serials(serials)?;
    if !confirmed {
        return Err(AppError::NeedsConfirmation {
            words: format!(
                "{} devices leave the organisation; only who sold them or Apple Configurator can bring them back",
                wanted.len()
            ),
        });
    }
    let token = super::get(app, actor, id).await?;
    let client = ade::client(app, &token).await?;
    let mut released = Vec::new();
    for some in wanted.chunks(MAX_DEVICES_PER_CALL) {
        let texts: Vec<String> = some.iter().map(ToString::to_string).collect();
        let answer = client.disown(&texts).await.map_err(|error| ade::told(&error))?;
        let of = |serial: &Serial| domain::assignment::outcome_of(answer.devices.get(serial.as_str()));
        let results: Vec<Released> =
            some.iter().map(|serial| Released { serial: serial.clone(), outcome: of(serial) }).collect();
        mark(app, actor, id, &results).await?;
        released.extend(results);
    }
    tracing::warn!(tenant = %actor.tenant, token = %id, actor = %actor.name, devices = released.len(), "released devices at Apple");
    Ok(released)
}

/// Serials from outside, without repeats.
pub(crate) fn read_serials(texts: &[String]) -> Result<Vec<Serial>> {
    if texts.is_empty() || texts.len() > SERIALS_MAX {
        return Err(AppError::invalid("serialNumbers", format!("takes 1 to {SERIALS_MAX} serial numbers")));
    }
    let mut serials = BTreeSet::new();
    for text in texts {
        let serial = text.parse().map_err(|_| {
            let shown: String = text.chars().take(64).collect();
            AppError::invalid("serialNumbers", format!("{shown:?} is no serial number"))
        })?;
        serials.insert(serial);
    }
    Ok(serials.into_iter().collect())
}

/// Apple has said that they are no longer ours; the next sync would say so too.
async fn mark(app: &App, actor: &Actor, id: &TokenId, results: &[Released]) -> Result<()> {
    let gone: Vec<Serial> =
        results.iter().filter(|one| one.outcome == Outcome::Success).map(|one| one.serial.clone()).collect();
    let args = (Scope::of(app, actor), id.clone(), gone);
    app.commit(args, |tx, (scope, id, gone)| {
        Box::pin(async move {
            let mut rows = store::device::by_serials(tx, &scope.tenant, &id, &gone).await?;
            rows.retain(|row| row.presence == Presence::Present);
            for row in &mut rows {
                row.presence = Presence::Gone { at: scope.now };
            }
            Ok(store::device::upsert_many(tx, &rows).await?)
        })
    })
    .await
}
