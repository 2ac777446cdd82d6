//! The panes of Setup Assistant, and which of them a person sees.

use std::sync::LazyLock;

use super::os::{Availability, Os, rows};

/// One pane.
#[derive(Debug)]
struct Pane {
    key: &'static str,
    title: &'static str,
    at: Availability,
    only: Option<&'static str>,
}

static PANES: LazyLock<Vec<Pane>> = LazyLock::new(|| rows(TABLE).filter_map(|cells| read(&cells)).collect());

const TABLE: &str = include_str!("data/panes.tsv");

fn read(cells: &[&'static str]) -> Option<Pane> {
    let [key, title, ios, mac, tv, vision, only] = *cells else { return None };
    let at = Availability::read([ios, mac, tv, vision]).ok()?;
    Some(Pane { key, title, at, only: (only != "-").then_some(only) })
}

/// The titles of the panes a person sees on a system, given the skip keys. Unknown keys are passed over, as devices do.
pub fn shown(os: Os, skip: &[String]) -> Vec<&'static str> {
    let restores = !skip.iter().any(|key| key == "Restore");
    PANES
        .iter()
        .filter(|pane| os.since(&pane.at) && pane.only.is_none_or(|family| family == os.family.word()))
        .filter(|pane| !skip.iter().any(|key| key == pane.key))
        // Moving from Android is offered within restoring only.
        .filter(|pane| pane.key != "Android" || restores)
        .map(|pane| pane.title)
        .collect()
}

#[cfg(test)]
mod tests;
