//! What is measured, one file a kind of work.

mod check_in;
mod command;
mod enrolment;
mod memory;
mod push;
mod sync;

use std::path::PathBuf;
use std::time::Duration;

use app::push_certificate;
use app::token::NewToken;
use domain::profile::ProfileSettings;
use domain::{Platform, Time};
use practice::{Practice, PracticeConfig};

use crate::Result;
use crate::database::Engine;
use crate::fleet::{Factory, Owner, Stage, Unit};
use crate::house::House;
use crate::load::Load;

pub(crate) use check_in::{History, Proof};
pub(crate) use sync::full_syncs;

/// A while from now.
const HOUR: Duration = Duration::from_secs(3_600);
/// Who acts at Apple.
const ADMIN: &str = "ann@example.com";

/// A piece of work that can be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Work {
    /// Idle check-ins, known by the client certificate of TLS.
    IdleTls,
    /// Idle check-ins, known by a trusted proxy's header.
    IdleHeader,
    /// Idle check-ins with `Mdm-Signature`.
    IdleSigned,
    /// Idle check-ins with a million finished commands in history.
    IdleHistory,
    /// `Authenticate` and `TokenUpdate`.
    Enrol,
    /// Commands handed out and answered.
    Commands,
    /// Pushes to practice APNs.
    Push,
    /// Full syncs, and the same again with nothing changed.
    Sync,
    /// That second one; measured together with [`Work::Sync`].
    SyncAgain,
    /// Memory and the time to start.
    Memory,
}

impl Work {
    /// Every work, in the order of the table.
    pub(crate) const ALL: [Work; 10] = [
        Work::Sync,
        Work::SyncAgain,
        Work::Memory,
        Work::IdleTls,
        Work::IdleHeader,
        Work::IdleSigned,
        Work::Commands,
        Work::Push,
        Work::Enrol,
        Work::IdleHistory,
    ];

    /// What its figure counts.
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Work::Sync | Work::SyncAgain => "s",
            Work::Memory => "MB",
            _ => "/s",
        }
    }

    /// Its row in the table.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Work::IdleTls => "idle check-ins, identity by TLS",
            Work::IdleHeader => "idle check-ins, identity by a trusted header",
            Work::IdleSigned => "idle check-ins, `Mdm-Signature` verified",
            Work::IdleHistory => "idle check-ins by TLS, 1,000,000 commands in history",
            Work::Enrol => "enrolments (`Authenticate` and `TokenUpdate`)",
            Work::Commands => "command round trips",
            Work::Push => "pushes to practice APNs",
            Work::Sync => "full sync of the list, fetched and stored",
            Work::SyncAgain => "the same again with nothing changed",
            Work::Memory => "resident memory after every device has called",
        }
    }
}

/// How to measure.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) program: PathBuf,
    pub(crate) seconds: Duration,
    pub(crate) connections: usize,
    pub(crate) known: usize,
    pub(crate) enrolled: usize,
}

impl Plan {
    /// The same without serials that are only known.
    pub(crate) fn of_enrolled_only(&self) -> Plan {
        Plan { known: 0, ..self.clone() }
    }

    /// The same with an empty database.
    pub(crate) fn of_nobody(&self) -> Plan {
        Plan { known: 0, enrolled: 0, ..self.clone() }
    }
}

/// One measurement.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// In the unit of its work.
    pub(crate) value: f64,
    /// Processor time of the server for one, microseconds.
    pub(crate) cpu_us: f64,
    /// Median latency of a request, milliseconds.
    pub(crate) p50_ms: Option<f64>,
    /// And that of 99 of a hundred.
    pub(crate) p99_ms: Option<f64>,
    /// What was counted afterwards.
    pub(crate) note: String,
}

impl Measured {
    /// Of a load of which so many requests make an item.
    pub(crate) fn of(load: &Load, items: u64, note: String) -> Self {
        Self {
            value: items as f64 / load.took.as_secs_f64(),
            cpu_us: load.spent.per_item(items),
            p50_ms: Some(load.percentile(50).as_secs_f64() * 1e3),
            p99_ms: Some(load.percentile(99).as_secs_f64() * 1e3),
            note,
        }
    }
}

/// A house with a fleet in it, and practice Apple beside it.
pub(crate) struct World {
    pub(crate) practice: Practice,
    pub(crate) house: House,
    pub(crate) factory: Factory,
    pub(crate) owner: Owner,
    pub(crate) enrolled: Vec<Unit>,
    /// Devices from here on are new.
    next_number: usize,
}

impl World {
    /// Fills a database: serials that are known, and the first of them enrolled.
    pub(crate) async fn build(engine: Engine, plan: &Plan) -> Result<Self> {
        let practice = Practice::start(PracticeConfig::default()).await?;
        let house = House::build(engine, &practice).await?;
        let now = house.app.now();
        let factory = Factory::build(now)?;
        let owner = owner(&house, &practice).await?;
        let next_number = plan.known.max(plan.enrolled);
        let mut world = Self { practice, house, factory, owner, enrolled: Vec::new(), next_number };
        world.enrolled = (0..plan.enrolled).map(|n| world.unit(n)).collect::<Result<Vec<_>>>()?;
        world.factory.settle(&world.house, &world.owner, &world.enrolled, Stage::Enrolled).await?;
        let known = (plan.enrolled..plan.known).map(|n| world.unit(n)).collect::<Result<Vec<_>>>()?;
        world.factory.settle(&world.house, &world.owner, &known, Stage::Known).await?;
        Ok(world)
    }

    /// A device, whose push token practice APNs knows.
    fn unit(&self, number: usize) -> Result<Unit> {
        self.factory.unit(number, self.practice.registry().register(&self.owner.topic).0)
    }
}

/// A push certificate, and its topic: without one no token can be made.
async fn push_topic(house: &House, practice: &Practice) -> Result<String> {
    let (app, actor) = (&house.app, &house.actor);
    let request = push_certificate::request(app, actor).await?;
    let pem = practice.push_certificate(request.as_bytes(), ADMIN, None)?;
    let upload = push_certificate::Upload { pem, apple_id: Some(ADMIN.into()), force: false };
    let certificate = push_certificate::upload(app, actor, upload).await?;
    Ok(certificate.current.ok_or("the push certificate was not taken")?.topic)
}

/// A token with a profile.
async fn owner(house: &House, practice: &Practice) -> Result<Owner> {
    let topic = push_topic(house, practice).await?;
    let (app, actor) = (&house.app, &house.actor);
    let new = NewToken { name: "Works".into(), consent: true, ..NewToken::default() };
    let token = app::token::create(app, actor, new).await?.id;
    let settings = ProfileSettings {
        display_name: "Standard".into(),
        supervised_mode_enabled: true,
        ..ProfileSettings::default()
    };
    let profile = app::profile::create(app, actor, &token, Platform::Ios, settings).await?.profile.id;
    Ok(Owner { tenant: actor.tenant.clone(), token, profile, topic })
}

/// Now, by this machine's clock.
pub(crate) fn now() -> Time {
    Time::from_micros(net::Clock::system().now_micros())
}
