//! The keys, as Apple's documentation page "SkipKeys" (August 2026) and its schema `other/skipkeys.yaml` (up to release
//! 26) list them, and what Graph and Intune call them. Titles and help texts are our own.

use super::{Platform, SkipKey, Source, Span};

const fn key(key: &'static str, title: &'static str, help: &'static str) -> SkipKey {
    SkipKey {
        key,
        title,
        help,
        note: "",
        graph: &[],
        intune: "",
        source: Source::Both,
        not_always: &[],
        ios: None,
        mac_os: None,
        tv_os: None,
        vision_os: None,
    }
}

const fn since(introduced: &'static str) -> Option<Span> {
    Some(Span { introduced, deprecated: None })
}

const fn until(introduced: &'static str, deprecated: &'static str) -> Option<Span> {
    Some(Span { introduced, deprecated: Some(deprecated) })
}

/// Every key that Apple writes down, in the order of the alphabet.
pub const SKIP_KEYS: &[SkipKey] = &[
    SkipKey {
        mac_os: since("11"),
        graph: &["accessibilityScreenDisabled"],
        not_always: &[Platform::MacOs],
        ..key("Accessibility", "Accessibility", "offers VoiceOver, Zoom and other aids before setup goes on")
    },
    SkipKey {
        ios: since("17"),
        source: Source::Documentation,
        ..key(
            "AccessibilityAppearance",
            "Accessibility appearance",
            "offers larger text, more contrast and the like",
        )
    },
    SkipKey {
        ios: since("17"),
        ..key("ActionButton", "Action button", "lets the person choose what the Action button does")
    },
    SkipKey {
        mac_os: since("26"),
        source: Source::Schema,
        ..key("AdditionalPrivacySettings", "More privacy settings", "offers more settings of privacy")
    },
    SkipKey {
        ios: since("9"),
        graph: &["restoreFromAndroidDisabled"],
        intune: "iOS 9.0",
        note: "Has an effect only while Restore is shown.",
        ..key("Android", "Move from Android", "offers to bring data over from an Android device")
    },
    SkipKey {
        ios: since("13"),
        mac_os: since("10.14"),
        graph: &["appearanceScreenDisabled", "chooseYourLockScreenDisabled"],
        intune: "iOS 13.0, macOS 10.14",
        ..key("Appearance", "Appearance", "lets the person choose the light or the dark look")
    },
    SkipKey {
        ios: since("7"),
        mac_os: since("10.9"),
        tv_os: since("10.2"),
        vision_os: since("26"),
        graph: &["appleIdDisabled"],
        intune: "iOS 7.0, macOS 10.9",
        ..key(
            "AppleID",
            "Apple Account and iCloud",
            "lets the person sign in with an Apple Account and use iCloud",
        )
    },
    SkipKey {
        ios: since("14.3"),
        mac_os: since("11.1"),
        ..key("AppStore", "App Store", "tells about the App Store")
    },
    SkipKey {
        ios: since("8.1"),
        mac_os: since("10.12.4"),
        vision_os: since("26"),
        graph: &["touchIdDisabled"],
        intune: "iOS 8.1, macOS 10.12.4",
        ..key("Biometric", "Touch ID or Face ID", "offers to set up a fingerprint or the face")
    },
    SkipKey { ios: since("18"), ..key("CameraButton", "Camera Control", "explains the Camera Control") },
    SkipKey {
        ios: since("12.4"),
        graph: &["deviceToDeviceMigrationDisabled"],
        intune: "iOS 13.0",
        ..key(
            "DeviceToDeviceMigration",
            "Device to device migration",
            "offers to bring data over from an old device nearby",
        )
    },
    SkipKey {
        ios: since("7"),
        mac_os: since("10.9"),
        tv_os: since("10.2"),
        vision_os: since("26"),
        graph: &["diagnosticsDisabled"],
        intune: "iOS 7.0, macOS 10.9",
        ..key("Diagnostics", "Diagnostics", "asks whether to send diagnostic data to Apple")
    },
    SkipKey {
        ios: until("9.3.2", "15"),
        mac_os: until("10.13.6", "12"),
        graph: &["displayToneSetupDisabled"],
        intune: "iOS 9.3.2, macOS 10.13.6",
        ..key("DisplayTone", "True Tone", "offers to switch True Tone on")
    },
    SkipKey {
        ios: since("17.1"),
        mac_os: since("14"),
        note: "Has an effect only if an Apple Account is set up.",
        ..key("EnableLockdownMode", "Lockdown Mode", "offers to switch Lockdown Mode on")
    },
    SkipKey {
        mac_os: since("10.10"),
        graph: &["fileVaultDisabled", "macOSFileVaultDisabled"],
        intune: "macOS 10.10",
        ..key("FileVault", "FileVault", "offers to encrypt the disk")
    },
    SkipKey {
        ios: until("10", "15"),
        graph: &["homeButtonScreenDisabled"],
        ..key("HomeButtonSensitivity", "Home button", "lets the person choose how the Home button clicks")
    },
    SkipKey {
        mac_os: since("10.12.4"),
        graph: &["iCloudDiagnosticsDisabled"],
        intune: "macOS 10.12.4",
        ..key("iCloudDiagnostics", "iCloud analytics", "asks whether to send analytics of iCloud to Apple")
    },
    SkipKey {
        mac_os: since("10.13.4"),
        graph: &["iCloudStorageDisabled"],
        intune: "macOS 10.13.4",
        ..key(
            "iCloudStorage",
            "iCloud documents and desktop",
            "offers to keep documents and the desktop in iCloud",
        )
    },
    SkipKey {
        ios: since("12"),
        graph: &["iMessageAndFaceTimeScreenDisabled"],
        intune: "iOS 9.0",
        ..key("iMessageAndFaceTime", "iMessage and FaceTime", "offers to set up iMessage and FaceTime")
    },
    SkipKey {
        ios: since("18"),
        mac_os: since("15"),
        vision_os: since("26"),
        ..key("Intelligence", "Apple Intelligence", "offers to switch Apple Intelligence on")
    },
    SkipKey {
        ios: since("13"),
        not_always: &[Platform::Ios],
        ..key("Keyboard", "Keyboard", "lets the person choose keyboards")
    },
    SkipKey {
        ios: since("27"),
        mac_os: since("27"),
        source: Source::Documentation,
        ..key("LiquidGlass", "Liquid Glass", "lets the person choose how Liquid Glass looks")
    },
    SkipKey {
        ios: since("7"),
        mac_os: since("10.11"),
        tv_os: since("10.2"),
        vision_os: since("26"),
        graph: &["locationDisabled"],
        intune: "iOS 7.0, macOS 10.11",
        note: "Location Services stay off when it is skipped.",
        ..key("Location", "Location Services", "asks whether apps may know where the device is")
    },
    SkipKey {
        ios: since("10"),
        ..key(
            "MessagingActivationUsingPhoneNumber",
            "iMessage by telephone number",
            "activates iMessage with the telephone number, in some regions",
        )
    },
    SkipKey { ios: since("26"), ..key("Multitasking", "Multitasking", "explains how apps share the screen") },
    SkipKey {
        ios: until("11", "14"),
        graph: &["onBoardingScreenDisabled"],
        intune: "iOS 11.0",
        ..key("OnBoarding", "Onboarding", "explains gestures, Control Center and the like")
    },
    SkipKey {
        ios: since("26"),
        mac_os: since("26.1"),
        ..key("OSShowcase", "What is new", "shows what the system can do")
    },
    SkipKey {
        ios: since("7"),
        mac_os: since("10.9"),
        vision_os: since("26"),
        graph: &["passCodeDisabled"],
        intune: "iOS 7.0",
        note: "The device has no passcode when it is skipped: require one by policy, unless something else guards the device.",
        ..key("Passcode", "Passcode", "asks the person to set a passcode")
    },
    SkipKey {
        ios: since("8.1"),
        mac_os: since("10.12.4"),
        vision_os: since("26"),
        graph: &["applePayDisabled"],
        intune: "iOS 7.0, macOS 10.12.4",
        ..key("Payment", "Apple Pay", "offers to set up Apple Pay")
    },
    SkipKey {
        ios: since("11.3"),
        mac_os: since("10.13.4"),
        tv_os: since("11.3"),
        vision_os: since("26"),
        graph: &["privacyPaneDisabled"],
        intune: "iOS 11.3, macOS 10.13.4",
        ..key("Privacy", "Privacy", "tells how Apple handles data")
    },
    SkipKey {
        ios: since("7"),
        mac_os: since("10.9"),
        graph: &["restoreBlocked"],
        intune: "iOS 7.0, macOS 10.9",
        ..key("Restore", "Restore", "offers to restore a backup or bring data over")
    },
    SkipKey {
        ios: since("14"),
        graph: &["restoreCompletedScreenDisabled"],
        ..key("RestoreCompleted", "Restore completed", "says that the backup has been restored")
    },
    SkipKey { ios: since("16"), ..key("Safety", "Safety", "tells about emergency calls and the like") },
    SkipKey {
        ios: since("18.4"),
        not_always: &[Platform::Ios],
        ..key("SafetyAndHandling", "Safety and handling", "tells how to handle the device safely")
    },
    SkipKey { tv_os: since("10.2"), ..key("ScreenSaver", "Screen saver", "offers aerial screen savers") },
    SkipKey {
        ios: since("12"),
        mac_os: since("10.15"),
        vision_os: since("26"),
        graph: &["screenTimeScreenDisabled"],
        intune: "iOS 12.0, macOS 10.15",
        ..key("ScreenTime", "Screen Time", "offers to switch Screen Time on")
    },
    SkipKey {
        ios: since("12"),
        graph: &["simSetupScreenDisabled"],
        intune: "iOS 12.0",
        note: "An eSIM is not set up by itself when it is skipped.",
        ..key("SIMSetup", "SIM setup", "offers to add a cellular plan")
    },
    SkipKey {
        ios: since("7"),
        mac_os: since("10.12"),
        tv_os: since("10.2"),
        vision_os: since("26"),
        graph: &["siriDisabled"],
        intune: "iOS 7.0, macOS 10.12",
        ..key("Siri", "Siri", "offers to switch Siri on")
    },
    SkipKey {
        ios: since("12"),
        mac_os: since("15.4"),
        vision_os: since("26"),
        graph: &["softwareUpdateScreenDisabled"],
        intune: "iOS 12.0",
        ..key("SoftwareUpdate", "Software update", "lets the person choose how updates are installed")
    },
    SkipKey {
        ios: since("13"),
        not_always: &[Platform::Ios],
        ..key("SpokenLanguage", "Dictation", "lets the person choose languages for dictation")
    },
    SkipKey {
        ios: since("18"),
        tv_os: since("10.2"),
        not_always: &[Platform::TvOs],
        ..key("TapToSetup", "Tap to set up", "offers to take settings over from a device nearby")
    },
    SkipKey {
        ios: since("16"),
        mac_os: since("13"),
        not_always: &[Platform::Ios, Platform::MacOs],
        ..key("TermsOfAddress", "Terms of address", "asks how the system should address the person")
    },
    SkipKey { vision_os: since("26"), ..key("Tips", "Tips", "shows tips") },
    SkipKey {
        ios: since("7"),
        mac_os: since("10.9"),
        tv_os: since("10.2"),
        vision_os: since("26"),
        graph: &["termsAndConditionsDisabled"],
        intune: "iOS 7.0, macOS 10.9",
        ..key("TOS", "Terms and conditions", "asks the person to agree to Apple's terms")
    },
    SkipKey {
        tv_os: since("11"),
        ..key(
            "TVHomeScreenSync",
            "Home Screen on every Apple TV",
            "offers to keep the Home Screen the same on each Apple TV",
        )
    },
    SkipKey {
        tv_os: since("11"),
        ..key("TVProviderSignIn", "TV provider", "offers to sign in to a TV provider")
    },
    SkipKey { tv_os: since("11.4"), ..key("TVRoom", "Room", "asks which room the Apple TV is in") },
    SkipKey {
        mac_os: since("15"),
        graph: &["autoUnlockWithWatchDisabled"],
        intune: "macOS 12.0",
        ..key("UnlockWithWatch", "Unlock with Apple Watch", "offers to unlock the Mac with an Apple Watch")
    },
    SkipKey {
        ios: since("14"),
        mac_os: since("26.1"),
        graph: &["updateCompleteScreenDisabled"],
        ..key("UpdateCompleted", "Update completed", "says that the system has been updated")
    },
    SkipKey {
        mac_os: until("14.1", "26"),
        source: Source::Schema,
        ..key("Wallpaper", "Wallpaper", "lets the person choose a wallpaper")
    },
    SkipKey {
        ios: since("11"),
        graph: &["watchMigrationScreenDisabled"],
        intune: "iOS 11.0",
        ..key("WatchMigration", "Watch migration", "offers to bring an Apple Watch over")
    },
    SkipKey {
        ios: since("18.2"),
        source: Source::Schema,
        ..key("WebContentFiltering", "Web content filter", "offers to filter what the web shows")
    },
    SkipKey {
        ios: since("13"),
        mac_os: since("15"),
        vision_os: since("26"),
        graph: &["welcomeScreenDisabled"],
        ..key("Welcome", "Get started", "greets the person")
    },
    SkipKey {
        ios: until("8.3", "17"),
        vision_os: since("26"),
        graph: &["zoomDisabled"],
        intune: "iOS 8.3",
        ..key("Zoom", "Zoom", "offers to enlarge the display")
    },
];

/// Properties of Graph's enrolment profiles for panes that Apple has no key for: kept and shown, never sent.
pub const GRAPH_WITHOUT_KEY: &[(&str, &str)] = &[
    ("expressLanguageScreenDisabled", "Express Language"),
    ("preferredLanguageScreenDisabled", "Preferred Language"),
    ("registrationDisabled", "Registration"),
    ("macOSRegistrationDisabled", "Registration"),
];

/// Keys seen on devices or at other vendors that Apple does not write down. Passed on if somebody asks for them; never
/// offered, since the panes of language, region and Wi-Fi come before a device knows its profile.
pub const OBSERVED_ELSEWHERE: &[&str] = &[
    "AgeAssurance",
    "AgeBasedSafetySettings",
    "Avatar",
    "DeviceProtection",
    "ExpressLanguage",
    "IntendedUser",
    "Language",
    "PreferredLanguage",
    "Region",
    "Registration",
    "WiFi",
];
