//! The accounts of a Mac: who is first in, and the administrator that we make (N33, N34; apple.md 3.7).

use std::num::NonZeroU32;

use domain::managed_device::ManagedDevice;
use domain::profile::MacAccounts;
use domain::secret::SecretKind;
use mdm::Redacted;
use mdm::command::{AccountConfiguration, LocalAdmin, PasswordHash};
use store::Tx;
use zeroize::Zeroizing;

use crate::scope::Scope;
use crate::{AppError, Result};

/// Letters and digits of a password that is made for one device (N34).
const PASSWORD_LEN: usize = 15;
/// Rounds of the hash, about as many as macOS itself takes: some 20 ms, in the transaction that queues the command.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(30_000).unwrap();
/// Bytes of `entropy`, as macOS derives them.
const ENTROPY_LEN: usize = 128;
/// Bytes of `salt`, as macOS makes them.
const SALT_LEN: usize = 32;

/// `AccountConfiguration` for this Mac. Its administrator's password is on disk, sealed, before the command is.
pub(super) async fn configuration(
    scope: &Scope,
    tx: &mut Tx<'_>,
    device: &ManagedDevice,
    accounts: &MacAccounts,
) -> Result<AccountConfiguration> {
    let admin = match &accounts.admin_account_user_name {
        None => None,
        Some(name) => Some(LocalAdmin {
            short_name: name.clone(),
            full_name: accounts.admin_account_full_name.clone(),
            password_hash: hash(&password(scope, tx, device).await?)?,
            hidden: accounts.hide_admin_account,
        }),
    };
    // Apple takes these two with an administrator's account only: without one, nobody could administer the Mac.
    let with_admin = admin.is_some();
    Ok(AccountConfiguration {
        skip_primary_setup_account_creation: with_admin && accounts.skip_primary_setup_account_creation,
        set_primary_setup_account_as_regular_user: with_admin
            && accounts.set_primary_setup_account_as_regular_user,
        primary_account_full_name: accounts.primary_account_full_name.clone(),
        primary_account_user_name: accounts.primary_account_user_name.clone(),
        dont_auto_populate_primary_account_info: accounts.dont_auto_populate_primary_account_info,
        lock_primary_account_info: accounts.enable_restrict_editing,
        admin,
        ..AccountConfiguration::default()
    })
}

/// The password that the administrator's account on this device gets: the profile's, else one for this device alone.
/// Either is kept with the device, since the profile's may change later and the account's does not. For the same reason
/// a setup that begins anew asks for what it asked for before: the account may be there already.
async fn password(scope: &Scope, tx: &mut Tx<'_>, device: &ManagedDevice) -> Result<Zeroizing<Vec<u8>>> {
    let kind = SecretKind::AdminPassword;
    if let Some(kept) = store::secret::get(tx, &scope.tenant, kind, device.id.as_str()).await? {
        return Ok(kept);
    }
    let password = match store::secret::get(tx, &scope.tenant, kind, device.profile.as_str()).await? {
        Some(chosen) => chosen,
        None => Zeroizing::new(pki::random::alphanumeric(PASSWORD_LEN)?.as_bytes().to_vec()),
    };
    store::secret::put(tx, &scope.tenant, kind, device.id.as_str(), &password).await?;
    Ok(password)
}

fn hash(password: &[u8]) -> Result<Redacted<Vec<u8>>> {
    let salt: [u8; SALT_LEN] = pki::random::bytes()?;
    let mut entropy = vec![0; ENTROPY_LEN];
    pki::digest::pbkdf2_hmac_sha512(password, &salt, ITERATIONS, &mut entropy);
    let hash = PasswordHash { entropy: Redacted(entropy), salt: salt.to_vec(), iterations: ITERATIONS.get() };
    hash.to_binary().map_err(|error| AppError::internal(format!("failed to {error}")))
}
