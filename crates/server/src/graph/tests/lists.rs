//! Pages, and every property that a filter may name.

use query::Kind;

use super::world::{D, encoded, world};
use crate::graph::entity::{DEVICE, EntityType, MANAGED_DEVICE, PROFILE, READINESS, TOKEN};

#[tokio::test]
async fn following_the_links_gives_each_row_once_though_rows_come_and_go() {
    let world = world().await;
    let id = world.new_token("Office", true).await;
    let serials: Vec<String> = (0..25).map(|n| format!("S{n:07}")).collect();
    let serials: Vec<&str> = serials.iter().map(String::as_str).collect();
    world.devices(&id, &serials, |_, _| {}).await;
    for order in ["", "&$orderby=serialNumber%20desc", "&orderBy=enrollmentState"] {
        let mut next = Some(format!(
            "{D}/{id}/importedAppleDeviceIdentities?$top=10&$count=true&%24filter=isDeleted%20eq%20false{order}"
        ));
        let mut seen = Vec::new();
        while let Some(path) = next {
            let page = world.get(&path).await.expect(200);
            seen.extend(page.column("serialNumber"));
            next = page.body["@odata.nextLink"].as_str().map(str::to_owned);
            if let Some(link) = &next {
                assert!(link.starts_with(&world.base), "{link}");
                assert!(!link.contains("S00"), "a link tells no serial in the clear: {link}");
            }
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!((seen.len(), sorted.len()), (25, 25), "{order}");
    }
}

#[tokio::test]
async fn a_link_is_good_for_its_own_list_only() {
    let world = world().await;
    let id = world.new_token("Office", true).await;
    world.devices(&id, &["A1", "A2", "A3"], |_, _| {}).await;
    let path = format!("{D}/{id}/importedAppleDeviceIdentities");
    let page = world.get(&format!("{path}?$top=1")).await.expect(200);
    let link = page.body["@odata.nextLink"].as_str().unwrap().to_owned();
    world.get(&link).await.expect(200);
    let elsewhere = link.replace(&path, "/beta/deviceManagement/importedAppleDeviceIdentities");
    world.get(&elsewhere).await.expect(400);
    world.get(&format!("{link}&$filter=isDeleted%20eq%20true")).await.expect(400);
}

#[tokio::test]
async fn small_lists_page_by_links_too() {
    let world = world().await;
    let id = world.new_token("Office", true).await;
    for n in 0..5 {
        world.new_profile(&id, &format!("P{n}")).await;
    }
    let mut next = Some(
        format!("{D}/{id}/enrollmentProfiles?$top=2&$orderby=displayName desc&$select=displayName,id")
            .replace(' ', "%20"),
    );
    let mut seen = Vec::new();
    while let Some(path) = next {
        let page = world.get(&path).await.expect(200);
        seen.extend(page.column("displayName"));
        next = page.body["@odata.nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, ["P4", "P3", "P2", "P1", "P0"]);
    let none = world.get(&format!("{D}/{id}/enrollmentProfiles?$top=0&$count=true")).await.expect(200);
    assert_eq!((none.rows().len(), &none.body["@odata.count"]), (0, &5.into()));
    let skipped = world.get(&format!("{D}/{id}/enrollmentProfiles?$skip=4")).await.expect(200);
    assert_eq!(skipped.rows().len(), 1);
}

/// A literal of the kind.
fn literal(kind: Kind) -> String {
    match kind {
        Kind::Bool => "true".into(),
        Kind::Int => "5".into(),
        Kind::Real => "0.5".into(),
        Kind::DateTime => "2026-01-31T00:00:00Z".into(),
        Kind::Guid => "00000000-0000-4000-8000-000000000000".into(),
        Kind::Enum(members) | Kind::Flags(members) => format!("'{}'", members[0]),
        _ => "'x'".into(),
    }
}

/// The class of GHSA-x4qr-qw6h-wvxq does not happen (lessons 3, class I).
#[tokio::test]
async fn every_property_that_is_offered_can_be_filtered_and_sorted_by() {
    let world = world().await;
    let id = world.new_token("Office", true).await;
    let lists: [(&EntityType, String); 5] = [
        (&TOKEN, D.to_owned()),
        (&PROFILE, format!("{D}/{id}/enrollmentProfiles")),
        (&DEVICE, format!("{D}/{id}/importedAppleDeviceIdentities")),
        (&MANAGED_DEVICE, "/beta/deviceManagement/managedDevices".to_owned()),
        (&READINESS, "/beta/muster/devices".to_owned()),
    ];
    for (entity, path) in lists {
        for property in entity.properties() {
            let (name, kind) = (property.name(), property.info.kind);
            let plain = !matches!(kind, Kind::Collection(_) | Kind::Complex(_));
            if property.info.filterable && plain {
                let filter = encoded(&format!("{name} eq {} or {name} eq null", literal(kind)));
                let reply = world.get(&format!("{path}?$filter={filter}")).await;
                assert_eq!(reply.status.as_u16(), 200, "{name}: {}", reply.text);
            }
            if property.info.sortable && plain {
                let reply = world.get(&format!("{path}?$orderby={name}%20desc")).await;
                assert_eq!(reply.status.as_u16(), 200, "{name}: {}", reply.text);
            }
            let reply = world.get(&format!("{path}?$select={name}")).await;
            assert_eq!(reply.status.as_u16(), 200, "{name}: {}", reply.text);
        }
    }
}
