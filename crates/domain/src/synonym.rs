//! DEP and ADE are one thing under two names (R1): Apple renamed the Device Enrollment Program to Automated Device
//! Enrollment, and people, tokens and scripts hold both.

/// The names, short ones first. Any of them stands for all.
const NAMES: [&str; 4] = ["ADE", "DEP", "Automated Device Enrollment", "Device Enrollment Program"];

/// Every spelling of a search text: itself, and itself with each of its names of ADE replaced by each other one.
///
/// Names count as whole words only, in any case, so that "Jade" and "deploy" are left alone.
pub fn spellings(text: &str) -> Vec<String> {
    let mut spellings = vec![text.to_owned()];
    let found = NAMES.iter().rev().find_map(|name| position(text, name).map(|at| (at, name.len())));
    if let Some((at, length)) = found {
        let (before, rest) = text.split_at(at);
        let after = rest.get(length..).unwrap_or_default();
        let others = NAMES.iter().map(|name| format!("{before}{name}{after}"));
        spellings.extend(others.filter(|other| !other.eq_ignore_ascii_case(text)));
    }
    spellings
}

/// Where `name` stands in `text` as whole words, in any case.
fn position(text: &str, name: &str) -> Option<usize> {
    let folded = text.to_ascii_lowercase();
    let boundary = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    folded.match_indices(&name.to_ascii_lowercase()).map(|(at, _)| at).find(|at| {
        let (before, rest) = folded.split_at(*at);
        let after = rest.get(name.len()..).unwrap_or_default();
        boundary(before.chars().next_back()) && boundary(after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::spellings;

    /// Shows: R1
    #[test]
    fn dep_and_ade_are_the_same_word_to_a_search() {
        let found = spellings("berlin dep token");
        assert_eq!(
            found,
            [
                "berlin dep token",
                "berlin ADE token",
                "berlin Automated Device Enrollment token",
                "berlin Device Enrollment Program token",
            ]
        );
        assert!(spellings("device enrollment program").contains(&"DEP".to_owned()));
        assert!(spellings("(ADE)").contains(&"(DEP)".to_owned()));
    }

    #[test]
    fn a_name_inside_a_word_is_no_name() {
        for text in ["Jade", "deploy", "deputy ladder", "", "é", "ADÉ"] {
            assert_eq!(spellings(text), [text]);
        }
    }
}
