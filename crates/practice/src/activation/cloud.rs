//! The cloud configuration: an ADE profile in the words a device uses (apple.md 1.8, last paragraph).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mdm::guard::{Dictionary, Value};

use crate::apple::activation::CloudConfiguration;

/// The property list a device gets at activation.
///
/// Texts that were not set are left out. Switches are always there, with Apple's defaults.
pub fn cloud_configuration(cloud: &CloudConfiguration) -> Dictionary {
    let profile = &cloud.profile;
    let mut plist = Dictionary::new();
    let texts = [
        ("ConfigurationURL", profile.url.as_ref()),
        ("ConfigurationWebURL", profile.configuration_web_url.as_ref()),
        ("Language", profile.language.as_ref()),
        ("Region", profile.region.as_ref()),
        ("OrganizationName", Some(&cloud.card.name)),
        ("OrganizationDepartment", profile.department.as_ref()),
        ("OrganizationPhone", Some(&cloud.card.phone)),
        ("OrganizationSupportPhone", profile.support_phone_number.as_ref()),
        ("OrganizationEmail", Some(&cloud.card.email)),
        ("OrganizationSupportEmail", profile.support_email_address.as_ref()),
        ("OrganizationAddress", Some(&cloud.card.address)),
        ("OrganizationMagic", profile.org_magic.as_ref()),
    ];
    for (key, text) in texts {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            plist.insert(key.into(), Value::String(text.clone()));
        }
    }
    let switches = [
        ("AllowPairing", profile.allow_pairing, true),
        ("IsSupervised", profile.is_supervised, false),
        ("IsMandatory", profile.is_mandatory, false),
        ("IsMDMUnremovable", profile.is_mdm_removable.map(|removable| !removable), false),
        ("AwaitDeviceConfigured", profile.await_device_configured, false),
        ("AutoAdvanceSetup", profile.auto_advance_setup, false),
        ("IsMultiUser", profile.is_multi_user, false),
        ("IsReturnToService", profile.is_return_to_service, false),
        ("DoNotUseProfileFromBackup", profile.do_not_use_profile_from_backup, false),
    ];
    for (key, switch, default) in switches {
        plist.insert(key.into(), Value::Boolean(switch.unwrap_or(default)));
    }
    plist.insert("AnchorCertificates".into(), certificates(&profile.anchor_certs));
    plist.insert("SupervisorHostCertificates".into(), certificates(&profile.supervising_host_certs));
    let skipped = profile.skip_setup_items.iter().cloned().map(Value::String).collect();
    plist.insert("SkipSetup".into(), Value::Array(skipped));
    if let Some(deadline) = cloud.migration_deadline {
        plist.insert("MigrationDeadline".into(), Value::String(deadline.iso8601()));
    }
    plist
}

/// Certificates as data. What is not base64 was refused when the profile was defined.
fn certificates(texts: &[String]) -> Value {
    Value::Array(texts.iter().filter_map(|text| STANDARD.decode(text).ok()).map(Value::Data).collect())
}
