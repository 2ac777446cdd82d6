//! A client's certificate and address as told by a proxy that ends TLS in front of us.
//!
//! Such a header authenticates a device, so whoever can send it is every device. It is believed only from addresses
//! the operator named; from elsewhere, or said twice, the request is refused rather than served without it: either is
//! an attack or a proxy that does not remove what its clients send.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::trust::pem_certificates;
use crate::{NetError, PeerCertificates};

/// The header of RFC 9440 section 2.1.
static CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Longest certificate header read, bytes. A device's certificate takes 2 KiB, escaped PEM of a chain some 10.
const LONGEST_HEADER: usize = 32 * 1024;
/// Most certificates taken from one header: a leaf and its intermediates.
const MOST_CERTIFICATES: usize = 8;
/// Most addresses looked at in X-Forwarded-For. Nobody runs a longer line of proxies.
const MOST_HOPS: usize = 16;

/// Why a forwarded certificate is refused. Texts read on from "failed to".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForwardedError {
    /// The sender is not one of the proxies the operator named.
    #[error("trust this sender with a client certificate header")]
    NotTrusted,
    /// The header was there more than once: someone behind the proxy sent one too.
    #[error("choose between several client certificate headers")]
    Repeated,
    /// The header does not hold a certificate in the agreed form.
    #[error("read the client certificate header")]
    Malformed,
}

/// How a proxy writes the client's certificate into a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateHeader {
    /// `Client-Cert: :<base64 of DER>:` as RFC 9440 says.
    Rfc9440,
    /// URL-escaped PEM under a name of the operator's choice: nginx's `$ssl_client_escaped_cert`, AWS ALB's
    /// `X-Amzn-Mtls-Clientcert`.
    EscapedPem(HeaderName),
}

impl CertificateHeader {
    fn name(&self) -> &HeaderName {
        match self {
            CertificateHeader::Rfc9440 => &CLIENT_CERT,
            CertificateHeader::EscapedPem(name) => name,
        }
    }

    fn certificates(&self, value: &HeaderValue) -> Option<Vec<Vec<u8>>> {
        let text = value.to_str().ok()?.trim();
        if text.len() > LONGEST_HEADER {
            return None;
        }
        match self {
            CertificateHeader::Rfc9440 => {
                let inner = text.strip_prefix(':')?.strip_suffix(':')?;
                let der = STANDARD.decode(inner).ok()?;
                looks_like_der(&der).then(|| vec![der])
            }
            CertificateHeader::EscapedPem(_) => {
                let chain = pem_certificates(&unescape(text)?).ok()?;
                let few = chain.len() <= MOST_CERTIFICATES;
                let chain: Vec<_> = chain.iter().map(|der| der.to_vec()).collect();
                (few && chain.iter().all(|der| looks_like_der(der))).then_some(chain)
            }
        }
    }
}

/// An address or a network of addresses, as `192.0.2.7`, `10.0.0.0/8` or `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether `address` is in this network. An IPv4 address written as IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(other)) => {
                let differ = ours.to_bits() ^ other.to_bits();
                u32::from(self.prefix) <= differ.leading_zeros()
            }
            (IpAddr::V6(ours), IpAddr::V6(other)) => {
                let differ = ours.to_bits() ^ other.to_bits();
                u32::from(self.prefix) <= differ.leading_zeros()
            }
            _ => false,
        }
    }
}

impl std::str::FromStr for Network {
    type Err = NetError;

    fn from_str(text: &str) -> Result<Network, NetError> {
        let wrong = || NetError::Network(text.chars().take(64).collect());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.trim().parse().map_err(|_| wrong())?,
            None => longest,
        };
        if prefix > longest {
            return Err(wrong());
        }
        Ok(Network { address, prefix })
    }
}

/// Who is on the other side of a connection, or of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// The certificates it presented.
    pub certificates: Option<PeerCertificates>,
}

/// The proxies whose word is taken, and how they give it.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<Network>,
    header: Option<CertificateHeader>,
}

impl TrustedProxies {
    /// Nobody's word is taken; headers mean nothing.
    #[must_use]
    pub fn none() -> TrustedProxies {
        TrustedProxies::default()
    }

    /// Proxies in `networks` tell the client's address in X-Forwarded-For and, if `header` is given, its certificate.
    #[must_use]
    pub fn new(networks: Vec<Network>, header: Option<CertificateHeader>) -> TrustedProxies {
        TrustedProxies { networks, header }
    }

    /// Whether `address` is one of them.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|net| net.contains(address))
    }

    /// Who really sent a request that came from `peer`. Takes the certificate header out of `headers`.
    ///
    /// What a trusted proxy itself presented on the connection is its own and never taken for the client's: neither
    /// when the header is agreed and absent, nor when the request is passed on for another address.
    ///
    /// # Errors
    /// A certificate header that is not to be believed, see [`ForwardedError`].
    pub fn unwrap_peer(&self, peer: &Peer, headers: &mut HeaderMap) -> Result<Peer, ForwardedError> {
        if self.networks.is_empty() {
            return Ok(peer.clone());
        }
        let trusted = self.trusts(peer.address.ip());
        let forwarded = self.certificate(trusted, headers)?;
        let behind = if trusted { self.client_address(headers) } else { None };
        let certificates = match forwarded {
            Some(forwarded) => Some(forwarded),
            None if trusted && (self.header.is_some() || behind.is_some()) => None,
            None => peer.certificates.clone(),
        };
        let address = behind.map_or(peer.address, |ip| SocketAddr::new(ip, 0));
        Ok(Peer { address, certificates })
    }

    fn certificate(
        &self,
        trusted: bool,
        headers: &mut HeaderMap,
    ) -> Result<Option<PeerCertificates>, ForwardedError> {
        let Some(form) = &self.header else {
            return Ok(None);
        };
        let mut values = headers.get_all(form.name()).iter();
        let (first, second) = (values.next(), values.next());
        let Some(value) = first else {
            return Ok(None);
        };
        if !trusted {
            return Err(ForwardedError::NotTrusted);
        }
        if second.is_some() {
            return Err(ForwardedError::Repeated);
        }
        // Proxies that always send the header leave it empty (nginx) or say so (Apache) when there was none.
        let absent = matches!(value.as_bytes().trim_ascii(), b"" | b"(null)");
        let chain =
            if absent { Vec::new() } else { form.certificates(value).ok_or(ForwardedError::Malformed)? };
        headers.remove(form.name());
        Ok(PeerCertificates::new(chain))
    }

    /// The last address in X-Forwarded-For that is not one of ours: each proxy appends, so what is left of it was
    /// written by somebody we have no reason to believe.
    fn client_address(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let lines: Vec<&str> =
            headers.get_all(&FORWARDED_FOR).iter().map(|line| line.to_str().ok()).collect::<Option<_>>()?;
        lines
            .iter()
            .rev()
            .flat_map(|line| line.rsplit(','))
            .take(MOST_HOPS)
            .map_while(|hop| address_of(hop.trim()))
            .find(|ip| !self.trusts(*ip))
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`.
fn address_of(hop: &str) -> Option<IpAddr> {
    hop.parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip()))
        .ok()
        .map(|ip| ip.to_canonical())
}

/// `%41` to `A`; a plus stays a plus, since base64 has it and AWS does not escape it.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            plain.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            plain.push(byte);
        }
    }
    Some(plain)
}

/// A certificate is a SEQUENCE; whether it is a good one is for its reader to say.
fn looks_like_der(der: &[u8]) -> bool {
    der.first() == Some(&0x30) && der.len() > 64
}
