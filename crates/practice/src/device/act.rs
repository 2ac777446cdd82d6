//! What a person does to a device.

use std::sync::Arc;

use super::fault::DeviceFault;
use super::screen::Stage;
use super::unit::VirtualDevice;
use crate::apple::moment::Moment;

impl VirtualDevice {
    /// Opens the box, turns the device on, and goes through Setup Assistant; after a failure, tries again.
    ///
    /// # Errors
    /// [`DeviceFault::NotAllowed`] when it is set up already: it must be erased first (R4).
    pub fn unbox(&self) -> Result<(), DeviceFault> {
        if self.unit.screen().stage == Stage::Home {
            return Err(DeviceFault::NotAllowed("set up the device again: it must be erased first"));
        }
        let now = self.shared.now();
        self.show(|screen| {
            if screen.began.is_none() || screen.stage.is_settled() {
                screen.began = Some(now);
            }
            if matches!(screen.stage, Stage::Failed { .. }) {
                screen.stage = Stage::Boxed;
            }
            screen.powered = true;
            screen.trouble = None;
        });
        self.wake();
        Ok(())
    }

    /// Erases all content and settings. The device is as from its box: its next activation takes the profile assigned
    /// by then. A management server is not told.
    pub async fn wipe(&self) {
        self.halt().await;
        self.forget_everything();
    }

    /// Turns it off, whatever it is doing.
    pub async fn power_off(&self) {
        self.halt().await;
    }

    /// Turns it on again: it goes on where it was.
    pub fn power_on(&self) {
        self.show(|screen| screen.powered = true);
        let in_box = self.memory(|memory| memory.activated.is_none()) && self.unit.screen().began.is_none();
        if !in_box {
            self.wake();
        }
    }

    /// Makes it connect to its management server now, as a push does.
    ///
    /// # Errors
    /// [`DeviceFault::NotAllowed`] when it is not enrolled, or off.
    pub fn check_in(&self) -> Result<(), DeviceFault> {
        if self.memory(|memory| memory.enrolment.is_none()) {
            return Err(DeviceFault::NotAllowed("check in: the device is not enrolled"));
        }
        if !self.unit.screen().powered {
            return Err(DeviceFault::NotAllowed("check in: the device is off"));
        }
        self.unit.bell.notify_one();
        self.wake();
        Ok(())
    }

    /// Restores a backup of the device onto itself: management comes back with it, and only `TokenUpdate` is sent,
    /// with a new token (apple.md 3.4). A profile that says not to use a backup's management makes it enrol anew
    /// (iOS and visionOS 26).
    ///
    /// # Errors
    /// [`DeviceFault::NotAllowed`] when it is not enrolled; else the server did not take the message.
    pub async fn restore_backup(&self) -> Result<(), DeviceFault> {
        let (os, cloud, enrolment) =
            self.memory(|memory| (memory.os, memory.activated.clone().flatten(), memory.enrolment.clone()));
        let enrolment = enrolment.ok_or(DeviceFault::NotAllowed("restore management: there is none"))?;
        self.halt().await;
        let anew = cloud.is_some_and(|cloud| cloud.fresh_from_backup) && os.version.major >= 26;
        if anew {
            self.forget_everything();
            return self.unbox();
        }
        self.show(|screen| screen.powered = true);
        let told = self.renew_token(&enrolment).await;
        self.wake();
        told
    }

    /// Its user removes management in Settings.
    ///
    /// # Errors
    /// [`DeviceFault::NotAllowed`] when it is locked, and the thirty provisional days are over or never were (R44).
    pub async fn remove_management(&self) -> Result<(), DeviceFault> {
        let (enrolment, removable) = self.memory(|memory| {
            let cloud = memory.activated.clone().flatten();
            (memory.enrolment.clone(), cloud.is_none_or(|cloud| cloud.is_removable(memory.os)))
        });
        let enrolment = enrolment.ok_or(DeviceFault::NotAllowed("remove management: there is none"))?;
        if !removable && !self.is_provisional() {
            return Err(DeviceFault::NotAllowed("remove management: the organisation does not allow it"));
        }
        self.halt().await;
        self.show(|screen| screen.powered = true);
        self.check_out(&enrolment).await;
        self.forget_management();
        Ok(())
    }

    /// Its user leaves the organisation: management goes, and practice Apple releases the device.
    ///
    /// # Errors
    /// [`DeviceFault::NotAllowed`] once the thirty provisional days are over (R44).
    pub async fn leave(&self) -> Result<(), DeviceFault> {
        let now = self.shared.now();
        let left = self.shared.services.world.model().leave(self.serial(), now);
        left.map_err(|_| DeviceFault::NotAllowed("leave: the thirty days are over, or never were"))?;
        let enrolment = self.memory(|memory| memory.enrolment.clone());
        self.halt().await;
        if let Some(enrolment) = enrolment {
            self.check_out(&enrolment).await;
        }
        self.forget_management();
        Ok(())
    }

    /// Whether its user may still leave (R44).
    pub(super) fn is_provisional(&self) -> bool {
        let now: Moment = self.shared.now();
        let model = self.shared.services.world.model();
        model.device(self.serial()).is_some_and(|device| device.is_provisional(now))
    }

    /// Drops management, and keeps the rest.
    pub(super) fn forget_management(&self) {
        let enrolment = self.memory(|memory| {
            memory.unsent = None;
            memory.profiles.clear();
            memory.enrolment.take()
        });
        if let Some(enrolment) = enrolment {
            self.shared.services.registry.unregister(enrolment.token, self.shared.now());
        }
        self.show(super::screen::Screen::show_unmanaged);
    }

    /// Drops everything but the hardware, the system and what a test set.
    pub(super) fn forget_everything(&self) {
        self.forget_management();
        self.shared.services.world.model().erase(self.serial());
        let fresh = self.hardware().fresh_name();
        self.memory(|memory| {
            memory.activated = None;
            memory.applied = super::command::Applied::default();
            memory.bypass_code = None;
            memory.carried_profile = None;
            fresh.clone_into(&mut memory.name);
        });
        let (product, os) = (self.unit.product, self.os());
        let fresh = super::screen::Screen::boxed(self.serial(), product, os, fresh);
        self.show(|screen| {
            let serial = Arc::clone(&screen.serial);
            *screen = super::screen::Screen { serial, ..fresh };
        });
    }
}
