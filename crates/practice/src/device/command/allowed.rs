//! Which commands a device takes: by its system, supervision, and the rights in its enrolment profile.

use std::sync::LazyLock;

use super::{CODE_UNKNOWN, MDM_DOMAIN, Outcome};
use crate::device::os::{Availability, Platform, rows};
use crate::device::unit::VirtualDevice;

/// One command of the table.
struct Known {
    request_type: &'static str,
    at: Availability,
    right: u16,
    /// Initials of the systems on which only supervised devices take it.
    supervised: &'static str,
}

const TABLE: &str = include_str!("../data/commands.tsv");

static COMMANDS: LazyLock<Vec<Known>> = LazyLock::new(|| rows(TABLE).filter_map(|row| read(&row)).collect());

fn read(cells: &[&'static str]) -> Option<Known> {
    let [request_type, ios, mac, tv, vision, right, supervised] = *cells else { return None };
    let at = Availability::read([ios, mac, tv, vision]).ok()?;
    Some(Known { request_type, at, right: right.parse().ok()?, supervised })
}

impl VirtualDevice {
    /// Whether the device would take such a command; if not, what it says. An unknown type is malformed; one that
    /// other systems know is an error.
    pub(super) fn allows(&self, request_type: &str) -> Result<(), Outcome> {
        let known = COMMANDS.iter().find(|known| known.request_type == request_type);
        let unknown = format!("“{request_type}” is not a valid request type.");
        let Some(known) = known else { return Err(Outcome::format_error(&unknown)) };
        let (os, supervised, rights) = self.memory(|memory| {
            let cloud = memory.activated.as_ref().and_then(Option::as_ref);
            let supervised = cloud.is_some_and(|cloud| cloud.supervises(memory.os));
            let rights = memory.enrolment.as_ref().map_or(0, |now| now.mdm.access_rights);
            (memory.os, supervised, rights)
        });
        if !os.since(&known.at) {
            return Err(Outcome::error(CODE_UNKNOWN, MDM_DOMAIN, &unknown));
        }
        let initial = match os.platform() {
            Platform::Ios => 'i',
            Platform::Mac => 'm',
            Platform::Tv => 't',
            Platform::Vision => 'v',
        };
        if !supervised && known.supervised.contains(initial) {
            return Err(Outcome::refused("The device is not supervised."));
        }
        if rights & known.right != known.right {
            return Err(Outcome::refused("The MDM server does not have the right to do that."));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMANDS, TABLE, read};
    use crate::device::os::rows;

    #[test]
    fn every_row_of_the_table_is_read() {
        assert!(rows(TABLE).all(|row| read(&row).is_some()));
        assert!(COMMANDS.iter().any(|known| known.request_type == "DeviceConfigured"));
    }
}
