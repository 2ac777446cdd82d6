//! The database, and whether the keys open it.

use domain::checkup::{Durability, Finding, Schema, connections, durability, log_size, schema, size};
use net::Clock;
use pki::seal::{SealKey, SealKeys};
use store::inspect::{Details, Inspection, Integrity, inspect, quick_check};
use store::{Store, StoreConfig, StoreError};

use super::{CHECK, Subject, in_time};
use crate::{App, Settings};

/// A database that could be opened, of this program's schema.
pub(super) struct Opened {
    /// A handle that looks and never writes.
    pub(super) app: App,
    /// Whether its secrets can be read.
    pub(super) keys: bool,
}

/// What was found, and the database if the rest can be looked at.
pub(super) async fn examine(subject: &Subject, clock: &Clock) -> (Vec<Finding>, Option<Opened>) {
    const CHECK: &str = "database.reach";
    let found = match in_time(inspect(&subject.database_url)).await {
        Some(Ok(found)) => found,
        Some(Err(error)) => return (vec![unreachable(subject, &error)], None),
        None => {
            let advice = "see that the database runs and that this machine may connect to it";
            return (vec![Finding::problem(CHECK, "the database does not answer in time", advice)], None);
        }
    };
    let mut findings = vec![Finding::ok(CHECK, format!("{} answers", found.engine))];
    let (applied, name, known, fits) = (found.schema, &found.schema_name, found.known, found.fits);
    findings.push(schema(Schema { applied, name, known, fits }));
    findings.extend(of_engine(subject, &found).await);
    if !found.fits || applied.is_none_or(|applied| applied < known) {
        return (findings, None);
    }
    match open(subject, clock).await {
        Ok((opened, finding)) => {
            findings.push(finding);
            (findings, Some(opened))
        }
        Err(finding) => {
            findings.push(finding);
            (findings, None)
        }
    }
}

fn unreachable(subject: &Subject, error: &StoreError) -> Finding {
    let advice = match subject.database_url.starts_with("sqlite:") {
        true => "give doctor the same --config or --data as the server, and run it as the server's user",
        false => {
            "see that PostgreSQL runs, that its address and password in database_url are right, and that pg_hba.conf lets this machine in"
        }
    };
    Finding::problem("database.reach", format!("failed to {error}"), advice)
}

async fn of_engine(subject: &Subject, found: &Inspection) -> Vec<Finding> {
    match &found.details {
        Details::Sqlite { log_bytes } => {
            let mut findings = vec![log_size(found.bytes, *log_bytes)];
            if let Some(path) = subject.database_url.strip_prefix("sqlite:") {
                let path = path.strip_prefix("//").unwrap_or(path);
                findings.push(integrity(quick_check(path.into(), CHECK).await));
            }
            findings
        }
        Details::Postgres { connections_max, connections: open, fsync, synchronous_commit } => vec![
            Finding::ok("database.size", size(found.bytes)),
            connections(*open, *connections_max),
            durability(Durability { fsync: *fsync, synchronous_commit }),
        ],
    }
}

fn integrity(checked: Result<Integrity, StoreError>) -> Finding {
    const NAME: &str = "database.integrity";
    let advice = "stop the server, keep the damaged file, restore the last copy (muster restore --replace), and have the disk looked at";
    match checked {
        Ok(Integrity::Sound) => Finding::ok(NAME, "every page is sound"),
        Ok(Integrity::Damaged(words)) => {
            Finding::problem(NAME, format!("the file is damaged: {words}"), advice)
        }
        Ok(Integrity::Unfinished) => Finding::ok(
            NAME,
            format!(
                "nothing wrong in what could be looked at within {} s; the file is large",
                CHECK.as_secs()
            ),
        ),
        Err(error) => Finding::problem(NAME, format!("failed to {error}"), advice),
    }
}

const KEYS: &str = "database.keys";

async fn open(subject: &Subject, clock: &Clock) -> Result<(Opened, Finding), Finding> {
    let failed = |words: String| Finding::problem(KEYS, words, "see the database's own log");
    let (seal, unread) = match keys(subject) {
        Ok(keys) => (keys, None),
        // The rest of the database can be looked at with any key.
        Err(finding) => (some_keys().map_err(|words| failed(format!("failed to {words}")))?, Some(finding)),
    };
    let config = StoreConfig { url: subject.database_url.clone(), seal };
    let store = Store::open_to_look(config).await.map_err(|e| failed(format!("failed to {e}")))?;
    let finding = match unread {
        Some(finding) => finding,
        None => of_keys(subject, store.check_keys().await),
    };
    let settings = Settings {
        api_url: subject.api.url.clone(),
        device_url: subject.devices.url.clone(),
        device_anchors: Vec::new(),
    };
    let keys = finding.advice.is_none();
    let app = App::new(store, clock.clone(), subject.limits.clone(), settings);
    Ok((Opened { app, keys }, finding))
}

fn of_keys(subject: &Subject, opened: Result<(), StoreError>) -> Finding {
    let file = subject.seal_key_file.display();
    match opened {
        Ok(()) => Finding::ok(KEYS, format!("{file} opens the secrets")),
        Err(StoreError::Sealed(_)) => Finding::problem(
            KEYS,
            format!("{file} is not the key that sealed this database's secrets"),
            "put the server's own seal key there, from where its copy is kept, or name it with --seal-key-file; no other opens tokens, push key and device authority",
        ),
        Err(error) => Finding::problem(KEYS, format!("failed to {error}"), "see the database's own log"),
    }
}

fn keys(subject: &Subject) -> Result<SealKeys, Finding> {
    let file = subject.seal_key_file.display();
    let advice =
        "put the server's own seal key there, from where its copy is kept: without it no secret opens";
    let text = subject.seal_key.as_ref();
    let text = text.map_err(|words| Finding::problem(KEYS, format!("failed to {words}"), advice))?;
    let unusable = |_| Finding::problem(KEYS, format!("{file} holds no seal key"), advice);
    let older = subject.older_seal_keys.iter().map(|key| SealKey::from_base64(key).map_err(unusable));
    let older = older.collect::<Result<Vec<_>, _>>()?;
    Ok(SealKeys::new(SealKey::from_base64(text).map_err(unusable)?, older))
}

fn some_keys() -> Result<SealKeys, String> {
    let key = SealKey::generate_base64().and_then(|key| SealKey::from_base64(&key));
    Ok(SealKeys::new(key.map_err(|e| e.to_string())?, Vec::new()))
}
