//! What devices say of themselves, before and after they are enrolled.

use mdm::OsVersion;
use mdm::checkin::{ChannelMessage, CheckIn};
use mdm::command::CommandAnswer;
use mdm::machine_info::MachineInfo;

/// The longest text of a device that any reader may keep, in bytes, apart from tokens and declarative data.
const LONGEST_TEXT: usize = 1024;

/// MachineInfo has a serial and a UDID, and every text within its bound.
pub(crate) fn machine_info(input: &[u8]) {
    let Ok(info) = MachineInfo::parse(input) else { return };
    assert!(!info.serial.is_empty() && !info.udid.is_empty());
    let texts = [
        &info.product,
        &info.version,
        &info.os_version,
        &info.supplemental_build_version,
        &info.supplemental_os_version_extra,
        &info.imei,
        &info.meid,
        &info.language,
        &info.software_update_device_id,
    ];
    let all = texts.into_iter().flatten().chain([&info.serial, &info.udid]);
    all.for_each(|text| assert!(text.len() <= 256 && !text.is_empty()));
    if let Some(os) = info.os() {
        assert_eq!(OsVersion::parse(&os.to_string()), Some(os));
    }
    // The serial becomes a key of ours only in this form.
    if let Ok(serial) = info.serial.parse::<domain::Serial>() {
        assert_eq!(serial.as_str().parse(), Ok(serial.clone()));
    }
}

/// A message names its sender, and everything that is kept of it is bounded and printable.
pub(crate) fn channel(input: &[u8]) {
    let Ok(message) = ChannelMessage::parse(input) else { return };
    let who = message.enrollment();
    assert!(!who.device().is_empty() && who.device().len() <= 256);
    assert!(who.user().is_none_or(|user| !user.is_empty() && user.len() <= 256));
    match &message {
        ChannelMessage::CheckIn(said) => {
            assert!(said.message.message_type().len() <= LONGEST_TEXT);
            if let CheckIn::TokenUpdate(said) = &said.message {
                assert!(!said.token.is_empty() && !said.push_magic.is_empty() && !said.topic.is_empty());
            }
        }
        ChannelMessage::Answer(answer) => read_all(answer),
    }
}

fn read_all(answer: &CommandAnswer) {
    for link in &answer.error_chain {
        printable(&link.domain);
        printable(&link.description);
    }
    printable(&answer.error_words());
    for app in answer.installed_applications() {
        printable(&app.identifier);
        printable(&app.name);
        printable(&app.version);
    }
    for setting in answer.settings() {
        setting.error_chain.iter().for_each(|link| printable(&link.description));
    }
    let _ = (answer.device_information(), answer.security_info(), answer.profile_identifiers());
    let _ = answer.activation_lock_bypass_code();
}

fn printable(text: &str) {
    assert!(text.chars().count() <= 200 && !text.chars().any(char::is_control), "{text:?}");
}
