//! A later program on the database of an older one: what the older one may go on doing.

use store::{Migration, Migrations, Store, StoreConfig, StoreError, archive, tenant};

use crate::bench::{Bench, KEY, keys, on_both_engines, open, read, tx};
use crate::sample;

on_both_engines!(
    an_older_program_goes_on_with_what_only_adds_and_says_so,
    an_older_program_refuses_what_it_cannot_live_with_and_says_which_program_can,
    an_incompatible_step_is_seen_by_a_program_that_is_running,
    a_later_step_that_only_adds_makes_no_earlier_one_compatible,
    a_database_of_before_the_rule_is_read_as_ever,
    a_command_beside_the_servers_brings_no_database_to_a_newer_schema_and_says_who_does,
    a_command_beside_the_servers_takes_what_its_program_lives_with_and_nothing_else,
    a_database_in_use_is_not_migrated_for_a_copy_that_it_does_not_take,
);

/// What an upgrade that only adds does.
fn adds(name: &'static str, oldest: i64) -> Migration {
    let sql = format!("create table later_{name} (\n    id bigint not null primary key\n);");
    Migration { name: name.into(), sql: sql.into(), oldest }
}

/// The number of this program's newest migration.
fn known() -> i64 {
    Migrations::own().newest()
}

async fn upgraded(bench: &Bench, program: &Migrations) -> Store {
    let config = StoreConfig { url: bench.url.clone(), seal: keys(KEY, &[]) };
    Store::open_as(config, program).await.unwrap()
}

/// As a command opens a database that servers work with.
async fn existing(bench: &Bench, program: &Migrations) -> Result<Store, StoreError> {
    let config = StoreConfig { url: bench.url.clone(), seal: keys(KEY, &[]) };
    Store::open_existing(config, program).await
}

async fn works(store: &Store, name: &str) {
    let row = sample::tenant(name);
    let written: Result<(), StoreError> = tx!(store, [row], |tx| tenant::insert(tx, &row).await);
    written.unwrap();
    let read: Result<_, StoreError> = read!(store, [], |tx| tenant::list(tx).await);
    assert!(read.unwrap().iter().any(|row| row.id.as_str() == name));
}

async fn an_older_program_goes_on_with_what_only_adds_and_says_so(bench: Bench) {
    let later = upgraded(&bench, &Migrations::own().and(adds("four", known()))).await;
    works(&later, "later").await;
    works(&bench.store, "running").await;
    let started = open(&bench.url, keys(KEY, &[])).await.unwrap();
    works(&started, "started").await;
    for store in [&bench.store, &started] {
        let schema = store.schema().await.unwrap();
        assert!(schema.is_newer() && schema.fits(), "{schema:?}");
        assert!(schema.to_string().contains("goes on working with it"), "{schema}");
    }
    assert!(!later.schema().await.unwrap().is_newer());
}

async fn an_older_program_refuses_what_it_cannot_live_with_and_says_which_program_can(bench: Bench) {
    let _later = upgraded(&bench, &Migrations::own().and(adds("four", known() + 1))).await;
    let refused = open(&bench.url, keys(KEY, &[])).await;
    let Err(StoreError::Schema(words)) = refused else { panic!("{refused:?}") };
    let (applied, own) = (known() + 1, known());
    assert!(words.contains(&format!("to schema {applied}")), "{words}");
    assert!(words.contains(&format!("programs before schema {applied}")), "{words}");
    assert!(words.contains(&format!("knows {own}")) && words.contains("Start that later program"), "{words}");
}

async fn an_incompatible_step_is_seen_by_a_program_that_is_running(bench: Bench) {
    assert!(bench.store.schema().await.unwrap().fits());
    let _later = upgraded(&bench, &Migrations::own().and(adds("four", known() + 1))).await;
    let schema = bench.store.schema().await.unwrap();
    assert!(schema.is_newer() && !schema.fits(), "{schema:?}");
}

async fn a_later_step_that_only_adds_makes_no_earlier_one_compatible(bench: Bench) {
    let both = Migrations::own().and(adds("four", known() + 1)).and(adds("five", known() + 1));
    let _later = upgraded(&bench, &both).await;
    assert!(matches!(open(&bench.url, keys(KEY, &[])).await, Err(StoreError::Schema(_))));
    let between = upgraded(&bench, &Migrations::own().and(adds("four", known() + 1))).await;
    assert!(between.schema().await.unwrap().fits(), "the program between the two lives with the last one");
}

/// The first programs kept no word of who can live with a step: then nobody older can.
async fn a_database_of_before_the_rule_is_read_as_ever(bench: Bench) {
    bench.raw("drop table migration_oldest").await;
    let again = open(&bench.url, keys(KEY, &[])).await.unwrap();
    assert_eq!(again.schema().await.unwrap().applied, known());
    bench.raw("insert into migration (number, name, checksum) values (9999, 'later', 'x')").await;
    assert!(matches!(open(&bench.url, keys(KEY, &[])).await, Err(StoreError::Schema(_))));
}

async fn a_command_beside_the_servers_brings_no_database_to_a_newer_schema_and_says_who_does(bench: Bench) {
    let newer = Migrations::own().and(adds("four", known()));
    let refused = existing(&bench, &newer).await;
    let Err(StoreError::Schema(words)) = refused else { panic!("{refused:?}") };
    let old = format!("schema {}, an earlier program's", known());
    for word in [old.as_str(), "the start of a server", "upgrade them"] {
        assert!(words.contains(word), "{words}");
    }
    assert_eq!(bench.store.schema().await.unwrap().applied, known());
    bench.raw("drop table migration_oldest").await;
    let refused = existing(&bench, &Migrations::own()).await;
    assert!(
        matches!(&refused, Err(StoreError::Schema(words)) if words.contains("earlier program")),
        "{refused:?}"
    );
}

async fn a_command_beside_the_servers_takes_what_its_program_lives_with_and_nothing_else(bench: Bench) {
    works(&existing(&bench, &Migrations::own()).await.unwrap(), "own").await;
    let _later = upgraded(&bench, &Migrations::own().and(adds("four", known()))).await;
    works(&existing(&bench, &Migrations::own()).await.unwrap(), "lives").await;
    let both = Migrations::own().and(adds("four", known())).and(adds("five", known() + 2));
    let _later = upgraded(&bench, &both).await;
    let refused = existing(&bench, &Migrations::own()).await;
    assert!(
        matches!(&refused, Err(StoreError::Schema(words)) if words.contains("Start that later")),
        "{refused:?}"
    );
    let wrong = StoreConfig { url: bench.url.clone(), seal: keys([9; 32], &[]) };
    assert!(matches!(Store::open_existing(wrong, &both).await, Err(StoreError::Sealed(_))));
    bench.raw("drop table migration_oldest; drop table migration").await;
    let refused = existing(&bench, &Migrations::own()).await;
    assert!(matches!(&refused, Err(StoreError::Schema(words)) if words.contains("no server")), "{refused:?}");
}

async fn a_database_in_use_is_not_migrated_for_a_copy_that_it_does_not_take(bench: Bench) {
    works(&bench.store, "in-use").await;
    let config = || StoreConfig { url: bench.url.clone(), seal: keys(KEY, &[]) };
    let newer = Migrations::own().and(adds("four", known()));
    let refused = archive::target(config(), &newer).await;
    assert!(
        matches!(&refused, Err(StoreError::Unstorable { what }) if what.contains("in use")),
        "{refused:?}"
    );
    assert_eq!(bench.store.schema().await.unwrap().applied, known());
    bench.raw("delete from tenant").await;
    let taken = archive::target(config(), &newer).await.unwrap();
    assert_eq!(
        taken.schema().await.unwrap().applied,
        known() + 1,
        "a schema without rows is an empty database"
    );
}
