//! Enrolled devices.

use super::{Parameter, Shape, routes};
use crate::graph::entity::{MANAGED_DEVICE, OBLITERATION_BEHAVIOR, choice, flag, text};
use crate::graph::managed_device;

const WIPE: &[Parameter] = &[
    Parameter::new(flag("persistEsimDataPlan"), "Keep the eSIM's data plan."),
    Parameter::new(
        flag("disallowProximitySetup"),
        "Do not offer a device nearby for the setup that follows.",
    ),
    Parameter::new(text("macOsUnlockCode"), "Six digits that unlock an older Mac afterwards."),
    Parameter::new(
        choice("obliterationBehavior", "enum ObliterationBehavior", OBLITERATION_BEHAVIOR),
        "What a Mac does that cannot erase its contents and settings.",
    ),
    Parameter::new(flag("keepEnrollmentData"), "Graph has it for Windows; an Apple device cannot."),
    Parameter::new(flag("keepUserData"), "Graph has it for Windows; an Apple device cannot."),
    Parameter::new(flag("useProtectedWipe"), "Graph has it for Windows; an Apple device cannot."),
];

const LOCK: &[Parameter] = &[
    Parameter::new(text("message"), "Shown on the lock screen."),
    Parameter::new(text("phoneNumber"), "Shown on the lock screen."),
    Parameter::new(text("macOsUnlockCode"), "Six digits that unlock an older Mac afterwards."),
];

const NAME: &[Parameter] = &[Parameter::needed(
    text("deviceName"),
    "The device's new name; it stays, whatever the profile's template says.",
)];

routes! {
    GET ManagedDevicesRead "deviceManagement/managedDevices" => managed_device::list,
        "List managedDevices", Shape::list(&MANAGED_DEVICE);
    GET ManagedDevicesRead "deviceManagement/managedDevices/$count" => managed_device::count,
        "Get the number of managedDevices", Shape::number(&MANAGED_DEVICE);
    GET ManagedDevicesRead "deviceManagement/managedDevices/{managedDevice}" => managed_device::get,
        "Get managedDevice", Shape::entity(&MANAGED_DEVICE);
    PATCH ManagedDevicesReadWrite "deviceManagement/managedDevices/{managedDevice}" => managed_device::update,
        "Update managedDevice",
        Shape::update(&MANAGED_DEVICE).example(r#"{"managedDeviceName":"Front-desk"}"#);
    POST PrivilegedOperations "deviceManagement/managedDevices/{managedDevice}/wipe" => managed_device::wipe,
        "wipe action", Shape::action(WIPE).example("{}");
    POST PrivilegedOperations "deviceManagement/managedDevices/{managedDevice}/retire" => managed_device::retire,
        "retire action", Shape::action(&[]);
    POST PrivilegedOperations "deviceManagement/managedDevices/{managedDevice}/remoteLock" => managed_device::remote_lock,
        "remoteLock action", Shape::action(LOCK).example(r#"{"message":"Please bring me back"}"#);
    POST PrivilegedOperations "deviceManagement/managedDevices/{managedDevice}/rebootNow" => managed_device::reboot_now,
        "rebootNow action", Shape::action(&[]);
    POST PrivilegedOperations "deviceManagement/managedDevices/{managedDevice}/shutDown" => managed_device::shut_down,
        "shutDown action", Shape::action(&[]);
    POST PrivilegedOperations "deviceManagement/managedDevices/{managedDevice}/resetPasscode" => managed_device::reset_passcode,
        "resetPasscode action", Shape::action(&[]);
    POST PrivilegedOperations "deviceManagement/managedDevices/{managedDevice}/bypassActivationLock" => managed_device::bypass_activation_lock,
        "bypassActivationLock action", Shape::action(&[]);
    POST ManagedDevicesReadWrite "deviceManagement/managedDevices/{managedDevice}/syncDevice" => managed_device::sync_device,
        "syncDevice action", Shape::action(&[]);
    POST ManagedDevicesReadWrite "deviceManagement/managedDevices/{managedDevice}/setDeviceName" => managed_device::set_device_name,
        "setDeviceName action", Shape::action(NAME).example(r#"{"deviceName":"Front-desk"}"#);
}
