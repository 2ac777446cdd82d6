//! The demo, as a newcomer runs it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

fn demo(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_muster")).arg("demo").args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// Shows: R4, R29, R49, N9
#[test]
fn a_mixed_fleet_of_two_organisations_enrols_and_a_stranger_learns_why_two_devices_did_not() {
    let folder = tempfile::tempdir().unwrap();
    let (good, told, complaints) = demo(&["--devices", "14", "--dir", folder.path().to_str().unwrap()]);
    assert!(good, "{told}\n{complaints}");
    let enrolled: Vec<&str> = told.lines().filter(|line| line.trim_end().ends_with("  enrolled")).collect();
    assert_eq!(enrolled.len(), 12, "{told}");
    for kind in ["iPhone", "iPad", "MacBook", "Apple TV", "Apple Vision Pro"] {
        assert!(enrolled.iter().any(|line| line.contains(kind)), "no {kind} enrolled:\n{told}");
    }
    for name in ["Staff iPhones and iPads", "Reception-", "Mac-", "Room-", "Vision-", "Class-", "Teacher-"] {
        assert!(enrolled.iter().any(|line| line.contains(name)), "nothing has {name}:\n{told}");
    }
    for words in [
        "Ready to unbox: 12 of 14",
        "no profile is assigned to it",
        "no token here has it",
        "set up without management, as expected",
        "keeps it until it is wiped",
        "and is now \"Exec-",
        "the server says it has “Executives”",
        "Try next",
    ] {
        assert!(told.contains(words), "not a word of {words:?}:\n{told}");
    }
}

#[test]
fn the_demo_begins_with_nothing_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path().join("mine.txt");
    std::fs::write(&mine, "mine").unwrap();
    let (good, _, complaints) = demo(&["--dir", folder.path().to_str().unwrap()]);
    assert!(!good && complaints.contains("not empty"), "{complaints}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "mine");
}
