//! Copies of a database, out of one engine and into either.

use std::path::Path;

use domain::TenantId;
use domain::command::CommandOutcome;
use domain::secret::SecretKind;
use store::archive::{self, TableCopy};
use store::{Migration, Migrations, Store, StoreConfig, StoreError, command, managed_device, secret, tenant};

use crate::bench::{Bench, KEY, keys, on_both_engines, open, read, tx};
use crate::sample::{self, at, id};

on_both_engines!(
    a_copy_of_either_engine_fills_either_and_says_the_same_again,
    a_copy_is_one_moment_and_its_files_are_their_owners_alone,
    a_damaged_copy_is_found_out,
    a_database_in_use_is_not_filled,
    a_copy_with_a_row_too_few_fills_nothing,
    a_copy_is_filled_in_at_its_own_schema_and_brought_up_like_a_database,
);

async fn fill(store: &Store) {
    let tenant: TenantId = id("t");
    let row = sample::tenant("t");
    let filled: Result<(), StoreError> = tx!(store, [tenant, row], |tx| {
        tenant::insert(tx, &row).await?;
        for kind in SecretKind::ALL {
            secret::put(tx, &tenant, kind, "owner", b"\x00\xff sealed").await?;
        }
        for n in 0..3 {
            let mut device = sample::managed(&tenant, &format!("C0{n}"));
            device.profile_name = "Zoë's \"quoted\"\nprofile \u{1f34e}".to_owned();
            managed_device::insert(tx, &device).await?;
            command::enqueue(tx, &sample::command(&device, &format!("command-{n}"), n)).await?;
            let ended = sample::command(&device, &format!("ended-{n}"), n + 10);
            command::enqueue(tx, &ended).await?;
            command::finish(tx, &ended.end(CommandOutcome::Acknowledged, at(n))).await?;
        }
        Ok(())
    });
    filled.unwrap();
}

async fn copied(store: &Store, folder: &Path) -> Vec<TableCopy> {
    archive::write(store, folder).await.unwrap().1
}

async fn a_copy_of_either_engine_fills_either_and_says_the_same_again(bench: Bench) {
    fill(&bench.store).await;
    let folder = tempfile::tempdir().unwrap();
    let tables = copied(&bench.store, folder.path()).await;
    archive::verify(folder.path(), &tables).unwrap();
    let mut targets = vec![Bench::sqlite().await];
    targets.extend(Bench::postgres().await);
    for target in targets {
        archive::fill(&target.store, folder.path(), &tables).await.unwrap();
        let reopened = target.reopened().await;
        let again = tempfile::tempdir().unwrap();
        let same = copied(&reopened.store, again.path()).await;
        assert_eq!(same.len(), tables.len());
        for (before, after) in tables.iter().zip(&same) {
            assert_eq!((&before.name, before.rows), (&after.name, after.rows));
            assert_eq!(rows(folder.path(), before), rows(again.path(), after), "{}", before.name);
        }
        let opened: Result<u64, StoreError> = read!(reopened.store, [], |tx| secret::open_all(tx, 100).await);
        assert_eq!(opened.unwrap(), SecretKind::ALL.len() as u64 + 3 + 1);
    }
}

/// Rows have no order but that of history.
fn rows(folder: &Path, table: &TableCopy) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(table.file())).unwrap();
    let mut rows: Vec<_> = text.lines().map(str::to_owned).collect();
    if table.name != "command_history" {
        rows.sort();
    }
    rows
}

async fn a_copy_is_one_moment_and_its_files_are_their_owners_alone(bench: Bench) {
    fill(&bench.store).await;
    let folder = tempfile::tempdir().unwrap();
    let writes = tokio::spawn({
        let store = bench.store.clone();
        async move {
            for n in 0..200 {
                // A tenant and its device, always together.
                let (row, of) = (sample::tenant(&format!("n{n}")), id::<TenantId>(&format!("n{n}")));
                let device = sample::managed(&of, "C09");
                let done: Result<(), StoreError> = tx!(store, [row, device], |tx| {
                    tenant::insert(tx, &row).await?;
                    managed_device::insert(tx, &device).await
                });
                done.unwrap();
            }
        }
    });
    let mut seen = Vec::new();
    loop {
        let ended = writes.is_finished();
        let tables = copied(&bench.store, folder.path()).await;
        let count = |name: &str| tables.iter().find(|table| table.name == name).unwrap().rows;
        assert_eq!(
            count("tenant") + 2,
            count("managed_device"),
            "three devices of the first, one of each other"
        );
        seen.push(count("tenant"));
        if ended {
            break;
        }
    }
    writes.await.unwrap();
    assert_eq!(seen.last(), Some(&201));
    #[cfg(unix)]
    for file in std::fs::read_dir(folder.path()).unwrap() {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

async fn a_damaged_copy_is_found_out(bench: Bench) {
    fill(&bench.store).await;
    let folder = tempfile::tempdir().unwrap();
    let tables = copied(&bench.store, folder.path()).await;
    let path = folder.path().join("tenant.jsonl");
    let whole = std::fs::read(&path).unwrap();
    let mut bent = whole.clone();
    *bent.last_mut().unwrap() ^= 1;
    for damaged in [&whole[..whole.len() - 1], &bent, &[whole.clone(), whole.clone()].concat(), b""] {
        std::fs::write(&path, damaged).unwrap();
        let error = archive::verify(folder.path(), &tables).unwrap_err();
        assert!(error.to_string().contains("tenant.jsonl"), "{error}");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(archive::verify(folder.path(), &tables).is_err());
}

async fn a_database_in_use_is_not_filled(bench: Bench) {
    fill(&bench.store).await;
    let folder = tempfile::tempdir().unwrap();
    let tables = copied(&bench.store, folder.path()).await;
    let refused = archive::fill(&bench.store, folder.path(), &tables).await.unwrap_err();
    assert!(refused.to_string().contains("empty"), "{refused}");
}

async fn a_copy_with_a_row_too_few_fills_nothing(bench: Bench) {
    let source = Bench::sqlite().await;
    fill(&source.store).await;
    let folder = tempfile::tempdir().unwrap();
    let tables = copied(&source.store, folder.path()).await;
    let path = folder.path().join("wake.jsonl");
    for (file, keep) in [("secret.jsonl", 2), ("managed_device.jsonl", 1)] {
        let path = folder.path().join(file);
        let whole = std::fs::read_to_string(&path).unwrap();
        let cut: String = whole.lines().take(keep).map(|line| format!("{line}\n")).collect();
        std::fs::write(&path, cut).unwrap();
        let refused = archive::fill(&bench.store, folder.path(), &tables).await.unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
        let left: Result<_, StoreError> = read!(bench.store, [], |tx| tenant::list(tx).await);
        assert!(left.unwrap().is_empty(), "nothing of it stays");
        std::fs::write(&path, whole).unwrap();
    }
    assert!(path.exists(), "tables without rows are in a copy too");
    archive::fill(&bench.store, folder.path(), &tables).await.unwrap();
}

/// What a later migration does to rows it does to those of a copy as well.
async fn a_copy_is_filled_in_at_its_own_schema_and_brought_up_like_a_database(bench: Bench) {
    let source = Bench::sqlite().await;
    fill(&source.store).await;
    let folder = tempfile::tempdir().unwrap();
    let tables = copied(&source.store, folder.path()).await;
    archive::fill(&bench.store, folder.path(), &tables).await.unwrap();
    bench.store.close().await;
    let own = Migrations::own();
    let renames = Migration {
        name: "renames".into(),
        sql: "update managed_device set profile_name = 'renamed';".into(),
        oldest: own.newest(),
    };
    let config = StoreConfig { url: bench.url.clone(), seal: keys(KEY, &[]) };
    let later = Store::open_as(config, &own.and(renames)).await.unwrap();
    let again = tempfile::tempdir().unwrap();
    copied(&later, again.path()).await;
    let text = std::fs::read_to_string(again.path().join("managed_device.jsonl")).unwrap();
    assert_eq!(text.matches("\"renamed\"").count(), 3);
    let wrong = open(&bench.url, keys([9; 32], &[])).await;
    assert!(matches!(wrong, Err(StoreError::Sealed(_))), "{wrong:?}");
}
