//! What can go wrong when Apple's words are read or written.

/// The longest text of a stranger that an error keeps, in characters: enough to recognise it, too little to flood a log.
const MAX_WORDS: usize = 200;

/// Why Apple's words could not be read or written. The texts read on from "failed to ...".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The input is larger than the caller allows.
    #[error("read a body of more than {limit} bytes")]
    TooLarge {
        /// The most bytes that are read.
        limit: usize,
    },
    /// Elements are nested deeper than any honest property list.
    #[error("read a property list nested deeper than {limit}")]
    TooDeep {
        /// The deepest nesting that is read.
        limit: usize,
    },
    /// More elements than any honest property list has.
    #[error("read a property list of more than {limit} elements")]
    TooManyElements {
        /// The most elements that are read.
        limit: usize,
    },
    /// A binary property list, which no device endpoint takes.
    #[error("read a binary property list")]
    Binary,
    /// Markup that the parser would drop without a word, or that no property list needs.
    #[error("read a property list with {0}")]
    Forbidden(&'static str),
    /// Not a well-formed property list or JSON; carries the parser's words.
    #[error("read a malformed document: {0}")]
    Malformed(String),
    /// The root of a property list is not a dictionary.
    #[error("read a property list whose root is no dictionary")]
    NotADictionary,
    /// A required key is absent or empty.
    #[error("find the key {0}")]
    Missing(&'static str),
    /// A key has another type than Apple documents.
    #[error("read the key {0}, which has another type")]
    WrongType(&'static str),
    /// A value is longer than its limit.
    #[error("read the key {key}, which is longer than {limit}")]
    TooLong {
        /// The key.
        key: &'static str,
        /// The most bytes that are read.
        limit: usize,
    },
    /// Neither a check-in message (`MessageType`) nor an answer to a command (`Status`).
    #[error("tell a check-in message from an answer to a command")]
    UnknownMessage,
    /// A value that XML cannot carry, such as a control character in a text.
    #[error("write a value that XML cannot carry")]
    Unwritable,
}

/// A stranger's text, printable and of at most 200 characters, so that it can be kept in an error or a log.
pub(crate) fn printable(words: &str) -> String {
    words.trim().chars().take(MAX_WORDS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
