//! The commands that a device is given (Apple: "Commands and Queries", `mdm/commands/*.yaml`) and its answers.

mod answer;
mod device_information;
mod erase;
mod local_admin;
mod request;
mod setting;

pub use answer::{
    ActivationLockBypassCode, CommandAnswer, ErrorChainItem, InstalledApplication, SecurityInfo,
    SettingResult, Status,
};
pub use device_information::{DeviceInformation, INVENTORY_QUERIES, ServiceSubscription};
pub use erase::{EraseDevice, ReturnToService};
pub use local_admin::{LocalAdmin, PasswordHash};
pub use request::{AccountConfiguration, AppSource, Command, InstallApplication};
pub use setting::{OrganizationInfo, Setting, SharedDeviceConfiguration};

use crate::guard::{Dictionary, Value};

/// Builds a dictionary in Apple's order of keys, leaving out what is absent.
#[derive(Default)]
pub(crate) struct Keys(Dictionary);

impl Keys {
    /// A key that is always there.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// A key that is there if it has a value.
    pub(crate) fn maybe(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// A key that is there if it is on; off is Apple's default.
    pub(crate) fn switch(self, key: &str, on: bool) -> Self {
        self.maybe(key, on.then_some(true))
    }

    /// A list of texts that is there unless it is empty.
    pub(crate) fn texts(self, key: &str, texts: &[String]) -> Self {
        let items = || texts.iter().cloned().map(Value::String).collect::<Vec<_>>();
        self.maybe(key, (!texts.is_empty()).then(items))
    }

    pub(crate) fn done(self) -> Dictionary {
        self.0
    }
}

#[cfg(test)]
mod tests;
