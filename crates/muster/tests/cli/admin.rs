//! An administrator's way, from a signing request to an enrolled device, by commands alone.

use crate::support::{House, serials};

/// Certificate, organisation, token: what comes before the first device.
pub(crate) fn connect(house: &House) {
    house.good_into("muster.csr", &["push-certificate", "request"]);
    house.good_into("push.pem", &["practice", "push-sign", "muster.csr", "--apple-id", "it@linden.example"]);
    house.good(&["push-certificate", "upload", "push.pem", "--apple-id", "it@linden.example"]);
    house.good(&["tokens", "start", "Head office", "--i-agree"]);
    house.good_into("muster.pem", &["tokens", "public-key", "head office"]);
    house.good(&["practice", "org", "add", "Linden Works"]);
    house.good(&["practice", "server", "add", "Muster", "muster.pem"]);
}

pub(crate) fn upload(house: &House) {
    house.good(&["practice", "token", "download", "Muster", "--output", "muster.p7m"]);
    house.good(&["tokens", "upload", "Head office", "muster.p7m", "--apple-id", "it@linden.example"]);
    house.good(&["sync", "watch", "Head office"]);
}

/// Shows: R5, R29, R49
#[test]
fn an_administrator_takes_a_bought_device_to_its_home_screen_by_commands_alone() {
    let house = House::new();
    connect(&house);
    let bought = serials(&house.json(&["practice", "buy", "iPad", "--count", "2", "--server", "Muster"]));
    upload(&house);
    let checklist = house.json(&["tokens", "checklist"]);
    assert!(checklist.as_array().unwrap().iter().all(|item| item["done"] == true), "{checklist}");

    house.good(&[
        "profiles",
        "create",
        "Head office",
        "Reception iPads",
        "--platform",
        "ios",
        "--supervised",
        "--locked",
        "--await",
        "--name-template",
        "Desk-{{SERIAL}}",
        "--hide",
        "Siri",
        "--default",
    ]);
    assert!(house.good(&["devices", "ready", "--wait"]).contains("All 2 are ready"));
    let shown = house.good(&["devices", "show", &bought[0]]);
    assert!(shown.contains("Reception iPads") && shown.contains("Ready to unbox    yes"), "{shown}");

    let booted = house.good(&["practice", "device", "boot", &bought[0], "--watch"]);
    assert!(booted.contains(&format!("Desk-{}", bought[0])) && booted.contains("home"), "{booted}");
    let managed = house.json(&["managed-devices", "list"]);
    assert_eq!(managed.as_array().unwrap().len(), 1);
    assert_eq!(managed[0]["deviceName"], format!("Desk-{}", bought[0]).as_str());
    assert_eq!(managed[0]["enrollmentProfileName"], "Reception iPads");
    let commands = house.good(&["managed-devices", "commands", &bought[0]]);
    assert!(commands.contains("DeviceConfigured"), "{commands}");
}

/// Shows: R4, R57
#[test]
fn what_cannot_be_done_is_refused_with_what_to_do_instead() {
    let house = House::new();
    connect(&house);
    let bought = serials(&house.json(&["practice", "buy", "Mac", "--server", "Muster"]));
    upload(&house);
    let (code, words) = house.refused(&["devices", "ready"]);
    assert_eq!(code, 1, "{words}");
    assert!(house.run(&["devices", "ready"]).stdout.windows(8).any(|w| w == b"assigned"));

    house.good(&["sync", "start", "Head office", "--watch"]);
    let (code, words) = house.refused(&["sync", "start", "Head office"]);
    assert_eq!(code, 4);
    assert!(words.contains("may be asked for at") && words.contains("request-id"), "{words}");

    let (code, words) = house.refused(&["managed-devices", "wipe", &bought[0]]);
    assert!(code == 1 && words.contains("--yes"), "{code} {words}");
    let locked_alone = [
        "profiles",
        "create",
        "Head office",
        "M",
        "--platform",
        "ios",
        "--set",
        "profileRemovalDisabled=true",
    ];
    let (code, words) = house.refused(&locked_alone);
    assert!(code == 4 && words.contains("supervisedModeEnabled"), "{code} {words}");
}

/// Shows: R52, R53
#[test]
fn what_a_profile_does_not_do_is_said_when_it_is_made_and_changed_and_spoils_no_json() {
    let house = House::new();
    house.good(&["tokens", "start", "Head office", "--i-agree"]);
    let notes = |arguments: &[&str]| {
        let output = house.run(arguments);
        assert!(output.status.success(), "{arguments:?}");
        (crate::support::text(&output.stdout), crate::support::text(&output.stderr))
    };
    let create =
        ["profiles", "create", "Head office", "Desks", "--platform", "ios", "--supervised", "--hide"];
    let (said, noted) = notes(&[&create[..], &["Passcode", "--json"]].concat());
    assert!(serde_json::from_str::<serde_json::Value>(&said).unwrap()["id"].is_string(), "{said}");
    assert!(noted.contains("note: passCodeDisabled: ") && noted.contains("(R53)"), "{noted}");
    let (_, noted) = notes(&["profiles", "update", "Desks", "--set", "enabledSkipKeys=[\"NoSuchScreen\"]"]);
    assert!(noted.contains("NoSuchScreen") && !noted.contains("R53"), "{noted}");
    let (_, noted) = notes(&["profiles", "update", "Desks", "--set", "enabledSkipKeys=[\"Siri\"]"]);
    assert_eq!(noted, "");
}

#[test]
fn a_planned_fault_is_what_the_server_meets_until_it_is_cleared() {
    let house = House::new();
    connect(&house);
    let plan = ["practice", "faults", "plan", "POST /server/devices", "--status", "403", "--calls", "1000"];
    let said = house.good(&[&plan[..], &["--body", "T_C_NOT_SIGNED"]].concat());
    assert!(said.starts_with("Fault 1 is planned."), "{said}");
    house.good(&["practice", "token", "download", "Muster", "--output", "muster.p7m"]);
    house.good(&["tokens", "upload", "Head office", "muster.p7m", "--apple-id", "it@linden.example"]);
    // What comes of the run is in its history.
    house.run(&["sync", "watch", "Head office"]);
    let newest = || house.json(&["sync", "history", "Head office"])[0].clone();
    let failed = newest();
    assert!(
        failed["state"] != "succeeded" && failed["words"].as_str().unwrap().contains("terms"),
        "{failed}"
    );

    let listed = house.json(&["practice", "faults", "list"])[0].clone();
    assert_eq!(listed["details"], "403 T_C_NOT_SIGNED");
    assert_eq!(listed["standing"], "standing");
    assert!(listed["hits"].as_u64().unwrap() > 0, "{listed}");
    assert_eq!(house.json(&["troubles"])[0]["over"], false);

    house.good(&["practice", "faults", "clear"]);
    house.good(&["sync", "start", "Head office", "--watch"]);
    assert_eq!(newest()["state"], "succeeded");
    let trouble = house.json(&["troubles"])[0].clone();
    assert!(trouble["over"] == true && trouble["endedDateTime"].is_string(), "{trouble}");
}

#[test]
fn a_fault_that_no_call_could_meet_is_not_planned() {
    let house = House::new();
    for wrong in [
        &["synch", "--status", "503"][..],
        &["post /devices/sync", "--status", "503"],
        &["POST devices/sync", "--status", "503"],
        &["*", "--status", "99"],
        &["*", "--status", "600"],
        &["*", "--status", "503", "--calls", "0"],
        &["*"],
    ] {
        let (code, words) = house.refused(&[&["practice", "faults", "plan"], wrong].concat());
        assert_eq!(code, 2, "{wrong:?}: {words}");
    }
}

#[test]
fn a_login_is_kept_for_the_next_command_and_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = House::new();
    let kept = house.path("kept.json");
    let run = |arguments: &[&str]| {
        let mut command = crate::support::program();
        command.current_dir(house.folder.path()).env("MUSTER_LOGIN", &kept).args(arguments);
        command.output().unwrap()
    };
    assert_eq!(run(&["tokens", "list"]).status.code(), Some(1));
    let login = run(&["login", "--from", "data/bootstrap.json"]);
    assert!(
        login.status.success() && crate::support::text(&login.stdout).contains("practice tenant default")
    );
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(run(&["tokens", "list"]).status.success());
    let tenant = run(&["organization", "update", "--name", "Linden Works"]);
    assert!(crate::support::text(&tenant.stdout).contains("Linden Works"));
}

#[test]
fn scripts_get_json_from_every_list() {
    let house = House::new();
    for list in [
        &["tokens", "list"][..],
        &["tokens", "checklist"],
        &["profiles", "list"],
        &["devices", "list"],
        &["managed-devices", "list"],
        &["setups", "list"],
        &["alerts"],
        &["tenant", "list", "--data", "data"],
        &["practice", "products"],
        &["practice", "org", "list"],
        &["practice", "device", "list"],
    ] {
        assert!(house.json(list).is_array(), "{list:?}");
    }
}
