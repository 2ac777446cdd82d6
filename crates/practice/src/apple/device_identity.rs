//! A device's certificate, and how it signs its MachineInfo (apple.md 3.1).
//!
//! Devices differ: iPhones and iPads embed the whole chain, Macs their own certificate with or without its issuer;
//! some sign attributes, some the content itself; SHA-1 is still about. Each is a [`SigningStyle`].

use pki::cms::Signer;
use pki::key::SigningKey;
use pki::x509::Certificate;

use crate::error::Result;

/// A device's certificate and what stands behind it.
#[derive(Clone, Debug)]
pub struct DeviceIdentity {
    /// The device's own certificate (DER).
    pub certificate: Vec<u8>,
    /// The device authority (DER), its issuer.
    pub device_ca: Vec<u8>,
    /// The root (DER).
    pub root: Vec<u8>,
}

/// Which certificates a device embeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChainStyle {
    /// Its own only, as some Macs do.
    Own,
    /// Its own and the issuer's, as other Macs do.
    WithIssuer,
    /// All three, as iPhones and iPads do.
    #[default]
    Whole,
}

/// How a device signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SigningStyle {
    /// Which certificates it embeds.
    pub chain: ChainStyle,
    /// With SHA-1 rather than SHA-256. Needs an RSA key.
    pub sha1: bool,
    /// Signs the content directly rather than attributes about it.
    pub without_attributes: bool,
    /// The signing time it states, in seconds since 1970.
    pub signing_time: Option<i64>,
}

impl DeviceIdentity {
    /// The signed message (DER) with `content`, an XML plist, in it.
    ///
    /// # Errors
    /// The key is not the certificate's, or is not RSA though the style is SHA-1.
    pub fn sign(&self, key: &SigningKey, content: &[u8], style: SigningStyle) -> Result<Vec<u8>> {
        let chain: &[&[u8]] = match style.chain {
            ChainStyle::Own => &[],
            ChainStyle::WithIssuer => &[&self.device_ca],
            ChainStyle::Whole => &[&self.device_ca, &self.root],
        };
        let chain: pki::Result<Vec<_>> = chain.iter().map(|der| Certificate::from_der(der)).collect();
        let certificate = Certificate::from_der(&self.certificate)?;
        let mut signer = Signer::new(key.clone(), certificate)?.with_chain(chain?);
        if let Some(unix) = style.signing_time {
            signer = signer.at(unix);
        }
        if style.without_attributes {
            signer = signer.without_attributes();
        }
        if style.sha1 {
            signer = signer.sha1_for_practice();
        }
        Ok(signer.sign_attached(content)?)
    }
}

#[cfg(test)]
mod tests;
