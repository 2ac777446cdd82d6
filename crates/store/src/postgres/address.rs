//! Where PostgreSQL is, and how the way there is protected.

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::StoreError;

/// A server that has said nothing for so long is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(10);
/// What the driver takes when the address says nothing.
const SYSTEM_KEEPALIVE: Duration = Duration::from_secs(2 * 60 * 60);

/// The values of `sslmode` that the driver knows.
const MODES: [&str; 3] = ["disable", "prefer", "require"];

/// An address as the driver takes it, with `sslmode` decided.
pub(super) struct Address {
    pub(super) config: Config,
    /// The PEM file of the authorities to believe; `None` for the system's.
    pub(super) authorities: Option<PathBuf>,
}

impl Address {
    /// Reads `postgres://user:password@host:port/database?parameters`. No error repeats any of it: there is a password
    /// inside.
    pub(super) fn read(url: &str) -> Result<Self, StoreError> {
        let Parameters { url, mode_given, authorities } = Parameters::take(url)?;
        let mut config: Config = url.parse().map_err(|_| {
            StoreError::Address("not postgres://user:password@host:port/database?parameters".into())
        })?;
        let stays_here = stays_here(&config);
        let mode = match config.get_ssl_mode() {
            _ if !mode_given && stays_here && authorities.is_none() => SslMode::Disable,
            _ if !mode_given => SslMode::Require,
            SslMode::Prefer if stays_here => SslMode::Disable,
            given => given,
        };
        config.ssl_mode(mode);
        notice_silence(&mut config);
        if !stays_here && mode != SslMode::Require {
            tracing::warn!(
                "the address of PostgreSQL allows a connection over the network that is not encrypted"
            );
        }
        Ok(Self { config, authorities })
    }
}

/// How long a server may be silent before its connection is given up: one that lost its power says nothing, and the
/// system's own two hours would hold up every writer. What the address says itself stays.
fn notice_silence(config: &mut Config) {
    if config.get_keepalives_idle() == SYSTEM_KEEPALIVE {
        config.keepalives_idle(SILENCE);
        config.keepalives_interval(SILENCE / 2);
        config.keepalives_retries(3);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
}

/// What the address says that the driver does not know, or does not tell.
struct Parameters {
    /// The address without `sslrootcert`.
    url: String,
    /// Whether there is an `sslmode`.
    mode_given: bool,
    /// What `sslrootcert` says.
    authorities: Option<PathBuf>,
}

impl Parameters {
    fn take(url: &str) -> Result<Self, StoreError> {
        // As the driver does: a password may hold question marks, and ends at the first `@`.
        let after_password = url.find('@').map_or(0, |at| at + 1);
        let question = url.get(after_password..).and_then(|rest| rest.find('?'));
        let Some((before, after)) = question.and_then(|at| url.split_at_checked(after_password + at)) else {
            return Ok(Self { url: url.to_owned(), mode_given: false, authorities: None });
        };
        let (mut mode_given, mut authorities, mut kept) = (false, None, Vec::new());
        for parameter in after.trim_start_matches('?').split('&') {
            match parameter.split_once('=') {
                Some(("sslrootcert", path)) => authorities = Some(decoded(path)?.into()),
                Some(("sslmode", mode)) if !MODES.contains(&mode) => {
                    return Err(StoreError::Address(
                        "sslmode is disable, prefer or require, which always verifies certificate and name"
                            .into(),
                    ));
                }
                pair => {
                    mode_given |= pair.is_some_and(|(name, _)| name == "sslmode");
                    kept.push(parameter);
                }
            }
        }
        Ok(Self { url: format!("{before}?{}", kept.join("&")), mode_given, authorities })
    }
}

/// A parameter's value without percent-encoding. The driver decodes it, as one of its own, so that both read alike.
fn decoded(value: &str) -> Result<String, StoreError> {
    let carrier: Option<Config> = format!("postgres://@/?application_name={value}").parse().ok();
    let text = carrier.and_then(|config| config.get_application_name().map(str::to_owned));
    text.filter(|text| !text.is_empty())
        .ok_or_else(|| StoreError::Address("sslrootcert is not a path".into()))
}

/// Whether every connection stays on this machine: a socket in a folder, or loopback.
fn stays_here(config: &Config) -> bool {
    let is_here = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    // An address beside a name is where the connection goes.
    config.get_hosts().iter().all(is_here) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}
