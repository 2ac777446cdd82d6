//! Stores pages: what they say of each serial, the cursor behind them and the run's counts, in one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Serial;
use domain::device::Device;
use domain::sync::{
    After, Counts, Cursor, FoldContext, Observed, Page, Phase, RunState, SyncRun, SyncState, after_page,
    observe,
};
use store::Tx;

use super::Step;
use super::ahead::Read;
use crate::points::Point;
use crate::scope::Scope;
use crate::{App, Result};

/// Stores pages with the cursor of the last. Answers the next step, or none when the run is over.
///
/// The complete list may end with the last of them alone.
pub(super) async fn store(app: &App, step: &Step, pages: Vec<Read>) -> Result<Option<Step>> {
    let args = (Scope::new(app, &step.token.tenant), step.clone(), Arc::new(pages));
    app.commit(args, |tx, (scope, step, pages)| {
        Box::pin(async move { store_in(&scope, tx, step, &pages).await })
    })
    .await
}

async fn store_in(scope: &Scope, tx: &mut Tx<'_>, step: Step, pages: &[Read]) -> Result<Option<Step>> {
    let Some((mut state, mut run)) = same_place(tx, &step).await? else { return Ok(None) };
    let at = FoldContext {
        tenant: scope.tenant.clone(),
        token: step.token.id.clone(),
        phase: run.phase,
        pass: state.pass,
        now: scope.now,
    };
    let mut devices = Devices::listed_by(pages, tx, at).await?;
    let mut after = After::GoOn;
    for read in pages {
        let told = read.told(devices.take_in(scope, &read.page));
        after = after_page(&mut state, &mut run, &told, scope.now, &scope.app.limits);
        if after != After::GoOn {
            break;
        }
    }
    devices.write(tx).await?;
    if after == After::PassComplete {
        let gone =
            store::device::mark_gone_unseen(tx, &scope.tenant, &step.token.id, state.pass, scope.now).await?;
        run.counts.gone = run.counts.gone.saturating_add(u32::try_from(gone).unwrap_or(u32::MAX));
    }
    store::sync::run_update(tx, &run).await?;
    store::sync::update_state(tx, &state).await?;
    crate::trouble::of_run(tx, &state, &run, scope.now).await?;
    state.version += 1;
    scope.app.at(Point::SyncPageDecided);
    Ok((after != After::Ended).then_some(Step { token: step.token, state, run }))
}

/// State and run as stored, if nobody has moved them on since the pages were asked for.
pub(super) async fn same_place(tx: &mut Tx<'_>, step: &Step) -> Result<Option<(SyncState, SyncRun)>> {
    let place =
        |state: &SyncState| state.cursor.as_ref().map(|Cursor { value, phase, .. }| (value.clone(), *phase));
    let state = store::sync::state(tx, &step.state.tenant, &step.state.token).await?;
    let Some(state) = state.filter(|now| {
        now.run == step.state.run && now.pass == step.state.pass && place(now) == place(&step.state)
    }) else {
        return Ok(None);
    };
    let run = crate::sync::current_run(tx, &state).await?;
    Ok(run.filter(|run| run.state == RunState::Running).map(|run| (state, run)))
}

/// The rows of the serials that pages list.
struct Devices {
    at: FoldContext,
    /// As stored, or as an earlier page left them.
    known: BTreeMap<Serial, Device>,
    changed: BTreeMap<Serial, Device>,
    /// Listed, and nothing about them is new.
    listed: Vec<Serial>,
}

impl Devices {
    async fn listed_by(pages: &[Read], tx: &mut Tx<'_>, at: FoldContext) -> Result<Devices> {
        let serials = |page: &Page| page.sightings.keys().cloned().collect::<Vec<_>>();
        let mut serials: Vec<Serial> = pages.iter().flat_map(|read| serials(&read.page)).collect();
        serials.sort_unstable();
        serials.dedup();
        let known = store::device::by_serials(tx, &at.tenant, &at.token, &serials).await?;
        let known = known.into_iter().map(|device| (device.serial.clone(), device)).collect();
        Ok(Devices { at, known, changed: BTreeMap::new(), listed: Vec::new() })
    }

    /// What one page says of them, and what that changes.
    fn take_in(&mut self, scope: &Scope, page: &Page) -> Counts {
        let mut counts = Counts::default();
        // Apple lists a damaged record too, and that is all we know of it.
        let damaged = page.damaged.iter().filter(|serial| !page.sightings.contains_key(*serial));
        self.listed.extend(damaged.cloned());
        for (serial, sighting) in &page.sightings {
            let before = self.changed.get(serial).or_else(|| self.known.get(serial));
            match observe(before, serial, sighting, &self.at, || scope.app.new_id()) {
                Some((device, change)) => {
                    counts.count(change);
                    self.changed.insert(serial.clone(), device);
                }
                None if matches!(sighting.observed, Observed::Listed(_)) => self.listed.push(serial.clone()),
                None => {}
            }
        }
        counts
    }

    async fn write(self, tx: &mut Tx<'_>) -> Result<()> {
        let changed: Vec<Device> = self.changed.into_values().collect();
        store::device::upsert_many(tx, &changed).await?;
        if self.at.phase == Phase::Fetch {
            store::device::note_seen(tx, &self.at.tenant, &self.at.token, self.at.pass, &self.listed).await?;
        }
        Ok(())
    }
}
