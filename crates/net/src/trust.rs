//! Whom our clients believe.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::{Identity, NetError, provider};

/// Where systems keep their bundle of certificate authorities (the list of openssl-probe, shortened to what servers run).
const SYSTEM_BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The certificate authorities a client believes. Never empty by accident: an empty list trusts nobody.
#[derive(Clone, Debug)]
pub struct TrustAnchors(Arc<RootCertStore>);

impl TrustAnchors {
    /// The operating system's authorities. A certificate in the bundle that cannot be used is left out.
    ///
    /// # Errors
    /// No bundle in the usual places, or one that cannot be read.
    pub fn system() -> Result<TrustAnchors, NetError> {
        let bundle = SYSTEM_BUNDLES
            .iter()
            .map(Path::new)
            .find(|path| path.exists())
            .ok_or(NetError::NoSystemAnchors)?;
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(pem_certificates(&read(bundle)?)?);
        Ok(TrustAnchors(Arc::new(store)))
    }

    /// The authorities in a PEM bundle named by the operator. Each must be usable.
    ///
    /// # Errors
    /// The file cannot be read, holds no certificate, or holds one that cannot be trusted.
    pub fn from_pem_file(path: &Path) -> Result<TrustAnchors, NetError> {
        Self::from_pem(&read(path)?)
    }

    /// The authorities in a PEM text. Each must be usable.
    ///
    /// # Errors
    /// The text holds no certificate, or one that cannot be trusted.
    pub fn from_pem(pem: &[u8]) -> Result<TrustAnchors, NetError> {
        Self::from_der(pem_certificates(pem)?)
    }

    /// The given authorities, DER. An empty list trusts nobody.
    ///
    /// # Errors
    /// One of them is not a certificate.
    pub fn from_der<D: AsRef<[u8]>>(ders: impl IntoIterator<Item = D>) -> Result<TrustAnchors, NetError> {
        let mut store = RootCertStore::empty();
        for der in ders {
            store
                .add(CertificateDer::from(der.as_ref().to_vec()))
                .map_err(|e| NetError::TrustAnchor(e.to_string()))?;
        }
        Ok(TrustAnchors(Arc::new(store)))
    }

    /// Nobody.
    #[must_use]
    pub fn nobody() -> TrustAnchors {
        TrustAnchors(Arc::new(RootCertStore::empty()))
    }

    /// These and those.
    #[must_use]
    pub fn and(&self, other: &TrustAnchors) -> TrustAnchors {
        let mut store = RootCertStore::clone(&self.0);
        store.roots.extend(other.0.roots.iter().cloned());
        TrustAnchors(Arc::new(store))
    }

    /// How many authorities are believed.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// As rustls wants them.
    pub(crate) fn store(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.0)
    }

    /// TLS settings of a client that believes these, shows `identity` if asked, and offers `alpn`, best first.
    pub(crate) fn client_config(
        &self,
        identity: Option<&Identity>,
        alpn: &[&[u8]],
    ) -> Result<ClientConfig, NetError> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|e| NetError::Tls(e.to_string()))?
            .with_root_certificates(Arc::clone(&self.0));
        let mut config = match identity {
            Some(identity) => builder.with_client_cert_resolver(identity.client_resolver()),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, NetError> {
    std::fs::read(path).map_err(|source| NetError::Read { path: path.to_owned(), source })
}

/// All certificates of a PEM text; at least one.
pub(crate) fn pem_certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, NetError> {
    let malformed = |words: String| NetError::Pem { wanted: "certificate", words };
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| malformed(e.to_string()))?;
    if certificates.is_empty() {
        return Err(malformed("there is none".to_owned()));
    }
    Ok(certificates)
}
