//! `muster practice serve`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use practice::{Practice, PracticeConfig};

use crate::command::serve::Stop;
use crate::error::CliError;
use crate::log;
use crate::output::say;
use crate::practice_file::PracticeFile;
use crate::settings::LogFormat;

/// Arguments of `muster practice serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Folder for practice.json.
    #[arg(long, default_value = "practice", value_name = "FOLDER")]
    dir: PathBuf,
    /// Speak plain HTTP as the ADE service, for servers under test that know nothing else.
    #[arg(long)]
    plain_http_ade: bool,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    bind: IpAddr,
    /// Host names and addresses of the certificates; the first is in the URLs.
    #[arg(long = "host", value_name = "HOST", default_values = ["localhost", "127.0.0.1"])]
    hosts: Vec<String>,
    /// Ports of the ADE service, the portal and the push service; 0 takes a free one.
    #[arg(
        long,
        value_delimiter = ',',
        num_args = 1,
        default_value = "8471,8472,8473",
        value_name = "PORT,PORT,PORT"
    )]
    ports: Vec<u16>,
    /// What to log.
    #[arg(long, default_value = "warn", value_name = "FILTER")]
    log_filter: String,
}

/// Runs practice Apple until it is told to stop.
pub(crate) async fn run(serve: Serve) -> Result<(), CliError> {
    log::to_stderr(LogFormat::Text, &serve.log_filter)?;
    let ports: [u16; 3] = serve
        .ports
        .try_into()
        .map_err(|_| CliError::Words("--ports takes three ports, with commas between".into()))?;
    let config = PracticeConfig {
        plain_http_ade: serve.plain_http_ade,
        bind: serve.bind,
        hosts: serve.hosts,
        ports,
        ..PracticeConfig::default()
    };
    let mut stop = Stop::listen()?;
    let practice = Practice::start(config).await.map_err(CliError::failed)?;
    let path = serve.dir.join("practice.json");
    let file = PracticeFile::of(&practice);
    file.write(&path)?;
    say!(
        "Practice Apple is running; nothing of it is on disk but {}.\n  ADE service  {}\n  portal       {}\n  push         {}",
        path.display(),
        file.ade_url,
        file.portal_url,
        file.apns_url
    );
    say!(
        "Next: muster serve --practice {0}\n      muster practice --practice {0} org add \"Linden Works\"",
        path.display()
    );
    stop.told().await;
    practice.stop().await;
    Ok(())
}
