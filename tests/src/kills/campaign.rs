//! Kills, one after another.

use std::time::Duration;

use app::points::Point;

use super::truth::until_agreed;
use super::world::World;
use super::{Chance, Tally};
use crate::database::Engine;

/// The longest that traffic goes on before a random kill, of the computer's time.
const RANDOM_MILLIS_MAX: usize = 1_500;
/// The longest that a named point is waited for, of the computer's time.
const POINT_PATIENCE: Duration = Duration::from_secs(60);
/// A point is stopped at when it is passed for the n-th time, n up to this: so not always for the first device.
const PASSINGS_MAX: usize = 3;

/// One kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kill {
    /// When this point is passed.
    At(Point),
    /// At a random moment.
    AtRandom,
}

impl Kill {
    /// Every named point that is passed in a world that is founded: all but the one that only a first start passes.
    #[must_use]
    pub fn at_every_point() -> Vec<Kill> {
        let again = Point::ALL.iter().filter(|point| **point != Point::StartApplicationKept);
        again.map(|point| Kill::At(*point)).collect()
    }

    /// Names of the points of a first start.
    #[must_use]
    pub fn starts() -> Vec<&'static str> {
        Point::ALL.iter().map(|point| point.as_str()).filter(|name| is_of_start(name)).collect()
    }
}

fn is_of_start(name: &str) -> bool {
    name.starts_with("start.")
}

/// A world whose server is killed again and again.
pub struct Campaign {
    /// The world.
    pub world: World,
    /// The counts so far.
    pub tally: Tally,
    engine: Engine,
    chance: Chance,
    number: usize,
}

impl Campaign {
    /// Goes on with `tally` in that world, whose founding counts.
    #[must_use]
    pub fn new(mut world: World, engine: Engine, mut tally: Tally, seed: u64) -> Campaign {
        for (point, obituary) in std::mem::take(&mut world.deaths) {
            tally.count(engine, Some(point), &obituary);
        }
        Campaign { world, tally, engine, chance: Chance::new(seed), number: 0 }
    }

    /// Kills the server once, starts it again and waits until everything is as it must be. What is not then, is a
    /// violation, and the answer.
    pub async fn kill(&mut self, kill: Kill) -> Vec<String> {
        self.number += 1;
        let name = match kill {
            Kill::At(point) => Some(point.as_str()),
            Kill::AtRandom => None,
        };
        let (at_start, name_now) =
            (name.filter(|name| is_of_start(name)), name.filter(|name| !is_of_start(name)));
        self.load(name_now).await;
        let obituary = self.world.kill();
        self.tally.count(self.engine, name, &obituary);
        self.world.revive(at_start).await;
        let words = until_agreed(&self.world).await.err().unwrap_or_default();
        let at = name.unwrap_or("a random moment");
        let words: Vec<String> =
            words.iter().map(|words| format!("{:?}, killed at {at}: {words}", self.engine)).collect();
        self.tally.violations.extend(words.iter().cloned());
        words
    }

    /// Everything happens at once, until the moment of the kill has come.
    async fn load(&mut self, point: Option<&str>) {
        let mut server = self.world.take_server();
        let mut chance = self.chance.clone();
        let millis = self.chance.below(RANDOM_MILLIS_MAX);
        if let Some(point) = point {
            // What happens once in a while is stopped at the first time.
            let rare = [Point::EnrolCheckOutStored, Point::EnrolDeadlineKept, Point::AssignProfileDefined];
            let rare = rare.iter().chain(&[Point::AssignProfileStored]).any(|one| one.as_str() == point);
            let times = if rare { 1 } else { 1 + self.chance.below(PASSINGS_MAX) };
            server.arm(point, times);
        }
        let dark = point == Some(Point::EnrolDeadlineKept.as_str());
        let number = self.number;
        let world = &self.world;
        let stir = async {
            if dark {
                world.cut_power(&mut chance).await;
            }
            let mut round = 0;
            loop {
                world.stir(&mut chance, number * 1_000 + round).await;
                round += 1;
                for _ in 0..40 {
                    world.look_after_devices().await;
                }
            }
        };
        let moment = async {
            match point {
                Some(point) => {
                    assert!(
                        server.stopped(POINT_PATIENCE).await,
                        "{point} was not passed in a minute of load"
                    );
                }
                None => {
                    let never = server.stopped(Duration::from_millis(u64::try_from(millis).unwrap())).await;
                    assert!(!never, "nobody told it to stop");
                }
            }
        };
        tokio::select! {
            () = stir => {}
            () = moment => {}
        }
        self.chance = chance;
        self.world.put_back(server);
    }
}
