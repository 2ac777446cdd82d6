//! Every command with every key, against `mdm/commands/*.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use muster_mdm::Redacted;
use muster_mdm::command::{
    AccountConfiguration, AppSource, Command, EraseDevice, INVENTORY_QUERIES, InstallApplication, LocalAdmin,
    OrganizationInfo, ReturnToService, Setting, SharedDeviceConfiguration,
};
use muster_mdm::guard::Dictionary;

use crate::support::{Beyond, Key, check, keys, shared, yaml};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn data() -> Redacted<Vec<u8>> {
    Redacted(vec![1, 2, 3])
}

fn settings() -> Vec<Setting> {
    let organization = OrganizationInfo {
        name: "Acme".to_owned(),
        short_name: text("A"),
        address: text("Street 1"),
        phone: text("1"),
        email: text("a@b.example"),
        magic: text("m"),
    };
    let shared = SharedDeviceConfiguration {
        quota_size: Some(1024),
        resident_users: Some(5),
        user_session_timeout: Some(60),
        temporary_session_timeout: Some(60),
        temporary_session_only: Some(false),
        managed_apple_id_default_domains: vec!["b.example".to_owned()],
        online_authentication_grace_period: Some(1),
        skip_language_and_locale_setup_for_new_users: Some(true),
        await_user_configuration: Some(true),
        passcode_lock_grace_period: Some(0),
        auto_lock_time: Some(120),
    };
    vec![
        Setting::DeviceName("n".to_owned()),
        Setting::HostName("n".to_owned()),
        Setting::OrganizationInfo(Some(organization)),
        Setting::OrganizationInfo(None),
        Setting::ActivationLockAllowedWhileSupervised(true),
        Setting::SharedDeviceConfiguration(Box::new(shared)),
        Setting::PasscodeLockGracePeriod(60),
        Setting::TimeZone("Europe/Berlin".to_owned()),
        Setting::DiagnosticSubmission(true),
        Setting::AppAnalytics(true),
        Setting::Bluetooth(true),
        Setting::ApplicationConfiguration {
            identifier: "a.b".to_owned(),
            configuration: Some(Dictionary::from_iter([("k", "v")])),
        },
    ]
}

fn install(source: AppSource) -> Command {
    let app = InstallApplication {
        source,
        purchase_method: Some(1),
        management_flags: Some(1),
        install_as_managed: true,
        take_over: true,
        configuration: Some(Dictionary::from_iter([("k", "v")])),
        removable: Some(false),
    };
    Command::InstallApplication(Box::new(app))
}

fn account_configuration() -> Command {
    let admin = LocalAdmin {
        short_name: "admin".to_owned(),
        full_name: text("Admin"),
        password_hash: data(),
        hidden: true,
    };
    Command::AccountConfiguration(Box::new(AccountConfiguration {
        skip_primary_setup_account_creation: true,
        set_primary_setup_account_as_regular_user: true,
        primary_account_full_name: text("Ann"),
        primary_account_user_name: text("ann"),
        dont_auto_populate_primary_account_info: true,
        lock_primary_account_info: true,
        admin: Some(admin),
        managed_local_user_short_name: text("admin"),
    }))
}

fn erase_device() -> Command {
    Command::EraseDevice(Box::new(EraseDevice {
        preserve_data_plan: true,
        disallow_proximity_setup: true,
        pin: Some("123456".to_owned().into()),
        obliteration_behavior: text("Default"),
        return_to_service: Some(ReturnToService {
            wifi_profile: Some(data()),
            mdm_profile: Some(data()),
            bootstrap_token: Some(data()),
        }),
    }))
}

/// Every command, with every key that it can have.
fn every_command() -> Vec<Command> {
    let one = || vec!["a.b".to_owned()];
    vec![
        Command::DeviceInformation { queries: INVENTORY_QUERIES.iter().map(|q| (*q).to_owned()).collect() },
        Command::SecurityInfo,
        Command::Settings(settings()),
        Command::InstallProfile { payload: data() },
        Command::RemoveProfile { identifier: "a.b".to_owned() },
        Command::ProfileList { managed_only: true },
        Command::CertificateList { managed_only: true },
        Command::InstalledApplicationList { identifiers: one(), managed_apps_only: true, items: one() },
        Command::ManagedApplicationList { identifiers: one() },
        install(AppSource::ITunesStoreId(1)),
        install(AppSource::Identifier("a.b".to_owned())),
        install(AppSource::ManifestUrl("https://a.example/m.plist".to_owned())),
        Command::RemoveApplication { identifier: "a.b".to_owned() },
        Command::DeviceConfigured,
        Command::UserConfigured,
        account_configuration(),
        erase_device(),
        Command::DeviceLock {
            message: text("m"),
            phone_number: text("1"),
            pin: Some("123456".to_owned().into()),
        },
        Command::ClearPasscode { unlock_token: data() },
        Command::RestartDevice { notify_user: true },
        Command::ShutDownDevice,
        Command::ActivationLockBypassCode,
        Command::ClearActivationLockBypassCode,
        Command::EnableLostMode { message: text("m"), phone_number: text("1"), footnote: text("f") },
        Command::DisableLostMode,
        Command::PlayLostModeSound,
        Command::DeviceLocation,
        Command::UserList,
        Command::LogOutUser,
        Command::DeleteUser { user_name: text("ann"), force: true },
        Command::DeleteUser { user_name: None, force: false },
        Command::RefreshCellularPlans { esim_server_url: "https://a.example".to_owned() },
        Command::DeclarativeManagement { data: Some(vec![1]) },
    ]
}

/// The keys of commands and of their answers, by `requesttype`.
type Schemas = BTreeMap<String, (Vec<Key>, Vec<Key>)>;

fn schemas() -> Option<Schemas> {
    let folder = shared("apple-device-management")?.join("mdm/commands");
    let read = |path: std::path::PathBuf| {
        let schema = yaml(&path);
        let name = schema["payload"]["requesttype"].as_str().unwrap().to_owned();
        (name, (keys(&schema, "payloadkeys"), keys(&schema, "responsekeys")))
    };
    Some(fs::read_dir(folder).unwrap().map(|entry| read(entry.unwrap().path())).collect())
}

#[test]
fn every_key_of_every_command_is_apples() {
    let Some(schemas) = schemas() else { return };
    let beyond = Beyond::of("command/");
    let mut names = BTreeSet::new();
    for command in every_command() {
        let name = command.request_type();
        names.insert(name);
        let (schema, _) = schemas.get(name).unwrap_or_else(|| panic!("Apple has no command {name}"));
        let mut dictionary = command.dictionary();
        assert_eq!(dictionary.remove("RequestType").unwrap().as_string(), Some(name));
        check(&dictionary, schema, &format!("command/{name}"), &beyond);
    }
    assert_eq!(names.len(), 30, "a command is not in every_command()");
    beyond.assert_all_needed();
}

#[test]
fn every_query_of_the_inventory_is_apples() {
    let Some(schemas) = schemas() else { return };
    let (command, answer) = &schemas["DeviceInformation"];
    let queries = &command.iter().find(|key| key.name == "Queries").unwrap().subkeys[0].subkeys;
    let responses = &answer.iter().find(|key| key.name == "QueryResponses").unwrap().subkeys;
    for query in INVENTORY_QUERIES {
        assert!(queries.iter().any(|key| key.name == *query), "{query} is no query");
        assert!(responses.iter().any(|key| key.name == *query), "{query} is no answer");
    }
}
