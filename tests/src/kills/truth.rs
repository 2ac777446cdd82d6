//! What must be true after a kill, looked at from three sides: what Apple holds, what the devices did, and what the
//! server says. At once it may be otherwise; it must come to be true by the server's own work within [`BOUND`].
//!
//! - **No device is lost**: who is on our MDM server at Apple is present here, and nobody else is. No timed sync before
//!   the next full one could find a device that the cursor has passed without its row, so that a cursor which is ahead
//!   of its rows shows here.
//! - **No assignment is lost**: each of those devices has the profile's last content at Apple.
//! - **No device is stuck**: each of the fleet is at home and enrolled, at both ends, and no setup is under way.
//! - **No command is lost**: each that was accepted is in the device's list, and has ended; each that counts as
//!   acknowledged was carried out.
//! - **No device is sent away**: none hears that it is not managed here; this and the next are wrong at once and for good.
//! - **Nothing is repeated harmfully** (see [`super`]).

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use practice::device::Stage;
use serde_json::Value;

use super::world::World;

/// A setup ends after 30 minutes and its release is tried again each 15; leases, waits and wakes are shorter.
const BOUND: Duration = Duration::from_secs(60 * 60);
/// At least so much of the computer's time is given too: it may be busy with other work.
const PATIENCE: Duration = Duration::from_secs(30);
/// After this, time runs faster: what is waited for now is a deadline, and no work.
const HURRY: Duration = Duration::from_secs(15 * 60);
/// Differences that are told of each kind.
const TOLD: usize = 5;

/// Waits until the three sides agree.
///
/// # Errors
/// On what they do not, when time is over or never will.
pub(super) async fn until_agreed(world: &World) -> Result<(), Vec<String>> {
    let patient_until = Instant::now() + PATIENCE;
    let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap();
    let began = world.time.clock.now_micros();
    let agreed = loop {
        world.look_after_devices().await;
        let harm = harm(world);
        if !harm.is_empty() {
            break Err(harm);
        }
        let words = differences(world).await;
        if words.is_empty() {
            break Ok(());
        }
        let waited = world.time.clock.now_micros() - began;
        if waited > micros(BOUND) && Instant::now() > patient_until {
            break Err(words);
        }
        world.time.hurry(waited > micros(HURRY));
    };
    world.time.hurry(false);
    agreed
}

/// What cannot become right any more.
fn harm(world: &World) -> Vec<String> {
    let mut words = Vec::new();
    for serial in &world.fleet {
        let repeats = world.device(serial).repeats();
        if repeats > 0 {
            words.push(format!("repeated: {serial} carried a command out again, {repeats} times"));
        }
    }
    let sent_away = world.deeds.sent_away.lock().unwrap();
    words.extend(sent_away.iter().map(|serial| format!("lost: the server sent {serial} away")));
    let now = world.practice.world().now();
    let model = world.practice.world().model();
    let throttled = model.devices().filter(|device| device.is_throttled(now));
    words.extend(
        throttled.map(|device| format!("repeated: {} was assigned until Apple throttled it", device.serial)),
    );
    words
}

async fn differences(world: &World) -> Vec<String> {
    let mut words = stuck_devices(world);
    if !words.is_empty() {
        return words;
    }
    let (Some(devices), Some(managed), Some(setups)) = (
        world.admin.rows("muster/devices").await,
        world.admin.rows("deviceManagement/managedDevices").await,
        world.admin.rows("muster/setups").await,
    ) else {
        return vec!["the server does not answer".to_owned()];
    };
    lost_devices(world, &devices, &mut words);
    lost_assignments(world, &mut words);
    lost_enrolments(world, &managed, &mut words);
    told(&mut words, setups.iter().map(|row| format!("stuck: {} is in setup here", row["serialNumber"])));
    if words.is_empty() {
        lost_commands(world, &managed, &mut words).await;
    }
    words
}

fn told(words: &mut Vec<String>, of_a_kind: impl Iterator<Item = String>) {
    words.extend(of_a_kind.take(TOLD));
}

/// Devices of the fleet that are not at home and enrolled.
fn stuck_devices(world: &World) -> Vec<String> {
    let screens = world.practice.fleet().screens();
    let there = screens.iter().filter(|screen| screen.stage != Stage::Home || !screen.enrolled);
    let mut words = Vec::new();
    told(
        &mut words,
        there.map(|screen| {
            format!("stuck: {} shows {:?}, trouble {:?}", screen.serial, screen.stage, screen.trouble)
        }),
    );
    words
}

fn lost_devices(world: &World, rows: &[Value], words: &mut Vec<String>) {
    let model = world.practice.world().model();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let present = rows.iter().filter(|row| row["presence"] == "present");
    let here: BTreeSet<String> = present.map(|row| text(row, "serialNumber")).collect();
    let on_server = model.devices().filter(|device| device.is_on(world.server_at_apple));
    let at_apple: BTreeSet<String> = on_server.map(|device| device.serial.to_string()).collect();
    let lost = at_apple.difference(&here);
    told(
        words,
        lost.map(|serial| {
            format!("lost: Apple has {serial} on our server and we do not: the cursor is ahead of its rows")
        }),
    );
    let left = here.difference(&at_apple);
    told(
        words,
        left.map(|serial| {
            format!(
                "lost: {serial} left our server at Apple and is present here: the cursor is ahead of its rows"
            )
        }),
    );
}

fn lost_assignments(world: &World, words: &mut Vec<String>) {
    let mut known = world.deeds.department.lock().unwrap();
    let wanted = |department: Option<&String>| {
        department.is_some() && (department == known.0.as_ref() || department == known.1.as_ref())
            || known.0.is_none() && department.is_some_and(|department| department == "IT")
    };
    let model = world.practice.world().model();
    let mut departments = BTreeMap::new();
    let mut wrong = Vec::new();
    for device in model.devices().filter(|device| device.is_on(world.server_at_apple)) {
        let uuid = device.profile.profile.and_then(|profile| model.profile_uuid(profile));
        let body = uuid.and_then(|uuid| model.read_profile(world.server_at_apple, uuid).ok());
        let department = body.and_then(|body| body.department);
        if !wanted(department.as_ref()) {
            wrong.push(format!(
                "assignment lost: {} has the profile of {department:?}, wanted {known:?}",
                device.serial
            ));
        }
        *departments.entry(department).or_insert(0) += 1;
    }
    if wrong.is_empty() && departments.len() > 1 {
        wrong.push(format!("assignment lost: devices have different profiles: {departments:?}"));
    }
    if wrong.is_empty() {
        // Whether the call that was cut was heard is settled now.
        *known = (departments.into_keys().next().flatten(), None);
    }
    told(words, wrong.into_iter());
}

fn lost_enrolments(world: &World, managed: &[Value], words: &mut Vec<String>) {
    let rows: BTreeMap<&str, &Value> =
        managed.iter().filter_map(|row| Some((row["serialNumber"].as_str()?, row))).collect();
    let wrong = world.fleet.iter().filter_map(|serial| {
        let row = rows.get(serial.as_str());
        let fits = row.is_some_and(|row| row["deviceRegistrationState"] == "registered");
        let state = row.map(|row| row["deviceRegistrationState"].clone());
        (!fits).then(|| format!("lost: {serial} is enrolled and is {state:?} here"))
    });
    told(words, wrong);
}

async fn lost_commands(world: &World, managed: &[Value], words: &mut Vec<String>) {
    let mut asked = world.deeds.commands.lock().unwrap().clone();
    let ids: BTreeSet<String> = asked.keys().map(|(id, _)| id.clone()).collect();
    for id in ids {
        let Some(rows) = world.admin.rows(&format!("muster/managedDevices/{id}/commands")).await else {
            words.push("the server does not answer".to_owned());
            return;
        };
        let serial =
            managed.iter().find(|row| row["id"] == id.as_str()).map(|row| row["serialNumber"].clone());
        let serial = serial.and_then(|serial| serial.as_str().map(str::to_owned)).unwrap_or_default();
        for request_type in ["RestartDevice", "EraseDevice"] {
            let (answered, cut) = asked.get(&(id.clone(), request_type)).copied().unwrap_or_default();
            let have = rows.iter().filter(|row| row["requestType"] == request_type).count();
            if !(answered..=answered + cut).contains(&have) {
                words.push(format!(
                    "command lost: {serial} was to be sent {answered} {request_type} (and {cut} that nobody was told of), and has {have}"
                ));
            }
            asked.insert((id.clone(), request_type), (have, 0));
        }
        let performed = world.device(&serial).performed();
        for row in &rows {
            let (state, request_type) =
                (row["state"].as_str().unwrap(), row["requestType"].as_str().unwrap());
            let done = performed.iter().any(|one| one.command_uuid == row["id"].as_str().unwrap());
            match state {
                "queued" | "sent" | "notNow" => {
                    words.push(format!("command lost: {request_type} waits for {serial}"))
                }
                "acknowledged" if !done => {
                    words.push(format!("command lost: {serial} never carried out {request_type}, which counts as acknowledged"));
                }
                _ => {}
            }
        }
    }
    words.truncate(TOLD);
    if words.is_empty() {
        // Whether the calls that were cut were heard is settled now.
        *world.deeds.commands.lock().unwrap() = asked;
    }
}
