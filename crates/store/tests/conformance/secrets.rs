//! Secrets: never in clear, bound to their place, walked by rotation, lost without the key.

use domain::TenantId;
use domain::secret::SecretKind;
use store::{StoreError, command, managed_device, secret};

use crate::bench::{Bench, KEY, keys, on_both_engines, open, read, tx};
use crate::sample::{self, id};

on_both_engines!(
    no_secret_is_in_the_database_in_clear,
    a_secret_reads_back_and_can_be_replaced_and_deleted,
    rotation_walks_every_sealed_row_and_the_old_key_can_go,
    the_wrong_key_is_refused_at_the_start,
    a_secret_copied_to_another_place_does_not_open,
    a_body_that_was_changed_does_not_open,
    every_sealed_row_is_opened_a_few_at_a_time,
);

type Done = Result<(), StoreError>;

/// What a secret of this kind is in these tests: long enough not to be there by chance.
fn known(kind: SecretKind) -> Vec<u8> {
    format!("PLAINTEXT-OF-{}-7f3a9c", kind.as_str()).into_bytes()
}

const BODY: &[u8] = b"<plist>UNLOCK-TOKEN-PLAINTEXT-51ab</plist>";

async fn fill(bench: &Bench) {
    let tenant: TenantId = id("t");
    let filled: Done = tx!(bench.store, [tenant], |tx| {
        for kind in SecretKind::ALL {
            secret::put(tx, &tenant, kind, "owner", &known(kind)).await?;
        }
        let device = sample::managed(&tenant, "C01");
        managed_device::insert(tx, &device).await?;
        let mut unlock = sample::command(&device, "clear-passcode", 1);
        unlock.body = BODY.to_vec();
        command::enqueue(tx, &unlock).await
    });
    filled.unwrap();
}

async fn all_open(store: &store::Store) {
    let tenant: TenantId = id("t");
    let checked: Done = read!(store, [tenant], |tx| {
        for kind in SecretKind::ALL {
            let opened = secret::get(tx, &tenant, kind, "owner").await?.unwrap();
            assert_eq!(opened.as_slice(), known(kind));
        }
        let pending = command::pending(tx, &tenant, &id("m-C01")).await?;
        assert_eq!(pending[0].body, BODY);
        Ok(())
    });
    checked.unwrap();
}

fn holds(dump: &[u8], text: &[u8]) -> bool {
    let as_hex: Vec<u8> = text.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
    [text, as_hex.as_slice()].iter().any(|needle| dump.windows(needle.len()).any(|window| window == *needle))
}

async fn no_secret_is_in_the_database_in_clear(bench: Bench) {
    fill(&bench).await;
    all_open(&bench.store).await;
    let dump = bench.dump().await;
    assert!(holds(&dump, b"clear-passcode"), "the search finds what is in clear");
    for kind in SecretKind::ALL {
        assert!(!holds(&dump, &known(kind)), "{}", kind.as_str());
    }
    assert!(!holds(&dump, BODY));
    assert!(!holds(&dump, b"UNLOCK-TOKEN-PLAINTEXT"));
}

async fn a_secret_reads_back_and_can_be_replaced_and_deleted(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        let kind = SecretKind::TokenCredentials;
        assert!(secret::get(tx, &tenant, kind, "o").await?.is_none());
        for bytes in [b"".as_slice(), b"one", &[0, 255, 0], &[9; 100_000]] {
            secret::put(tx, &tenant, kind, "o", bytes).await?;
            assert_eq!(secret::get(tx, &tenant, kind, "o").await?.unwrap().as_slice(), bytes);
        }
        assert!(secret::delete(tx, &tenant, kind, "o").await?);
        assert!(!secret::delete(tx, &tenant, kind, "o").await?);
        assert!(secret::get(tx, &tenant, kind, "o").await?.is_none());
        Ok(())
    });
    outcome.unwrap();
}

async fn rotation_walks_every_sealed_row_and_the_old_key_can_go(bench: Bench) {
    fill(&bench).await;
    bench.store.close().await;
    let new = [8; 32];
    let store = open(&bench.url, keys(new, &[KEY])).await.unwrap();
    all_open(&store).await;
    let mut resealed = 0;
    loop {
        let some: Result<u64, StoreError> = tx!(store, [], |tx| secret::reseal_all(tx, 3).await);
        match some.unwrap() {
            0 => break,
            some => resealed += some,
        }
    }
    // Each kind, one command, and the check of the keys.
    assert_eq!(resealed, SecretKind::ALL.len() as u64 + 2);
    all_open(&store).await;
    store.close().await;
    let store = open(&bench.url, keys(new, &[])).await.unwrap();
    all_open(&store).await;
    store.close().await;
    assert!(open(&bench.url, keys(KEY, &[])).await.is_err(), "the old key opens nothing any more");
}

async fn the_wrong_key_is_refused_at_the_start(bench: Bench) {
    bench.store.close().await;
    let outcome = open(&bench.url, keys([1; 32], &[[2; 32]])).await;
    assert!(matches!(outcome, Err(StoreError::Sealed(_))), "{outcome:?}");
}

async fn a_secret_copied_to_another_place_does_not_open(bench: Bench) {
    let tenants: [TenantId; 2] = [id("t"), id("u")];
    let put: Done = tx!(bench.store, [tenants], |tx| {
        secret::put(tx, &tenants[0], SecretKind::TokenKey, "a", b"secret").await?;
        secret::put(tx, &tenants[0], SecretKind::TokenKey, "b", b"other").await?;
        secret::put(tx, &tenants[0], SecretKind::PushKey, "a", b"other").await?;
        secret::put(tx, &tenants[1], SecretKind::TokenKey, "a", b"other").await
    });
    put.unwrap();
    bench
        .raw(
            "update secret set sealed = (select s.sealed from secret s \
              where s.tenant_id = 't' and s.kind = 'token-key' and s.owner = 'a')",
        )
        .await;
    for (tenant, kind, owner, opens) in [
        (0, SecretKind::TokenKey, "a", true),
        (0, SecretKind::TokenKey, "b", false),
        (0, SecretKind::PushKey, "a", false),
        (1, SecretKind::TokenKey, "a", false),
    ] {
        let outcome: Result<_, StoreError> =
            read!(bench.store, [tenants], |tx| secret::get(tx, &tenants[tenant], kind, owner).await);
        assert_eq!(outcome.is_ok(), opens, "{tenant} {kind:?} {owner}");
        assert!(opens || matches!(outcome, Err(StoreError::Sealed(_))));
    }
}

async fn a_body_that_was_changed_does_not_open(bench: Bench) {
    fill(&bench).await;
    let tenant: TenantId = id("t");
    let second: Done = tx!(bench.store, [tenant], |tx| {
        let device = sample::managed(&tenant, "C01");
        command::enqueue(tx, &sample::command(&device, "second", 2)).await
    });
    second.unwrap();
    bench
        .raw("update command set sealed = (select c.sealed from command c where c.id = 'clear-passcode')")
        .await;
    let outcome: Result<_, StoreError> =
        read!(bench.store, [tenant], |tx| command::get(tx, &tenant, &id("m-C01"), &id("second")).await);
    assert!(matches!(outcome, Err(StoreError::Sealed(_))), "{:?}", outcome.map(drop));
}

/// There may be a million commands: their bodies are never all in memory.
async fn every_sealed_row_is_opened_a_few_at_a_time(bench: Bench) {
    fill(&bench).await;
    let rows = SecretKind::ALL.len() as u64 + 2;
    for page in [1, 2, 3, 1_000] {
        let opened: Result<u64, StoreError> = read!(bench.store, [], |tx| secret::open_all(tx, page).await);
        assert_eq!(opened.unwrap(), rows, "{page} at a time");
    }
    // Whichever it is, and on whichever page.
    for kind in SecretKind::ALL {
        let other = "(select sealed from seal_check limit 1)";
        bench.raw(&format!("update secret set sealed = {other} where kind = '{}'", kind.as_str())).await;
        let opened: Result<u64, StoreError> = read!(bench.store, [], |tx| secret::open_all(tx, 2).await);
        assert!(matches!(opened, Err(StoreError::Sealed(_))), "{kind:?}: {opened:?}");
        let tenant: TenantId = id("t");
        let mended: Done =
            tx!(bench.store, [tenant], |tx| secret::put(tx, &tenant, kind, "owner", b"mended").await);
        mended.unwrap();
    }
}
