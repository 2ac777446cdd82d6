//! What is allowed and worth a second look (R4, R11, R36, R40, R52, R53).

use mdm::skip_keys;

use crate::Platform;

use super::settings::mdm_platform;
use super::{Authentication, PairingMode, ProfileSettings};

/// Something that is allowed and does not do what one may expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The setting, under its name in Graph.
    pub setting: &'static str,
    /// What happens, and what to do.
    pub words: String,
    /// Where it is written.
    pub requirement: &'static str,
}

/// Every warning about these settings. `activated`: devices that were set up with this profile already.
pub fn warnings(platform: Platform, settings: &ProfileSettings, activated: u64) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut warn = |holds: bool, setting, words: &str, requirement| {
        if holds {
            found.push(Warning { setting, words: words.to_owned(), requirement });
        }
    };
    let s = settings;
    let ios = platform == Platform::Ios;
    let wipe = format!(
        "{activated} devices were set up with this profile; a change reaches each when it is wiped and set up anew \
         (the name template at its next check-in)"
    );
    warn(activated > 0, "id", &wipe, "R4, N19");
    warn(
        ios && !s.supervised_mode_enabled,
        "supervisedModeEnabled",
        "devices with iOS or iPadOS 13 and later are always supervised",
        "R11",
    );
    warn(
        s.hides_key("Passcode"),
        "passCodeDisabled",
        "nobody is asked for a passcode: require one by policy unless the devices are secured otherwise",
        "R53",
    );
    warn(
        s.authentication() == Authentication::SetupAssistant,
        "requiresUserAuthentication",
        "sign-in in Setup Assistant itself knows no second factor, no change of an expired or first password",
        "R36",
    );
    warn(
        s.enable_single_app_enrollment_mode,
        "enableSingleAppEnrollmentMode",
        "a second factor on the same device cannot be reached while the portal app is the only one",
        "R40",
    );
    warn(
        ios && s.itunes_pairing_mode == PairingMode::Disallow,
        "iTunesPairingMode",
        "the port only charges: neither Finder nor Apple Configurator can reach the devices",
        "R48",
    );
    warn(
        ios && s.device_name_template.is_some() && !s.supervised_mode_enabled,
        "deviceNameTemplate",
        "only supervised devices are named",
        "L62",
    );
    warn(
        s.hides_key("Android") && s.hides_key("Restore"),
        "restoreFromAndroidDisabled",
        "has an effect only while the Restore screen is shown",
        "R52",
    );
    warn(s.hides_key("SIMSetup"), "simSetupScreenDisabled", "an eSIM is not set up by itself", "R52");
    found.extend(of_screens(platform, s));
    found
}

fn of_screens(platform: Platform, settings: &ProfileSettings) -> Vec<Warning> {
    let bare = settings.screens_without_skip_key.iter().map(|property| Warning {
        setting: "screensWithoutSkipKey",
        words: format!("{property} is stored and not sent: Apple has no switch for this screen"),
        requirement: "R52",
    });
    let keys = settings.enabled_skip_keys.iter().filter_map(|key| {
        let Some(row) = skip_keys::find(key) else {
            return Some(format!(
                "{key} is not a skip key that Apple documents; it is sent, and devices may ignore it"
            ));
        };
        let Some(span) = row.on(mdm_platform(platform)) else {
            return Some(format!("{key} has no effect on {} and is not sent", platform.as_str()));
        };
        span.deprecated.map(|version| format!("{key} has no effect from version {version}"))
    });
    let keys = keys.map(|words| Warning { setting: "enabledSkipKeys", words, requirement: "R52" });
    bare.chain(keys).collect()
}
