//! Enrollment program tokens, and the singleton above them.

use super::{Answers, Parameter, Shape, Simple, routes};
use crate::graph::entity::{DEVICE_MANAGEMENT, TOKEN, date, flag, text, texts};
use crate::graph::token::EXPANDABLE;
use crate::graph::{device_management, token};

const EXPIRING: &[Parameter] =
    &[Parameter::needed(date("expiringBeforeDateTime"), "Tokens that end before this are counted.")];

const UPLOAD: &[Parameter] = &[
    Parameter::needed(
        text("depToken"),
        "The file that Apple's portal gave (.p7m), as its text or in base64.",
    ),
    Parameter::new(text("appleId"), "The Apple ID that downloaded it; shown at the renewal."),
    Parameter::new(
        flag("confirmOtherServer"),
        "Take it although it is of another virtual server at Apple: then everything begins anew.",
    ),
];

const RELEASE: &[Parameter] = &[
    Parameter::needed(
        texts("deviceSerialNumbers"),
        "Serials that the organisation gives up at Apple, for good.",
    ),
    Parameter::new(text("depToken"), "Graph has it; the path says the token already."),
];

routes! {
    GET ServiceConfigRead "deviceManagement" => device_management::get,
        "Get deviceManagement", Shape::entity(&DEVICE_MANAGEMENT);
    PATCH ServiceConfigReadWrite "deviceManagement" => device_management::update,
        "Update deviceManagement", Shape::update(&DEVICE_MANAGEMENT).example("{}");

    GET ServiceConfigRead "deviceManagement/depOnboardingSettings" => token::list,
        "List depOnboardingSettings", Shape::list(&TOKEN).expands(&EXPANDABLE);
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings" => token::create,
        "Create depOnboardingSetting",
        Shape::create(&TOKEN).example(r#"{"tokenName":"Head office","dataSharingConsentGranted":true}"#);
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/$count" => token::count,
        "Get the number of depOnboardingSettings", Shape::number(&TOKEN);
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/getExpiringVppTokenCount" => token::expiring_count,
        "getExpiringVppTokenCount function", Shape::function(EXPIRING, Answers::Value(Simple::Int32));
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}" => token::get,
        "Get depOnboardingSetting", Shape::entity(&TOKEN).expands(&EXPANDABLE);
    PATCH ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}" => token::update,
        "Update depOnboardingSetting", Shape::update(&TOKEN).example(r#"{"tokenName":"Head office"}"#);
    DELETE ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}" => token::delete,
        "Delete depOnboardingSetting", Shape::delete().confirmable();
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/generateEncryptionPublicKey" => token::generate_key,
        "generateEncryptionPublicKey action", Shape::action(&[]).answering(Answers::Value(Simple::Text));
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/getEncryptionPublicKey" => token::public_key,
        "getEncryptionPublicKey function", Shape::function(&[], Answers::Value(Simple::Text));
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/uploadDepToken" => token::upload,
        "uploadDepToken action", Shape::action(UPLOAD).confirmable();
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/syncWithAppleDeviceEnrollmentProgram" => token::sync,
        "syncWithAppleDeviceEnrollmentProgram action", Shape::action(&[]);
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/shareForSchoolDataSyncService" => token::share,
        "shareForSchoolDataSyncService action", Shape::action(&[]);
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/unshareForSchoolDataSyncService" => token::unshare,
        "unshareForSchoolDataSyncService action", Shape::action(&[]);
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/releaseAppleDevices" => token::release_devices,
        "releaseAppleDevices action", Shape::action(RELEASE).confirmable();
}
