//! Headers about the client, as a proxy or a stranger sends them.

use http::{HeaderMap, HeaderName, HeaderValue};
use net::PeerCertificates;
use net::forwarded::{CertificateHeader, ForwardedError, Peer, TrustedProxies};

/// The header of the second form.
const ESCAPED: &str = "x-ssl-client-cert";

/// Headers, one a line. A stranger's word is never taken, two words never, and the header never gets past us.
pub(crate) fn forwarded(input: &[u8]) {
    let headers = headers(input);
    let forms = [CertificateHeader::Rfc9440, CertificateHeader::EscapedPem(HeaderName::from_static(ESCAPED))];
    for (form, name) in forms.into_iter().zip(["client-cert", ESCAPED]) {
        let networks = vec!["192.0.2.0/24".parse().expect("a network")];
        let proxies = TrustedProxies::new(networks, Some(form));
        let sent = headers.get_all(name).iter().count();

        let mut left = headers.clone();
        let own = PeerCertificates::new(vec![vec![0x30]]);
        let stranger = Peer { address: "198.51.100.7:1".parse().expect("one"), certificates: own.clone() };
        match proxies.unwrap_peer(&stranger, &mut left) {
            Ok(peer) => assert!(sent == 0 && peer == stranger, "a stranger was believed"),
            Err(error) => assert!(sent > 0 && error == ForwardedError::NotTrusted),
        }

        let mut left = headers.clone();
        let proxy = Peer { address: "192.0.2.1:1".parse().expect("one"), certificates: own.clone() };
        if let Ok(peer) = proxies.unwrap_peer(&proxy, &mut left) {
            assert!(sent <= 1, "one of several was chosen");
            assert!(!left.contains_key(name), "the header got past");
            assert!(peer.certificates != own, "the proxy's own certificate was taken for the client's");
            let chain = peer.certificates.as_ref().map_or(&[][..], PeerCertificates::chain);
            assert!(chain.len() <= 8 && (chain.is_empty() || sent == 1));
        }
    }
}

fn headers(input: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n').take(64) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = parts.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let Some((name, value)) = name.zip(value) {
            headers.append(name, value);
        }
    }
    headers
}
