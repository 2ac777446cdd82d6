//! An address that a service listens on, and that can be shut and opened again while practice runs.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use net::{CancellationToken, Limits, ListenConfig, Listener, NetError, Port, ServerTls};
use tokio::task::JoinHandle;

use crate::apple::world::{World, lock};
use crate::error::Result;

/// For requests under way to finish after a stop. Only a long poll takes longer, and its device asks again.
const DRAIN: std::time::Duration = std::time::Duration::from_secs(2);

/// A listener that can be started again, on the same port, which nobody else gets meanwhile.
#[derive(Debug)]
pub(crate) struct Door {
    address: SocketAddr,
    tls: Option<ServerTls>,
    router: Router,
    state: tokio::sync::Mutex<State>,
    last: Mutex<CancellationToken>,
}

#[derive(Debug)]
struct State {
    /// None once practice has stopped.
    port: Option<Port>,
    running: Option<(CancellationToken, JoinHandle<()>)>,
}

/// Listens.
pub(crate) async fn listener(bind: SocketAddr, tls: Option<ServerTls>) -> Result<Listener> {
    Ok(Listener::bind(config(bind, tls)).await?)
}

fn config(bind: SocketAddr, tls: Option<ServerTls>) -> ListenConfig {
    let limits = Limits { drain: DRAIN, ..Limits::default() };
    ListenConfig { tls, limits, ..ListenConfig::plain(bind) }
}

impl Door {
    /// Opens one.
    pub(crate) async fn open(bind: SocketAddr, tls: Option<ServerTls>, router: Router) -> Result<Arc<Self>> {
        let port = Port::bind(bind).await?;
        let this = Self {
            address: port.local_addr(),
            tls,
            router,
            state: tokio::sync::Mutex::new(State { port: Some(port), running: None }),
            last: Mutex::default(),
        };
        this.set(true).await?;
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

    /// Tells every connection to go away, and opens again if it was open. Who connects meanwhile waits.
    pub(crate) async fn restart(&self) -> Result<()> {
        let mut state = self.state.lock().await;
        let Some((stop, task)) = state.running.take() else { return Ok(()) };
        stop.cancel();
        // A task that panicked has told so already.
        let _ = task.await;
        self.listen(&mut state)
    }

    /// Opens or shuts it, if it is not so already.
    async fn set(&self, open: bool) -> Result<()> {
        let mut state = self.state.lock().await;
        if open && state.running.is_none() {
            return self.listen(&mut state);
        }
        if !open {
            self.shut(&mut state).await?;
        }
        Ok(())
    }

    /// Refuses newcomers, and waits for what runs.
    async fn shut(&self, state: &mut State) -> Result<()> {
        let Some((stop, task)) = state.running.take() else { return Ok(()) };
        stop.cancel();
        let shut = state.port.as_ref().map_or(Ok(()), Port::shut);
        // A task that panicked has told so already.
        let _ = task.await;
        Ok(shut.map_err(|source| NetError::Bind { address: self.address, source })?)
    }

    fn listen(&self, state: &mut State) -> Result<()> {
        if let Some(port) = &state.port {
            let listener = Listener::reopen(port, config(self.address, self.tls.clone()))?;
            state.running = Some(self.serve(listener));
        }
        Ok(())
    }

    /// Ends everything, without waiting.
    pub(crate) fn cancel(&self) {
        lock(&self.last).cancel();
    }

    /// Ends everything.
    pub(crate) async fn stop(&self) {
        let mut state = self.state.lock().await;
        // The port is closed in any case.
        let _ = self.shut(&mut state).await;
        state.port = None;
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
                let address = self.address;
                let wanted = if open { "open" } else { "shut" };
                tracing::error!(%address, wanted, "a door of practice Apple is not as planned: failed to {error}");
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
