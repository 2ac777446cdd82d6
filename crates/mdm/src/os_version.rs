//! Versions of Apple's systems.

use std::fmt;

/// A version such as `17.4.1`. Parts that are absent are 0; a supplement such as `(a)` is left aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OsVersion {
    /// `17`.
    pub major: u16,
    /// `4`.
    pub minor: u16,
    /// `1`.
    pub patch: u16,
}

impl OsVersion {
    /// Reads `17`, `17.4`, `17.4.1` or `17.4.1 (a)`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.trim().split([' ', '(']).next()?;
        let mut parts = number.split('.').map(|part| part.parse::<u16>());
        let major = parts.next()?.ok()?;
        let minor = parts.next().transpose().ok()?.unwrap_or(0);
        let patch = parts.next().transpose().ok()?.unwrap_or(0);
        parts.next().is_none().then_some(Self { major, minor, patch })
    }
}

impl fmt::Display for OsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 { write!(f, ".{}", self.patch) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
