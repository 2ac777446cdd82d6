use std::collections::BTreeSet;

use proptest::prelude::*;
use rstest::rstest;

use super::*;

const NOW: Time = Time::from_unix(1_800_000_000);

fn good() -> ProfileSettings {
    ProfileSettings {
        display_name: "Sales".into(),
        supervised_mode_enabled: true,
        ..ProfileSettings::default()
    }
}

fn profile(platform: Platform, settings: ProfileSettings) -> Profile {
    Profile {
        tenant: "default".parse().unwrap(),
        token: "t1".parse().unwrap(),
        id: "p1".parse().unwrap(),
        version: 1,
        platform,
        settings,
        created_at: NOW,
        modified_at: NOW,
    }
}

fn context() -> EncodeContext {
    EncodeContext {
        url: "https://mdm.example.org/t/default/enroll/secret".into(),
        web_url: Some("https://mdm.example.org/sign-in".into()),
        anchor_certs: vec!["QUJD".into()],
        org_magic: "t1".into(),
    }
}

fn broken(platform: Platform, change: impl FnOnce(&mut ProfileSettings)) -> Vec<&'static str> {
    let mut settings = good();
    change(&mut settings);
    check(platform, &settings).into_iter().map(|violation| violation.setting).collect()
}

type S = ProfileSettings;
type Change = fn(&mut S);

fn certificate() -> ManagementCertificate {
    ManagementCertificate { thumbprint: "AB".into(), certificate: "MIIB".into() }
}

/// The table of intune.md 1.12, Apple's limits, and what came later: each rule broken alone.
///
/// Shows: R28, R40, R42, R45, R46, R48, R49, R50, N1, N2, N9, N12, N13, N14, N16, N17, N33, N34, N35
#[rstest]
#[case::no_name(Platform::Ios, "displayName", |s: &mut S| s.display_name.clear())]
#[case::long_name(Platform::Ios, "displayName", |s: &mut S| s.display_name = "x".repeat(126))]
#[case::long_department(Platform::Ios, "supportDepartment", |s: &mut S| s.support_department = Some("x".repeat(126)))]
#[case::long_phone(Platform::Ios, "supportPhoneNumber", |s: &mut S| s.support_phone_number = Some("1".repeat(51)))]
#[case::long_email(Platform::Ios, "supportEmailAddress", |s: &mut S| s.support_email_address = Some("x".repeat(251)))]
#[case::portal_without_user(Platform::Ios, "enableAuthenticationViaCompanyPortal", |s: &mut S| s.enable_authentication_via_company_portal = true)]
#[case::web_without_user(Platform::Ios, "configurationWebUrl", |s: &mut S| s.configuration_web_url = true)]
#[case::install_without_user(Platform::Ios, "requireCompanyPortalOnSetupAssistantEnrolledDevices", |s: &mut S| s.require_company_portal_on_setup_assistant_enrolled_devices = true)]
#[case::vpp_without_portal(Platform::Ios, "companyPortalVppTokenId", |s: &mut S| { s.requires_user_authentication = true; s.company_portal_vpp_token_id = Some("v".into()); })]
#[case::single_app_without_vpp(Platform::Ios, "enableSingleAppEnrollmentMode", |s: &mut S| { s.requires_user_authentication = true; s.enable_authentication_via_company_portal = true; s.enable_single_app_enrollment_mode = true; })]
#[case::two_affinities(Platform::Ios, "userlessSharedAadModeEnabled", |s: &mut S| { s.requires_user_authentication = true; s.userless_shared_aad_mode_enabled = true; })]
#[case::locked_unsupervised(Platform::Ios, "profileRemovalDisabled", |s: &mut S| { s.supervised_mode_enabled = false; s.profile_removal_disabled = true; })]
#[case::locked_unsupervised_mac(Platform::MacOs, "profileRemovalDisabled", |s: &mut S| { s.supervised_mode_enabled = false; s.profile_removal_disabled = true; })]
#[case::shared_with_user(Platform::Ios, "enableSharedIPad", |s: &mut S| { s.enable_shared_ipad = true; s.shared_ipad_maximum_user_count = Some(5); s.requires_user_authentication = true; })]
#[case::shared_unsupervised(Platform::Ios, "enableSharedIPad", |s: &mut S| { s.enable_shared_ipad = true; s.shared_ipad_maximum_user_count = Some(5); s.supervised_mode_enabled = false; })]
#[case::shared_without_count(Platform::Ios, "sharedIPadMaximumUserCount", |s: &mut S| s.enable_shared_ipad = true)]
#[case::shared_with_25(Platform::Ios, "sharedIPadMaximumUserCount", |s: &mut S| { s.enable_shared_ipad = true; s.shared_ipad_maximum_user_count = Some(25); })]
#[case::count_without_shared(Platform::Ios, "sharedIPadMaximumUserCount", |s: &mut S| s.shared_ipad_maximum_user_count = Some(5))]
#[case::odd_grace(Platform::Ios, "passcodeLockGracePeriodInSeconds", |s: &mut S| { s.enable_shared_ipad = true; s.shared_ipad_maximum_user_count = Some(5); s.passcode_lock_grace_period_in_seconds = Some(61); })]
#[case::short_session(Platform::Ios, "userSessionTimeoutInSeconds", |s: &mut S| { s.enable_shared_ipad = true; s.shared_ipad_maximum_user_count = Some(5); s.user_session_timeout_in_seconds = Some(29); })]
#[case::short_temporary(Platform::Ios, "temporarySessionTimeoutInSeconds", |s: &mut S| { s.enable_shared_ipad = true; s.force_temporary_session = true; s.temporary_session_timeout_in_seconds = Some(-1); })]
#[case::no_certificate(Platform::Ios, "managementCertificates", |s: &mut S| s.itunes_pairing_mode = PairingMode::RequiresCertificate)]
#[case::eleven_certificates(Platform::Ios, "managementCertificates", |s: &mut S| { s.itunes_pairing_mode = PairingMode::RequiresCertificate; s.management_certificates = vec![certificate(); 11]; })]
#[case::certificate_for_nothing(Platform::Ios, "managementCertificates", |s: &mut S| s.management_certificates = vec![certificate()])]
#[case::long_template(Platform::Ios, "deviceNameTemplate", |s: &mut S| s.device_name_template = Some("x".repeat(64)))]
#[case::unknown_variable(Platform::Ios, "deviceNameTemplate", |s: &mut S| s.device_name_template = Some("{{USER}}".into()))]
#[case::plain_http(Platform::Ios, "carrierActivationUrl", |s: &mut S| s.carrier_activation_url = Some("http://carrier.example".into()))]
#[case::endless_hold(Platform::Ios, "awaitDeadlineMinutes", |s: &mut S| s.await_deadline_minutes = Some(1_441))]
#[case::odd_key(Platform::Ios, "enabledSkipKeys", |s: &mut S| s.enabled_skip_keys = vec!["<key>".into()])]
#[case::advance_on_ios(Platform::Ios, "autoAdvanceSetupEnabled", |s: &mut S| s.auto_advance_setup_enabled = true)]
#[case::shared_mac(Platform::MacOs, "enableSharedIPad", |s: &mut S| { s.enable_shared_ipad = true; s.force_temporary_session = true; })]
#[case::accounts_on_tv(Platform::TvOs, "accounts", |s: &mut S| s.accounts.admin_account_user_name = Some("admin".into()))]
#[case::bad_region(Platform::TvOs, "region", |s: &mut S| s.region = Some("de".into()))]
#[case::bad_language(Platform::MacOs, "language", |s: &mut S| s.language = Some("German".into()))]
#[case::rotation(Platform::MacOs, "autoRotationPeriodInDays", |s: &mut S| s.accounts.auto_rotation_period_in_days = Some(181))]
#[case::nobody_in(Platform::MacOs, "skipPrimarySetupAccountCreation", |s: &mut S| s.accounts.skip_primary_setup_account_creation = true)]
#[case::nobody_to_administer(Platform::MacOs, "setPrimarySetupAccountAsRegularUser", |s: &mut S| s.accounts.set_primary_setup_account_as_regular_user = true)]
#[case::nameless_admin(Platform::MacOs, "adminAccountUserName", |s: &mut S| s.accounts.admin_account_full_name = Some("Admin".into()))]
#[case::sso_and_web(Platform::MacOs, "usePlatformSSODuringSetupAssistant", |s: &mut S| { s.requires_user_authentication = true; s.configuration_web_url = true; s.use_platform_sso_during_setup_assistant = true; })]
fn a_broken_rule_names_its_setting(
    #[case] platform: Platform,
    #[case] setting: &str,
    #[case] change: Change,
) {
    let found = broken(platform, change);
    assert!(found.contains(&setting), "{found:?}");
}

/// Combinations that real clients send (N8), and the good side of each rule.
///
/// Shows: R38, R39, R40, R45, R46, R48, N8, N14
#[rstest]
#[case::plain(Platform::Ios, |_: &mut S| ())]
#[case::web_and_portal_flags(Platform::Ios, |s: &mut S| { s.requires_user_authentication = true; s.configuration_web_url = true; s.enable_authentication_via_company_portal = true; })]
#[case::legacy(Platform::Ios, |s: &mut S| { s.requires_user_authentication = true; s.require_company_portal_on_setup_assistant_enrolled_devices = true; s.company_portal_vpp_token_id = Some("v".into()); })]
#[case::single_app(Platform::Ios, |s: &mut S| { s.requires_user_authentication = true; s.enable_authentication_via_company_portal = true; s.company_portal_vpp_token_id = Some("v".into()); s.enable_single_app_enrollment_mode = true; })]
#[case::shared(Platform::Ios, |s: &mut S| { s.enable_shared_ipad = true; s.shared_ipad_maximum_user_count = Some(24); s.passcode_lock_grace_period_in_seconds = Some(900); s.user_session_timeout_in_seconds = Some(30); })]
#[case::temporary_only(Platform::Ios, |s: &mut S| { s.enable_shared_ipad = true; s.force_temporary_session = true; s.temporary_session_timeout_in_seconds = Some(0); })]
#[case::zeros_of_clients(Platform::Ios, |s: &mut S| { s.shared_ipad_maximum_user_count = Some(0); s.passcode_lock_grace_period_in_seconds = Some(0); })]
#[case::by_certificate(Platform::Ios, |s: &mut S| { s.itunes_pairing_mode = PairingMode::RequiresCertificate; s.management_certificates = vec![certificate(); 10]; })]
#[case::advance(Platform::MacOs, |s: &mut S| { s.auto_advance_setup_enabled = true; s.language = Some("de".into()); s.region = Some("DE".into()); })]
#[case::locked_tv(Platform::TvOs, |s: &mut S| { s.supervised_mode_enabled = false; s.profile_removal_disabled = true; })]
#[case::unknown_key(Platform::VisionOs, |s: &mut S| s.enabled_skip_keys = vec!["KeyOfNextYear".into()])]
fn an_allowed_combination_is_accepted(#[case] platform: Platform, #[case] change: Change) {
    let mut settings = good();
    change(&mut settings);
    assert_eq!(check(platform, &settings), []);
}

/// Shows: R28, N1, R32
#[test]
fn user_affinity_is_fixed_when_a_profile_is_made() {
    let old = profile(Platform::Ios, good());
    let mut new = good();
    new.requires_user_authentication = true;
    let found = check_change(&old, &new);
    assert_eq!(found.iter().map(|v| v.setting).collect::<Vec<_>>(), ["requiresUserAuthentication"]);
    assert_eq!(check_change(&old, &good()), []);
}

/// Shows: R35, N2, N8, R32
#[test]
fn the_way_to_sign_in_goes_by_precedence() {
    let mut s = good();
    assert_eq!(s.authentication(), Authentication::None);
    s.requires_user_authentication = true;
    assert_eq!(s.authentication(), Authentication::SetupAssistant);
    s.enable_authentication_via_company_portal = true;
    assert_eq!(s.authentication(), Authentication::CompanyPortal);
    s.configuration_web_url = true;
    assert_eq!(s.authentication(), Authentication::Modern);
    s.userless_shared_aad_mode_enabled = true;
    assert_eq!(s.authentication(), Authentication::SharedMode);
}

/// Shows: R41, R42, R48, R50, R51, R52
#[test]
fn an_ipad_profile_becomes_apples() {
    let mut settings = good();
    settings.profile_removal_disabled = true;
    settings.await_device_configured_confirmation = true;
    settings.support_department = Some("IT".into());
    settings.support_phone_number = Some("+49 1".into());
    settings.itunes_pairing_mode = PairingMode::RequiresCertificate;
    settings.management_certificates = vec![certificate()];
    settings.enabled_skip_keys = vec!["siri".into(), "Payment".into(), "FileVault".into(), "NextYear".into()];
    settings.screens_without_skip_key = vec!["expressLanguageScreenDisabled".into()];
    settings.normalize();
    let encoded = profile(Platform::Ios, settings).encode(context());
    insta::assert_snapshot!(serde_json::to_string(&encoded).unwrap(), @r#"{"profile_name":"Sales","url":"https://mdm.example.org/t/default/enroll/secret","anchor_certs":["QUJD"],"supervising_host_certs":["MIIB"],"allow_pairing":false,"is_supervised":true,"is_mandatory":false,"is_mdm_removable":false,"await_device_configured":true,"is_multi_user":false,"skip_setup_items":["NextYear","Payment","Siri"],"department":"IT","support_phone_number":"+49 1","org_magic":"t1"}"#);
}

/// Shows: N2, N3
#[test]
fn the_web_page_is_named_only_for_those_who_sign_in_there_and_the_url_always() {
    let mut settings = good();
    assert_eq!(profile(Platform::Ios, settings.clone()).encode(context()).configuration_web_url, None);
    settings.requires_user_authentication = true;
    settings.configuration_web_url = true;
    let encoded = profile(Platform::Ios, settings).encode(context());
    assert_eq!(encoded.configuration_web_url.as_deref(), Some("https://mdm.example.org/sign-in"));
    assert_eq!(encoded.url, context().url);
}

/// Shows: R45, N9, N10, N36
#[test]
fn setup_assistant_waits_for_a_shared_ipad_and_for_a_mac_with_accounts() {
    let mut shared = good();
    shared.enable_shared_ipad = true;
    let encoded = profile(Platform::Ios, shared).encode(context());
    assert_eq!((encoded.is_multi_user, encoded.await_device_configured), (Some(true), Some(true)));
    let mut mac = good();
    mac.accounts.admin_account_user_name = Some("admin".into());
    let encoded = profile(Platform::MacOs, mac).encode(context());
    assert_eq!((encoded.await_device_configured, encoded.is_mandatory), (Some(true), Some(true)));
    assert_eq!((encoded.is_multi_user, encoded.allow_pairing), (None, None));
}

/// Shows: R11
#[rstest]
#[case(Platform::TvOs)]
#[case(Platform::VisionOs)]
fn platforms_that_are_always_supervised_say_so(#[case] platform: Platform) {
    let settings = ProfileSettings {
        display_name: "A".into(),
        profile_removal_disabled: true,
        ..ProfileSettings::default()
    };
    let encoded = profile(platform, settings).encode(context());
    assert_eq!((encoded.is_supervised, encoded.is_mdm_removable), (Some(true), false));
}

/// Shows: R51, R52
#[test]
fn booleans_and_skip_keys_are_one_list() {
    let mut settings = good();
    let siri = Screen::of_property("siriDisabled").unwrap();
    settings.hide(siri, true);
    settings.hide(siri, true);
    assert_eq!(settings.enabled_skip_keys, ["Siri"]);
    settings.enabled_skip_keys.push("location".into());
    settings.normalize();
    assert!(settings.hides(Screen::of_property("locationDisabled").unwrap()));
    settings.hide(siri, false);
    assert_eq!(settings.enabled_skip_keys, ["Location"]);
    let express = Screen::of_property("expressLanguageScreenDisabled").unwrap();
    settings.hide(express, true);
    assert!(settings.hides(express) && settings.enabled_skip_keys == ["Location"]);
}

/// Shows: R52
#[test]
fn every_screen_of_the_seed_has_a_property() {
    let properties: BTreeSet<&str> = screens().map(|screen| screen.property).collect();
    for property in [
        "passCodeDisabled",
        "locationDisabled",
        "restoreBlocked",
        "appleIdDisabled",
        "termsAndConditionsDisabled",
        "touchIdDisabled",
        "applePayDisabled",
        "zoomDisabled",
        "siriDisabled",
        "diagnosticsDisabled",
        "displayToneSetupDisabled",
        "privacyPaneDisabled",
        "restoreFromAndroidDisabled",
        "iMessageAndFaceTimeScreenDisabled",
        "onBoardingScreenDisabled",
        "watchMigrationScreenDisabled",
        "screenTimeScreenDisabled",
        "softwareUpdateScreenDisabled",
        "simSetupScreenDisabled",
        "appearanceScreenDisabled",
        "expressLanguageScreenDisabled",
        "preferredLanguageScreenDisabled",
        "deviceToDeviceMigrationDisabled",
        "registrationDisabled",
        "fileVaultDisabled",
        "iCloudDiagnosticsDisabled",
        "iCloudStorageDisabled",
        "homeButtonScreenDisabled",
    ] {
        assert!(properties.contains(property), "{property}");
    }
}

fn warned(platform: Platform, change: Change, activated: u64) -> Vec<String> {
    let mut settings = good();
    change(&mut settings);
    warnings(platform, &settings, activated)
        .into_iter()
        .map(|w| format!("{} {}", w.setting, w.words))
        .collect()
}

/// Shows: R4, R11, R36, R40, R52, R53
#[rstest]
#[case::wipe(Platform::Ios, "wiped", |_: &mut S| (), 3)]
#[case::supervised(Platform::Ios, "always supervised", |s: &mut S| s.supervised_mode_enabled = false, 0)]
#[case::passcode(Platform::Ios, "passCodeDisabled", |s: &mut S| s.enabled_skip_keys = vec!["Passcode".into()], 0)]
#[case::legacy(Platform::Ios, "second factor", |s: &mut S| s.requires_user_authentication = true, 0)]
#[case::deprecated(Platform::Ios, "Zoom has no effect from version 17", |s: &mut S| s.enabled_skip_keys = vec!["Zoom".into()], 0)]
#[case::other_platform(Platform::Ios, "FileVault has no effect on ios", |s: &mut S| s.enabled_skip_keys = vec!["FileVault".into()], 0)]
#[case::without_key(Platform::Ios, "Apple has no switch", |s: &mut S| s.screens_without_skip_key = vec!["registrationDisabled".into()], 0)]
fn what_is_worth_a_second_look_is_said(
    #[case] platform: Platform,
    #[case] words: &str,
    #[case] change: Change,
    #[case] activated: u64,
) {
    let found = warned(platform, change, activated);
    assert!(found.iter().any(|line| line.contains(words)), "{found:?}");
    assert_eq!(warned(platform, |_| (), 0), Vec::<String>::new());
}

fn any_settings() -> impl Strategy<Value = ProfileSettings> {
    let flags = prop::collection::vec(any::<bool>(), 14);
    let texts = (
        ".{0,130}",
        prop::option::of(".{0,60}"),
        prop::option::of(".{0,70}"),
        prop::option::of("[a-zA-Z-]{0,4}"),
    );
    let numbers = (
        prop::option::of(-1_i32..30),
        prop::option::of(0_i32..4_000),
        prop::collection::vec(".{0,12}", 0..6),
    );
    (flags, texts, numbers).prop_map(|(f, (name, phone, template, locale), (count, seconds, keys))| {
        let mut f = f.into_iter();
        let mut flag = || f.next().unwrap();
        ProfileSettings {
            display_name: name,
            support_phone_number: phone,
            device_name_template: template,
            language: locale.clone(),
            region: locale,
            requires_user_authentication: flag(),
            enable_authentication_via_company_portal: flag(),
            configuration_web_url: flag(),
            userless_shared_aad_mode_enabled: flag(),
            supervised_mode_enabled: flag(),
            profile_removal_disabled: flag(),
            enable_shared_ipad: flag(),
            force_temporary_session: flag(),
            auto_advance_setup_enabled: flag(),
            is_mandatory: flag(),
            shared_ipad_maximum_user_count: count,
            user_session_timeout_in_seconds: seconds,
            enabled_skip_keys: keys,
            ..ProfileSettings::default()
        }
    })
}

proptest! {
    /// What passes here, Apple takes: its own rules (apple.md 1.8) hold for every encoded profile.
    ///
    /// Shows: R42, R50
    #[test]
    fn what_passes_the_check_keeps_apples_rules(mut settings in any_settings(), platform in 0_usize..4) {
        let platform = Platform::ALL[platform];
        settings.normalize();
        if !check(platform, &settings).is_empty() {
            return Ok(());
        }
        let encoded = profile(platform, settings).encode(context());
        prop_assert!((1..=125).contains(&encoded.profile_name.chars().count()));
        prop_assert!(encoded.is_mdm_removable || encoded.is_supervised == Some(true));
        prop_assert!(encoded.support_phone_number.is_none_or(|phone| (1..=50).contains(&phone.chars().count())));
        prop_assert!(encoded.is_multi_user != Some(true) || encoded.is_supervised == Some(true));
        prop_assert!(encoded.region.is_none_or(|region| region.len() == 2));
        prop_assert!(encoded.auto_advance_setup.is_none() || platform != Platform::Ios);
    }

    #[test]
    fn normalizing_twice_changes_nothing(mut settings in any_settings()) {
        settings.normalize();
        let once = settings.clone();
        settings.normalize();
        prop_assert_eq!(once, settings);
    }
}
