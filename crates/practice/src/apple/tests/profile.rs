use super::good_profile;
use crate::apple::AdeFault;
use crate::apple::profile::Profile;

fn with(change: impl FnOnce(&mut Profile)) -> Result<(), AdeFault> {
    let mut profile = good_profile();
    change(&mut profile);
    profile.validate()
}

fn text(chars: usize) -> Option<String> {
    Some("ü".repeat(chars))
}

#[test]
fn a_good_profile_is_taken() {
    assert_eq!(with(|_| ()), Ok(()));
}

type Change = fn(&mut Profile);

#[test]
fn each_broken_rule_has_its_word() {
    use AdeFault::*;
    let rules: &[(Change, AdeFault)] = &[
        (|p| p.profile_name = None, ConfigNameRequired),
        (|p| p.profile_name = Some(String::new()), ConfigNameInvalid),
        (|p| p.profile_name = text(126), ConfigNameInvalid),
        (|p| p.url = None, ConfigUrlRequired),
        (|p| p.url = Some(String::new()), ConfigUrlInvalid),
        (|p| p.url = Some("http://mdm.example.com/".into()), ConfigUrlInvalid),
        (|p| p.url = Some("mdm.example.com".into()), ConfigUrlInvalid),
        (|p| p.url = Some(format!("https://mdm.example.com/{}", "a".repeat(2_000))), ConfigUrlInvalid),
        (|p| p.configuration_web_url = Some("ftp://mdm.example.com/".into()), ConfigUrlInvalid),
        (|p| p.is_supervised = Some(false), FlagsInvalid),
        (|p| p.is_supervised = None, FlagsInvalid),
        (|p| p.language = Some("English".into()), LocaleInvalid),
        (|p| p.language = Some(String::new()), LocaleInvalid),
        (|p| p.region = Some("de".into()), LocaleInvalid),
        (|p| p.department = Some(String::new()), DepartmentInvalid),
        (|p| p.department = text(126), DepartmentInvalid),
        (|p| p.support_phone_number = text(51), SupportPhoneInvalid),
        (|p| p.support_email_address = text(251), SupportEmailInvalid),
        (|p| p.org_magic = text(257), MagicInvalid),
        (|p| p.anchor_certs = vec!["no certificate".into()], MalformedRequestBody),
    ];
    for (number, (change, fault)) in rules.iter().enumerate() {
        assert_eq!(with(change), Err(*fault), "rule {number}");
    }
}

#[test]
fn texts_may_be_as_long_as_apple_says() {
    let all = with(|p| {
        p.profile_name = text(125);
        p.department = text(125);
        p.support_phone_number = text(50);
        p.support_email_address = text(250);
        p.org_magic = text(256);
        p.language = Some("de".into());
        p.region = Some("CH".into());
        p.configuration_web_url = Some("https://mdm.example.com/web?x=1".into());
    });
    assert_eq!(all, Ok(()));
}

#[test]
fn an_old_protocol_version_cannot_set_what_came_later() {
    let mut profile = good_profile();
    profile.support_email_address = Some("help@example.com".into());
    profile.gate(1);
    assert_eq!(profile.await_device_configured, None);
    assert_eq!(profile.support_email_address, None);
    let mut profile = good_profile();
    profile.gate(2);
    assert_eq!(profile.await_device_configured, Some(true));
}

#[test]
fn empty_fields_are_not_written() {
    let json = serde_json::to_value(good_profile()).unwrap();
    let mut keys: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = ["await_device_configured", "is_mdm_removable", "is_supervised", "profile_name", "url"];
    assert_eq!(keys, expected);
}
