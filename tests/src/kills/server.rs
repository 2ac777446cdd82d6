//! The server as a process that can be killed.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Bug;

/// The longest that a start or a stop takes on a busy computer.
const PATIENCE: Duration = Duration::from_secs(60);
/// What passed so shortly before a kill was under way when it came.
const UNDER_WAY: Duration = Duration::from_millis(150);

/// How the server is started.
#[derive(Clone)]
pub(super) struct Recipe {
    /// `mortal`.
    pub(super) program: PathBuf,
    /// The settings file.
    pub(super) config: PathBuf,
    /// Where its log goes.
    pub(super) log: PathBuf,
    /// Which bug is planted in it.
    pub(super) bug: Option<Bug>,
}

/// What the server said of itself.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Ready,
    Stopped,
    Ended,
}

/// What is said to the server that runs now, whichever it is.
#[derive(Clone, Default)]
pub(super) struct Mouth(Arc<Mutex<Option<ChildStdin>>>);

impl Mouth {
    /// A line. A server that was just killed hears nothing.
    pub(super) fn say(&self, line: &str) {
        if let Some(stdin) = self.0.lock().unwrap().as_mut() {
            let _ = writeln!(stdin, "{line}");
        }
    }
}

/// What the server passed, and when.
#[derive(Clone, Default)]
struct Passed(Arc<Mutex<Vec<(Instant, String)>>>);

/// A running server.
pub(super) struct Server {
    child: Child,
    mouth: Mouth,
    events: UnboundedReceiver<Event>,
    passed: Passed,
}

/// What a killed server had done.
#[derive(Debug, Default)]
pub(super) struct Obituary {
    /// How often it passed each point.
    pub(super) passed: BTreeMap<String, u64>,
    /// The phases that were under way.
    pub(super) phases: Vec<String>,
}

impl Server {
    /// Starts it at that time, and waits until it serves or, when it is to die at a point of its start, has come there.
    ///
    /// # Panics
    /// When it does neither.
    pub(super) async fn start(recipe: &Recipe, mouth: &Mouth, now: i64, at: Option<&str>) -> Server {
        let log = std::fs::File::options().create(true).append(true).open(&recipe.log).unwrap();
        let mut command = Command::new(&recipe.program);
        command.arg("serve").arg("--config").arg(&recipe.config).env("MORTAL_NOW", now.to_string());
        if let Some(at) = at {
            command.env("MORTAL_AT", at);
        }
        if let Some(bug) = &recipe.bug {
            command.env("MORTAL_PLANTED", bug.told(recipe.config.parent().unwrap()));
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        *mouth.0.lock().unwrap() = child.stdin.take();
        let (tell, events) = unbounded_channel();
        let passed = Passed::default();
        let (stdout, heard) = (child.stdout.take().unwrap(), passed.clone());
        std::thread::spawn(move || listen(stdout, &heard, &tell));
        let mut server = Server { child, mouth: mouth.clone(), events, passed };
        let wanted = if at.is_some() { Event::Stopped } else { Event::Ready };
        let came = server.next().await;
        assert_eq!(came, Some(wanted), "the server did not start: {}", recipe.log.display());
        server
    }

    async fn next(&mut self) -> Option<Event> {
        tokio::time::timeout(PATIENCE, self.events.recv()).await.ok().flatten()
    }

    /// It stops when it passes that point for the `times`-th time from now on.
    pub(super) fn arm(&self, point: &str, times: usize) {
        self.mouth.say(&format!("at {point} {times}"));
    }

    /// Waits until it has stopped at the point; whether it did within `span`.
    ///
    /// # Panics
    /// When it ended by itself.
    pub(super) async fn stopped(&mut self, span: Duration) -> bool {
        match tokio::time::timeout(span, self.events.recv()).await {
            Ok(Some(Event::Stopped)) => true,
            Ok(other) => panic!("the server ended by itself: {other:?}"),
            Err(_) => false,
        }
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// When it was gone already.
    pub(super) fn kill(mut self) -> Obituary {
        let now = Instant::now();
        assert!(self.child.try_wait().unwrap().is_none(), "the server ended by itself");
        self.end();
        let mut obituary = Obituary::default();
        for (at, point) in self.passed.0.lock().unwrap().iter() {
            *obituary.passed.entry(point.clone()).or_default() += 1;
            let phase = point.split('.').next().unwrap().to_owned();
            if now.duration_since(*at) < UNDER_WAY && !obituary.phases.contains(&phase) {
                obituary.phases.push(phase);
            }
        }
        obituary
    }

    fn end(&mut self) {
        // On Unix this is SIGKILL.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.mouth.0.lock().unwrap().take();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn listen(stdout: ChildStdout, passed: &Passed, tell: &UnboundedSender<Event>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        if let Some(point) = line.strip_prefix("@passed ") {
            passed.0.lock().unwrap().push((Instant::now(), point.to_owned()));
        } else if line.starts_with("@stopped ") {
            let _ = tell.send(Event::Stopped);
        } else if line.ends_with(" is running.") {
            let _ = tell.send(Event::Ready);
        }
    }
    let _ = tell.send(Event::Ended);
}
