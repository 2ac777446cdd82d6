//! Practice Apple, a server, and the program as a child of the test.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// What a child of the test is given that the caller's own environment must not decide.
const FOREIGN: [&str; 12] = [
    "MUSTER_URL",
    "MUSTER_CA",
    "MUSTER_CONFIG",
    "MUSTER_DATA",
    "MUSTER_DATABASE_URL",
    "MUSTER_SEAL_KEY_FILE",
    "MUSTER_CLIENT_ID",
    "MUSTER_CLIENT_SECRET",
    "MUSTER_TENANT",
    "MUSTER_LOGIN",
    "MUSTER_PRACTICE",
    "MUSTER_PRACTICE_TENANT",
];

/// For a state that must come by itself; only a failure takes so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until it is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}: it has not come");
        std::thread::yield_now();
    }
}

/// Runs it to its end.
pub(crate) fn output(mut command: Command) -> Output {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (id, (tell, told)) = (child.id().to_string(), channel());
    std::thread::spawn(move || tell.send(child.wait_with_output()));
    told.recv_timeout(PATIENCE)
        .unwrap_or_else(|_| {
            let killed = Command::new("kill").args(["-KILL", &id]).status();
            panic!("{command:?} does not end ({killed:?})");
        })
        .unwrap()
}

/// The program, not yet run.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    for name in FOREIGN {
        command.env_remove(name);
    }
    command
}

/// A program that runs beside the test, and ends with it.
pub(crate) struct Beside {
    child: Child,
    pub(crate) said: Vec<String>,
    /// Its lines, read for as long as it runs: a program that nobody listens to any more is another story.
    lines: Receiver<String>,
}

impl Beside {
    /// Starts it, and reads what it says until a line with `ready`.
    pub(crate) fn start(command: Command, ready: &str) -> Self {
        Self::logging(command, Stdio::null(), ready)
    }

    /// The same, with its log somewhere.
    pub(crate) fn logging(command: Command, log: Stdio, ready: &str) -> Self {
        let mut this = Self::begin(command, log);
        this.said = this.heard(ready).lines().map(|line| line.trim_end().to_owned()).collect();
        this
    }

    /// Starts it, and waits for nothing.
    pub(crate) fn begin(mut command: Command, log: Stdio) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (said, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines() {
                // The test may be over.
                let Ok(()) = said.send(line.unwrap()) else { return };
            }
        });
        Self { child, said: Vec::new(), lines }
    }

    /// Sends it a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Its next line; `None` once it has ended.
    fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("it says nothing, and does not end"),
        }
    }

    /// What it says from now on, up to a line with `word`.
    pub(crate) fn heard(&mut self, word: &str) -> String {
        let mut said = String::new();
        loop {
            let line = self.line().unwrap_or_else(|| panic!("it ended without {word:?}: {said}"));
            said.push_str(&line);
            said.push('\n');
            if line.contains(word) {
                return said;
            }
        }
    }

    /// Waits until it ends by itself; whether it says that it ended well.
    pub(crate) fn ended(mut self) -> bool {
        while self.line().is_some() {}
        // It has closed its output, which is the last thing that it does.
        self.child.wait().unwrap().success()
    }

    /// Asks it to stop, as an operator's system does; whether it ended well.
    pub(crate) fn terminate(self) -> bool {
        self.signal("TERM");
        self.ended()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Practice Apple and a server in a folder.
pub(crate) struct House {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) server: Option<Beside>,
    _apple: Option<Beside>,
}

impl House {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut apple = program();
        apple.current_dir(folder.path()).args(["practice", "serve", "--ports", "0,0,0"]);
        let apple = Beside::start(apple, "muster practice --practice");
        let mut house = Self { folder, server: None, _apple: Some(apple) };
        house.serve();
        house
    }

    /// A server of a real tenant in a folder, nobody beside it.
    pub(crate) fn without_apple(folder: tempfile::TempDir, more: &[&str]) -> Self {
        let server = Some(serve(folder.path(), more));
        Self { folder, server, _apple: None }
    }

    /// Starts the server.
    pub(crate) fn serve(&mut self) {
        self.server = Some(serve(self.folder.path(), &["--practice", "practice/practice.json"]));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command as the bootstrap administrator.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = program();
        command.current_dir(self.folder.path()).env("MUSTER_LOGIN", self.path("data/bootstrap.json"));
        command.args(arguments);
        output(command)
    }

    /// What a command says that must go well.
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (said, complained) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {said}{complained}");
        said
    }

    /// The same as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let said = self.good(&[arguments, &["--json"]].concat());
        serde_json::from_str(&said).unwrap_or_else(|e| panic!("{arguments:?} is not JSON: {e}\n{said}"))
    }

    /// Writes what a command says to a file.
    pub(crate) fn good_into(&self, file: &str, arguments: &[&str]) {
        std::fs::write(self.path(file), self.good(arguments)).unwrap();
    }

    /// Exit code and complaint of a command that must not go well.
    pub(crate) fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        (output.status.code().expect("an exit code"), text(&output.stderr))
    }
}

/// Starts a server on free ports.
pub(crate) fn serve(folder: &Path, more: &[&str]) -> Beside {
    let mut command = program();
    command.current_dir(folder).args([
        "serve",
        "--api-listen",
        "127.0.0.1:0",
        "--device-listen",
        "127.0.0.1:0",
    ]);
    command.args(more);
    Beside::start(command, "devices  https")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The serial numbers of an order.
pub(crate) fn serials(bought: &Value) -> Vec<String> {
    bought["serials"].as_array().unwrap().iter().map(|serial| serial.as_str().unwrap().to_owned()).collect()
}
