//! The running server's profile and SCEP, to programs that others wrote.

use muster_tests::handmade::{Handmade, Served};
use muster_tests::tool::{Folder, Said, Tool};
use muster_tests::{Program, Setting, Stack, arguments};
use practice::apple::catalogue::Family;
use serde_json::json;

use crate::openssl::OpenSsl;

async fn ready(stack: &Stack, count: usize) -> (Program, Vec<String>) {
    let program = stack.program().await;
    program.default_profile(json!({})).await;
    let serials = stack.ready(&program, Family::IPad, count).await;
    (program, serials)
}

async fn served(stack: &Stack, serial: &str) -> (Handmade, Served) {
    let device = stack.handmade(serial);
    let cloud = device.activate(stack).unwrap();
    let signed = device.signed(&device.machine_info(), Default::default());
    let served = Served::read(&device.ask(stack, &cloud, &signed).await);
    (device, served)
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_verifies_the_enrolment_profile() {
    let Some(openssl) = OpenSsl::find() else { return };
    let stack = Stack::with(Setting::today()).await;
    let (_, serials) = ready(&stack, 1).await;
    let (_, served) = served(&stack, &serials[0]).await;
    openssl.folder.put("profile", &served.signed);
    let authority = stack.http.get(format!("{}?operation=GetCACert", served.scep_url)).send().await.unwrap();
    let authority = authority.bytes().await.unwrap();
    openssl.folder.put("ca.pem", pki::pem::encode("CERTIFICATE", &authority));
    let verify = "smime -verify -inform DER -in {profile} -CAfile {ca.pem} -purpose any";
    let plist = String::from_utf8(openssl.make("plain", verify)).unwrap();
    assert!(plist.contains("com.apple.mdm") && plist.contains("com.apple.security.scep"), "{plist}");

    // One byte of it changed, it is nobody's.
    let mut forged = served.signed.clone();
    let place = forged.windows(9).position(|part| part == b"ServerURL").unwrap();
    forged[place] = b's';
    openssl.folder.put("profile", forged);
    assert!(!openssl.say(&format!("{verify} -out {{plain}}")).ok);
}

/// `scepclient` of micromdm, in Go: trades a challenge for a certificate (PEM), if it gets one.
async fn scepclient(stack: &Stack, tool: &Tool, served: &Served, udid: &str) -> Result<String, Said> {
    // It leaves a key and a request where it works, and takes up what it finds there.
    let folder = Folder::new();
    let certificate = folder.path("device.pem");
    let words = arguments![
        "-private-key",
        folder.name("device.key"),
        "-certificate",
        certificate.display(),
        "-server-url",
        stack.plain(&served.scep_url).await,
        "-challenge",
        served.challenge,
        "-cn",
        udid,
    ];
    let said = tool.in_folder(&folder).run_beside(words, b"").await;
    std::fs::read_to_string(certificate).map_err(|_| said)
}

/// Refuses: R
#[tokio::test(flavor = "multi_thread")]
async fn scepclient_gets_a_certificate_for_a_served_challenge_and_only_once() {
    let Some(tool) = Tool::find("scepclient") else { return };
    let stack = Stack::with(Setting::today()).await;
    let (_, serials) = ready(&stack, 1).await;
    let (device, served) = served(&stack, &serials[0]).await;
    let astray = scepclient(&stack, &tool, &served, "another-udid").await.unwrap_err();
    assert!(astray.words.contains("badRequest"), "a challenge is for its device: {}", astray.words);
    let issued = scepclient(&stack, &tool, &served, &device.udid).await.unwrap();
    let issued = pki::x509::Certificate::from_pem(&issued).unwrap();
    assert!(issued.allows_client_auth() && !issued.is_ca());
    assert_ne!(
        issued.common_name().as_deref(),
        Some(device.udid.as_str()),
        "the server says who a device is"
    );
    let replayed = scepclient(&stack, &tool, &served, &device.udid).await.unwrap_err();
    assert!(replayed.words.contains("badRequest"), "{}", replayed.words);
}

/// Refuses: R
/// strongSwan's `pki --scep`, in C.
#[tokio::test(flavor = "multi_thread")]
async fn strongswan_gets_a_certificate_for_a_served_challenge_and_only_once() {
    let Some(tool) = Tool::find("pki") else { return };
    if !tool.run(&["--scep", "--help"], b"").words.contains("--url") {
        println!("skipped: pki has no --scep");
        return;
    }
    let stack = Stack::with(Setting::today()).await;
    let (_, serials) = ready(&stack, 1).await;
    let (device, served) = served(&stack, &serials[0]).await;
    let folder = Folder::new();
    let key = folder.put("device.pem", pki::key::RsaKey::generate().unwrap().to_pem().as_bytes());
    let authority = stack.http.get(format!("{}?operation=GetCACert", served.scep_url)).send().await.unwrap();
    let authority = folder.put("ca.der", authority.bytes().await.unwrap());
    let url = stack.plain(&served.scep_url).await;
    let words = |key: &str| {
        arguments![
            "--scep",
            "--url",
            url,
            "--in",
            key,
            "--dn",
            format!("CN={}", device.udid),
            "--password",
            served.challenge,
            "--cacert-enc",
            authority,
            "--cacert-sig",
            authority,
            "--cipher",
            "aes",
            "--digest",
            "sha256",
            "--outform",
            "pem",
        ]
        .to_vec()
    };
    let said = tool.run_beside(&words(&key), b"").await;
    assert!(said.ok, "{}", said.words);
    let issued = String::from_utf8(said.bytes).unwrap();
    assert!(pki::x509::Certificate::from_pem(&issued).unwrap().allows_client_auth());
    let other = folder.put("other.pem", pki::key::RsaKey::generate().unwrap().to_pem().as_bytes());
    let replayed = tool.run_beside(&words(&other), b"").await;
    assert!(!replayed.ok && !replayed.words.contains("BEGIN CERTIFICATE"), "{}", replayed.words);
}
