//! The server under test: the release program in a process of its own, so that what it costs can be told apart.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use net::TrustAnchors;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::Result;
use crate::house::House;
use crate::wire::{Connection, Reach, get};

/// How devices prove who they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    /// TLS ends at the server, and asks for the device's certificate.
    Tls,
    /// A proxy on this machine has ended TLS, and tells the certificate in a header (RFC 9440).
    Proxy,
}

/// Ticks of `/proc/PID/stat` in a second: 100 on every Linux that user space sees.
const TICKS: u64 = 100;
/// Longest wait for the server to be up or gone.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between looks at whether it answers.
const LOOK: Duration = Duration::from_millis(2);

/// A running server.
pub(crate) struct Server {
    process: Child,
    pid: u32,
    front: Front,
    api: SocketAddr,
    devices: SocketAddr,
    trust: TrustAnchors,
    /// From the start of the process to the first `ready`.
    pub(crate) start: Duration,
}

/// Processor time of the server.
#[derive(Clone, Copy, Default)]
pub(crate) struct Spent(Duration);

impl Spent {
    pub(crate) fn since(self, before: Spent) -> Spent {
        Spent(self.0.saturating_sub(before.0))
    }

    /// For each of so many items, microseconds.
    pub(crate) fn per_item(self, items: u64) -> f64 {
        self.0.as_secs_f64() * 1e6 / items.max(1) as f64
    }
}

impl Server {
    /// Starts the program on a house whose own store is idle, and waits until it is ready.
    pub(crate) async fn start(program: &Path, house: &House, front: Front) -> Result<Self> {
        let settings = house.folder().join("muster.toml");
        std::fs::write(&settings, house.settings(front)?)?;
        let log = std::fs::File::create(house.folder().join("server.log"))?;
        let begun = Instant::now();
        let mut process = Command::new(program)
            .arg("serve")
            .env("MUSTER_CONFIG", &settings)
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let pid = process.id().ok_or("the server ended at once")?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let mut lines = BufReader::new(output).lines();
        let (mut api, mut devices) = (None, None);
        while devices.is_none() {
            let line = tokio::time::timeout(PATIENCE, lines.next_line()).await??;
            let Some(line) = line else {
                let log = std::fs::read_to_string(house.folder().join("server.log"))?;
                return Err(format!("the server did not start: {log}").into());
            };
            let address = line.split(" on ").nth(1).and_then(|rest| rest.split(' ').next());
            let address = address.and_then(|text| text.parse::<SocketAddr>().ok());
            match line.split_whitespace().next() {
                Some("API") => api = address,
                Some("devices") => devices = address,
                _ => {}
            }
        }
        // Whatever else it says must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let trust = TrustAnchors::from_pem_file(&house.folder().join("server-ca.pem"))?;
        let api = api.ok_or("the server did not say where its API is")?;
        let devices = devices.ok_or("the server did not say where devices go")?;
        let mut server = Self { process, pid, front, api, devices, trust, start: Duration::ZERO };
        server.start = server.ready(begun).await?;
        Ok(server)
    }

    async fn ready(&self, begun: Instant) -> Result<Duration> {
        let reach = Reach::Tls(self.api, self.trust.clone());
        let mut connection = Connection::open(&reach, None).await?;
        while begun.elapsed() < PATIENCE {
            if connection.ask(&get("/readyz")).await?.status == 200 {
                return Ok(begun.elapsed());
            }
            tokio::time::sleep(LOOK).await;
        }
        Err("the server is not ready".into())
    }

    /// How devices reach it.
    pub(crate) fn reach(&self) -> Reach {
        match self.front {
            Front::Tls => Reach::Tls(self.devices, self.trust.clone()),
            Front::Proxy => Reach::Plain(self.devices),
        }
    }

    /// Processor time so far, in user space and in the kernel.
    pub(crate) fn spent(&self) -> Result<Spent> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The second field is a name in brackets and may hold anything; user and system time are the 14th and 15th.
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: u64 = rest.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
        Ok(Spent(Duration::from_millis(ticks * 1_000 / TICKS)))
    }

    /// Resident memory, in MB of 1,000,000 bytes.
    pub(crate) fn resident_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1_024.0 / 1e6)
    }

    /// Asks it to stop, and waits.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let told = Command::new("kill").arg(self.pid.to_string()).status().await?;
        if !told.success() {
            return Err("the server was gone before it was told to stop".into());
        }
        let ended = tokio::time::timeout(PATIENCE, self.process.wait()).await??;
        if ended.success() { Ok(()) } else { Err(format!("the server ended with {ended}").into()) }
    }
}
