use super::*;

fn parse(inner: &str) -> Result<MachineInfo, Error> {
    MachineInfo::parse(format!("<plist version=\"1.0\"><dict>{inner}</dict></plist>").as_bytes())
}

const SERIAL_AND_UDID: &str = "<key>SERIAL</key><string>S</string><key>UDID</key><string>U</string>";

#[test]
fn serial_and_udid_are_enough() {
    let info = parse(SERIAL_AND_UDID).unwrap();
    assert_eq!(info, MachineInfo { serial: "S".to_owned(), udid: "U".to_owned(), ..MachineInfo::default() });
    assert_eq!(parse("<key>SERIAL</key><string>S</string>"), Err(Error::Missing("UDID")));
    assert_eq!(
        parse("<key>UDID</key><string>U</string><key>SERIAL</key><string/>"),
        Err(Error::Missing("SERIAL"))
    );
}

#[test]
fn switches_of_odd_clients_are_understood() {
    for switch in ["<true/>", "<string>true</string>", "<integer>1</integer>"] {
        let info =
            parse(&format!("{SERIAL_AND_UDID}<key>MDM_CAN_REQUEST_SOFTWARE_UPDATE</key>{switch}")).unwrap();
        assert!(info.can_request_software_update, "{switch}");
    }
}

#[test]
fn the_version_is_compared_as_one() {
    let info = parse(&format!("{SERIAL_AND_UDID}<key>OS_VERSION</key><string>17.10.1</string>")).unwrap();
    assert!(info.os() > OsVersion::parse("17.9"));
}

/// Every key of the struct is read from its own key: each key alone changes what is read.
#[test]
fn every_key_is_read() {
    let bare = parse(SERIAL_AND_UDID).unwrap();
    for key in MachineInfo::KEYS.iter().filter(|key| !matches!(**key, "SERIAL" | "UDID")) {
        let read = ["<string>x</string>", "<true/>", "<data>AQID</data>"]
            .iter()
            .filter_map(|value| parse(&format!("{SERIAL_AND_UDID}<key>{key}</key>{value}")).ok())
            .any(|info| info != bare);
        assert!(read, "{key}");
    }
}

#[test]
fn overlong_and_oversized_input_is_refused() {
    let long = "x".repeat(MAX_TEXT + 1);
    let body = format!("<key>SERIAL</key><string>{long}</string><key>UDID</key><string>U</string>");
    assert_eq!(parse(&body), Err(Error::TooLong { key: "SERIAL", limit: MAX_TEXT }));
    assert_eq!(MachineInfo::parse(&vec![b' '; MAX_BODY + 1]), Err(Error::TooLarge { limit: MAX_BODY }));
}
