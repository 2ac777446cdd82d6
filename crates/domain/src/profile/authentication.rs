//! How the people of a profile's devices sign in (R32 to R36, N1, N2; the precedence is intune.md 7).

use super::ProfileSettings;

/// How people sign in while a device is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// Nobody signs in: without user affinity.
    None,
    /// Shared mode of the directory (N1).
    SharedMode,
    /// On a web page in Setup Assistant (N2).
    Modern,
    /// In the portal app after Setup Assistant (R35).
    CompanyPortal,
    /// In Setup Assistant itself, the old way (R36).
    SetupAssistant,
}

impl ProfileSettings {
    /// How people sign in: the web page goes before the portal app, and that before Setup Assistant.
    pub fn authentication(&self) -> Authentication {
        if self.userless_shared_aad_mode_enabled {
            Authentication::SharedMode
        } else if !self.requires_user_authentication {
            Authentication::None
        } else if self.configuration_web_url {
            Authentication::Modern
        } else if self.enable_authentication_via_company_portal {
            Authentication::CompanyPortal
        } else {
            Authentication::SetupAssistant
        }
    }

    /// Whether a device is for one person (R32).
    pub fn has_user_affinity(&self) -> bool {
        self.requires_user_authentication && !self.userless_shared_aad_mode_enabled
    }
}
