//! Programs that others wrote, as strangers to ours. Where one is not installed, a test says so and passes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a program answered.
#[derive(Debug)]
pub struct Said {
    /// Whether it ended well.
    pub ok: bool,
    /// Its output.
    pub bytes: Vec<u8>,
    /// Its output and its complaints, as text.
    pub words: String,
}

impl Said {
    /// Its output, when it ended well.
    ///
    /// # Panics
    /// When it did not.
    pub fn output(self) -> Vec<u8> {
        assert!(self.ok, "{}", self.words);
        self.bytes
    }
}

/// A program that is installed.
#[derive(Clone, Debug)]
pub struct Tool {
    path: PathBuf,
    folder: Option<PathBuf>,
    variables: Vec<(String, String)>,
}

impl Tool {
    /// Finds a program; without it says which test is skipped for it, and is `None`.
    #[must_use]
    pub fn find(name: &str) -> Option<Tool> {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let found =
            std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file());
        if found.is_none() {
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            println!("skipped {test}: {name} is not installed");
        }
        found.map(|path| Tool { path, folder: None, variables: Vec::new() })
    }

    /// The same, started in that folder.
    #[must_use]
    pub fn in_folder(&self, folder: &Folder) -> Tool {
        Tool { folder: Some(folder.root().to_owned()), ..self.clone() }
    }

    /// The same, with a variable in its environment.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Tool {
        let mut tool = self.clone();
        tool.variables.push((name.to_owned(), value.to_owned()));
        tool
    }

    /// The system's own Python, if it has those modules. Other Pythons on the path seldom have any.
    #[must_use]
    pub fn python(modules: &[&str]) -> Option<Tool> {
        let path = PathBuf::from("/usr/bin/python3");
        let imports = format!("import {}", modules.join(", "));
        let python = Tool { path, folder: None, variables: Vec::new() };
        let here = python.path.is_file() && python.run(&["-c", &imports], b"").ok;
        if !here {
            println!("skipped: no /usr/bin/python3 with {}", modules.join(" and "));
        }
        here.then_some(python)
    }

    /// Runs it to its end with those arguments and that input.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S], input: &[u8]) -> Said {
        let mut command = Command::new(&self.path);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // From a thread of its own: a program that writes before it has read all would wait for us, and we for it. One
        // that ends without reading is no failure of ours.
        let feed = std::thread::spawn(move || stdin.write_all(&input).is_ok());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        feed.join().unwrap();
        let words = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        Said { ok: status.success(), bytes: stdout, words }
    }

    /// The same from inside a test that also serves: the program waits for our answers, so it must not block them.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn run_beside(&self, arguments: &[String], input: &[u8]) -> Said {
        let (tool, arguments, input) = (self.clone(), arguments.to_vec(), input.to_vec());
        tokio::task::spawn_blocking(move || tool.run(&arguments, &input)).await.unwrap()
    }
}

/// A folder for a program's files, gone at the end.
#[derive(Debug)]
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// A fresh one.
    ///
    /// # Panics
    /// When the computer has no room.
    #[must_use]
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    /// The path of a file in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The same as text, for an argument.
    #[must_use]
    pub fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Writes a file, and returns its path as text.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.name(name)
    }

    /// Reads a file.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn get(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.0.path()
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

/// Arguments of different kinds as what [`Tool::run`] takes.
#[macro_export]
macro_rules! arguments {
    ($($argument:expr),* $(,)?) => { &[$(($argument).to_string()),*][..] };
}
