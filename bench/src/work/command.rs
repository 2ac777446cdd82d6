//! Commands: each is handed out, answered, and its answer is on disk before the next is handed out.

use std::collections::VecDeque;

use bytes::Bytes;
use domain::CommandId;
use domain::command::{Command, CommandState, Purpose};
use store::StoreError;

use super::check_in::PATH;
use super::{HOUR, Measured, Plan, World};
use crate::Result;
use crate::fleet::Unit;
use crate::load::{self, Length, Script};
use crate::server::{Front, Server};
use crate::wire::{Answer, Connection, put};

/// Devices of one run, and commands that wait for each.
const DEVICES: usize = 2_000;
const COMMANDS: usize = 10;
/// Devices whose commands are queued in one transaction.
const BATCH: usize = 200;

/// Requests, and the command that must be the answer to each; none: nothing more.
type Steps = VecDeque<(Bytes, Option<String>)>;

/// Asks, and answers until there is nothing more.
struct Serve {
    steps: Steps,
    expected: Option<String>,
}

impl Script for Serve {
    fn next(&mut self) -> Option<Bytes> {
        let (request, expected) = self.steps.pop_front()?;
        self.expected = expected;
        Some(request)
    }

    fn check(&mut self, answer: &Answer) -> Result<()> {
        let right = match &self.expected {
            None => answer.body.is_empty(),
            Some(id) => answer.body.windows(id.len()).any(|bytes| bytes == id.as_bytes()),
        };
        if answer.status == 200 && right {
            return Ok(());
        }
        Err(format!("a device was answered {} and not what was next for it", answer.status).into())
    }
}

impl World {
    /// Command round trips: other devices in each run.
    pub(crate) async fn commands(&mut self, plan: &Plan, runs: usize) -> Result<Vec<Measured>> {
        let each = DEVICES.min(self.enrolled.len() / runs.max(1));
        let units: Vec<Unit> = self.enrolled.iter().take(each * runs).cloned().collect();
        self.queue(&units).await?;
        self.house.leave().await;
        let server = Server::start(&plan.program, &self.house, Front::Proxy).await?;
        let before = self.finished().await?;
        let mut measured = Vec::new();
        for some in units.chunks(each.max(1)) {
            let mut connections: Vec<(Connection, Box<dyn Script>)> = Vec::new();
            for steps in serving(plan, some)? {
                let connection = Connection::open(&server.reach(), None).await?;
                connections.push((connection, Box::new(Serve { steps, expected: None })));
            }
            let load = load::run(&server, connections, Length::Scripts).await?;
            measured.push(Measured::of(&load, (some.len() * COMMANDS) as u64, String::new()));
        }
        let finished = self.finished().await? - before;
        let pending = self.house.database.number("select count(*) from command").await?;
        server.stop().await?;
        self.house.come_back(&self.practice).await?;
        if usize::try_from(finished)? != units.len() * COMMANDS || pending != 0 {
            return Err(format!("{finished} commands are in history and {pending} still wait").into());
        }
        Ok(measured)
    }

    async fn finished(&self) -> Result<i64> {
        self.house.database.number("select count(*) from command_history").await
    }

    /// Queues commands, with the wake that the use case asks for.
    async fn queue(&self, units: &[Unit]) -> Result<()> {
        let now = super::now();
        let later = now.plus(HOUR);
        for some in units.chunks(BATCH) {
            let mut rows = Vec::new();
            for unit in some {
                for number in 0..COMMANDS {
                    rows.push(self.command(unit, number)?);
                }
            }
            let tenant = self.owner.tenant.clone();
            self.house
                .app
                .store
                .transact(move |tx| {
                    let (rows, tenant) = (rows.clone(), tenant.clone());
                    Box::pin(async move {
                        for row in &rows {
                            store::command::enqueue(tx, row).await?;
                            store::push::wake_request(tx, &tenant, &row.device, later).await?;
                        }
                        Ok::<_, StoreError>(())
                    })
                })
                .await?;
        }
        Ok(())
    }

    pub(super) fn command(&self, unit: &Unit, number: usize) -> Result<Command> {
        let now = super::now();
        let id = id_of(unit, number)?;
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><plist version=\"1.0\"><dict><key>Command</key><dict>\
             <key>RequestType</key><string>SecurityInfo</string></dict><key>CommandUUID</key><string>{id}</string>\
             </dict></plist>"
        );
        Ok(Command {
            tenant: self.owner.tenant.clone(),
            device: unit.id.clone(),
            enrolment: 1,
            id,
            request_type: "SecurityInfo".into(),
            body: body.into_bytes(),
            purpose: Purpose::Inventory,
            state: CommandState::Queued,
            seq: i64::try_from(number)?,
            queued_at: now,
            sent_at: None,
            expires_at: now.plus(HOUR),
        })
    }
}

fn id_of(unit: &Unit, number: usize) -> Result<CommandId> {
    Ok(format!("{}-{number:04}", unit.udid).parse()?)
}

/// What each connection sends, and which command must come back.
fn serving(plan: &Plan, units: &[Unit]) -> Result<Vec<Steps>> {
    let security = "<key>SecurityInfo</key><dict><key>HardwareEncryptionCaps</key><integer>3</integer>\
        <key>PasscodePresent</key><true/><key>PasscodeCompliant</key><true/></dict>";
    let mut scripts = vec![VecDeque::new(); plan.connections];
    for (unit, script) in units.iter().zip((0..plan.connections).cycle()) {
        let header = unit.header();
        let steps = scripts.get_mut(script).ok_or("no connection")?;
        let mut body = unit.idle();
        for number in 0..=COMMANDS {
            let expected = if number < COMMANDS { Some(id_of(unit, number)?.to_string()) } else { None };
            let request = Bytes::from(put(PATH, &[("client-cert", &header)], &body));
            if let Some(id) = &expected {
                body = unit.acknowledged(id, security);
            }
            steps.push_back((request, expected));
        }
    }
    Ok(scripts)
}
