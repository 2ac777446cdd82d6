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

/// Paths without a word. Every path that a service has is here or above: a plan for another would wait for ever.
const MORE_PATHS: &[&str] = &[
    "/device/activationlock",
    "/device/replacementDetails",
    "/account-driven-enrollment/profile",
    "/os-beta-enrollment/tokens",
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
    /// Reads `*`, `ade`, a word such as `sync`, a path, or a method and a path such as `POST /devices/sync`. The path must
    /// be one that a service has.
    pub fn parse(text: &str) -> Option<Self> {
        let text = WORDS.iter().find(|(word, _)| *word == text).map_or(text, |(_, call)| call);
        let is_path = |path: &str| Self::paths().any(|known| known == path);
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

    /// The paths of the services.
    pub fn paths() -> impl Iterator<Item = &'static str> {
        let of_words = WORDS.iter().map(|(_, call)| call.split_once(' ').map_or(*call, |(_, path)| path));
        of_words.chain(MORE_PATHS.iter().copied())
    }

    /// Whether some call is of both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everything, _) | (_, Self::Everything) | (Self::Ade, Self::Ade) => true,
            (Self::Ade, Self::Path(path) | Self::Call(_, path))
            | (Self::Path(path) | Self::Call(_, path), Self::Ade) => Self::Ade.holds("", path),
            (Self::Path(one), Self::Path(two) | Self::Call(_, two))
            | (Self::Call(_, one), Self::Path(two)) => one == two,
            (Self::Call(..), Self::Call(..)) => self == other,
        }
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
