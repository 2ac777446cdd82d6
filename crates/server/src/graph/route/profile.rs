//! Enrollment profiles of a token.

use super::{Answers, Parameter, Shape, routes};
use crate::graph::entity::{PROFILE, texts};
use crate::graph::profile;

const ASSIGN: &[Parameter] =
    &[Parameter::needed(texts("deviceIds"), "Serial numbers, despite the name, of devices under the token.")];

routes! {
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/defaultIosEnrollmentProfile" => profile::default_ios,
        "Get defaultIosEnrollmentProfile", Shape::entity(&PROFILE);
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/defaultMacOsEnrollmentProfile" => profile::default_mac_os,
        "Get defaultMacOsEnrollmentProfile", Shape::entity(&PROFILE);
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/defaultTvOSEnrollmentProfile" => profile::default_tv_os,
        "Get defaultTvOSEnrollmentProfile", Shape::entity(&PROFILE);
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/defaultVisionOSEnrollmentProfile" => profile::default_vision_os,
        "Get defaultVisionOSEnrollmentProfile", Shape::entity(&PROFILE);

    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles" => profile::list,
        "List enrollmentProfiles", Shape::list(&PROFILE);
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles" => profile::create,
        "Create enrollmentProfile",
        Shape::create(&PROFILE).example(
            r##"{"@odata.type":"#microsoft.graph.depIOSEnrollmentProfile","displayName":"Office","supervisedModeEnabled":true}"##,
        );
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/$count" => profile::count,
        "Get the number of enrollmentProfiles", Shape::number(&PROFILE);
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{profile}" => profile::get,
        "Get enrollmentProfile", Shape::entity(&PROFILE);
    PATCH ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{profile}" => profile::update,
        "Update enrollmentProfile", Shape::change(&PROFILE).example(r#"{"description":"For the front desk"}"#);
    DELETE ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{profile}" => profile::delete,
        "Delete enrollmentProfile", Shape::delete().confirmable();
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{profile}/setDefaultProfile" => profile::set_default,
        "setDefaultProfile action", Shape::action(&[]);
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{profile}/updateDeviceProfileAssignment" => profile::assign,
        "updateDeviceProfileAssignment action", Shape::action(ASSIGN);
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{profile}/exportMobileConfig" => profile::export,
        "exportMobileConfig function", Shape::function(&[], Answers::Refused);
}
