//! The JSON Schema of dataset files, so that editors complete and check them; pure.
//!
//! It says what each key may look like by itself. What depends on the rest of the file (a column that must exist, a bound
//! that must fit its type) only the reader tells.
//!
//! It is draft 7, and of that what draft 4 has too, which is all that editors' TOML plugins promise.

use serde_json::{Map, Value, json};

use super::keys::{FILE, Key, Shape, Table};

/// Returns the JSON Schema of dataset files.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = table(&FILE);
    schema.insert(
        "$schema".to_owned(),
        json!("http://json-schema.org/draft-07/schema#"),
    );
    schema.insert("title".to_owned(), json!("Sluice dataset file"));
    Value::Object(schema)
}

fn table(table: &Table) -> Map<String, Value> {
    let properties = table.keys.iter();
    let properties: Map<String, Value> = properties
        .map(|key| (key.name.to_owned(), Value::Object(described(key))))
        .collect();
    let required = table.keys.iter().filter(|key| key.required);
    let required: Vec<&str> = required.map(|key| key.name).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("description".to_owned(), json!(table.about));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("additionalProperties".to_owned(), json!(false));
    // Draft 4 takes no empty list.
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema
}

fn described(key: &Key) -> Map<String, Value> {
    let mut schema = match shape(key.shape) {
        Value::Object(schema) => schema,
        _ => Map::new(),
    };
    schema.insert("description".to_owned(), json!(key.about));
    schema
}

fn shape(shape: Shape) -> Value {
    let texts = || json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
    let literal =
        || json!({ "anyOf": [{ "type": "string" }, { "type": "number" }, { "type": "boolean" }] });
    match shape {
        Shape::Text => json!({ "type": "string" }),
        Shape::Form(form) => json!({ "type": "string", "pattern": form }),
        Shape::OneOf(values) => json!({ "type": "string", "enum": values }),
        Shape::OneOfOr(values, form) => json!({
            "anyOf": [{ "type": "string", "enum": values }, { "type": "string", "pattern": form }],
        }),
        Shape::Texts => texts(),
        Shape::ListOf(values) => json!({
            "type": "array", "items": { "type": "string", "enum": values }, "minItems": 1,
        }),
        Shape::TextsOrNames => json!({
            "anyOf": [
                texts(),
                { "type": "object", "additionalProperties": { "type": "string" }, "minProperties": 1 },
            ],
        }),
        Shape::TextOrTexts => json!({ "anyOf": [{ "type": "string" }, texts()] }),
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::Positive => json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX }),
        Shape::Bound => json!({ "anyOf": [{ "type": "number" }, { "type": "string" }] }),
        Shape::Literal => literal(),
        Shape::Literals => json!({ "type": "array", "items": literal(), "minItems": 1 }),
        Shape::Names(form) => json!({
            "type": "object",
            "additionalProperties": { "type": "string", "pattern": form },
            "minProperties": 1,
        }),
        Shape::Table(keys) => Value::Object(table(keys)),
        Shape::Tables(keys) => json!({ "type": "array", "items": table(keys), "minItems": 1 }),
    }
}

#[cfg(test)]
mod tests;
