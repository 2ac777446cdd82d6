//! What the operator does at the machine: first start, restart, stop, tenants, copies.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{House, program, serve, text};

#[test]
fn the_first_start_tells_the_credentials_once_and_keeps_its_secrets_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program();
    command.current_dir(folder.path()).args([
        "serve",
        "--api-listen",
        "127.0.0.1:0",
        "--device-listen",
        "127.0.0.1:0",
    ]);
    let first = crate::support::Beside::start(command, "Next: muster login");
    let login: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("data/bootstrap.json")).unwrap()).unwrap();
    let secret = login["client_secret"].as_str().unwrap();
    assert!(first.said.iter().any(|line| line.contains(secret)));
    for file in ["bootstrap.json", "seal.key", "server-ca.key"] {
        let mode = std::fs::metadata(folder.path().join("data").join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    assert!(first.terminate(), "it stops well when it is told to");

    let again = serve(folder.path(), &[]);
    assert!(again.said.iter().all(|line| !line.contains("client secret")));
    assert!(again.terminate());
}

#[test]
fn a_renewed_certificate_is_shown_at_sighup_and_a_broken_one_never() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let put = |name: &str| {
        let (authority, certificate, key) = certificate();
        std::fs::write(path(name), authority).unwrap();
        std::fs::write(path("api.pem"), certificate).unwrap();
        std::fs::write(path("api.key"), key).unwrap();
    };
    put("old-ca.pem");
    std::fs::write(path("muster.toml"), "[api]\ncertificate = 'api.pem'\nkey = 'api.key'\n").unwrap();
    let mut server = serve(folder.path(), &["--config", "muster.toml"]);
    let login = path("data/bootstrap.json");
    let reaches = |authority: &str| {
        let mut command = program();
        command.current_dir(folder.path()).env("MUSTER_LOGIN", &login).env("MUSTER_CA", path(authority));
        command.args(["tokens", "list"]).output().unwrap().status.success()
    };
    assert!(reaches("old-ca.pem"));

    put("new-ca.pem");
    assert!(!reaches("new-ca.pem"), "not before it is told");
    server.signal("HUP");
    assert!(server.heard("read anew").contains("Certificates were read anew"));
    assert!(reaches("new-ca.pem") && !reaches("old-ca.pem"));

    std::fs::write(path("api.pem"), "half a file").unwrap();
    server.signal("HUP");
    assert!(server.heard("read anew").contains("the old ones stay"));
    assert!(reaches("new-ca.pem"));
    assert!(server.terminate());
}

/// An authority, a certificate of it for this machine and its key, PEM.
fn certificate() -> (String, String, String) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let now = i64::try_from(now).unwrap();
    let authority = app::server_certificate::ServerAuthority::create(now).unwrap();
    let issued = authority.issue(&["localhost".to_owned()], now).unwrap();
    (authority.certificate_pem, issued.chain_pem, issued.key_pem.to_string())
}

/// Shows: R16, R57
#[test]
fn a_server_says_at_its_start_which_limits_are_not_as_they_come_and_keeps_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("muster.toml");
    std::fs::write(&settings, "[limits]\ntokens = 1\nsync_every = '12h'\n").unwrap();
    let mut server = serve(folder.path(), &["--config", "muster.toml"]);
    let said = server.heard("Next:");
    assert!(said.contains("tokens is 1, by default 2000") && !said.contains("sync_every"), "{said}");
    let login = folder.path().join("data/bootstrap.json");
    let start = |name: &str| {
        let mut command = program();
        command.current_dir(folder.path()).env("MUSTER_LOGIN", &login);
        command.args(["tokens", "start", name, "--i-agree"]).output().unwrap()
    };
    assert!(start("First").status.success());
    let second = start("Second");
    assert_eq!(second.status.code(), Some(4), "{}", text(&second.stderr));
    assert!(server.terminate());

    std::fs::write(&settings, "[limits]\ntokens = 0\n").unwrap();
    let output = program().current_dir(folder.path()).args(["serve", "--config", "muster.toml"]).output();
    let words = text(&output.unwrap().stderr);
    assert!(words.contains("tokens = 0") && words.contains("from 1 to 100000"), "{words}");
}

#[test]
fn a_server_without_its_seal_key_does_not_start_and_makes_no_other() {
    let folder = tempfile::tempdir().unwrap();
    assert!(serve(folder.path(), &[]).terminate());
    let key = folder.path().join("data/seal.key");
    std::fs::rename(&key, folder.path().join("elsewhere.key")).unwrap();
    let output = program().current_dir(folder.path()).arg("serve").output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("seal.key"), "{}", text(&output.stderr));
    assert!(!key.exists());
    assert!(serve(folder.path(), &["--seal-key-file", "elsewhere.key"]).terminate());
}

#[test]
fn a_tenant_is_real_or_practice_for_life() {
    let folder = tempfile::tempdir().unwrap();
    assert!(serve(folder.path(), &[]).terminate());
    let house = House::new();
    let practice = house.path("practice/practice.json");
    let mut command = program();
    command.current_dir(folder.path()).args([
        "serve",
        "--api-listen",
        "127.0.0.1:0",
        "--device-listen",
        "127.0.0.1:0",
    ]);
    let output = command.arg("--practice").arg(&practice).output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("stays so for life"), "{}", text(&output.stderr));
}

#[test]
fn a_second_tenant_signs_in_with_credentials_of_its_own_and_sees_nothing_of_the_first() {
    let house = House::new();
    house.good(&["tokens", "start", "Head office", "--i-agree"]);
    let made =
        house.good(&["tenant", "add", "school", "--data", "data", "--organization", "Riverside School"]);
    let mut login: serde_json::Value = serde_json::from_str(&made).unwrap();
    let bootstrap: serde_json::Value =
        serde_json::from_slice(&std::fs::read(house.path("data/bootstrap.json")).unwrap()).unwrap();
    // The server chose its port itself.
    login["url"] = bootstrap["url"].clone();
    std::fs::write(house.path("school.json"), login.to_string()).unwrap();
    let of_school = |arguments: &[&str]| {
        let mut command = program();
        command.current_dir(house.folder.path()).env("MUSTER_LOGIN", house.path("school.json"));
        text(&command.args(arguments).output().unwrap().stdout)
    };
    assert!(of_school(&["organization", "show"]).contains("Riverside School"));
    assert!(of_school(&["tokens", "list"]).contains("No tokens yet"));
    let (code, words) =
        house.refused(&["tenant", "add", "school", "--data", "data", "--organization", "Again"]);
    assert!(code == 1 && words.contains("exists"), "{words}");
}

#[test]
fn a_copy_made_while_the_server_runs_brings_back_what_was_there() {
    let mut house = House::new();
    house.good(&["tokens", "start", "Head office", "--i-agree"]);
    house.good(&["backup", "copy", "--data", "data"]);
    assert_eq!(house.refused(&["backup", "copy", "--data", "data"]).0, 1, "a copy overwrites no other");
    house.good(&["tokens", "start", "Made afterwards", "--i-agree"]);
    let (code, words) = house.refused(&["restore", "copy", "--data", "data", "--replace"]);
    assert!(code == 1 && words.contains("a server is running"), "not under a running server: {words}");
    assert!(house.server.take().unwrap().terminate());

    assert_eq!(house.refused(&["restore", "copy", "--data", "data"]).0, 1, "not without --replace");
    house.good(&["restore", "copy", "--data", "data", "--replace"]);
    assert!(house.path("data/muster.db.before-restore").exists());
    house.serve();
    relocate(&house);
    let tokens = house.good(&["tokens", "list"]);
    assert!(tokens.contains("Head office") && !tokens.contains("Made afterwards"), "{tokens}");
}

#[test]
fn a_copy_that_is_none_or_damaged_leaves_the_database_as_it_was() {
    let mut house = House::new();
    house.good(&["backup", "copy", "--data", "data"]);
    assert!(house.server.take().unwrap().terminate());
    let before = std::fs::read(house.path("data/muster.db")).unwrap();
    std::fs::create_dir(house.path("strange")).unwrap();
    std::fs::write(house.path("strange/manifest.json"), "{}").unwrap();
    let table = house.path("copy/tenant.jsonl");
    let bent = std::fs::read_to_string(&table).unwrap().replace("default", "defiant");
    std::fs::write(&table, bent).unwrap();
    for (copy, why) in [("strange", "is no copy"), ("copy", "damaged"), ("nowhere", "manifest.json")] {
        let (code, words) = house.refused(&["restore", copy, "--data", "data", "--replace"]);
        assert!(code == 1 && words.contains(why), "{words}");
        assert_eq!(house.refused(&["backup", "verify", copy]).0, 1);
    }
    assert!(std::fs::read(house.path("data/muster.db")).unwrap() == before);
    assert!(!house.path("data/muster.db.restoring").exists());
}

#[test]
fn a_copy_opens_with_its_own_keys_alone() {
    let mut house = House::new();
    house.good(&["backup", "bare", "--data", "data"]);
    std::fs::write(house.path("right"), "a passphrase of its own").unwrap();
    std::fs::write(house.path("wrong"), "another passphrase").unwrap();
    std::fs::write(house.path("short"), "short").unwrap();
    let (_, words) = house.refused(&["backup", "no", "--data", "data", "--passphrase-file", "short"]);
    assert!(words.contains("12 characters") && !house.path("no").exists(), "{words}");
    house.good(&["backup", "full", "--data", "data", "--passphrase-file", "right"]);
    assert!(house.server.take().unwrap().terminate());
    for file in std::fs::read_dir(house.path("full")).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        let text = std::fs::read_to_string(file.path()).unwrap();
        for key in ["data/seal.key", "data/server-ca.key"] {
            let key = std::fs::read_to_string(house.path(key)).unwrap();
            assert!(!text.contains(key.trim()), "{file:?} shows a key");
        }
    }
    assert!(!house.path("bare/keys.json").exists());
    let (_, words) = house.refused(&["backup", "verify", "full", "--passphrase-file", "wrong"]);
    assert!(words.contains("does not open the keys"), "{words}");
    let said = house.good(&["backup", "verify", "full", "--passphrase-file", "right"]);
    assert!(said.contains("secrets open"), "{said}");
    let said = house.good(&["backup", "verify", "bare", "--data", "nowhere"]);
    assert!(said.contains("were not tried"), "{said}");

    // Another key in the place of the copy's is not overwritten, and opens nothing.
    std::fs::create_dir(house.path("new")).unwrap();
    let other = app::open::seal_key().unwrap();
    std::fs::write(house.path("new/seal.key"), other.as_bytes()).unwrap();
    let (_, words) = house.refused(&["restore", "full", "--data", "new", "--passphrase-file", "right"]);
    assert!(words.contains("move it away"), "{words}");
    let (_, words) = house.refused(&["restore", "bare", "--data", "new"]);
    assert!(words.contains("unknown key") && !house.path("new/muster.db").exists(), "{words}");
}

/// While servers are upgraded, a newer program beside older ones would take the database from under them.
#[test]
fn the_commands_at_the_machine_leave_a_database_of_an_earlier_program_as_it_is_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    assert!(serve(folder.path(), &[]).terminate());
    let database = || rusqlite::Connection::open(folder.path().join("data/muster.db")).unwrap();
    let newest = || -> i64 {
        database().query_row("select max(number) from migration", [], |row| row.get(0)).unwrap()
    };
    let known = newest();
    let before = format!(
        "drop table directory_group; drop table group_member; drop table role_definition; \
         drop table role_assignment; drop table scope_tag; drop table audit_event; drop table audit_log; \
         delete from migration where number = {known}; delete from migration_oldest where number = {known}"
    );
    database().execute_batch(&before).unwrap();
    let key = std::fs::read(folder.path().join("data/seal.key")).unwrap();
    for command in [
        &["backup", "copy"][..],
        &["rotate", "seal-key"],
        &["tenant", "list"],
        &["tenant", "add", "school", "--organization", "School"],
        &["tenant", "credentials", "default"],
    ] {
        let output = program().current_dir(folder.path()).args(command).output().unwrap();
        let words = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {words}");
        assert!(
            words.contains(&format!("schema {}, an earlier program's", known - 1)),
            "{command:?}: {words}"
        );
        assert!(words.contains("the start of a server"), "{command:?}: {words}");
    }
    assert_eq!(newest(), known - 1);
    assert!(!folder.path().join("copy").exists() && !folder.path().join("copy.partial").exists());
    assert_eq!(std::fs::read(folder.path().join("data/seal.key")).unwrap(), key);
    assert!(serve(folder.path(), &[]).terminate(), "the start of a server brings it up");
    assert_eq!(newest(), known);
}

/// A server that starts again on free ports has other ones; the login of its first start is told.
fn relocate(house: &House) {
    let said = &house.server.as_ref().unwrap().said;
    let line = said.iter().find(|line| line.contains("API ")).unwrap();
    let url = line.split_whitespace().find(|word| word.starts_with("https://")).unwrap();
    let path = house.path("data/bootstrap.json");
    let mut login: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    login["url"] = url.into();
    std::fs::write(&path, login.to_string()).unwrap();
}
