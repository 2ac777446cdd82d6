//! What a profile may hold (R28, R40 to R50, the table of intune.md 1.12, N9 to N17, N33 to N36) and what Apple takes
//! (apple.md 1.8). Checked when a profile is saved, so that Apple never refuses one (lessons 19).

use std::collections::BTreeSet;

use crate::Platform;
use crate::name_template;

use super::{Authentication, PairingMode, Profile, ProfileSettings, settings_of};

/// Longest `profile_name` and `department`, in characters (apple.md 1.8).
const NAME_LEN_MAX: usize = 125;
/// Longest `support_phone_number` (apple.md 1.8).
const PHONE_LEN_MAX: usize = 50;
/// Longest `support_email_address` (apple.md 1.8).
const EMAIL_LEN_MAX: usize = 250;
/// Longest description; ours: a page of text.
const DESCRIPTION_LEN_MAX: usize = 4_096;
/// Longest URL (apple.md 1.8, `url`).
const URL_LEN_MAX: usize = 2_000;
/// Longest account name; macOS takes 255 bytes.
const ACCOUNT_LEN_MAX: usize = 255;
/// Skip keys a profile; Apple has about 60 in all.
const SKIP_KEYS_MAX: usize = 200;
/// Longest skip key; Apple's longest has 35 characters.
const SKIP_KEY_LEN_MAX: usize = 64;
/// Host certificates a profile (N17).
const CERTIFICATES_MAX: usize = 10;
/// Longest host certificate, base64.
const CERTIFICATE_LEN_MAX: usize = 16_384;
/// Cached users of a Shared iPad (R46).
const CACHED_USERS: std::ops::RangeInclusive<i32> = 1..=24;
/// Seconds after which a passcode is asked for (N12).
const GRACE_SECONDS: [i32; 6] = [0, 60, 300, 900, 3_600, 14_400];
/// Shortest session time-out other than never, in seconds (N13).
const SESSION_SECONDS_MIN: i32 = 30;
/// Longest hold of Setup Assistant that a profile may ask for: a day, in minutes. Longer, and a device is stuck.
const AWAIT_MINUTES_MAX: u32 = 24 * 60;

/// A rule that a profile breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The setting, under its name in Graph.
    pub setting: &'static str,
    /// The rule, reading on from the setting's name.
    pub words: String,
    /// Where the rule comes from.
    pub requirement: &'static str,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({})", self.setting, self.words, self.requirement)
    }
}

/// Every rule that these settings break on this platform. The settings are normalized:
/// see [`ProfileSettings::normalize`].
pub fn check(platform: Platform, settings: &ProfileSettings) -> Vec<Violation> {
    let mut rules = Rules { platform, settings, broken: Vec::new() };
    rules.texts();
    rules.of_platform();
    rules.users();
    rules.supervision();
    rules.shared_ipad();
    rules.pairing();
    rules.name_and_hold();
    rules.advance();
    rules.accounts();
    rules.skip_keys();
    rules.broken
}

/// Every rule that a change of a profile breaks, beyond [`check`]: what is fixed when it is made (R28, 1.12, N1).
pub fn check_change(old: &Profile, new: &ProfileSettings) -> Vec<Violation> {
    let mut broken = check(old.platform, new);
    let fixed = |setting, differs: bool| {
        differs.then(|| Violation {
            setting,
            words: "cannot be changed once a profile has been made; make another profile".into(),
            requirement: "1.12, N1",
        })
    };
    let was = &old.settings;
    broken.extend(fixed(
        "requiresUserAuthentication",
        was.requires_user_authentication != new.requires_user_authentication,
    ));
    broken.extend(fixed(
        "userlessSharedAadModeEnabled",
        was.userless_shared_aad_mode_enabled != new.userless_shared_aad_mode_enabled,
    ));
    broken
}

struct Rules<'s> {
    platform: Platform,
    settings: &'s ProfileSettings,
    broken: Vec<Violation>,
}

impl Rules<'_> {
    fn require(&mut self, holds: bool, setting: &'static str, words: &str, requirement: &'static str) {
        if !holds {
            self.broken.push(Violation { setting, words: words.to_owned(), requirement });
        }
    }

    fn length(
        &mut self,
        setting: &'static str,
        value: Option<&String>,
        most: usize,
        requirement: &'static str,
    ) {
        let fits = value.is_none_or(|text| (1..=most).contains(&text.chars().count()));
        self.require(fits, setting, &format!("takes 1 to {most} characters"), requirement);
        let plain = value.is_none_or(|text| !text.chars().any(char::is_control));
        self.require(plain, setting, "takes no control characters", requirement);
    }

    fn https(&mut self, setting: &'static str, value: Option<&String>, requirement: &'static str) {
        let is_url = |url: &String| {
            let host =
                url.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://")).and(url.get(8..));
            url.len() <= URL_LEN_MAX
                && url.bytes().all(|b| b.is_ascii_graphic())
                && host.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['))
        };
        self.require(
            value.is_none_or(is_url),
            setting,
            "takes an https address of at most 2,000 characters",
            requirement,
        );
    }

    fn texts(&mut self) {
        let settings = self.settings;
        self.length("displayName", Some(&settings.display_name), NAME_LEN_MAX, "R28");
        let fits = settings.description.chars().count() <= DESCRIPTION_LEN_MAX
            && !settings.description.contains('\0');
        self.require(fits, "description", "takes at most 4,096 characters", "R28");
        self.length("supportDepartment", settings.support_department.as_ref(), NAME_LEN_MAX, "R50");
        self.length("supportPhoneNumber", settings.support_phone_number.as_ref(), PHONE_LEN_MAX, "R50");
        self.length(
            "supportEmailAddress",
            settings.support_email_address.as_ref(),
            EMAIL_LEN_MAX,
            "apple.md 1.8",
        );
        self.https("carrierActivationUrl", settings.carrier_activation_url.as_ref(), "N16");
    }

    /// A setting that differs from its default must be one that the platform has.
    fn of_platform(&mut self) {
        let s = self.settings;
        let allowed: BTreeSet<&str> = settings_of(self.platform).collect();
        let set: [(&'static str, bool); 18] = [
            ("userlessSharedAadModeEnabled", s.userless_shared_aad_mode_enabled),
            ("companyPortalVppTokenId", s.company_portal_vpp_token_id.is_some()),
            ("enableSingleAppEnrollmentMode", s.enable_single_app_enrollment_mode),
            ("enableSharedIPad", s.enable_shared_ipad),
            ("sharedIPadMaximumUserCount", is_set(s.shared_ipad_maximum_user_count)),
            ("passcodeLockGracePeriodInSeconds", is_set(s.passcode_lock_grace_period_in_seconds)),
            ("forceTemporarySession", s.force_temporary_session),
            ("temporarySessionTimeoutInSeconds", is_set(s.temporary_session_timeout_in_seconds)),
            ("userSessionTimeoutInSeconds", is_set(s.user_session_timeout_in_seconds)),
            ("iTunesPairingMode", s.itunes_pairing_mode != PairingMode::Allow),
            ("managementCertificates", !s.management_certificates.is_empty()),
            ("carrierActivationUrl", s.carrier_activation_url.is_some()),
            ("autoAdvanceSetupEnabled", s.auto_advance_setup_enabled),
            ("language", s.language.is_some()),
            ("region", s.region.is_some()),
            ("requestRequiresNetworkTether", s.request_requires_network_tether),
            ("usePlatformSSODuringSetupAssistant", s.use_platform_sso_during_setup_assistant),
            ("accounts", s.accounts != super::MacAccounts::default()),
        ];
        let words = format!("is not a setting of {} profiles", self.platform.as_str());
        for (setting, is_set) in set {
            self.require(!is_set || allowed.contains(setting), setting, &words, "R28");
        }
    }

    fn users(&mut self) {
        let s = self.settings;
        let authentication = s.authentication();
        let affinity = s.requires_user_authentication;
        let needs = "needs user affinity (requiresUserAuthentication)";
        self.require(
            affinity || !s.enable_authentication_via_company_portal,
            "enableAuthenticationViaCompanyPortal",
            needs,
            "R35, 1.12",
        );
        self.require(affinity || !s.configuration_web_url, "configurationWebUrl", needs, "N2, 1.12");
        let install = s.require_company_portal_on_setup_assistant_enrolled_devices;
        self.require(
            affinity || !install,
            "requireCompanyPortalOnSetupAssistantEnrolledDevices",
            needs,
            "R39, 1.12",
        );
        self.require(
            !(s.userless_shared_aad_mode_enabled && affinity),
            "userlessSharedAadModeEnabled",
            "is an affinity of its own: not together with requiresUserAuthentication",
            "N1",
        );
        let portal = match authentication {
            Authentication::CompanyPortal | Authentication::Modern => true,
            Authentication::SetupAssistant => install,
            Authentication::None | Authentication::SharedMode => false,
        };
        self.require(
            portal || s.company_portal_vpp_token_id.is_none(),
            "companyPortalVppTokenId",
            "needs sign-in in the portal app or on the web, or the portal app installed after Setup Assistant",
            "R38, R39, 1.12",
        );
        self.require(
            s.company_portal_vpp_token_id.is_some() || !s.enable_single_app_enrollment_mode,
            "enableSingleAppEnrollmentMode",
            "needs the portal app installed with Apps and Books (companyPortalVppTokenId)",
            "R40, 1.12",
        );
        let sso = s.use_platform_sso_during_setup_assistant && s.configuration_web_url;
        self.require(
            !sso,
            "usePlatformSSODuringSetupAssistant",
            "does not go together with configurationWebUrl",
            "N35",
        );
    }

    fn supervision(&mut self) {
        let s = self.settings;
        let always = matches!(self.platform, Platform::TvOs | Platform::VisionOs);
        self.require(
            always || s.supervised_mode_enabled || !s.profile_removal_disabled,
            "profileRemovalDisabled",
            "(locked enrollment) needs supervisedModeEnabled; Apple answers FLAGS_INVALID otherwise",
            "R42, 1.12",
        );
    }

    fn shared_ipad(&mut self) {
        let s = self.settings;
        if !s.enable_shared_ipad {
            return self.shared_ipad_only();
        }
        self.require(
            s.supervised_mode_enabled,
            "enableSharedIPad",
            "needs supervisedModeEnabled",
            "R45, 1.12",
        );
        self.require(
            !s.has_user_affinity(),
            "enableSharedIPad",
            "needs a profile without user affinity",
            "R45, 1.12",
        );
        if !s.force_temporary_session {
            let fits = s.shared_ipad_maximum_user_count.is_some_and(|count| CACHED_USERS.contains(&count));
            self.require(
                fits,
                "sharedIPadMaximumUserCount",
                "is required with a Shared iPad, 1 to 24",
                "R46, 1.12",
            );
            let grace =
                s.passcode_lock_grace_period_in_seconds.is_none_or(|grace| GRACE_SECONDS.contains(&grace));
            self.require(
                grace,
                "passcodeLockGracePeriodInSeconds",
                "takes 0, 60, 300, 900, 3600 or 14400 seconds",
                "N12",
            );
        }
        for (setting, seconds) in [
            ("userSessionTimeoutInSeconds", s.user_session_timeout_in_seconds),
            ("temporarySessionTimeoutInSeconds", s.temporary_session_timeout_in_seconds),
        ] {
            let fits = seconds.is_none_or(|seconds| seconds == 0 || seconds >= SESSION_SECONDS_MIN);
            self.require(fits, setting, "takes 0 (never) or at least 30 seconds", "N13, N14");
        }
    }

    /// Clients send 0 for what they leave open, so that 0 is no setting here.
    fn shared_ipad_only(&mut self) {
        let s = self.settings;
        for (setting, set) in [
            ("sharedIPadMaximumUserCount", is_set(s.shared_ipad_maximum_user_count)),
            ("passcodeLockGracePeriodInSeconds", is_set(s.passcode_lock_grace_period_in_seconds)),
            ("forceTemporarySession", s.force_temporary_session),
            ("temporarySessionTimeoutInSeconds", is_set(s.temporary_session_timeout_in_seconds)),
            ("userSessionTimeoutInSeconds", is_set(s.user_session_timeout_in_seconds)),
        ] {
            self.require(!set, setting, "is a setting of a Shared iPad (enableSharedIPad)", "R46, 1.12");
        }
    }

    fn pairing(&mut self) {
        let s = self.settings;
        let count = s.management_certificates.len();
        if s.itunes_pairing_mode == PairingMode::RequiresCertificate {
            self.require(
                (1..=CERTIFICATES_MAX).contains(&count),
                "managementCertificates",
                "takes 1 to 10 certificates when computers pair by certificate",
                "R48, N17, 1.12",
            );
        } else {
            let words = "need iTunesPairingMode requiresCertificate";
            self.require(count == 0, "managementCertificates", words, "R48, 1.12");
        }
        let held = s.management_certificates.iter().all(|host| {
            (1..=CERTIFICATE_LEN_MAX).contains(&host.certificate.len())
                && host.certificate.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
        });
        self.require(held, "managementCertificates", "take certificates as base64 of DER", "R48");
    }

    fn name_and_hold(&mut self) {
        let s = self.settings;
        if let Some(Err(error)) = s.device_name_template.as_deref().map(name_template::check) {
            self.require(false, "deviceNameTemplate", &error.to_string(), "R49, L62");
        }
        let fits = s.await_deadline_minutes.is_none_or(|minutes| (1..=AWAIT_MINUTES_MAX).contains(&minutes));
        self.require(fits, "awaitDeadlineMinutes", "takes 1 to 1440 minutes", "N11");
    }

    fn advance(&mut self) {
        let s = self.settings;
        let letters = |text: &String, lengths: std::ops::RangeInclusive<usize>, lower: bool| {
            let cased = |b: u8| if lower { b.is_ascii_lowercase() } else { b.is_ascii_uppercase() };
            lengths.contains(&text.len()) && text.bytes().all(cased)
        };
        let language = s.language.as_ref().is_none_or(|text| {
            let (base, script) = text.split_once('-').unwrap_or((text, "Hans"));
            letters(&base.to_owned(), 2..=3, true)
                && script.len() <= 8
                && script.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        self.require(language, "language", "takes an ISO 639 code such as de", "apple.md 1.8");
        let region = s.region.as_ref().is_none_or(|text| letters(text, 2..=2, false));
        self.require(region, "region", "takes an ISO 3166-1 code in upper case such as DE", "apple.md 1.8");
    }

    fn accounts(&mut self) {
        let a = &self.settings.accounts;
        for (setting, text) in [
            ("adminAccountUserName", &a.admin_account_user_name),
            ("adminAccountFullName", &a.admin_account_full_name),
            ("primaryAccountUserName", &a.primary_account_user_name),
            ("primaryAccountFullName", &a.primary_account_full_name),
        ] {
            self.length(setting, text.as_ref(), ACCOUNT_LEN_MAX, "N33, N34");
        }
        let named = a.admin_account_user_name.is_some() || a.admin_account_full_name.is_none();
        self.require(named, "adminAccountUserName", "is required with adminAccountFullName", "N34");
        for (setting, set) in [
            ("skipPrimarySetupAccountCreation", a.skip_primary_setup_account_creation),
            ("setPrimarySetupAccountAsRegularUser", a.set_primary_setup_account_as_regular_user),
        ] {
            let words = "needs adminAccountUserName: nobody could administer the Mac otherwise";
            self.require(!set || a.admin_account_user_name.is_some(), setting, words, "N34, apple.md 3.7");
        }
        let days = a.auto_rotation_period_in_days.is_none_or(|days| (1..=180).contains(&days));
        self.require(days, "autoRotationPeriodInDays", "takes 1 to 180 days", "N34");
        let hours =
            a.on_retrieval_delay_auto_rotate_password_in_hours.is_none_or(|hours| (1..=24).contains(&hours));
        self.require(hours, "onRetrievalDelayAutoRotatePasswordInHours", "takes 1 to 24 hours", "N34");
        let differ =
            a.admin_account_user_name.is_none() || a.admin_account_user_name != a.primary_account_user_name;
        self.require(differ, "primaryAccountUserName", "must differ from adminAccountUserName", "N33");
    }

    fn skip_keys(&mut self) {
        let s = self.settings;
        self.require(
            s.enabled_skip_keys.len() <= SKIP_KEYS_MAX,
            "enabledSkipKeys",
            "takes at most 200 keys",
            "R51",
        );
        let words = |key: &String| {
            (1..=SKIP_KEY_LEN_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        let plain = s.enabled_skip_keys.iter().all(words);
        self.require(plain, "enabledSkipKeys", "takes Apple's skip keys: letters and digits", "R51");
    }
}

/// Clients send 0 for a number that they leave open (intune.md 4.3).
fn is_set(number: Option<i32>) -> bool {
    number.is_some_and(|number| number != 0)
}
