//! OpenSSL as the other side, where it is installed: it reads what we write, and we read what it writes.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use muster_pki::cms::{self, Cipher, Signer};
use muster_pki::key::{EcKey, RsaKey, SigningKey};
use muster_pki::smime::ServerToken;
use muster_pki::x509::{
    CertificateAuthority, CertificateRequest, IssuePolicy, Name, SubjectAltName, Usage, Validity, self_signed,
};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// A folder for one conversation with OpenSSL, or `None` where it is not installed.
struct OpenSsl(TempDir);

impl OpenSsl {
    fn find() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success()) {
            return Some(Self(TempDir::new().unwrap()));
        }
        println!("skipped: no openssl");
        None
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.0.path().join(name), content).unwrap();
        self
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.path().join(name)).unwrap()
    }

    /// Runs one command line in the folder; returns what it prints.
    fn run(&self, line: &str) -> Vec<u8> {
        let output =
            Command::new("openssl").args(line.split(' ')).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

/// OpenSSL looks at the real clock, so these tests do too.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

fn rsa() -> SigningKey {
    RsaKey::generate().unwrap().into()
}

fn ec() -> SigningKey {
    EcKey::generate().unwrap().into()
}

fn authority(key: SigningKey) -> CertificateAuthority {
    CertificateAuthority::create(key, Name::of("Muster CA").organization("Muster"), Validity::days(now(), 30))
        .unwrap()
}

#[test]
fn openssl_accepts_what_we_issue() {
    let Some(openssl) = OpenSsl::find() else { return };
    for key in [rsa(), ec()] {
        let ca = authority(key);
        let policy = IssuePolicy::new(Name::of("mdm.example"), Validity::days(now(), 10), Usage::TlsServer)
            .with_san(["mdm.example", "127.0.0.1", "::1"].map(SubjectAltName::from));
        let server = ca.issue(&policy, ec().public_key()).unwrap();
        let policy = IssuePolicy::new(Name::of("device"), Validity::days(now(), 10), Usage::ClientIdentity);
        let device = ca.issue(&policy, rsa().public_key()).unwrap();
        openssl.write("ca.pem", ca.certificate().to_pem());
        openssl.write("server.pem", server.to_pem()).write("device.pem", device.to_pem());
        openssl.run(
            "verify -x509_strict -CAfile ca.pem -purpose sslserver -verify_hostname mdm.example server.pem",
        );
        openssl.run("verify -x509_strict -CAfile ca.pem -purpose sslserver -verify_ip ::1 server.pem");
        openssl.run("verify -x509_strict -CAfile ca.pem -purpose sslclient device.pem");
        openssl.run("verify -x509_strict -CAfile ca.pem ca.pem");
    }
}

#[test]
fn openssl_and_we_read_each_others_requests() {
    let Some(openssl) = OpenSsl::find() else { return };
    for key in [rsa(), ec()] {
        let request = CertificateRequest::create(&key, &Name::of("wish"), Some("one-time")).unwrap();
        let shown = openssl.write("req.pem", request.to_pem()).run("req -verify -noout -text -in req.pem");
        let shown = String::from_utf8(shown).unwrap();
        assert!(shown.contains("one-time") && shown.contains("wish"), "{shown}");
    }
    openssl.write(
        "req.cnf",
        "[req]\ndistinguished_name=n\nattributes=a\nprompt=no\nreq_extensions=e\n[n]\nCN=wish\n[a]\nchallengePassword=pass word\n[e]\nbasicConstraints=CA:TRUE\n",
    );
    openssl.run("req -new -newkey rsa:2048 -nodes -keyout k.pem -config req.cnf -outform DER -out req.der");
    let request = CertificateRequest::from_der(&openssl.read("req.der")).unwrap();
    assert_eq!(request.challenge_password(), Some("pass word"));
    assert_eq!(request.subject().common_name().unwrap(), "wish");
}

#[test]
fn openssl_verifies_what_we_sign() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.write("body", b"the body\n");
    for key in [rsa(), ec()] {
        let ca = authority(ec());
        let policy = IssuePolicy::new(Name::of("Profiles"), Validity::days(now(), 10), Usage::ProfileSigner);
        let certificate = ca.issue(&policy, key.public_key()).unwrap();
        let signer = Signer::new(key, certificate).unwrap().with_chain([ca.certificate().clone()]);
        openssl.write("ca.pem", ca.certificate().to_pem());
        for signer in [signer.clone(), signer.clone().at(now()), signer.without_attributes()] {
            openssl.write("a.der", signer.sign_attached(b"the body\n").unwrap());
            openssl.write("d.der", signer.sign_detached(b"the body\n").unwrap());
            for tool in ["cms", "smime"] {
                let verify = format!("{tool} -verify -binary -inform DER -CAfile ca.pem -purpose any");
                assert_eq!(openssl.run(&format!("{verify} -in a.der")), b"the body\n");
                openssl.run(&format!("{verify} -in d.der -content body"));
            }
        }
    }
}

#[test]
fn openssl_decrypts_what_we_encrypt() {
    let Some(openssl) = OpenSsl::find() else { return };
    let key = RsaKey::generate().unwrap();
    let policy = IssuePolicy::new(Name::of("Muster"), Validity::days(now(), 10), Usage::ServerToken);
    let certificate = self_signed(&key.clone().into(), &policy).unwrap();
    openssl.write("key.pem", key.to_pem().as_bytes()).write("cert.pem", certificate.to_pem());
    for cipher in [Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256] {
        for message in [
            cms::encrypt_enveloped(&certificate, b"secret", cipher).unwrap(),
            cms::encrypt_streamed(&certificate, b"secret", cipher).unwrap(),
        ] {
            openssl.write("m.der", message);
            for tool in ["cms", "smime"] {
                let line =
                    format!("{tool} -decrypt -binary -inform DER -in m.der -inkey key.pem -recip cert.pem");
                assert_eq!(openssl.run(&line), b"secret", "{cipher:?}");
            }
        }
    }
    let token = ServerToken {
        consumer_key: "CK".into(),
        consumer_secret: Zeroizing::new("CS".into()),
        access_token: Zeroizing::new("AT".into()),
        access_secret: Zeroizing::new("AS".into()),
        access_token_expiry: "2027-01-01T00:00:00Z".into(),
    };
    openssl.write("token.p7m", token.write(&certificate).unwrap());
    let inner = openssl.run("smime -decrypt -in token.p7m -inkey key.pem -recip cert.pem");
    assert!(String::from_utf8(inner).unwrap().contains("-----BEGIN MESSAGE-----\r\n{\""));
}

#[test]
fn keys_survive_openssl() {
    let Some(openssl) = OpenSsl::find() else { return };
    for key in [rsa(), ec()] {
        openssl.write("k.pem", key.to_pem().as_bytes());
        for form in ["pkey -in k.pem", "pkey -traditional -in k.pem"] {
            let again = openssl.run(form);
            let again = SigningKey::from_pem(std::str::from_utf8(&again).unwrap()).unwrap();
            assert_eq!(again.public_key(), key.public_key(), "{form}");
        }
    }
}

#[test]
fn we_read_what_openssl_streams() {
    let Some(openssl) = OpenSsl::find() else { return };
    let ca = authority(rsa());
    openssl.write("ca.pem", ca.certificate().to_pem()).write("ca.key", ca.key().to_pem().as_bytes());
    // Large enough for several pieces of any encoder.
    let body: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    openssl.write("body", &body);
    for options in ["-stream", "-stream -noattr", "-nocerts -certfile ca.pem", ""] {
        let line = format!(
            "smime -sign -binary -nodetach -outform DER -in body -signer ca.pem -inkey ca.key -out m.der {options}"
        );
        openssl.run(line.trim_end());
        assert_eq!(cms::verify_signed(&openssl.read("m.der"), None).unwrap().content, body, "{options}");
    }
}
