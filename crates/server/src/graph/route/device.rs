//! Serials that Apple says are ours, under one token and under all.

use super::{Answers, Parameter, Shape, routes};
use crate::graph::device;
use crate::graph::entity::{DEVICE, IMPORTED, flag, parts};

const IMPORT: &[Parameter] = &[
    Parameter::needed(
        parts("importedAppleDeviceIdentities", "[ImportedAppleDeviceIdentity]", &DEVICE),
        "The serials, each with a description and a profile if it shall have them.",
    ),
    Parameter::new(
        flag("overwriteImportedDeviceIdentities"),
        "Whether the rows hold for serials that are known already.",
    ),
];

const IMPORT_EXAMPLE: &str = r#"{"importedAppleDeviceIdentities":[{"serialNumber":"C02XK0AAJG5H","description":"From the store room"}],"overwriteImportedDeviceIdentities":false}"#;
const CREATE_EXAMPLE: &str = r#"{"serialNumber":"C02XK0AAJG5J","description":"From the store room"}"#;
const UPDATE_EXAMPLE: &str = r#"{"description":"Front desk"}"#;

routes! {
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities" => device::list,
        "List importedAppleDeviceIdentities", Shape::list(&DEVICE);
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities" => device::create,
        "Create importedAppleDeviceIdentity", Shape::create(&DEVICE).example(CREATE_EXAMPLE);
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities/$count" => device::count,
        "Get the number of importedAppleDeviceIdentities", Shape::number(&DEVICE);
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities/importAppleDeviceIdentityList" => device::import,
        "importAppleDeviceIdentityList action",
        Shape::action(IMPORT).answering(Answers::Values(&IMPORTED)).example(IMPORT_EXAMPLE);
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities/{device}" => device::get,
        "Get importedAppleDeviceIdentity", Shape::entity(&DEVICE);
    PATCH ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities/{device}" => device::update,
        "Update importedAppleDeviceIdentity", Shape::update(&DEVICE).example(UPDATE_EXAMPLE);
    DELETE ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities/{device}" => device::delete,
        "Delete importedAppleDeviceIdentity", Shape::delete();

    GET ServiceConfigRead "deviceManagement/importedAppleDeviceIdentities" => device::list_all,
        "List importedAppleDeviceIdentities of every token", Shape::list(&DEVICE);
    GET ServiceConfigRead "deviceManagement/importedAppleDeviceIdentities/$count" => device::count_all,
        "Get the number of importedAppleDeviceIdentities of every token", Shape::number(&DEVICE);
    POST ServiceConfigReadWrite "deviceManagement/importedAppleDeviceIdentities" => device::create_anywhere,
        "Create importedAppleDeviceIdentity under the only token", Shape::create(&DEVICE).example(CREATE_EXAMPLE);
    POST ServiceConfigReadWrite "deviceManagement/importedAppleDeviceIdentities/importAppleDeviceIdentityList" => device::import_anywhere,
        "importAppleDeviceIdentityList action under the only token",
        Shape::action(IMPORT).answering(Answers::Values(&IMPORTED)).example(IMPORT_EXAMPLE);
    GET ServiceConfigRead "deviceManagement/importedAppleDeviceIdentities/{device}" => device::get_anywhere,
        "Get importedAppleDeviceIdentity of any token", Shape::entity(&DEVICE);
    PATCH ServiceConfigReadWrite "deviceManagement/importedAppleDeviceIdentities/{device}" => device::update_anywhere,
        "Update importedAppleDeviceIdentity of any token", Shape::update(&DEVICE).example(UPDATE_EXAMPLE);
}
