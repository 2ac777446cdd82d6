//! Where the log goes.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

use crate::error::CliError;
use crate::settings::LogFormat;

/// To standard error, so that standard output keeps what the operator reads.
pub(crate) fn to_stderr(format: LogFormat, filter: &str) -> Result<(), CliError> {
    // Colours are for a terminal; in a journal or a file they are noise.
    let ansi = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(parsed(filter)?).with_ansi(ansi);
    let builder = builder.with_writer(std::io::stderr);
    let begun = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_span_list(false).try_init(),
    };
    begun.map_err(|e| CliError::Failed(format!("begin the log: {e}")))
}

/// To a file, where a table is drawn on the terminal.
pub(crate) fn to_file(path: &Path, filter: &str) -> Result<(), CliError> {
    let file = std::fs::File::create(path).map_err(|e| CliError::file("write", path, e))?;
    let builder = tracing_subscriber::fmt().with_env_filter(parsed(filter)?).with_ansi(false);
    let begun = builder.with_writer(Mutex::new(file)).try_init();
    begun.map_err(|e| CliError::Failed(format!("begin the log: {e}")))
}

fn parsed(filter: &str) -> Result<EnvFilter, CliError> {
    EnvFilter::try_new(filter).map_err(|e| CliError::Words(format!("{filter:?} is not a log filter: {e}")))
}
