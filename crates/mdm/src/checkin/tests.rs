use proptest::prelude::*;

use super::*;
use crate::command::ReturnToService;
use crate::guard::Value;

fn body(inner: &str) -> Vec<u8> {
    format!("<plist version=\"1.0\"><dict>{inner}</dict></plist>").into_bytes()
}

fn texts(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(key, text)| format!("<key>{key}</key><string>{text}</string>")).collect()
}

fn check_in(inner: &str) -> Result<CheckIn, Error> {
    match ChannelMessage::parse(&body(inner))? {
        ChannelMessage::CheckIn(message) => Ok(message.message),
        ChannelMessage::Answer(answer) => panic!("{answer:?}"),
    }
}

#[test]
fn an_authenticate_is_read() {
    let inner = texts(&[
        ("MessageType", "Authenticate"),
        ("UDID", "u"),
        ("Topic", "com.apple.mgmt.External.1"),
        ("SerialNumber", "S"),
        ("OSVersion", "18.1"),
        ("ProductName", "iPad13,18"),
    ]);
    let CheckIn::Authenticate(authenticate) = check_in(&inner).unwrap() else { panic!() };
    assert_eq!(authenticate.serial_number.as_deref(), Some("S"));
    assert_eq!(authenticate.product_name.as_deref(), Some("iPad13,18"));
    assert_eq!(authenticate.imei, None);
}

#[test]
fn a_token_update_without_an_unlock_token_is_read() {
    let inner =
        texts(&[("MessageType", "TokenUpdate"), ("UDID", "u"), ("Topic", "t"), ("PushMagic", "magic")])
            + "<key>Token</key><data>AQID</data><key>AwaitingConfiguration</key><true/>";
    let CheckIn::TokenUpdate(update) = check_in(&inner).unwrap() else { panic!() };
    assert_eq!(*update.token, [1, 2, 3]);
    assert!(update.awaiting_configuration && update.unlock_token.is_none());
    let shown = format!("{update:?}");
    assert!(!shown.contains("magic\"") && !shown.contains("[1, 2, 3]"), "{shown}");
}

#[test]
fn a_token_update_needs_its_token() {
    let inner = texts(&[("MessageType", "TokenUpdate"), ("UDID", "u"), ("Topic", "t"), ("PushMagic", "m")]);
    assert_eq!(check_in(&inner), Err(Error::Missing("Token")));
    assert_eq!(check_in(&(inner.clone() + "<key>Token</key><data></data>")), Err(Error::Missing("Token")));
    assert_eq!(check_in(&(inner + "<key>Token</key><string>x</string>")), Err(Error::WrongType("Token")));
}

#[test]
fn an_empty_bootstrap_token_means_delete() {
    for token in ["", "<key>BootstrapToken</key><data></data>"] {
        let inner = texts(&[("MessageType", "SetBootstrapToken"), ("UDID", "u")]) + token;
        let expected = SetBootstrapToken { bootstrap_token: None, awaiting_configuration: false };
        assert_eq!(check_in(&inner), Ok(CheckIn::SetBootstrapToken(expected)));
    }
}

#[test]
fn every_message_type_has_its_name() {
    for name in [
        "CheckOut",
        "UserAuthenticate",
        "SetBootstrapToken",
        "GetBootstrapToken",
        "ReturnToService",
        "SomethingNew",
    ] {
        let message = check_in(&texts(&[("MessageType", name), ("UDID", "u")])).unwrap();
        assert_eq!(message.message_type(), name);
    }
    let inner = texts(&[("MessageType", "DeclarativeManagement"), ("UDID", "u"), ("Endpoint", "tokens")]);
    assert_eq!(check_in(&inner).unwrap().message_type(), "DeclarativeManagement");
    let inner = texts(&[("MessageType", "GetToken"), ("UDID", "u"), ("TokenServiceType", "com.apple.maid")]);
    assert_eq!(check_in(&inner).unwrap().message_type(), "GetToken");
}

#[test]
fn what_is_in_the_body_tells_messages_from_answers() {
    let answer = ChannelMessage::parse(&body(&texts(&[("Status", "Idle"), ("UDID", "u")]))).unwrap();
    assert!(matches!(answer, ChannelMessage::Answer(_)));
    assert_eq!(ChannelMessage::parse(&body(&texts(&[("UDID", "u")]))), Err(Error::UnknownMessage));
    assert_eq!(ChannelMessage::parse(&body(&texts(&[("Status", "Idle")]))), Err(Error::Missing("UDID")));
    assert!(ChannelMessage::parse(b"").is_err());
}

#[test]
fn overlong_identifiers_are_refused() {
    let long = "x".repeat(MAX_ID + 1);
    let body = body(&texts(&[("Status", "Idle"), ("UDID", &long)]));
    assert_eq!(ChannelMessage::parse(&body), Err(Error::TooLong { key: "UDID", limit: MAX_ID }));
}

#[test]
fn users_of_a_shared_ipad_are_told_apart_by_their_account() {
    let inner = texts(&[
        ("Status", "Idle"),
        ("UDID", "u"),
        ("UserID", SHARED_IPAD_USER),
        ("UserShortName", "ann@school.example"),
    ]);
    let message = ChannelMessage::parse(&body(&inner)).unwrap();
    assert_eq!(message.enrollment().device(), "u");
    assert_eq!(message.enrollment().user(), Some("ann@school.example"));
}

#[test]
fn replies_have_apples_keys() {
    let keys = |reply: Result<Vec<u8>, Error>| parse_dictionary(&reply.unwrap(), MAX_BODY).unwrap();
    let token = keys(reply::bootstrap_token(Some(&[1, 2])));
    assert_eq!(token.get("BootstrapToken"), Some(&Value::Data(vec![1, 2])));
    assert!(keys(reply::bootstrap_token(None)).is_empty());
    assert_eq!(keys(reply::token(b"jwt")).get("TokenData"), Some(&Value::Data(b"jwt".to_vec())));
    assert_eq!(
        keys(reply::no_digest_challenge()).get("DigestChallenge"),
        Some(&Value::String(String::new()))
    );
    let plan = keys(reply::return_to_service(&ReturnToService::default()));
    assert!(Fields(Fields(&plan).dictionary("ReturnToService").unwrap()).flag("Enabled"));
}

proptest! {
    /// Any value under any key of any message is read or refused, and never panics.
    #[test]
    fn no_value_of_a_key_panics(
        kind in prop::sample::select(vec!["Authenticate", "TokenUpdate", "SetBootstrapToken", "GetToken", "Other"]),
        key in prop::sample::select(vec![
            "UDID", "UserID", "Topic", "Token", "PushMagic", "UnlockToken", "AwaitingConfiguration", "BootstrapToken",
            "TokenServiceType", "TokenParameters", "Status", "CommandUUID", "ErrorChain", "QueryResponses",
        ]),
        value in prop::sample::select(vec![
            "<array/>", "<dict/>", "<true/>", "<integer>-1</integer>", "<integer>18446744073709551615</integer>",
            "<real>nan</real>", "<date>2024-01-01T00:00:00Z</date>", "<data>AQID</data>", "<string/>",
            "<array><array/><dict><key>ErrorCode</key><string>x</string></dict></array>",
        ]),
        as_answer in any::<bool>(),
    ) {
        let head = if as_answer { "Status" } else { "MessageType" };
        let inner = texts(&[("UDID", "u"), ("CommandUUID", "c"), (head, kind)]) + &format!("<key>{key}</key>{value}");
        if let Ok(ChannelMessage::Answer(answer)) = ChannelMessage::parse(&body(&inner)) {
            let _ = (answer.error_words(), answer.device_information(), answer.settings(), answer.security_info());
        }
    }
}
