//! A profile as Apple takes it (apple.md 1.8; the map is intune.md 4.7).

use mdm::{ade, skip_keys};

use crate::Platform;

use super::settings::mdm_platform;
use super::{Authentication, PairingMode, Profile};

/// What a profile at Apple holds that is not the administrator's to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodeContext {
    /// Where the device asks for its enrolment profile; https. It holds a secret: it must not be logged.
    pub url: String,
    /// The page on which people sign in; none: this server has none yet, so that devices go to `url`.
    pub web_url: Option<String>,
    /// DER certificates that vouch for the host, as base64.
    pub anchor_certs: Vec<String>,
    /// `org_magic`: the same for all profiles of a token.
    pub org_magic: String,
}

impl Profile {
    /// Apple's profile. Equal settings and context make equal profiles, so that its hash tells whether Apple has it.
    pub fn encode(&self, context: EncodeContext) -> ade::Profile {
        let s = &self.settings;
        let modern = s.authentication() == Authentication::Modern;
        let by_certificate = s.itunes_pairing_mode == PairingMode::RequiresCertificate;
        let hosts =
            s.management_certificates.iter().filter(|_| by_certificate).map(|host| host.certificate.clone());
        let on = |platforms: &[Platform], value: bool| platforms.contains(&self.platform).then_some(value);
        let locale = |value: &Option<String>| value.clone().filter(|_| has_locale(self.platform));
        ade::Profile {
            profile_uuid: None,
            profile_name: s.display_name.clone(),
            url: context.url,
            configuration_web_url: context.web_url.filter(|_| modern),
            anchor_certs: context.anchor_certs,
            supervising_host_certs: hosts.collect(),
            allow_pairing: on(&[Platform::Ios], s.itunes_pairing_mode == PairingMode::Allow),
            is_supervised: Some(self.is_supervised()),
            is_mandatory: Some(self.is_mandatory()),
            is_mdm_removable: !s.profile_removal_disabled,
            await_device_configured: Some(self.holds_setup_assistant()),
            auto_advance_setup: on(&[Platform::MacOs, Platform::TvOs], s.auto_advance_setup_enabled),
            is_multi_user: on(&[Platform::Ios], s.enable_shared_ipad),
            is_return_to_service: None,
            do_not_use_profile_from_backup: None,
            skip_setup_items: self.skip_setup_items(),
            language: locale(&s.language),
            region: locale(&s.region),
            department: s.support_department.clone(),
            support_phone_number: s.support_phone_number.clone(),
            support_email_address: s.support_email_address.clone(),
            org_magic: context.org_magic,
            devices: Vec::new(),
        }
    }

    /// Supervised: chosen, or the only way on the platform (R11).
    pub fn is_supervised(&self) -> bool {
        self.settings.supervised_mode_enabled || matches!(self.platform, Platform::TvOs | Platform::VisionOs)
    }

    /// Mandatory: chosen, or because nobody is there who could leave it out (N36).
    pub fn is_mandatory(&self) -> bool {
        let nobody = self.settings.auto_advance_setup_enabled || !self.settings.has_user_affinity();
        self.settings.is_mandatory || (self.platform == Platform::MacOs && nobody)
    }

    /// Whether Setup Assistant waits for us: chosen (N9), always for a Shared iPad, whose users are set up before it is
    /// released, and for a Mac with accounts (N10).
    pub fn holds_setup_assistant(&self) -> bool {
        let s = &self.settings;
        let accounts = s.accounts.admin_account_user_name.is_some()
            || s.accounts.primary_account_user_name.is_some()
            || s.accounts.skip_primary_setup_account_creation
            || s.accounts.set_primary_setup_account_as_regular_user;
        s.await_device_configured_confirmation || s.enable_shared_ipad || accounts
    }

    /// Hidden screens: every key that the platform has, and every key that we do not know, since Apple adds some each
    /// year. A screen without a key is never sent (R52).
    fn skip_setup_items(&self) -> Vec<String> {
        let here = |key: &&String| {
            skip_keys::applies(key, mdm_platform(self.platform), None) != skip_keys::Applies::NotOnPlatform
        };
        self.settings.enabled_skip_keys.iter().filter(here).cloned().collect()
    }
}

fn has_locale(platform: Platform) -> bool {
    matches!(platform, Platform::MacOs | Platform::TvOs)
}
