//! `muster practice faults`: answers that Apple's service gives instead of the real ones.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::error::CliError;
use crate::output::{self, Format};
use crate::portal::Portal;

/// Faults.
#[derive(Debug, Subcommand)]
pub(crate) enum Faults {
    /// Plan what the next calls of an endpoint are answered; plans for one endpoint follow each other.
    ///
    /// Example: muster practice faults plan "POST /devices/sync" --status 503 --calls 2 --retry-after 30
    Plan(Plan),
    /// Forget every plan and every standing fault.
    ///
    /// Example: muster practice faults clear
    Clear,
}

/// Arguments of `practice faults plan`.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// Method and path, such as "POST /devices/sync"; "*" for every one.
    #[arg(value_parser = endpoint)]
    endpoint: String,
    /// HTTP status of the answer.
    #[arg(long, value_parser = clap::value_parser!(u16).range(200..=599))]
    status: u16,
    /// Calls that are so answered.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    calls: u32,
    /// Body of the answer, such as EXPIRED_CURSOR.
    #[arg(long, default_value = "", hide_default_value = true)]
    body: String,
    /// A Retry-After header: seconds, or an HTTP date.
    #[arg(long, value_name = "WHEN")]
    retry_after: Option<String>,
}

/// Practice Apple takes any text; a plan for a call that nobody makes would wait for ever.
fn endpoint(text: &str) -> Result<String, String> {
    let is_call = |(method, path): (&str, &str)| {
        ["GET", "POST", "PUT", "DELETE"].contains(&method) && path.starts_with('/') && !path.contains(' ')
    };
    match text == "*" || text.split_once(' ').is_some_and(is_call) {
        true => Ok(text.to_owned()),
        false => Err("it is a method in capitals and a path, or *".into()),
    }
}

/// Does it.
pub(crate) async fn run(faults: Faults, portal: &Portal, format: Format) -> Result<(), CliError> {
    match faults {
        Faults::Plan(plan) => {
            let body = json!({
                "endpoint": plan.endpoint,
                "calls": plan.calls,
                "status": plan.status,
                "body": plan.body,
                "retryAfter": plan.retry_after,
            });
            portal.post("faults", &body).await?;
            let words = match plan.calls {
                1 => format!("The next call of {} is answered {}.", plan.endpoint, plan.status),
                calls => format!("The next {calls} calls of {} are answered {}.", plan.endpoint, plan.status),
            };
            output::done(format, &words);
        }
        Faults::Clear => {
            portal.delete("faults").await?;
            output::done(format, "Nothing is planned to go wrong any more.");
        }
    }
    Ok(())
}
