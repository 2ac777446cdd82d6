//! Lessons, classes A and H: nothing that a stranger or a device sends stops the server or is believed.

use std::time::{Duration, Instant};

use domain::profile::ProfileSettings;
use http::{Request, StatusCode};

use super::pretend::{House, Pad, SECRET, UDID};

fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |open: &str| open.repeat(20_000).into_bytes();
    vec![
        ("nothing", Vec::new()),
        ("noise", (0..9_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()),
        ("binary plist", [&b"bplist00"[..], &[0xA1; 200], &[0xFF; 32]].concat()),
        ("deep arrays", [&b"<plist><array>"[..], &deep("<array>")].concat()),
        ("entities", b"<!DOCTYPE x [<!ENTITY a \"b\">]><plist><dict/></plist>".to_vec()),
        ("cdata", b"<plist><dict><key>UDID</key><string><![CDATA[x]]></string></dict></plist>".to_vec()),
        ("deep asn.1", [0x30, 0x80].repeat(20_000)),
        ("a length that lies", vec![0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x30]),
        ("too large", vec![b' '; 5 << 20]),
    ]
}

#[tokio::test]
async fn bombs_are_refused_at_once_at_every_door() {
    let house = House::ready(ProfileSettings::default()).await;
    let mut pad = Pad::new();
    pad.enrol(&house, false).await;
    let doors = [
        format!("/t/default/enroll/{SECRET}"),
        "/t/default/scep?operation=PKIOperation".into(),
        "/t/default/mdm".into(),
    ];
    for (name, bomb) in bombs() {
        for door in &doors {
            let began = Instant::now();
            let heard = house.post(door, bomb.clone()).await;
            assert!(heard.status.is_client_error(), "{name} at {door}: {}", heard.status);
            assert!(began.elapsed() < Duration::from_secs(2), "{name} at {door}");
        }
        let heard = pad.say_bytes(&house, bomb).await;
        assert!(heard.status.is_client_error(), "{name}, signed by a device: {}", heard.status);
    }
}

#[tokio::test]
async fn strange_places_are_no_places() {
    let house = House::ready(ProfileSettings::default()).await;
    let long = format!("/t/{}/mdm", "x".repeat(300));
    for path in
        ["/t/a_b/mdm", "/t/..%2f/mdm", "/t/%00/scep?operation=GetCACert", "/t/default/other", long.as_str()]
    {
        let heard = house.send(Request::put(path).body(axum::body::Body::empty()).unwrap()).await;
        assert!(heard.status.is_client_error(), "{path}: {}", heard.status);
    }
}

/// Class H: what a device says of itself is data wherever it goes.
#[tokio::test]
async fn strange_texts_of_a_device_are_kept_as_they_are_or_refused() {
    let house = House::ready(ProfileSettings::default()).await;
    let mut pad = Pad::new();
    pad.get_identity(&house).await;
    for name in ["'; drop table device; --", "<script>alert(1)</script>", "a\u{202e}b", "🙂"] {
        let said =
            [("MessageType", "Authenticate".into()), ("Topic", "t".into()), ("DeviceName", name.into())];
        assert_eq!(pad.say(&house, &said).await.status, StatusCode::OK, "{name}");
        assert_eq!(house.managed().await.info.device_name.as_deref(), Some(name));
    }
    let as_sql = format!("{UDID}' or '1'='1");
    let stranger = Pad { udid: Box::leak(as_sql.into_boxed_str()), ..pad };
    assert_eq!(stranger.idle(&house).await.status, StatusCode::FORBIDDEN);
}
