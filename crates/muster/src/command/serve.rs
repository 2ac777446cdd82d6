//! `muster serve`.

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::Handles;
use crate::error::CliError;
use crate::log;
use crate::output::say;
use crate::profile_file;
use crate::settings::{self, Flags, Place, Settings, Tls, host};
use crate::start::{self, Running};

/// Run the server.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    flags: Flags,
    /// Print a settings file with every setting, and end.
    #[arg(long)]
    example_config: bool,
}

/// Serves until it is told to stop (SIGTERM, or Ctrl-C); told again, it ends at once. SIGHUP has it show certificates anew
/// meanwhile.
pub(crate) async fn run(serve: Serve, handles: Handles) -> Result<(), CliError> {
    if serve.example_config {
        say!("{}", settings::example().trim_end());
        return Ok(());
    }
    let settings = Settings::load(serve.place, serve.flags)?;
    log::to_stderr(settings.log, &settings.log_filter)?;
    let mut stop = Stop::listen()?;
    let mut hang_up = listen(SignalKind::hangup())?;
    let Some(running) = begin(&settings, handles, &mut stop).await? else {
        say!("Stopped before it ran.");
        return Ok(());
    };
    say!("{}", summary(&settings, &running)?.trim_end());
    let mut unfit = None;
    loop {
        tokio::select! {
            () = stop.told() => break,
            words = running.unfit() => {
                unfit = Some(words);
                break;
            }
            _ = hang_up.recv() => say!("{}", reread(&running)),
        }
    }
    tokio::select! {
        () = finish(&settings, running, unfit.is_some()) => match unfit {
            None => Ok(()),
            Some(words) => Err(CliError::Failed(format!("go on: {words}"))),
        },
        () = stop.told() => Err(CliError::Words(
            "told to stop again: ended at once; what was stored is whole, and what is due is taken up at the next start".into(),
        )),
    }
}

/// Starts, unless it is told to stop meanwhile: waiting for a database may take as long as the database is away, and what is
/// half done is as after a power cut. A task of its own, so that even one that holds its thread is left behind.
async fn begin(settings: &Settings, handles: Handles, stop: &mut Stop) -> Result<Option<Running>, CliError> {
    let settings = settings.clone();
    let mut starting = tokio::spawn(async move { start::start(&settings, handles).await });
    tokio::select! {
        started = &mut starting => started.map_err(CliError::failed)?.map(Some),
        () = stop.told() => {
            starting.abort();
            Ok(None)
        }
    }
}

/// Stops in order: tells load balancers, refuses newcomers, finishes what is under way. A server that must not work with
/// its database any more announces nothing first.
async fn finish(settings: &Settings, running: Running, unfit: bool) {
    let announce = settings.server.stop_announce;
    if !announce.is_zero() && !unfit {
        running.announce_stop();
        say!("Stopping: /readyz says so for {} s.", announce.as_secs());
        tokio::time::sleep(announce).await;
    }
    say!("Stopping: requests under way are finished.");
    running.stop().await;
}

/// What came of reading certificates anew.
fn reread(running: &Running) -> &'static str {
    match running.read_certificates() {
        true => "Certificates were read anew.",
        false => "Not every certificate could be read anew; the log says why, and the old ones stay.",
    }
}

fn listen(kind: SignalKind) -> Result<Signal, CliError> {
    signal(kind).map_err(|e| CliError::Failed(format!("listen for signals: {e}")))
}

/// The ears for SIGTERM and SIGINT. Opened before anything says that it runs: whoever reads that may stop it at once.
pub(crate) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// Listens from now on.
    pub(crate) fn listen() -> Result<Self, CliError> {
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits until one of them came.
    pub(crate) async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What the operator wants to know, and what to do next.
fn summary(settings: &Settings, running: &Running) -> Result<String, CliError> {
    let database = if settings.sqlite_path().is_some() { "SQLite" } else { "PostgreSQL" };
    let shown = |tls: &Tls| match tls {
        Tls::Own => {
            format!("certificate of its own authority, {}", start::authority_path(&settings.data).display())
        }
        Tls::Files { certificate, .. } => format!("certificate {}", certificate.display()),
        Tls::Off => "no TLS here: a proxy ends it".to_owned(),
    };
    let mut text = format!(
        "Muster {} is running.\n  data     {} ({database}); secrets sealed with {}\n  API      {} on {} ({})\n  devices  {} on {} ({})\n",
        env!("CARGO_PKG_VERSION"),
        settings.data.display(),
        settings.seal_key_file.display(),
        running.api_url,
        running.api_address,
        shown(&settings.api.tls),
        running.device_url,
        running.device_address,
        shown(&settings.devices.tls),
    );
    if let Some(address) = running.health_address {
        text.push_str(&format!("  health   http://{address}: /healthz, /readyz, /metrics\n"));
    }
    if settings.practice.is_some() {
        text.push_str("  tenant   default is a practice tenant: it talks to practice Apple alone\n");
    } else if matches!(host(&running.device_url)?.as_str(), "localhost" | "127.0.0.1" | "::1") {
        text.push_str("  note     no device elsewhere can reach that host: set [devices] url before profiles go to Apple\n");
    }
    let mut limits = settings::server::changed(&settings.server);
    limits.extend(settings::limits::changed(&settings.limits));
    for (index, (name, set, default)) in limits.iter().enumerate() {
        let heading = if index == 0 { "limits" } else { "" };
        text.push_str(&format!("  {heading:<8} {name} is {set}, by default {default}\n"));
    }
    if let Some(path) = &running.setup_link {
        let link = std::fs::read_to_string(path).map_err(|e| CliError::file("read", path, e))?;
        text.push_str(&format!(
            "No administrator yet. Make the first one in a browser by this link, which is good once and for a day (kept in \
             {}, yours alone to read):\n  {}\n",
            path.display(),
            link.trim_end(),
        ));
    }
    if let Some(path) = &running.bootstrap {
        let login = profile_file::read(path)?;
        text.push_str(&format!(
            "First start. Credentials of the bootstrap administrator, shown once and kept in {} (yours alone to read):\n  \
             tenant {}\n  client id {}\n  client secret {}\n",
            path.display(),
            login.tenant,
            login.client_id,
            login.client_secret,
        ));
        text.push_str(&format!(
            "Next: muster login --from {}\n      muster push-certificate request\n      muster tokens start NAME --i-agree\n",
            path.display()
        ));
    }
    Ok(text)
}
