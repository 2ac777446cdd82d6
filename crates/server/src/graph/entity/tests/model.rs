//! Every property of Graph's model is here, with its type.

use std::path::PathBuf;

use serde_json::Value;

use crate::graph::entity::{DEVICE, EntityType, MANAGED_DEVICE, PUSH_CERTIFICATE, TOKEN, profile_of};
use domain::Platform;

fn model() -> Option<Value> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("MUSTER_SHARED").map_or(here, PathBuf::from);
    let text = std::fs::read_to_string(shared.join("data/graph/model.json")).ok()?;
    serde_json::from_str(&text).ok()
}

/// The properties of an entity and of what it extends.
fn properties(model: &Value, name: &str) -> Vec<(String, Value)> {
    let Some(entity) =
        model["entities"].as_object().unwrap().iter().find(|(known, _)| query::same(known, name))
    else {
        return Vec::new();
    };
    let own = entity.1["properties"].as_object().unwrap().iter().map(|(name, it)| (name.clone(), it.clone()));
    let base = entity.1["base"].as_str().map(|base| properties(model, base)).unwrap_or_default();
    own.chain(base).filter(|(name, _)| name != "@odata.type" && name != "id").collect()
}

/// The entity table is a superset of Graph's model.
#[test]
fn every_property_of_graphs_model_is_in_the_table_with_its_type() {
    let Some(model) = model() else {
        println!("skipped: no shared data");
        return;
    };
    let served: [(&str, &EntityType); 8] = [
        ("DepOnboardingSetting", &TOKEN),
        ("depIOSEnrollmentProfile", profile_of(Platform::Ios)),
        ("depMacOSEnrollmentProfile", profile_of(Platform::MacOs)),
        ("depTvOSEnrollmentProfile", profile_of(Platform::TvOs)),
        ("depVisionOSEnrollmentProfile", profile_of(Platform::VisionOs)),
        ("ImportedAppleDeviceIdentity", &DEVICE),
        ("ApplePushNotificationCertificate", &PUSH_CERTIFICATE),
        ("ManagedDevice", &MANAGED_DEVICE),
    ];
    let mut wrong = Vec::new();
    for (name, entity) in served {
        let known = properties(&model, name);
        assert!(known.len() > 5, "the model has no {name}");
        for (property, facts) in known {
            let graph = facts["type"].as_str().unwrap();
            match entity.find(&property) {
                None => wrong.push(format!("{name}/{property}: {graph} is missing")),
                Some(ours) if ours.name() != property => {
                    wrong.push(format!("{name}/{property}: spelt {}", ours.name()))
                }
                Some(ours) if ours.graph != graph && !is_foreign_enum(graph, ours.graph) => {
                    wrong.push(format!("{name}/{property}: {graph}, here {}", ours.graph));
                }
                Some(ours) if facts["read_only"] == true && !ours.read_only => {
                    wrong.push(format!("{name}/{property}: read-only"));
                }
                Some(ours) if name == "ManagedDevice" && ours.beta != (facts["beta_only"] == true) => {
                    wrong.push(format!("{name}/{property}: beta"));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Enums of Windows and mail servers of which one member is ever shown here are held as text.
fn is_foreign_enum(graph: &str, ours: &str) -> bool {
    let foreign = [
        "enum ChassisType",
        "enum DeviceManagementExchangeAccessState",
        "enum DeviceManagementExchangeAccessStateReason",
        "enum ManagedDeviceArchitecture",
        "enum ManagedDeviceManagementFeatures",
    ];
    ours == "String" && foreign.contains(&graph)
}

/// The members of enums are Graph's, in Graph's order.
#[test]
fn enum_members_are_graphs() {
    let Some(model) = model() else {
        println!("skipped: no shared data");
        return;
    };
    let mut seen = 0;
    for entity in [&TOKEN, &DEVICE, &MANAGED_DEVICE, profile_of(Platform::Ios)] {
        for property in entity.properties() {
            let (Some(name), query::Kind::Enum(members)) =
                (property.graph.strip_prefix("enum "), property.info.kind)
            else {
                continue;
            };
            let known =
                model["enums"].as_object().unwrap().iter().find(|(known, _)| query::same(known, name));
            let known = known.unwrap_or_else(|| panic!("no enum {name}")).1["values"].as_array().unwrap();
            let known: Vec<_> = known.iter().map(|member| member.as_str().unwrap()).collect();
            assert_eq!(members, known.as_slice(), "{name}");
            seen += 1;
        }
    }
    assert!(seen > 10);
}
