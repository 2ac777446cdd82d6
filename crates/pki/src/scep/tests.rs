use super::*;
use crate::cms::{Cipher, Signer};
use crate::key::RsaKey;
use crate::x509::{Certificate, IssuePolicy, Name, Usage, Validity, self_signed, verify_current_issued_by};
use std::sync::LazyLock;

const NOW: i64 = 1_790_000_000;

static CA: LazyLock<CertificateAuthority> = LazyLock::new(|| {
    let key = RsaKey::generate().unwrap();
    CertificateAuthority::create(key.into(), Name::of("Muster CA"), Validity::days(NOW, 3650)).unwrap()
});
static DEVICE: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::generate().unwrap());

fn first(cipher: Cipher) -> Client {
    Client::enrol(&DEVICE, CA.certificate(), &Name::of("anything"), Some("one-time"), cipher, NOW).unwrap()
}

fn issue(message: &PkiMessage) -> Certificate {
    let policy = IssuePolicy::new(Name::of("device 1"), Validity::days(NOW, 365), Usage::ClientIdentity);
    CA.issue(&policy, message.asked.as_ref().unwrap().request.public_key()).unwrap()
}

fn issued(outcome: Outcome) -> Certificate {
    match outcome {
        Outcome::Issued(certificate) => certificate,
        other => panic!("{other:?}"),
    }
}

/// Refuses: R
#[test]
fn a_device_enrols_and_the_server_fixes_the_subject() {
    for cipher in [Cipher::TripleDes, Cipher::Aes128, Cipher::Aes256] {
        let client = first(cipher);
        let message = PkiMessage::read(client.message(), &CA).unwrap();
        assert_eq!(message.challenge_password(), Some("one-time"));
        assert_eq!(message.asked.as_ref().unwrap().asked, Asked::WithChallenge);
        let reply = message.success(&CA, &issue(&message), NOW).unwrap();
        let certificate = issued(client.read_reply(&reply).unwrap());
        assert_eq!(certificate.common_name().unwrap(), "device 1");
        verify_current_issued_by(&certificate, &[], CA.certificate(), NOW).unwrap();
    }
}

#[test]
fn a_renewal_leans_on_the_present_certificate() {
    let client = first(Cipher::Aes128);
    let message = PkiMessage::read(client.message(), &CA).unwrap();
    let present = issue(&message);
    let next = RsaKey::generate().unwrap();
    let client = Client::renew((&DEVICE, &present), &next, CA.certificate(), Cipher::Aes128, NOW).unwrap();
    let message = PkiMessage::read(client.message(), &CA).unwrap();
    assert_eq!(message.asked.as_ref().unwrap().asked, Asked::WithCertificate);
    assert_eq!(message.signer, present);
    let reply = message.success(&CA, &issue(&message), NOW).unwrap();
    assert_eq!(issued(client.read_reply(&reply).unwrap()).public_key(), next.public_key());
}

/// Refuses: R
/// A challenge is not lent to a stranger who re-signs a captured envelope.
#[test]
fn a_re_signed_envelope_does_not_count_as_authorised_by_its_challenge() {
    let captured = cms::verify_signed(first(Cipher::Aes128).message(), None).unwrap();
    let stranger = RsaKey::generate().unwrap();
    let policy = IssuePolicy::new(Name::of("x"), Validity::days(NOW, 1), Usage::ClientIdentity);
    let certificate = self_signed(&stranger.clone().into(), &policy).unwrap();
    let message =
        pki_message(Signer::new(stranger.into(), certificate).unwrap(), PKCS_REQ, &captured.content);
    let message = PkiMessage::read(&message, &CA).unwrap();
    assert_eq!(message.asked.unwrap().asked, Asked::WithCertificate);
}

fn pki_message(signer: Signer, kind: &str, envelope: &[u8]) -> Vec<u8> {
    use crate::asn1::oid;
    signer
        .attribute(&oid::SCEP_MESSAGE_TYPE, printable(kind))
        .attribute(&oid::SCEP_TRANSACTION_ID, printable("t"))
        .attribute(&oid::SCEP_SENDER_NONCE, asn1::octet_string(&[1; 16]))
        .sign_attached(envelope)
        .unwrap()
}

#[test]
fn a_transaction_is_named_in_characters_that_can_be_stored_and_logged() {
    use crate::asn1::oid;
    let message = |name: &str| {
        let value = asn1::tlv(asn1::tag::UTF8_STRING, &[name.as_bytes()]);
        let signer = device_signer()
            .attribute(&oid::SCEP_MESSAGE_TYPE, printable("21"))
            .attribute(&oid::SCEP_TRANSACTION_ID, value)
            .attribute(&oid::SCEP_SENDER_NONCE, asn1::octet_string(&[1; 16]));
        PkiMessage::read(&signer.sign_attached(b"x").unwrap(), &CA)
    };
    assert!(message("MIIB+/= 0a:f").is_ok());
    for name in ["a\0b", "a\r\nb", "\u{1b}[2J", ""] {
        assert!(matches!(message(name), Err(Error::Scep(_))), "{name:?}");
    }
}

fn device_signer() -> Signer {
    let policy = IssuePolicy::new(Name::of("x"), Validity::days(NOW, 1), Usage::ClientIdentity);
    let certificate = self_signed(&DEVICE.clone().into(), &policy).unwrap();
    Signer::new(DEVICE.clone().into(), certificate).unwrap()
}

#[test]
fn other_operations_and_other_envelopes_are_refused_with_a_reason() {
    let elsewhere = {
        let policy = IssuePolicy::new(Name::of("CA"), Validity::days(NOW, 1), Usage::Authority);
        self_signed(&DEVICE.clone().into(), &policy).unwrap()
    };
    let to = |ca: &Certificate, content: &[u8]| cms::encrypt_enveloped(ca, content, Cipher::Aes128).unwrap();
    for (kind, envelope, why) in [
        ("21", to(CA.certificate(), b"x"), FailInfo::BadRequest), // GetCert
        ("22", to(CA.certificate(), b"x"), FailInfo::BadRequest), // GetCRL
        ("20", to(CA.certificate(), b"x"), FailInfo::BadRequest), // CertPoll
        (PKCS_REQ, to(CA.certificate(), b"no request"), FailInfo::BadMessageCheck),
        (PKCS_REQ, to(&elsewhere, b"x"), FailInfo::BadMessageCheck),
        (PKCS_REQ, b"no envelope".to_vec(), FailInfo::BadMessageCheck),
    ] {
        let message = pki_message(device_signer(), kind, &envelope);
        let message = PkiMessage::read(&message, &CA).unwrap();
        assert_eq!(message.asked.as_ref().err(), Some(&why), "type {kind}");
        assert!(message.failure(&CA, why, NOW).is_ok());
    }
}

#[test]
fn the_client_learns_of_refusal_and_patience() {
    let client = first(Cipher::Aes128);
    let message = PkiMessage::read(client.message(), &CA).unwrap();
    for why in FailInfo::ALL {
        let reply = message.failure(&CA, why, NOW).unwrap();
        assert_eq!(client.read_reply(&reply), Ok(Outcome::Refused(why)));
    }
    assert_eq!(client.read_reply(&message.pending(&CA, NOW).unwrap()), Ok(Outcome::Pending));
}

#[test]
fn an_answer_to_another_or_from_another_is_not_taken() {
    let (one, two) = (first(Cipher::Aes128), first(Cipher::Aes128));
    let message = PkiMessage::read(one.message(), &CA).unwrap();
    let reply = message.success(&CA, &issue(&message), NOW).unwrap();
    assert!(matches!(two.read_reply(&reply), Err(Error::Scep(_))));
    let key = RsaKey::generate().unwrap();
    let other =
        CertificateAuthority::create(key.into(), Name::of("Muster CA"), Validity::days(NOW, 1)).unwrap();
    let forged = message.success(&other, &issue(&message), NOW).unwrap();
    assert!(matches!(one.read_reply(&forged), Err(Error::Scep(_))));
}

#[test]
fn what_is_no_message_is_an_error() {
    let plain = device_signer().sign_attached(b"x").unwrap();
    for message in [&b""[..], b"hello", &plain] {
        assert!(PkiMessage::read(message, &CA).is_err());
    }
}

#[test]
fn query_parameters_survive_decoders_that_eat_plus_signs() {
    assert_eq!(message_from_query("++ /").unwrap().as_slice(), [0xfb, 0xef, 0xbf]);
}
