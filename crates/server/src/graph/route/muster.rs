//! What Graph has no resource for.

use super::{Answers, Parameter, Shape, routes};
use crate::graph::entity::{
    ALERT, ASSIGNED, CHECKLIST, COMMAND, KEY, READINESS, SETUP, SYNC_KIND, SYNC_RUN, TENANT, TOKEN_STORY,
    TROUBLE, WARNING, choice, date, text, texts,
};
use crate::graph::muster;

const SYNC: &[Parameter] = &[Parameter::new(
    choice("kind", "enum SyncKind", SYNC_KIND),
    "What changed (the default), or everything.",
)];

const ASSIGN: &[Parameter] = &[
    Parameter::needed(texts("serialNumbers"), "The serials."),
    Parameter::needed(text("profileId"), "The profile: `{token}_{profile}`, or its own id alone."),
];

const UNASSIGN: &[Parameter] = &[Parameter::needed(texts("serialNumbers"), "The serials.")];

const CONVERTED: &[Parameter] = &[
    Parameter::needed(texts("serialNumbers"), "The serials."),
    Parameter::new(
        date("convertedDateTime"),
        "When they were added to Apple's portal; null takes the mark away.",
    ),
];

routes! {
    GET ServiceConfigRead "muster/tenant" => muster::tenant::get,
        "Get the organisation", Shape::entity(&TENANT);
    PATCH ServiceConfigReadWrite "muster/tenant" => muster::tenant::update,
        "Update the organisation", Shape::update(&TENANT).example(r#"{"organizationName":"Linden Works"}"#);
    GET ServiceConfigRead "muster/checklist" => muster::tenant::checklist,
        "List what is to be done before devices can enrol", Shape::list(&CHECKLIST);
    GET ServiceConfigRead "muster/alerts" => muster::alert::list,
        "List what an administrator should know or do", Shape::list(&ALERT);
    GET ServiceConfigRead "muster/troubles" => muster::trouble::list,
        "List trouble that work met at Apple", Shape::list(&TROUBLE);
    GET ServiceConfigRead "muster/tokens" => muster::token::list,
        "List tokens with their health, keys and clocks", Shape::list(&TOKEN_STORY);
    GET ServiceConfigRead "muster/tokens/{token}" => muster::token::get,
        "Get a token with its health, keys and clocks", Shape::entity(&TOKEN_STORY);
    GET ServiceConfigRead "muster/tokens/{token}/health" => muster::token::get,
        "Get a token with its health, keys and clocks", Shape::entity(&TOKEN_STORY);
    GET ServiceConfigRead "muster/tokens/{token}/keys" => muster::token::keys,
        "List the key pairs of a token", Shape::list(&KEY);
    GET ServiceConfigRead "muster/tokens/{token}/checklist" => muster::tenant::checklist,
        "List what is to be done for a token", Shape::list(&CHECKLIST);
    POST ServiceConfigReadWrite "muster/tokens/{token}/sync" => muster::sync::start,
        "Begin a sync", Shape::action(SYNC).answering(Answers::Begun);
    GET ServiceConfigRead "muster/tokens/{token}/syncRuns" => muster::sync::list,
        "List the syncs of a token", Shape::list(&SYNC_RUN);
    GET ServiceConfigRead "muster/tokens/{token}/syncRuns/{run}" => muster::sync::get,
        "Get a sync", Shape::entity(&SYNC_RUN);
    GET ServiceConfigRead "muster/devices" => muster::device::list,
        "List serials with why each is or is not ready", Shape::list(&READINESS);
    GET ServiceConfigRead "muster/devices/$count" => muster::device::count,
        "Get the number of serials", Shape::number(&READINESS);
    GET ServiceConfigRead "muster/devices/{serial}" => muster::device::get,
        "List what each token knows of a serial", Shape::list(&READINESS);
    POST ServiceConfigReadWrite "muster/devices/assign" => muster::device::assign,
        "Assign a profile to serials under any token", Shape::action(ASSIGN).answering(Answers::Values(&ASSIGNED));
    POST ServiceConfigReadWrite "muster/devices/unassign" => muster::device::unassign,
        "Take the profile from serials", Shape::action(UNASSIGN).answering(Answers::Values(&ASSIGNED));
    POST ServiceConfigReadWrite "muster/devices/markConverted" => muster::device::mark_converted,
        "Mark serials as added to Apple's portal by hand",
        Shape::action(CONVERTED).answering(Answers::Values(&ASSIGNED));
    POST ServiceConfigReadWrite "muster/deviceConversions" => muster::device::mark_converted,
        "Mark serials as added to Apple's portal by hand",
        Shape::action(CONVERTED).answering(Answers::Values(&ASSIGNED));
    GET ServiceConfigRead "muster/profiles/{profile}/warnings" => muster::profile::warnings,
        "List what is worth a second look in a profile", Shape::entity(&WARNING).answering(Answers::Values(&WARNING));
    GET ManagedDevicesRead "muster/setups" => muster::setup::list,
        "List devices in Setup Assistant", Shape::list(&SETUP);
    GET ManagedDevicesRead "muster/setups/{managedDevice}" => muster::setup::get,
        "Get the setup of a device", Shape::entity(&SETUP);
    POST ManagedDevicesReadWrite "muster/managedDevices/{managedDevice}/release" => muster::setup::release,
        "Let a device out of Setup Assistant", Shape::action(&[]);
    GET ManagedDevicesRead "muster/managedDevices/{managedDevice}/commands" => muster::setup::commands,
        "List the commands of a device, pending and past", Shape::list(&COMMAND);
}
