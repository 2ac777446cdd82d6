//! `muster practice faults`: what goes wrong at practice Apple, where, and for how long.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{ArgGroup, Args, Subcommand};
use practice::apple::Place;
use practice::apple::faults::{KINDS, RESULTS};
use serde_json::{Value, json};

use crate::error::CliError;
use crate::output::{self, Column, Format};
use crate::portal::Portal;
use crate::settings::bound::seconds;

const COLUMNS: [Column; 9] = [
    ("id", "id"),
    ("what", "what"),
    ("details", "details"),
    ("where", "place"),
    ("for", "span"),
    ("state", "standing"),
    ("calls", "seen"),
    ("hits", "hits"),
    ("last hit", "lastHit"),
];

/// Faults.
#[derive(Debug, Subcommand)]
pub(crate) enum Faults {
    /// Plan what goes wrong, at which calls, and for how long: once, if nothing is said.
    ///
    /// WHERE is `*` (every call), `ade`, one of session, account, fetch, sync, details, disown, define, assign, push
    /// and activation, a path, or a method and a path such as "POST /devices/sync". A plan for one call goes before
    /// one for all, and an older one before a younger.
    ///
    /// Example: muster practice faults plan sync --status 503 --retry-after 30 --times 2
    ///
    /// Example: muster practice faults plan session --word token_rejected --for 2h
    ///
    /// Example: muster practice faults plan ade --word T_C_NOT_SIGNED --standing
    ///
    /// Example: muster practice faults plan ade --what cut-off --percent 30 --seed 7
    ///
    /// Example: muster practice faults plan assign --what serials --result throttled --serial C8TJ500QF1MN
    ///
    /// Example: muster practice faults plan push --word BadDeviceToken
    ///
    /// Example: muster practice faults plan push --what no-connection --for 10m
    ///
    /// Example: muster practice faults plan --what clock --seconds 7200
    #[command(verbatim_doc_comment)]
    Plan(Box<Plan>),
    /// List what is planned, and how often each was hit.
    ///
    /// Example: muster practice faults list
    List,
    /// Forget plans: those with these numbers, or all.
    ///
    /// Example: muster practice faults clear 3
    Clear {
        /// Numbers, as `list` shows them.
        ids: Vec<u64>,
    },
}

/// Kinds of faults that are more than an answer.
fn kinds() -> PossibleValuesParser {
    let more = KINDS.iter().filter(|kind| kind.word != "answer");
    PossibleValuesParser::new(more.map(|kind| PossibleValue::new(kind.dashed).help(kind.about)))
}

/// What a device may be answered when a profile is assigned to it.
fn results() -> PossibleValuesParser {
    PossibleValuesParser::new(RESULTS.iter().map(|(word, about, _)| PossibleValue::new(*word).help(*about)))
}

/// Arguments of `practice faults plan`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("fault").required(true).args(["status", "word", "what"])))]
pub(crate) struct Plan {
    /// Which calls; see above.
    #[arg(value_name = "WHERE", value_parser = place)]
    place: Option<String>,
    /// Answer with this HTTP status.
    #[arg(long, value_parser = clap::value_parser!(u16).range(200..=599))]
    status: Option<u16>,
    /// Body of that answer.
    #[arg(long, default_value = "", hide_default_value = true)]
    body: String,
    /// Answer with a word of Apple's, such as `EXPIRED_CURSOR`, `ACCESS_DENIED`, `signature_invalid`, `BadCertificate`.
    #[arg(long)]
    word: Option<String>,
    /// A Retry-After header on the answer: seconds, or an HTTP date.
    #[arg(long, value_name = "WHEN")]
    retry_after: Option<String>,
    /// Something else than an answer.
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    what: Option<String>,
    /// How late (slow), how wrong (clock).
    #[arg(long, allow_negative_numbers = true)]
    seconds: Option<i64>,
    /// What is answered for the devices (serials).
    #[arg(long, value_parser = results())]
    result: Option<String>,
    /// For this device (serials); may be given several times.
    #[arg(long = "serial", value_name = "SERIAL")]
    serials: Vec<String>,
    /// How often it happens.
    #[arg(long, alias = "calls", value_parser = clap::value_parser!(u32).range(1..))]
    times: Option<u32>,
    /// Until it is cleared.
    #[arg(long, conflicts_with_all = ["times", "lasts"])]
    standing: bool,
    /// How many of a hundred calls it happens to.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=100))]
    percent: Option<u8>,
    /// Which ones: the same for the same number.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// When it begins: in 90s, 10m, 2h, 1d.
    #[arg(long = "in", value_name = "SPAN", value_parser = span)]
    begins: Option<u64>,
    /// How long it lasts: 90s, 10m, 2h, 1d.
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    lasts: Option<u64>,
}

/// A plan for a call that nobody makes would wait for ever.
fn place(text: &str) -> Result<String, String> {
    let known = || Place::words().collect::<Vec<_>>().join(", ");
    let place = Place::parse(text).map(|_| text.to_owned());
    place.ok_or_else(|| format!("say one of {}, a path of Apple's, or a method and a path", known()))
}

fn span(text: &str) -> Result<u64, String> {
    seconds(text).ok_or_else(|| "it is a number and a unit: 90s, 10m, 2h, 1d".to_owned())
}

impl Plan {
    fn body(&self) -> Value {
        json!({
            "what": self.what,
            "place": self.place,
            "status": self.status,
            "body": self.body,
            "word": self.word,
            "retryAfter": self.retry_after,
            "seconds": self.seconds,
            "result": self.result,
            "serials": self.serials,
            "times": self.times,
            "standing": self.standing,
            "percent": self.percent,
            "seed": self.seed,
            "inSeconds": self.begins,
            "forSeconds": self.lasts,
        })
    }
}

/// Does it.
pub(crate) async fn run(faults: Faults, portal: &Portal, format: Format) -> Result<(), CliError> {
    match faults {
        Faults::Plan(plan) => {
            let taken = portal.post("faults", &plan.body()).await?;
            let id = taken.get("id").and_then(Value::as_u64).unwrap_or_default();
            let words = format!(
                "Fault {id} is planned. `muster practice faults list` shows how often it hits, \
                 `muster practice faults clear {id}` ends it."
            );
            output::done(format, &words);
        }
        Faults::List => {
            let rows = portal.get("faults").await?.as_array().cloned().unwrap_or_default();
            let rows: Vec<Value> = rows.into_iter().map(with_span).collect();
            output::rows(format, &rows, &COLUMNS, "Nothing is planned to go wrong.");
        }
        Faults::Clear { ids } if ids.is_empty() => {
            portal.delete("faults").await?;
            output::done(format, "Nothing is planned to go wrong any more.");
        }
        Faults::Clear { ids } => {
            for id in &ids {
                portal.delete(&format!("faults/{id}")).await?;
            }
            let ids: Vec<_> = ids.iter().map(u64::to_string).collect();
            output::done(format, &format!("Forgotten: {}.", ids.join(", ")));
        }
    }
    Ok(())
}

/// A row with how long the fault lasts, in words.
fn with_span(mut row: Value) -> Value {
    let number = |name: &str| row.get(name).and_then(Value::as_u64);
    let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    let parts = [
        number("times").map(|times| if times == 1 { "once".to_owned() } else { format!("{times} times") }),
        number("percent").map(|percent| format!("{percent} % of calls")),
        text("from").map(|from| format!("from {from}")),
        text("until").map(|until| format!("until {until}")),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let words = if parts.is_empty() { "until cleared".to_owned() } else { parts.join(", ") };
    if let Some(row) = row.as_object_mut() {
        row.insert("span".into(), words.into());
    }
    row
}
