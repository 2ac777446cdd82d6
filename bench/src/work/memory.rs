//! How soon the server is ready, and how much memory it has taken once every enrolled device has called.

use bytes::Bytes;

use super::check_in::{Idle, PATH};
use super::{Measured, Plan, World};
use crate::Result;
use crate::load::{self, Length, Script};
use crate::server::{Front, Server};
use crate::wire::{Connection, put};

impl World {
    /// Starts the server anew for each run.
    pub(crate) async fn memory(&mut self, plan: &Plan, runs: usize) -> Result<Vec<Measured>> {
        self.house.leave().await;
        let mut measured = Vec::new();
        for _ in 0..runs {
            let server = Server::start(&plan.program, &self.house, Front::Proxy).await?;
            let idle_mb = server.resident_mb()?;
            let mut scripts = vec![Vec::new(); plan.connections];
            for (unit, script) in self.enrolled.iter().zip((0..plan.connections).cycle()) {
                let request = put(PATH, &[("client-cert", &unit.header())], &unit.idle());
                if let Some(requests) = scripts.get_mut(script) {
                    requests.push(Bytes::from(request));
                }
            }
            let mut connections: Vec<(Connection, Box<dyn Script>)> = Vec::new();
            for requests in scripts {
                let connection = Connection::open(&server.reach(), None).await?;
                connections.push((connection, Box::new(Idle::of(requests))));
            }
            let load = load::run(&server, connections, Length::Timed(plan.seconds)).await?;
            measured.push(Measured {
                value: server.resident_mb()?,
                note: format!(
                    "ready {:.0} ms after its start, with {idle_mb:.0} MB",
                    server.start.as_secs_f64() * 1e3
                ),
                ..Measured::of(&load, load.requests, String::new())
            });
            server.stop().await?;
        }
        self.house.come_back(&self.practice).await?;
        Ok(measured)
    }
}
