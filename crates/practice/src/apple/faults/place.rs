//! Where a fault is.

use std::fmt;

/// Calls that can be named in a word, and their methods and paths.
const WORDS: &[(&str, &str)] = &[
    ("session", "GET /session"),
    ("account", "GET /account"),
    ("fetch", "POST /server/devices"),
    ("sync", "POST /devices/sync"),
    ("details", "POST /devices"),
    ("disown", "POST /devices/disown"),
    ("define", "POST /profile"),
    ("assign", "/profile/devices"),
    ("push", "POST /3/device"),
    ("activation", "POST /activation"),
];

/// Which calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Every call of every service.
    Everything,
    /// Those of the ADE service.
    Ade,
    /// Those to a path, by any method.
    Path(String),
    /// Those to a path by a method.
    Call(String, String),
}

impl Place {
    /// Reads `*`, `ade`, a word such as `sync`, a path, or a method and a path such as `POST /devices/sync`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = WORDS.iter().find(|(word, _)| *word == text).map_or(text, |(_, call)| call);
        let is_path = |path: &str| path.starts_with('/') && !path.contains(' ');
        match text.split_once(' ') {
            _ if text == "*" => Some(Self::Everything),
            _ if text == "ade" => Some(Self::Ade),
            None if is_path(text) => Some(Self::Path(text.to_owned())),
            Some((method, path)) if is_path(path) && method.bytes().all(|b| b.is_ascii_uppercase()) => {
                Some(Self::Call(method.to_owned(), path.to_owned()))
            }
            _ => None,
        }
    }

    /// The words that [`Self::parse`] knows beside paths.
    pub fn words() -> impl Iterator<Item = &'static str> {
        ["*", "ade"].into_iter().chain(WORDS.iter().map(|(word, _)| *word))
    }

    /// Whether it names one call.
    pub(super) const fn is_exact(&self) -> bool {
        matches!(self, Self::Path(_) | Self::Call(..))
    }

    /// Whether a call is among them.
    pub(super) fn holds(&self, method: &str, path: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Ade => !matches!(path, "/3/device" | "/activation"),
            Self::Path(wanted) => wanted == path,
            Self::Call(wanted, at) => at == path && (method.is_empty() || wanted == method),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("*"),
            Self::Ade => f.write_str("ade"),
            Self::Path(path) => f.write_str(path),
            Self::Call(method, path) => write!(f, "{method} {path}"),
        }
    }
}
