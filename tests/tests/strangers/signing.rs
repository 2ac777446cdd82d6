//! MachineInfo and messages signed by OpenSSL get the verdict they deserve, whatever shape they come in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muster_tests::Stack;
use muster_tests::handmade::{Handmade, Served, xml};
use practice::apple::activation::CloudConfiguration;
use practice::apple::catalogue::Family;
use serde_json::{Value, json};

use crate::openssl::{OpenSsl, put_identity};

async fn ready(stack: &Stack, count: usize) -> Vec<String> {
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    stack.ready(&program, Family::IPad, count).await
}

/// A device whose certificate and key from Apple are in OpenSSL's folder, with what stands behind them.
fn unbox(stack: &Stack, openssl: &OpenSsl, serial: &str) -> (Handmade, CloudConfiguration) {
    let device = stack.handmade(serial);
    put_identity(openssl, "device", &device.device.certificate, &device.device_key);
    let chain =
        [&device.device.device_ca, &device.device.root].map(|der| pki::pem::encode("CERTIFICATE", der));
    openssl.folder.put("chain.pem", chain.concat());
    openssl.folder.put("info", device.machine_info());
    let cloud = device.activate(stack).unwrap();
    (device, cloud)
}

/// What the server has to say of managed devices: it must not change when somebody is turned away.
async fn managed(stack: &Stack) -> Vec<Value> {
    stack.api.rows("deviceManagement/managedDevices").await
}

/// Shows: N29
#[tokio::test(flavor = "multi_thread")]
async fn machine_info_that_openssl_signs_as_apples_devices_do_is_believed() {
    let Some(openssl) = OpenSsl::find() else { return };
    let stack = Stack::start().await;
    let serial = ready(&stack, 1).await.remove(0);
    let (device, cloud) = unbox(&stack, &openssl, &serial);
    let who = "-signer {device.pem} -inkey {device.key} -in {info} -outform DER -nodetach -binary";
    let ways = [
        "smime -sign -md sha256 -certfile {chain.pem}",
        "smime -sign -md sha1 -certfile {chain.pem}",
        "smime -sign -md sha256",
        "smime -sign -md sha256 -noattr",
        "smime -sign -md sha1 -noattr -certfile {chain.pem}",
        "cms -sign -md sha256 -certfile {chain.pem}",
        "cms -sign -md sha1 -nosmimecap",
        "cms -sign -md sha256 -stream",
        "cms -sign -md sha384 -keyid",
        "cms -sign -md sha512 -stream -indef -certfile {chain.pem}",
    ];
    for way in ways {
        let signed = openssl.make("signed", &format!("{way} {who}"));
        let served = Served::read(&device.ask(&stack, &cloud, &signed).await);
        assert!(served.server_url.starts_with(&stack.device_url), "{way}");
        assert_eq!(device.ask_in_header(&stack, &cloud, &signed).await.status, 200, "{way}");
        // A serial may not ask without end.
        stack.pass(std::time::Duration::from_secs(15 * 60)).await;
    }
}

/// Refuses: B
#[tokio::test(flavor = "multi_thread")]
async fn machine_info_that_is_not_from_an_apple_device_is_refused_and_changes_nothing() {
    let Some(openssl) = OpenSsl::find() else { return };
    let stack = Stack::start().await;
    let serial = ready(&stack, 1).await.remove(0);
    let (device, cloud) = unbox(&stack, &openssl, &serial);
    openssl.stranger("stranger");
    other_authority(&openssl);
    let before = managed(&stack).await;
    let sign = |way: &str| openssl.make("signed", &format!("{way} -in {{info}} -outform DER -binary"));
    let device_signs = "cms -sign -nodetach -md sha256 -signer {device.pem} -inkey {device.key}";
    let good = sign(device_signs);
    let mut refused = vec![
        ("self-signed", sign("cms -sign -nodetach -signer {stranger.pem} -inkey {stranger.key}")),
        (
            "self-signed, with Apple's chain beside",
            sign("cms -sign -nodetach -signer {stranger.pem} -inkey {stranger.key} -certfile {chain.pem}"),
        ),
        (
            "another authority",
            sign("cms -sign -nodetach -signer {other.pem} -inkey {other.key} -certfile {otherca.pem}"),
        ),
        ("two signers", sign(&format!("{device_signs} -signer {{stranger.pem}} -inkey {{stranger.key}}"))),
        ("detached", sign("cms -sign -md sha256 -signer {device.pem} -inkey {device.key}")),
        ("without the certificate", sign(&format!("{device_signs} -nocerts"))),
        ("no signer", openssl.make("signed", "crl2pkcs7 -nocrl -certfile {device.pem} -outform DER")),
        ("plain", device.machine_info()),
        ("nothing", Vec::new()),
    ];
    for (what, from, to) in
        [("a swapped serial number", "SERIAL", "SERIAX"), ("a swapped UDID", "UDID", "UDIE")]
    {
        let mut swapped = good.clone();
        let place = swapped.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        swapped[place..place + to.len()].copy_from_slice(to.as_bytes());
        refused.push((what, swapped));
    }
    for (what, signed) in refused {
        for heard in
            [device.ask(&stack, &cloud, &signed).await, device.ask_in_header(&stack, &cloud, &signed).await]
        {
            assert_eq!(heard.status, 403, "{what}");
            let said: Value =
                serde_json::from_slice(&heard.body).unwrap_or_else(|_| unread(what, &heard.body));
            assert_eq!(said["code"], "com.apple.unrecognized.device", "{what}");
        }
        assert_eq!(managed(&stack).await, before, "{what}");
    }
    assert_eq!(
        device.ask(&stack, &cloud, &good).await.status,
        200,
        "the device itself is let in all the same"
    );
}

/// An answer that is no JSON, for the failure that it is.
fn unread(what: &str, body: &[u8]) -> Value {
    json!({ "what": what, "body": String::from_utf8_lossy(body) })
}

/// An authority that is not Apple's, and a device certificate of it.
fn other_authority(openssl: &OpenSsl) {
    openssl.stranger("otherca");
    openssl.make("other.csr", "req -new -newkey rsa:2048 -nodes -subj /CN=device -keyout {other.key}");
    openssl.make(
        "other.pem",
        "x509 -req -in {other.csr} -CA {otherca.pem} -CAkey {otherca.key} -CAcreateserial",
    );
}

/// Shows: N29
/// Refuses: C
#[tokio::test(flavor = "multi_thread")]
async fn messages_that_openssl_signs_get_the_same_verdict_as_a_devices_own() {
    let Some(openssl) = OpenSsl::find() else { return };
    let stack = Stack::start().await;
    let serials = ready(&stack, 2).await;
    let (device, other) = (stack.enrolled(&serials[0]).await, stack.enrolled(&serials[1]).await);
    put_identity(&openssl, "me", device.identity.as_ref().unwrap().der(), &device.key);
    put_identity(&openssl, "other", other.identity.as_ref().unwrap().der(), &other.key);
    openssl.stranger("stranger");
    let body = xml(&[("UDID", device.udid.as_str().into()), ("Status", "Idle".into())]);
    openssl.folder.put("body", &body);
    let sign = |way: &str| {
        STANDARD.encode(openssl.make("signature", &format!("{way} -in {{body}} -outform DER -binary")))
    };
    let mine = "-signer {me.pem} -inkey {me.key}";
    for way in [
        "smime -sign -md sha256",
        "smime -sign -md sha1",
        "smime -sign -md sha256 -noattr",
        "cms -sign -md sha256",
        "cms -sign -md sha512 -keyid",
        "cms -sign -md sha1 -noattr",
    ] {
        let heard = device.send(&stack, body.clone(), Some(&sign(&format!("{way} {mine}")))).await;
        assert_eq!((heard.status, heard.body.len()), (200, 0), "{way}");
    }
    let swapped = xml(&[("UDID", device.udid.as_str().into()), ("Status", "NotNow".into())]);
    let good = sign(&format!("cms -sign -md sha256 {mine}"));
    let refused = [
        ("a swapped body", swapped, good),
        ("another device", body.clone(), sign("cms -sign -signer {other.pem} -inkey {other.key}")),
        ("nobody's", body.clone(), sign("cms -sign -signer {stranger.pem} -inkey {stranger.key}")),
        (
            "two signers",
            body.clone(),
            sign(&format!("cms -sign {mine} -signer {{stranger.pem}} -inkey {{stranger.key}}")),
        ),
        ("without a certificate", body.clone(), sign(&format!("cms -sign -nocerts {mine}"))),
    ];
    let before = managed(&stack).await;
    for (what, body, signature) in refused {
        let heard = device.send(&stack, body, Some(&signature)).await;
        assert_eq!((heard.status, heard.body.len()), (403, 0), "{what}");
    }
    assert_eq!(managed(&stack).await, before);
}
