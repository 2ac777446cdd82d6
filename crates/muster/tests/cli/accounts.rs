//! Accounts and applications, as the operator keeps them at the machine.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::House;

fn link(house: &House) -> String {
    std::fs::read_to_string(house.path("data/setup-link.txt")).unwrap().trim().to_owned()
}

/// Refuses: O
#[test]
fn a_start_makes_a_fresh_link_while_nobody_has_an_account_and_none_afterwards() {
    let mut house = House::without_apple(tempfile::tempdir().unwrap(), &[]);
    let first = link(&house);
    assert!(first.starts_with("https://localhost:") && first.contains("/default/set-up?code="), "{first}");
    let mode = std::fs::metadata(house.path("data/setup-link.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(house.server.take().unwrap().terminate());
    let mut server = crate::support::serve(house.folder.path(), &[]);
    assert!(server.heard("set-up?code=").contains("No administrator yet"));
    house.server = Some(server);
    assert_ne!(link(&house), first);
    let ours = house.good(&["accounts", "reset"]);
    assert!(ours.contains("/default/set-up?code=") && !ours.contains(link(&house).as_str()));

    let theirs = house.good(&["accounts", "add", "ada@linden.example", "--display-name", "Ada Lovelace"]);
    assert!(theirs.contains("/default/set-up?code="));
    let (code, words) = house.refused(&["accounts", "reset"]);
    assert!(code == 1 && words.contains("there are administrators already"), "{words}");
    assert!(house.server.take().unwrap().terminate());
    house.server = Some(crate::support::serve(house.folder.path(), &[]));
    assert!(!house.path("data/setup-link.txt").exists());
}

#[test]
fn the_operator_keeps_accounts_beside_a_running_server() {
    let house = House::without_apple(tempfile::tempdir().unwrap(), &[]);
    let add = |name: &str| house.run(&["accounts", "add", name, "--display-name", "Somebody"]);
    assert!(add("ada@linden.example").status.success());
    for bad in ["ADA@linden.example", "ada"] {
        assert!(!add(bad).status.success(), "{bad}");
    }
    let again = house.json(&["accounts", "reset", "ada@linden.example"]);
    assert!(again["link"].as_str().unwrap().contains("/default/set-up?code="));
    house.good(&["accounts", "disable", "Ada@linden.example"]);
    let all = house.json(&["accounts", "list"]);
    assert_eq!(
        (&all[0]["userPrincipalName"], &all[0]["accountEnabled"]),
        (&"ada@linden.example".into(), &false.into())
    );
    house.good(&["accounts", "enable", "ada@linden.example"]);
    house.good(&["accounts", "sign-out", "ada@linden.example"]);
    house.good(&["accounts", "remove", "ada@linden.example"]);
    assert_eq!(house.json(&["accounts", "list"]), serde_json::json!([]));
    for what in ["reset", "disable", "remove"] {
        assert_eq!(house.refused(&["accounts", what, "nobody@linden.example"]).0, 1);
    }
    assert_eq!(house.refused(&["accounts", "list", "--tenant", "elsewhere"]).0, 1);
}

#[test]
fn the_operator_keeps_applications_and_the_key_that_signs_beside_a_running_server() {
    let house = House::without_apple(tempfile::tempdir().unwrap(), &[]);
    house.good(&["tokens", "list"]);
    let role = "DeviceManagementManagedDevices.Read.All";
    let made = house.json(&["applications", "add", "night job", "--role", role]);
    let id = made["client_id"].as_str().unwrap();
    let second = house.json(&["applications", "add-secret", id, "--name", "from 2027 on", "--days", "30"]);
    let key = second["keyId"].as_str().unwrap();
    let listed = house.json(&["applications", "list"]);
    let of = |name: &str| listed.as_array().unwrap().iter().filter(|row| row["displayName"] == name).count();
    assert_eq!((of("night job"), of("bootstrap administrator")), (2, 1));
    let mut login: serde_json::Value =
        serde_json::from_slice(&std::fs::read(house.path("data/bootstrap.json")).unwrap()).unwrap();
    (login["client_id"], login["client_secret"]) = (id.into(), second["client_secret"].clone());
    std::fs::write(house.path("second.json"), login.to_string()).unwrap();
    let mut command = crate::support::program();
    command.current_dir(house.folder.path()).env("MUSTER_LOGIN", house.path("second.json"));
    command.args(["managed-devices", "list"]);
    assert!(crate::support::output(command).status.success());
    house.good(&["applications", "remove-credential", id, key]);
    house.good(&["applications", "remove", id]);
    assert_eq!(house.refused(&["applications", "remove", id]).0, 1);
    let public = house.json(&["applications", "add", "shell", "--public"]);
    assert!(public["client_id"].is_string() && public.get("client_secret").is_none());
    assert!(house.good(&["rotate", "signing-key"]).contains("signs from now on"));
    house.good(&["tokens", "list"]);
}
