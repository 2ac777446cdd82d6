//! Enrolled devices: by their certificates, and when they were last seen.

use domain::command::Purpose;
use domain::managed_device::{PendingEnrollment, PinnedCertificate, Stage};
use domain::{Platform, TenantId};
use store::{StoreError, command, managed_device};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{self, at, id};

on_both_engines!(
    a_device_is_found_by_each_of_its_certificates,
    last_seen_only_goes_forward_and_is_kept_by_updates,
    expiring_identities_are_those_under_management_without_a_new_one,
    devices_that_never_answer_keep_no_other_from_a_new_identity,
);

type Done = Result<(), StoreError>;

async fn a_device_is_found_by_each_of_its_certificates(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let mut device = sample::managed(&id("t"), "C01");
        let pin = |name: &str| PinnedCertificate { fingerprint: name.into(), not_after: at(1) };
        device.certificate = Some(pin("current"));
        device.next_certificate = Some(pin("next"));
        device.pending = Some(PendingEnrollment {
            enrolment: 2,
            udid: "UDID-2".into(),
            device: id("id-C01"),
            token: id("token-1"),
            profile: id("profile-1"),
            profile_name: "Classroom".into(),
            platform: Platform::Ios,
            served_at: at(2),
            certificate: Some(pin("pending")),
        });
        managed_device::insert(tx, &device).await?;
        for name in ["current", "next", "pending"] {
            assert_eq!(managed_device::by_certificate(tx, name).await?.as_ref(), Some(&device), "{name}");
        }
        assert_eq!(managed_device::by_certificate(tx, "").await?, None);
        Ok(())
    });
    outcome.unwrap();
}

async fn last_seen_only_goes_forward_and_is_kept_by_updates(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let mut device = sample::managed(&id("t"), "C01");
        managed_device::insert(tx, &device).await?;
        let key = (device.tenant.clone(), device.id.clone());
        for (seen, kept) in [(10, 10), (5, 10), (30, 30)] {
            // Twice in one flush, and one that is not there.
            let flush = [
                (key.0.clone(), key.1.clone(), at(seen)),
                (key.0.clone(), key.1.clone(), at(seen - 1)),
                (key.0.clone(), id("unknown"), at(seen)),
            ];
            managed_device::touch_last_seen(tx, &flush).await?;
            let found = managed_device::get(tx, &key.0, &key.1).await?.unwrap();
            assert_eq!((found.last_seen, found.version), (Some(at(kept)), 1));
        }
        device.last_seen = None;
        device.stage = Stage::CheckedOut;
        managed_device::update(tx, &device).await?;
        let found = managed_device::get(tx, &key.0, &key.1).await?.unwrap();
        assert_eq!((found.last_seen, found.stage), (Some(at(30)), Stage::CheckedOut));
        managed_device::touch_last_seen(tx, &[]).await
    });
    outcome.unwrap();
}

async fn expiring_identities_are_those_under_management_without_a_new_one(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        for (serial, not_after, stage, renewed) in [
            ("SOON", 10, Stage::Enrolled, None),
            ("SOONER", 5, Stage::AwaitingConfiguration, None),
            ("LATER", 100, Stage::Enrolled, None),
            ("LEFT", 5, Stage::CheckedOut, None),
            ("RENEWED", 5, Stage::Enrolled, Some(500)),
            ("RENEWEDLONGAGO", 6, Stage::Enrolled, Some(7)),
        ] {
            let mut device = sample::managed(&tenant, serial);
            let pin = |at_seconds| PinnedCertificate {
                fingerprint: format!("{serial}{at_seconds}"),
                not_after: at(at_seconds),
            };
            device.certificate = Some(pin(not_after));
            device.next_certificate = renewed.map(pin);
            device.stage = stage;
            managed_device::insert(tx, &device).await?;
        }
        let found = managed_device::expiring_identities(tx, &tenant, at(50), 10).await?;
        let serials: Vec<_> = found.iter().map(|device| device.serial.as_str()).collect();
        assert_eq!(serials, ["SOONER", "RENEWEDLONGAGO", "SOON"]);
        assert_eq!(managed_device::count_by_stage(tx, &tenant).await?.len(), 3);
        Ok(())
    });
    outcome.unwrap();
}

/// Lessons 60, 61.
async fn devices_that_never_answer_keep_no_other_from_a_new_identity(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        for (serial, not_after) in [("OFFERED", 1), ("DEAF", 2), ("BUSY", 3), ("NEXT", 4), ("LATER", 100)] {
            let mut device = sample::managed(&tenant, serial);
            let fingerprint = format!("fp-{serial}");
            device.certificate = Some(PinnedCertificate { fingerprint, not_after: at(not_after) });
            device.push = device.push.filter(|_| serial != "DEAF");
            managed_device::insert(tx, &device).await?;
            let mut command = sample::command(&device, "a", 1);
            match serial {
                "OFFERED" => command.purpose = Purpose::IdentityRenewal,
                "BUSY" => {}
                _ => continue,
            }
            command::enqueue(tx, &command).await?;
        }
        let found = managed_device::identities_to_renew(tx, at(50), 2).await?;
        let serials: Vec<_> = found.iter().map(|device| device.serial.as_str()).collect();
        assert_eq!(serials, ["BUSY", "NEXT"]);
        Ok(())
    });
    outcome.unwrap();
}
