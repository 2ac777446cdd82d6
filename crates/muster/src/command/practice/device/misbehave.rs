//! `muster practice device misbehave`: devices that do not do as they are told, as real ones do now and then.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::api::percent;
use crate::error::CliError;
use crate::output::{self, Format};
use crate::portal::Portal;

/// What a device does with a command.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum How {
    /// Answers `NotNow`.
    NotNow,
    /// Answers `Error`.
    Error,
    /// Answers `CommandFormatError`.
    FormatError,
    /// Carries it out and says so twice: the connection ends before it reads the answer.
    Twice,
    /// Carries it out, but the connection ends before it says so.
    Lost,
    /// Loses its power before it does anything; `power --on` gives it back.
    PowerCut,
    /// Is erased by a person before it does anything, and set up again.
    Wiped,
}

impl How {
    fn quirk(self) -> Value {
        match self {
            Self::NotNow => json!("notNow"),
            Self::Error => {
                json!({ "error": { "code": 12_900, "domain": "MCMDMErrorDomain", "words": "As rehearsed." } })
            }
            Self::FormatError => json!("formatError"),
            Self::Twice => json!("twice"),
            Self::Lost => json!("lost"),
            Self::PowerCut => json!("powerCut"),
            Self::Wiped => json!("wiped"),
        }
    }
}

/// Arguments of `practice device misbehave`.
#[derive(Debug, Args)]
pub(crate) struct Misbehave {
    /// Serial number.
    serial: String,
    /// What it does with a command.
    how: How,
    /// With commands of this `RequestType` only, such as `DeviceConfigured`.
    #[arg(long, value_name = "TYPE")]
    on: Option<String>,
    /// How often; for ever, if nothing is said.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    times: Option<u32>,
}

/// Has a device misbehave.
pub(crate) async fn run(args: Misbehave, portal: &Portal, format: Format) -> Result<(), CliError> {
    let mut rule = json!({ "requestType": args.on, "quirk": args.how.quirk() });
    if let (Some(times), Some(rule)) = (args.times, rule.as_object_mut()) {
        rule.insert("times".into(), times.into());
    }
    let serial = percent(&args.serial);
    portal.post(&format!("devices/{serial}/script"), &rule).await?;
    let words = format!(
        "{0} misbehaves from its next command on. `muster practice device behave {0}` ends it.",
        args.serial
    );
    output::done(format, &words);
    Ok(())
}
