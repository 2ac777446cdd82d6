//! An address that a service listens on, and that can be shut and opened again while practice runs.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use net::{CancellationToken, Limits, ListenConfig, Listener, ServerTls};
use tokio::task::JoinHandle;

use crate::apple::world::{World, lock};
use crate::error::Result;

/// For requests under way to finish after a stop. Only a long poll takes longer, and its device asks again.
const DRAIN: std::time::Duration = std::time::Duration::from_secs(2);

/// A listener that can be started again, on the same port.
#[derive(Debug)]
pub(crate) struct Door {
    address: SocketAddr,
    tls: Option<ServerTls>,
    router: Router,
    running: tokio::sync::Mutex<Option<(CancellationToken, JoinHandle<()>)>>,
    last: Mutex<CancellationToken>,
}

/// Listens.
pub(crate) async fn listener(bind: SocketAddr, tls: Option<ServerTls>) -> Result<Listener> {
    let limits = Limits { drain: DRAIN, ..Limits::default() };
    let config = ListenConfig { tls, limits, ..ListenConfig::plain(bind) };
    Ok(Listener::bind(config).await?)
}

impl Door {
    /// Opens one.
    pub(crate) async fn open(bind: SocketAddr, tls: Option<ServerTls>, router: Router) -> Result<Arc<Self>> {
        let listener = listener(bind, tls.clone()).await?;
        let this = Self {
            address: listener.local_addr(),
            tls,
            router,
            running: tokio::sync::Mutex::default(),
            last: Mutex::default(),
        };
        *this.running.lock().await = Some(this.serve(listener));
        Ok(Arc::new(this))
    }

    /// Where it is.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    fn serve(&self, listener: Listener) -> (CancellationToken, JoinHandle<()>) {
        let stop = CancellationToken::new();
        *lock(&self.last) = stop.clone();
        let (router, stopped) = (self.router.clone(), stop.clone());
        let task = tokio::spawn(async move {
            listener.serve(router, stopped).await;
        });
        (stop, task)
    }

    /// Tells every connection to go away, and opens again if it was open.
    pub(crate) async fn restart(&self) -> Result<()> {
        let mut running = self.running.lock().await;
        if end(&mut running).await {
            *running = Some(self.serve(listener(self.address, self.tls.clone()).await?));
        }
        Ok(())
    }

    /// Opens or shuts it, if it is not so already.
    async fn set(&self, open: bool) -> Result<()> {
        let mut running = self.running.lock().await;
        if !open {
            end(&mut running).await;
        } else if running.is_none() {
            *running = Some(self.serve(listener(self.address, self.tls.clone()).await?));
        }
        Ok(())
    }

    /// Ends everything, without waiting.
    pub(crate) fn cancel(&self) {
        lock(&self.last).cancel();
    }

    /// Ends everything.
    pub(crate) async fn stop(&self) {
        end(&mut *self.running.lock().await).await;
    }

    /// Keeps the door as the plans want it, until practice stops. `path` is one that stands for the service.
    pub(crate) async fn keep(
        self: Arc<Self>,
        world: Arc<World>,
        path: &'static str,
        stop: CancellationToken,
    ) {
        let mut replanned = world.replanned();
        loop {
            let (open, until) = world.faults_now(|faults, now| faults.takes_connections(path, now));
            if let Err(error) = self.set(open).await {
                tracing::warn!(%error, "failed to open a door of practice Apple again");
            }
            let changes = async {
                match until {
                    Some(until) => world.clock().sleep_until(until.0).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                _ = replanned.changed() => {}
                () = changes => {}
            }
        }
    }
}

/// Ends what runs, and waits for it. Whether something ran.
async fn end(running: &mut Option<(CancellationToken, JoinHandle<()>)>) -> bool {
    let Some((stop, task)) = running.take() else { return false };
    stop.cancel();
    // A task that panicked has told so already.
    let _ = task.await;
    true
}
