use mdm::guard::{Dictionary, Value, write_xml};
use proptest::prelude::*;

use super::{Profile, is_text};

fn dictionary<const N: usize>(keys: [(&str, Value); N]) -> Dictionary {
    keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn payload(kind: &str, uuid: &str, mut keys: Dictionary) -> Dictionary {
    keys.insert("PayloadType".into(), kind.into());
    keys.insert("PayloadVersion".into(), 1.into());
    keys.insert("PayloadIdentifier".into(), format!("com.example.{uuid}").into());
    keys.insert("PayloadUUID".into(), uuid.into());
    keys
}

fn mdm_payload() -> Dictionary {
    let keys = dictionary([
        ("IdentityCertificateUUID", "scep".into()),
        ("Topic", "com.apple.mgmt.External.x".into()),
        ("ServerURL", "https://mdm.example.com/connect".into()),
        ("AccessRights", 8191.into()),
        ("ServerCapabilities", Value::Array(vec!["com.apple.mdm.per-user-connections".into()])),
    ]);
    payload("com.apple.mdm", "mdm", keys)
}

fn scep_payload() -> Dictionary {
    let pair = |kind: &str, value: &str| Value::Array(vec![Value::Array(vec![kind.into(), value.into()])]);
    let content = dictionary([
        ("URL", "https://mdm.example.com/scep".into()),
        ("Subject", Value::Array(vec![pair("O", "Works"), pair("CN", "x")])),
        ("Retries", 1_000.into()),
    ]);
    payload("com.apple.security.scep", "scep", dictionary([("PayloadContent", Value::Dictionary(content))]))
}

fn profile(payloads: impl IntoIterator<Item = Dictionary>) -> Dictionary {
    let content = payloads.into_iter().map(Value::Dictionary).collect();
    payload("Configuration", "top", dictionary([("PayloadContent", Value::Array(content))]))
}

fn read(plist: Dictionary) -> Result<Profile, String> {
    let xml = write_xml(&Value::Dictionary(plist)).unwrap();
    Profile::read(&xml).map_err(|fault| fault.to_string())
}

#[test]
fn an_enrolment_profile_is_read_with_apples_defaults() {
    let profile = read(profile([scep_payload(), mdm_payload()])).unwrap();
    let enrolling = profile.enrolment.unwrap();
    assert_eq!(enrolling.mdm.check_in_url, enrolling.mdm.server_url, "without CheckInURL");
    assert!(!enrolling.mdm.sign_message && !enrolling.mdm.check_out_when_removed);
    assert!(enrolling.mdm.per_user_connections);
    assert_eq!(enrolling.scep.subject, [("O".into(), "Works".into()), ("CN".into(), "x".into())]);
    assert_eq!(
        (enrolling.scep.retries, enrolling.scep.retry_delay_s),
        (20, 10),
        "bounded, and Apple's default"
    );
    assert!(profile.signer.is_none());
}

#[test]
fn a_profile_that_breaks_a_rule_is_refused_with_the_rule() {
    let with = |key: &'static str, value: Value| {
        let mut mdm = mdm_payload();
        mdm.insert(key.into(), value);
        profile([scep_payload(), mdm])
    };
    let without = |key: &str| {
        let mut mdm = mdm_payload();
        mdm.remove(key);
        profile([scep_payload(), mdm])
    };
    let mut other_type = profile([]);
    other_type.insert("PayloadType".into(), "com.apple.mdm".into());
    let mut other_version = profile([]);
    other_version.insert("PayloadVersion".into(), 2.into());
    for (plist, words) in [
        (other_type, "PayloadType is not Configuration"),
        (other_version, "PayloadVersion is not 1"),
        (without("Topic"), "Topic is missing"),
        (without("ServerURL"), "ServerURL is missing"),
        (without("AccessRights"), "AccessRights is missing"),
        (without("IdentityCertificateUUID"), "IdentityCertificateUUID is missing"),
        (with("Topic", "com.example".into()), "Topic does not begin"),
        (with("ServerURL", "http://mdm.example.com".into()), "not https"),
        (with("CheckInURL", "mdm.example.com".into()), "not https"),
        (with("AccessRights", 0.into()), "no sum of rights"),
        (with("AccessRights", 8192.into()), "no sum of rights"),
        (with("AccessRights", 128.into()), "without the one it needs"),
        (with("IdentityCertificateUUID", "other".into()), "names no payload"),
        (with("IdentityCertificateUUID", "mdm".into()), "not by SCEP"),
        (profile([scep_payload(), mdm_payload(), mdm_payload()]), "same PayloadUUID"),
        (profile([payload("com.apple.security.root", "root", Dictionary::new())]), "no certificate"),
        (profile((0..300).map(|n| payload("x", &n.to_string(), Dictionary::new()))), "too many payloads"),
    ] {
        let refused = read(plist).unwrap_err();
        assert!(refused.contains(words), "{refused} should say {words}");
    }
}

#[test]
fn xml_and_signed_messages_are_told_apart_by_their_first_byte() {
    assert!(is_text(b"\n <plist/>") && is_text(b"\xEF\xBB\xBF<plist/>"));
    assert!(!is_text(&[0x30, 0x82]) && !is_text(b"") && !is_text(b"   "));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_damaged_profile_never_panics(place in 0usize..4_000, byte: u8, cut in 0usize..4_000) {
        let mut xml = write_xml(&Value::Dictionary(profile([scep_payload(), mdm_payload()]))).unwrap();
        let place = place % xml.len();
        xml[place] = byte;
        let cut = cut % (xml.len() + 1);
        let _ = Profile::read(&xml);
        let _ = Profile::read(&xml[..cut]);
    }

    #[test]
    fn any_bytes_are_a_profile_or_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Profile::read(&bytes).is_err());
    }
}
