//! Texts from devices and administrators: stored as they are, or refused on both engines alike (lessons, class H).

use domain::TenantId;
use proptest::strategy::{Strategy, ValueTree};
use store::{PageQuery, StoreError, managed_device, profile, token};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{self, id};

on_both_engines!(
    hostile_texts_are_stored_as_they_are,
    a_zero_byte_is_refused_everywhere,
    text_from_a_device_stays_text,
    a_name_too_long_for_an_index_is_refused_on_both,
    any_name_is_found_by_itself_and_by_its_parts,
);

type Done = Result<(), StoreError>;

fn texts() -> Vec<String> {
    [
        "O'Brien",
        "'; drop table token; --",
        "\" or 1=1",
        "$1 ?1 :name @x",
        "%_\\",
        "{rows}",
        "🏫👩🏽‍🏫 Ünïcödé",
        "e\u{301}",
        "\u{202e}rtl",
        "line\nbreak\r\ttab",
        "\u{1}\u{7f}\u{fffd}\u{10ffff}",
        " ",
        "",
    ]
    .iter()
    .map(|text| (*text).to_owned())
    .chain([("ß".repeat(500_000))])
    .collect()
}

/// Refuses: H
async fn hostile_texts_are_stored_as_they_are(bench: Bench) {
    let tenant: TenantId = id("t");
    for (n, text) in texts().into_iter().enumerate() {
        let outcome: Done = tx!(bench.store, [tenant, text], |tx| {
            let mut row = sample::token(&tenant, &format!("token-{n}"));
            row.name.clone_from(&text);
            row.apple_id = Some(text.clone());
            token::insert(tx, &row).await?;
            assert_eq!(token::get(tx, &tenant, &row.id).await?, Some(row.clone()));
            let mut own = sample::profile(&tenant, &row.id, "profile-1");
            own.settings.display_name.clone_from(&text);
            own.settings.description.clone_from(&text);
            profile::insert(tx, &own).await?;
            assert_eq!(profile::get(tx, &tenant, &row.id, &own.id).await?, Some(own));
            Ok(())
        });
        outcome.unwrap();
    }
}

/// Refuses: H
async fn a_zero_byte_is_refused_everywhere(bench: Bench) {
    let tenant: TenantId = id("t");
    let named: Done = tx!(bench.store, [tenant], |tx| {
        let mut row = sample::token(&tenant, "token-1");
        row.name = "a\0b".into();
        token::insert(tx, &row).await
    });
    assert!(matches!(named, Err(StoreError::Unstorable { .. })), "{named:?}");
    let asked: Result<_, StoreError> =
        tx!(bench.store, [tenant], |tx| managed_device::by_udid(tx, &tenant, "a\0b").await);
    assert!(matches!(asked, Err(StoreError::Unstorable { .. })), "{asked:?}");
}

/// Refuses: H
async fn text_from_a_device_stays_text(bench: Bench) {
    let tenant: TenantId = id("t");
    for (n, text) in texts().into_iter().enumerate() {
        let outcome: Done = tx!(bench.store, [tenant, text], |tx| {
            let mut device = sample::managed(&tenant, &format!("C{n}"));
            device.udid = format!("{n}{}", text.chars().take(100).collect::<String>());
            device.info.device_name = Some(text.clone());
            device.info.imei = Some(text.clone());
            device.info.os_version = Some(text.clone());
            managed_device::insert(tx, &device).await?;
            assert_eq!(managed_device::by_udid(tx, &tenant, &device.udid).await?, Some(device));
            Ok(())
        });
        outcome.unwrap();
    }
}

async fn a_name_too_long_for_an_index_is_refused_on_both(bench: Bench) {
    let tenant: TenantId = id("t");
    for (length, fits) in [(1_000_usize, true), (1_001, false), (100_000, false)] {
        let outcome: Done = tx!(bench.store, [tenant], |tx| {
            let mut device = sample::managed(&tenant, &format!("C{length}"));
            // Does not compress, as a name made by an attacker would not.
            device.udid = (0..length).map(|n: usize| char::from(b'!' + (n * n * 31 % 91) as u8)).collect();
            managed_device::insert(tx, &device).await
        });
        assert_eq!(outcome.is_ok(), fits, "{length}: {outcome:?}");
        assert!(fits || matches!(outcome, Err(StoreError::Unstorable { .. })));
    }
}

/// Names made at random, the same in each run.
fn random_names(count: usize) -> Vec<String> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let names =
        (0..count).map(|_| proptest::arbitrary::any::<String>().new_tree(&mut runner).unwrap().current());
    names.map(|name| name.replace('\0', "")).collect()
}

static NAMED: query::Table = query::Table {
    name: "named",
    properties: &[query::PropertyInfo::new("deviceName", query::Kind::String)],
    types: &[],
};

fn filtered(expr: &query::Expr) -> PageQuery {
    let filter = query::check(expr, &NAMED).unwrap();
    PageQuery { filter: Some(filter), limit: 10_000, ..PageQuery::default() }
}

/// Refuses: H
async fn any_name_is_found_by_itself_and_by_its_parts(bench: Bench) {
    use query::{BinaryOp, Expr, Function, Literal, Path};
    let tenant: TenantId = id("t");
    let names = random_names(120);
    let filled: Done = tx!(bench.store, [tenant, names], |tx| {
        for (n, name) in names.into_iter().enumerate() {
            let mut device = sample::managed(&tenant, &format!("C{n}"));
            device.info.device_name = Some(name);
            managed_device::insert(tx, &device).await?;
        }
        Ok(())
    });
    filled.unwrap();
    let path = || Expr::Path(Path(vec!["deviceName".into()]));
    for (n, name) in names.iter().enumerate() {
        let part: String = name.chars().skip(1).take(3).collect();
        let itself = Expr::Compare(
            Box::new(path()),
            BinaryOp::Eq,
            Box::new(Expr::Literal(Literal::Text(name.clone()))),
        );
        let within = Expr::Call(Function::Contains, vec![path(), Expr::Literal(Literal::Text(part))]);
        for expr in [itself, within] {
            let asked = filtered(&expr);
            let page: Result<_, StoreError> =
                tx!(bench.store, [tenant, asked], |tx| managed_device::page(tx, &tenant, &asked).await);
            let serial = format!("C{n}");
            assert!(page.unwrap().items.iter().any(|row| row.serial.as_str() == serial), "{expr}");
        }
    }
}
