use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use rstest::rstest;

use super::{CLIENT_CERT, CertificateHeader, ForwardedError, Network, Peer, TrustedProxies};
use crate::PeerCertificates;
use crate::testing::{DEVICE_PEM, device, first};

const PROXY: &str = "10.0.0.7:40000";
const STRANGER: &str = "192.0.2.1:40000";
const ESCAPED: HeaderName = HeaderName::from_static("x-client-cert");

fn proxies(header: Option<CertificateHeader>) -> TrustedProxies {
    TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()], header)
}

fn peer(address: &str) -> Peer {
    Peer { address: address.parse().unwrap(), certificates: None }
}

fn headers(lines: &[(HeaderName, String)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in lines {
        map.append(name, HeaderValue::from_str(value).unwrap());
    }
    map
}

fn rfc9440() -> String {
    format!(":{}:", STANDARD.encode(device().certificate()))
}

/// As nginx writes it: everything that is not a letter or digit.
fn escaped() -> String {
    DEVICE_PEM
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(*byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[rstest]
#[case::rfc9440(CertificateHeader::Rfc9440, CLIENT_CERT.clone(), rfc9440())]
#[case::nginx(CertificateHeader::EscapedPem(ESCAPED), ESCAPED, escaped())]
#[case::aws(
    CertificateHeader::EscapedPem(ESCAPED),
    ESCAPED,
    String::from_utf8(DEVICE_PEM.to_vec()).unwrap().replace(' ', "%20").replace('\n', "%0A")
)]
fn a_trusted_proxy_tells_the_certificate(
    #[case] form: CertificateHeader,
    #[case] name: HeaderName,
    #[case] value: String,
) {
    let mut headers = headers(&[(name.clone(), value)]);
    let told = proxies(Some(form)).unwrap_peer(&peer(PROXY), &mut headers).unwrap();
    assert_eq!(told.certificates.unwrap().leaf(), device().certificate());
    assert!(!headers.contains_key(&name), "the header stayed");
}

/// Refuses: E
/// Whoever can send the header is every device.
#[test]
fn a_stranger_with_the_header_is_refused() {
    let mut headers = headers(&[(CLIENT_CERT.clone(), rfc9440())]);
    let refused = proxies(Some(CertificateHeader::Rfc9440)).unwrap_peer(&peer(STRANGER), &mut headers);
    assert_eq!(refused, Err(ForwardedError::NotTrusted));
}

/// Refuses: E
#[test]
fn two_headers_are_refused_even_if_they_agree() {
    let line = (CLIENT_CERT.clone(), rfc9440());
    let mut headers = headers(&[line.clone(), line]);
    let refused = proxies(Some(CertificateHeader::Rfc9440)).unwrap_peer(&peer(PROXY), &mut headers);
    assert_eq!(refused, Err(ForwardedError::Repeated));
}

#[rstest]
#[case("AAAA")]
#[case(":AAAA:")]
#[case("::")]
#[case(":")]
#[case(":not base64:")]
#[case(":MIIB:, :MIIB:")]
fn a_malformed_header_is_refused(#[case] value: &str) {
    let mut headers = headers(&[(CLIENT_CERT.clone(), value.to_owned())]);
    let refused = proxies(Some(CertificateHeader::Rfc9440)).unwrap_peer(&peer(PROXY), &mut headers);
    assert_eq!(refused, Err(ForwardedError::Malformed));
}

/// Refuses: A
#[test]
fn a_header_without_end_is_refused() {
    let long = format!(":{}:", "A".repeat(super::LONGEST_HEADER));
    let mut headers = headers(&[(CLIENT_CERT.clone(), long)]);
    let refused = proxies(Some(CertificateHeader::Rfc9440)).unwrap_peer(&peer(PROXY), &mut headers);
    assert_eq!(refused, Err(ForwardedError::Malformed));
}

/// Refuses: E
#[rstest]
#[case("")]
#[case("(null)")]
fn a_proxy_may_say_that_there_was_none(#[case] value: &str) {
    let mut headers = headers(&[(ESCAPED, value.to_owned())]);
    let form = CertificateHeader::EscapedPem(ESCAPED);
    let told = proxies(Some(form)).unwrap_peer(&peer(PROXY), &mut headers);
    assert_eq!(told.unwrap().certificates, None);
}

/// Refuses: E
#[test]
fn what_a_proxy_presents_itself_is_not_its_clients() {
    let mut from = peer(PROXY);
    from.certificates = PeerCertificates::new(vec![first().certificate().to_vec()]);
    let header = Some(CertificateHeader::Rfc9440);
    let told = proxies(header).unwrap_peer(&from, &mut HeaderMap::new());
    assert_eq!(told.unwrap().certificates, None);
}

/// Refuses: E
#[test]
fn what_a_proxy_presents_itself_is_not_its_clients_whatever_the_agreed_header() {
    let mut from = peer(PROXY);
    from.certificates = PeerCertificates::new(vec![first().certificate().to_vec()]);
    let relayed = [(super::FORWARDED_FOR.clone(), "198.51.100.9".to_owned())];
    let told = proxies(None).unwrap_peer(&from, &mut headers(&relayed));
    assert_eq!(told.unwrap().certificates, None);
    // A client on a trusted network that speaks for itself keeps its own.
    let told = proxies(None).unwrap_peer(&from, &mut HeaderMap::new());
    assert_eq!(told, Ok(from));
}

#[test]
fn a_direct_client_keeps_its_own_certificate() {
    let mut from = peer(STRANGER);
    from.certificates = PeerCertificates::new(vec![device().certificate().to_vec()]);
    let header = Some(CertificateHeader::Rfc9440);
    let told = proxies(header).unwrap_peer(&from, &mut HeaderMap::new());
    assert_eq!(told, Ok(from));
}

/// Refuses: E
#[test]
fn without_trusted_proxies_no_header_means_anything() {
    let mut headers = headers(&[
        (CLIENT_CERT.clone(), rfc9440()),
        (super::FORWARDED_FOR.clone(), "198.51.100.9".to_owned()),
    ]);
    let told = TrustedProxies::none().unwrap_peer(&peer(STRANGER), &mut headers);
    assert_eq!(told, Ok(peer(STRANGER)));
}

#[rstest]
#[case::one(PROXY, &["198.51.100.9"], "198.51.100.9:0")]
#[case::spoofed(PROXY, &["203.0.113.1, 198.51.100.9"], "198.51.100.9:0")]
#[case::two_proxies(PROXY, &["203.0.113.1, 198.51.100.9, 10.1.1.1"], "198.51.100.9:0")]
#[case::two_lines(PROXY, &["203.0.113.1", "198.51.100.9:4711, 10.1.1.1"], "198.51.100.9:0")]
#[case::version_six(PROXY, &["[2001:db8::9]:80"], "[2001:db8::9]:0")]
#[case::nonsense(PROXY, &["198.51.100.9, unknown"], PROXY)]
#[case::all_ours(PROXY, &["10.9.9.9"], PROXY)]
#[case::stranger(STRANGER, &["198.51.100.9"], STRANGER)]
fn the_client_is_the_last_address_that_is_not_a_proxy(
    #[case] from: &str,
    #[case] lines: &[&str],
    #[case] client: &str,
) {
    let lines: Vec<_> = lines.iter().map(|line| (super::FORWARDED_FOR.clone(), (*line).to_owned())).collect();
    let told = proxies(None).unwrap_peer(&peer(from), &mut headers(&lines));
    assert_eq!(told.unwrap().address, client.parse().unwrap());
}

#[rstest]
#[case("10.0.0.0/8", "10.255.0.1", true)]
#[case("10.0.0.0/8", "11.0.0.1", false)]
#[case("10.0.0.0/8", "::ffff:10.0.0.1", true)]
#[case("0.0.0.0/0", "203.0.113.1", true)]
#[case("0.0.0.0/0", "2001:db8::1", false)]
#[case("192.0.2.7", "192.0.2.7", true)]
#[case("192.0.2.7", "192.0.2.6", false)]
#[case("2001:db8::/32", "2001:db8:ffff::1", true)]
#[case("2001:db8::/32", "2001:db9::1", false)]
fn a_network_holds_its_addresses(#[case] net: &str, #[case] address: &str, #[case] within: bool) {
    let net: Network = net.parse().unwrap();
    assert_eq!(net.contains(address.parse().unwrap()), within);
}

#[rstest]
#[case("")]
#[case("10.0.0.0/33")]
#[case("10.0.0.0/")]
#[case("2001:db8::/129")]
#[case("proxy.example")]
fn what_is_no_network_is_refused(#[case] text: &str) {
    assert!(text.parse::<Network>().is_err());
}

proptest! {
    #[test]
    fn no_header_makes_us_panic(value in "[ -~]{0,300}", escaped: bool) {
        let form = if escaped {
            CertificateHeader::EscapedPem(ESCAPED)
        } else {
            CertificateHeader::Rfc9440
        };
        let mut headers = headers(&[
            (form.name().clone(), value.clone()),
            (super::FORWARDED_FOR.clone(), value),
        ]);
        let _ = proxies(Some(form)).unwrap_peer(&peer(PROXY), &mut headers);
    }
}
