//! Every route of the API: verb, path, what the caller needs, who answers. A path that is not here does not exist, and
//! none is here without the role it needs.

use app::application::Role;
use futures_util::future::BoxFuture;
use http::Method;
use query::{Arguments, Segment};

use super::answer::Answer;
use super::call::Call;
use super::error::ApiError;
use super::{device, device_management, managed_device, muster, profile, push_certificate, token};

/// What a handler is.
type Handler = fn(Call) -> BoxFuture<'static, Result<Answer, ApiError>>;

/// One route.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Names, and `{…}` for an id.
    pub(crate) template: &'static str,
    /// What the caller needs.
    pub(crate) role: Role,
    pub(crate) handler: Handler,
}

impl Route {
    /// Not in v1.0: what Graph has no resource for.
    pub(crate) fn beta_only(&self) -> bool {
        self.template.starts_with("muster/")
    }
}

macro_rules! routes {
    ($( $method:ident $role:ident $template:literal => $handler:path; )+) => {
        /// Every route.
        pub(crate) static ROUTES: &[Route] = &[$(
            Route {
                method: Method::$method,
                template: $template,
                role: Role::$role,
                handler: |call| Box::pin($handler(call)),
            },
        )+];
    };
}

routes! {
    GET ServiceConfigRead "deviceManagement" => device_management::get;
    PATCH ServiceConfigReadWrite "deviceManagement" => device_management::update;

    GET ServiceConfigRead "deviceManagement/depOnboardingSettings" => token::list;
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings" => token::create;
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/$count" => token::count;
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/getExpiringVppTokenCount" => token::expiring_count;
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}" => token::get;
    PATCH ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}" => token::update;
    DELETE ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}" => token::delete;
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/generateEncryptionPublicKey" => token::generate_key;
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/getEncryptionPublicKey" => token::public_key;
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/uploadDepToken" => token::upload;
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/syncWithAppleDeviceEnrollmentProgram" => token::sync;
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/shareForSchoolDataSyncService" => token::share;
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/unshareForSchoolDataSyncService" => token::unshare;
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/releaseAppleDevices" => token::release_devices;
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/defaultIosEnrollmentProfile" => profile::default_ios;
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/defaultMacOsEnrollmentProfile" => profile::default_mac_os;
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/defaultTvOSEnrollmentProfile" => profile::default_tv_os;
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/defaultVisionOSEnrollmentProfile" => profile::default_vision_os;

    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles" => profile::list;
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles" => profile::create;
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/$count" => profile::count;
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{profile}" => profile::get;
    PATCH ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{profile}" => profile::update;
    DELETE ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{profile}" => profile::delete;
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{profile}/setDefaultProfile" => profile::set_default;
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{profile}/updateDeviceProfileAssignment" => profile::assign;
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{profile}/exportMobileConfig" => profile::export;

    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities" => device::list;
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities" => device::create;
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities/$count" => device::count;
    POST ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities/importAppleDeviceIdentityList" => device::import;
    GET ServiceConfigRead "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities/{device}" => device::get;
    PATCH ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities/{device}" => device::update;
    DELETE ServiceConfigReadWrite "deviceManagement/depOnboardingSettings/{token}/importedAppleDeviceIdentities/{device}" => device::delete;
    GET ServiceConfigRead "deviceManagement/importedAppleDeviceIdentities" => device::list_all;
    GET ServiceConfigRead "deviceManagement/importedAppleDeviceIdentities/$count" => device::count_all;
    POST ServiceConfigReadWrite "deviceManagement/importedAppleDeviceIdentities" => device::create_anywhere;
    POST ServiceConfigReadWrite "deviceManagement/importedAppleDeviceIdentities/importAppleDeviceIdentityList" => device::import_anywhere;
    GET ServiceConfigRead "deviceManagement/importedAppleDeviceIdentities/{device}" => device::get_anywhere;
    PATCH ServiceConfigReadWrite "deviceManagement/importedAppleDeviceIdentities/{device}" => device::update_anywhere;

    GET ServiceConfigRead "deviceManagement/applePushNotificationCertificate" => push_certificate::get;
    PATCH ServiceConfigReadWrite "deviceManagement/applePushNotificationCertificate" => push_certificate::update;
    // Though a GET: the first request makes the key that it is about.
    GET ServiceConfigReadWrite "deviceManagement/applePushNotificationCertificate/downloadApplePushNotificationCertificateSigningRequest" => push_certificate::request;
    POST ServiceConfigReadWrite "deviceManagement/applePushNotificationCertificate/generateApplePushNotificationCertificateSigningRequest" => push_certificate::request;

    GET ManagedDevicesRead "deviceManagement/managedDevices" => managed_device::list;
    GET ManagedDevicesRead "deviceManagement/managedDevices/$count" => managed_device::count;
    GET ManagedDevicesRead "deviceManagement/managedDevices/{device}" => managed_device::get;
    PATCH ManagedDevicesReadWrite "deviceManagement/managedDevices/{device}" => managed_device::update;
    POST PrivilegedOperations "deviceManagement/managedDevices/{device}/wipe" => managed_device::wipe;
    POST PrivilegedOperations "deviceManagement/managedDevices/{device}/retire" => managed_device::retire;
    POST PrivilegedOperations "deviceManagement/managedDevices/{device}/remoteLock" => managed_device::remote_lock;
    POST PrivilegedOperations "deviceManagement/managedDevices/{device}/rebootNow" => managed_device::reboot_now;
    POST PrivilegedOperations "deviceManagement/managedDevices/{device}/shutDown" => managed_device::shut_down;
    POST PrivilegedOperations "deviceManagement/managedDevices/{device}/resetPasscode" => managed_device::reset_passcode;
    POST PrivilegedOperations "deviceManagement/managedDevices/{device}/bypassActivationLock" => managed_device::bypass_activation_lock;
    POST ManagedDevicesReadWrite "deviceManagement/managedDevices/{device}/syncDevice" => managed_device::sync_device;
    POST ManagedDevicesReadWrite "deviceManagement/managedDevices/{device}/setDeviceName" => managed_device::set_device_name;

    GET ServiceConfigRead "muster/tenant" => muster::tenant::get;
    PATCH ServiceConfigReadWrite "muster/tenant" => muster::tenant::update;
    GET ServiceConfigRead "muster/checklist" => muster::tenant::checklist;
    GET ServiceConfigRead "muster/alerts" => muster::alert::list;
    GET ServiceConfigRead "muster/troubles" => muster::trouble::list;
    GET ServiceConfigRead "muster/tokens" => muster::token::list;
    GET ServiceConfigRead "muster/tokens/{token}" => muster::token::get;
    GET ServiceConfigRead "muster/tokens/{token}/health" => muster::token::get;
    GET ServiceConfigRead "muster/tokens/{token}/keys" => muster::token::keys;
    GET ServiceConfigRead "muster/tokens/{token}/checklist" => muster::tenant::checklist;
    POST ServiceConfigReadWrite "muster/tokens/{token}/sync" => muster::sync::start;
    GET ServiceConfigRead "muster/tokens/{token}/syncRuns" => muster::sync::list;
    GET ServiceConfigRead "muster/tokens/{token}/syncRuns/{run}" => muster::sync::get;
    GET ServiceConfigRead "muster/devices" => muster::device::list;
    GET ServiceConfigRead "muster/devices/$count" => muster::device::count;
    GET ServiceConfigRead "muster/devices/{serial}" => muster::device::get;
    POST ServiceConfigReadWrite "muster/devices/assign" => muster::device::assign;
    POST ServiceConfigReadWrite "muster/devices/unassign" => muster::device::unassign;
    POST ServiceConfigReadWrite "muster/devices/markConverted" => muster::device::mark_converted;
    POST ServiceConfigReadWrite "muster/deviceConversions" => muster::device::mark_converted;
    GET ServiceConfigRead "muster/profiles/{profile}/warnings" => muster::profile::warnings;
    GET ManagedDevicesRead "muster/setups" => muster::setup::list;
    GET ManagedDevicesRead "muster/setups/{device}" => muster::setup::get;
    POST ManagedDevicesReadWrite "muster/managedDevices/{device}/release" => muster::setup::release;
    GET ManagedDevicesRead "muster/managedDevices/{device}/commands" => muster::setup::commands;
}

/// A path without keys in parentheses: `x('id')` is `x` and `id`.
pub(crate) fn flat(segments: &[Segment]) -> Vec<Segment> {
    let mut flat = Vec::with_capacity(segments.len() + 2);
    for segment in segments {
        if let Arguments::Key(key) = &segment.arguments {
            let bare = |text: &str| Segment {
                text: text.to_owned(),
                name: text.to_owned(),
                arguments: Arguments::None,
            };
            flat.extend([bare(&segment.name), bare(key)]);
        } else {
            flat.push(segment.clone());
        }
    }
    flat
}

/// What a path leads to.
pub(crate) enum Found {
    /// A route, with the ids on the way.
    Route(&'static Route, Vec<String>),
    /// The path exists, for these verbs.
    OtherVerb(String),
    /// Nothing.
    Nothing,
}

/// Finds the route. Names go before ids, so that `…/{device}` never hides `…/$count`.
pub(crate) fn find(method: &Method, path: &[Segment], v1: bool) -> Found {
    let fitting = ROUTES.iter().filter(|route| !(v1 && route.beta_only()));
    let mut fitting: Vec<_> = fitting.filter_map(|route| Some((route, fit(route.template, path)?))).collect();
    let Some(fewest) = fitting.iter().map(|(_, ids)| ids.len()).min() else { return Found::Nothing };
    fitting.retain(|(_, ids)| ids.len() == fewest);
    let verbs: Vec<_> = fitting.iter().map(|(route, _)| route.method.as_str()).collect();
    let allowed = verbs.join(", ");
    match fitting.into_iter().find(|(route, _)| route.method == *method) {
        Some((route, ids)) => Found::Route(route, ids),
        None => Found::OtherVerb(allowed),
    }
}

/// The ids of a path that fits the template.
fn fit(template: &str, path: &[Segment]) -> Option<Vec<String>> {
    let pieces: Vec<&str> = template.split('/').collect();
    if pieces.len() != path.len() {
        return None;
    }
    let mut ids = Vec::new();
    for (piece, segment) in pieces.into_iter().zip(path) {
        if piece.starts_with('{') {
            if segment.text.starts_with('$') {
                return None;
            }
            ids.push(segment.text.clone());
        } else if !segment.is(piece) {
            return None;
        }
    }
    Some(ids)
}
