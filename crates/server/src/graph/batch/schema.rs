//! What a batch takes and answers, as JSON schemas: ids, headers and bodies of any kind have no place in the entity
//! table.

use serde_json::{Value, json};

use super::ITEMS_MAX;

/// A batch.
pub(crate) fn taken() -> Value {
    let id = || json!({ "type": ["string", "integer"], "minLength": 1, "maxLength": 256 });
    json!({
        "type": "object",
        "properties": {
            "requests": {
                "type": "array",
                "minItems": 1,
                "maxItems": ITEMS_MAX,
                "items": {
                    "type": "object",
                    "properties": {
                        "id": id(),
                        "method": { "type": "string", "enum": ["GET", "POST", "PUT", "PATCH", "DELETE"] },
                        "url": { "type": "string", "description": "Relative to the version, with or without a slash before it." },
                        "headers": { "type": "object", "additionalProperties": { "type": "string" } },
                        "body": { "description": "JSON, or another body in base64.", "type": ["object", "string", "null"] },
                        "dependsOn": { "type": "array", "items": id(), "maxItems": ITEMS_MAX },
                    },
                    "required": ["id", "method", "url"],
                },
            },
        },
        "required": ["requests"],
    })
}

/// What each was answered, in the order of the requests.
pub(crate) fn answered() -> Value {
    json!({
        "type": "object",
        "properties": {
            "responses": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "id": { "type": "string" },
                        "status": { "type": "integer", "minimum": 200, "maximum": 599 },
                        "headers": { "type": "object", "additionalProperties": { "type": "string" } },
                        "body": { "description": "JSON, or another body in base64.", "type": ["object", "string"] },
                    },
                    "required": ["id", "status", "headers"],
                    "additionalProperties": false,
                },
            },
        },
        "required": ["responses"],
        "additionalProperties": false,
    })
}
