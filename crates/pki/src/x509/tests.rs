use super::*;
use crate::asn1::{self, oid, tag};
use crate::key::{EcKey, RsaKey, SigningKey};
use crate::{Error, digest};

const NOW: i64 = 1_790_000_000;

fn ec() -> SigningKey {
    EcKey::generate().unwrap().into()
}

fn authority(name: &str) -> CertificateAuthority {
    CertificateAuthority::create(ec(), Name::of(name), Validity::days(NOW, 3650)).unwrap()
}

fn identity(ca: &CertificateAuthority, name: &str) -> Certificate {
    let policy = IssuePolicy::new(Name::of(name), Validity::days(NOW, 365), Usage::ClientIdentity);
    ca.issue(&policy, ec().public_key()).unwrap()
}

#[test]
fn the_built_in_anchors_are_apples() {
    let device_ca = iphone_device_ca().unwrap();
    assert_eq!(
        device_ca.sha256_fingerprint(),
        "76f27d00e1333bc88de0e2916c38c9a7f2b75774c25a794c092a80e3c4c66cce"
    );
    assert_eq!(device_ca.common_name().unwrap(), "Apple iPhone Device CA");
    assert_eq!(device_ca.public_key().bits(), 1024);
    assert!(device_ca.is_ca() && device_ca.is_signed_with_sha1());
    let attestation = Certificate::from_pem(ENTERPRISE_ATTESTATION_ROOT_CA_PEM).unwrap();
    assert_eq!(
        attestation.sha256_fingerprint(),
        "ccf59ef8fcb3017d97f8b5fa6fa90e7a3f9283f76b55ac6cf6eda8b8b949f05b"
    );
    attestation.verify_signature(attestation.public_key()).unwrap();
}

#[test]
fn an_issued_certificate_says_what_the_policy_says() {
    let ca = authority("Muster device CA");
    let leaf = identity(&ca, "device");
    assert_eq!(leaf.common_name().unwrap(), "device");
    assert_eq!(leaf.issuer(), ca.certificate().subject());
    assert_eq!((leaf.not_before(), leaf.not_after()), (NOW - 3600, NOW + 365 * 86_400));
    assert!(leaf.allows_client_auth() && !leaf.is_ca() && ca.certificate().is_ca());
    assert_eq!(Certificate::from_pem(&leaf.to_pem()).unwrap(), leaf);
    assert_eq!(leaf.sha256_fingerprint(), digest::sha256_hex(leaf.der()));
}

/// Refuses: B
#[test]
fn only_what_our_own_authority_issued_is_accepted() {
    let (ours, theirs) = (authority("Muster device CA"), authority("Muster device CA"));
    let leaf = identity(&ours, "device");
    assert_eq!(verify_issued_by(&leaf, &[], ours.certificate()), Ok(()));
    assert_eq!(verify_current_issued_by(&leaf, &[], ours.certificate(), NOW), Ok(()));
    let refused = Err(Error::Chain("it does not lead to the expected authority"));
    assert_eq!(verify_issued_by(&leaf, &[], theirs.certificate()), refused);
    let stranger = self_signed(
        &ec(),
        &IssuePolicy::new(Name::of("device"), Validity::days(NOW, 1), Usage::ClientIdentity),
    )
    .unwrap();
    assert_eq!(verify_issued_by(&stranger, std::slice::from_ref(&stranger), ours.certificate()), refused);
    // Embedding the real anchor beside a strange leaf does not help either.
    assert_eq!(verify_issued_by(&stranger, &[ours.certificate().clone()], ours.certificate()), refused);
}

#[test]
fn dates_count_only_where_they_are_asked_for() {
    let ca = authority("Muster device CA");
    let leaf = identity(&ca, "device");
    for now in [NOW - 7200, NOW + 366 * 86_400] {
        assert!(verify_current_issued_by(&leaf, &[], ca.certificate(), now).is_err());
    }
    assert_eq!(verify_issued_by(&leaf, &[], ca.certificate()), Ok(()));
}

/// Refuses: B
#[test]
fn a_leaf_may_not_act_as_an_authority() {
    let ca = authority("Muster device CA");
    let key = ec();
    let policy = IssuePolicy::new(Name::of("device"), Validity::days(NOW, 365), Usage::ClientIdentity);
    let middle = ca.issue(&policy, key.public_key()).unwrap();
    // A device signs a certificate for somebody else with its own key.
    let forged = forge(&key, "device", "other", Usage::ClientIdentity);
    assert!(forged.verify_signature(middle.public_key()).is_ok());
    assert!(verify_issued_by(&forged, &[middle], ca.certificate()).is_err());
}

/// A certificate that claims `issuer`'s name and is signed with `key`.
fn forge(key: &SigningKey, issuer: &str, subject: &str, usage: Usage) -> Certificate {
    let faker = CertificateAuthority::create(key.clone(), Name::of(issuer), Validity::days(NOW, 10)).unwrap();
    let policy = IssuePolicy::new(Name::of(subject), Validity::days(NOW, 10), usage);
    faker.issue(&policy, ec().public_key()).unwrap()
}

/// Refuses: A, B
#[test]
fn a_circle_of_authorities_ends() {
    let (one, two) = (ec(), ec());
    let cross = |signer: &SigningKey, issuer: &str, subject: &str, key: &SigningKey| {
        let ca =
            CertificateAuthority::create(signer.clone(), Name::of(issuer), Validity::days(NOW, 10)).unwrap();
        let policy = IssuePolicy::new(Name::of(subject), Validity::days(NOW, 10), Usage::Authority);
        ca.issue(&policy, key.public_key()).unwrap()
    };
    let circle = [cross(&one, "one", "two", &two), cross(&two, "two", "one", &one)];
    let leaf = forge(&one, "one", "leaf", Usage::ClientIdentity);
    assert!(verify_issued_by(&leaf, &circle, authority("x").certificate()).is_err());
}

/// Refuses: B
#[test]
fn an_authority_without_room_for_intermediates_has_none() {
    // Our authorities say pathLen 0, so even a genuine sub-authority leads nowhere.
    let root = authority("root");
    let key = ec();
    let policy = IssuePolicy::new(Name::of("middle"), Validity::days(NOW, 10), Usage::Authority);
    let middle = root.issue(&policy, key.public_key()).unwrap();
    let leaf = forge(&key, "middle", "leaf", Usage::ClientIdentity);
    assert_eq!(verify_issued_by(&leaf, &[], &middle), Ok(()));
    assert!(verify_issued_by(&leaf, &[middle], root.certificate()).is_err());
}

/// Refuses: A
#[test]
fn more_certificates_than_any_chain_needs_are_refused() {
    let ca = authority("ca");
    let leaf = identity(&ca, "leaf");
    let many = vec![ca.certificate().clone(); MAX_EMBEDDED + 1];
    assert!(matches!(verify_issued_by(&leaf, &many, ca.certificate()), Err(Error::TooLarge(_))));
}

#[test]
fn a_request_gives_its_key_its_wish_and_its_challenge() {
    for (key, challenge) in
        [(ec(), Some("one-time")), (RsaKey::generate().unwrap().into(), Some("grüße_*")), (ec(), None)]
    {
        let made = CertificateRequest::create(&key, &Name::of("wish"), challenge).unwrap();
        let read = CertificateRequest::from_pem(&made.to_pem()).unwrap();
        assert_eq!(read.subject().common_name().unwrap(), "wish");
        assert_eq!(read.public_key(), key.public_key());
        assert_eq!(read.challenge_password(), challenge);
    }
}

#[test]
fn a_request_that_its_key_did_not_sign_is_refused() {
    let made = CertificateRequest::create(&ec(), &Name::of("wish"), None).unwrap();
    let mut der = made.der().to_vec();
    let at = der.windows(4).position(|window| window == b"wish").unwrap();
    der[at] = b'f';
    assert!(matches!(CertificateRequest::from_der(&der), Err(Error::Signature(_))));
}

/// A request with `others` attributes that nobody here knows, and a challenge after them.
fn request_with_attributes(others: usize) -> Vec<u8> {
    let key = ec();
    let challenge = asn1::tlv(tag::PRINTABLE_STRING, &[b"one-time"]);
    let attribute = |name, value| asn1::sequence(&[&asn1::write_oid(name), &asn1::set_of(vec![value])]);
    let mut attributes = attribute(&oid::DATA, asn1::null()).repeat(others);
    attributes.extend(attribute(&oid::CHALLENGE_PASSWORD, challenge));
    let info = asn1::sequence(&[
        &asn1::small(0),
        Name::of("wish").der(),
        key.public_key().spki(),
        &asn1::explicit(0, &[&attributes]),
    ]);
    let signature = asn1::bit_string(&key.sign_sha256(&info).unwrap());
    asn1::sequence(&[&info, &key.signature_algorithm(), &signature])
}

#[test]
fn sixteen_attributes_of_a_request_are_read_and_seventeen_are_refused() {
    for others in [0, 1, 15] {
        let read = CertificateRequest::from_der(&request_with_attributes(others)).unwrap();
        assert_eq!(read.challenge_password(), Some("one-time"), "{others} before it");
    }
    for others in [16, 17, 100] {
        let refused = CertificateRequest::from_der(&request_with_attributes(others));
        assert!(matches!(refused, Err(Error::TooLarge(_))), "{others} before it");
    }
}

#[test]
fn the_end_point_of_a_channel_is_the_certificate_hashed_as_it_was_signed() {
    let ca = authority("ca");
    let leaf = identity(&ca, "leaf");
    assert_eq!(leaf.tls_server_end_point(), Some(digest::sha256(leaf.der()).to_vec()));
    let old = iphone_device_ca().unwrap();
    assert!(old.is_signed_with_sha1());
    assert_eq!(
        old.tls_server_end_point(),
        Some(digest::sha256(old.der()).to_vec()),
        "SHA-1 counts as SHA-256"
    );
}

#[test]
fn an_authority_needs_its_own_key_and_a_ca_certificate() {
    let ca = authority("ca");
    assert!(CertificateAuthority::new(ca.certificate().clone(), ca.key().clone()).is_ok());
    assert!(CertificateAuthority::new(ca.certificate().clone(), ec()).is_err());
    let key = ec();
    let policy = IssuePolicy::new(Name::of("leaf"), Validity::days(NOW, 1), Usage::TlsServer);
    let leaf = self_signed(&key, &policy).unwrap();
    assert!(CertificateAuthority::new(leaf, key).is_err());
}

#[test]
fn serial_numbers_are_positive_and_bounded() {
    let key = ec();
    let with = |serial: &[u8]| {
        let mut policy = IssuePolicy::new(Name::of("x"), Validity::days(NOW, 1), Usage::TlsServer);
        policy.serial = Some(serial.to_vec());
        self_signed(&key, &policy).map(|certificate| certificate.serial_hex())
    };
    assert_eq!(with(&[0xff]).unwrap(), "00ff");
    assert!(with(&[0; 3]).is_err() && with(&[1; 21]).is_err());
}

#[test]
fn names_carry_the_push_topic() {
    let name = Name::of("APSP").organization("Apple").user_id("com.apple.mgmt.External.x");
    let policy = IssuePolicy::new(name, Validity::days(NOW, 365), Usage::ClientIdentity);
    let certificate = self_signed(&ec(), &policy).unwrap();
    assert_eq!(certificate.user_id().unwrap(), "com.apple.mgmt.External.x");
    assert_eq!(certificate.subject().first_organization().unwrap(), "Apple");
}

#[test]
fn a_push_request_is_countersigned_over_the_request_in_der() {
    let (vendor, push) = (RsaKey::generate().unwrap(), RsaKey::generate().unwrap());
    let request = CertificateRequest::create(&push.into(), &Name::of("push"), None).unwrap();
    let policy = IssuePolicy::new(Name::of("vendor"), Validity::days(NOW, 1), Usage::ClientIdentity);
    let chain = [self_signed(&vendor.clone().into(), &policy).unwrap()];
    let file = push_cert_request(&request, &vendor, &chain).unwrap();
    let xml = String::from_utf8(crate::pem::base64_lenient(file.as_bytes()).unwrap().to_vec()).unwrap();
    let value = |key: &str| {
        let (_, after) = xml.split_once(&format!("<key>{key}</key>\n<string>")).unwrap();
        after.split_once("</string>").unwrap().0.to_owned()
    };
    let decode = |key: &str| crate::pem::base64_lenient(value(key).as_bytes()).unwrap();
    assert_eq!(decode("PushCertRequestCSR").as_slice(), request.der());
    assert_eq!(certificates_from_pem(&value("PushCertCertificateChain")).unwrap(), chain);
    let signature = decode("PushCertSignature");
    let public = chain[0].public_key();
    assert_eq!(public.verify(digest::HashAlg::Sha256, request.der(), &signature), Ok(()));
    assert!(push_cert_request(&request, &RsaKey::generate().unwrap(), &chain).is_err());
    assert!(push_cert_request(&request, &vendor, &[]).is_err());
}
