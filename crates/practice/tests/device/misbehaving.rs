use std::time::Duration;

use axum::http::StatusCode;
use muster_practice::device::{Quirk, Rule, Stage};

use crate::rehearsal::{rehearsal, soon};

#[tokio::test]
async fn after_not_now_a_device_comes_back_by_itself() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    ipad.script(Rule::new("RestartDevice", 1, Quirk::NotNow));
    let uuid = rehearsal.stub.queue(&ipad, "RestartDevice", &[]);
    ipad.check_in().unwrap();
    assert_eq!(rehearsal.stub.answer(&uuid).await.kind, "NotNow");
    soon(rehearsal.clock.until_sleeping(1)).await;
    rehearsal.clock.advance(Duration::from_secs(60));
    let heard = rehearsal.stub.wait_for(|heard| heard.result(&uuid).unwrap().kind == "Acknowledged").await;
    assert_eq!(heard.kinds(), ["Idle", "NotNow", "Idle", "Acknowledged"]);
}

#[tokio::test]
async fn commands_that_are_always_carried_out_are_spared_from_not_now() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    ipad.script(Rule::any(1, Quirk::NotNow));
    assert_eq!(rehearsal.stub.command(&ipad, "DeviceLock", &[]).await.kind, "Acknowledged");
    assert_eq!(rehearsal.stub.command(&ipad, "SecurityInfo", &[]).await.kind, "NotNow");
}

#[tokio::test]
async fn errors_are_told_as_scripted_and_then_the_device_is_good_again() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    let quirk = Quirk::Error { code: 7, domain: "D".into(), words: "no".into() };
    ipad.script(Rule::new("DeviceLock", 1, quirk));
    ipad.script(Rule::new("DeviceLock", 1, Quirk::FormatError));
    for kind in ["Error", "CommandFormatError", "Acknowledged"] {
        assert_eq!(rehearsal.stub.command(&ipad, "DeviceLock", &[]).await.kind, kind);
    }
}

#[tokio::test]
async fn an_answer_may_come_twice_or_not_at_all() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    ipad.script(Rule::new("DeviceLock", 1, Quirk::Twice));
    let uuid = rehearsal.stub.queue(&ipad, "DeviceLock", &[]);
    ipad.check_in().unwrap();
    let twice = |heard: &crate::stub::Heard| heard.count("Acknowledged") == 2;
    let heard = rehearsal.stub.wait_for(twice).await;
    assert!(heard.0[1..].iter().all(|message| message.text("CommandUUID") == Some(&uuid)));

    rehearsal.stub.forget();
    ipad.script(Rule::new("SecurityInfo", 1, Quirk::Lost));
    let uuid = rehearsal.stub.queue(&ipad, "SecurityInfo", &[]);
    ipad.check_in().unwrap();
    rehearsal.stub.wait_for(|heard| heard.count("Idle") == 1).await;
    ipad.check_in().unwrap();
    rehearsal.stub.answer(&uuid).await;
    assert_eq!(rehearsal.stub.heard().kinds(), ["Idle", "Idle", "Acknowledged"]);
}

#[tokio::test]
async fn a_release_whose_answer_is_lost_is_seen_by_the_token_update() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.ipad();
    ipad.script(Rule::new("DeviceConfigured", 1, Quirk::Lost));
    rehearsal.stub.release(&ipad);
    ipad.unbox().unwrap();
    let heard = rehearsal.stub.wait_for(|heard| heard.released(&ipad.udid())).await;
    assert_eq!(heard.count("Acknowledged"), 0);
    assert_eq!(soon(ipad.settled()).await.stage, Stage::Home);
}

#[tokio::test]
async fn without_power_a_device_is_silent_and_afterwards_it_hears_the_push_that_waited() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    rehearsal.stub.command(&ipad, "DeviceLock", &[]).await;
    ipad.script(Rule::new("SecurityInfo", 1, Quirk::PowerCut));
    let uuid = rehearsal.stub.queue(&ipad, "SecurityInfo", &[]);
    ipad.check_in().unwrap();
    soon(ipad.wait_for(|screen| !screen.powered)).await;
    assert!(ipad.check_in().is_err());
    assert!(rehearsal.stub.heard().result(&uuid).is_none());
    ipad.power_on();
    ipad.check_in().unwrap();
    assert_eq!(rehearsal.stub.answer(&uuid).await.kind, "Acknowledged");
}

#[tokio::test]
async fn a_result_is_kept_until_the_server_takes_it() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.at_home().await;
    for _ in 0..7 {
        rehearsal.stub.plan("result", StatusCode::SERVICE_UNAVAILABLE);
    }
    let uuid = rehearsal.stub.queue(&ipad, "DeviceLock", &[]);
    ipad.check_in().unwrap();
    rehearsal.hours_until(ipad.wait_for(|screen| screen.trouble.is_some())).await;
    assert_eq!(rehearsal.stub.heard().kinds(), ["Idle"]);
    ipad.check_in().unwrap();
    rehearsal.hours_until(rehearsal.stub.answer(&uuid)).await;
    assert_eq!(rehearsal.stub.heard().kinds(), ["Idle", "Acknowledged"], "the result itself comes again");
    soon(ipad.wait_for(|screen| screen.trouble.is_none())).await;
}

#[tokio::test]
async fn a_server_that_does_not_know_the_device_loses_it() {
    let rehearsal = rehearsal().await;
    let unknown = r#"{"code":"com.apple.unrecognized.device"}"#;
    for (status, body) in [(401, ""), (403, unknown)] {
        let ipad = rehearsal.at_home().await;
        rehearsal.stub.plan("connect", (StatusCode::from_u16(status).unwrap(), body));
        ipad.check_in().unwrap();
        let screen = soon(ipad.wait_for(|screen| !screen.enrolled)).await;
        assert_eq!(screen.stage, Stage::Home, "{status}");
        assert!(rehearsal.stub.heard().0.is_empty(), "there is nobody to say goodbye to");
    }
    let ipad = rehearsal.ipad();
    rehearsal.stub.plan("connect", StatusCode::UNAUTHORIZED);
    rehearsal.stub.release(&ipad);
    ipad.unbox().unwrap();
    assert!(crate::rehearsal::failure(&ipad).await.contains("stay enrolled"));
}

#[tokio::test]
async fn a_push_for_another_enrolment_wakes_nobody() {
    use muster_practice::apns::{DeviceToken, Push};
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.ipad();
    ipad.unbox().unwrap();
    soon(ipad.wait_for(|screen| screen.stage == Stage::AwaitingConfiguration)).await;
    let heard = rehearsal.stub.heard();
    let token = mdm::guard::Fields(&heard.last("TokenUpdate").plist).data("Token", 32).unwrap();
    let token = DeviceToken(token.try_into().unwrap());
    let push = Push { magic: "another".into(), expires: None };
    let now = rehearsal.practice.world().now();
    rehearsal.practice.registry().push(token, crate::stub::TOPIC, push, now);
    rehearsal.stub.queue(&ipad, "DeviceConfigured", &[]);
    rehearsal.stub.push(&ipad);
    rehearsal.stub.wait_for(|heard| heard.released(&ipad.udid())).await;
    assert_eq!(rehearsal.stub.heard().count("Idle"), 1);
}
