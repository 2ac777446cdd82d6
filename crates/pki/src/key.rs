//! Private keys of ours (RSA, P-256) and public keys of any peer.

use crate::asn1::{self, Reader, oid, tag};
use crate::digest::HashAlg;
use crate::{Error, Result, pem};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey};
use aws_lc_rs::rsa::{PrivateDecryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{
    self as algorithms, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey, VerificationAlgorithm,
};
use std::sync::Arc;
use zeroize::Zeroizing;

const PEM_LABEL: &str = "PRIVATE KEY";

/// An RSA private key of 2048 to 8192 bits. Cloning is cheap; the parsed key is kept, for parsing costs more than
/// signing.
#[derive(Clone)]
pub struct RsaKey(Arc<RsaParts>);

struct RsaParts {
    pkcs8: Zeroizing<Vec<u8>>,
    signing: KeyPair,
    decrypting: Pkcs1PrivateDecryptingKey,
    public: PublicKey,
}

impl std::fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RsaKey(..)")
    }
}

impl RsaKey {
    /// A fresh key of 2048 bits: what Apple's portals and devices all take.
    ///
    /// # Errors
    /// [`Error::Crypto`] without randomness.
    pub fn generate() -> Result<Self> {
        let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| Error::Crypto("no RSA key was made"))?;
        let der = key.as_der().map_err(|_| Error::Crypto("no RSA key was made"))?;
        Self::from_pkcs8(der.as_ref())
    }

    /// Reads `PrivateKeyInfo` (RFC 5208) in DER.
    ///
    /// # Errors
    /// [`Error::Key`] if it is not an RSA key of 2048 to 8192 bits.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self> {
        const BAD: Error = Error::Key("not an RSA key of 2048 to 8192 bits in PKCS #8");
        let signing = KeyPair::from_pkcs8(der).map_err(|_| BAD)?;
        let decrypting = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| BAD)?;
        let decrypting = Pkcs1PrivateDecryptingKey::new(decrypting).map_err(|_| BAD)?;
        let public = PublicKey::from_rsa(signing.public_key().as_ref());
        Ok(Self(Arc::new(RsaParts { pkcs8: Zeroizing::new(der.to_vec()), signing, decrypting, public })))
    }

    /// Reads a PEM `PRIVATE KEY` block, or one of the older forms that [`SigningKey::from_pem`] names.
    ///
    /// # Errors
    /// [`Error::Pem`] or as [`Self::from_pkcs8`].
    pub fn from_pem(text: &str) -> Result<Self> {
        Self::from_pkcs8(&pkcs8_from_pem(text)?)
    }

    /// `PrivateKeyInfo` in DER, to be sealed.
    #[must_use]
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        self.0.pkcs8.clone()
    }

    /// A PEM `PRIVATE KEY` block.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(pem::encode(PEM_LABEL, &self.0.pkcs8))
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public
    }

    /// RSASSA-PKCS1-v1_5 over SHA-256 of `message`: also what `PushCertSignature` and RS256 tokens are.
    ///
    /// # Errors
    /// [`Error::Crypto`] if the library refuses.
    pub fn sign_sha256(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut out = vec![0; self.0.signing.public_modulus_len()];
        self.0
            .signing
            .sign(&algorithms::RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut out)
            .map_err(|_| Error::Crypto("signing was refused"))?;
        Ok(out)
    }

    /// RSAES-PKCS1-v1_5 decryption of a content key. `None` whatever went wrong: callers continue with a random key,
    /// so that a stranger cannot learn about the padding (RFC 3218).
    pub(crate) fn decrypt_content_key(&self, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut out = Zeroizing::new(vec![0; self.0.decrypting.min_output_size()]);
        let length = self.0.decrypting.decrypt(encrypted, &mut out).ok()?.len();
        out.truncate(length);
        Some(out)
    }
}

/// A P-256 private key. Cloning is cheap.
#[derive(Clone)]
pub struct EcKey(Arc<EcParts>);

struct EcParts {
    pkcs8: Zeroizing<Vec<u8>>,
    signing: EcdsaKeyPair,
    public: PublicKey,
}

impl std::fmt::Debug for EcKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EcKey(..)")
    }
}

impl EcKey {
    /// A fresh key.
    ///
    /// # Errors
    /// [`Error::Crypto`] without randomness.
    pub fn generate() -> Result<Self> {
        const NONE: Error = Error::Crypto("no P-256 key was made");
        let key = EcdsaKeyPair::generate(&algorithms::ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| NONE)?;
        Self::from_pkcs8(key.to_pkcs8v1().map_err(|_| NONE)?.as_ref())
    }

    /// Reads `PrivateKeyInfo` (RFC 5208) in DER.
    ///
    /// # Errors
    /// [`Error::Key`] if it is not a P-256 key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self> {
        let signing = EcdsaKeyPair::from_pkcs8(&algorithms::ECDSA_P256_SHA256_ASN1_SIGNING, der)
            .map_err(|_| Error::Key("not a P-256 key in PKCS #8"))?;
        let public = PublicKey::from_p256(signing.public_key().as_ref());
        Ok(Self(Arc::new(EcParts { pkcs8: Zeroizing::new(der.to_vec()), signing, public })))
    }

    /// Reads a PEM `PRIVATE KEY` block, or one of the older forms that [`SigningKey::from_pem`] names.
    ///
    /// # Errors
    /// [`Error::Pem`] or as [`Self::from_pkcs8`].
    pub fn from_pem(text: &str) -> Result<Self> {
        Self::from_pkcs8(&pkcs8_from_pem(text)?)
    }

    /// `PrivateKeyInfo` in DER, to be sealed.
    #[must_use]
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        self.0.pkcs8.clone()
    }

    /// A PEM `PRIVATE KEY` block.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(pem::encode(PEM_LABEL, &self.0.pkcs8))
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public
    }

    /// ECDSA over SHA-256 of `message`, in DER.
    ///
    /// # Errors
    /// [`Error::Crypto`] if the library refuses.
    pub fn sign_sha256(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature = self.0.signing.sign(&SystemRandom::new(), message);
        Ok(signature.map_err(|_| Error::Crypto("signing was refused"))?.as_ref().to_vec())
    }
}

/// A key that signs certificates, requests and messages, always with SHA-256.
#[derive(Debug, Clone)]
pub enum SigningKey {
    /// RSA: what Apple's CMS, SCEP and portals expect.
    Rsa(RsaKey),
    /// P-256: smaller and faster where the peer allows it.
    Ec(EcKey),
}

impl From<RsaKey> for SigningKey {
    fn from(key: RsaKey) -> Self {
        Self::Rsa(key)
    }
}

impl From<EcKey> for SigningKey {
    fn from(key: EcKey) -> Self {
        Self::Ec(key)
    }
}

impl SigningKey {
    /// Reads either kind from `PrivateKeyInfo` in DER.
    ///
    /// # Errors
    /// [`Error::Key`] if it is neither.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self> {
        RsaKey::from_pkcs8(der)
            .map(Self::Rsa)
            .or_else(|_| EcKey::from_pkcs8(der).map(Self::Ec))
            .map_err(|_| Error::Key("neither RSA of 2048 to 8192 bits nor P-256 in PKCS #8"))
    }

    /// Reads either kind from a PEM block: `PRIVATE KEY`, or the older `RSA PRIVATE KEY` (RFC 8017) and
    /// `EC PRIVATE KEY` (RFC 5915) that people still have. Not encrypted ones.
    ///
    /// # Errors
    /// [`Error::Pem`] or as [`Self::from_pkcs8`].
    pub fn from_pem(text: &str) -> Result<Self> {
        Self::from_pkcs8(&pkcs8_from_pem(text)?)
    }

    /// `PrivateKeyInfo` in DER: to be sealed, or given to a TLS listener.
    #[must_use]
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Rsa(key) => key.to_pkcs8(),
            Self::Ec(key) => key.to_pkcs8(),
        }
    }

    /// A PEM `PRIVATE KEY` block.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(pem::encode(PEM_LABEL, &self.to_pkcs8()))
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        match self {
            Self::Rsa(key) => key.public_key(),
            Self::Ec(key) => key.public_key(),
        }
    }

    /// The signature over SHA-256 of `message`.
    ///
    /// # Errors
    /// [`Error::Crypto`] if the library refuses.
    pub fn sign_sha256(&self, message: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Rsa(key) => key.sign_sha256(message),
            Self::Ec(key) => key.sign_sha256(message),
        }
    }

    /// `AlgorithmIdentifier` of [`Self::sign_sha256`].
    pub(crate) fn signature_algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => asn1::sequence(&[&asn1::write_oid(&oid::SHA256_WITH_RSA), &asn1::null()]),
            Self::Ec(_) => asn1::sequence(&[&asn1::write_oid(&oid::ECDSA_WITH_SHA256)]),
        }
    }
}

/// `PrivateKeyInfo` from a PEM block, wrapping the older forms in it.
fn pkcs8_from_pem(text: &str) -> Result<Zeroizing<Vec<u8>>> {
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(Error::Key("it is encrypted: decrypt it first"));
    }
    let wrap = |algorithm: &[u8], key: &[u8]| {
        Zeroizing::new(asn1::sequence(&[&asn1::small(0), algorithm, &asn1::octet_string(key)]))
    };
    if let Ok(key) = pem::decode("RSA PRIVATE KEY", text) {
        return Ok(wrap(&rsa_algorithm(), &key));
    }
    if let Ok(key) = pem::decode("EC PRIVATE KEY", text) {
        return Ok(wrap(&p256_algorithm(), &key));
    }
    pem::decode(PEM_LABEL, text)
}

fn rsa_algorithm() -> Vec<u8> {
    asn1::sequence(&[&asn1::write_oid(&oid::RSA_ENCRYPTION), &asn1::null()])
}

fn p256_algorithm() -> Vec<u8> {
    asn1::sequence(&[&asn1::write_oid(&oid::EC_PUBLIC_KEY), &asn1::write_oid(&oid::P256)])
}

/// What a public key is, apart from its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA.
    Rsa,
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
}

/// A public key: `SubjectPublicKeyInfo` and what it takes to use it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    spki: Vec<u8>,
    kind: KeyKind,
    /// `RSAPublicKey`, or the point of the curve.
    bits: Vec<u8>,
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({:?}, {})", self.kind, crate::digest::sha256_hex(&self.spki))
    }
}

impl PublicKey {
    /// Reads `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7) in DER.
    ///
    /// # Errors
    /// [`Error::Asn1`], or [`Error::Algorithm`] for what is not RSA, P-256 or P-384.
    pub fn from_spki(der: &[u8]) -> Result<Self> {
        let mut info = Reader::whole(der, tag::SEQUENCE)?;
        let mut algorithm = info.sequence()?;
        let bits = info.bits()?.to_vec();
        info.finish()?;
        let name = algorithm.oid()?;
        let kind = if name == oid::RSA_ENCRYPTION.as_bytes() {
            KeyKind::Rsa
        } else if name == oid::EC_PUBLIC_KEY.as_bytes() {
            match algorithm.oid()? {
                curve if curve == oid::P256.as_bytes() => KeyKind::P256,
                curve if curve == oid::P384.as_bytes() => KeyKind::P384,
                curve => return Err(Error::Algorithm(oid::dotted(curve))),
            }
        } else {
            return Err(Error::Algorithm(oid::dotted(name)));
        };
        Ok(Self { spki: der.to_vec(), kind, bits })
    }

    fn from_rsa(bits: &[u8]) -> Self {
        Self::assemble(&rsa_algorithm(), KeyKind::Rsa, bits)
    }

    fn from_p256(point: &[u8]) -> Self {
        Self::assemble(&p256_algorithm(), KeyKind::P256, point)
    }

    fn assemble(algorithm: &[u8], kind: KeyKind, bits: &[u8]) -> Self {
        let spki = asn1::sequence(&[algorithm, &asn1::bit_string(bits)]);
        Self { spki, kind, bits: bits.to_vec() }
    }

    /// `SubjectPublicKeyInfo` in DER.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// What the key is without its algorithm: `RSAPublicKey` in DER (RFC 8017 appendix A.1.1), or the point of the
    /// curve, uncompressed.
    #[must_use]
    pub fn key_bits(&self) -> &[u8] {
        &self.bits
    }

    /// Modulus and exponent of an RSA key, most significant byte first and none of them zero, as a JWK has them
    /// (RFC 7518 section 6.3.1). None: it is of another kind.
    #[must_use]
    pub fn rsa_numbers(&self) -> Option<(&[u8], &[u8])> {
        if self.kind != KeyKind::Rsa {
            return None;
        }
        let mut numbers = Reader::whole(&self.bits, tag::SEQUENCE).ok()?;
        let plain = |number: &'_ [u8]| number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
        let (modulus, exponent) = (numbers.integer().ok()?, numbers.integer().ok()?);
        Some((modulus.get(plain(modulus)..)?, exponent.get(plain(exponent)..)?))
    }

    /// RSA or which curve.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The size in bits: of the modulus, or of the curve.
    #[must_use]
    pub fn bits(&self) -> usize {
        match self.kind {
            KeyKind::Rsa => rsa_modulus_bits(&self.bits).unwrap_or(0),
            KeyKind::P256 => 256,
            KeyKind::P384 => 384,
        }
    }

    /// SHA-1 of the key's bits: the usual key identifier (RFC 5280 section 4.2.1.2, method 1).
    #[must_use]
    pub fn key_identifier(&self) -> [u8; 20] {
        crate::digest::sha1(&self.bits)
    }

    /// Verifies `signature` over `hash` of `message`. Accepts SHA-1 and RSA from 1024 bits on, for what Apple's
    /// devices sign; callers with stricter needs look at `hash` and [`Self::bits`] themselves.
    ///
    /// # Errors
    /// [`Error::Signature`] if it does not hold.
    pub fn verify(&self, hash: HashAlg, message: &[u8], signature: &[u8]) -> Result<()> {
        let algorithm: &'static dyn VerificationAlgorithm = match (self.kind, hash) {
            (KeyKind::Rsa, HashAlg::Sha1) => &algorithms::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            (KeyKind::Rsa, HashAlg::Sha256) => &algorithms::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            (KeyKind::Rsa, HashAlg::Sha384) => &algorithms::RSA_PKCS1_2048_8192_SHA384,
            (KeyKind::Rsa, HashAlg::Sha512) => &algorithms::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
            (KeyKind::P256, HashAlg::Sha1) => &algorithms::ECDSA_P256_SHA1_ASN1,
            (KeyKind::P256, HashAlg::Sha256) => &algorithms::ECDSA_P256_SHA256_ASN1,
            (KeyKind::P256, HashAlg::Sha384) => &algorithms::ECDSA_P256_SHA384_ASN1,
            (KeyKind::P256, HashAlg::Sha512) => &algorithms::ECDSA_P256_SHA512_ASN1,
            (KeyKind::P384, HashAlg::Sha1) => return Err(Error::Signature("SHA-1 is not used with P-384")),
            (KeyKind::P384, HashAlg::Sha256) => &algorithms::ECDSA_P384_SHA256_ASN1,
            (KeyKind::P384, HashAlg::Sha384) => &algorithms::ECDSA_P384_SHA384_ASN1,
            (KeyKind::P384, HashAlg::Sha512) => &algorithms::ECDSA_P384_SHA512_ASN1,
        };
        UnparsedPublicKey::new(algorithm, &self.bits)
            .verify(message, signature)
            .map_err(|_| Error::Signature("it does not belong to this key and content"))
    }

    /// RSAES-PKCS1-v1_5 encryption of a content key.
    pub(crate) fn encrypt_content_key(&self, content_key: &[u8]) -> Result<Vec<u8>> {
        const BAD: Error = Error::Key("not an RSA key that can be encrypted to");
        if self.kind != KeyKind::Rsa {
            return Err(BAD);
        }
        let key = PublicEncryptingKey::from_der(&self.spki).map_err(|_| BAD)?;
        let key = Pkcs1PublicEncryptingKey::new(key).map_err(|_| BAD)?;
        let mut out = vec![0; key.ciphertext_size()];
        let length = key.encrypt(content_key, &mut out).map_err(|_| BAD)?.len();
        out.truncate(length);
        Ok(out)
    }
}

fn rsa_modulus_bits(public: &[u8]) -> Result<usize> {
    let mut key = Reader::whole(public, tag::SEQUENCE)?;
    let modulus = key.integer()?;
    let zeros: u32 = modulus.iter().take_while(|octet| **octet == 0).count() as u32;
    let first = modulus.iter().find(|octet| **octet != 0).map_or(8, |octet| octet.leading_zeros());
    Ok((modulus.len() * 8).saturating_sub((zeros * 8 + first) as usize))
}

/// What a signature's `AlgorithmIdentifier` says: the hash, if it names one (`rsaEncryption` does not), and whether it
/// is RSA.
pub(crate) fn signature_scheme(name: &[u8]) -> Result<(Option<HashAlg>, bool)> {
    use HashAlg::{Sha1, Sha256, Sha384, Sha512};
    let known = [
        (oid::RSA_ENCRYPTION, None, true),
        (oid::SHA1_WITH_RSA, Some(Sha1), true),
        (oid::SHA1_WITH_RSA_OIW, Some(Sha1), true),
        (oid::SHA256_WITH_RSA, Some(Sha256), true),
        (oid::SHA384_WITH_RSA, Some(Sha384), true),
        (oid::SHA512_WITH_RSA, Some(Sha512), true),
        (oid::EC_PUBLIC_KEY, None, false),
        (oid::ECDSA_WITH_SHA1, Some(Sha1), false),
        (oid::ECDSA_WITH_SHA256, Some(Sha256), false),
        (oid::ECDSA_WITH_SHA384, Some(Sha384), false),
        (oid::ECDSA_WITH_SHA512, Some(Sha512), false),
    ];
    known
        .into_iter()
        .find(|(oid, ..)| oid.as_bytes() == name)
        .map(|(_, hash, rsa)| (hash, rsa))
        .ok_or_else(|| Error::Algorithm(oid::dotted(name)))
}

#[cfg(test)]
mod tests;
