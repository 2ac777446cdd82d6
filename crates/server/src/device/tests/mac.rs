//! What only Macs are asked: an administrator's account, and commands that wait for a network tether.

use std::io::Cursor;
use std::num::NonZeroU32;

use ::app::managed_device::{Action, Wipe, act};
use domain::Platform;
use domain::managed_device::Stage;
use domain::profile::{MacAccounts, ProfileSettings};
use domain::secret::SecretKind;
use mdm::guard::{Dictionary, Value};
use net::Clock;
use zeroize::Zeroizing;

use super::pretend::{House, Pad, START, TOPIC};

async fn house(settings: ProfileSettings) -> House {
    let clock = Clock::manual(START * 1_000_000);
    let house = House::at(Platform::MacOs, settings, clock, "https://mdm.test".into(), Vec::new()).await;
    house.get_push_certificate(TOPIC).await;
    house
}

fn with_admin() -> ProfileSettings {
    let accounts = MacAccounts {
        admin_account_user_name: Some("it".into()),
        admin_account_full_name: Some("IT Department".into()),
        hide_admin_account: true,
        set_primary_setup_account_as_regular_user: true,
        primary_account_user_name: Some("ann".into()),
        ..MacAccounts::default()
    };
    ProfileSettings { accounts, ..ProfileSettings::default() }
}

/// Acknowledges everything; each command, in order.
async fn obeyed(house: &House, mac: &Pad) -> Vec<Dictionary> {
    let mut commands = Vec::new();
    let mut heard = mac.idle(house).await;
    while heard.request_type().is_some() {
        assert!(commands.len() < 50, "the server never stops");
        commands.push(heard.plist()["Command"].as_dictionary().unwrap().clone());
        heard = mac.answer(house, &heard, "Acknowledged").await;
    }
    commands
}

fn of_type(commands: &[Dictionary], kind: &str) -> Option<Dictionary> {
    commands.iter().find(|command| command["RequestType"].as_string() == Some(kind)).cloned()
}

/// The password that is kept for the device.
async fn password(house: &House) -> Option<Zeroizing<Vec<u8>>> {
    let (tenant, id) = (house.tenant.clone(), house.managed().await.id);
    let read = house.app.store.read(move |tx| {
        let (tenant, id) = (tenant.clone(), id.clone());
        Box::pin(async move { store::secret::get(tx, &tenant, SecretKind::AdminPassword, id.as_str()).await })
    });
    read.await.unwrap()
}

/// Whether this is what macOS would keep of that password.
fn is_hash_of(binary: &[u8], password: &[u8]) -> bool {
    let hash = Value::from_reader(Cursor::new(binary)).unwrap();
    let hash = hash.as_dictionary().unwrap()["SALTED-SHA512-PBKDF2"].as_dictionary().unwrap().clone();
    let iterations = hash["iterations"].as_signed_integer().unwrap();
    let iterations = NonZeroU32::new(u32::try_from(iterations).unwrap()).unwrap();
    let entropy = hash["entropy"].as_data().unwrap();
    assert_eq!((entropy.len(), hash["salt"].as_data().unwrap().len()), (128, 32));
    let mut derived = vec![0; entropy.len()];
    pki::digest::pbkdf2_hmac_sha512(password, hash["salt"].as_data().unwrap(), iterations, &mut derived);
    derived == entropy
}

/// Shows: N33, N34
#[tokio::test]
async fn a_mac_gets_an_administrator_whose_password_is_its_own_and_kept_until_it_is_erased() {
    let house = house(with_admin()).await;
    let mut mac = Pad::new();
    mac.enrol(&house, true).await;
    let commands = obeyed(&house, &mac).await;
    let accounts = of_type(&commands, "AccountConfiguration").unwrap();
    assert_eq!(accounts["SetPrimarySetupAccountAsRegularUser"].as_boolean(), Some(true));
    assert_eq!(accounts["PrimaryAccountUserName"].as_string(), Some("ann"));
    assert!(accounts.get("SkipPrimarySetupAccountCreation").is_none());
    let admins = accounts["AutoSetupAdminAccounts"].as_array().unwrap();
    let admin = admins[0].as_dictionary().unwrap();
    assert_eq!((admins.len(), admin["shortName"].as_string()), (1, Some("it")));
    assert_eq!(
        (admin["fullName"].as_string(), admin["hidden"].as_boolean()),
        (Some("IT Department"), Some(true))
    );
    let kept = password(&house).await.unwrap();
    assert!(kept.len() == 15 && kept.iter().all(u8::is_ascii_alphanumeric));
    assert!(is_hash_of(admin["passwordHash"].as_data().unwrap(), &kept));
    assert_eq!(house.managed().await.stage, Stage::Enrolled);

    let id = house.managed().await.id;
    act(&house.app, &house.actor(), &id, Action::Wipe(Wipe::default())).await.unwrap();
    obeyed(&house, &mac).await;
    assert_eq!((house.managed().await.stage, password(&house).await), (Stage::Erased, None));
    mac.enrol(&house, true).await;
    obeyed(&house, &mac).await;
    assert_ne!(password(&house).await.unwrap(), kept, "a password for each time it is set up");
}

/// A TokenUpdate in the middle of Setup Assistant begins the steps anew, and the Mac keeps the account that it made.
#[tokio::test]
async fn a_setup_that_begins_anew_asks_for_the_same_password() {
    let house = house(with_admin()).await;
    let mut mac = Pad::new();
    mac.enrol(&house, true).await;
    let mut heard = mac.idle(&house).await;
    while heard.request_type().as_deref() != Some("AccountConfiguration") {
        heard = mac.answer(&house, &heard, "Acknowledged").await;
    }
    mac.answer(&house, &heard, "Acknowledged").await;
    let first = password(&house).await.unwrap();
    mac.token_update(&house, true).await;
    let again = of_type(&obeyed(&house, &mac).await, "AccountConfiguration").unwrap();
    assert_eq!(password(&house).await.unwrap(), first);
    let admin = again["AutoSetupAdminAccounts"].as_array().unwrap()[0].as_dictionary().unwrap().clone();
    assert!(is_hash_of(admin["passwordHash"].as_data().unwrap(), &first));
}

/// Shows: N34
#[tokio::test]
async fn the_profiles_password_is_used_if_it_has_one_and_a_mac_that_leaves_keeps_its_account() {
    let house = house(with_admin()).await;
    let set = async |password: Option<&str>| {
        let password = password.map(|text| Zeroizing::new(text.to_owned()));
        let (token, profile) = ("token".parse().unwrap(), "profile".parse().unwrap());
        ::app::profile::set_admin_password(&house.app, &house.actor(), &token, &profile, password).await
    };
    for bad in ["", "a\nb", "x".repeat(256).as_str()] {
        assert!(matches!(set(Some(bad)).await, Err(::app::AppError::Invalid { .. })), "{bad:?}");
    }
    set(Some("correct horse")).await.unwrap();
    let mut mac = Pad::new();
    mac.enrol(&house, true).await;
    let accounts = of_type(&obeyed(&house, &mac).await, "AccountConfiguration").unwrap();
    let admin = accounts["AutoSetupAdminAccounts"].as_array().unwrap()[0].as_dictionary().unwrap().clone();
    assert!(is_hash_of(admin["passwordHash"].as_data().unwrap(), b"correct horse"));
    mac.say(&house, &[("MessageType", "CheckOut".into()), ("Topic", TOPIC.into())]).await;
    assert_eq!(password(&house).await.as_deref().map(Vec::as_slice), Some(&b"correct horse"[..]));
    set(None).await.unwrap();
    mac.enrol(&house, true).await;
    obeyed(&house, &mac).await;
    assert_eq!(password(&house).await.unwrap().len(), 15);
}

/// Shows: N36
#[tokio::test]
async fn commands_wait_for_a_network_tether_if_the_profile_says_so_but_the_release_never_does() {
    for wanted in [false, true] {
        let settings = ProfileSettings { request_requires_network_tether: wanted, ..with_admin() };
        let house = house(settings).await;
        let mut mac = Pad::new();
        mac.enrol(&house, true).await;
        let commands = obeyed(&house, &mac).await;
        assert!(of_type(&commands, "DeviceConfigured").is_some());
        for command in commands {
            let tethered = command.get("RequestRequiresNetworkTether").and_then(|value| value.as_boolean());
            let release = command["RequestType"].as_string() == Some("DeviceConfigured");
            assert_eq!(tethered, (wanted && !release).then_some(true), "{command:?}");
        }
    }
}
