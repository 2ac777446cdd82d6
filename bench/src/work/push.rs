//! Pushes: every device that something waits for is woken, over one connection to practice APNs.

use std::time::{Duration, Instant};

use domain::Time;
use practice::apns::DeviceToken;
use store::StoreError;

use super::{Measured, Plan, World};
use crate::Result;
use crate::server::{Front, Server, Spent};

/// How practice Apple counts pushes.
const PUSHES: &str = "POST /3/device";
/// Between looks at that count.
const LOOK: Duration = Duration::from_millis(1);
/// A push that has not come by then never will.
const PATIENCE: Duration = Duration::from_secs(60);
/// Rows of one transaction.
const BATCH: usize = 2_000;

impl World {
    /// Wakes every enrolled device, once in each run.
    pub(crate) async fn pushes(&mut self, plan: &Plan, runs: usize) -> Result<Vec<Measured>> {
        let mut measured = Vec::new();
        for run in 1..=runs {
            self.make_due(run).await?;
            self.house.leave().await;
            let before = self.practice.world().calls(PUSHES);
            let server = Server::start(&plan.program, &self.house, Front::Tls).await?;
            let (took, spent) = self.watch(&server, before).await?;
            server.stop().await?;
            self.house.come_back(&self.practice).await?;
            self.all_pushed(u64::try_from(run)?)?;
            let pushes = self.enrolled.len() as f64;
            measured.push(Measured {
                value: pushes / took.as_secs_f64(),
                cpu_us: spent.per_item(self.enrolled.len() as u64),
                p50_ms: None,
                p99_ms: None,
                note: "one connection".into(),
            });
        }
        Ok(measured)
    }

    /// From the first push to the last.
    async fn watch(&self, server: &Server, before: u64) -> Result<(Duration, Spent)> {
        let begun = Instant::now();
        let mut first: Option<(Instant, Spent, u64)> = None;
        while begun.elapsed() < PATIENCE {
            let came = self.practice.world().calls(PUSHES) - before;
            if came > 0 && first.is_none() {
                first = Some((Instant::now(), server.spent()?, came));
            }
            if came >= self.enrolled.len() as u64 {
                let (at, spent, _) = first.ok_or("all pushes came at once")?;
                return Ok((at.elapsed(), server.spent()?.since(spent)));
            }
            tokio::time::sleep(LOOK).await;
        }
        Err("not every device was woken".into())
    }

    /// Makes a wake due for each enrolled device, for which a command waits.
    async fn make_due(&self, run: usize) -> Result<()> {
        let tenant = self.owner.tenant.clone();
        for some in self.enrolled.chunks(BATCH) {
            let commands = some.iter().map(|unit| self.command(unit, 0)).collect::<Result<Vec<_>>>()?;
            let (rows, tenant) = (commands, tenant.clone());
            self.house
                .app
                .store
                .transact(move |tx| {
                    let (rows, tenant) = (rows.clone(), tenant.clone());
                    Box::pin(async move {
                        for row in &rows {
                            if run == 1 {
                                store::command::enqueue(tx, row).await?;
                            }
                            store::push::wake_request(tx, &tenant, &row.device, Time::EPOCH).await?;
                        }
                        Ok::<_, StoreError>(())
                    })
                })
                .await?;
        }
        Ok(())
    }

    /// Every device's token has taken so many pushes.
    fn all_pushed(&self, runs: u64) -> Result<()> {
        let registry = self.practice.registry();
        let wrong = self.enrolled.iter().find(|unit| registry.accepted(DeviceToken(unit.push_token)) != runs);
        match wrong {
            None => Ok(()),
            Some(unit) => Err(format!("{} was not woken once a run", unit.serial).into()),
        }
    }
}
