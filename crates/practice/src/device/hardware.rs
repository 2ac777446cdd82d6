//! What a device's hardware says of itself. Made from the serial number, so that it survives being erased.

use crate::apple::catalogue::{Family, Product};

/// What is burnt into one device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hardware<'a> {
    pub(super) serial: &'a str,
    pub(super) product: &'static Product,
}

impl Hardware<'_> {
    fn digest(&self, what: &str) -> [u8; 32] {
        pki::digest::sha256(format!("{what} {}", self.serial).as_bytes())
    }

    fn number(&self, what: &str) -> u64 {
        self.digest(what).iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// A number below `bound` that is always the same for this device.
    pub(super) fn draw(&self, what: &str, bound: usize) -> usize {
        usize::try_from(self.number(what) % bound.max(1) as u64).unwrap_or(0)
    }

    /// The UDID: chip and ECID on most devices, a UUID on Macs.
    pub(super) fn udid(&self) -> String {
        let chip = match self.product.family {
            Family::IPhone => "00008140",
            Family::IPad => "00008120",
            Family::AppleTv => "00008110",
            Family::Vision => "00008112",
            Family::Mac => {
                let [a, b] = [self.number("udid"), self.number("more udid")];
                return uuid::Uuid::from_u64_pair(a, b).to_string().to_uppercase();
            }
        };
        format!("{chip}-{:016X}", self.number("udid"))
    }

    /// The IMEI, with its check digit. Only telephones have one.
    pub(super) fn imei(&self) -> Option<String> {
        self.product.family.has_cellular().then(|| {
            let digits = format!("35{:012}", self.number("imei") % 1_000_000_000_000);
            let check = luhn(&digits);
            format!("{digits}{check}")
        })
    }

    /// The MEID: the IMEI without its check digit.
    pub(super) fn meid(&self) -> Option<String> {
        self.imei().map(|imei| imei.chars().take(14).collect())
    }

    /// A hardware address, locally administered so that it is nobody's.
    pub(super) fn mac(&self, of: &str) -> String {
        let digest = self.digest(of);
        let rest: Vec<_> = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
        format!("02:{}", rest.join(":"))
    }

    /// The part number, such as `MQ6M3LL/A`.
    pub(super) fn model_number(&self) -> String {
        format!("M{:04X}LL/A", self.draw("model number", 0x1_0000))
    }

    /// The number over which software updates are chosen, such as `J407AP`.
    pub(super) fn software_update_id(&self) -> String {
        format!("J{}AP", 100 + self.product.product_type.bytes().map(usize::from).sum::<usize>() % 800)
    }

    /// What a fresh device calls itself.
    pub(super) const fn fresh_name(&self) -> &'static str {
        match self.product.family {
            Family::IPhone => "iPhone",
            Family::IPad => "iPad",
            Family::Mac => "Mac",
            Family::AppleTv => "Apple TV",
            Family::Vision => "Apple Vision Pro",
        }
    }
}

/// The check digit of an IMEI (ISO/IEC 7812).
fn luhn(digits: &str) -> u32 {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit.saturating_sub(b'0'));
            let weighed = if place % 2 == 0 { digit * 2 } else { digit };
            weighed / 10 + weighed % 10
        })
        .sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::{Hardware, luhn};
    use crate::apple::catalogue::{Family, product};

    #[test]
    fn hardware_is_the_same_each_time_and_differs_between_devices() {
        for family in Family::ALL {
            let of = |serial| Hardware { serial, product: product(family, None).unwrap() };
            let (a, b) = (of("C8TJ500QF1"), of("C8TJ500QF2"));
            assert_eq!(a.udid(), a.udid());
            assert_ne!(a.udid(), b.udid());
            assert_eq!(a.udid().len(), if family == Family::Mac { 36 } else { 25 }, "{family:?}");
            assert_eq!(a.imei().is_some(), family == Family::IPhone);
            assert!(a.mac("Wi-Fi").starts_with("02:") && a.mac("Wi-Fi").len() == 17);
        }
    }

    #[test]
    fn an_imei_ends_in_its_check_digit() {
        assert_eq!(luhn("49015420323751"), 8, "a known example");
        let phone = Hardware { serial: "F2LX", product: product(Family::IPhone, None).unwrap() };
        let imei = phone.imei().unwrap();
        assert_eq!(imei.len(), 15);
        assert_eq!(phone.meid().unwrap(), imei[..14]);
    }
}
