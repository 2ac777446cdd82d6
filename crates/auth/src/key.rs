//! Keys that sign tokens. The newest signs; one that was replaced is known until the last token it signed is over.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::secret::SecretKind;
use domain::tenant::DEFAULT_TENANT;
use domain::{KeyId, TenantId, Time};
use jsonwebtoken::DecodingKey;
use pki::key::{PublicKey, RsaKey};
use store::{Store, Tx};
use zeroize::Zeroizing;

use crate::{AuthError, TOKEN_LIFE};

/// How long a server goes on with the keys it knows: so long another one may sign with a key that was replaced.
const REREAD: Duration = Duration::from_secs(60);
/// How soon the keys are read again for a token whose key nobody knows: strangers choose that name.
const REREAD_UNKNOWN: Duration = Duration::from_secs(1);

/// A key that signs, or has signed.
pub(crate) struct Key {
    /// `kid`.
    pub(crate) id: KeyId,
    pub(crate) private: RsaKey,
    pub(crate) check: DecodingKey,
    retired_at: Option<Time>,
}

impl Key {
    fn new(id: KeyId, retired_at: Option<Time>, pkcs8: &[u8]) -> Result<Self, AuthError> {
        let private = RsaKey::from_pkcs8(pkcs8)?;
        let check = DecodingKey::from_rsa_der(private.public_key().key_bits());
        Ok(Self { id, private, check, retired_at })
    }

    pub(crate) fn public(&self) -> &PublicKey {
        self.private.public_key()
    }

    fn is_over(&self, now: Time) -> bool {
        self.retired_at.is_some_and(|at| at.plus(TOKEN_LIFE).plus(REREAD) <= now)
    }
}

/// The keys as they were when they were read, newest first.
#[derive(Default)]
struct Known {
    keys: Vec<Arc<Key>>,
    read_at: Option<Time>,
}

/// The keys of the server.
pub(crate) struct Keys {
    store: Store,
    owner: TenantId,
    known: RwLock<Arc<Known>>,
    /// One reads at a time; the others find what it found.
    reading: tokio::sync::Mutex<()>,
}

impl Keys {
    pub(crate) fn new(store: Store) -> Result<Self, AuthError> {
        Ok(Self { store, owner: owner()?, known: RwLock::default(), reading: tokio::sync::Mutex::default() })
    }

    /// The key that signs now; made when there is none.
    pub(crate) async fn signing(&self, now: Time) -> Result<Arc<Key>, AuthError> {
        let signs = |known: &Known| known.keys.iter().find(|key| key.retired_at.is_none()).cloned();
        if let Some(key) = signs(&*self.read_since(now, REREAD).await?) {
            return Ok(key);
        }
        add(&self.store, &self.owner, true, now).await?;
        signs(&*self.read(now).await?).ok_or_else(|| AuthError::Crypto("there is no key".into()))
    }

    /// The key of that name, if its tokens are not over.
    pub(crate) async fn find(&self, id: &str, now: Time) -> Result<Option<Arc<Key>>, AuthError> {
        let of_name =
            |known: &Known| known.keys.iter().find(|key| key.id.as_str() == id && !key.is_over(now)).cloned();
        if let Some(key) = of_name(&*self.read_since(now, REREAD).await?) {
            return Ok(Some(key));
        }
        Ok(of_name(&*self.read_since(now, REREAD_UNKNOWN).await?))
    }

    /// Every key whose tokens are not over, newest first; one is made when there is none.
    pub(crate) async fn all(&self, now: Time) -> Result<Vec<Arc<Key>>, AuthError> {
        self.signing(now).await?;
        let known = self.read_since(now, REREAD).await?;
        Ok(known.keys.iter().filter(|key| !key.is_over(now)).cloned().collect())
    }

    async fn read_since(&self, now: Time, age: Duration) -> Result<Arc<Known>, AuthError> {
        let is_fresh = |known: &Known| known.read_at.is_some_and(|at| now.since(at) < age);
        let known = self.known();
        if is_fresh(&known) {
            return Ok(known);
        }
        let _turn = self.reading.lock().await;
        let known = self.known();
        if is_fresh(&known) { Ok(known) } else { self.read(now).await }
    }

    fn known(&self) -> Arc<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn read(&self, now: Time) -> Result<Arc<Known>, AuthError> {
        let owner = self.owner.clone();
        let rows = self.store.read(move |tx| {
            let owner = owner.clone();
            Box::pin(async move { rows(tx, &owner).await })
        });
        let old = self.known();
        let mut keys = Vec::new();
        for (row, pkcs8) in rows.await? {
            // Reading an RSA key costs more than signing with it.
            let kept = old.keys.iter().find(|key| key.id == row.id && key.retired_at == row.retired_at);
            keys.push(match kept {
                Some(key) => key.clone(),
                None => Arc::new(Key::new(row.id, row.retired_at, &pkcs8)?),
            });
        }
        let fresh = Arc::new(Known { keys, read_at: Some(now) });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = fresh.clone();
        Ok(fresh)
    }
}

type Row = (store::signing_key::SigningKey, Zeroizing<Vec<u8>>);

async fn rows(tx: &mut Tx<'_>, owner: &TenantId) -> Result<Vec<Row>, AuthError> {
    let mut rows = Vec::new();
    for row in store::signing_key::list(tx, owner).await? {
        let found = store::secret::get(tx, owner, SecretKind::SigningKey, row.id.as_str()).await?;
        // Without its private part it can be neither used nor told: as if it were not there.
        rows.extend(found.map(|pkcs8| (row, pkcs8)));
    }
    Ok(rows)
}

/// Keys of the server are nobody's in particular.
fn owner() -> Result<TenantId, AuthError> {
    TenantId::try_from(DEFAULT_TENANT.to_owned()).map_err(|_| AuthError::Crypto("no owner".into()))
}

/// Makes another key that signs from now on, and forgets those whose tokens are over. Every server takes it up within a
/// minute; what the old one signed stays good until its own end.
///
/// # Errors
/// The store's, or no randomness.
pub async fn rotate_signing_key(store: &Store, now: Time) -> Result<KeyId, AuthError> {
    add(store, &owner()?, false, now).await
}

/// Adds a key, `if_missing` only when none signs. Its id.
async fn add(store: &Store, owner: &TenantId, if_missing: bool, now: Time) -> Result<KeyId, AuthError> {
    let made = tokio::task::spawn_blocking(|| RsaKey::generate().map(|key| key.to_pkcs8())).await;
    let pkcs8 = made.map_err(|e| AuthError::Crypto(e.to_string()))??;
    let (owner, id) = (owner.clone(), KeyId::from(uuid::Uuid::now_v7().as_u128()));
    store
        .transact(move |tx| {
            let (owner, id, pkcs8) = (owner.clone(), id.clone(), pkcs8.clone());
            Box::pin(async move {
                store::tenant::touch(tx, &owner).await?;
                let known = store::signing_key::list(tx, &owner).await?;
                if let Some(key) = known.iter().find(|key| if_missing && key.retired_at.is_none()) {
                    return Ok(key.id.clone());
                }
                store::signing_key::insert(tx, &owner, &id, now).await?;
                store::secret::put(tx, &owner, SecretKind::SigningKey, id.as_str(), &pkcs8).await?;
                let is_over = |at: Time| at.plus(TOKEN_LIFE).plus(REREAD) <= now;
                for old in known.into_iter().filter(|key| key.retired_at.is_some_and(is_over)) {
                    store::signing_key::delete(tx, &owner, &old.id).await?;
                    store::secret::delete(tx, &owner, SecretKind::SigningKey, old.id.as_str()).await?;
                }
                Ok::<_, AuthError>(id)
            })
        })
        .await
}
