//! What can go wrong in this room.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a listener, a client or a request did not work. Texts read on from "failed to".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// A certificate, key or bundle file could not be read.
    #[error("read {}: {source}", path.display())]
    Read {
        /// The file named in the settings.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A PEM text held nothing of the kind we looked for, or was malformed.
    #[error("find a {wanted} in the PEM text: {words}")]
    Pem {
        /// "certificate" or "private key".
        wanted: &'static str,
        /// What the parser said.
        words: String,
    },
    /// A certificate could not become a trust anchor.
    #[error("trust the certificate: {0}")]
    TrustAnchor(String),
    /// None of the usual places holds the system's bundle of certificate authorities.
    #[error("find the system's certificate authorities: none of the usual bundles exists")]
    NoSystemAnchors,
    /// The private key is of a kind we cannot use, or does not belong to the certificate.
    #[error("use the private key: {0}")]
    Key(String),
    /// TLS settings were refused.
    #[error("set up TLS: {0}")]
    Tls(String),
    /// The address could not be listened on.
    #[error("listen on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: std::net::SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// A URL is not one this client can use.
    #[error("use the URL: {0}")]
    Url(&'static str),
    /// The HTTP client was refused its settings.
    #[error("build the HTTP client: {0}")]
    Client(String),
    /// No connection to the other side: name, route, TLS.
    #[error("connect to {host}: {words}")]
    Connect {
        /// Host and port.
        host: String,
        /// The chain of causes.
        words: String,
    },
    /// The other side's certificate is of nobody we trust, for another name, or out of date.
    #[error("connect to {host}, whose certificate we do not believe: {words}")]
    Untrusted {
        /// The name asked for.
        host: String,
        /// What is wrong with it.
        words: String,
    },
    /// The other side ended the handshake because of our certificate.
    #[error("connect to {host}, which refuses our certificate: {words}")]
    Refused {
        /// Host and port.
        host: String,
        /// The alert of TLS.
        words: String,
    },
    /// The other side does not speak HTTP/2.
    #[error("agree on HTTP/2 with {0}")]
    NotHttp2(String),
    /// The connection ended before the answer was complete.
    #[error("hear the whole answer: {0}")]
    Interrupted(String),
    /// The answer did not come in time.
    #[error("hear an answer within {0:?}")]
    Timeout(Duration),
    /// The answer is larger than we accept.
    #[error("read an answer of more than {0} bytes")]
    BodyTooLarge(usize),
    /// An address or network in the settings is not one.
    #[error("read `{0}` as an address or network")]
    Network(String),
}

/// An error and its causes in one line, since the outermost of an HTTP client's errors seldom says what happened.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !words.contains(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        cause = inner.source();
    }
    words
}

/// The TLS alert by which the other side refused our certificate, if that is what `error` comes from. With TLS 1.3 it
/// arrives only after the handshake, as an error of the first answer.
pub(crate) fn certificate_refused(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    use rustls::AlertDescription as A;
    let mut cause = Some(error);
    while let Some(inner) = cause {
        // An `io::Error` made from another error shows that one's causes, not the error itself.
        let within = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let tls = inner.downcast_ref::<rustls::Error>().or_else(|| within?.downcast_ref());
        if let Some(rustls::Error::AlertReceived(alert)) = tls {
            let ours = matches!(
                alert,
                A::BadCertificate
                    | A::UnsupportedCertificate
                    | A::CertificateRevoked
                    | A::CertificateExpired
                    | A::CertificateUnknown
                    | A::CertificateRequired
                    | A::UnknownCA
                    | A::AccessDenied
            );
            return ours.then(|| format!("{alert:?}"));
        }
        cause = inner.source();
    }
    None
}
