//! `make soak`: kills the server a thousand times, on SQLite and PostgreSQL in turn, and says what was hit.
//!
//!     soak [KILLS [FOLDER]]
//!
//! The counts are kept in FOLDER (`target/soak`), and a soak that was interrupted goes on from them. It ends well when
//! so many kills are counted, every named point and every phase was hit, and nothing was wrong. A finished one is begun
//! anew by deleting the folder.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a harness says what it expects by failing"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use muster_tests::Engine;
use muster_tests::kills::{Campaign, Kill, Tally, World};

/// Kills, unless somebody says how many.
const KILLS: u64 = 1_000;
/// Kills in one world: then the other database has its turn, in a fresh one.
const OF_A_WORLD: u64 = 50;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next().map_or(KILLS, |kills| kills.parse().unwrap());
    let folder = arguments.next().map_or_else(|| PathBuf::from("target/soak"), PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("progress.json");
    let mut tally = Tally::read(&path);
    println!("{} of {wanted} kills are done ({})", tally.kills(), path.display());
    let engines = Engine::here();
    while tally.kills() < wanted {
        let turn = tally.kills() / OF_A_WORLD;
        let engine = engines[usize::try_from(turn).unwrap() % engines.len()];
        tally = one_world(engine, tally, wanted, &path).await;
    }
    println!("{tally}");
    let missed = tally.missed();
    if !missed.is_empty() {
        println!("not hit: {missed:?}");
    }
    if missed.is_empty() && tally.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Kills the server of one world until the next one's turn comes.
async fn one_world(engine: Engine, tally: Tally, wanted: u64, path: &Path) -> Tally {
    let world = World::found(engine, &mortal(), None, &Kill::starts()).await;
    let begun = tally.kills();
    let mut campaign = Campaign::new(world, engine, tally, begun);
    let points = Kill::at_every_point();
    loop {
        let done = campaign.tally.kills();
        if done >= wanted || (done > begun && done.is_multiple_of(OF_A_WORLD)) {
            return campaign.tally;
        }
        // Named points and random moments in turn; the points one after another, whichever world it is.
        let place = usize::try_from(done / 2).unwrap() % points.len();
        let kill = if done.is_multiple_of(2) { points[place] } else { Kill::AtRandom };
        let violations = campaign.kill(kill).await;
        campaign.tally.write(path);
        for words in &violations {
            println!("VIOLATION {words}");
        }
        if !violations.is_empty() {
            println!("{}", campaign.world.last_words());
            // What is wrong once would be told after each further kill: the next world begins sound.
            return campaign.tally;
        }
        println!("{:>5} {engine:?} {kill:?}", campaign.tally.kills());
    }
}

/// The program to kill, built beside this one.
fn mortal() -> PathBuf {
    std::env::current_exe().unwrap().with_file_name("mortal")
}
