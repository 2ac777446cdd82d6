//! The page of routes is the router's.

use std::path::Path;

use crate::graph::route::page::page;

/// Made anew with `MUSTER_BLESS=1`.
#[test]
fn the_page_of_routes_is_the_routers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/graph.md");
    let wanted = page(&std::fs::read_to_string(&path).unwrap());
    if std::env::var_os("MUSTER_BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), wanted, "make docs writes the tables anew");
}
