//! The data folder and its files.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use domain::checkup::{Disk, Finding, disk, secret_file};

use super::Subject;

/// The folder, its secret files, the disk.
pub(super) fn examine(subject: &Subject) -> Vec<Finding> {
    let folder = subject.data.display().to_string();
    let mut findings = Vec::new();
    match std::fs::metadata(&subject.data) {
        Ok(found) if found.is_dir() => findings.push(of_folder(&folder, found.permissions().mode())),
        Ok(_) => {
            findings.push(Finding::problem(
                "data.folder",
                format!("{folder} is no folder"),
                "set another as `data`",
            ));
            return findings;
        }
        Err(error) => {
            let advice = "give doctor the same --config, --data or MUSTER_DATA as the server; before its first start there is none";
            findings.push(Finding::problem(
                "data.folder",
                format!("{folder} cannot be looked at: {error}"),
                advice,
            ));
            return findings;
        }
    }
    findings.extend(of_secrets(subject));
    findings.extend(of_disk(&subject.data, &folder, subject.want_free));
    findings
}

fn of_folder(folder: &str, mode: u32) -> Finding {
    const CHECK: &str = "data.folder";
    match mode & 0o022 {
        0 => Finding::ok(CHECK, folder),
        _ => Finding::problem(
            CHECK,
            format!("{folder} may be changed by others than its owner (mode {:03o})", mode & 0o777),
            format!("chmod 700 {folder}: who may write here can put another database or key in place"),
        ),
    }
}

fn of_secrets(subject: &Subject) -> Vec<Finding> {
    const CHECK: &str = "data.secrets";
    let mut bad = Vec::new();
    let mut good = Vec::new();
    for path in &subject.secret_files {
        let Ok(found) = std::fs::metadata(path) else { continue };
        match secret_file(CHECK, &path.display().to_string(), found.permissions().mode()) {
            Some(finding) => bad.push(finding),
            None => good.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned()),
        }
    }
    if bad.is_empty() && !good.is_empty() {
        bad.push(Finding::ok(CHECK, format!("only the owner may read {}", good.join(", "))));
    }
    bad
}

fn of_disk(data: &Path, folder: &str, wanted: u64) -> Option<Finding> {
    let found = rustix::fs::statvfs(data).ok()?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    // Some file systems make files as long as there is room, and count none.
    let files = (found.f_files > 0).then_some(found.f_favail);
    Some(disk(folder, Disk { free, files, wanted }))
}
