//! The pair of servers, the balancer before them, and practice Apple.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use practice::{Practice, PracticeConfig};
use serde_json::{Value, json};

use crate::balancer::Balancer;
use crate::support::{Beside, program, serials, text};

/// Names of the servers' data folders.
const NAMES: [&str; 2] = ["one", "two"];

/// See the module.
pub(crate) struct Pair {
    pub(crate) practice: Practice,
    pub(crate) api: Balancer,
    pub(crate) devices: Balancer,
    folder: tempfile::TempDir,
    /// The servers' PostgreSQL databases; without one it is SQLite in the data folder.
    databases: [Option<String>; 2],
    servers: [Option<Server>; 2],
    starts: u32,
}

struct Server {
    process: Beside,
    /// Of the API, and for devices.
    addresses: [SocketAddr; 2],
}

impl Pair {
    /// Starts both servers at the same moment, on an empty database.
    pub(crate) async fn start() -> Self {
        let database = Some(muster_tests::on_postgres().await);
        let mut pair = Self::idle([database.clone(), database]).await;
        same_keys(&pair.folder);
        let both = [pair.command(0), pair.command(1)].map(|(command, log)| begin(command, log));
        for (index, server) in both.into_iter().enumerate() {
            pair.take(index, server.await.unwrap());
        }
        pair
    }

    /// Practice Apple and the balancer, and no server yet.
    pub(crate) async fn idle(databases: [Option<String>; 2]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let practice = Practice::start(PracticeConfig::default()).await.unwrap();
        std::fs::write(folder.path().join("practice.json"), practice_file(&practice)).unwrap();
        Self {
            practice,
            api: Balancer::start().await,
            devices: Balancer::start().await,
            folder,
            databases,
            servers: [None, None],
            starts: 0,
        }
    }

    fn take(&mut self, index: usize, process: Beside) {
        let addresses = ["API", "devices"].map(|side| address(&process, side));
        self.api.add(addresses[0]);
        self.devices.add(addresses[1]);
        self.servers[index] = Some(Server { process, addresses });
    }

    fn command(&mut self, index: usize) -> (Command, File) {
        self.starts += 1;
        let log = File::create(self.path(&format!("{}.log", self.starts))).unwrap();
        let mut command = program();
        command.current_dir(self.folder.path()).args([
            "serve",
            "--log",
            "json",
            "--practice",
            "practice.json",
        ]);
        command.args(self.place(index));
        command.args(["--api-listen", "127.0.0.1:0", "--api-url", &self.api.url]);
        command.args(["--device-listen", "127.0.0.1:0", "--device-url", &self.devices.url]);
        (command, log)
    }

    /// The flags by which a server or an operator's command finds a server's data.
    fn place(&self, index: usize) -> Vec<String> {
        let mut flags = vec!["--data".to_owned(), NAMES[index].to_owned()];
        if let Some(database) = &self.databases[index] {
            flags.extend(["--database-url".to_owned(), database.clone()]);
        }
        flags
    }

    /// What an operator's command at a server's machine says, and whether it went well.
    pub(crate) async fn operate(&self, index: usize, arguments: &[&str]) -> (bool, String) {
        let mut command = program();
        command.current_dir(self.folder.path()).args(arguments).args(self.place(index));
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        (output.status.success(), text(&output.stdout) + &text(&output.stderr))
    }

    /// The log of a server, from its last start on, has a line with this word.
    pub(crate) fn has_logged(&self, word: &str) -> bool {
        self.logged().iter().any(|line| line.to_string().contains(word))
    }

    /// Starts a server again.
    pub(crate) async fn serve(&mut self, index: usize) {
        let (command, log) = self.command(index);
        let process = begin(command, log).await.unwrap();
        self.take(index, process);
    }

    /// As the power going: the balancer still believes in it.
    pub(crate) fn kill(&mut self, index: usize) {
        let server = self.servers[index].take().unwrap();
        server.process.signal("KILL");
        drop(server.process);
        // A balancer notices soon: what comes until then is refused by the machine, and goes to the other.
        self.api.remove(server.addresses[0]);
        self.devices.remove(server.addresses[1]);
    }

    /// As an operator does it: out of the balancer first. Whether it ended well.
    pub(crate) async fn stop(&mut self, index: usize) -> bool {
        let server = self.servers[index].take().unwrap();
        self.api.remove(server.addresses[0]);
        self.devices.remove(server.addresses[1]);
        tokio::task::spawn_blocking(|| server.process.terminate()).await.unwrap()
    }

    /// Waits until a server has ended by itself; whether it says that it ended well.
    pub(crate) async fn ended(&mut self, index: usize) -> bool {
        let server = self.servers[index].take().unwrap();
        self.api.remove(server.addresses[0]);
        self.devices.remove(server.addresses[1]);
        tokio::task::spawn_blocking(|| server.process.ended()).await.unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The files of first credentials.
    pub(crate) fn bootstraps(&self) -> Vec<PathBuf> {
        let files = NAMES.map(|name| self.path(name).join("bootstrap.json"));
        files.into_iter().filter(|file| file.exists()).collect()
    }

    /// Who signs in, and where.
    pub(crate) fn login(&self) -> Value {
        serde_json::from_slice(&std::fs::read(&self.bootstraps()[0]).unwrap()).unwrap()
    }

    /// A certificate, a token, a default profile, and devices that are ready to be unboxed.
    pub(crate) async fn organisation(&self, devices: usize) -> Vec<String> {
        let (folder, login) = (self.folder.path().to_owned(), self.bootstraps()[0].clone());
        let administrator = move || {
            let run = |arguments: &[&str]| {
                let mut command = program();
                command.current_dir(&folder).env("MUSTER_LOGIN", &login);
                let output =
                    command.env("MUSTER_PRACTICE", "practice.json").args(arguments).output().unwrap();
                let (said, complained) = (text(&output.stdout), text(&output.stderr));
                assert!(output.status.success(), "{arguments:?}: {said}{complained}");
                said
            };
            let into =
                |file: &str, arguments: &[&str]| std::fs::write(folder.join(file), run(arguments)).unwrap();
            into("muster.csr", &["push-certificate", "request"]);
            into("push.pem", &["practice", "push-sign", "muster.csr", "--apple-id", "it@linden.example"]);
            run(&["push-certificate", "upload", "push.pem", "--apple-id", "it@linden.example"]);
            run(&["tokens", "start", "Head office", "--i-agree"]);
            into("muster.pem", &["tokens", "public-key", "head office"]);
            run(&["practice", "org", "add", "Linden Works"]);
            run(&["practice", "server", "add", "Muster", "muster.pem"]);
            let count = devices.to_string();
            let bought = run(&["practice", "buy", "iPad", "--count", &count, "--server", "Muster", "--json"]);
            run(&["practice", "token", "download", "Muster", "--output", "muster.p7m"]);
            run(&["tokens", "upload", "Head office", "muster.p7m", "--apple-id", "it@linden.example"]);
            run(&["sync", "watch", "Head office"]);
            let profile = ["profiles", "create", "Head office", "Desks", "--platform", "ios", "--supervised"];
            run(&[&profile[..], &["--locked", "--await", "--name-template", "Desk-{{SERIAL}}", "--default"]]
                .concat());
            run(&["devices", "ready", "--wait"]);
            serials(&serde_json::from_str(&bought).unwrap())
        };
        tokio::task::spawn_blocking(administrator).await.unwrap()
    }

    /// Every line that the servers logged.
    fn logged(&self) -> Vec<Value> {
        let files =
            (1..=self.starts).map(|n| std::fs::read_to_string(self.path(&format!("{n}.log"))).unwrap());
        let lines = files.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
        // The last line of a server that was killed may be half a line.
        lines.filter_map(|line| serde_json::from_str(&line).ok()).collect()
    }

    /// What devices were answered.
    pub(crate) fn answers(&self) -> Vec<Value> {
        let lines = self.logged().into_iter();
        lines.filter(|line| line["message"] == "answered" && line["side"] == "device").collect()
    }

    /// The servers' own trouble.
    pub(crate) fn errors(&self) -> Vec<String> {
        let lines = self.logged().into_iter().filter(|line| line["level"] == "ERROR");
        lines.map(|line| line.to_string()).collect()
    }
}

/// Starts a server beside the test, and waits until it says that it runs.
fn begin(command: Command, log: File) -> tokio::task::JoinHandle<Beside> {
    tokio::task::spawn_blocking(|| Beside::logging(command, log.into(), "devices  https"))
}

/// The keys that servers on one database share: an operator copies them from the first.
fn same_keys(folder: &tempfile::TempDir) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let authority = app::server_certificate::ServerAuthority::create(i64::try_from(now).unwrap()).unwrap();
    let key = app::open::seal_key().unwrap();
    for name in NAMES {
        let data = folder.path().join(name);
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("seal.key"), key.as_bytes()).unwrap();
        std::fs::write(data.join("server-ca.pem"), &authority.certificate_pem).unwrap();
        std::fs::write(data.join("server-ca.key"), authority.key_pem.as_bytes()).unwrap();
    }
}

/// Where a server listens, by what it said.
fn address(server: &Beside, side: &str) -> SocketAddr {
    let line = server.said.iter().find(|line| line.trim_start().starts_with(side)).unwrap();
    line.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
}

fn practice_file(practice: &Practice) -> String {
    json!({
        "adeUrl": practice.ade_url,
        "apnsUrl": practice.apns_url,
        "portalUrl": practice.portal_url,
        "activationUrl": practice.activation_url,
        "pushcertUrl": practice.pushcert_url,
        "pushUrl": practice.push_url,
        "caPem": pki::pem::encode("CERTIFICATE", &practice.ca_cert_der),
        "deviceCaPem": pki::pem::encode("CERTIFICATE", &practice.device_ca_der),
    })
    .to_string()
}
