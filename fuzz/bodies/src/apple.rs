//! What Apple's ADE service answers: not hostile, but not ours either.

use mdm::ade::{
    AccountDetail, AppleError, AssignmentResponse, DefineProfileResponse, DeviceListResponse,
    DeviceStatusResponse, FetchDeviceResponse, Profile, Session,
};

/// Whatever is read of any answer, and whatever an error says in Apple's words, is bounded.
pub(crate) fn ade(input: &[u8]) {
    let error = AppleError::from_body(403, input);
    assert!(error.to_string().chars().count() <= 300, "{error}");
    assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
    if let Ok(page) = serde_json::from_slice::<FetchDeviceResponse>(input) {
        page.devices.iter().for_each(|device| assert!(!device.serial_number.contains('\0')));
        assert!(page.unreadable.len() <= 1000);
        for record in &page.unreadable {
            assert!(record.why.chars().count() <= 200);
        }
    }
    if let Ok(list) = serde_json::from_slice::<DeviceListResponse>(input) {
        assert!(list.unreadable.len() <= 1000);
    }
    let _ = serde_json::from_slice::<AssignmentResponse>(input);
    let _ = serde_json::from_slice::<DeviceStatusResponse>(input);
    let _ = serde_json::from_slice::<DefineProfileResponse>(input);
    if let Ok(account) = serde_json::from_slice::<AccountDetail>(input) {
        let _ = (account.apple_account(), account.limit("/profile"));
    }
    if let Ok(session) = serde_json::from_slice::<Session>(input) {
        assert!(!format!("{session:?}").contains("hush-hush"), "a secret is in the debug text");
    }
    // What can be read of a profile is written the same each time: its hash tells whether Apple has it.
    if let Ok(profile) = serde_json::from_slice::<Profile>(input) {
        let written = serde_json::to_vec(&profile).expect("a profile");
        let again: Profile = serde_json::from_slice(&written).expect("what was written");
        assert_eq!(serde_json::to_vec(&again).expect("a profile"), written);
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = mdm::ade::parse_time(text);
    }
}
