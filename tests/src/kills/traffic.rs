//! What people, administrators and Apple's portal do all the while: the load under which the server is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use practice::device::{DeviceFault, Quirk, Rule, Stage, VirtualDevice};
use serde_json::json;

use super::Chance;
use super::admin::Called;
use super::world::World;
use crate::api::nothing;

/// Shelf devices that come or go between two kills.
const MOVED: usize = 40;
/// Devices that their users erase, or whose management they remove.
const ERASED: usize = 8;
/// Devices whose users remove management.
const REMOVED: usize = 2;
/// Devices that an administrator restarts, one after another.
const RESTARTED: usize = 10;
/// Devices that an administrator erases.
const WIPED: usize = 3;
/// Between two looks of the people before the devices.
const LOOK: Duration = Duration::from_millis(20);

/// By managed device and `RequestType`: how many were answered well, and how many were cut.
pub(super) type Commands = BTreeMap<(String, &'static str), (usize, usize)>;

/// What was done that the server must remember.
#[derive(Default)]
pub(super) struct Deeds {
    /// The support department that the profile has, by the last answer of the server, and one that was asked for in a
    /// call that was cut.
    pub(super) department: Mutex<(Option<String>, Option<String>)>,
    /// Commands asked for, by managed device and `RequestType`: those answered well, and those cut.
    pub(super) commands: Mutex<Commands>,
    /// Devices whose users removed management and that were not set up again yet.
    pub(super) removed: Mutex<BTreeSet<String>>,
    /// Devices that fell out of management though nobody removed it.
    pub(super) sent_away: Mutex<BTreeSet<String>>,
    /// Devices that were at home and unmanaged at the last look.
    unmanaged: Mutex<BTreeSet<String>>,
    /// Shelf devices that are not on our MDM server now.
    away: Mutex<BTreeSet<String>>,
    /// Devices whose power is cut in Setup Assistant, and when it may come back.
    dark: Mutex<BTreeMap<String, i64>>,
}

/// Time without power: longer than a step of setup may take.
const DARK: i64 = 7 * 60 * 1_000_000;

impl World {
    pub(super) fn device(&self, serial: &str) -> VirtualDevice {
        self.practice.fleet().device(serial).unwrap()
    }

    /// Does some of everything at once. What the server does not live to see is left undone.
    pub(super) async fn stir(&self, chance: &mut Chance, number: usize) {
        self.move_shelf(chance);
        let home: Vec<String> = self.at_home();
        let mut chosen = chance.some(&home, ERASED + REMOVED + RESTARTED + WIPED);
        let erased = chosen.split_off(chosen.len().saturating_sub(ERASED + REMOVED));
        let (removed, erased) = erased.split_at(REMOVED.min(erased.len()));
        self.erase(erased);
        self.remove_management(removed);
        tokio::join!(self.change_profile(number), self.command(&chosen));
    }

    fn at_home(&self) -> Vec<String> {
        let screens = self.practice.fleet().screens();
        let home = screens.into_iter().filter(|screen| screen.stage == Stage::Home && screen.enrolled);
        home.map(|screen| screen.serial.to_string()).collect()
    }

    /// Apple's portal: some devices come to the MDM server, others leave it.
    fn move_shelf(&self, chance: &mut Chance) {
        let moved = chance.some(&self.shelf, MOVED);
        let mut away = self.deeds.away.lock().unwrap();
        let (back, gone): (Vec<_>, Vec<_>) = moved.into_iter().partition(|serial| away.contains(serial));
        self.hand_over(&back, true);
        self.hand_over(&gone, false);
        away.retain(|serial| !back.contains(serial));
        away.extend(gone);
    }

    async fn change_profile(&self, number: usize) {
        let path = format!(
            "deviceManagement/depOnboardingSettings/{}/enrollmentProfiles/{}",
            self.token, self.profile
        );
        let department = format!("IT {number}");
        let body = json!({ "@odata.type": "#microsoft.graph.depIOSEnrollmentProfile", "supportDepartment": department });
        // Written down before: the kill may come at any moment, also in the middle of this.
        self.deeds.department.lock().unwrap().1 = Some(department.clone());
        match self.admin.patch(&path, body).await {
            Called::Answered(200..=299, _) => {
                *self.deeds.department.lock().unwrap() = (Some(department), None);
            }
            Called::Answered(status, body) => panic!("the profile was not changed: {status} {body}"),
            Called::Cut => {}
        }
    }

    /// An administrator restarts some devices and erases others.
    async fn command(&self, serials: &[String]) {
        let Some(rows) = self.admin.rows("deviceManagement/managedDevices").await else { return };
        for (place, serial) in serials.iter().enumerate() {
            let row = rows.iter().find(|row| row["serialNumber"] == serial.as_str());
            let Some(id) = row.and_then(|row| row["id"].as_str()) else { continue };
            let (action, request_type) =
                if place < WIPED { ("wipe", "EraseDevice") } else { ("rebootNow", "RestartDevice") };
            let path = format!("deviceManagement/managedDevices/{id}/{action}");
            self.count(id, request_type, |counts| counts.1 += 1);
            match self.admin.post(&path, nothing()).await {
                Called::Answered(200..=299, _) => {
                    self.count(id, request_type, |counts| *counts = (counts.0 + 1, counts.1 - 1));
                }
                // It left management meanwhile.
                Called::Answered(_, _) => self.count(id, request_type, |counts| counts.1 -= 1),
                Called::Cut => return,
            }
        }
    }

    fn count(&self, id: &str, request_type: &'static str, change: impl FnOnce(&mut (usize, usize))) {
        let mut commands = self.deeds.commands.lock().unwrap();
        change(commands.entry((id.to_owned(), request_type)).or_default());
    }

    // What a person has begun ends, whatever becomes of the server meanwhile: hence tasks of their own.

    fn erase(&self, serials: &[String]) {
        for serial in serials {
            let device = self.device(serial);
            tokio::spawn(async move {
                device.wipe().await;
                device.unbox().unwrap();
            });
        }
    }

    fn remove_management(&self, serials: &[String]) {
        for serial in serials {
            self.deeds.removed.lock().unwrap().insert(serial.clone());
            let device = self.device(serial);
            // A server that does not hear the goodbye learns it otherwise; the device is unmanaged all the same.
            tokio::spawn(async move { device.remove_management().await.is_ok() });
        }
    }

    /// One device loses power in the middle of its setup, and has it back only after the step's time is over.
    pub(super) async fn cut_power(&self, chance: &mut Chance) {
        for serial in chance.some(&self.at_home(), 1) {
            let device = self.device(&serial);
            device.wipe().await;
            device.script(Rule::any(1, Quirk::PowerCut));
            self.deeds.dark.lock().unwrap().insert(serial, self.time.clock.now_micros() + DARK);
            device.unbox().unwrap();
        }
    }

    /// The people before the devices look once: who sees "Hello" sets the device up, who sees a failure tries again,
    /// and whose management is gone asks for help and starts anew.
    pub(super) async fn look_after_devices(&self) {
        let now = self.time.clock.now_micros();
        let mut unmanaged = std::mem::take(&mut *self.deeds.unmanaged.lock().unwrap());
        for screen in self.practice.fleet().screens() {
            let device = self.device(&screen.serial);
            if !screen.powered && screen.stage != Stage::Boxed {
                let mut dark = self.deeds.dark.lock().unwrap();
                if dark.get(&*screen.serial).is_none_or(|until| *until <= now) {
                    dark.remove(&*screen.serial);
                    device.power_on();
                }
                continue;
            }
            match &screen.stage {
                Stage::Boxed => turn_on(&device),
                Stage::Failed { why } => {
                    if *why == DeviceFault::Dismissed.words() {
                        self.deeds.sent_away.lock().unwrap().insert(screen.serial.to_string());
                    }
                    turn_on(&device);
                }
                // At the second look: a device that is being erased passes by here.
                Stage::Home if !screen.enrolled && !unmanaged.insert(screen.serial.to_string()) => {
                    unmanaged.remove(&*screen.serial);
                    self.start_anew(&device).await;
                }
                Stage::Home if !screen.enrolled => {}
                _ => drop(unmanaged.remove(&*screen.serial)),
            }
        }
        *self.deeds.unmanaged.lock().unwrap() = unmanaged;
        tokio::time::sleep(LOOK).await;
    }

    /// A device without management is erased, and set up again. It is well if its user wanted that.
    async fn start_anew(&self, device: &VirtualDevice) {
        if !self.deeds.removed.lock().unwrap().remove(device.serial()) {
            self.deeds.sent_away.lock().unwrap().insert(device.serial().to_owned());
        }
        device.wipe().await;
        device.unbox().unwrap();
    }
}

/// A device that somebody else has set up since it was looked at stays as it is.
fn turn_on(device: &VirtualDevice) {
    match device.unbox() {
        Ok(()) | Err(DeviceFault::NotAllowed(_)) => {}
        Err(fault) => panic!("{} was not turned on: {fault:?}", device.serial()),
    }
}
