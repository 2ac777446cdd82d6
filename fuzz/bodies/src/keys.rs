//! The keys that the corpus was made with: throw-away ones, of `pki`'s fixtures.

use std::sync::LazyLock;

use pki::key::{EcKey, RsaKey, SigningKey};
use pki::x509::{
    Certificate, CertificateAuthority, IssuePolicy, Name, Usage, Validity, iphone_device_ca, self_signed,
};

/// The only content that anybody signed with a key of the corpus.
pub(crate) const SIGNED_BODY: &[u8] = include_bytes!("../../../crates/pki/tests/fixtures/body.xml");

/// The key that token files and SCEP messages are encrypted to.
pub(crate) static RSA: LazyLock<RsaKey> = LazyLock::new(|| {
    RsaKey::from_pem(include_str!("../../../crates/pki/tests/fixtures/token.key")).expect("a key")
});

/// The certificate of [`RSA`].
pub(crate) static RECIPIENT: LazyLock<Certificate> = LazyLock::new(|| {
    Certificate::from_pem(include_str!("../../../crates/pki/tests/fixtures/token.pem")).expect("one")
});

/// An authority with [`RSA`], always the same.
pub(crate) static AUTHORITY: LazyLock<CertificateAuthority> = LazyLock::new(|| {
    let key = SigningKey::from(RSA.clone());
    CertificateAuthority::create(key, Name::of("Fuzz CA"), Validity::days(0, 20_000)).expect("an authority")
});

/// A client that signs quickly.
pub(crate) static CLIENT: LazyLock<(EcKey, Certificate)> = LazyLock::new(|| {
    let key = EcKey::generate().expect("a key");
    let policy = IssuePolicy::new(Name::of("client"), Validity::days(0, 20_000), Usage::ClientIdentity);
    let certificate = self_signed(&key.clone().into(), &policy).expect("a certificate");
    (key, certificate)
});

/// Apple's authority for devices. Nobody here has its key.
pub(crate) static APPLE: LazyLock<Certificate> =
    LazyLock::new(|| iphone_device_ca().expect("Apple's certificate"));
