//! Whose the files are that an operator's commands write, when root gives them.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

use crate::support::{program, serve, text};

/// The server's user and group. Nobody has to know them.
const SERVICE: (u32, u32) = (4_711, 4_712);

/// Gives a folder and all in it to the service.
fn give(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        chown(entry.unwrap().path(), Some(SERVICE.0), Some(SERVICE.1)).unwrap();
    }
    chown(folder, Some(SERVICE.0), Some(SERVICE.1)).unwrap();
}

/// Every file in it is the service's, and no secret anybody else's.
fn all_its_own(folder: &Path, after: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let (path, found) = entry.map(|entry| (entry.path(), entry.metadata().unwrap())).unwrap();
        assert_eq!((found.uid(), found.gid()), SERVICE, "{} after {after}", path.display());
        if path.extension().is_none_or(|kind| kind != "pem") {
            assert_eq!(found.mode() & 0o007, 0, "{} after {after}: {:o}", path.display(), found.mode());
        }
    }
}

fn good(folder: &Path, arguments: &[&str]) {
    let output = program().current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
}

#[test]
fn what_root_restores_rotates_or_looks_at_stays_the_servers_users_own() {
    let folder = tempfile::tempdir().unwrap();
    if std::fs::metadata(folder.path()).unwrap().uid() != 0 {
        println!("skipped: only root can give files away");
        return;
    }
    let (data, new) = (folder.path().join("data"), folder.path().join("new"));
    let run = |arguments: &[&str]| good(folder.path(), arguments);
    std::fs::write(folder.path().join("passphrase"), "a passphrase of its own").unwrap();
    let server = serve(folder.path(), &[]);
    // Its log is there, as after a kill.
    server.signal("KILL");
    assert!(!server.ended());
    give(&data);
    let lease = "update lease set expires_at = 0";
    for arguments in [
        &["tenant", "list"][..],
        &["backup", "copy", "--passphrase-file", "passphrase"],
        &["rotate", "seal-key"],
        &["rotate", "seal-key"],
        &["backup", "copy2", "--passphrase-file", "passphrase"],
        &["restore", "copy2", "--replace", "--passphrase-file", "passphrase"],
        &["restore", "copy2", "--replace", "--passphrase-file", "passphrase"],
    ] {
        // A server that was killed is taken for a living one for a while.
        rusqlite::Connection::open(data.join("muster.db")).unwrap().execute(lease, []).unwrap();
        run(arguments);
        all_its_own(&data, &arguments.join(" "));
    }
    std::fs::create_dir(&new).unwrap();
    give(&new);
    run(&["restore", "copy2", "--data", "new", "--passphrase-file", "passphrase"]);
    all_its_own(&new, "restore into a new folder");
}
