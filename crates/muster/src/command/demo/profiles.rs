//! Profiles: one for each platform, defaults, and assignment by serial.

use serde_json::{Value, json};

use super::act::{Stage, text};
use super::tokens::Connected;
use crate::error::CliError;
use crate::output;
use crate::output::say;

/// Serials that get a profile of their own instead of the default.
const BY_SERIAL_MAX: usize = 3;

/// A profile of the demo.
struct Plan {
    org: usize,
    name: &'static str,
    odata_type: &'static str,
    /// Family of the devices it is assigned to by serial; none: it is the default of its platform.
    by_serial: Option<&'static str>,
    settings: Value,
}

/// A profile that was made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) name: &'static str,
    pub(super) template: String,
    /// Assigned to these by serial.
    pub(super) serials: Vec<String>,
}

fn plans() -> Vec<Plan> {
    let plan =
        |org, name, odata_type, by_serial, settings| Plan { org, name, odata_type, by_serial, settings };
    let held = |template: &str, hidden: &[&str]| {
        json!({
            "supervisedModeEnabled": true, "profileRemovalDisabled": true, "awaitDeviceConfiguredConfirmation": true,
            "deviceNameTemplate": template, "enabledSkipKeys": hidden,
            "supportDepartment": "IT", "supportPhoneNumber": "+44 20 7946 0000",
        })
    };
    let free = |template: &str, hidden: &[&str]| json!({ "deviceNameTemplate": template, "enabledSkipKeys": hidden });
    let (ios, mac) =
        ("#microsoft.graph.depIOSEnrollmentProfile", "#microsoft.graph.depMacOSEnrollmentProfile");
    let tv = "#microsoft.graph.depTvOSEnrollmentProfile";
    let vision = "#microsoft.graph.depVisionOSEnrollmentProfile";
    vec![
        plan(
            0,
            "Staff iPhones and iPads",
            ios,
            None,
            held("{{DEVICETYPE}}-{{SERIAL}}", &["Siri", "Payment", "ScreenTime"]),
        ),
        plan(
            0,
            "Reception iPads",
            ios,
            Some("iPad"),
            held("Reception-{{SERIAL}}", &["Siri", "Payment", "AppleID", "Passcode"]),
        ),
        plan(
            0,
            "Office Macs",
            mac,
            None,
            held("Mac-{{SERIAL}}", &["Siri", "iCloudDiagnostics", "ScreenTime"]),
        ),
        plan(0, "Meeting rooms", tv, None, free("Room-{{SERIAL}}", &["TVHomeScreenSync", "ScreenSaver"])),
        plan(0, "Design studio", vision, Some("Vision"), free("Vision-{{SERIAL}}", &["Siri"])),
        plan(
            1,
            "Class iPads",
            ios,
            None,
            held("Class-{{SERIAL}}", &["Siri", "Payment", "AppleID", "Restore"]),
        ),
        plan(1, "Teachers", mac, None, held("Teacher-{{SERIAL}}", &["Siri"])),
    ]
}

/// Makes them, sets defaults, assigns by serial.
pub(super) async fn make(stage: &Stage, orgs: &[Connected]) -> Result<Vec<Made>, CliError> {
    stage.act("Profiles: a default for each platform but Vision, and some by serial");
    let mut table = output::table(["    PROFILE", "ORGANISATION", "NAMES", "FOR"].map(str::to_owned));
    let mut made = Vec::new();
    for plan in plans() {
        let Some(org) = orgs.get(plan.org) else { continue };
        let profile = make_one(stage, org, &plan).await?;
        let holds = match plan.by_serial {
            None => "every such device without a profile of its own".to_owned(),
            Some(_) => some_of(&profile.serials),
        };
        table.add_row([format!("    {}", plan.name), org.name.into(), profile.template.clone(), holds]);
        made.push(profile);
    }
    say!("{}", table.trim_fmt());
    Ok(made)
}

/// The first few, and how many more.
fn some_of(serials: &[String]) -> String {
    let (shown, rest) = serials.split_at(serials.len().min(BY_SERIAL_MAX));
    match rest.len() {
        0 => shown.join(" "),
        more => format!("{} and {more} more", shown.join(" ")),
    }
}

async fn make_one(stage: &Stage, org: &Connected, plan: &Plan) -> Result<Made, CliError> {
    let mut body = plan.settings.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("@odata.type".into(), plan.odata_type.into());
        fields.insert("displayName".into(), plan.name.into());
    }
    let profiles = format!("deviceManagement/depOnboardingSettings/{}/enrollmentProfiles", org.token);
    let profile = stage.api.post(&profiles, &body).await?;
    let id = text(&profile, "id");
    let mut serials = Vec::new();
    match plan.by_serial {
        None => {
            stage.api.post(&format!("{profiles}/{id}/setDefaultProfile"), &json!({})).await?;
        }
        Some(family) => {
            // One Vision is left without a profile, for it has no default to fall back on.
            let of_family: Vec<_> = org.first_day.iter().filter(|device| device.family == family).collect();
            let kept_back = usize::from(family == "Vision");
            let most = if kept_back > 0 { usize::MAX } else { BY_SERIAL_MAX };
            serials =
                of_family.iter().skip(kept_back).take(most).map(|device| device.serial.clone()).collect();
            assign(stage, &id, &serials).await?;
        }
    }
    Ok(Made { name: plan.name, template: text(&plan.settings, "deviceNameTemplate"), serials })
}

/// Assigns a profile by serial and insists that each is taken.
pub(super) async fn assign(stage: &Stage, profile: &str, serials: &[String]) -> Result<(), CliError> {
    if serials.is_empty() {
        return Ok(());
    }
    let body = json!({ "serialNumbers": serials, "profileId": profile });
    let answer = stage.api.post("muster/devices/assign", &body).await?;
    for row in super::act::items(&answer, "value") {
        if row.get("ok") != Some(&Value::Bool(true)) {
            output::json(&row);
            return Err(CliError::Words(format!(
                "{} was not assigned: {}",
                text(&row, "serialNumber"),
                text(&row, "words")
            )));
        }
    }
    Ok(())
}
