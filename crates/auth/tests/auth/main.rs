//! What the door lets in, and what it does not. Every test has a store of its own.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod assertion;
mod credential;
mod key;
mod sign_in;
mod token;

use domain::secret::SecretKind;
use domain::{Limits, TenantId, Time};
use muster_auth::{Gate, NewApplication, Proof, SignIn};
use net::Clock;
use store::{Store, StoreConfig};

pub(crate) const START: i64 = 1_800_000_000;
pub(crate) const API: &str = "https://muster.example";

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) gate: Gate,
    pub(crate) admin: NewApplication,
    _folder: tempfile::TempDir,
}

pub(crate) fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

pub(crate) async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let seal = pki::seal::SealKeys::new(pki::seal::SealKey::from_bytes(&[7; 32]).unwrap(), Vec::new());
    let url = format!("sqlite:{}", folder.path().join("auth.db").display());
    let store = Store::open(StoreConfig { url, seal }).await.unwrap();
    let clock = Clock::manual(START * 1_000_000);
    let gate = Gate::open(store.clone(), clock.clone(), API, &Limits::default()).unwrap();
    let admin =
        muster_auth::bootstrap(&store, &tenant("default"), Time::from_unix(START)).await.unwrap().unwrap();
    World { store, clock, gate, admin, _folder: folder }
}

impl World {
    pub(crate) async fn token(&self) -> String {
        self.gate.sign_in(self.attempt()).await.unwrap().text.to_string()
    }

    /// The key that signs tokens, as only the server knows it.
    pub(crate) async fn signing_key(&self) -> pki::key::RsaKey {
        let bytes = self.store.read(|tx| {
            Box::pin(async move {
                let owner = tenant("default");
                let keys = store::signing_key::list(tx, &owner).await?;
                store::secret::get(tx, &owner, SecretKind::SigningKey, keys[0].id.as_str()).await
            })
        });
        pki::key::RsaKey::from_pkcs8(&bytes.await.unwrap().unwrap()).unwrap()
    }

    pub(crate) fn attempt(&self) -> SignIn<'_> {
        SignIn {
            tenant: "default",
            client_id: &self.admin.client_id,
            proof: Proof::Secret(&self.admin.client_secret),
            source: "192.0.2.7",
        }
    }
}
