use rstest::rstest;

use super::*;

fn practice() -> AppleSide {
    AppleSide {
        practice: true,
        ade_url: "https://127.0.0.1:8443".into(),
        apns_url: "https://[::1]:8444".into(),
        tls_anchors: vec!["QUJD".into()],
        device_anchors: vec!["QUJD".into()],
    }
}

fn organization(name: &str) -> Organization {
    Organization { name: name.into(), ..Organization::default() }
}

#[test]
fn real_and_practice_tenants_are_told_apart_by_addresses_and_anchors_only() {
    let make = |apple| Tenant::new("default".parse().unwrap(), organization("Example"), apple, Time::EPOCH);
    assert!(make(AppleSide::real()).is_ok());
    assert!(make(practice()).is_ok());
    assert_eq!(make(AppleSide { practice: false, ..practice() }), Err(TenantRefusal::RealElsewhere));
    assert_eq!(
        make(AppleSide { device_anchors: Vec::new(), ..practice() }),
        Err(TenantRefusal::NoDeviceAnchor)
    );
}

#[rstest]
#[case("https://mdmenrollment.apple.com")]
#[case("https://MDMENROLLMENT.Apple.com.:443/x")]
#[case("https://practice@apple.com")]
fn a_practice_tenant_never_talks_to_apple(#[case] url: &str) {
    let side = AppleSide { ade_url: url.into(), ..practice() };
    assert_eq!(side.check(), Err(TenantRefusal::PracticeAtApple("adeUrl")));
}

#[rstest]
#[case("")]
#[case("ftp://127.0.0.1")]
#[case("https://")]
fn an_address_that_is_none_is_refused(#[case] url: &str) {
    let side = AppleSide { apns_url: url.into(), ..practice() };
    assert_eq!(side.check(), Err(TenantRefusal::Url("apnsUrl")));
}

/// Shows: R12
#[test]
fn an_organisation_has_a_name_to_show_on_devices() {
    assert!(organization("Example").check().is_ok());
    assert!(organization(" ").check().is_err());
    assert!(organization(&"x".repeat(257)).check().is_err());
    assert!(organization("a\0b").check().is_err());
}

fn account() -> Account {
    Account {
        org_name: Some(" Example\u{7} Ltd ".into()),
        org_phone: Some("1".repeat(1_000)),
        org_email: Some("it@example.org".into()),
        org_address: Some("  ".into()),
        ..Account::default()
    }
}

/// Shows: R12
#[test]
fn an_organisation_that_nobody_named_is_called_what_apple_calls_it() {
    let mut organization = Organization {
        name: NAME_AT_FIRST.into(),
        email: Some("help@example.org".into()),
        ..Organization::default()
    };
    assert!(organization.learn(&account()));
    assert_eq!(organization.name, "Example  Ltd");
    assert_eq!(organization.email.as_deref(), Some("help@example.org"), "an administrator's");
    assert_eq!((organization.phone.as_ref().map(String::len), &organization.address), (Some(256), &None));
    assert_eq!(organization.check(), Ok(()));
    let other = Account { org_name: Some("Other".into()), ..account() };
    assert!(!organization.learn(&other), "once");
}

/// Shows: R12
#[test]
fn a_name_that_somebody_chose_stays() {
    let mut chosen = Organization { name: "Our School".into(), ..Organization::default() };
    assert!(!chosen.learn(&account()));
    assert_eq!((chosen.name.as_str(), &chosen.phone), ("Our School", &None));
    let mut unnamed = Organization { name: NAME_AT_FIRST.into(), ..Organization::default() };
    assert!(!unnamed.learn(&Account { org_name: Some(" ".into()), ..account() }));
    assert_eq!(unnamed.phone, None);
}
