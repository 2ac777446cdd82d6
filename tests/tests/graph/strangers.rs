//! Programs that others wrote, on the API of a server that has something of everything.

use std::path::{Path, PathBuf};
use std::process::Command;

use muster_tests::Engine;
use muster_tests::tool::Folder;
use serde_json::Value;

use crate::house::House;

/// Serials of the server that schemathesis is let loose on.
const SERIALS: usize = 20;

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What `scripts/tools` installed. Without it a test says so and passes.
fn installed(name: &str) -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| here("../target"), PathBuf::from);
    let path = target.join("tools").join(name);
    if !path.exists() {
        println!("skipped: no {name}; scripts/tools installs it");
    }
    path.exists().then_some(path)
}

/// The statuses of every call that a report tells of.
fn statuses(report: &str) -> Vec<u64> {
    let mut found = Vec::new();
    for line in report.lines() {
        gather(&serde_json::from_str(line).unwrap(), &mut found);
    }
    found
}

fn gather(value: &Value, found: &mut Vec<u64>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("status_code").and_then(Value::as_u64));
            members.values().for_each(|member| gather(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        _ => {}
    }
}

/// The whole document, with a number of examples for each operation that suits a test of a minute; `make schemathesis`
/// sets more of them.
#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing_that_the_document_does_not_say() {
    let Some(schemathesis) = installed("python/bin/schemathesis") else { return };
    let examples = std::env::var("MUSTER_SCHEMATHESIS_EXAMPLES").unwrap_or_else(|_| "4".to_owned());
    let house = House::build(Engine::Sqlite, SERIALS).await;
    let folder = Folder::new();
    let ca = folder.put("ca.pem", &house.stack.server_ca_pem);
    let report = folder.name("report.ndjson");
    let mut run = Command::new(schemathesis);
    run.args(["run", &format!("{}/openapi.json", house.stack.api_url)])
        .args(["--tls-verify", &ca, "--header", &format!("Authorization: Bearer {}", house.bearer().await)])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", &examples])
        .args(["--exclude-checks", "positive_data_acceptance,negative_data_rejection"])
        .args(["--generation-deterministic", "--generation-database", "none", "--continue-on-failure"])
        .args(["--no-color", "--report-ndjson-path", &report])
        .env("SCHEMATHESIS_HOOKS", here("strangers/python/hooks.py"))
        .env("MUSTER_IDS", serde_json::to_string(&house.ids).unwrap())
        .current_dir(folder.root());
    let run = tokio::task::spawn_blocking(move || run.output()).await.unwrap().unwrap();
    let words = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    println!("{words}");
    assert!(run.status.success(), "it found something");
    let statuses = statuses(&std::fs::read_to_string(&report).unwrap());
    let good = statuses.iter().filter(|status| (200..300).contains(*status)).count();
    println!("{good} of {} calls went well", statuses.len());
    assert!(statuses.len() > 500 && good * 2 >= statuses.len(), "{good} of {}", statuses.len());
}
