//! What the operator set: a file, then the environment, then flags; read as plain values and checked once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use app::open::Limits;
use clap::{Args, ValueEnum};
use net::forwarded::{CertificateHeader, Network};
use serde::Deserialize;

use crate::error::CliError;
use crate::settings::identity_provider::IdentityProvider;

pub(crate) mod bound;
pub(crate) mod identity_provider;
pub(crate) mod limits;
pub(crate) mod server;

/// Every setting but the bounds, with its default, as a file.
const EXAMPLE: &str = include_str!("example.toml");
/// Where the API listens when nobody says: this machine alone.
const API_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);
/// Where devices are listened to when nobody says.
const DEVICE_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9443);
/// What is logged when nobody says.
const LOG_FILTER: &str = "info";

/// Where the data are.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Place {
    /// Settings file (TOML); `muster serve --example-config` prints one with every setting.
    #[arg(long, global = true, env = "MUSTER_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder for the database, the keys and the first credentials [default: data].
    #[arg(long, global = true, env = "MUSTER_DATA", value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE` [default: SQLite in the data folder].
    #[arg(long, global = true, env = "MUSTER_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// File with the key that seals secrets; made at the first start [default: seal.key in the data folder].
    #[arg(long, global = true, env = "MUSTER_SEAL_KEY_FILE", value_name = "FILE")]
    pub(crate) seal_key_file: Option<PathBuf>,
}

/// Where to listen, and under which URLs.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Listening {
    /// Address of the API [default: 127.0.0.1:8443].
    #[arg(long, env = "MUSTER_API_LISTEN", value_name = "ADDRESS")]
    pub(crate) api_listen: Option<SocketAddr>,
    /// Public base URL of the API [default: https://localhost and the port].
    #[arg(long, env = "MUSTER_API_URL", value_name = "URL")]
    pub(crate) api_url: Option<String>,
    /// Address that devices come to [default: 127.0.0.1:9443].
    #[arg(long, env = "MUSTER_DEVICE_LISTEN", value_name = "ADDRESS")]
    pub(crate) device_listen: Option<SocketAddr>,
    /// Public base URL for devices; it is in every profile at Apple, so choose it for long.
    #[arg(long, env = "MUSTER_DEVICE_URL", value_name = "URL")]
    pub(crate) device_url: Option<String>,
    /// Address of a listener for health and metrics alone, without TLS [default: none, the API's tells them].
    #[arg(long, env = "MUSTER_HEALTH_LISTEN", value_name = "ADDRESS")]
    pub(crate) health_listen: Option<SocketAddr>,
}

impl From<Listening> for Flags {
    fn from(listening: Listening) -> Self {
        Self { listening, ..Self::default() }
    }
}

/// How and where to serve.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    pub(crate) listening: Listening,
    /// practice.json of `muster practice serve`: the default tenant is a practice tenant for life.
    #[arg(long, env = "MUSTER_PRACTICE_TENANT", value_name = "FILE")]
    pub(crate) practice: Option<PathBuf>,
    /// How to log [default: text].
    #[arg(long, env = "MUSTER_LOG", value_enum)]
    pub(crate) log: Option<LogFormat>,
    /// What to log, such as `info` or `info,muster_app=debug` [default: info].
    #[arg(long, env = "MUSTER_LOG_FILTER", value_name = "FILTER")]
    pub(crate) log_filter: Option<String>,
}

/// How to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON document a line.
    Json,
}

/// The file, as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    data: Option<PathBuf>,
    database_url: Option<String>,
    seal_key_file: Option<PathBuf>,
    older_seal_key_files: Vec<PathBuf>,
    practice: Option<PathBuf>,
    log: Option<LogFormat>,
    log_filter: Option<String>,
    health_listen: Option<SocketAddr>,
    metrics_from: Vec<String>,
    api: SideFile,
    devices: SideFile,
    proxies: ProxiesFile,
    identity_provider: identity_provider::Table,
    server: toml::Table,
    limits: toml::Table,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SideFile {
    listen: Option<SocketAddr>,
    url: Option<String>,
    tls: Option<bool>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    anchors: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ProxiesFile {
    trusted: Vec<String>,
    certificate_header: Option<String>,
    pass_through: Vec<String>,
}

/// What the server is started with.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Folder of the data.
    pub(crate) data: PathBuf,
    /// Address of the database.
    pub(crate) database_url: String,
    /// File of the key that seals secrets.
    pub(crate) seal_key_file: PathBuf,
    /// Files of keys that still open secrets.
    pub(crate) older_seal_key_files: Vec<PathBuf>,
    /// practice.json, for a practice tenant.
    pub(crate) practice: Option<PathBuf>,
    /// How to log.
    pub(crate) log: LogFormat,
    /// What to log.
    pub(crate) log_filter: String,
    /// Where health and metrics are told, and nothing else.
    pub(crate) health_listen: Option<SocketAddr>,
    /// Addresses and networks that may read `/metrics`, besides this machine itself.
    pub(crate) metrics_from: Vec<Network>,
    /// The API.
    pub(crate) api: Side,
    /// The device side.
    pub(crate) devices: Side,
    /// Addresses and networks of proxies whose word is taken.
    pub(crate) proxies: Vec<Network>,
    /// How they pass on a client's certificate.
    pub(crate) certificate_header: Option<CertificateHeader>,
    /// Addresses and networks of balancers that pass connections through.
    pub(crate) pass_through: Vec<Network>,
    /// Where the organisation's own people sign in.
    pub(crate) identity_provider: Option<IdentityProvider>,
    /// What its listeners bound.
    pub(crate) server: server::Bounds,
    /// What the server bounds.
    pub(crate) limits: Limits,
}

/// One listener.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    /// Address listened on.
    pub(crate) listen: SocketAddr,
    /// Public base URL, when it is not `localhost` and the port.
    pub(crate) url: Option<String>,
    /// TLS.
    pub(crate) tls: Tls,
    /// PEM file of authorities that devices do not know by themselves.
    pub(crate) anchors: Option<PathBuf>,
}

/// TLS of a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tls {
    /// A certificate of the server's own authority.
    Own,
    /// The operator's.
    Files {
        /// PEM, own certificate first.
        certificate: PathBuf,
        /// PEM.
        key: PathBuf,
    },
    /// None: a proxy in front ends TLS.
    Off,
}

impl Settings {
    /// Reads the file that `place` names and lays flags over it.
    pub(crate) fn load(place: Place, flags: Flags) -> Result<Self, CliError> {
        let listening = flags.listening;
        let file = place.config.as_deref().map(read).transpose()?.unwrap_or_default();
        let data = place.data.or(file.data).unwrap_or_else(|| "data".into());
        let at_home = || format!("sqlite:{}", data.join("muster.db").display());
        Ok(Self {
            database_url: place.database_url.or(file.database_url).unwrap_or_else(at_home),
            seal_key_file: place
                .seal_key_file
                .or(file.seal_key_file)
                .unwrap_or_else(|| data.join("seal.key")),
            older_seal_key_files: file.older_seal_key_files,
            practice: flags.practice.or(file.practice),
            log: flags.log.or(file.log).unwrap_or_default(),
            log_filter: flags.log_filter.or(file.log_filter).unwrap_or_else(|| LOG_FILTER.into()),
            health_listen: listening.health_listen.or(file.health_listen),
            metrics_from: networks("metrics_from", &file.metrics_from)?,
            api: side("api", file.api, listening.api_listen, listening.api_url, API_LISTEN)?,
            devices: side(
                "devices",
                file.devices,
                listening.device_listen,
                listening.device_url,
                DEVICE_LISTEN,
            )?,
            proxies: networks("[proxies] trusted", &file.proxies.trusted)?,
            certificate_header: file
                .proxies
                .certificate_header
                .as_deref()
                .map(certificate_header)
                .transpose()?,
            pass_through: networks("[proxies] pass_through", &file.proxies.pass_through)?,
            identity_provider: identity_provider::read(file.identity_provider)?,
            server: server::read(&file.server)?,
            limits: limits::read(&file.limits)?,
            data,
        })
    }

    /// The path of a SQLite database; none for PostgreSQL.
    pub(crate) fn sqlite_path(&self) -> Option<PathBuf> {
        let path = self.database_url.strip_prefix("sqlite:")?;
        Some(path.strip_prefix("//").unwrap_or(path).into())
    }
}

/// A settings file with every setting and its default.
pub(crate) fn example() -> String {
    format!("{EXAMPLE}\n{}\n{}", server::example(), limits::example())
}

fn read(path: &Path) -> Result<File, CliError> {
    let text = std::fs::read_to_string(path).map_err(|e| CliError::file("read", path, e))?;
    toml::from_str(&text).map_err(|e| {
        CliError::Words(format!("{} is not a settings file: {}", path.display(), e.to_string().trim_end()))
    })
}

fn side(
    name: &str,
    file: SideFile,
    listen: Option<SocketAddr>,
    url: Option<String>,
    default: SocketAddr,
) -> Result<Side, CliError> {
    let wrong = |words: &str| Err(CliError::Words(format!("[{name}]: {words}")));
    let tls = match (file.certificate, file.key, file.tls) {
        (Some(certificate), Some(key), None | Some(true)) => Tls::Files { certificate, key },
        (None, None, None | Some(true)) => Tls::Own,
        (None, None, Some(false)) => Tls::Off,
        (_, _, Some(false)) => return wrong("with tls = false there is nothing to show a certificate to"),
        _ => return wrong("certificate and key go together"),
    };
    let url = url.or(file.url).map(|url| url.trim_end_matches('/').to_owned());
    if let Some(url) = &url {
        host(url)?;
    }
    if tls == Tls::Off && url.is_none() {
        return wrong("without TLS here, url must say how the proxy in front is reached");
    }
    Ok(Side { listen: listen.or(file.listen).unwrap_or(default), url, tls, anchors: file.anchors })
}

fn networks(name: &str, texts: &[String]) -> Result<Vec<Network>, CliError> {
    let read =
        |text: &String| text.parse().map_err(|error| CliError::Words(format!("{name}: failed to {error}")));
    texts.iter().map(read).collect()
}

fn certificate_header(name: &str) -> Result<CertificateHeader, CliError> {
    if name == "rfc9440" {
        return Ok(CertificateHeader::Rfc9440);
    }
    let wrong =
        |_| CliError::Words(format!("[proxies] certificate_header: {name:?} is not the name of a header"));
    name.parse().map(CertificateHeader::EscapedPem).map_err(wrong)
}

/// The host of a base URL.
pub(crate) fn host(url: &str) -> Result<String, CliError> {
    let parsed = reqwest::Url::parse(url).ok().filter(|u| matches!(u.scheme(), "https" | "http"));
    let host = parsed.as_ref().and_then(|u| u.host_str()).map(|h| h.trim_matches(['[', ']']).to_owned());
    host.ok_or_else(|| CliError::Words(format!("{url:?} is not a base URL such as https://mdm.example.com")))
}

#[cfg(test)]
mod tests;
