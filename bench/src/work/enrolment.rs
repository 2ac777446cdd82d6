//! Enrolments: `Authenticate` and the `TokenUpdate` after it, for devices that hold an identity.

use std::collections::VecDeque;

use bytes::Bytes;

use super::check_in::PATH;
use super::{Measured, Plan, World};
use crate::Result;
use crate::fleet::{Stage, Unit};
use crate::load::{self, Length, Script};
use crate::server::{Front, Server};
use crate::wire::{Answer, Connection, put};

/// Devices of one run.
const DEVICES: usize = 6_000;

/// Each device once, one after another.
struct Enrol {
    requests: VecDeque<Bytes>,
}

impl Script for Enrol {
    fn next(&mut self) -> Option<Bytes> {
        self.requests.pop_front()
    }

    fn check(&mut self, answer: &Answer) -> Result<()> {
        if answer.status == 200 && answer.body.is_empty() {
            return Ok(());
        }
        Err(format!("a message of enrolment was answered {}", answer.status).into())
    }
}

impl World {
    /// Enrols new devices in each run.
    pub(crate) async fn enrolments(&mut self, plan: &Plan, runs: usize) -> Result<Vec<Measured>> {
        let first = self.next_number;
        self.next_number += DEVICES * runs;
        let units = (first..self.next_number).map(|n| self.unit(n)).collect::<Result<Vec<_>>>()?;
        self.factory.settle(&self.house, &self.owner, &units, Stage::IdentityIssued).await?;
        self.house.leave().await;
        let server = Server::start(&plan.program, &self.house, Front::Proxy).await?;
        let before = self.awaiting().await?;
        let mut measured = Vec::new();
        for some in units.chunks(DEVICES) {
            let mut connections: Vec<(Connection, Box<dyn Script>)> = Vec::new();
            for requests in self.enrolling(plan, some) {
                let connection = Connection::open(&server.reach(), None).await?;
                connections.push((connection, Box::new(Enrol { requests })));
            }
            let load = load::run(&server, connections, Length::Scripts).await?;
            measured.push(Measured::of(&load, some.len() as u64, String::new()));
        }
        let enrolled = self.awaiting().await? - before;
        server.stop().await?;
        self.house.come_back(&self.practice).await?;
        if usize::try_from(enrolled)? != units.len() {
            return Err(format!("{} devices enrolled, and {enrolled} are written down", units.len()).into());
        }
        Ok(measured)
    }

    /// The requests of each connection.
    fn enrolling(&self, plan: &Plan, units: &[Unit]) -> Vec<VecDeque<Bytes>> {
        let mut scripts = vec![VecDeque::new(); plan.connections];
        for (unit, script) in units.iter().zip((0..plan.connections).cycle()) {
            let header = unit.header();
            for body in [unit.authenticate(&self.owner.topic), unit.token_update(&self.owner.topic)] {
                if let Some(requests) = scripts.get_mut(script) {
                    requests.push_back(Bytes::from(put(PATH, &[("client-cert", &header)], &body)));
                }
            }
        }
        scripts
    }

    async fn awaiting(&self) -> Result<i64> {
        let sql = "select count(*) from managed_device where stage = 'awaitingConfiguration'";
        self.house.database.number(sql).await
    }
}
