//! `muster demo`: a rehearsal of the whole, from an empty folder to an enrolled fleet.
//!
//! Practice Apple and the server run in this process, but all that happens here is said to them over HTTP: to the one
//! by its portal, to the other by its public API, as any administrator's script would.

mod act;
mod cast;
mod change;
mod fleet;
mod profiles;
mod summary;
mod tokens;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use ::practice::device::FleetConfig;
use ::practice::{Practice, PracticeConfig};
use clap::Args;
use serde_json::json;

use crate::Handles;
use crate::api::Api;
use crate::command::serve::Stop;
use crate::error::CliError;
use crate::portal::Portal;
use crate::practice_file::PracticeFile;
use crate::settings::{Flags, Listening, Place, Settings};
use crate::start::{self, Running};
use crate::{log, output, profile_file};

use crate::output::say;
use act::Stage;

/// The smallest fleet with one device of every kind that the demo shows.
const DEVICES_MIN: u16 = 12;
/// The largest fleet: what one computer boots while somebody watches.
const DEVICES_MAX: u16 = 5_000;
/// Who manages the devices, as they show it.
const ORGANIZATION: &str = "Linden Works";
/// How long each screen stays where somebody watches.
const PACE: Duration = Duration::from_millis(700);
/// What goes to the log file.
const LOG_FILTER: &str = "info";

/// Arguments of `muster demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many devices to boot.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(i64::from(DEVICES_MIN)..=i64::from(DEVICES_MAX)))]
    devices: u16,
    /// Folder for it, which must be empty or new; otherwise one that goes when the demo ends.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// End when the story is told, on a terminal too.
    #[arg(long)]
    once: bool,
}

impl Demo {
    /// Whether it keeps running when the story is told.
    fn stays(&self) -> bool {
        output::on_a_terminal() && !self.once
    }
}

/// Tells the story. Succeeds only if every device that should enrol did, and none that should not.
pub(crate) async fn run(demo: Demo) -> Result<ExitCode, CliError> {
    let folder = Folder::new(demo.dir.clone())?;
    log::to_file(&folder.path.join("muster.log"), LOG_FILTER)?;
    say!(
        "A rehearsal with practice Apple; nothing here talks to the real one. Folder: {}\n",
        folder.path.display()
    );
    let practice = Practice::start(PracticeConfig::default()).await.map_err(CliError::failed)?;
    if output::on_a_terminal() {
        practice.fleet().configure(FleetConfig { pace: PACE, ..FleetConfig::default() });
    }
    let file = PracticeFile::of(&practice);
    let practice_path = folder.path.join("practice.json");
    file.write(&practice_path)?;
    let running = start::start(&settings(&folder.path, &practice_path)?, Handles::default()).await?;
    let mut stop = Stop::listen()?;
    let told = tokio::select! {
        told = tell(&demo, &folder.path, file, &running) => told,
        () = stop.told() => Err(CliError::Words("stopped before the story was told".into())),
    };
    if told.is_ok() && demo.stays() {
        stop.told().await;
    }
    running.stop().await;
    practice.stop().await;
    match told {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => {
            folder.keep();
            Ok(ExitCode::FAILURE)
        }
        Err(error) => {
            folder.keep();
            Err(error)
        }
    }
}

/// The acts, in order. Whether all went as it should.
async fn tell(demo: &Demo, folder: &Path, file: PracticeFile, running: &Running) -> Result<bool, CliError> {
    let bootstrap = running.bootstrap.as_deref();
    let bootstrap = bootstrap.ok_or_else(|| CliError::Words("the folder is not a fresh one".into()))?;
    let stage = Stage { api: Api::new(profile_file::read(bootstrap)?)?, portal: Portal::new(file)? };
    stage.act("Practice Apple and the server are running");
    stage.note(&format!("API {}, devices {}", running.api_url, running.device_url));
    stage.api.patch("muster/tenant", &json!({ "organizationName": ORGANIZATION })).await?;
    tokens::push_certificate(&stage).await?;
    let cast = cast::cast(usize::from(demo.devices));
    let orgs = tokens::connect(&stage, &cast).await?;
    let profiles = profiles::make(&stage, &orgs).await?;
    let company = fleet::Company::gather(&stage, &orgs, &profiles).await?;
    company.say_who_is_ready(&stage);
    let booted = fleet::boot(&stage, &company).await?;
    let enrolled_well = summary::show(&stage, &company, &booted).await?;
    let changed_well = change::profile_of_an_activated_device(&stage, &orgs, &company).await?;
    summary::try_next(&company, folder, bootstrap, demo.stays());
    Ok(enrolled_well && changed_well)
}

fn settings(folder: &Path, practice: &Path) -> Result<Settings, CliError> {
    let anywhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let place = Place { data: Some(folder.join("data")), ..Place::default() };
    let listening =
        Listening { api_listen: Some(anywhere), device_listen: Some(anywhere), ..Listening::default() };
    let flags = Flags { listening, practice: Some(practice.to_owned()), ..Flags::default() };
    Settings::load(place, flags)
}

/// Where the demo's files are.
struct Folder {
    path: PathBuf,
    passing: bool,
}

impl Folder {
    fn new(named: Option<PathBuf>) -> Result<Self, CliError> {
        let passing = named.is_none();
        let path =
            named.unwrap_or_else(|| std::env::temp_dir().join(format!("muster-demo-{}", std::process::id())));
        std::fs::create_dir_all(&path).map_err(|e| CliError::file("write", &path, e))?;
        let mut entries = std::fs::read_dir(&path).map_err(|e| CliError::file("read", &path, e))?;
        if entries.next().is_some() {
            return Err(CliError::Words(format!(
                "{} is not empty: the demo begins with nothing",
                path.display()
            )));
        }
        Ok(Self { path, passing })
    }

    /// Leaves the files where they are: somebody will want to look at the log.
    fn keep(mut self) {
        self.passing = false;
        eprintln!("The log is {}.", self.path.join("muster.log").display());
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.passing {
            // A folder that stays behind in the temporary files does no harm.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
