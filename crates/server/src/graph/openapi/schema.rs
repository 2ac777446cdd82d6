//! Types as JSON schemas.

use query::Kind;
use serde_json::{Map, Value, json};

use super::Version;
use crate::graph::entity::{Absent, EntityType, Property};

/// The schemas that the document refers to.
#[derive(Default)]
pub(super) struct Schemas(Map<String, Value>);

/// In which direction values go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Answered.
    Out(Version),
    /// Taken.
    In,
}

impl Schemas {
    pub(super) fn done(mut self) -> Map<String, Value> {
        self.0.insert("error".into(), error());
        self.0
    }

    /// What is answered of this type.
    pub(super) fn answered(&mut self, entity: &EntityType, version: Version) -> Value {
        let name = match version {
            Version::V1 if differs(entity) => format!("v1.0.{}", entity.name),
            _ => entity.name.to_owned(),
        };
        self.named(&name, entity, Way::Out(version))
    }

    /// What is taken of this type.
    pub(super) fn taken(&mut self, entity: &EntityType) -> Value {
        self.named(&format!("{}.body", entity.name), entity, Way::In)
    }

    fn named(&mut self, name: &str, entity: &EntityType, way: Way) -> Value {
        if !self.0.contains_key(name) {
            // Before it is made, for a type that has itself inside.
            self.0.insert(name.to_owned(), Value::Null);
            let schema = self.object(entity, way);
            self.0.insert(name.to_owned(), schema);
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn object(&mut self, entity: &EntityType, way: Way) -> Value {
        let mut properties = Map::new();
        let types: Vec<String> = entity.concrete().iter().map(|name| format!("#{name}")).collect();
        match way {
            Way::In => {
                if !types.is_empty() {
                    properties.insert("@odata.type".into(), json!({ "type": "string", "enum": types }));
                }
            }
            Way::Out(_) => {
                properties.insert("@odata.context".into(), json!({ "type": "string", "format": "uri" }));
                properties.insert("@odata.type".into(), json!({ "type": "string" }));
                if entity.keyed {
                    properties.insert("id".into(), json!({ "type": "string" }));
                }
            }
        }
        for property in entity.properties().filter(|property| is_there(property, way)) {
            properties.insert(property.name().into(), self.property(property, way));
            if way != Way::In && is_related(property) {
                let link = format!("{}@odata.nextLink", property.name());
                properties.insert(link, json!({ "type": "string", "format": "uri" }));
            }
        }
        match way {
            Way::Out(_) => {
                json!({ "type": "object", "properties": properties, "additionalProperties": false })
            }
            Way::In => json!({ "type": "object", "properties": properties }),
        }
    }

    fn property(&mut self, property: &Property, way: Way) -> Value {
        let nullable = way == Way::In || property.absent == Absent::Null;
        self.value(property, property.info.kind, way, nullable)
    }

    /// A parameter of an action. One that is needed cannot be null.
    pub(super) fn parameter(&mut self, property: &Property, needed: bool) -> Value {
        self.value(property, property.info.kind, Way::In, !needed)
    }

    fn value(&mut self, property: &Property, kind: Kind, way: Way, nullable: bool) -> Value {
        let word = |word: &str| if nullable { json!([word, "null"]) } else { json!(word) };
        match kind {
            Kind::String | Kind::Flags(_) => json!({ "type": word("string") }),
            Kind::Guid => json!({ "type": word("string"), "format": "uuid" }),
            Kind::Bool => json!({ "type": word("boolean") }),
            Kind::Int if property.is_int32() => json!({
                "type": word("integer"), "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX,
            }),
            Kind::Int => json!({
                "type": word("integer"), "format": "int64", "minimum": i64::MIN, "maximum": i64::MAX,
            }),
            Kind::Real => json!({ "type": word("number") }),
            Kind::DateTime => json!({ "type": word("string"), "format": "date-time" }),
            Kind::Enum(members) => {
                let mut members: Vec<Value> = members.iter().map(|member| json!(member)).collect();
                members.extend(nullable.then_some(Value::Null));
                json!({ "type": word("string"), "enum": members })
            }
            Kind::Complex(_) => {
                let part = property.part.map(|part| self.part(part, way));
                match part {
                    Some(part) if nullable => json!({ "anyOf": [part, { "type": "null" }] }),
                    Some(part) => part,
                    None => json!({ "type": "null" }),
                }
            }
            Kind::Collection(_) if property.has_no_parts() => json!({ "type": "array", "maxItems": 0 }),
            Kind::Collection(element) => {
                json!({ "type": word("array"), "items": self.value(property, *element, way, false) })
            }
        }
    }

    fn part(&mut self, part: &EntityType, way: Way) -> Value {
        match way {
            Way::Out(version) => self.answered(part, version),
            Way::In => self.taken(part),
        }
    }
}

fn is_there(property: &Property, way: Way) -> bool {
    match way {
        Way::Out(Version::V1) => !property.beta,
        Way::Out(Version::Beta) => true,
        Way::In => !property.read_only,
    }
}

/// Several entities of their own, which an answer may have the first page of.
fn is_related(property: &Property) -> bool {
    property.part.is_some_and(|part| part.keyed) && matches!(property.info.kind, Kind::Collection(_))
}

/// Whether v1.0 answers less of a type than beta.
fn differs(entity: &EntityType) -> bool {
    entity.properties().any(|property| property.beta || property.part.is_some_and(differs))
}

/// Graph's envelope of an error.
fn error() -> Value {
    let text = || json!({ "type": "string" });
    json!({
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "code": text(),
                    "message": text(),
                    "target": text(),
                    "innerError": {
                        "type": "object",
                        "properties": { "date": text(), "request-id": text(), "client-request-id": text() },
                        "required": ["date", "request-id", "client-request-id"],
                        "additionalProperties": false,
                    },
                },
                "required": ["code", "message", "innerError"],
                "additionalProperties": false,
            },
        },
        "required": ["error"],
        "additionalProperties": false,
    })
}
