//! Operating systems: versions, builds, and when something came and went.

use std::fmt;
use std::str::FromStr;

use crate::apple::catalogue::Family;

/// A version such as `26.0` or `17.4.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// `17` of `17.4.1`.
    pub major: u16,
    /// `4` of `17.4.1`.
    pub minor: u16,
    /// `1` of `17.4.1`.
    pub patch: u16,
}

impl Version {
    /// A version by its first two numbers.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor, patch: 0 }
    }
}

/// Text that is no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the text as a version, such as 26.0 or 17.4.1")]
pub struct NoVersion;

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let mut numbers = [0; 3];
        let mut parts = text.trim().split('.');
        for number in &mut numbers {
            let Some(part) = parts.next() else { break };
            *number = part.parse().map_err(|_| NoVersion)?;
        }
        let [major, minor, patch] = numbers;
        if parts.next().is_some() { Err(NoVersion) } else { Ok(Self { major, minor, patch }) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 { write!(f, ".{}", self.patch) } else { Ok(()) }
    }
}

/// A column of the tables: iPhones and iPads share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Platform {
    Ios,
    Mac,
    Tv,
    Vision,
}

/// What a device runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Os {
    /// Of which family it is.
    pub family: Family,
    /// In which version.
    pub version: Version,
}

impl Os {
    /// What devices of the family leave the factory with today.
    pub const fn newest(family: Family) -> Self {
        Self { family, version: Version::new(26, 0) }
    }

    /// The name on the box.
    pub const fn name(self) -> &'static str {
        match self.family {
            Family::IPhone => "iOS",
            Family::IPad if self.version.major >= 13 => "iPadOS",
            Family::IPad => "iOS",
            Family::Mac => "macOS",
            Family::AppleTv => "tvOS",
            Family::Vision => "visionOS",
        }
    }

    /// A build number in Apple's shape, such as `22B83`. The last digits are made up.
    pub fn build(self) -> String {
        let Version { major, minor, patch } = self.version;
        let line = match (self.platform(), major) {
            (Platform::Mac, 10) => minor + 4,
            (Platform::Mac, 11..=15) => major + 9,
            (Platform::Mac, _) => major.saturating_sub(1),
            (Platform::Vision, ..=25) => major + 20,
            (_, 26..) => major - 3,
            _ => major + 4,
        };
        let letter = match self.platform() {
            Platform::Tv => 'J',
            Platform::Vision => 'M',
            Platform::Mac if major == 10 => 'A',
            Platform::Ios | Platform::Mac => char::from(b'A' + u8::try_from(minor.min(25)).unwrap_or(0)),
        };
        format!("{line}{letter}{}", 83 + patch)
    }

    pub(super) const fn platform(self) -> Platform {
        match self.family {
            Family::IPhone | Family::IPad => Platform::Ios,
            Family::Mac => Platform::Mac,
            Family::AppleTv => Platform::Tv,
            Family::Vision => Platform::Vision,
        }
    }

    /// Whether the version is at least the one for its platform; `None` stands for never.
    pub(super) fn since(self, span: &Availability) -> bool {
        let [ios, mac, tv, vision] = span.0;
        let span = match self.platform() {
            Platform::Ios => ios,
            Platform::Mac => mac,
            Platform::Tv => tv,
            Platform::Vision => vision,
        };
        span.is_some_and(|(first, gone)| first <= self.version && gone.is_none_or(|gone| self.version < gone))
    }

    /// Whether it is iOS or iPadOS of at least that version.
    pub(super) fn is_ios(self, major: u16, minor: u16) -> bool {
        self.platform() == Platform::Ios && self.version >= Version::new(major, minor)
    }

    /// Whether it is macOS of at least that version.
    pub(super) fn is_mac(self, major: u16, minor: u16) -> bool {
        self.platform() == Platform::Mac && self.version >= Version::new(major, minor)
    }
}

impl fmt::Display for Os {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.version)
    }
}

type Span = Option<(Version, Option<Version>)>;

/// When something is there: for iOS and iPadOS, macOS, tvOS and visionOS, the first version, and the first without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Availability([Span; 4]);

impl Availability {
    /// Reads four cells of a table: `-`, `9.3.2` or `9.3.2..15`.
    pub(super) fn read(cells: [&str; 4]) -> Result<Self, NoVersion> {
        let [ios, mac, tv, vision] = cells.map(span);
        Ok(Self([ios?, mac?, tv?, vision?]))
    }
}

fn span(cell: &str) -> Result<Span, NoVersion> {
    if cell == "-" {
        return Ok(None);
    }
    Ok(Some(match cell.split_once("..") {
        Some((first, gone)) => (first.parse()?, Some(gone.parse()?)),
        None => (cell.parse()?, None),
    }))
}

/// The rows of a table in this folder: cells parted by tabs, comments begin with `#`.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

#[cfg(test)]
mod tests;
