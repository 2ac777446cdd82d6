//! Lists: filters, orders and pages, the same on both engines (R17, lessons class I).

use std::collections::BTreeSet;

use domain::TenantId;
use domain::device::Presence;
use query::{Entity, Kind, PropertyInfo, Table, check, check_order, parse_filter};
use store::{Column, Direction, PageQuery, StoreError, device, managed_device, profile, sync, tenant, token};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{self, at, id};

on_both_engines!(
    paging_meets_every_row_once_while_rows_change,
    an_order_of_several_keys_pages_without_gaps,
    filters_ignore_case_beyond_ascii,
    a_wildcard_in_a_filter_is_a_letter,
    every_offered_column_can_be_filtered_and_sorted_by,
    what_is_unknown_is_asked_for_as_it_is_shown,
    a_property_without_a_column_is_refused,
    a_place_in_another_list_is_refused,
    deleted_serials_are_not_listed,
    the_total_counts_what_passes_the_filter,
    a_page_has_bounds,
);

type Done = Result<(), StoreError>;

const STRING: Kind = Kind::String;

/// What the tests ask for, described as the server describes its entities.
static ASKED: Table = Table {
    name: "test",
    properties: &[
        PropertyInfo::new("id", STRING),
        PropertyInfo::new("tokenName", STRING),
        PropertyInfo::new("serialNumber", STRING),
        PropertyInfo::new("description", STRING),
        PropertyInfo::new("createdDateTime", Kind::DateTime),
        PropertyInfo::new("lastContactedDateTime", Kind::DateTime),
        PropertyInfo::new("deviceName", STRING),
        PropertyInfo::new("isSupervised", Kind::Bool),
        PropertyInfo::new("enrollmentState", Kind::Enum(&["notContacted", "enrolled"])),
        PropertyInfo::new("passwordHash", STRING),
    ],
    types: &[],
};

fn query(filter: &str, order: &str, limit: u32) -> PageQuery {
    query_of(&ASKED, filter, order, limit)
}

fn query_of(entity: &dyn Entity, filter: &str, order: &str, limit: u32) -> PageQuery {
    let filter = (!filter.is_empty()).then(|| check(&parse_filter(filter).unwrap(), entity).unwrap());
    let keys: Vec<_> = order
        .split(',')
        .filter(|key| !key.is_empty())
        .map(|key| match key.strip_prefix('-') {
            Some(key) => (query::Path(vec![key.to_owned()]), Direction::Descending),
            None => (query::Path(vec![key.to_owned()]), Direction::Ascending),
        })
        .collect();
    PageQuery {
        filter,
        order: check_order(&keys, entity).unwrap(),
        limit,
        count: true,
        ..PageQuery::default()
    }
}

/// Shows: R17
async fn paging_meets_every_row_once_while_rows_change(bench: Bench) {
    let tenant: TenantId = id("t");
    let token = id("token-1");
    let rows: Vec<_> =
        sample::serials(60).iter().map(|s| sample::device(&tenant, &token, s.as_str())).collect();
    let added: Done = tx!(bench.store, [rows], |tx| device::upsert_many(tx, &rows).await);
    added.unwrap();
    let mut asked = query("", "-serialNumber", 7);
    let mut met = Vec::new();
    loop {
        let page = tx!(bench.store, [tenant, asked], |tx| device::page(tx, &tenant, None, &asked).await);
        let page: store::Page<_> = page.map_err(|e: StoreError| e).unwrap();
        met.extend(page.items.iter().map(|row| row.serial.to_string()));
        // A row before the place and one after it are added, and one that was listed is deleted.
        let n = met.len();
        let mut listed = page.items[0].clone();
        listed.deleted_at = Some(at(1));
        let fresh = [
            sample::device(&tenant, &id("token-1"), &format!("ZZZ{n}")),
            sample::device(&tenant, &id("token-1"), &format!("AAA{n}")),
        ];
        let changed: Done = tx!(bench.store, [listed, fresh], |tx| {
            device::update(tx, &listed).await?;
            device::upsert_many(tx, &fresh).await
        });
        changed.unwrap();
        asked.after = page.next;
        if asked.after.is_none() || met.len() > 200 {
            break;
        }
    }
    let unique: BTreeSet<_> = met.iter().collect();
    assert_eq!(unique.len(), met.len(), "no row twice");
    assert!(rows.iter().all(|row| unique.contains(&row.serial.to_string())), "no row left out");
    assert!(met.is_sorted_by(|a, b| a > b));
}

async fn an_order_of_several_keys_pages_without_gaps(bench: Bench) {
    let tenant: TenantId = id("t");
    let filled: Done = tx!(bench.store, [tenant], |tx| {
        let mut rows = Vec::new();
        for (n, serial) in sample::serials(50).iter().enumerate() {
            let mut row = sample::device(&tenant, &id("token-1"), serial.as_str());
            // Few different values, some of them nothing, so that pages end inside a run of equal rows.
            row.description = (n % 3 > 0).then(|| format!("Note {}", n % 3));
            row.enrollment.last_contact = (n % 4 > 0).then(|| at((n % 4) as i64));
            rows.push(row);
        }
        device::upsert_many(tx, &rows).await
    });
    filled.unwrap();
    for order in [
        "description,lastContactedDateTime",
        "-description,lastContactedDateTime",
        "lastContactedDateTime,-serialNumber",
        "-lastContactedDateTime,-description",
        "isSupervised,-id",
    ] {
        let whole = query("", order, 100);
        let whole: Result<_, StoreError> =
            tx!(bench.store, [tenant, whole], |tx| device::page(tx, &tenant, None, &whole).await);
        let whole: Vec<_> = whole.unwrap().items.into_iter().map(|row| row.serial).collect();
        let mut asked = query("", order, 4);
        let mut met = Vec::new();
        loop {
            let page: Result<_, StoreError> =
                tx!(bench.store, [tenant, asked], |tx| device::page(tx, &tenant, None, &asked).await);
            let page = page.unwrap();
            assert_eq!(page.total, Some(50));
            met.extend(page.items.into_iter().map(|row| row.serial));
            asked.after = page.next;
            if asked.after.is_none() {
                break;
            }
        }
        assert_eq!(met, whole, "{order}");
    }
}

async fn filters_ignore_case_beyond_ascii(bench: Bench) {
    let tenant: TenantId = id("t");
    let filled: Done = tx!(bench.store, [tenant], |tx| {
        for (n, name) in ["Größe ÄÖÜ", "МОСКВА", "ΟΔΥΣΣΕΥΣ", "plain"].into_iter().enumerate()
        {
            let mut row = sample::token(&tenant, &format!("token-{n}"));
            row.name = name.into();
            token::insert(tx, &row).await?;
        }
        Ok(())
    });
    filled.unwrap();
    for (filter, found) in [
        ("tokenName eq 'gröSSe äöü'", vec![]),
        ("tokenName eq 'GRÖßE äöü'", vec!["token-0"]),
        ("contains(tokenName,'осК')", vec!["token-1"]),
        ("endswith(tokenName,'ευς')", vec!["token-2"]),
        ("startswith(tokenName,'PL')", vec!["token-3"]),
        ("not startswith(tokenName,'PL')", vec!["token-0", "token-1", "token-2"]),
        ("tokenName in ('москва','PLAIN')", vec!["token-1", "token-3"]),
        ("tokenName gt 'plain'", vec!["token-1", "token-2"]),
    ] {
        let asked = query(filter, "id", 10);
        let page: Result<_, StoreError> =
            tx!(bench.store, [tenant, asked], |tx| token::page(tx, &tenant, &asked).await);
        let names: Vec<_> = page.unwrap().items.into_iter().map(|row| row.id.to_string()).collect();
        assert_eq!(names, found, "{filter}");
    }
}

async fn a_wildcard_in_a_filter_is_a_letter(bench: Bench) {
    let tenant: TenantId = id("t");
    let filled: Done = tx!(bench.store, [tenant], |tx| {
        for (n, name) in ["100%", "1000", "a_b", "aXb", "back\\slash", "O'Brien"].into_iter().enumerate() {
            let mut device = sample::managed(&tenant, &format!("C{n}"));
            device.info.device_name = Some(name.into());
            managed_device::insert(tx, &device).await?;
        }
        Ok(())
    });
    filled.unwrap();
    for (filter, found) in [
        ("contains(deviceName,'0%')", vec!["100%"]),
        ("contains(deviceName,'a_b')", vec!["a_b"]),
        ("contains(deviceName,'\\')", vec!["back\\slash"]),
        ("deviceName eq 'o''brien'", vec!["O'Brien"]),
        ("deviceName eq 'x'' or ''1'' eq ''1'", vec![]),
    ] {
        let asked = query(filter, "id", 10);
        let page: Result<_, StoreError> =
            tx!(bench.store, [tenant, asked], |tx| managed_device::page(tx, &tenant, &asked).await);
        let names: Vec<_> = page.unwrap().items.into_iter().filter_map(|row| row.info.device_name).collect();
        assert_eq!(names, found, "{filter}");
    }
}

/// Every column of one listing, each under a kind that its values have.
struct Offered(&'static [Column]);

impl Entity for Offered {
    fn type_name(&self) -> &str {
        "offered"
    }

    fn property(&self, name: &str) -> Option<PropertyInfo> {
        let column = self.0.iter().find(|column| column.property == name)?;
        let kind = match name {
            name if name.ends_with("DateTime") || name.ends_with("Date") => Kind::DateTime,
            "lastSyncErrorCode"
            | "syncedDeviceCount"
            | "totalStorageSpaceInBytes"
            | "freeStorageSpaceInBytes" => Kind::Int,
            "dataSharingConsentGranted"
            | "shareTokenWithSchoolDataSyncService"
            | "requiresUserAuthentication"
            | "supervisedModeEnabled"
            | "enableSharedIPad"
            | "isDeleted"
            | "isSupervised"
            | "isEncrypted" => Kind::Bool,
            _ => Kind::String,
        };
        Some(PropertyInfo::new(column.property, kind))
    }
}

fn filters_of(name: &str, kind: Kind) -> Vec<String> {
    match kind {
        Kind::Bool => {
            vec![format!("{name}"), format!("not {name}"), format!("{name} eq false or {name} ne null")]
        }
        Kind::Int => vec![format!("{name} ge 0 and {name} lt 9000000000"), format!("{name} in (1,2)")],
        Kind::DateTime => vec![format!("{name} gt 2020-01-01T00:00:00Z or {name} eq null")],
        _ => vec![
            format!("{name} eq 'x' or {name} ne 'Y' or {name} in ('a','b')"),
            format!("contains({name},'x') and not endswith({name},'y') and length({name}) gt 1"),
        ],
    }
}

async fn every_offered_column_can_be_filtered_and_sorted_by(bench: Bench) {
    let tenant: TenantId = id("t");
    let filled: Done = tx!(bench.store, [tenant], |tx| {
        tenant::insert(tx, &sample::tenant("t")).await?;
        let token = sample::token(&tenant, "token-1");
        token::insert(tx, &token).await?;
        sync::insert_state(tx, &sample::sync_state(&tenant, &token.id)).await?;
        profile::insert(tx, &sample::profile(&tenant, &token.id, "profile-1")).await?;
        device::upsert_many(
            tx,
            &[sample::device(&tenant, &token.id, "C01"), sample::device(&tenant, &token.id, "C02")],
        )
        .await?;
        managed_device::insert(tx, &sample::managed(&tenant, "C01")).await
    });
    filled.unwrap();
    for (which, columns) in
        [token::COLUMNS, profile::COLUMNS, device::COLUMNS, managed_device::COLUMNS].into_iter().enumerate()
    {
        let offered = Offered(columns);
        for column in columns {
            let kind = offered.property(column.property).unwrap().kind;
            for filter in filters_of(column.property, kind).iter().map(String::as_str).chain([""]) {
                for order in [column.property.to_owned(), format!("-{}", column.property)] {
                    let asked = query_of(&offered, filter, &order, 1);
                    let outcome: Done = tx!(bench.store, [tenant, asked], |tx| {
                        let mut asked = asked;
                        for _ in 0..2 {
                            asked.after = match which {
                                0 => token::page(tx, &tenant, &asked).await?.next,
                                1 => profile::page(tx, &tenant, &id("token-1"), &asked).await?.next,
                                2 => device::page(tx, &tenant, None, &asked).await?.next,
                                _ => managed_device::page(tx, &tenant, &asked).await?.next,
                            };
                        }
                        Ok(())
                    });
                    assert_eq!(outcome, Ok(()), "{} where {filter}", column.property);
                }
            }
        }
    }
}

/// Scripts look for stale devices by date: one that was never heard from is among them.
async fn what_is_unknown_is_asked_for_as_it_is_shown(bench: Bench) {
    let tenant: TenantId = id("t");
    let filled: Done = tx!(bench.store, [tenant], |tx| {
        let mut silent = sample::managed(&tenant, "SILENT");
        silent.info = domain::managed_device::DeviceInfo::default();
        (silent.enrolled_at, silent.certificate) = (None, None);
        managed_device::insert(tx, &silent).await?;
        let mut known = sample::managed(&tenant, "KNOWN");
        known.info.is_encrypted = Some(true);
        managed_device::insert(tx, &known).await?;
        managed_device::touch_last_seen(tx, &[(tenant.clone(), known.id, at(1))]).await
    });
    filled.unwrap();
    for (filter, found) in [
        ("lastSyncDateTime lt 2020-01-01T00:00:00Z", vec!["SILENT"]),
        ("lastSyncDateTime eq 0001-01-01T00:00:00Z", vec!["SILENT"]),
        ("lastSyncDateTime eq null", vec![]),
        ("lastSyncDateTime gt 2020-01-01T00:00:00Z", vec!["KNOWN"]),
        ("isEncrypted eq false", vec!["SILENT"]),
        ("not isSupervised", vec!["SILENT"]),
        ("totalStorageSpaceInBytes eq 0", vec!["SILENT"]),
        ("operatingSystem eq 'ios'", vec!["SILENT"]),
        ("operatingSystem eq 'IPADOS'", vec!["KNOWN"]),
    ] {
        let asked = query_of(&Offered(managed_device::COLUMNS), filter, "id", 10);
        let page: Result<_, StoreError> =
            tx!(bench.store, [tenant, asked], |tx| managed_device::page(tx, &tenant, &asked).await);
        let page = page.unwrap();
        assert_eq!(page.items.iter().map(|row| row.serial.as_str()).collect::<Vec<_>>(), found, "{filter}");
    }
}

async fn a_property_without_a_column_is_refused(bench: Bench) {
    let tenant: TenantId = id("t");
    for (filter, order) in [("passwordHash eq 'x'", ""), ("", "passwordHash"), ("deviceName eq 'x'", "")] {
        let asked = query(filter, order, 10);
        let page: Result<_, StoreError> =
            tx!(bench.store, [tenant, asked], |tx| token::page(tx, &tenant, &asked).await);
        assert!(matches!(page, Err(StoreError::Query { .. })), "{filter} {order}");
    }
}

async fn a_place_in_another_list_is_refused(bench: Bench) {
    use store::{Keyset, SortValue};
    let tenant: TenantId = id("t");
    let text = || SortValue::Text("x".into());
    for values in [
        vec![],
        vec![text()],
        vec![text(), text()],
        vec![SortValue::Int(1), SortValue::Int(2)],
        vec![SortValue::Int(1), text(), text()],
    ] {
        let mut asked = query("", "createdDateTime", 5);
        asked.after = Some(Keyset { values });
        let page: Result<_, StoreError> =
            tx!(bench.store, [tenant, asked], |tx| device::page(tx, &tenant, None, &asked).await);
        assert!(matches!(page, Err(StoreError::Query { .. })), "{:?}", asked.after);
    }
}

/// Shows: R56
async fn deleted_serials_are_not_listed(bench: Bench) {
    let tenant: TenantId = id("t");
    let mut deleted = sample::device(&tenant, &id("token-1"), "DELETED");
    deleted.deleted_at = Some(at(1));
    let mut gone = sample::device(&tenant, &id("token-1"), "GONE");
    gone.presence = Presence::Gone { at: at(1) };
    let rows = [deleted, gone, sample::device(&tenant, &id("token-2"), "LIVE")];
    let added: Done = tx!(bench.store, [rows], |tx| device::upsert_many(tx, &rows).await);
    added.unwrap();
    for (token, found) in [
        (None, vec!["GONE", "LIVE"]),
        (Some("token-1"), vec!["GONE"]),
        (Some("token-2"), vec!["LIVE"]),
        (Some("token-3"), vec![]),
    ] {
        let (asked, token) = (query("", "serialNumber", 10), token.map(id));
        let page: Result<_, StoreError> =
            tx!(bench.store, [tenant, asked, token], |tx| device::page(tx, &tenant, token.as_ref(), &asked)
                .await);
        let page = page.unwrap();
        assert_eq!(page.items.iter().map(|row| row.serial.as_str()).collect::<Vec<_>>(), found);
        assert_eq!(page.total, Some(found.len() as u64));
    }
}

async fn the_total_counts_what_passes_the_filter(bench: Bench) {
    let tenant: TenantId = id("t");
    let rows: Vec<_> =
        sample::serials(30).iter().map(|s| sample::device(&tenant, &id("token-1"), s.as_str())).collect();
    let added: Done = tx!(bench.store, [rows], |tx| device::upsert_many(tx, &rows).await);
    added.unwrap();
    let mut asked = query("startswith(serialNumber,'ser0001')", "serialNumber", 3);
    asked.skip = 4;
    let page: Result<_, StoreError> =
        tx!(bench.store, [tenant, asked], |tx| device::page(tx, &tenant, None, &asked).await);
    let page = page.unwrap();
    assert_eq!(page.total, Some(10), "of the filter, not of the page");
    assert_eq!(
        page.items.iter().map(|row| row.serial.as_str()).collect::<Vec<_>>(),
        ["SER00014", "SER00015", "SER00016"]
    );
    assert!(page.next.is_some());
    (asked.skip, asked.limit, asked.count) = (0, 10, false);
    let page: Result<_, StoreError> =
        tx!(bench.store, [tenant, asked], |tx| device::page(tx, &tenant, None, &asked).await);
    let page = page.unwrap();
    assert_eq!(
        (page.items.len(), page.next.is_none(), page.total),
        (10, true, None),
        "a full last page has no next"
    );
}

async fn a_page_has_bounds(bench: Bench) {
    let tenant: TenantId = id("t");
    let rows: Vec<_> =
        sample::serials(3).iter().map(|s| sample::device(&tenant, &id("token-1"), s.as_str())).collect();
    let added: Done = tx!(bench.store, [rows], |tx| device::upsert_many(tx, &rows).await);
    added.unwrap();
    for (limit, items) in [(0, 1), (2, 2), (u32::MAX, 3)] {
        let asked = query("", "", limit);
        let page: Result<_, StoreError> =
            tx!(bench.store, [tenant, asked], |tx| device::page(tx, &tenant, None, &asked).await);
        assert_eq!(page.unwrap().items.len(), items);
    }
}
