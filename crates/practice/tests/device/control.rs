//! The fleet by JSON.

use net::TrustAnchors;
use net::client::{ClientOptions, build};
use serde_json::{Value, json};

use crate::rehearsal::{Rehearsal, rehearsal, settled};

async fn call(rehearsal: &Rehearsal, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let trust = TrustAnchors::from_der([&rehearsal.practice.ca_cert_der]).unwrap();
    let http = build(&ClientOptions::new(trust, "Test/1.0")).unwrap();
    let url = format!("{}/devices{path}", rehearsal.practice.portal_url);
    let mut request = http.request(method.parse().unwrap(), url);
    if !body.is_null() {
        request = request.json(body);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

#[tokio::test]
async fn devices_are_unboxed_watched_and_erased_from_outside() {
    let rehearsal = rehearsal().await;
    let serials = rehearsal.buy(muster_practice::apple::catalogue::Family::IPad, 1);
    rehearsal.assign(rehearsal.profile(), &serials);
    let at = |rest: &str| format!("/{}{rest}", serials[0]);
    assert_eq!(call(&rehearsal, "GET", "", &Value::Null).await, (200, json!([])));
    assert_eq!(call(&rehearsal, "GET", &at(""), &Value::Null).await.0, 404, "nobody has it in hand");
    let (status, screen) = call(&rehearsal, "POST", &at("/unbox"), &json!({"version": "18.1"})).await;
    assert_eq!((status, &screen["os"]), (200, &json!("iPadOS 18.1")));
    let ipad = rehearsal.practice.fleet().device(&serials[0]).unwrap();
    crate::rehearsal::soon(ipad.wait_for(|screen| screen.enrolled)).await;
    rehearsal.stub.queue(&ipad, "DeviceConfigured", &[]);
    assert_eq!(call(&rehearsal, "POST", &at("/check-in"), &Value::Null).await.0, 200);
    settled(&ipad).await;
    let (_, list) = call(&rehearsal, "GET", "", &Value::Null).await;
    let screen = &list[0];
    assert_eq!(screen["stage"], "home");
    assert_eq!(screen["serial"], json!(serials[0]));
    assert_eq!(screen["family"], "iPad");
    assert_eq!(screen["name"], "iPad");
    assert_eq!(screen["profile"], "Works Management");
    assert_eq!(screen["pairing"], "anyComputer");
    assert!(screen["panes"].as_array().is_some_and(|panes| panes.contains(&json!("Passcode"))));
    assert_eq!(screen["notices"].as_array().map(Vec::len), Some(2));
    let (status, refused) = call(&rehearsal, "POST", &at("/unbox"), &Value::Null).await;
    assert_eq!(status, 409);
    assert_eq!(refused["error"], "failed to set up the device again: it must be erased first");
    assert_eq!(call(&rehearsal, "POST", &at("/remove-management"), &Value::Null).await.0, 409);
    let rule = json!({"requestType": "DeviceLock", "times": 1, "quirk": "notNow"});
    assert_eq!(call(&rehearsal, "POST", &at("/script"), &rule).await.0, 200);
    assert_eq!(rehearsal.stub.command(&ipad, "DeviceLock", &[]).await.kind, "NotNow");
    assert_eq!(call(&rehearsal, "POST", &at("/restore"), &Value::Null).await.0, 200);
    let (_, screen) = call(&rehearsal, "POST", &at("/power"), &json!({"on": false})).await;
    assert_eq!(screen["powered"], false);
    let (_, screen) = call(&rehearsal, "POST", &at("/wipe"), &Value::Null).await;
    assert_eq!(screen["stage"], "boxed");
}

#[tokio::test]
async fn what_a_person_typed_is_in_no_log() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.ipad();
    ipad.sign_in_as("ann", "correct horse");
    let shown = format!("{ipad:?} {:?}", ipad.screen());
    assert!(shown.contains(ipad.serial()) && !shown.contains("correct horse"));
}

#[tokio::test]
async fn calls_that_make_no_sense_are_refused_with_words() {
    let rehearsal = rehearsal().await;
    let serial = &rehearsal.buy(muster_practice::apple::catalogue::Family::IPad, 1)[0];
    for (path, body, status) in [
        ("/NOSUCH0000/unbox".to_owned(), Value::Null, 404),
        ("/NOSUCH0000/wipe".to_owned(), Value::Null, 404),
        (format!("/{serial}/unbox"), json!({"version": "new"}), 400),
        (format!("/{serial}/unbox"), json!([1]), 400),
        (format!("/{serial}/script"), json!({"times": 1, "quirk": "explode"}), 400),
    ] {
        let (got, answer) = call(&rehearsal, "POST", &path, &body).await;
        assert_eq!(got, status, "{path} {body}");
        assert!(answer["error"].as_str().is_some_and(|words| words.starts_with("failed to ")), "{answer}");
    }
}
