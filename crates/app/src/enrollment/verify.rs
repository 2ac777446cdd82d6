//! Who signed MachineInfo (apple.md 3.1; lessons, classes A, B and C).

use domain::tenant::Tenant;
use mdm::machine_info::MachineInfo;
use pki::x509::{self, Certificate};

use crate::{AppError, Result};

/// Largest signed MachineInfo that is read, in bytes. Devices send some 6,000, most of it certificates.
pub const MACHINE_INFO_MAX: usize = 64 << 10;

/// MachineInfo, if one of the tenant's device authorities vouches for its one signer. Dates are not looked at: Apple's
/// own authority ended in 2014.
pub(super) fn machine_info(tenant: &Tenant, signed: &[u8]) -> Result<MachineInfo> {
    let words = |words: String| AppError::invalid("MachineInfo", words);
    if signed.len() > MACHINE_INFO_MAX {
        return Err(words(format!("it is larger than {MACHINE_INFO_MAX} bytes")));
    }
    let message = pki::cms::verify_signed(signed, None).map_err(|e| words(format!("failed to {e}")))?;
    let anchors = anchors(tenant)?;
    let trusted = anchors
        .iter()
        .any(|anchor| x509::verify_issued_by(&message.signer, &message.certificates, anchor).is_ok());
    if !trusted {
        return Err(AppError::refused("MachineInfo was not signed by an Apple device"));
    }
    MachineInfo::parse(&message.content).map_err(|e| words(format!("failed to {e}")))
}

/// The authorities that may have issued the signer: those of the tenant, else Apple's (apple.md, appendix A).
fn anchors(tenant: &Tenant) -> Result<Vec<Certificate>> {
    let unusable =
        |e: pki::Error| AppError::internal(format!("a device authority cannot be used: failed to {e}"));
    if tenant.apple.device_anchors.is_empty() {
        return Ok(vec![x509::iphone_device_ca().map_err(unusable)?]);
    }
    let certificate = |base64: &String| {
        let der = pki::pem::base64_lenient(base64.as_bytes()).map_err(unusable)?;
        Certificate::from_der(&der).map_err(unusable)
    };
    tenant.apple.device_anchors.iter().map(certificate).collect()
}
