//! Routes as operations.

use serde_json::{Map, Value, json};

use super::Version;
use super::schema::Schemas;
use crate::graph::batch;
use crate::graph::entity::EntityType;
use crate::graph::list::{PAGE, SKIP_MAX};
use crate::graph::route::{Answers, Parameter, Route, Takes};

/// An operation.
pub(super) fn of(route: &Route, version: Version, schemas: &mut Schemas) -> Value {
    let mut operation = Map::new();
    operation.insert("operationId".into(), id(route, version).into());
    operation.insert("summary".into(), route.summary.into());
    operation.insert("security".into(), security(route));
    operation.insert("parameters".into(), parameters(route, schemas).into());
    if let Some(body) = body(route, schemas) {
        operation.insert("requestBody".into(), body);
    }
    operation.insert("responses".into(), responses(route, version, schemas));
    Value::Object(operation)
}

/// `beta.get.deviceManagement.depOnboardingSettings.token`
fn id(route: &Route, version: Version) -> String {
    let place = route.template.replace('/', ".").replace(['{', '}', '$'], "");
    format!("{}.{}.{place}", version.as_str(), route.method.as_str().to_ascii_lowercase())
}

/// Roles of a scheme that has no scopes are the permissions that the caller needs.
fn security(route: &Route) -> Value {
    let roles: Vec<&str> = route.role.iter().map(|role| role.as_str()).collect();
    json!([{ "bearer": roles }])
}

/// What is wrong, in Graph's envelope.
pub(super) fn error() -> Value {
    json!({
        "description": "What is wrong and, where something can be done, what.",
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/error" } } },
    })
}

fn parameters(route: &Route, schemas: &mut Schemas) -> Vec<Value> {
    let mut all = Vec::new();
    let ids = route.template.split('/').filter_map(|piece| piece.strip_prefix('{')?.strip_suffix('}'));
    for id in ids {
        all.push(json!({ "name": id, "in": "path", "required": true, "schema": { "type": "string" } }));
    }
    for argument in route.shape.arguments.unwrap_or_default() {
        all.push(json!({
            "name": argument.name(),
            "in": "path",
            "required": true,
            "description": argument.words,
            "schema": schemas.parameter(&argument.property, true),
        }));
    }
    match route.shape.answers {
        Answers::List(entity) => {
            all.extend(counted(entity));
            all.push(names("$select", &selectable(entity)));
            all.push(names("$orderby", &sortable(entity)));
            all.push(number("$top", i64::from(i32::MAX), &format!("Rows of a page, {PAGE} at most.")));
            all.push(number("$skip", SKIP_MAX as i64, "Rows to pass over."));
            let words = "Whether `@odata.count` says how many there are in all.";
            all.push(query("$count", &json!({ "type": "boolean" }), words));
            all.push(prefer("odata.maxpagesize=500", "Rows of a page."));
        }
        Answers::Number(entity) => all.extend(counted(entity)),
        Answers::Entity(entity) => all.push(names("$select", &selectable(entity))),
        Answers::Changed(_) => {
            all.push(prefer("return=representation", "Answer what has changed and not 204."));
        }
        Answers::Created(_)
        | Answers::Value(_)
        | Answers::Values(_)
        | Answers::Begun
        | Answers::Batch
        | Answers::Refused
        | Answers::Nothing => {}
    }
    if !route.shape.expands.is_empty() {
        let names_of = route.shape.expands.iter().map(|name| (*name).to_owned());
        all.push(names("$expand", &names_of.collect::<Vec<_>>()));
    }
    if route.shape.confirmable {
        let words = "Go on where 409 ConfirmationRequired says how far that goes.";
        all.push(query("confirm", &json!({ "type": "boolean" }), words));
    }
    all
}

fn query(name: &str, schema: &Value, words: &str) -> Value {
    json!({ "name": name, "in": "query", "description": words, "schema": schema })
}

fn prefer(value: &str, words: &str) -> Value {
    json!({ "name": "Prefer", "in": "header", "description": words, "schema": { "type": "string" }, "example": value })
}

fn number(name: &str, maximum: i64, words: &str) -> Value {
    query(name, &json!({ "type": "integer", "minimum": 0, "maximum": maximum }), words)
}

/// Names separated by commas.
fn names(name: &str, members: &[String]) -> Value {
    json!({
        "name": name,
        "in": "query",
        "style": "form",
        "explode": false,
        "schema": {
            "type": "array",
            "items": { "type": "string", "enum": members },
            "minItems": 1,
            "uniqueItems": true,
        },
    })
}

/// What makes a list or a count smaller.
fn counted(entity: &EntityType) -> Vec<Value> {
    let words = "Which rows, as an OData expression.";
    let first = entity.properties().find(|property| property.info.filterable && property.is_text());
    let example = first.map_or("id eq 'x'".to_owned(), |property| format!("{} eq 'x'", property.name()));
    let filter = json!({ "type": "string", "format": "odata-filter", "examples": [example] });
    let mut options = vec![query("$filter", &filter, words)];
    if !entity.search.is_empty() {
        let words = format!("Rows that have this text in {}.", entity.search.join(", "));
        options.push(query("$search", &json!({ "type": "string", "minLength": 1 }), &words));
    }
    options
}

fn selectable(entity: &EntityType) -> Vec<String> {
    let id = entity.keyed.then(|| "id".to_owned());
    let named = entity.properties().filter(|property| property.info.selectable);
    id.into_iter().chain(named.map(|property| property.name().to_owned())).collect()
}

fn sortable(entity: &EntityType) -> Vec<String> {
    let id = entity.keyed.then_some("id");
    let named = entity.properties().filter(|property| property.info.sortable).map(|property| property.name());
    id.into_iter().chain(named).flat_map(|name| [name.to_owned(), format!("{name} desc")]).collect()
}

fn body(route: &Route, schemas: &mut Schemas) -> Option<Value> {
    let mut needed = false;
    let schema = match route.shape.takes {
        Takes::Nothing => return None,
        Takes::Batch => {
            needed = true;
            batch::taken()
        }
        Takes::Entity(entity) => {
            needed = true;
            let entity_of = schemas.taken(entity);
            // `@odata.type` says which of them is made.
            if matches!(route.shape.answers, Answers::Created(_)) && !entity.concrete().is_empty() {
                json!({ "allOf": [entity_of, { "required": ["@odata.type"] }] })
            } else {
                entity_of
            }
        }
        Takes::Parameters(table) => {
            needed |= table.iter().any(|parameter| parameter.needed);
            action(table, route.shape.confirmable, schemas)
        }
    };
    let mut content = json!({ "schema": schema });
    let example = route.shape.example.and_then(|example| serde_json::from_str::<Value>(example).ok());
    if let (Some(example), Some(members)) = (example, content.as_object_mut()) {
        members.insert("example".into(), example);
    }
    Some(json!({ "required": needed, "content": { "application/json": content } }))
}

/// The parameters of an action.
fn action(table: &[Parameter], confirmable: bool, schemas: &mut Schemas) -> Value {
    let mut properties = Map::new();
    for parameter in table {
        let mut schema = schemas.parameter(&parameter.property, parameter.needed);
        if let Some(members) = schema.as_object_mut() {
            members.insert("description".into(), parameter.words.into());
            if parameter.needed && parameter.is_text() {
                members.insert("minLength".into(), 1.into());
            }
        }
        properties.insert(parameter.name().to_owned(), schema);
    }
    if confirmable {
        properties.insert("confirm".into(), json!({ "type": ["boolean", "null"] }));
    }
    let needed: Vec<_> = table.iter().filter(|one| one.needed).map(Parameter::name).collect();
    let mut object = json!({ "type": "object", "properties": properties });
    if let (false, Some(members)) = (needed.is_empty(), object.as_object_mut()) {
        members.insert("required".into(), json!(needed));
    }
    object
}

fn responses(route: &Route, version: Version, schemas: &mut Schemas) -> Value {
    let json_of = |words: &str, schema: Value| json!({ "description": words, "content": { "application/json": { "schema": schema } } });
    let nothing = || json!({ "description": "Done." });
    let refused = || json!({ "$ref": "#/components/responses/error" });
    let mut all = Map::new();
    match route.shape.answers {
        Answers::Entity(entity) => {
            all.insert("200".into(), json_of("The entity.", schemas.answered(entity, version)));
        }
        Answers::Created(entity) => {
            all.insert("201".into(), json_of("The entity that was made.", schemas.answered(entity, version)));
        }
        Answers::Changed(entity) => {
            all.insert("204".into(), nothing());
            let words = "The entity, where it was preferred.";
            all.insert("200".into(), json_of(words, schemas.answered(entity, version)));
        }
        Answers::List(entity) => {
            let row = schemas.answered(entity, version);
            all.insert("200".into(), json_of("A page.", page(&row)));
        }
        Answers::Number(_) => {
            let schema = json!({ "type": "string", "pattern": "^[0-9]+$" });
            let number =
                json!({ "description": "How many.", "content": { "text/plain": { "schema": schema } } });
            all.insert("200".into(), number);
        }
        Answers::Value(simple) => {
            all.insert("200".into(), json_of("The value.", value(&simple.schema())));
        }
        Answers::Values(entity) => {
            let items = schemas.answered(entity, version);
            all.insert(
                "200".into(),
                json_of("The values.", value(&json!({ "type": "array", "items": items }))),
            );
        }
        Answers::Begun => {
            let schema = json!({
                "type": "object",
                "properties": { "id": { "type": "string" } },
                "required": ["id"],
                "additionalProperties": false,
            });
            all.insert("202".into(), json_of("Begun.", schema));
        }
        Answers::Batch => {
            all.insert("200".into(), json_of("What each was answered.", batch::answered()));
        }
        Answers::Nothing => {
            all.insert("204".into(), nothing());
        }
        Answers::Refused => {
            all.insert("403".into(), refused());
        }
    }
    for class in ["4XX", "5XX"] {
        all.insert(class.into(), refused());
    }
    Value::Object(all)
}

/// A page of a collection.
fn page(row: &Value) -> Value {
    json!({
        "type": "object",
        "properties": {
            "@odata.context": { "type": "string", "format": "uri" },
            "@odata.count": { "type": "integer", "minimum": 0 },
            "@odata.nextLink": { "type": "string", "format": "uri" },
            "value": { "type": "array", "items": row },
        },
        "required": ["@odata.context", "value"],
        "additionalProperties": false,
    })
}

/// A plain value.
fn value(schema: &Value) -> Value {
    json!({
        "type": "object",
        "properties": { "@odata.context": { "type": "string", "format": "uri" }, "value": schema },
        "required": ["@odata.context", "value"],
        "additionalProperties": false,
    })
}
