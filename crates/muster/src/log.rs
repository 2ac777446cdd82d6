//! Where the log goes.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::{Layer, Layered, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, fmt};

use crate::error::CliError;
use crate::settings::LogFormat;

/// To standard error, so that standard output keeps what the operator reads.
pub(crate) fn to_stderr(format: LogFormat, filter: &str) -> Result<(), CliError> {
    // Colours are for a terminal; in a journal or a file they are noise.
    let ansi = std::io::stderr().is_terminal();
    let lines = fmt::layer().with_ansi(ansi).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => begin(filter, lines),
        LogFormat::Json => begin(filter, lines.json().flatten_event(true).with_span_list(false)),
    }
}

/// To a file, where a table is drawn on the terminal.
pub(crate) fn to_file(path: &Path, filter: &str) -> Result<(), CliError> {
    let file = std::fs::File::create(path).map_err(|e| CliError::file("write", path, e))?;
    begin(filter, fmt::layer().with_ansi(false).with_writer(Mutex::new(file)))
}

/// The filter is by target and level, which is decided once for each place in the program; one that looked at spans would
/// be asked with every request.
fn begin<L>(filter: &str, lines: L) -> Result<(), CliError>
where
    L: Layer<Layered<Targets, Registry>> + Send + Sync + 'static,
{
    let targets: Targets = filter
        .parse()
        .map_err(|e: ParseError| CliError::Words(format!("{filter:?} is not a log filter: {e}")))?;
    let begun = tracing_subscriber::registry().with(targets).with(lines).try_init();
    begun.map_err(|e| CliError::Failed(format!("begin the log: {e}")))
}
