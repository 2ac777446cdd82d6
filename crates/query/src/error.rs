//! What can be wrong with a query, in words that an administrator can act on.

/// Why a query was refused. Each text reads on from "failed to ...".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text of an option does not follow its grammar. The position counts characters of the decoded value from 1.
    #[error("read {option}: at character {position}, expected {expected}, found {found}")]
    Syntax {
        /// The option, such as `$filter`.
        option: String,
        /// Where, in characters from 1.
        position: usize,
        /// What could have stood there.
        expected: String,
        /// What stood there, shortened.
        found: String,
    },
    /// A limit of this crate is exceeded.
    #[error("read {part}: it has more than {limit} {what}")]
    Limit {
        /// The option, or `the query` as a whole.
        part: String,
        /// What is counted.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// An option is given twice, with or without its `$`.
    #[error("read the query: {option} is given twice")]
    Duplicate {
        /// The option.
        option: String,
    },
    /// An option that begins with `$` and is not answered here.
    #[error("read the query: {option} is not an option this server knows")]
    UnknownOption {
        /// The option as given, shortened.
        option: String,
    },
    /// An option's value is not of its type.
    #[error("read {option}: '{value}' is not {expected}")]
    Value {
        /// The option.
        option: String,
        /// The value as given, shortened.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Percent-encoding does not decode to UTF-8, or to text with a NUL character.
    #[error("read {part}: once decoded it is not text")]
    Encoding {
        /// The option or path segment.
        part: String,
    },
    /// The type has no such property, in any spelling.
    #[error("find a property named '{name}' on type '{entity}'")]
    UnknownProperty {
        /// The name as given, shortened.
        name: String,
        /// The type that was searched.
        entity: String,
    },
    /// No such type, or none that derives from the one asked.
    #[error("find a type named '{name}' among those of '{entity}'")]
    UnknownType {
        /// The name as given, shortened.
        name: String,
        /// The type that was searched.
        entity: String,
    },
    /// The property exists and is not offered for this use.
    #[error("use property '{name}' in {option}: it is not offered there")]
    NotOffered {
        /// The property's canonical name.
        name: String,
        /// The option.
        option: &'static str,
    },
    /// Two sides of a comparison, or a function and its argument, do not go together.
    #[error("read $filter: '{part}' {why}")]
    Mismatch {
        /// The part of the filter, in canonical text, shortened.
        part: String,
        /// What is wrong with it.
        why: String,
    },
    /// The columns offered cannot answer this; it can be answered over rows in memory.
    #[error("answer '{part}' from the database: {why}")]
    NotInSql {
        /// The property or part of the filter.
        part: String,
        /// What is missing.
        why: &'static str,
    },
    /// A skip token was not made by this server, or for another query.
    #[error("continue the list: the skip token {why}; start again from the first page")]
    SkipToken {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A URL path segment does not follow its grammar.
    #[error("read the path segment '{segment}': {why}")]
    Segment {
        /// The segment, shortened.
        segment: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Characters of outside text that an error repeats.
const ECHO: usize = 60;

/// Outside text cut short for an error message, so that a long query does not become a long log line.
pub(crate) fn short(text: &str) -> String {
    match text.char_indices().nth(ECHO) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
