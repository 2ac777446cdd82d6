//! Servers that send anything at all: devices say so and live on.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use mdm::guard::Value;
use muster_practice::device::{Quirk, Rule, Stage};

use crate::rehearsal::{failure, rehearsal, soon};
use crate::stub::{dictionary, xml};

const PROFILE: [(&str, &str); 1] = [("content-type", "application/x-apple-aspen-config")];

/// Bodies that are no profile, no command, no certificate.
fn nonsense() -> Vec<Vec<u8>> {
    vec![
        b"hello".to_vec(),
        b"<".to_vec(),
        b"<plist version=\"1.0\"><array/></plist>".to_vec(),
        b"<plist version=\"1.0\"><dict/></plist>".to_vec(),
        format!("<plist version=\"1.0\">{}</plist>", "<array>".repeat(5_000)).into_bytes(),
        b"<!DOCTYPE x [<!ENTITY e 'x'>]><plist version=\"1.0\"><string>&e;</string></plist>".to_vec(),
        b"bplist00".to_vec(),
        vec![0x30, 0x80, 0x06, 0x09],
        vec![0x30; 10_000],
        vec![0xFF; 100],
    ]
}

#[tokio::test]
async fn nonsense_instead_of_a_profile_fails_with_words() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.ipad();
    for body in nonsense() {
        rehearsal.stub.plan("enroll", (PROFILE, body.clone()));
        ipad.unbox().unwrap();
        let why = failure(&ipad).await;
        assert!(why.starts_with("Could not install the profile"), "{why}");
    }
    let huge = "x".repeat(9 << 20);
    rehearsal.stub.plan("enroll", (PROFILE, huge));
    ipad.unbox().unwrap();
    assert!(failure(&ipad).await.contains("more than"));
}

#[tokio::test]
async fn nonsense_instead_of_a_command_ends_the_connection_only() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    for body in nonsense() {
        rehearsal.stub.plan("connect", body);
        ipad.check_in().unwrap();
        let screen = soon(ipad.wait_for(|screen| screen.trouble.is_some())).await;
        assert!(screen.trouble.unwrap().contains("read the server's command"));
        assert_eq!(rehearsal.stub.command(&ipad, "DeviceLock", &[]).await.kind, "Acknowledged");
        soon(ipad.wait_for(|screen| screen.trouble.is_none())).await;
    }
}

#[tokio::test]
async fn commands_without_their_keys_are_malformed() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    for command in ["Settings", "DeviceInformation", "InstallProfile", "RemoveProfile", "ClearPasscode", ""] {
        let wrong = [("Settings", 1.into()), ("Payload", "x".into()), ("Queries", Value::Boolean(true))];
        let answer = rehearsal.stub.command(&ipad, command, &wrong).await;
        assert_eq!(answer.kind, "CommandFormatError", "{command}");
    }
}

#[tokio::test]
async fn a_server_that_never_ends_is_left_alone() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    let command = dictionary([("RequestType", "DeviceLock".into())]);
    let keys = dictionary([("CommandUUID", "same".into()), ("Command", Value::Dictionary(command))]);
    let body = xml(keys);
    for _ in 0..1_100 {
        rehearsal.stub.plan("connect", body.clone());
    }
    ipad.check_in().unwrap();
    let screen = soon(ipad.wait_for(|screen| screen.trouble.is_some())).await;
    assert!(screen.trouble.unwrap().contains("for ever"));
}

#[tokio::test]
async fn a_web_page_that_leads_in_circles_or_to_plain_http_is_left() {
    let rehearsal = rehearsal().await;
    let profile = muster_practice::apple::profile::Profile {
        configuration_web_url: Some(rehearsal.stub.url("/circle")),
        ..rehearsal.profile()
    };
    let ipad = rehearsal.device(muster_practice::apple::catalogue::Family::IPad, profile);
    for (to, words) in
        [("/circle", "leads nowhere"), ("http://localhost/", "web page"), ("::", "leads nowhere")]
    {
        rehearsal.stub.knobs(|knobs| {
            knobs.circle = Some(to);
        });
        ipad.unbox().unwrap();
        let why = failure(&ipad).await;
        assert!(why.contains(words), "{why}");
    }
}

#[tokio::test]
async fn refusals_of_any_shape_are_read_or_quoted() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.ipad();
    for body in [
        "{",
        "[]",
        "{\"code\":7}",
        "{\"code\":\"com.apple.softwareupdate.required\"}",
        "{\"code\":\"com.apple.softwareupdate.required\",\"details\":{\"OSVersion\":\"9.9.9.9\"}}",
        "{\"code\":\"com.apple.softwareupdate.required\",\"details\":{\"OSVersion\":\"1.0\"}}",
        "\u{0}\u{7}",
    ] {
        let answer = (StatusCode::FORBIDDEN, body.to_owned()).into_response();
        rehearsal.stub.knobs(|knobs| knobs.planned.entry("enroll").or_default().push_back(answer));
        ipad.unbox().unwrap();
        assert!(failure(&ipad).await.starts_with("Could not "), "{body}");
    }
    assert_eq!(&*ipad.screen().os, "iPadOS 26.0", "nothing older is installed");
}

#[tokio::test]
async fn a_script_is_bounded() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    for _ in 0..1_000 {
        ipad.script(Rule::any(0, Quirk::PowerCut));
    }
    ipad.script(Rule::any(u32::MAX, Quirk::FormatError));
    assert_eq!(rehearsal.stub.command(&ipad, "DeviceLock", &[]).await.kind, "CommandFormatError");
    assert_eq!(ipad.screen().stage, Stage::Home);
}
