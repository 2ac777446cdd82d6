//! Apple's platforms as enrollment profiles know them.

use serde::{Deserialize, Serialize};

/// The platform of an enrollment profile. iPadOS is iOS here, as in Graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Platform {
    /// iPhone, iPad, iPod touch.
    #[serde(rename = "ios")]
    Ios,
    /// Mac.
    #[serde(rename = "macOS")]
    MacOs,
    /// Apple TV.
    #[serde(rename = "tvOS")]
    TvOs,
    /// Apple Vision.
    #[serde(rename = "visionOS")]
    VisionOs,
}

impl Platform {
    /// Every platform, in the order people list them.
    pub const ALL: [Platform; 4] = [Platform::Ios, Platform::MacOs, Platform::TvOs, Platform::VisionOs];

    /// Graph's word (`platform` enum): `ios`, `macOS`, `tvOS`, `visionOS`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Platform::Ios => "ios",
            Platform::MacOs => "macOS",
            Platform::TvOs => "tvOS",
            Platform::VisionOs => "visionOS",
        }
    }

    /// Reads Graph's word in any case.
    pub fn from_graph(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str().eq_ignore_ascii_case(word))
    }

    /// From Apple's `device_family` (apple.md 1.4); a family that we do not know has none.
    pub fn from_family(family: &str) -> Option<Self> {
        match family.to_ascii_lowercase().as_str() {
            "iphone" | "ipad" | "ipod" => Some(Platform::Ios),
            "mac" => Some(Platform::MacOs),
            "appletv" => Some(Platform::TvOs),
            "vision" => Some(Platform::VisionOs),
            _ => None,
        }
    }
}
