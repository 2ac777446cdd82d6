//! Idle check-ins: a device asks for a command and there is none.

use bytes::Bytes;

use super::{Measured, Plan, World};
use crate::Result;
use crate::load::{self, Length, Script};
use crate::server::{Front, Server};
use crate::wire::{Answer, Connection, put};

/// Devices that sign: a signature takes most of a millisecond to make beforehand.
const SIGNING: usize = 2_000;
/// Finished commands for each enrolled device, to make a million with 10,000.
const HISTORY_MIN: usize = 1_000_000;

/// How a device proves who it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    Tls,
    Header,
    Signature,
}

/// Whether there is history.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum History {
    None,
    Million,
}

/// The same devices over and over.
pub(super) struct Idle {
    requests: Vec<Bytes>,
    at: usize,
}

impl Idle {
    pub(super) const fn of(requests: Vec<Bytes>) -> Self {
        Self { requests, at: 0 }
    }
}

impl Script for Idle {
    fn next(&mut self) -> Option<Bytes> {
        self.at = (self.at + 1) % self.requests.len().max(1);
        self.requests.get(self.at).cloned()
    }

    fn check(&mut self, answer: &Answer) -> Result<()> {
        if answer.status == 200 && answer.body.is_empty() {
            return Ok(());
        }
        Err(format!("an idle check-in was answered {} with {} bytes", answer.status, answer.body.len())
            .into())
    }
}

impl World {
    /// Idle check-ins, one run after another.
    pub(crate) async fn check_ins(
        &mut self,
        plan: &Plan,
        proof: Proof,
        history: History,
        runs: usize,
    ) -> Result<Vec<Measured>> {
        if history == History::Million {
            self.fill_history().await?;
        }
        self.house.leave().await;
        let front = if proof == Proof::Tls { Front::Tls } else { Front::Proxy };
        let server = Server::start(&plan.program, &self.house, front).await?;
        let scripts = self.scripts(plan, proof)?;
        let (mut measured, mut called) = (Vec::new(), 0);
        for _ in 0..runs {
            let mut connections: Vec<(Connection, Box<dyn Script>)> = Vec::new();
            for (number, requests) in scripts.iter().enumerate() {
                let identity = match self.enrolled.get(number) {
                    Some(unit) if proof == Proof::Tls => Some(self.factory.identity(unit)?),
                    _ => None,
                };
                let connection = Connection::open(&server.reach(), identity.as_ref()).await?;
                connections.push((connection, Box::new(Idle::of(requests.clone()))));
            }
            let load = load::run(&server, connections, Length::Timed(plan.seconds)).await?;
            let each = scripts.iter().zip(&load.asked).map(|(script, asked)| script.len().min(*asked));
            called = called.max(each.sum());
            let note = format!("{:.0} MB resident", server.resident_mb()?);
            measured.push(Measured::of(&load, load.requests, note));
        }
        server.stop().await?;
        self.house.come_back(&self.practice).await?;
        self.seen(called).await?;
        Ok(measured)
    }

    /// The requests of each connection.
    fn scripts(&self, plan: &Plan, proof: Proof) -> Result<Vec<Vec<Bytes>>> {
        let mut scripts = vec![Vec::new(); plan.connections];
        let devices = match proof {
            Proof::Tls => plan.connections,
            Proof::Header => self.enrolled.len(),
            Proof::Signature => SIGNING,
        };
        for (number, unit) in self.enrolled.iter().take(devices).enumerate() {
            let body = unit.idle();
            let request = match proof {
                Proof::Tls => put(PATH, &[], &body),
                Proof::Header => put(PATH, &[("client-cert", &unit.header())], &body),
                Proof::Signature => {
                    put(PATH, &[("mdm-signature", &self.factory.signature(unit, &body)?)], &body)
                }
            };
            let connection = scripts.get_mut(number % plan.connections).ok_or("no connection")?;
            connection.push(Bytes::from(request));
        }
        Ok(scripts)
    }

    /// Every device that called is written down as seen.
    async fn seen(&self, called: usize) -> Result<()> {
        let seen = "select count(*) from managed_device where last_seen is not null";
        let seen = self.house.database.number(seen).await?;
        if usize::try_from(seen)? >= called {
            return Ok(());
        }
        Err(format!("{called} devices called, and {seen} are written down as seen").into())
    }

    /// A million finished commands. The store appends to history one by one; this fills it as fast as the engine can.
    async fn fill_history(&self) -> Result<()> {
        let there = self.house.database.number("select count(*) from command_history").await?;
        if usize::try_from(there)? >= HISTORY_MIN {
            return Ok(());
        }
        let each = HISTORY_MIN.div_ceil(self.enrolled.len().max(1));
        self.house
            .database
            .run(&format!(
                "insert into command_history \
                 (tenant_id, device_id, id, request_type, purpose, outcome, queued_at, finished_at) \
                 with recursive times(n) as (select 1 union all select n + 1 from times where n < {each}) \
                 select m.tenant_id, m.id, m.id || '-' || times.n, 'DeviceInformation', '\"inventory\"', \
                 '{{\"outcome\":\"acknowledged\"}}', m.served_at, m.served_at + times.n \
                 from times, managed_device m where m.stage = 'enrolled'; analyze command_history"
            ))
            .await
    }
}

/// Where devices talk to.
pub(super) const PATH: &str = "/t/default/mdm";
