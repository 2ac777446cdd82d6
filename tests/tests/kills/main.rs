//! The server killed under load, at every named point and at random moments, on both databases.

use std::path::Path;

use muster_tests::Engine;
use muster_tests::kills::{Bug, Campaign, Kill, Tally, World};

/// Random kills a database.
const AT_RANDOM: usize = 15;

/// Kills after which a planted bug must have shown: a page without changes shows none.
const KILLS_TO_SHOW_IT: usize = 6;

/// Where the table of points begins in its page.
const TABLE: &str = "| point | what has just happened |\n|---|---|\n";

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_mortal"))
}

/// A world has 200 devices, and the computer may have two cores: one world at a time, as far as one process goes.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Every named point once, the starts' on a database that is not founded yet too, and random moments.
async fn outlives(engine: Engine, seed: u64) {
    let _turn = TURN.lock().await;
    let world = World::found(engine, program(), None, &Kill::starts()).await;
    let mut campaign = Campaign::new(world, engine, Tally::default(), seed);
    let kills = Kill::at_every_point().into_iter().chain([Kill::AtRandom; AT_RANDOM]);
    for kill in kills {
        let violations = campaign.kill(kill).await;
        println!("{engine:?} {kill:?}");
        assert!(
            violations.is_empty(),
            "{violations:#?}\n{}\n{}",
            campaign.tally,
            campaign.world.last_words()
        );
    }
    println!("{}", campaign.tally);
    assert!(campaign.tally.missed().is_empty(), "not hit: {:?}", campaign.tally.missed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_nothing_is_lost_or_stuck_or_repeated_when_the_server_is_killed() {
    outlives(Engine::Sqlite, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgresql_nothing_is_lost_or_stuck_or_repeated_when_the_server_is_killed() {
    if Engine::here().contains(&Engine::Postgres) {
        outlives(Engine::Postgres, 2).await;
    }
}

/// What the harness says of a server with that bug, which is killed at that point.
async fn told_of(bug: Bug, point: app::points::Point) -> String {
    let _turn = TURN.lock().await;
    let world = World::found(Engine::Sqlite, program(), Some(bug), &[]).await;
    world.wake_bug();
    let mut campaign = Campaign::new(world, Engine::Sqlite, Tally::default(), 3);
    for _ in 0..KILLS_TO_SHOW_IT {
        campaign.world.buy_more();
        let words = campaign.kill(Kill::At(point)).await;
        if !words.is_empty() {
            return words.join("\n");
        }
    }
    "nothing".to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_that_is_stored_before_its_rows_is_found_out() {
    let words = told_of(Bug::CursorBeforeRows, app::points::Point::SyncPageStored).await;
    assert!(words.contains("the cursor is ahead of its rows"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_given_before_its_commit_is_found_out() {
    let words = told_of(Bug::AnswerBeforeCommit, app::points::Point::EnrolTokenUpdateHeard).await;
    assert!(words.contains("stuck: "), "{words}");
}

/// Made anew with `MUSTER_BLESS=1`.
#[test]
fn the_page_of_points_is_the_programs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/kills.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (words, _) = page.split_once(TABLE).unwrap();
    let rows: Vec<String> = app::points::Point::ALL
        .iter()
        .map(|point| format!("| `{}` | {} |\n", point.as_str(), point.what()))
        .collect();
    let wanted = format!("{words}{TABLE}{}", rows.concat());
    if std::env::var_os("MUSTER_BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), wanted, "make docs writes the table anew");
}
