//! strongSwan's SCEP client, where it is installed, enrols and renews against our messages.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use muster_pki::key::RsaKey;
use muster_pki::scep::{self, Asked, PkiMessage};
use muster_pki::x509::{
    Certificate, CertificateAuthority, IssuePolicy, Name, Usage, Validity, verify_current_issued_by,
};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

fn can_scep() -> bool {
    let help = Command::new("pki").args(["--scep", "--help"]).output();
    help.is_ok_and(|output| {
        [output.stdout, output.stderr].concat().windows(8).any(|part| part == b"--cipher")
    })
}

/// Answers one request after the other until the test ends.
fn serve(listener: &TcpListener, ca: &CertificateAuthority) {
    for stream in listener.incoming() {
        let mut reader = BufReader::new(stream.unwrap());
        let mut first = String::new();
        reader.read_line(&mut first).unwrap();
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            match line.trim().to_ascii_lowercase().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        answer(reader.into_inner(), &first, &body, ca);
    }
}

fn answer(mut stream: TcpStream, request: &str, body: &[u8], ca: &CertificateAuthority) {
    let (kind, body) = if request.contains("GetCACaps") {
        ("text/plain", scep::ca_caps().as_bytes().to_vec())
    } else if request.contains("GetCACert") {
        ("application/x-x509-ca-cert", scep::ca_cert(ca))
    } else {
        ("application/x-pki-message", enrol(body, ca))
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
}

fn enrol(body: &[u8], ca: &CertificateAuthority) -> Vec<u8> {
    let message = PkiMessage::read(body, ca).unwrap();
    let enrolment = message.asked.as_ref().unwrap();
    match enrolment.asked {
        Asked::WithChallenge => assert_eq!(message.challenge_password(), Some("one-time")),
        Asked::WithCertificate => {
            verify_current_issued_by(&message.signer, &[], ca.certificate(), now()).unwrap();
        }
    }
    let policy = IssuePolicy::new(Name::of("fixed"), Validity::days(now(), 10), Usage::ClientIdentity);
    let issued = ca.issue(&policy, enrolment.request.public_key()).unwrap();
    message.success(ca, &issued, now()).unwrap()
}

#[test]
fn strongswan_enrols_and_renews() {
    if !can_scep() {
        println!("skipped: no strongSwan pki");
        return;
    }
    let key = RsaKey::generate().unwrap();
    let ca =
        CertificateAuthority::create(key.into(), Name::of("Muster CA"), Validity::days(now(), 30)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/scep", listener.local_addr().unwrap());
    let folder = tempfile::TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("ca.der"), ca.certificate().der()).unwrap();
    let anchor = ca.certificate().clone();
    // Ends with the test program.
    std::thread::spawn(move || serve(&listener, &ca));

    let scep = |key: &RsaKey, more: &[&str]| {
        std::fs::write(path("key.pem"), key.to_pem().as_bytes()).unwrap();
        let (key, ca) = (path("key.pem"), path("ca.der"));
        let output = Command::new("pki")
            .args([
                "--scep",
                "--url",
                &url,
                "--in",
                &key,
                "--cacert-enc",
                &ca,
                "--cacert-sig",
                &ca,
                "--cacert",
                &ca,
            ])
            .args(more)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let issued = Certificate::from_der(&output.stdout).unwrap();
        verify_current_issued_by(&issued, &[], &anchor, now()).unwrap();
        issued
    };
    let (first, second) = (RsaKey::generate().unwrap(), RsaKey::generate().unwrap());
    for (cipher, digest) in [("aes", "sha256"), ("des3", "sha1")] {
        let issued = scep(
            &first,
            &["--dn", "CN=wish", "--password", "one-time", "--cipher", cipher, "--digest", digest],
        );
        assert_eq!(issued.common_name().unwrap(), "fixed");
        std::fs::write(path("old.key"), first.to_pem().as_bytes()).unwrap();
        std::fs::write(path("old.der"), issued.der()).unwrap();
        let renewed = scep(
            &second,
            &[
                "--cert",
                &path("old.der"),
                "--key",
                &path("old.key"),
                "--dn",
                "CN=wish",
                "--cipher",
                cipher,
                "--digest",
                digest,
            ],
        );
        assert_eq!(renewed.public_key(), second.public_key());
    }
}
