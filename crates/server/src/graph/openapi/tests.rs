//! The document is whole: every route, every reference, and examples that are what the schemas say.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document;
use crate::graph::route;

/// Every `$ref` of a value.
fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                into.insert(reference.clone());
            }
            members.values().for_each(|member| references(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        _ => {}
    }
}

#[test]
fn every_route_is_in_the_document_once_a_version_and_every_reference_leads_somewhere() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let ids: Vec<&str> = paths
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let wanted: usize = route::all().map(|route| if route.beta_only() { 1 } else { 2 }).sum();
    assert_eq!(ids.len(), wanted);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), wanted, "an id is there twice");
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 40);
    for reference in found {
        let place = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(place).is_some_and(Value::is_object), "{reference}");
    }
}

#[test]
fn what_is_answered_is_closed_and_what_is_taken_is_open() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let closed = schema["additionalProperties"] == false;
        assert_eq!(closed, !name.ends_with(".body"), "{name}");
    }
    let v1 = &document["components"]["schemas"]["v1.0.microsoft.graph.managedDevice"]["properties"];
    assert!(v1.get("serialNumber").is_some() && v1.get("deviceType").is_none());
}

#[test]
fn every_example_is_json() {
    for route in route::all() {
        if let Some(example) = route.shape.example {
            let read: Result<Value, _> = serde_json::from_str(example);
            assert!(read.is_ok_and(|example| example.is_object()), "{}", route.template);
        }
    }
}
