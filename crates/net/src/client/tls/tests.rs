use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsAcceptor;

use super::{Secured, TlsClient};
use crate::testing::{DEVICE_PEM, authority, device, first, http1_server, refusing_server, soon};
use crate::{NetError, TrustAnchors};

/// Shakes hands with a server that holds the identity `first` and echoes five bytes.
async fn meet(trust: &TrustAnchors, host: &str) -> Result<Secured<DuplexStream>, NetError> {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move {
        // A client that does not believe the server ends the handshake: nothing is left to do then.
        let Ok(mut stream) = TlsAcceptor::from(http1_server()).accept(theirs).await else { return };
        let mut said = [0; 5];
        stream.read_exact(&mut said).await.unwrap();
        stream.write_all(&said).await.unwrap();
        stream.flush().await.unwrap();
    });
    soon(TlsClient::new(trust, None, &[b"http/1.1"]).unwrap().connect(host, ours)).await
}

#[tokio::test]
async fn a_handshake_works_over_any_stream_and_tells_its_end_point() {
    for host in ["localhost", "127.0.0.1", "devices.test"] {
        let mut met = meet(&authority(), host).await.unwrap();
        met.stream.write_all(b"hello").await.unwrap();
        met.stream.flush().await.unwrap();
        let mut heard = [0; 5];
        soon(met.stream.read_exact(&mut heard)).await.unwrap();
        assert_eq!(&heard, b"hello");
        assert_eq!(met.end_point, Some(pki::digest::sha256(first().certificate()).to_vec()));
    }
}

#[tokio::test]
async fn a_server_of_an_authority_that_we_do_not_trust_is_not_believed() {
    for trust in [TrustAnchors::from_pem(DEVICE_PEM), TrustAnchors::from_der::<Vec<u8>>([])] {
        let refused = meet(&trust.unwrap(), "localhost").await.unwrap_err();
        assert!(matches!(refused, NetError::Untrusted { .. }), "{refused:?}");
        assert_eq!(
            refused.to_string(),
            "connect to localhost, whose certificate we do not believe: \
             none of the authorities that we trust issued it"
        );
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_believed() {
    for host in ["elsewhere.test", "127.0.0.2", "::1"] {
        let refused = meet(&authority(), host).await.unwrap_err();
        assert!(matches!(refused, NetError::Untrusted { .. }), "{refused:?}");
        assert!(refused.to_string().contains(host), "{refused}");
    }
}

#[tokio::test]
async fn what_is_no_host_is_not_connected_to() {
    for host in ["", "two words", "[::1]", "a..b"] {
        let refused = meet(&authority(), host).await.unwrap_err();
        assert!(matches!(refused, NetError::Connect { .. }), "{host}: {refused:?}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_or_goes_away_is_told_from_one_that_lies() {
    for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b""] {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        theirs.write_all(answer).await.unwrap();
        drop(theirs);
        let client = TlsClient::new(&authority(), None, &[]).unwrap();
        let refused = soon(client.connect("localhost", ours)).await.unwrap_err();
        assert!(matches!(refused, NetError::Connect { .. }), "{refused:?}");
    }
}

#[tokio::test]
async fn a_server_that_refuses_our_certificate_is_told_apart() {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let acceptor = TlsAcceptor::from(refusing_server(&rustls::version::TLS12));
    tokio::spawn(async move { acceptor.accept(theirs).await.map(drop) });
    let client = TlsClient::new(&authority(), Some(&device()), &[b"h2"]).unwrap();
    let refused = soon(client.connect("localhost", ours)).await.unwrap_err();
    assert!(matches!(refused, NetError::Refused { .. }), "{refused:?}");
}
