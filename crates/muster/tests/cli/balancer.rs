//! A load balancer that knows nothing of what it passes on: each connection goes to the next server that takes it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};

/// One public address before several servers. TLS passes through.
pub(crate) struct Balancer {
    pub(crate) url: String,
    servers: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Balancer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let servers = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(accept(listener, Arc::clone(&servers)));
        Self { url, servers }
    }

    /// Sends connections there too.
    pub(crate) fn add(&self, server: SocketAddr) {
        self.servers.lock().unwrap().push(server);
    }

    /// Sends no more connections there; those that are open stay.
    pub(crate) fn remove(&self, server: SocketAddr) {
        self.servers.lock().unwrap().retain(|known| *known != server);
    }
}

async fn accept(listener: TcpListener, servers: Arc<Mutex<Vec<SocketAddr>>>) {
    let turn = AtomicUsize::new(0);
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let mut order = servers.lock().unwrap().clone();
        if !order.is_empty() {
            let first = turn.fetch_add(1, Ordering::Relaxed) % order.len();
            order.rotate_left(first);
        }
        tokio::spawn(pass_on(client, order));
    }
}

/// To the first server that takes the connection; without one it is closed.
async fn pass_on(mut client: TcpStream, order: Vec<SocketAddr>) {
    for server in order {
        if let Ok(mut upstream) = TcpStream::connect(server).await {
            // Either side may go at any time: that is what is tried here.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut upstream).await;
            return;
        }
    }
}
