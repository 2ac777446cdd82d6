//! JSON schemas, as far as the server's document uses them. A word that is not known here fails the test, so that
//! nothing is passed over.

use serde_json::Value;

/// What of `value` is not as `schema` has it.
pub(crate) fn differences(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(document, schema, value, "", &mut found);
    found
}

fn look(document: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    for (word, says) in schema.as_object().unwrap() {
        match word.as_str() {
            "description" | "example" | "examples" => {}
            "$ref" => {
                let target = document.pointer(says.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
                look(document, target, value, place, found);
            }
            "anyOf" => {
                let fits = |one: &Value| differences(document, one, value).is_empty();
                if !says.as_array().unwrap().iter().any(fits) {
                    found.push(format!("{place}: none of the choices fits {value}"));
                }
            }
            "type" => {
                let is = |name: &Value| is_a(name.as_str().unwrap(), value);
                if !says.as_array().map_or_else(|| is(says), |names| names.iter().any(is)) {
                    found.push(format!("{place}: {value} is not {says}"));
                }
            }
            "enum" => {
                if !says.as_array().unwrap().contains(value) {
                    found.push(format!("{place}: {value} is none of {says}"));
                }
            }
            "format" => {
                if let Some(text) = value.as_str().filter(|text| !has_format(says.as_str().unwrap(), text)) {
                    found.push(format!("{place}: '{text}' is no {says}"));
                }
            }
            "pattern" => {
                assert_eq!(says, "^[0-9]+$");
                let text = value.as_str().unwrap_or_default();
                if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                    found.push(format!("{place}: {value} is no number"));
                }
            }
            "minimum" | "maximum" => {
                let (limit, number) = (says.as_i64().unwrap(), value.as_i64());
                let outside = |number| if word == "minimum" { number < limit } else { number > limit };
                if number.is_some_and(outside) {
                    found.push(format!("{place}: {value} is beyond {limit}"));
                }
            }
            "maxItems" => {
                if value.as_array().is_some_and(|items| items.len() as u64 > says.as_u64().unwrap()) {
                    found.push(format!("{place}: more than {says} items"));
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    look(document, says, item, &format!("{place}[{index}]"), found);
                }
            }
            "required" => {
                for name in says.as_array().unwrap().iter().map(|name| name.as_str().unwrap()) {
                    if value.is_object() && value.get(name).is_none() {
                        found.push(format!("{place}: no {name}"));
                    }
                }
            }
            "properties" => members(document, schema, value, place, found),
            "additionalProperties" => assert!(schema.get("properties").is_some() || says.is_object()),
            other => panic!("{place}: the word {other} is not known"),
        }
    }
}

fn members(document: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    for (name, member) in value.as_object().into_iter().flatten() {
        let place = format!("{place}/{name}");
        match schema["properties"].get(name) {
            Some(schema) => look(document, schema, member, &place, found),
            None if schema["additionalProperties"] == false => found.push(format!("{place}: not described")),
            None => {}
        }
    }
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type {other}"),
    }
}

fn has_format(name: &str, text: &str) -> bool {
    match name {
        "uri" => text.starts_with("https://") && !text.contains(' '),
        "uuid" => text.len() == 36 && text.split('-').count() == 5,
        "date-time" => {
            text.len() >= 20
                && text.ends_with('Z')
                && text.as_bytes()[10] == b'T'
                && text.as_bytes()[4] == b'-'
        }
        other => panic!("no format {other}"),
    }
}
