//! `muster doctor`: everything that a server needs, looked at beside a running one or without.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use app::doctor::{Door, Finding, Subject, Verdict, examine, worst};
use clap::Args;
use net::Clock;
use serde_json::{Value, json};

use crate::error::CliError;
use crate::key_file::{self, Key};
use crate::output::{self, Format, say};
use crate::settings::{Listening, Place, Settings, Side, Tls, host};
use crate::{named_file, start};

/// Arguments of `muster doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Bytes that shall be free on the disk of the data folder, such as 500MB or 20GB.
    #[arg(long, default_value = "1GB", value_name = "SIZE", value_parser = bytes)]
    want_free: u64,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    listening: Listening,
}

/// Looks, shows, and ends with 0, 1 (warnings) or 2 (problems).
pub(crate) async fn run(doctor: Doctor, clock: &Clock, format: Format) -> Result<ExitCode, CliError> {
    let begun = Instant::now();
    let named = doctor.place.config.clone();
    let findings = match Settings::load(doctor.place, doctor.listening.into()) {
        Ok(settings) => {
            let mut findings = vec![of_settings(named.as_ref())];
            findings.extend(of_named_files(&settings));
            findings.extend(examine(&subject(&settings, doctor.want_free), clock).await);
            findings
        }
        Err(error) => vec![unreadable(&error)],
    };
    match format {
        Format::Json => output::json(&document(&findings)),
        Format::People => show(&findings, begun.elapsed().as_secs_f64()),
    }
    Ok(match worst(&findings) {
        Verdict::Ok => ExitCode::SUCCESS,
        Verdict::Warning => ExitCode::from(1),
        Verdict::Problem => ExitCode::from(2),
    })
}

const SETTINGS: &str = "settings.file";

fn of_settings(named: Option<&PathBuf>) -> Finding {
    match named {
        Some(path) => Finding::ok(SETTINGS, format!("{} can be used", path.display())),
        None => Finding::ok(SETTINGS, "none is named: the defaults, flags and environment hold"),
    }
}

/// Whether a start could use the files that the settings name.
fn of_named_files(settings: &Settings) -> Vec<Finding> {
    const CHECK: &str = "settings.files";
    let (unusable, named) = named_file::check(settings);
    if unusable.is_empty() && named > 0 {
        return vec![Finding::ok(CHECK, "those that the settings name can be used")];
    }
    let advice = "put right what the setting names, or name another, before the server is started again; look as the server's user";
    let told = |(name, error): &(&str, CliError)| {
        Finding::problem(CHECK, format!("{name}: {}", words(error)), advice)
    };
    unusable.iter().map(told).collect()
}

fn words(error: &CliError) -> String {
    match error {
        CliError::Words(words) => words.clone(),
        other => format!("failed to {other}"),
    }
}

fn unreadable(error: &CliError) -> Finding {
    let words = words(error);
    let advice = "correct it; `muster serve --example-config` prints one with every setting. Nothing else can be looked at before";
    Finding::problem(SETTINGS, words, advice)
}

fn subject(settings: &Settings, want_free: u64) -> Subject {
    let authority = start::authority_path(&settings.data);
    let mut secret_files = vec![settings.seal_key_file.clone()];
    secret_files.extend(settings.older_seal_key_files.iter().cloned());
    secret_files.push(authority.with_extension("key"));
    secret_files.push(settings.data.join("bootstrap.json"));
    for side in [&settings.api, &settings.devices] {
        if let Tls::Files { key, .. } = &side.tls {
            secret_files.push(key.clone());
        }
    }
    let (seal_key, older_seal_keys) = seal_keys(settings);
    Subject {
        data: settings.data.clone(),
        secret_files,
        database_url: settings.database_url.clone(),
        seal_key_file: settings.seal_key_file.clone(),
        seal_key,
        older_seal_keys,
        api: door(settings, &settings.api),
        devices: door(settings, &settings.devices),
        health: settings.health_listen,
        limits: settings.limits.clone(),
        want_free,
    }
}

/// The key that seals, and those that still open: as `muster serve` reads them. A rotation that was interrupted leaves
/// both in the one file.
fn seal_keys(settings: &Settings) -> (Result<Key, String>, Vec<Key>) {
    let read = |path: &PathBuf| key_file::read(path).map_err(|error| error.to_string());
    let mut older = Vec::new();
    let first = read(&settings.seal_key_file).and_then(|keys| {
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or_else(|| "find a key in the file of the seal key".to_owned())?;
        older.extend(keys);
        Ok(first)
    });
    for path in &settings.older_seal_key_files {
        match read(path) {
            Ok(keys) => older.extend(keys),
            Err(words) => return (Err(words), older),
        }
    }
    (first, older)
}

fn door(settings: &Settings, side: &Side) -> Door {
    let own = side.tls == Tls::Own;
    let anchors = match (&side.anchors, own) {
        (Some(path), _) => Some(path.clone()),
        (None, true) => Some(start::authority_path(&settings.data)),
        (None, false) => None,
    };
    let url = start::url(side, side.listen);
    Door {
        host: host(&url).unwrap_or_default(),
        url,
        listen: side.listen,
        tls: side.tls != Tls::Off,
        own,
        anchors: anchors.and_then(|path| std::fs::read_to_string(path).ok()),
    }
}

/// For scripts: names of checks and verdicts stay as they are.
fn document(findings: &[Finding]) -> Value {
    let checks = findings.iter().map(|finding| {
        json!({
            "check": finding.check,
            "tenant": finding.tenant,
            "verdict": finding.verdict.as_str(),
            "found": finding.found,
            "advice": finding.advice,
        })
    });
    json!({ "verdict": worst(findings).as_str(), "checks": checks.collect::<Vec<_>>() })
}

/// For people: a heading for each area, a line for each check, and under what is not well what to do about it.
fn show(findings: &[Finding], seconds: f64) {
    let width = findings.iter().map(|finding| label(finding).len()).max().unwrap_or(0);
    let indent = " ".repeat(width + 13);
    let mut heading = String::new();
    for finding in findings {
        let area = area(finding);
        if area != heading {
            say!("{area}");
            heading = area;
        }
        let label = label(finding);
        say!("  {:<7}  {label:<width$}  {}", finding.verdict.as_str(), finding.found);
        if let Some(advice) = &finding.advice {
            say!("{indent}→ {advice}");
        }
    }
    say!("{}", count(findings, seconds));
}

fn area(finding: &Finding) -> String {
    let name = finding.check.split('.').next().unwrap_or_default();
    match &finding.tenant {
        Some(tenant) => format!("Tenant {tenant}"),
        None => {
            let mut letters = name.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect()
        }
    }
}

/// `pushCertificate` as `push certificate`.
fn label(finding: &Finding) -> String {
    let name = finding.check.split('.').nth(1).unwrap_or_default();
    let mut label = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            label.push(' ');
        }
        label.push(letter.to_ascii_lowercase());
    }
    label
}

fn count(findings: &[Finding], seconds: f64) -> String {
    let of = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let told = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let (problems, warnings) = (of(Verdict::Problem), of(Verdict::Warning));
    match (problems, warnings) {
        (0, 0) => format!("All {} checks are well ({seconds:.1} s).", findings.len()),
        _ => format!(
            "{}, {} and {} well ({seconds:.1} s).",
            told(problems, "problem"),
            told(warnings, "warning"),
            of(Verdict::Ok)
        ),
    }
}

/// A number with kB, MB, GB or TB.
fn bytes(text: &str) -> Result<u64, String> {
    let units = [("kB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("TB", 1_u64 << 40)];
    let found = units.into_iter().find_map(|(name, unit)| {
        let number = text.strip_suffix(name)?.trim();
        number.parse::<u64>().ok()?.checked_mul(unit)
    });
    found.ok_or_else(|| "it is a whole number with kB, MB, GB or TB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_whole_number_and_a_unit() {
        assert_eq!(bytes("500MB"), Ok(500 << 20));
        assert_eq!(bytes("20 GB"), Ok(20 << 30));
        for wrong in ["", "GB", "1.5GB", "-1GB", "10", "99999999999TB"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_check_is_told_under_its_area_in_plain_words() {
        let finding = Finding::ok("tenant.pushCertificate", "x").of("default");
        assert_eq!(
            (area(&finding).as_str(), label(&finding).as_str()),
            ("Tenant default", "push certificate")
        );
        let finding = Finding::warning("database.keys", "x", "y");
        assert_eq!((area(&finding).as_str(), label(&finding).as_str()), ("Database", "keys"));
        assert_eq!(count(&[finding], 0.25), "0 problems, 1 warning and 0 well (0.2 s).");
    }
}
