//! The named types of an Avro schema, and the namespaces that they stand in.

use std::collections::HashMap;

use serde_json::Value;

use super::schema::MOST_DEPTH;
use super::unreadable;
use crate::error::DataError;

/// The definition of a named type, and the namespace that it stands in.
pub(super) type Named<'a> = HashMap<String, (&'a Value, String)>;

/// The name with its namespace.
pub(super) fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

/// The namespace inside a named type.
pub(super) fn namespace_of(json: &Value, outer: &str) -> String {
    let name = json.get("name").and_then(Value::as_str).unwrap_or_default();
    match (name.rsplit_once('.'), json.get("namespace").and_then(Value::as_str)) {
        (Some((namespace, _)), _) => namespace.to_owned(),
        (None, Some(namespace)) => namespace.to_owned(),
        (None, None) => outer.to_owned(),
    }
}

/// Enters the types that `json` defines.
///
/// # Errors
/// When one is defined twice, or they are nested too deeply.
pub(super) fn name_types<'a>(
    json: &'a Value,
    namespace: &str,
    depth: usize,
    named: &mut Named<'a>,
) -> Result<(), DataError> {
    if depth > MOST_DEPTH {
        return Err(unreadable("its schema is nested too deeply"));
    }
    if let Value::Array(branches) = json {
        return branches.iter().try_for_each(|branch| name_types(branch, namespace, depth + 1, named));
    }
    let Value::Object(object) = json else { return Ok(()) };
    let mut inner = namespace.to_owned();
    let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
    if let ("record" | "error" | "enum" | "fixed", Some(name)) = (kind, object.get("name").and_then(Value::as_str)) {
        inner = namespace_of(json, namespace);
        if named.insert(full_name(name, &inner), (json, namespace.to_owned())).is_some() {
            return Err(unreadable("its schema defines a type twice"));
        }
    }
    for field in object.get("fields").and_then(Value::as_array).into_iter().flatten() {
        name_types(field.get("type").unwrap_or(&Value::Null), &inner, depth + 1, named)?;
    }
    ["type", "items", "values"]
        .iter()
        .filter_map(|key| object.get(*key))
        .try_for_each(|json| name_types(json, &inner, depth + 1, named))
}
