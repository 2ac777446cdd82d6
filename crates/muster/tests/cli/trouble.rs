//! Exit codes and words when something is wrong on this side of the network.

use crate::support::{House, program, text};

#[test]
fn exit_codes_say_what_kind_of_failure_it_was() {
    let mut house = House::new();
    assert_eq!(house.refused(&["devices", "show", "C8TJ500QF1MN"]).0, 3, "no such thing");
    assert_eq!(house.refused(&["no-such-command"]).0, 2, "wrong usage");
    let (code, words) = house.refused(&["organization", "update", "--name", ""]);
    assert!(code == 4 && words.contains("muster: "), "refused: {code} {words}");
    assert!(house.server.take().unwrap().terminate());
    let (code, words) = house.refused(&["tokens", "list"]);
    assert!(code == 5 && words.contains("muster serve"), "not reached: {code} {words}");
}

#[test]
fn a_wrong_secret_is_refused_without_being_repeated() {
    let house = House::new();
    let path = house.path("data/bootstrap.json");
    let mut login: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    login["client_secret"] = "Sesame-open-0123456789".into();
    std::fs::write(&path, login.to_string()).unwrap();
    let (code, words) = house.refused(&["tokens", "list"]);
    assert_eq!(code, 4, "{words}");
    assert!(!words.contains("Sesame"), "{words}");
}

#[test]
fn a_certificate_of_a_stranger_is_not_believed() {
    let house = House::new();
    let path = house.path("data/bootstrap.json");
    let mut login: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let practice: serde_json::Value =
        serde_json::from_slice(&std::fs::read(house.path("practice/practice.json")).unwrap()).unwrap();
    login["ca_pem"] = practice["caPem"].clone();
    std::fs::write(&path, login.to_string()).unwrap();
    assert_eq!(house.refused(&["tokens", "list"]).0, 5);
}

#[test]
fn every_shell_gets_a_completion_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = program().args(["completions", shell]).output().unwrap();
        let script = text(&output.stdout);
        assert!(output.status.success() && script.contains("managed-devices"), "{shell}");
    }
}

#[test]
fn the_printed_example_of_settings_starts_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let example = program().args(["serve", "--example-config"]).output().unwrap().stdout;
    std::fs::write(folder.path().join("muster.toml"), &example).unwrap();
    assert!(crate::support::serve(folder.path(), &["--config", "muster.toml"]).terminate());
}

#[test]
fn a_reader_who_has_had_enough_is_no_failure() {
    use std::process::Stdio;
    let mut child = program()
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(text(&output.stderr).is_empty(), "{}", text(&output.stderr));
}
