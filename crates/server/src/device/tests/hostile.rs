//! Nothing that a stranger or a device sends stops the server or is believed.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use domain::profile::ProfileSettings;
use http::{Request, StatusCode};
use pki::x509::{IssuePolicy, Name, Usage, Validity, self_signed};
use tokio::sync::mpsc;

use super::pretend::{House, Pad, SECRET, START, UDID};

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

/// Refuses: A
#[tokio::test]
async fn bombs_are_refused_at_every_door() {
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
            let heard = house.post(door, bomb.clone()).await;
            assert!(heard.status.is_client_error(), "{name} at {door}: {}", heard.status);
        }
        let heard = pad.say_bytes(&house, bomb).await;
        assert!(heard.status.is_client_error(), "{name}, signed by a device: {}", heard.status);
    }
}

/// Longer than what is read before its sender is known, and no property list.
const LARGE: usize = ::app::mdm::SMALL_MESSAGE + 1;

/// Refuses: A
/// The reader says 400 to nonsense; a stranger's large nonsense never gets as far.
#[tokio::test]
async fn a_large_message_of_a_stranger_is_refused_before_it_is_read() {
    let house = House::ready(ProfileSettings::default()).await;
    let mut pad = Pad::new();
    pad.enrol(&house, false).await;
    assert_eq!(pad.say_bytes(&house, vec![b'x'; LARGE]).await.status, StatusCode::BAD_REQUEST);
    let own = IssuePolicy::new(Name::of("device"), Validity::days(START, 9), Usage::ClientIdentity);
    let own = self_signed(&pad.key.clone().into(), &own).unwrap();
    let stranger = Pad { identity: Some(own), ..pad };
    assert_eq!(stranger.say_bytes(&house, vec![b'x'; LARGE]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(stranger.say_bytes(&house, vec![b'x'; 100]).await.status, StatusCode::BAD_REQUEST);
}

/// A request of this many bytes that ends when its sender is dropped.
fn begun(length: Option<usize>, sent: usize) -> (mpsc::Sender<Result<Bytes, Infallible>>, Request<Body>) {
    let (sender, receiver) = mpsc::channel(1);
    sender.try_send(Ok(Bytes::from(vec![b' '; sent]))).unwrap();
    let parts = futures_util::stream::unfold(receiver, |mut parts| async {
        parts.recv().await.map(|part| (part, parts))
    });
    let request = Request::put("/t/default/mdm");
    let request = match length {
        Some(length) => request.header("content-length", length),
        None => request,
    };
    (sender, request.body(Body::from_stream(parts)).unwrap())
}

/// Refuses: A
#[tokio::test]
async fn large_bodies_have_few_places_and_small_ones_go_past_them() {
    let house = House::ready(ProfileSettings::default()).await;
    let mut pad = Pad::new();
    pad.enrol(&house, false).await;
    // One that is promised costs others nothing; one that comes holds a place, whatever its head says.
    for (length, sent, full) in [(Some(LARGE), 1, false), (Some(LARGE), LARGE, true), (None, LARGE, true)] {
        let (senders, requests): (Vec<_>, Vec<_>) = (0..32).map(|_| begun(length, sent)).unzip();
        let mut held: Vec<_> = requests.into_iter().map(|request| Box::pin(house.send(request))).collect();
        for held in &mut held {
            assert!(futures_util::poll!(held).is_pending());
        }
        let another = pad.say_bytes(&house, vec![b' '; LARGE]).await;
        let status = if full { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::BAD_REQUEST };
        assert_eq!(another.status, status, "{length:?}, {sent} sent");
        assert_eq!(another.headers.contains_key("retry-after"), full);
        assert_eq!(pad.idle(&house).await.status, StatusCode::OK);
        drop(senders);
        for held in held {
            assert!(held.await.status.is_client_error());
        }
        assert_eq!(pad.say_bytes(&house, vec![b' '; LARGE]).await.status, StatusCode::BAD_REQUEST);
    }
}

/// Refuses: A
#[tokio::test]
async fn a_length_beyond_the_limit_is_refused_from_the_head_alone() {
    let house = House::ready(ProfileSettings::default()).await;
    let (_sender, request) = begun(Some(::app::mdm::MESSAGE_MAX + 1), 1);
    assert_eq!(house.send(request).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn strange_places_are_no_places() {
    let house = House::ready(ProfileSettings::default()).await;
    let long = format!("/t/{}/mdm", "x".repeat(300));
    for path in
        ["/t/a_b/mdm", "/t/..%2f/mdm", "/t/%00/scep?operation=GetCACert", "/t/default/other", long.as_str()]
    {
        let heard = house.send(Request::put(path).body(Body::empty()).unwrap()).await;
        assert!(heard.status.is_client_error(), "{path}: {}", heard.status);
    }
}

/// Refuses: H
/// What a device says of itself is data wherever it goes.
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
