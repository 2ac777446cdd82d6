//! Every relative link of the pages for people leads to a file that exists, and to a heading that it has.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The pages at the root and in `docs`.
fn pages() -> Vec<PathBuf> {
    let folders = [root(), root().join("docs")];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = entries.map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The targets of `[words](target)` outside of blocks of code.
fn targets(text: &str) -> Vec<&str> {
    let parts = text.split("\n```").step_by(2);
    let links = parts.flat_map(|part| part.split("](").skip(1));
    links.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target).collect()
}

/// A heading as GitHub's link to it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
}

fn has_heading(page: &Path, wanted: &str) -> bool {
    let text = fs::read_to_string(page).unwrap();
    text.lines()
        .filter(|line| line.starts_with('#'))
        .any(|line| anchor(line.trim_start_matches('#').trim()) == wanted)
}

fn leads_somewhere(page: &Path, target: &str) -> bool {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
    path.exists() && (heading.is_empty() || has_heading(&path, heading))
}

#[test]
fn every_relative_link_leads_somewhere() {
    let pages = pages();
    assert!(pages.iter().any(|page| page.ends_with("README.md")), "{pages:?}");
    let mut broken = Vec::new();
    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        let relative = targets(&text).into_iter().filter(|target| !target.contains("://"));
        broken.extend(
            relative.filter(|t| !leads_somewhere(page, t)).map(|t| format!("{}: {t}", page.display())),
        );
    }
    assert!(broken.is_empty(), "links that lead nowhere: {broken:#?}");
}

#[test]
fn a_link_within_code_is_none_and_a_heading_is_found_by_its_words() {
    let text = "See [a](b.md) and [c](#d).\n```\n[e](f)\n```\nAnd ![g](h.svg).";
    assert_eq!(targets(text), ["b.md", "#d", "h.svg"]);
    assert_eq!(anchor("Backup & restore, for real"), "backup--restore-for-real");
}
