//! RSA keys for thousands of devices. One costs a tenth of a second, so a few are made once and shared by all: nothing
//! in practice depends on a key being secret.

use pki::key::RsaKey;
use tokio::sync::OnceCell;

use super::fault::DeviceFault;

/// How many keys there are: enough that a renewal gets another than before, few enough to be made while a test waits.
pub const POOL_KEYS: usize = 8;

static POOL: OnceCell<Vec<RsaKey>> = OnceCell::const_new();

/// The key of that number. The first caller waits until all are made, in parallel.
///
/// # Errors
/// The computer has no randomness.
pub(super) async fn key(number: usize) -> Result<RsaKey, DeviceFault> {
    let pool = POOL.get_or_try_init(make).await?;
    let found = pool.get(number % POOL_KEYS).cloned();
    found.ok_or_else(|| DeviceFault::Crypto("the pool is empty".to_owned()))
}

async fn make() -> Result<Vec<RsaKey>, DeviceFault> {
    let makers: Vec<_> = (0..POOL_KEYS).map(|_| tokio::task::spawn_blocking(RsaKey::generate)).collect();
    let mut keys = Vec::with_capacity(POOL_KEYS);
    for maker in makers {
        let made = maker.await.map_err(|_| DeviceFault::Crypto("making keys was interrupted".to_owned()))?;
        keys.push(made?);
    }
    Ok(keys)
}
