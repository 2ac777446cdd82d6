//! The handle that every use case and loop is given.

use std::ops::Deref;
use std::sync::Arc;

use domain::tenant::DEFAULT_TENANT;
use domain::{Limits, Time};
use futures_util::future::BoxFuture;
use net::{Clock, Points};
use store::{Store, Tx};

use crate::ade::AdeClients;
use crate::loops::{Loops, Work};
use crate::memory::Memory;
use crate::points::Point;
use crate::{AppError, Result};

/// What use cases and loops work with. A clone is a handle to the same.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The parts of an [`App`].
#[derive(Clone)]
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// What time it is.
    pub clock: Clock,
    /// Who is told where the program is.
    pub(crate) points: Points,
    /// Limits of this server.
    pub limits: Arc<Limits>,
    /// What the operator set.
    pub settings: Arc<Settings>,
    /// Wakes loops and tells how they stand.
    pub(crate) loops: Arc<Loops>,
    /// What this process remembers of devices and may forget.
    pub(crate) memory: Arc<Memory>,
    /// Clients of Apple's enrolment service, one a token.
    pub(crate) ade: Arc<AdeClients>,
    /// Names this process among others on the same database.
    pub(crate) instance: Arc<str>,
}

/// What the operator set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Public base URL of the API, without a slash at its end.
    pub api_url: String,
    /// Public base URL that devices use, without a slash at its end. It is in every profile at Apple.
    pub device_url: String,
    /// DER certificates that vouch for the host of `device_url`, as base64, root last; they go to Apple as
    /// `anchor_certs`. Empty: a certificate that every device trusts.
    pub device_anchors: Vec<String>,
}

impl App {
    /// A handle on these parts.
    pub fn new(store: Store, clock: Clock, limits: Limits, settings: Settings) -> Self {
        Self(Arc::new(Parts {
            store,
            clock,
            points: Points::default(),
            limits: Arc::new(limits),
            settings: Arc::new(settings),
            loops: Arc::new(Loops::default()),
            memory: Arc::new(Memory::default()),
            ade: Arc::new(AdeClients::default()),
            instance: uuid::Uuid::now_v7().to_string().into(),
        }))
    }

    /// The same, and `points` are told where it is.
    #[must_use]
    pub fn watched(self, points: Points) -> Self {
        Self(Arc::new(Parts { points, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The program is at `point`.
    pub(crate) fn at(&self, point: Point) {
        self.points.at(point.as_str());
    }

    /// What time it is, for rules.
    pub fn now(&self) -> Time {
        Time::from_micros(self.clock.now_micros())
    }

    /// A new id: a UUID of version 7, so that ids sort by when they were made.
    pub fn new_id<T: From<u128>>(&self) -> T {
        T::from(uuid::Uuid::now_v7().as_u128())
    }

    /// How busy the store is.
    pub fn load(&self) -> store::Load {
        self.store.load()
    }

    /// Whether the database answers: one row by its key, as what devices ask.
    ///
    /// # Errors
    /// The store's.
    pub async fn reach_database(&self) -> Result<()> {
        let id = crate::open::tenant_id(DEFAULT_TENANT)?;
        let read = self.store.glance(move |tx| {
            let id = id.clone();
            Box::pin(async move { Ok::<_, AppError>(store::tenant::get(tx, &id).await?) })
        });
        read.await.map(drop)
    }

    /// Wakes a loop: something it works on has changed.
    pub fn wake(&self, work: Work) {
        self.loops.wake(work);
    }

    /// Runs `work` on a read-only view, with `args` anew for each attempt.
    pub(crate) async fn look<A, T, F>(&self, args: A, work: F) -> Result<T>
    where
        A: Clone + Send + Sync + 'static,
        T: Send + 'static,
        F: for<'t, 'c> Fn(&'t mut Tx<'c>, A) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        self.store.read(move |tx| work(tx, args.clone())).await
    }

    /// Load, decide, commit: runs `work` in one transaction, with `args` anew for each attempt.
    pub(crate) async fn commit<A, T, F>(&self, args: A, work: F) -> Result<T>
    where
        A: Clone + Send + Sync + 'static,
        T: Send + 'static,
        F: for<'t, 'c> Fn(&'t mut Tx<'c>, A) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        self.store.transact(move |tx| work(tx, args.clone())).await
    }
}
