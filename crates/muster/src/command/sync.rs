//! `muster sync`.

use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::tokens;
use crate::api::Api;
use crate::error::CliError;
use crate::output::{self, Format};

/// How often a watched run is asked about.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Device sync.
#[derive(Debug, Subcommand)]
pub(crate) enum Sync {
    /// Start a sync: at most every 15 minutes, a full one at most every 7 days.
    ///
    /// Example: muster sync start "Head office" --watch
    Start(Start),
    /// Say how the last run went, and when the next may begin.
    ///
    /// Example: muster sync status "Head office"
    Status(tokens::Id),
    /// Watch the run under way until it ends.
    ///
    /// Example: muster sync watch "Head office"
    Watch(tokens::Id),
    /// List past runs: what was new, changed, gone.
    ///
    /// Example: muster sync history "Head office"
    History(tokens::Id),
}

/// Arguments of `sync start`.
#[derive(Debug, Args)]
pub(crate) struct Start {
    /// The token's id, or its name.
    token: String,
    /// Fetch the complete list.
    #[arg(long)]
    full: bool,
    /// Stay until it ends.
    #[arg(long)]
    watch: bool,
}

/// Does it.
pub(crate) async fn run(sync: Sync, api: &Api, format: Format) -> Result<(), CliError> {
    match sync {
        Sync::Start(start) => {
            let id = tokens::find(api, &start.token).await?;
            let kind = if start.full { "full" } else { "delta" };
            api.post(&format!("muster/tokens/{id}/sync"), &json!({ "kind": kind })).await?;
            if start.watch {
                let run = watch(&id, api, format).await?;
                // Who asked for a sync wants it done; who only watches has seen how it went.
                return match run.get("state").and_then(Value::as_str) {
                    Some("failed") => Err(CliError::Words("the sync failed".into())),
                    _ => Ok(()),
                };
            }
            output::done(format, "Asked for. `muster sync watch` shows it.");
            Ok(())
        }
        Sync::Status(token) => status(&tokens::find(api, &token.token).await?, api, format).await,
        Sync::Watch(token) => watch(&tokens::find(api, &token.token).await?, api, format).await.map(drop),
        Sync::History(token) => history(&tokens::find(api, &token.token).await?, api, format).await,
    }
}

async fn history(token: &str, api: &Api, format: Format) -> Result<(), CliError> {
    let runs = api.all(&format!("muster/tokens/{token}/syncRuns")).await?;
    let columns = [
        ("started", "startedDateTime"),
        ("kind", "kind"),
        ("by", "trigger"),
        ("state", "state"),
        ("pages", "pages"),
        ("seen", "devicesSeen"),
        ("new", "devicesNew"),
        ("changed", "devicesChanged"),
        ("gone", "devicesGone"),
        ("words", "words"),
    ];
    output::rows(format, &runs, &columns, "No run yet.");
    Ok(())
}

async fn status(token: &str, api: &Api, format: Format) -> Result<(), CliError> {
    let runs = api.get(&format!("muster/tokens/{token}/syncRuns?$top=1")).await?;
    let token = api.get(&format!("muster/tokens/{token}")).await?;
    let last = runs.pointer("/value/0").cloned().unwrap_or(Value::Null);
    let rows = [
        ("Token", "token/tokenName"),
        ("Last run", "run/startedDateTime"),
        ("Kind", "run/kind"),
        ("State", "run/state"),
        ("", "run/words"),
        ("Pages", "run/pages"),
        ("Devices seen", "run/devicesSeen"),
        ("Next by itself", "token/nextTimedSyncDateTime"),
        ("Next if asked", "token/nextManualSyncDateTime"),
        ("Next full if asked", "token/nextFullSyncDateTime"),
    ];
    output::card(format, &json!({ "run": last, "token": token }), &rows);
    Ok(())
}

/// Answers the run that has ended.
async fn watch(token: &str, api: &Api, format: Format) -> Result<Value, CliError> {
    let bar = if format == Format::People { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    let run = loop {
        let runs = api.get(&format!("muster/tokens/{token}/syncRuns?$top=1")).await?;
        let run = runs.pointer("/value/0").cloned().unwrap_or(Value::Null);
        let text =
            |name: &str| run.get(name).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
        let say = |name: &str| text(name).unwrap_or_else(|| "0".into());
        bar.set_message(format!("{}: {} pages, {} devices", say("phase"), say("pages"), say("devicesSeen")));
        bar.tick();
        if !run.is_null() && text("state").as_deref() != Some("running") {
            break run;
        }
        tokio::time::sleep(ASK_EVERY).await;
    };
    bar.finish_and_clear();
    let rows = [
        ("State", "state"),
        ("", "words"),
        ("Seen", "devicesSeen"),
        ("New", "devicesNew"),
        ("Changed", "devicesChanged"),
        ("Gone", "devicesGone"),
    ];
    output::card(format, &run, &rows);
    Ok(run)
}
