//! What goes wrong for a device.

/// Why a device could not do what it was to do. Texts read on from "failed to", and on the device's screen from
/// "Could not".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceFault {
    /// Nobody sold such a device.
    #[error("find the device {0}")]
    NoSuchDevice(String),
    /// Activation did not answer as it should.
    #[error("activate: {0}")]
    Activation(String),
    /// The management server's certificate leads to none of the anchors, or there is no way to it.
    #[error("connect to {host} safely: {words}")]
    NotReached {
        /// The host asked.
        host: String,
        /// What the connection said.
        words: String,
        /// Whether another try may do better: not when the certificate is wrong, or the answer too large.
        passing: bool,
    },
    /// The management server answered with an error.
    #[error("{what}: the server answered {status}{words}")]
    Answered {
        /// What was wanted, such as "download the configuration".
        what: &'static str,
        /// The HTTP status.
        status: u16,
        /// `Retry-After`, seconds.
        retry_after: Option<u64>,
        /// The server's own words, in brackets, or nothing.
        words: String,
    },
    /// User name and password are asked for, and nobody gave any, or wrong ones.
    #[error("sign in: the server wants a user name and a password")]
    SignIn,
    /// The web page of the server wants a person.
    #[error("go on without a person: the server shows a web page")]
    WebPage,
    /// An address is not one a device would use.
    #[error("use the address {0}")]
    Address(String),
    /// What was downloaded is no enrolment profile.
    #[error("install the profile: {0}")]
    Profile(String),
    /// No identity.
    #[error("get an identity certificate: {0}")]
    Scep(String),
    /// The server refused the enrolment's check-in.
    #[error("enrol: the server refused {message} with {status}")]
    CheckIn {
        /// `Authenticate` or `TokenUpdate`.
        message: &'static str,
        /// The HTTP status.
        status: u16,
    },
    /// The server wants a newer system than there is.
    #[error("update the software to {0}")]
    Update(String),
    /// Something about keys or signatures.
    #[error("use a key or a signature: {0}")]
    Crypto(String),
    /// The server sends commands for ever.
    #[error("hear the end of the server's commands: it sends them for ever")]
    Endless,
    /// The server does not manage the device any more.
    #[error("stay enrolled: the server does not manage this device")]
    Dismissed,
    /// A command that is none.
    #[error("read the server's command: {0}")]
    Command(&'static str),
    /// The person may not do that.
    #[error("{0}")]
    NotAllowed(&'static str),
}

impl DeviceFault {
    /// The sentence a person sees.
    pub fn words(&self) -> String {
        format!("Could not {self}.")
    }

    /// Whether the same may work in a moment: the server is busy or away.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Answered { status, .. } | Self::CheckIn { status, .. } => is_passing(*status),
            Self::NotReached { passing, .. } => *passing,
            _ => false,
        }
    }

    /// What the server said about when to come back, seconds.
    pub(super) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Answered { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Whether an HTTP status says that the server is busy, rather than that it refuses.
pub(super) const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

impl From<pki::Error> for DeviceFault {
    fn from(error: pki::Error) -> Self {
        Self::Crypto(format!("failed to {error}"))
    }
}
