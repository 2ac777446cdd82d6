use std::collections::{BTreeMap, BTreeSet};

use super::METRICS;

/// The table of the guide: name to labels, in the order of the table.
fn documented() -> BTreeMap<String, Vec<String>> {
    let guide = include_str!("../../../../docs/operations.md");
    let rows = guide.lines().filter(|line| line.starts_with("| `muster_") || line.starts_with("| `process_"));
    let ticked = |cell: &str| -> Vec<String> {
        // What stands in brackets are values.
        let mut depth = 0;
        let plain: String = cell
            .chars()
            .filter(|letter| {
                depth += i32::from(*letter == '(');
                let keep = depth == 0;
                depth -= i32::from(*letter == ')');
                keep
            })
            .collect();
        plain.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|');
        let name = ticked(cells.next().unwrap()).remove(0);
        (name, ticked(cells.next().unwrap()))
    })
    .collect()
}

#[test]
fn the_guide_tells_every_metric_with_its_labels_and_none_that_is_not() {
    let code: BTreeMap<String, Vec<String>> = METRICS
        .iter()
        .map(|(name, labels)| ((*name).to_owned(), labels.iter().map(|l| (*l).to_owned()).collect()))
        .collect();
    assert_eq!(documented(), code);
}

/// Names and labels of a rendered page; of a histogram its stem.
pub(crate) fn told(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::<String, BTreeSet<String>>::new();
    for line in page.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (series, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let stem =
            ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        let labels = labels.trim_end_matches('}').split("\",").filter_map(|label| label.split('=').next());
        let labels = labels.filter(|label| !label.is_empty() && *label != "le").map(str::to_owned);
        all.entry(stem.to_owned()).or_default().extend(labels);
    }
    all
}

/// Holds a rendered page to the table: nothing that is not in it, under no other labels.
pub(crate) fn holds_to_the_table(page: &str) {
    let known: BTreeMap<&str, BTreeSet<String>> = METRICS
        .iter()
        .map(|(name, labels)| (*name, labels.iter().map(|l| (*l).to_owned()).collect()))
        .collect();
    for (name, labels) in told(page) {
        assert_eq!(known.get(name.as_str()), Some(&labels), "{name} is told otherwise than the table says");
    }
}
