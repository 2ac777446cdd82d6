//! R4: a device that has activated keeps its profile, whatever is assigned, until it is wiped.

use std::time::Duration;

use serde_json::json;

use super::act::{Stage, items, text};
use super::fleet::{Actor, Company, Screen, screens, unbox};
use super::profiles::assign;
use super::tokens::Connected;
use crate::command::devices;
use crate::error::CliError;
use crate::output::Format;
use crate::output::say;

/// For one device to do one thing.
const PATIENCE: Duration = Duration::from_secs(90);
const NEW_PROFILE: &str = "Executives";

/// Assigns another profile to an enrolled iPhone, shows that nothing changes, wipes it, shows that now it does.
/// Whether it went so.
pub(super) async fn profile_of_an_activated_device(
    stage: &Stage,
    orgs: &[Connected],
    company: &Company,
) -> Result<bool, CliError> {
    let iphone = company.actors.iter().find(|actor| actor.ready && actor.bought.family == "iPhone");
    let (Some(iphone), Some(org)) = (iphone, orgs.first()) else {
        return Ok(true);
    };
    let serial = &iphone.bought.serial;
    stage.act(&format!("Another profile for {serial}, which has activated with “{}” (R4)", iphone.profile));
    assign_another(stage, org, serial).await?;
    say!();
    devices::show(serial, &stage.api, Format::People).await?;
    say!();
    let kept = keeps_the_old(stage, iphone).await?;
    let taken = takes_the_new_after_a_wipe(stage, iphone).await?;
    Ok(kept && taken)
}

async fn assign_another(stage: &Stage, org: &Connected, serial: &str) -> Result<(), CliError> {
    let body = json!({
        "@odata.type": "#microsoft.graph.depIOSEnrollmentProfile",
        "displayName": NEW_PROFILE,
        "supervisedModeEnabled": true,
        "profileRemovalDisabled": true,
        "awaitDeviceConfiguredConfirmation": true,
        "deviceNameTemplate": "Exec-{{SERIAL}}",
    });
    let path = format!("deviceManagement/depOnboardingSettings/{}/enrollmentProfiles", org.token);
    let profile = text(&stage.api.post(&path, &body).await?, "id");
    assign(stage, &profile, &[serial.to_owned()]).await?;
    stage
        .until("the server did not say that the device must be wiped", PATIENCE, async || {
            let rows = stage.device(serial).await?;
            let codes: Vec<_> = rows
                .iter()
                .flat_map(|row| items(row, "reasons"))
                .map(|reason| text(&reason, "code"))
                .collect();
            Ok((!rows.iter().any(devices::is_passing) && codes.iter().any(|code| code == "needsWipe"))
                .then_some(()))
        })
        .await
}

/// Has the device check in, and looks at what it and the server say.
async fn keeps_the_old(stage: &Stage, iphone: &Actor) -> Result<bool, CliError> {
    let serial = &iphone.bought.serial;
    stage.portal.post(&format!("devices/{serial}/check-in"), &json!({})).await?;
    let screen = screens(stage).await?.remove(serial).unwrap_or_default();
    let rows = stage.device(serial).await?;
    let server = rows.first().map(|row| text(row, "enrolledProfileName")).unwrap_or_default();
    stage.note(&format!(
        "The device checks in and is still {:?}; the server says it has “{server}”.",
        screen.name
    ));
    let kept = server == iphone.profile && screen.name == iphone.expected_name;
    if !kept {
        stage.note("That is wrong: it should have kept its profile.");
    }
    Ok(kept)
}

async fn takes_the_new_after_a_wipe(stage: &Stage, iphone: &Actor) -> Result<bool, CliError> {
    let serial = &iphone.bought.serial;
    let managed = stage
        .api
        .get(&format!("deviceManagement/managedDevices?$filter=serialNumber%20eq%20'{serial}'"))
        .await?;
    let id = items(&managed, "value").first().map(|row| text(row, "id")).unwrap_or_default();
    stage.api.post(&format!("deviceManagement/managedDevices/{id}/wipe"), &json!({})).await?;
    stage
        .until("the device was not erased", PATIENCE, async || {
            let screen = screens(stage).await?.remove(serial).unwrap_or_default();
            if screen.stage == "boxed" {
                unbox(stage, serial).await?;
            }
            let begun = screen.name != iphone.expected_name || !screen.is_settled();
            Ok(begun.then_some(()))
        })
        .await?;
    let expected = format!("Exec-{serial}");
    let screen: Screen = stage
        .until("the device did not come back with its new profile", PATIENCE, async || {
            let screen = screens(stage).await?.remove(serial).unwrap_or_default();
            Ok(Some(screen).filter(|screen| screen.is_settled() && screen.name == expected))
        })
        .await?;
    let rows = stage.device(serial).await?;
    let server = rows.first().map(|row| text(row, "enrolledProfileName")).unwrap_or_default();
    stage.note(&format!(
        "Wiped: it activated anew and is now {:?}; the server says it has “{server}”.",
        screen.name
    ));
    Ok(server == NEW_PROFILE)
}
