//! A page with a row for each thing that has an id, and the tests that bear its mark.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A row of the source: its id, its cells, and perhaps why it has no test yet.
pub(crate) struct Row {
    pub(crate) id: String,
    cells: Vec<String>,
    pub(crate) later: Option<String>,
}

/// A page, what it is made from, and how tests are marked for it.
pub(crate) struct Page {
    /// Of both files in `docs`: `{name}.in` and `{name}.md`.
    pub(crate) name: &'static str,
    /// What begins the mark, such as `/// Shows:`.
    pub(crate) mark: &'static str,
    /// The text above the table and the head of the table.
    pub(crate) head: &'static str,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

impl Page {
    /// The rows of the source: cells between tabs, the first an id, and at the end perhaps `later: ` and a reason.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let text = fs::read_to_string(root().join(format!("docs/{}.in", self.name))).unwrap();
        let lines = text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
        let row = |line: &str| {
            let mut cells = line.split('\t').map(str::to_owned);
            let id = cells.next().unwrap();
            let (later, cells): (Vec<_>, Vec<_>) = cells.partition(|cell| cell.starts_with("later: "));
            assert!(!cells.is_empty(), "{line}");
            Row { id, cells, later: later.into_iter().next() }
        };
        lines.map(row).collect()
    }

    /// Ids to the tests that bear their mark, as `name` (file).
    pub(crate) fn marked(&self) -> BTreeMap<String, Vec<String>> {
        let mut marked: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut folders = ["crates", "tests", "fuzz/bodies"].map(|folder| root().join(folder)).to_vec();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") {
                    self.collect(&path, &mut marked);
                }
            }
        }
        marked.values_mut().for_each(|tests| tests.sort());
        marked
    }

    fn collect(&self, path: &Path, marked: &mut BTreeMap<String, Vec<String>>) {
        let text = fs::read_to_string(path).unwrap();
        let mut pending: Vec<String> = Vec::new();
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            if let Some(ids) = line.strip_prefix(self.mark) {
                pending.extend(ids.split(',').map(|id| id.trim().trim_end_matches('.').to_owned()));
            } else if line.starts_with("#[") && (line.contains("test") || line.starts_with("#[case")) {
                is_test = true;
            } else if let Some(name) = function_name(line) {
                if !pending.is_empty() {
                    assert!(
                        is_test || ["proptest!", "on_both_engines!"].iter().any(|m| text.contains(m)),
                        "{}: {name} is not a test",
                        path.display()
                    );
                    let file = path.strip_prefix(root()).unwrap().display();
                    for id in pending.drain(..) {
                        marked.entry(id).or_default().push(format!("`{name}` ({file})"));
                    }
                }
                is_test = false;
            }
        }
        assert!(pending.is_empty(), "{}: a line \"{}\" without a test", path.display(), self.mark);
    }

    /// Rows that no test bears the mark of, and that give no reason for later.
    pub(crate) fn bare(&self) -> Vec<String> {
        let marked = self.marked();
        let rows = self.rows().into_iter().filter(|row| row.later.is_none() && !marked.contains_key(&row.id));
        rows.map(|row| row.id).collect()
    }

    /// Marks of rows that the source does not have.
    pub(crate) fn strays(&self) -> Vec<String> {
        let known: Vec<String> = self.rows().into_iter().map(|row| row.id).collect();
        self.marked().into_keys().filter(|id| !known.contains(id)).collect()
    }

    /// Fails if the page on disk is not the one that is made now.
    pub(crate) fn must_be_up_to_date(&self) {
        let path = root().join(format!("docs/{}.md", self.name));
        let page = self.text();
        if std::env::var_os("MUSTER_BLESS").is_some() {
            fs::write(&path, &page).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap_or_default(), page, "run `make docs`");
    }

    fn text(&self) -> String {
        let marked = self.marked();
        let mut page = self.head.to_owned();
        for row in self.rows() {
            let tests = marked.get(&row.id).map(|tests| tests.join("<br>"));
            let last = [tests, row.later].into_iter().flatten().collect::<Vec<_>>().join("<br>");
            let _ = writeln!(page, "| {} | {} | {last} |", row.id, row.cells.join(" | "));
        }
        page
    }
}

fn function_name(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    line.strip_prefix("fn ")?.split(['(', '<']).next()
}
