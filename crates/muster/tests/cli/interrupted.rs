//! What is left of a copy's trial that somebody breaks off: all that a server knows would lie about in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{program, serve, text};

/// For a state that comes by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a server that was stopped, and a copy that takes for ever to read a second time.
struct Yard {
    folder: tempfile::TempDir,
}

impl Yard {
    fn new() -> Self {
        let yard = Self { folder: tempfile::tempdir().unwrap() };
        assert!(serve(yard.folder.path(), &[]).terminate());
        assert!(yard.command(&["backup", "copy"]).status().unwrap().success());
        std::fs::create_dir(yard.path("temporary")).unwrap();
        yard
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.current_dir(self.folder.path()).env("TMPDIR", self.path("temporary")).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts a command that is to read the copy twice. A table's file becomes a pipe, into which it is written once.
    fn begin(&self, arguments: &[&str]) -> Child {
        let table = self.path("copy/wake.jsonl");
        let content = std::fs::read(self.path("wake.jsonl")).or_else(|_| std::fs::read(&table)).unwrap();
        std::fs::write(self.path("wake.jsonl"), &content).unwrap();
        let _ = std::fs::remove_file(&table);
        assert!(Command::new("mkfifo").arg(&table).status().unwrap().success());
        let child = self.command(arguments).spawn().unwrap();
        std::thread::spawn(move || std::fs::write(table, content));
        child
    }

    /// Tells it to stop once `begun` is there; what it says then.
    fn break_off(&self, child: Child, signal: &str, begun: impl Fn() -> bool) -> String {
        let since = Instant::now();
        while !begun() {
            assert!(since.elapsed() < PATIENCE, "it does not come so far");
            std::thread::yield_now();
        }
        let id = child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        text(&output.stderr)
    }
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_copy_that_is_tried_leaves_nothing_behind_when_it_is_told_to_stop() {
    let yard = Yard::new();
    let temporary = yard.path("temporary");
    for signal in ["INT", "TERM"] {
        let child = yard.begin(&["backup", "verify", "copy", "--data", "data"]);
        let begun =
            || entries(&temporary).iter().any(|trial| temporary.join(trial).join("muster.db").exists());
        let said = yard.break_off(child, signal, begun);
        assert!(said.contains("told to stop"), "{said}");
        assert_eq!(entries(&temporary), Vec::<String>::new(), "after {signal}");
    }
}

#[test]
fn a_restore_that_is_told_to_stop_leaves_the_database_as_it_was_and_nothing_beside_it() {
    let yard = Yard::new();
    let before = (std::fs::read(yard.path("data/muster.db")).unwrap(), entries(&yard.path("data")).len());
    let child = yard.begin(&["restore", "copy", "--replace"]);
    let said = yard.break_off(child, "TERM", || yard.path("data/muster.db.restoring").exists());
    assert!(said.contains("told to stop"), "{said}");
    let after = (std::fs::read(yard.path("data/muster.db")).unwrap(), entries(&yard.path("data")).len());
    assert!(before == after, "{:?}", entries(&yard.path("data")));
}
