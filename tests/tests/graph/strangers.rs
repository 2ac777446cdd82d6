//! Programs that others wrote, on the API of a server that has something of everything.

use std::path::{Path, PathBuf};
use std::process::Command;

use muster_tests::Engine;
use muster_tests::tool::{Folder, Tool};
use serde_json::{Value, json};

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

/// The whole document, with as many examples of each operation as suit a test of a minute; `make schemathesis` sets more
/// of them, goes through the bounds of every parameter and sends what the document does not allow.
#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing_that_the_document_does_not_say() {
    let Some(schemathesis) = installed("python/bin/schemathesis") else { return };
    let set = |name: &str, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let examples = set("MUSTER_SCHEMATHESIS_EXAMPLES", "4");
    let phases = set("MUSTER_SCHEMATHESIS_PHASES", "examples,fuzzing");
    let mode = set("MUSTER_SCHEMATHESIS_MODE", "positive");
    let house = House::build(Engine::Sqlite, SERIALS).await;
    let folder = Folder::new();
    let ca = folder.put("ca.pem", &house.stack.server_ca_pem);
    let report = folder.name("report.ndjson");
    let mut run = Command::new(schemathesis);
    run.args([
        "--config-file",
        &here("tests/graph/strangers/python/schemathesis.toml").display().to_string(),
    ])
    .args(["run", &format!("{}/openapi.json", house.stack.api_url)])
    .args(["--tls-verify", &ca, "--header", &format!("Authorization: Bearer {}", house.bearer().await)])
    .args(["--phases", &phases, "--max-examples", &examples])
    .args(["--generation-deterministic", "--continue-on-failure"])
    .args(["--mode", &mode, "--no-color", "--report-ndjson-path", &report])
    .env("SCHEMATHESIS_HOOKS", here("tests/graph/strangers/python/hooks.py"))
    .env("MUSTER_IDS", serde_json::to_string(&house.ids).unwrap())
    .current_dir(folder.root());
    let run = tokio::task::spawn_blocking(move || run.output()).await.unwrap().unwrap();
    let words = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    println!("{words}");
    assert!(run.status.success(), "it found something");
    let statuses = statuses(&std::fs::read_to_string(&report).unwrap());
    let good = statuses.iter().filter(|status| (200..300).contains(*status)).count();
    println!("{good} of {} calls went well", statuses.len());
    let enough = mode != "positive" || good * 2 >= statuses.len();
    assert!(statuses.len() > 300 && enough, "{good} of {}", statuses.len());
}

/// Microsoft's SDK, told another address and nothing else, does an administrator's work.
#[tokio::test(flavor = "multi_thread")]
async fn microsofts_sdk_for_javascript_works_with_another_base_url_alone() {
    let (Some(modules), Some(node)) = (installed("node/node_modules"), Tool::find("node")) else { return };
    let house = House::build(Engine::Sqlite, 3).await;
    let folder = Folder::new();
    let ca = folder.put("ca.pem", &house.stack.server_ca_pem);
    let work = json!({
        "baseUrl": house.stack.api_url, "bearer": house.bearer().await, "ids": house.ids, "serials": house.serials,
    });
    // Modules are looked for beside the program.
    std::os::unix::fs::symlink(std::fs::canonicalize(modules).unwrap(), folder.path("node_modules")).unwrap();
    let program = folder.put("sdk.mjs", std::fs::read(here("tests/graph/strangers/node/sdk.mjs")).unwrap());
    let node = node.with("NODE_EXTRA_CA_CERTS", &ca).in_folder(&folder);
    let said =
        tokio::task::spawn_blocking(move || node.run(&[program], work.to_string().as_bytes())).await.unwrap();
    let told: Value = serde_json::from_slice(&said.output()).unwrap();
    assert_eq!(told["tokens"], json!([house.program.token]));
    assert_eq!(told["syncRefused"], 429, "a second one within 15 minutes");
    assert_eq!(told["paged"], told["counted"]);
    assert!(told["paged"].as_u64().unwrap() >= 5, "{told}");
    assert_eq!(told["made"]["@odata.type"], "#microsoft.graph.depMacOSEnrollmentProfile");
    assert_eq!(told["changed"]["description"], "Changed by the SDK");
    assert_eq!(told["batch"], json!({ "1": 200, "2": 404, "3": 424 }));
    assert_eq!(told["notFound"], json!({ "statusCode": 404, "code": "ResourceNotFound" }));
    let assigned = house.program.device(&house.serials[0]).await.unwrap();
    assert_eq!(assigned["requestedProfileId"], house.ids["profile"].as_str());
}
