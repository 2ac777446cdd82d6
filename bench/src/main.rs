//! The load generator: starts the release program as operators do, drives it from outside, checks every answer, counts
//! rows afterwards, and tells how fast it was and what an item cost the server.

mod database;
mod fleet;
mod house;
mod load;
mod report;
mod server;
mod wire;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::database::Engine;
use crate::report::{Report, Row};
use crate::work::{History, Measured, Plan, Proof, Work, World};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// How fast the server is.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only this work; may be given several times.
    #[arg(long, value_enum)]
    work: Vec<Work>,
    /// Only on this engine.
    #[arg(long, value_enum)]
    engine: Vec<Engine>,
    /// Runs of each work; the median counts.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Seconds of each timed run.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Connections at a time.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Serials known to the server.
    #[arg(long, default_value_t = 100_000)]
    known: usize,
    /// Devices enrolled.
    #[arg(long, default_value_t = 10_000)]
    enrolled: usize,
    /// The program under test.
    #[arg(long, default_value = "target/release/muster")]
    program: PathBuf,
    /// Write the tables into this page.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("muster-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    let plan = Plan {
        program: arguments.program.canonicalize()?,
        seconds: Duration::from_secs(arguments.seconds),
        connections: arguments.connections,
        known: arguments.known,
        enrolled: arguments.enrolled,
    };
    let chosen = |work: Work| arguments.work.is_empty() || arguments.work.contains(&work);
    let mut report = Report::default();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if !(arguments.engine.is_empty() || arguments.engine.contains(&engine)) {
            continue;
        }
        if !engine.is_here() {
            println!("skipped on PostgreSQL: no MUSTER_TEST_POSTGRES");
            continue;
        }
        report.engine(house::durability(engine).await?);
        let works: Vec<Work> = Work::ALL.into_iter().filter(|work| chosen(*work)).collect();
        measure_on(engine, &plan, &works, arguments.runs, &mut report).await?;
    }
    if let Some(page) = arguments.write {
        report.write(&page)?;
    }
    Ok(())
}

/// Measures on one engine. What leaves commands behind that wait, has a world of its own, so that nobody is woken
/// while something else is measured.
async fn measure_on(
    engine: Engine,
    plan: &Plan,
    works: &[Work],
    runs: usize,
    report: &mut Report,
) -> Result<()> {
    if works.contains(&Work::Sync) || works.contains(&Work::SyncAgain) {
        let (first, again) = work::full_syncs(engine, plan, runs).await?;
        report.add(Row { work: Work::Sync, engine, measured: first });
        report.add(Row { work: Work::SyncAgain, engine, measured: again });
    }
    let mut world: Option<World> = None;
    for work in works.iter().copied() {
        let measured = match work {
            Work::Sync | Work::SyncAgain => continue,
            Work::Push => World::build(engine, &plan.of_enrolled_only()).await?.pushes(plan, runs).await?,
            Work::Enrol => World::build(engine, &plan.of_nobody()).await?.enrolments(plan, runs).await?,
            _ => {
                let world = match &mut world {
                    Some(world) => world,
                    none => none.insert(World::build(engine, plan).await?),
                };
                measure(world, plan, work, runs).await?
            }
        };
        report.add(Row { work, engine, measured });
    }
    Ok(())
}

async fn measure(world: &mut World, plan: &Plan, work: Work, runs: usize) -> Result<Vec<Measured>> {
    match work {
        Work::IdleHeader => world.check_ins(plan, Proof::Header, History::None, runs).await,
        Work::IdleSigned => world.check_ins(plan, Proof::Signature, History::None, runs).await,
        Work::IdleHistory => world.check_ins(plan, Proof::Tls, History::Million, runs).await,
        Work::Commands => world.commands(plan, runs).await,
        Work::Memory => world.memory(plan, runs).await,
        _ => world.check_ins(plan, Proof::Tls, History::None, runs).await,
    }
}
