//! Certificates: reading them, issuing them, and deciding whether one leads to a pinned anchor.

mod apple;
mod certificate;
mod chain;
mod issue;
mod name;
mod push;
mod request;

pub use apple::{ENTERPRISE_ATTESTATION_ROOT_CA_PEM, IPHONE_DEVICE_CA_PEM, iphone_device_ca};
pub use certificate::{Certificate, certificates_from_pem};
pub use chain::{MAX_EMBEDDED, verify_current_issued_by, verify_issued_by};
pub use issue::{CertificateAuthority, IssuePolicy, SubjectAltName, Usage, Validity, self_signed};
pub use name::Name;
pub use push::push_cert_request;
pub use request::CertificateRequest;

#[cfg(test)]
mod tests;
