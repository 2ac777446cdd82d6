//! How text compares when case is ignored.

/// The form of a text under which two texts that differ in case only are equal.
///
/// A `*_fold` column holds this form of its neighbour. It is `str::to_lowercase` but for the Greek sigma, whose
/// lower case there depends on what follows it: here a part of a text always folds to a part of the folded text,
/// which `contains` and `startswith` rely on.
pub fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}
