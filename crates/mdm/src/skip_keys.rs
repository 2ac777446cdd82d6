//! The panes of Setup Assistant that can be skipped: `skip_setup_items` of an enrolment profile at Apple.
//!
//! A key that is not in the table may still be sent: devices ignore what they do not know, and Apple adds keys each
//! year. The table says what people are offered and what is worth a word of warning.

mod table;

use crate::OsVersion;
pub use table::{GRAPH_WITHOUT_KEY, OBSERVED_ELSEWHERE, SKIP_KEYS};

/// A platform of Apple's table of keys. iPadOS is iOS here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Platform {
    /// iPhone and iPad.
    Ios,
    /// Mac.
    MacOs,
    /// Apple TV.
    TvOs,
    /// Apple Vision.
    VisionOs,
}

/// Where Apple writes a key down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// On the documentation page and in the schema.
    Both,
    /// On the documentation page only.
    Documentation,
    /// In the schema only (`other/skipkeys.yaml`).
    Schema,
}

/// From which version a key has an effect, and from which it has none any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first version with the pane.
    pub introduced: &'static str,
    /// The first version in which Apple calls the key deprecated or removed. It does no harm there.
    pub deprecated: Option<&'static str>,
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkipKey {
    /// Apple's word, as it is sent.
    pub key: &'static str,
    /// What people call the pane.
    pub title: &'static str,
    /// What happens on the device when the pane is shown.
    pub help: &'static str,
    /// What is worth knowing before skipping it; empty if nothing is.
    pub note: &'static str,
    /// The Boolean properties of Graph's enrolment profiles that stand for it; empty if it is only to be had by
    /// `enabledSkipKeys`.
    pub graph: &'static [&'static str],
    /// From which versions Intune says that the pane exists; empty if it does not say. For help texts only: what is
    /// sent goes by Apple's versions.
    pub intune: &'static str,
    /// Where Apple writes it down.
    pub source: Source,
    /// Platforms on which the pane is not always skipped.
    pub not_always: &'static [Platform],
    ios: Option<Span>,
    mac_os: Option<Span>,
    tv_os: Option<Span>,
    vision_os: Option<Span>,
}

impl SkipKey {
    /// Where the key has an effect on a platform; `None` if it has none.
    pub const fn on(&self, platform: Platform) -> Option<Span> {
        match platform {
            Platform::Ios => self.ios,
            Platform::MacOs => self.mac_os,
            Platform::TvOs => self.tv_os,
            Platform::VisionOs => self.vision_os,
        }
    }
}

/// Whether skipping a pane has an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applies {
    /// The device skips the pane.
    Yes,
    /// The device is too old to have the pane.
    NotBefore(&'static str),
    /// The pane is gone from the device's version.
    DeprecatedFrom(&'static str),
    /// The platform has no such pane.
    NotOnPlatform,
    /// We do not know the key; it is passed on all the same.
    Unknown,
}

/// Finds a key, in any case: Intune's settings catalogue writes them in lower case.
pub fn find(key: &str) -> Option<&'static SkipKey> {
    SKIP_KEYS.iter().find(|row| row.key.eq_ignore_ascii_case(key))
}

/// Finds the key that a Boolean property of Graph stands for.
pub fn find_by_graph(property: &str) -> Option<&'static SkipKey> {
    SKIP_KEYS.iter().find(|row| row.graph.contains(&property))
}

/// The keys that a platform has, in the table's order.
pub fn on_platform(platform: Platform) -> impl Iterator<Item = &'static SkipKey> {
    SKIP_KEYS.iter().filter(move |row| row.on(platform).is_some())
}

/// Whether a key has an effect on a platform, and in a version if there is one.
pub fn applies(key: &str, platform: Platform, os: Option<OsVersion>) -> Applies {
    let Some(row) = find(key) else { return Applies::Unknown };
    let Some(span) = row.on(platform) else { return Applies::NotOnPlatform };
    let reached = |version: &str| OsVersion::parse(version).is_none_or(|version| os >= Some(version));
    match (os, span.deprecated) {
        (None, _) => Applies::Yes,
        (Some(_), _) if !reached(span.introduced) => Applies::NotBefore(span.introduced),
        (Some(_), Some(deprecated)) if reached(deprecated) => Applies::DeprecatedFrom(deprecated),
        _ => Applies::Yes,
    }
}

#[cfg(test)]
mod tests;
