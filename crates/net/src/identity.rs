//! Who we are: a certificate chain and its private key, as a server or as a client.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::ResolvesClientCert;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::trust::{pem_certificates, read};
use crate::{NetError, provider};

/// A certificate chain and the private key of its first certificate. The key is never printed.
#[derive(Clone)]
pub struct Identity(Arc<CertifiedKey>);

impl Identity {
    /// From PEM texts: the chain (own certificate first) and the key (PKCS#8, PKCS#1 or SEC1). Both may be one text.
    ///
    /// # Errors
    /// Either is missing or malformed, or the key is not the certificate's.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Identity, NetError> {
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|e| NetError::Pem { wanted: "private key", words: e.to_string() })?;
        Self::new(pem_certificates(chain)?, key)
    }

    /// From PEM files, see [`Identity::from_pem`].
    ///
    /// # Errors
    /// As there, or a file cannot be read.
    pub fn from_pem_files(chain: &Path, key: &Path) -> Result<Identity, NetError> {
        Self::from_pem(&read(chain)?, &read(key)?)
    }

    /// From DER: the chain (own certificate first) and a PKCS#8 key.
    ///
    /// # Errors
    /// The key cannot be used or is not the certificate's.
    pub fn from_der(chain: Vec<Vec<u8>>, pkcs8: &[u8]) -> Result<Identity, NetError> {
        let chain = chain.into_iter().map(CertificateDer::from).collect();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8.to_vec()));
        Self::new(chain, key)
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Identity, NetError> {
        let key = provider().key_provider.load_private_key(key).map_err(|e| NetError::Key(e.to_string()))?;
        let certified = CertifiedKey::new(chain, key);
        certified.keys_match().map_err(|e| NetError::Key(e.to_string()))?;
        Ok(Identity(Arc::new(certified)))
    }

    /// Our own certificate, DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        self.0.cert.first().map_or(&[], |der| der.as_ref())
    }

    pub(crate) fn client_resolver(&self) -> Arc<dyn ResolvesClientCert> {
        Arc::new(SingleCertAndKey::from(CertifiedKey::clone(&self.0)))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificates", &self.0.cert.len()).finish_non_exhaustive()
    }
}

/// The identity a listener shows. All clones show the same, so that it can be replaced while connections come in.
#[derive(Clone, Debug)]
pub struct ServerIdentity(Arc<RwLock<Identity>>);

impl ServerIdentity {
    /// Shows `identity`, until it is replaced.
    #[must_use]
    pub fn new(identity: Identity) -> ServerIdentity {
        ServerIdentity(Arc::new(RwLock::new(identity)))
    }

    /// Shows `identity` from the next handshake on.
    pub fn replace(&self, identity: Identity) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = identity;
    }

    /// What is shown now.
    #[must_use]
    pub fn current(&self) -> Identity {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl From<Identity> for ServerIdentity {
    fn from(identity: Identity) -> Self {
        ServerIdentity::new(identity)
    }
}

impl ResolvesServerCert for ServerIdentity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current().0)
    }
}

#[cfg(test)]
impl Identity {
    /// This certificate with the key of another: what a thief of certificates would have.
    pub(crate) fn with_key_of(&self, other: &Identity) -> Identity {
        let forged = CertifiedKey::new(self.0.cert.clone(), Arc::clone(&other.0.key));
        Identity(Arc::new(forged))
    }
}
